#!/usr/bin/python3
"""Two gateways that send everything back to each other: it must end."""

import asyncio
import contextlib
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from fixtures import QUICK, nothing, tail_of  # noqa: E402
from lab import Lab, sip_config, xmpp_config  # noqa: E402
from sip_text import token  # noqa: E402
from sip_user import DELIVERED  # noqa: E402
from tap import test  # noqa: E402

RULE = """route "%s" {
 from = "%s"
 to = "%s"
 rewrite-from = "{user}@%s"
 rewrite-to = "{user}@%s"
 via = "%s"
 relay = yes
}
"""


def peer(host, port):
    return ('link "peer" {\n kind = sip-peer\n host = "%s"\n port = %d\n'
            ' transport = udp\n}\n' % (host, port))


def passes(nodes, about):
    return [r for node in nodes for r in node.accounting()
            if r.get("event") == "accepted" and
            (r.get("trace") == about or r.get("id") == about)]


async def ends(nodes, id):
    """It stops by itself after few rounds; nothing is left behind."""
    count, quiet = -1, 0
    for _ in range(40):
        await asyncio.sleep(0.5)
        now = len(passes(nodes, id))
        quiet = quiet + 1 if now == count else 0
        count = now
        if quiet >= 6:
            break
    assert quiet >= 6, "still going round, %d times" % count
    assert count >= 1, "it was never accepted"
    assert count <= 12, "it went round %d times" % count
    for node in nodes:
        assert node.is_running
        rows = await node.queue()
        assert rows == [], "still waiting in %s: %r" % (node.name, rows)


@test("A message between two gateways over XMPP is stopped", "X-122",
      timeout=60)
async def over_xmpp(top):
    async with Lab(top.build) as lab:
        lab.tail = top.tail = lambda: tail_of(lab)
        server = await lab.prosody(components=("a.example", "b.example"),
                                   users=())
        nodes = []
        for own, other in (("a.example", "b.example"),
                           ("b.example", "a.example")):
            nodes.append(await lab.causewayd(
                sip_config(own) + xmpp_config(
                    server.component, server.secrets[own], own, other) +
                RULE % ("back", "*@" + other, "sip:x@" + own, own, other,
                        "xmpp") + QUICK,
                name="node" + own[0], listeners=("udp",)))
        bob = await lab.sip_user(nodes[0], "bob", domain="a.example")
        id = "loop-" + token(4)
        answer = await bob.say("sip:x@b.example", "round and round",
                               wants=DELIVERED, message_id=id)
        await ends(nodes, id)
        if answer.code < 300:
            await bob.wait_report(id, "failed")
        # what does not loop still passes
        await nodes[1].add_user("carol", "pw", "b.example")
        carol = await lab.sip_user(nodes[1], "carol", "pw", create=False,
                                   domain="b.example")
        assert (await bob.say("sip:carol@b.example", "straight")).code == 200
        await carol.wait_text("straight")


@contextlib.asynccontextmanager
async def circle(top):
    """a sends to b over XMPP, b back to a over SIP; (nodes, bob)."""
    async with Lab(top.build) as lab:
        lab.tail = top.tail = lambda: tail_of(lab)
        server = await lab.prosody(components=("a.example", "b.example"),
                                   users=())
        a_port, b_port = lab.ports.take(), lab.ports.take()
        a = await lab.causewayd(
            sip_config("a.example") + xmpp_config(
                server.component, server.secrets["a.example"], "a.example",
                "b.example") + peer("127.0.0.2", b_port) +
            'domain "c.example" {\n via = "peer"\n allow = {"*"}\n}\n' +
            RULE % ("back", "*@c.example", "sip:x@a.example", "a.example",
                    "b.example", "xmpp") + QUICK,
            name="nodea", listeners=("udp",), start=False)
        a.ports["udp"] = a_port
        b = await lab.causewayd(
            sip_config("b.example") + xmpp_config(
                server.component, server.secrets["b.example"], "b.example",
                "a.example") + peer("127.0.0.1", a_port) +
            RULE % ("back", "*@a.example", "sip:x@b.example", "c.example",
                    "a.example", "peer") + QUICK,
            name="nodeb", listeners=("udp",), start=False, host="127.0.0.2")
        b.ports["udp"] = b_port
        for node in (a, b):
            await node.start()
            await node.logged("link_up", link="xmpp", module="xmpp")
        bob = await lab.sip_user(a, "bob", domain="a.example")
        yield (a, b), bob


@test("A message SIP to XMPP to SIP and so on is stopped", "X-122",
      timeout=60)
async def over_both(top):
    async with circle(top) as (nodes, bob):
        id = "loop-" + token(4)
        await bob.say("sip:x@b.example", "round and round",
                      wants=DELIVERED, message_id=id)
        await ends(nodes, id)


@test("Its sender is told that it went round", timeout=60)
async def told(top):
    async with circle(top) as (_, bob):
        id = "loop-" + token(4)
        answer = await bob.say("sip:x@b.example", "round and round",
                               wants=DELIVERED, message_id=id)
        if answer.code < 300:
            await bob.wait_report(id, "failed")


tap.main(__doc__, nothing) if __name__ == "__main__" else None
