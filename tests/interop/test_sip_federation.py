#!/usr/bin/python3
"""Foreign SIP domains by configuration: found in a real DNS, served by a real
Kamailio, over UDP and TCP."""

import contextlib
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from dns_lab import ADDRESSES, Zone, enter_namespace, start_nsd  # noqa: E402
from fixtures import QUICK, tail_of  # noqa: E402
from kamailio_lab import start_kamailio  # noqa: E402
from lab import Lab, sip_config  # noqa: E402
from sip_user import DELIVERED  # noqa: E402
from sip_user import SipUser as SipUserAt  # noqa: E402
from tap import test  # noqa: E402

FAR = ADDRESSES[0]		# where Kamailio is
DEAD = ADDRESSES[5]		# where nobody is

DNS = 'dns {\n servers = {"127.0.0.53"}\n}\n'


PROXY = """
    if (method == "REGISTER") {
        add_path();
        $du = "sip:127.0.0.1:%d";
        t_relay();
        exit;
    }
    # true only when another Route follows; its own is taken off either way
    loose_route();
    if (method == "MESSAGE" && $rd != "sip.example") {
        t_relay();
        exit;
    }
    if (method == "MESSAGE") {
        $du = "sip:127.0.0.1:%d";
        t_relay();
        exit;
    }
"""


def domain(name, more=""):
    return ('domain "%s" {\n proto = sip\n tls = off\n'
            ' insecure-cleartext = yes\n allow = {"*"}\n%s}\n' % (name, more))


def zones():
    """How domains say where they are; all of it leads to one Kamailio."""
    by_naptr = Zone("naptr.example")
    by_naptr.naptr(10, 10, "SIPS+D2T", "_sips._tcp")
    by_naptr.naptr(20, 10, "SIP+D2T", "_sip._tcp.odd")
    by_naptr.naptr(30, 10, "SIP+D2U", "_sip._udp")
    by_naptr.srv("_sip._tcp.odd", 10, 0, 5070, "host")
    by_naptr.srv("_sip._udp", 10, 0, 5070, "dead")
    by_naptr.add("host", "A", FAR).add("dead", "A", DEAD)

    by_srv = Zone("srv.example")
    by_srv.srv("_sip._udp", 10, 5, 5070, "host")
    by_srv.add("host", "CNAME", "other").add("other", "A", FAR)

    by_a = Zone("plain.example").add("@", "A", FAR)

    failing = Zone("failing.example")
    failing.srv("_sip._tcp", 10, 0, 5070, "dead")
    failing.srv("_sip._tcp", 20, 0, 5070, "host")
    failing.add("host", "A", FAR).add("dead", "A", DEAD)

    inside = Zone("inside.example")
    inside.srv("_sip._udp", 10, 0, 5070, "host").add("host", "A", "127.0.0.1")
    bare = Zone("bare.example").add("@", "A", FAR)
    wrapped = Zone("wrapped.example").add("@", "A", FAR)
    asks = Zone("asks.example").add("@", "A", FAR)
    return [by_naptr, by_srv, by_a, failing, inside, bare, wrapped, asks]


SOURCES = ' sources = {"%s"}\n' % FAR
NAMES = ("naptr.example", "plain.example", "failing.example",
         "inside.example", "*.srv.example")


@contextlib.asynccontextmanager
async def federation(build):
    """lab.node (sip.example), lab.far (all the domains), lab.bob, lab.ann."""
    async with Lab(build) as lab:
        lab.tail = lambda: tail_of(lab)
        lab.dns = await start_nsd(lab, zones())
        lab.node = await lab.causewayd(
            sip_config() + DNS + "".join(domain(n) for n in NAMES) +
            domain("srv.example", SOURCES) + domain("bare.example", " cpim = never\n") +
            domain("wrapped.example", " cpim = always\n") +
            domain("asks.example") + QUICK,
            listeners=("udp", "tcp"), link=False, host="0.0.0.0",
            start=False)
        lab.far = await start_kamailio(
            lab, "srv.example",
            ["udp:%s:5060" % FAR, "udp:%s:5070" % FAR, "tcp:%s:5070" % FAR],
            first='if ($rd != "sip.example") { $rd = "srv.example"; }\n'
                  '    if (method == "MESSAGE" && '
                  '$rU == "busy") { sl_send_reply("486", "Busy Here"); '
                  'exit; }',
            away='if ($rd == "sip.example") { $du = "sip:127.0.0.1:%d"; '
                 't_relay(); exit; }' % lab.node.ports["udp"])
        await lab.node.start()
        lab.node.host = "127.0.0.1"
        lab.bob = await lab.sip_user(lab.node, "bob")
        lab.ann = lab.own(SipUserAt("ann", "srv.example", "x", (FAR, 5060)))
        await lab.ann.start()
        answer = await lab.ann.register()
        assert answer.code == 200, answer.start
        yield lab


def protos(lab, text):
    return [line for line in lab.far.requests() if text in line]


async def crosses(lab, name, proto):
    before = len(lab.far.requests())
    text = "to " + name
    answer = await lab.bob.say("sip:ann@" + name, text)
    assert answer.code == 200, answer.start
    await lab.ann.wait_text(text)
    lines = lab.far.requests()[before:]
    assert any("proto=%s " % proto in line for line in lines), lines


@test("NAPTR chooses transport and SRV name")
async def naptr(lab):
    await crosses(lab, "naptr.example", "tcp")


@test("SRV without NAPTR gives host and port; an alias is followed")
async def srv(lab):
    await crosses(lab, "srv.example", "udp")


@test("Without SRV the domain's own address and the usual port are taken")
async def plain(lab):
    await crosses(lab, "plain.example", "udp")


@test("The next server is tried when the first is dead; then it comes first")
async def failover(lab):
    await crosses(lab, "failing.example", "tcp")
    assert lab.node.log("server_failed", domain="failing.example")
    count = len(lab.node.log("server_failed"))
    await crosses(lab, "failing.example", "tcp")
    assert len(lab.node.log("server_failed")) == count, "it was tried again"


@test("A name that is not there is told as 404 at once")
async def absent(lab):
    answer = await lab.bob.say("sip:ann@absent.srv.example", "hello?")
    assert answer.code == 404, answer.start


@test("DNS does not lead into our own network")
async def inside(lab):
    answer = await lab.bob.say("sip:ann@inside.example", "hello?")
    assert answer.code == 404, answer.start
    assert lab.node.log("dns_inside", domain="inside.example")


def arrived(text):
    return lambda m: m.method == "MESSAGE" and text in m.body.decode()


@test("A peer without CPIM gets bare text; the receipt is made here", "CP32")
async def bare(lab):
    answer = await lab.bob.say("sip:ann@bare.example", "no wrapper",
                               wants=DELIVERED, message_id="bare-1")
    assert answer.code == 200, answer.start
    got = await lab.ann.wait(arrived("no wrapper"))
    assert got.body == b"no wrapper", got.body
    assert got.get("content-type").startswith("text/plain")
    await lab.bob.wait_report("bare-1", "delivered")


@test("A peer that always gets CPIM gets it unasked")
async def wrapped(lab):
    answer = await lab.bob.say("sip:ann@wrapped.example", "in a wrapper")
    assert answer.code == 200, answer.start
    got = await lab.ann.wait(arrived("in a wrapper"))
    assert got.get("content-type").startswith("message/cpim")
    assert got.content() == "in a wrapper"


@test("A peer that refuses CPIM gets text and is remembered", "CP32")
async def asks(lab):
    def text_only(m):
        return 415 if "cpim" in m.get("content-type") else 200
    lab.ann.answer = text_only
    try:
        for n in (1, 2):
            before = len(lab.ann.inbox)
            answer = await lab.bob.say("sip:ann@asks.example", "plain %d" % n,
                                       wants=DELIVERED,
                                       message_id="asks-%d" % n)
            assert answer.code == 200, answer.start
            await lab.bob.wait_report("asks-%d" % n, "delivered")
            tried = len(lab.ann.inbox) - before
            assert tried == (2 if n == 1 else 1), tried
    finally:
        lab.ann.answer = 200


@test("A foreign domain's users write to ours; receipts cross both ways")
async def both_ways(lab):
    lab.ann.reports, lab.bob.reports = {"delivered"}, {"delivered"}
    answer = await lab.bob.say("sip:ann@srv.example", "from here",
                               wants=DELIVERED, message_id="both-1")
    assert answer.code == 200, answer.start
    await lab.bob.wait_report("both-1", "delivered")
    answer = await lab.ann.say("sip:bob@sip.example", "from there",
                               wants=DELIVERED, message_id="both-2")
    assert answer.code == 200, answer.start
    await lab.bob.wait_text("from there")
    await lab.ann.wait_report("both-2", "delivered")
    # its users only: nobody else's name is taken from there
    answer = await lab.ann.say("sip:bob@sip.example", "as another",
                               sender="sip:eve@bare.example")
    assert answer.code == 403, answer.start
    answer = await lab.ann.say("sip:bob@sip.example", "as one of ours",
                               sender="sip:bob@sip.example")
    assert answer.code in (401, 403), answer.start
    assert "as another" not in lab.bob.texts()


@test("Kamailio in front of our users: Path leads back through it")
async def in_front(lab):
    at = ADDRESSES[2]
    port = lab.node.ports["udp"]
    await start_kamailio(lab, "edge.example", ["udp:%s:5060" % at],
                         name="edge", first=PROXY % (port, port),
                         modules='loadmodule "rr.so"\nloadmodule "path.so"')
    password = await lab.node.add_user("dan")
    dan = lab.own(SipUserAt("dan", "sip.example", password, (at, 5060)))
    await dan.start()
    answer = await dan.register()
    assert answer.code == 200, answer.start
    assert at in (answer.get("path") or ""), answer.get("path")
    answer = await lab.bob.say("sip:dan@sip.example", "through the edge")
    assert answer.code == 200, answer.start
    got = await dan.wait_text("through the edge")
    assert len(got.all("via")) == 2, got.all("via")
    answer = await dan.say("sip:bob@sip.example", "and back")
    assert answer.code == 200, answer.start
    await lab.bob.wait_text("and back")


@test("The far side's refusal comes back")
async def refusal(lab):
    answer = await lab.bob.say("sip:busy@srv.example", "hello?")
    assert answer.code == 486, answer.start


if __name__ == "__main__":
    enter_namespace()
    tap.main(__doc__, federation)
