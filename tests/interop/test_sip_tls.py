#!/usr/bin/python3
"""TLS towards foreign SIP domains: whose certificates are taken, what we show
ourselves, what happens when files are renewed; Kamailio with its tls module and
servers with every kind of wrong certificate."""

import asyncio
import contextlib
import os
import ssl
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from dns_lab import ADDRESSES, Zone, enter_namespace, start_nsd  # noqa: E402
from fixtures import QUICK, tail_of  # noqa: E402
from kamailio_lab import start_kamailio  # noqa: E402
from lab import Lab, sip_config  # noqa: E402
from sip_text import SipText, split_stream  # noqa: E402
from sip_user import SipUser  # noqa: E402
from tap import test  # noqa: E402

FAR, SHARED = ADDRESSES[0], ADDRESSES[1]
DNS = 'dns {\n servers = {"127.0.0.53"}\n}\n'

OPEN = " tls = %s\n insecure-cleartext = yes\n"

# name of the domain below cert.example: subjectAltName, subject, what else
CASES = {
    "good": ("DNS:good.cert.example", "/CN=x", {}),
    "uri": ("URI:sip:uri.cert.example", "/CN=x", {}),
    "second": ("DNS:other.example,DNS:second.cert.example", "/CN=x", {}),
    "wrong": ("DNS:other.example", "/CN=wrong.cert.example", {}),
    "host": ("DNS:h-host.cert.example", "/CN=x", {}),
    "onlycn": (None, "/CN=onlycn.cert.example", {}),
    "wild": ("DNS:*.cert.example", "/CN=x", {}),
    "user": ("URI:sip:bob@user.cert.example", "/CN=x", {}),
    "expired": ("DNS:expired.cert.example", "/CN=x", {"days": "-1"}),
    "self": ("DNS:self.cert.example", "/CN=x", {"self": True}),
    "old": ("DNS:old.cert.example", "/CN=x", {"old": True}),
    "shared": ("DNS:good.cert.example", "/CN=x", {"at": "good"}),
}


class Authority:
    """Certificates of this run."""

    def __init__(self, lab):
        self.lab, self.dir = lab, os.path.join(lab.dir, "pki")
        os.mkdir(self.dir, 0o700)
        self.serial = 100

    def path(self, name):
        return os.path.join(self.dir, name)

    async def start(self):
        await self.lab.run(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=Federation authority", "-keyout", self.path("ca.key"),
            "-out", self.path("ca.pem"))
        self.ca = self.path("ca.pem")
        return self

    async def make(self, name, san, subject="/CN=x", days="2", self_signed=False):
        """(certificate, key)"""
        cert, key = self.path(name + ".pem"), self.path(name + ".key")
        self.serial += 1
        await self.lab.run("openssl", "req", "-newkey", "ec", "-pkeyopt",
                           "ec_paramgen_curve:P-256", "-nodes", "-subj",
                           subject, "-keyout", key, "-out",
                           self.path(name + ".csr"))
        words = ["openssl", "x509", "-req", "-in", self.path(name + ".csr"),
                 "-days", days, "-out", cert]
        if self_signed:
            words += ["-signkey", key]
        else:
            words += ["-CA", self.ca, "-CAkey", self.path("ca.key"),
                      "-set_serial", str(self.serial)]
        if san:
            extra = self.path(name + ".cnf")
            with open(extra, "w", encoding="ascii") as f:
                f.write("subjectAltName=%s\n" % san)
            words += ["-extfile", extra]
        await self.lab.run(*words)
        os.chmod(key, 0o600)
        return cert, key


class TlsFar:
    """Answers 200 to whatever comes; remembers who showed which certificate."""

    def __init__(self, cert, key, ca=None, old=False):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert, key)
        if old:
            self.context.set_ciphers("DEFAULT@SECLEVEL=0")
            self.context.minimum_version = ssl.TLSVersion.TLSv1
            self.context.maximum_version = ssl.TLSVersion.TLSv1_1
        if ca:
            self.context.load_verify_locations(ca)
            self.context.verify_mode = ssl.CERT_REQUIRED
        self.names, self.requests, self.clients = [], [], []
        self.context.sni_callback = self._on_name
        self.connections = 0
        self._writers = set()
        self._server = None

    def _on_name(self, _, name, __):
        self.names.append(name)

    async def start(self, host, port=0):
        self._server = await asyncio.start_server(self._serve, host, port,
                                                  ssl=self.context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def close(self):
        self._server.close()
        for writer in list(self._writers):
            writer.close()

    def drop(self):
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader, writer):
        self.connections += 1
        self._writers.add(writer)
        self.clients.append(writer.get_extra_info("peercert"))
        rest = b""
        try:
            while True:
                data = await reader.read(65536)
                if not data:
                    break
                messages, rest = split_stream(rest + data)
                for m in messages:
                    if not m.is_request:
                        continue
                    self.requests.append(m)
                    rows = [("Via", v) for v in m.all("via")]
                    rows += [("From", m.get("from")),
                             ("To", m.get("to") + ";tag=far"),
                             ("Call-ID", m.get("call-id")),
                             ("CSeq", m.get("cseq"))]
                    writer.write(SipText("SIP/2.0 200 OK", rows).to_bytes())
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()


def domain(name, ca, more=""):
    return ('domain "%s" {\n proto = sip\n allow = {"*"}\n ca-file = "%s"\n'
            '%s}\n' % (name, ca, more))


@contextlib.asynccontextmanager
async def federation(build):
    async with Lab(build) as lab:
        lab.tail = lambda: tail_of(lab)
        lab.pki = await Authority(lab).start()
        lab.cases = {}
        zone = Zone("cert.example")
        for name, (san, subject, more) in CASES.items():
            if "at" in more:
                port = lab.cases[more["at"]].port
            else:
                pair = await lab.pki.make(name, san, subject,
                                          more.get("days", "2"),
                                          more.get("self", False))
                far = lab.own(TlsFar(*pair, old=more.get("old", False)))
                lab.cases[name] = await far.start(FAR)
                port = far.port
            zone.srv("_sips._tcp." + name, 1, 1, port, "h-" + name)
            zone.add("h-" + name, "A", FAR)
            zone.add(name, "A", SHARED)
        # who wants to see ours, and somebody who has no TLS
        pair = await lab.pki.make("mutual", "DNS:mutual.example")
        lab.mutual = lab.own(TlsFar(*pair, ca=lab.pki.ca))
        await lab.mutual.start(FAR)
        mutual = Zone("mutual.example")
        mutual.srv("_sips._tcp", 1, 1, lab.mutual.port, "h")
        mutual.add("h", "A", FAR)
        clear = Zone("clear.example").srv("_sip._tcp", 1, 1, 5070, "h")
        clear.naptr(1, 1, "SIP+D2T", "_sip._tcp").add("h", "A", FAR)
        kam = Zone("kamailio.example").naptr(1, 1, "SIPS+D2T", "_sips._tcp")
        kam.srv("_sips._tcp", 1, 1, 5081, "h").add("h", "A", FAR)
        open_ = Zone("open.example").srv("_sip._tcp", 1, 1, 5070, "h")
        open_.add("h", "A", FAR)
        either = Zone("either.example").srv("_sip._tcp", 1, 1, 5070, "h")
        either.naptr(1, 1, "SIP+D2T", "_sip._tcp").add("h", "A", FAR)
        lab.dns = await start_nsd(lab, [zone, mutual, clear, kam, open_,
                                        either])
        lab.ours = await lab.pki.make("ours", "DNS:sip.example")
        pair = await lab.pki.make("kamailio", "DNS:kamailio.example")
        lab.kamailio = await start_kamailio(
            lab, "kamailio.example", ["udp:%s:5060" % FAR,
                                      "tcp:%s:5070" % FAR,
                                      "tls:%s:5081" % FAR],
            tls=(lab.pki.ca,) + pair, verify=True)
        keys = ' cert-file = "%s"\n key-file = "%s"\n' % lab.ours
        lab.node = await lab.causewayd(
            sip_config() + DNS + domain("*.cert.example", lab.pki.ca) +
            domain("mutual.example", lab.pki.ca, keys) +
            domain("kamailio.example", lab.pki.ca, keys) +
            domain("clear.example", lab.pki.ca) +
            domain("open.example", lab.pki.ca, OPEN % "off") +
            domain("either.example", lab.pki.ca, OPEN % "prefer") + QUICK,
            link=False)
        lab.tom = await lab.sip_user(lab.node, "tom", transport="tls")
        lab.bob = await lab.sip_user(lab.node, "bob")
        yield lab


async def delivered(lab, to, far):
    before = len(far.requests)
    answer = await lab.bob.say("sip:ann@" + to, "hello " + to)
    assert answer.code == 200, answer.start
    assert len(far.requests) == before + 1


async def refused(lab, name, far, why):
    """Nothing reaches it, the message waits, the log says why."""
    to = name + ".cert.example"
    before, mark = len(far.requests), len(lab.node.lines)
    answer = await lab.bob.say("sip:ann@" + to, "hello " + to)
    assert answer.code == 202, answer.start
    row = await lab.node.logged("server_failed", since=mark, domain=to)
    assert why in row.get("why", ""), row
    assert len(far.requests) == before, "it was sent to a stranger"
    for row in await lab.node.queue():
        await lab.node.ask("queue", "drop", str(row["id"]))


@test("A certificate with the domain's name is taken and the name sent as SNI")
async def good(lab):
    await delivered(lab, "good.cert.example", lab.cases["good"])
    assert lab.cases["good"].names == ["good.cert.example"]


@test("The domain may stand as a sip URI or as a later name")
async def names(lab):
    await delivered(lab, "uri.cert.example", lab.cases["uri"])
    await delivered(lab, "second.cert.example", lab.cases["second"])


@test("One connection carries several messages")
async def reuse(lab):
    far = lab.cases["good"]
    before = far.connections
    for _ in range(3):
        await delivered(lab, "good.cert.example", far)
    assert far.connections - before <= 1, far.connections


@test("A second domain at the same address is checked for its own name")
async def shared(lab):
    await delivered(lab, "good.cert.example", lab.cases["good"])
    await refused(lab, "shared", lab.cases["good"], "ostname mismatch")


@test("Another name or only a CN or a wildcard or a user is not enough")
async def wrong_names(lab):
    for name in ("wrong", "host", "onlycn", "wild", "user"):
        await refused(lab, name, lab.cases[name], "ostname mismatch")


@test("Expired and self-signed certificates are refused")
async def wrong_chains(lab):
    await refused(lab, "expired", lab.cases["expired"], "expired")
    await refused(lab, "self", lab.cases["self"], "self-signed")


@test("TLS 1.1 is refused")
async def old(lab):
    await refused(lab, "old", lab.cases["old"], "")


@test("A domain that has no TLS gets nothing in clear")
async def clear(lab):
    before = len(lab.kamailio.requests())
    answer = await lab.bob.say("sip:ann@clear.example", "hello")
    assert answer.code == 404, answer.start
    assert len(lab.kamailio.requests()) == before


@test("A peer that asks for our certificate gets the one of its domain")
async def mutual(lab):
    await delivered(lab, "mutual.example", lab.mutual)
    names = lab.mutual.clients[-1]["subjectAltName"]
    assert names == (("DNS", "sip.example"),), names


@test("Kamailio over TLS with both certificates checked")
async def kamailio(lab):
    ann = lab.own(SipUser("ann", "kamailio.example", "x", (FAR, 5060)))
    await ann.start()
    assert (await ann.register()).code == 200
    answer = await lab.bob.say("sip:ann@kamailio.example", "over TLS")
    assert answer.code == 200, answer.start
    await ann.wait_text("over TLS")
    assert any("proto=tls " in line for line in lab.kamailio.requests())


@test("A sips request reaches a domain by TLS and stays sips")
async def sips(lab):
    far = lab.cases["good"]
    answer = await lab.tom.say("sips:ann@good.cert.example", "secured")
    assert answer.code == 200, answer.start
    got = far.requests[-1]
    assert got.start.split()[1] == "sips:ann@good.cert.example", got.start
    assert "<sips:ann@good.cert.example>" in got.get("to"), got.get("to")


@test("A sips request never leaves in clear")
async def sips_clear(lab):
    before = len(lab.kamailio.requests())
    answer = await lab.tom.say("sips:ann@open.example", "secured")
    assert answer.code == 416, answer.start
    answer = await lab.tom.say("sip:ann@open.example", "in clear")
    assert answer.code == 403, answer.start
    assert len(lab.kamailio.requests()) == before + 1
    # a domain that may have both has no TLS after all
    answer = await lab.tom.say("sips:ann@either.example", "secured")
    assert answer.code == 416, answer.start
    # our own user is there by UDP only
    answer = await lab.tom.say("sips:bob@sip.example", "secured")
    assert answer.code in (202, 480), answer.start
    await asyncio.sleep(0.5)
    assert "secured" not in lab.bob.texts()


@test("A renewed client certificate is shown by the next handshake")
async def renewed(lab):
    await delivered(lab, "mutual.example", lab.mutual)
    first = lab.mutual.clients[-1]["serialNumber"]
    await lab.pki.make("ours", "DNS:sip.example")
    await lab.node.ask("reload")
    # the connection that is there lives on
    count = lab.mutual.connections
    await delivered(lab, "mutual.example", lab.mutual)
    assert lab.mutual.connections == count
    lab.mutual.drop()
    await asyncio.sleep(0.3)
    await delivered(lab, "mutual.example", lab.mutual)
    assert lab.mutual.connections == count + 1
    assert lab.mutual.clients[-1]["serialNumber"] != first


if __name__ == "__main__":
    enter_namespace()
    tap.main(__doc__, federation)
