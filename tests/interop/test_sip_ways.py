#!/usr/bin/python3
"""Ways out beside the plain one: IPv6 from end to end, and requests too large
for a datagram."""

import asyncio
import contextlib
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from dns_lab import (ADDRESSES, ADDRESSES6, Zone, enter_namespace,  # noqa: E402
                     start_nsd)
from fixtures import QUICK, tail_of  # noqa: E402
from lab import Lab, sip_config  # noqa: E402
from sip_user import SipUser  # noqa: E402
from tap import test  # noqa: E402

FAR, FAR6, CLOSED = ADDRESSES[0], ADDRESSES6[0], ADDRESSES[1]
DEAD = ADDRESSES[5]
DNS = 'dns {\n servers = {"127.0.0.53"}\n}\n'
OPEN = " tls = off\n insecure-cleartext = yes\n"
LISTEN6 = """listen "six-%s" {
 transport = %s
 address = "::"
 port = %d
}
"""


def domain(name, more=OPEN):
    return 'domain "%s" {\n proto = sip\n allow = {"*"}\n%s}\n' % (name, more)


def peer(name, host, port):
    return ('link "%s" {\n kind = sip-peer\n host = "%s"\n port = %d\n}\n'
            'domain "%s.example" {\n via = "%s"\n allow = {"*"}\n}\n' % (
                name, host, port, name, name))


SEVERAL = """link "several" {
 kind = sip-peer
 targets = {"%s:5060 10", "%s:5060 20 50", "%s:5060 20 50"}
}
domain "several.example" {
 via = "several"
 allow = {"*"}
}
""" % (DEAD, FAR, CLOSED)


@contextlib.asynccontextmanager
async def ways(build):
    async with Lab(build) as lab:
        lab.tail = lambda: tail_of(lab)
        six = Zone("six.example").srv("_sip._tcp", 1, 1, 5060, "h")
        six.add("h", "AAAA", FAR6)
        both = Zone("both.example").srv("_sip._udp", 1, 1, 5060, "h")
        both.add("h", "AAAA", ADDRESSES6[2]).add("h", "A", FAR)
        large = Zone("large.example").srv("_sip._udp", 1, 1, 5060, "h")
        large.add("h", "A", FAR)
        await start_nsd(lab, [six, both, large])
        port6 = {t: lab.ports.take() for t in ("udp", "tcp")}
        lab.at6 = {t: ("::1", p) for t, p in port6.items()}
        lab.far = {}
        for name, host, kind in (("udp", FAR, "udp"), ("tcp", FAR, "tcp"),
                                 ("tcp6", FAR6, "tcp"), ("udp6", FAR6, "udp"),
                                 ("only", CLOSED, "udp")):
            user = SipUser(name, "far.example", "x", ("127.0.0.1", 1), kind,
                           host=host, port=5060)
            lab.far[name] = await lab.own(user).start()
        lab.node = await lab.causewayd(
            sip_config() + DNS + domain("six.example") +
            domain("both.example") + domain("large.example") +
            peer("direct", FAR6, 5060) + SEVERAL + peer("old", CLOSED, 5060) +
            "".join(LISTEN6 % (t, t, p) for t, p in port6.items()) + QUICK,
            listeners=("udp", "tcp"), link=False, host="0.0.0.0")
        lab.node.host = "127.0.0.1"
        lab.bob = await lab.sip_user(lab.node, "bob", transport="tcp")
        yield lab


async def goes(lab, to, text, where):
    before = {n: len(f.messages) for n, f in lab.far.items()}
    answer = await lab.bob.say(to, text)
    assert answer.code == 200, answer.start
    got = [n for n, f in lab.far.items() if len(f.messages) > before[n]]
    assert got == [where], got


@test("A domain with AAAA only is reached over IPv6")
async def aaaa(lab):
    await goes(lab, "sip:ann@six.example", "six", "tcp6")


@test("IPv6 comes first and IPv4 takes over when nobody is there")
async def both(lab):
    await goes(lab, "sip:ann@both.example", "both", "udp")
    assert lab.node.log("server_failed", domain="both.example",
                        address=ADDRESSES6[2])


@test("A static peer with an IPv6 address")
async def direct(lab):
    await goes(lab, "sip:ann@direct.example", "direct", "udp6")


@test("Users over IPv6: registration and contact and message both ways")
async def users(lab):
    for kind in ("udp", "tcp"):
        name = "u" + kind
        password = await lab.node.add_user(name)
        user = lab.own(SipUser(name, "sip.example", password, lab.at6[kind],
                               kind, host="::1"))
        await user.start()
        answer = await user.register()
        assert answer.code == 200, answer.start
        assert "[::1]" in answer.get("contact"), answer.get("contact")
        answer = await lab.bob.say("sip:%s@sip.example" % name, "to six")
        assert answer.code == 200, answer.start
        await user.wait_text("to six")
        answer = await user.say("sip:bob@sip.example", "from " + name)
        assert answer.code == 200, answer.start
        await lab.bob.wait_text("from " + name)


@test("A request too large for UDP goes over TCP to the same server")
async def large(lab):
    await goes(lab, "sip:ann@large.example", "small", "udp")
    await goes(lab, "sip:ann@large.example", "x" * 1200, "tcp")
    await goes(lab, "sip:ann@large.example", "y" * 9000, "tcp")


@test("A peer without TCP gets over UDP what may go so; the rest is refused")
async def only_udp(lab):
    await goes(lab, "sip:ann@old.example", "x" * 1200, "only")
    before = len(lab.far["only"].messages)
    answer = await lab.bob.say("sip:ann@old.example", "y" * 9000)
    assert answer.code == 413, answer.start
    assert len(lab.far["only"].messages) == before
    # its link is up for what it can take
    await goes(lab, "sip:ann@old.example", "small", "only")


@test("A peer of several servers: by priority and weight and past the dead")
async def several(lab):
    counts = {n: len(lab.far[n].messages) for n in ("udp", "only")}
    for n in range(24):
        answer = await lab.bob.say("sip:ann@several.example", "n%d" % n)
        assert answer.code == 200, answer.start
    got = {n: len(lab.far[n].messages) - counts[n] for n in counts}
    assert sum(got.values()) == 24 and min(got.values()) >= 2, got
    assert len(lab.node.log("server_failed", address=DEAD)) == 1
    # one of them says 503: the other takes over, and it is left alone for so
    # long as it asked for
    lab.far["udp"].answer = (503, "Busy", [("Retry-After", "2")])
    before = len(lab.far["udp"].messages)
    for n in range(12):
        answer = await lab.bob.say("sip:ann@several.example", "m%d" % n)
        assert answer.code == 200, answer.start
    assert len(lab.far["udp"].messages) - before == 1
    lab.far["udp"].answer = 200
    await asyncio.sleep(2.2)
    before = len(lab.far["udp"].messages)
    for n in range(24):
        await lab.bob.say("sip:ann@several.example", "o%d" % n)
    assert len(lab.far["udp"].messages) > before, "it never came back"


if __name__ == "__main__":
    enter_namespace()
    tap.main(__doc__, ways)
