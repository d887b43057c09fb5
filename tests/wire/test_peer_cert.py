#!/usr/bin/python3
"""Peers that show a certificate: who is believed for it, and who is not."""

import asyncio
import contextlib
import os
import ssl
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "interop"))

import tap  # noqa: E402
from fixtures import tail_of  # noqa: E402
from lab import Lab, sip_config  # noqa: E402
from sip_text import SipText, split_stream, token  # noqa: E402
from tap import test  # noqa: E402

BOB, CAROL = "sip:bob@sip.example", "sip:carol@sip.example"
FOREIGN = "sip:zoe@partner.example"


class Authority:
    """Makes certificates."""

    def __init__(self, lab, name):
        self.lab, self.name = lab, name
        self.cert = os.path.join(lab.dir, name + ".pem")
        self.key = os.path.join(lab.dir, name + "-key.pem")

    async def make(self):
        await self.lab.run(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=" + self.name, "-keyout", self.key, "-out", self.cert)
        return self

    async def sign(self, name, san, cn="a peer", usage="clientAuth",
                   days="2"):
        """(certificate, key)"""
        base = os.path.join(self.lab.dir, "%s-%s" % (self.name, name))
        with open(base + ".ext", "w", encoding="ascii") as f:
            if san:
                f.write("subjectAltName=%s\n" % san)
            f.write("extendedKeyUsage=%s\n" % usage)
        await self.lab.run(
            "openssl", "req", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + cn,
            "-keyout", base + "-key.pem", "-out", base + ".csr")
        await self.lab.run(
            "openssl", "x509", "-req", "-in", base + ".csr", "-CA",
            self.cert, "-CAkey", self.key, "-days", days, "-CAcreateserial",
            "-extfile", base + ".ext", "-out", base + ".pem")
        return base + ".pem", base + "-key.pem"


LISTEN = (' client-ca-file = "%s"\n'
          ' trusted-names = {"core.example", "edge.example"}\n')


def tls_only(daemon):
    """The options above belong to the TLS listener alone."""
    plain = daemon.front

    def front():
        text = plain()
        before, _, rest = text.partition('listen "tls" {')
        return before.replace(daemon.listen_more, "") + \
            'listen "tls" {' + rest
    daemon.front = front


@contextlib.asynccontextmanager
async def fixture(build):
    async with Lab(build) as lab:
        lab.tail = lambda: tail_of(lab)
        lab.ours = await Authority(lab, "ours").make()
        lab.theirs = await Authority(lab, "theirs").make()
        lab.node = await lab.causewayd(
            sip_config() + 'link "partner" {\n kind = sip-peer\n'
            ' host = "127.0.0.77"\n port = 5999\n transport = tls\n'
            ' tls-name = "partner.example"\n ca-file = "%s"\n}\n'
            'domain "partner.example" {\n via = "partner"\n allow = {"*"}\n'
            '}\n' % lab.ours.cert,
            listeners=("udp", "tls"), start=False)
        lab.node.listen_more = LISTEN % lab.ours.cert
        tls_only(lab.node)
        await lab.node.start()
        lab.bob_password = await lab.node.add_user("bob")
        lab.carol = await lab.sip_user(lab.node, "carol")
        yield lab


async def say(lab, pair, sender, asserted=None, text=None):
    """One MESSAGE to carol over a connection with that certificate."""
    context = ssl.create_default_context(cafile=(await lab.tls())[0])
    context.check_hostname = False
    if pair:
        context.load_cert_chain(*pair)
    reader, writer = await asyncio.wait_for(asyncio.open_connection(
        *lab.node.address("tls"), ssl=context), 10)
    port = writer.get_extra_info("sockname")[1]
    request = SipText("MESSAGE %s SIP/2.0" % CAROL, [
        ("Via", "SIP/2.0/TLS 127.0.0.1:%d;branch=z9hG4bK%s" % (port,
                                                              token())),
        ("Max-Forwards", "70"), ("From", "<%s>;tag=%s" % (sender, token(4))),
        ("To", "<%s>" % CAROL), ("Call-ID", token()), ("CSeq", "1 MESSAGE"),
        ("Content-Type", "text/plain")] + (
            [("P-Asserted-Identity", "<%s>" % asserted)] if asserted else []),
        text or "hello")
    writer.write(request.to_bytes())
    buffer = b""
    try:
        while True:
            data = await asyncio.wait_for(reader.read(65536), 10)
            assert data, "hung up"
            messages, buffer = split_stream(buffer + data)
            if messages:
                return messages[0]
    finally:
        writer.transport.abort()


@test("A verified name that is trusted is believed")
async def trusted(lab):
    for name, san in (("core", "DNS:core.example"),
                      ("edge", "DNS:other.example,URI:sip:edge.example")):
        pair = await lab.ours.sign(name, san)
        text = "asserted by " + name
        answer = await say(lab, pair, "sip:anonymous@anonymous.invalid",
                           BOB, text)
        assert answer.code in (200, 202), answer.start
        await lab.carol.wait_text(text)
        answer = await say(lab, pair, BOB)
        assert answer.code in (200, 202), answer.start


@test("A peer known by its certificate speaks for its domain only")
async def peer(lab):
    pair = await lab.ours.sign("partner", "DNS:partner.example")
    answer = await say(lab, pair, FOREIGN, text="from a partner")
    assert answer.code in (200, 202), answer.start
    await lab.carol.wait_text("from a partner")
    answer = await say(lab, pair, BOB, BOB)
    assert answer.code == 403, answer.start


@test("No certificate or a bad one makes an ordinary client of him")
async def ordinary(lab):
    pairs = {
        "none": None,
        "other authority": await lab.theirs.sign("core", "DNS:core.example"),
        "other name": await lab.ours.sign("x", "DNS:x.example"),
        "for servers": await lab.ours.sign("srv", "DNS:core.example",
                                           usage="serverAuth"),
        "only in the common name": await lab.ours.sign(
            "cn", None, "core.example"),
        "other name in the common name": await lab.ours.sign(
            "cn2", "DNS:x.example", "core.example"),
    }
    for what, pair in pairs.items():
        for sender, asserted in ((BOB, None), (BOB, BOB), (FOREIGN, None)):
            answer = await say(lab, pair, sender, asserted, "no: " + what)
            assert answer.code == 401, (what, answer.start)
    assert not [t for t in lab.carol.texts() if t.startswith("no: ")]
    # and with a password he is a user as ever
    user = await lab.sip_user(lab.node, "bob", lab.bob_password, "tls",
                              create=False)
    assert (await user.say(CAROL, "as ever")).code == 200


@test("Another file of authorities counts from the reload on")
async def reloaded(lab):
    mine = await lab.ours.sign("r1", "DNS:core.example")
    other = await lab.theirs.sign("r2", "DNS:core.example")
    lab.node.listen_more = LISTEN % lab.theirs.cert
    lab.node.write_config()
    await lab.node.ask("reload")
    assert (await say(lab, mine, BOB)).code == 401
    assert (await say(lab, other, BOB)).code in (200, 202)
    lab.node.listen_more = LISTEN % "/nonexistent.pem"
    lab.node.write_config()
    try:
        await lab.node.ask("reload")
        raise AssertionError("a file that is not there was taken")
    except LookupError as e:
        assert "client-ca-file" in str(e), e
    assert (await say(lab, other, BOB)).code in (200, 202)


tap.main(__doc__, fixture) if __name__ == "__main__" else None
