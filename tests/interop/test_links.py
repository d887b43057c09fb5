#!/usr/bin/python3
"""Several component links at once, a second gateway that waits for the first
one's death, and a line that breaks off every two seconds."""

import asyncio
import sys
import time

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import ejabberd  # noqa: E402
import tap  # noqa: E402
from fixtures import QUICK, nothing, tail_of  # noqa: E402
from lab import SIP_DOMAIN, Lab, sip_config, xmpp_config  # noqa: E402
from sip_text import token  # noqa: E402
from sip_user import DELIVERED  # noqa: E402
from tap import test  # noqa: E402
from tcp_proxy import TcpProxy  # noqa: E402

OTHER = "other.example"


async def states(node):
    return {link["name"]: link["state"]
            for link in await node.ask("link", "ls")}


async def until(look, timeout, what):
    limit = time.monotonic() + timeout
    while time.monotonic() < limit:
        if await look():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("not in %d s: %s" % (timeout, what))


async def both_ways(user, sip_jid, xmpp, resource=""):
    """A message with a receipt each way, between them alone."""
    sip_uri = "sip:%s" % xmpp.bare
    there, back = "there " + token(3), "back " + token(3)
    answer = await user.say(sip_uri, there, wants=DELIVERED,
                            message_id="m" + token(4))
    assert answer.code in (200, 202), answer.start
    got = await xmpp.wait_body(there)
    assert got.get("from").split("/")[0] == sip_jid, got.get("from")
    xmpp.answer_receipt(got)
    await user.wait_report(got.get("id"), "delivered")
    id = await xmpp.say(sip_jid, back, request=True)
    message = await user.wait_text(back)
    assert (await user.report(message, "delivered")).code in (200, 202)
    await xmpp.wait_received(id)


@test("One name at two servers and a second name at one: each link carries "
      "its own", timeout=60)
async def several(lab_):
    async with Lab(lab_.build) as lab:
        lab.tail = lambda: tail_of(lab)
        prosody = await lab.prosody(users=("alice",),
                                    components=(SIP_DOMAIN, OTHER))
        second = await ejabberd.start(lab, "jabber.example",
                                      users=("emil",))
        text = sip_config() + sip_config(OTHER).split("}\n", 1)[1]
        text += xmpp_config(prosody.component, prosody.secrets[SIP_DOMAIN])
        text += xmpp_config(second.component, second.secrets[SIP_DOMAIN],
                            domain="jabber.example", link="jabber")
        text += xmpp_config(prosody.component, prosody.secrets[OTHER],
                            component=OTHER, link="other",
                            domain="unused.example")
        text += ('route "of-the-other" {\n from = "*@%s"\n'
                 ' to = "*@xmpp.example"\n via = "other"\n}\n' % OTHER)
        node = await lab.causewayd(text + QUICK, listeners=("udp", "tcp"),
                                   link=False)
        await node.link_up(count=3)
        bob = await lab.sip_user(node, "bob")
        zoe = await lab.sip_user(node, "zoe", domain=OTHER)
        alice = await lab.xmpp_user(prosody, "alice")
        emil = await lab.xmpp_user(second, "emil")
        await both_ways(bob, "bob@sip.example", alice)
        await both_ways(bob, "bob@sip.example", emil)
        await both_ways(zoe, "zoe@other.example", alice)
        # one server is gone: the others' messages do not wait for it
        await second.kill()
        kept = await bob.say("sip:emil@jabber.example", "kept for emil")
        assert kept.code == 202, kept.start
        await both_ways(bob, "bob@sip.example", alice)
        rows = await states(node)
        assert rows["xmpp"] == rows["other"] == "up" and \
            rows["jabber"] != "up", rows
        await second.start()
        emil = await lab.xmpp_user(second, "emil")
        await emil.wait_body("kept for emil", 30)


@test("Who claims over one server to be of another is not believed",
      timeout=60)
async def pretender(lab_):
    async with Lab(lab_.build) as lab:
        lab.tail = lambda: tail_of(lab)
        # the second server claims to be the first one's domain
        prosody = await lab.prosody(users=("alice",))
        liar = await lab.prosody(users=("alice",))
        text = sip_config()
        text += xmpp_config(prosody.component, prosody.secrets[SIP_DOMAIN])
        text += xmpp_config(liar.component, liar.secrets[SIP_DOMAIN],
                            domain="partner.example", link="partner")
        node = await lab.causewayd(text + QUICK, listeners=("udp",),
                                   link=False)
        await node.link_up(count=2)
        bob = await lab.sip_user(node, "bob")
        true = await lab.xmpp_user(prosody, "alice")
        false = await lab.xmpp_user(liar, "alice")
        await false.say("bob@sip.example", "I am not Alice")
        # no error: the address is somebody else's, who wrote nothing
        await node.logged("refused", cause="NOT_YOURS",
                          **{"from": "sip:alice@xmpp.example"})
        await both_ways(bob, "bob@sip.example", true)
        assert "I am not Alice" not in bob.texts()
        assert not [m for m in true.messages + false.messages
                    if m.get("type") == "error"]


@test("A second gateway waits in standby and takes over from a dead one",
      "X-4", timeout=90)
async def standby(lab_):
    async with Lab(lab_.build) as lab:
        lab.tail = lambda: tail_of(lab)
        prosody = await lab.prosody(users=("alice",))
        text = sip_config() + xmpp_config(
            prosody.component, prosody.secrets[SIP_DOMAIN]) + QUICK
        first = await lab.causewayd(text, "first", listeners=("udp",))
        second = await lab.causewayd(text, "second", listeners=("udp",),
                                     link=False)
        await second.until(lambda: second.log("link_standby"), 20,
                           "standby")
        alice = await lab.xmpp_user(prosody, "alice")
        bob1 = await lab.sip_user(first, "bob")
        bob2 = await lab.sip_user(second, "bob")
        await both_ways(bob1, "bob@sip.example", alice)
        # accepted by the one that waits: kept until it carries
        waiting = await bob2.say("sip:alice@xmpp.example", "accepted early")
        assert waiting.code == 202, waiting.start
        assert (await states(second))["xmpp"] in ("standby", "connecting")
        await first.kill9()
        died = time.monotonic()
        await second.link_up(timeout=20)
        await both_ways(bob2, "bob@sip.example", alice)
        took = time.monotonic() - died
        assert took < 15, "carried after %.1f s" % took
        await alice.wait_body("accepted early")
        # the first comes back and waits in its turn
        await first.start()
        await first.until(
            lambda: first.log("link_standby", first.mark), 20, "standby")
        await both_ways(bob2, "bob@sip.example", alice)
        assert (await states(second))["xmpp"] == "up"


@test("A line that breaks off every two seconds: few attempts - nothing lost",
      timeout=110)
async def flapping(lab_):
    async with Lab(lab_.build) as lab:
        lab.tail = lambda: tail_of(lab)
        names = [SIP_DOMAIN] + ["c%d.example" % i for i in range(4)]
        prosody = await lab.prosody(users=("alice",), components=names)
        proxy = lab.own(TcpProxy(lab.ports.take(), prosody.component))
        await proxy.start()
        text = sip_config()
        for i, name in enumerate(names):
            if i:
                text += sip_config(name).split("}\n", 1)[1]
            text += xmpp_config(proxy.port, prosody.secrets[name],
                                component=name, link="l%d" % i,
                                domain="d%d.example" % i if i else
                                "xmpp.example")
        node = await lab.causewayd(text + QUICK, listeners=("udp",),
                                   link=False)
        await node.link_up(count=len(names))
        bob = await lab.sip_user(node, "bob")
        alice = await lab.xmpp_user(prosody, "alice")
        mark, lasted = len(proxy.accepted), 16
        stop = asyncio.Event()

        async def flap():
            while not stop.is_set():
                await asyncio.sleep(2)
                proxy.cut()

        flapper = asyncio.get_running_loop().create_task(flap())
        sent, end = [], time.monotonic() + lasted
        try:
            while time.monotonic() < end:
                body = "flap %03d" % len(sent)
                answer = await bob.say("sip:alice@xmpp.example", body)
                assert answer.code in (200, 202), answer.start
                sent.append(body)
                await asyncio.sleep(0.15)
        finally:
            stop.set()
            await flapper
        tries = [t for t in proxy.accepted[mark:] if t <= end]
        # each link: half a second at least, soon two
        assert len(tries) <= len(names) * (lasted / 2 + 2), len(tries)
        assert len(tries) >= len(names) * 3, len(tries)
        # not all at once: after no cut do all come back in a tenth of a second
        for cut in proxy.cuts[2:]:
            later = sorted(t - cut for t in tries if t > cut)[:len(names)]
            if len(later) == len(names):
                assert later[-1] - later[0] > 0.01, later
        await until(lambda: all_up(node, len(names)), 30, "all links up")
        for body in sent:
            await alice.wait_body(body, 30)
        first = list(dict.fromkeys(b for b in alice.bodies() if b in sent))
        assert first == sent, first
        await both_ways(bob, "bob@sip.example", alice)


async def all_up(node, count):
    return list((await states(node)).values()).count("up") == count


tap.main(__doc__, nothing) if __name__ == "__main__" else None
