#!/usr/bin/python3
"""SIPp as SIP user: registration and MESSAGE over UDP and TCP, MD5 digest."""

import asyncio
import contextlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import tap  # noqa: E402
from fixtures import QUICK, tail_of  # noqa: E402
from lab import (SIP_DOMAIN, Lab, Process, sip_config,  # noqa: E402
                 xmpp_config)
from tap import test  # noqa: E402

N = 20


@contextlib.asynccontextmanager
async def fixture(build):
    async with Lab(build) as lab:
        lab.tail = lambda: tail_of(lab)
        prosody = await lab.prosody(users=("alice",))
        lab.node = await lab.causewayd(
            sip_config() + xmpp_config(prosody.component,
                                       prosody.secrets[SIP_DOMAIN]) + QUICK,
            listeners=("udp", "tcp"), start=False)
        # what SIPp of Debian 12 knows
        lab.node.listen_more = ' challenge = {"MD5"}\n'
        await lab.node.start()
        await lab.node.link_up()
        lab.alice = await lab.xmpp_user(prosody, "alice")
        lab.bob = await lab.sip_user(lab.node, "bob")
        yield lab


def changed(lab, name, *changes):
    """The scenario of a message with some words changed; its path."""
    with open(os.path.join(HERE, "sipp", "message.xml"),
              encoding="latin-1") as f:
        text = f.read()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path = os.path.join(lab.dir, name + ".xml")
    with open(path, "w", encoding="latin-1") as f:
        f.write(text)
    return path


async def sipp(lab, scenario, user, transport, count=1, port=None, to=None,
               password="", contact=0, wait=True, rate=20, path=None):
    process = lab.own(Process("sipp " + scenario, os.path.join(
        lab.dir, "sipp-%s-%s.log" % (scenario, transport))))
    words = ["sipp"]
    if scenario != "receive":
        words.append("127.0.0.1:%d" % lab.node.ports[transport])
    words += ["-sf", path or os.path.join(HERE, "sipp", scenario + ".xml"),
              "-i", "127.0.0.1", "-p", str(port or lab.ports.take()),
              "-t", {"udp": "u1", "tcp": "t1"}[transport], "-m", str(count),
              "-r", str(rate), "-s", user, "-au", user, "-ap", password,
              "-nostdin", "-timeout", "25", "-timeout_error"]
    if to:
        words += ["-key", "to", to]
    if contact:
        words += ["-key", "contact_port", str(contact)]
    await process.spawn(words, cwd=lab.dir,
                        env=dict(os.environ, TERM="dumb"))
    if not wait:
        return process
    code = await process.gone(30)
    assert code == 0, "sipp ended with %d:\n%s" % (code, process.tail(90))
    return process


async def all_of_it(lab, transport):
    name = "sipp" + transport
    password = await lab.node.add_user(name)
    port = lab.ports.take()
    listener = await sipp(lab, "receive", name, transport, N, port,
                          wait=False)
    await asyncio.sleep(0.5)
    await sipp(lab, "register", name, transport, password=password,
               contact=port)
    rows = await lab.node.ask("reg", "ls", name + "@sip.example")
    assert len(rows) == 1, rows
    # SIPp to XMPP and to a SIP user
    await sipp(lab, "message", name, transport, N, password=password,
               to="sip:alice@xmpp.example")
    texts = {"number %d by SIPp" % i for i in range(1, N + 1)}
    for text in texts:
        await lab.alice.wait(lambda m, t=text: t in "".join(m.itertext()))
    await sipp(lab, "message", name, transport, N, password=password,
               to="sip:bob@sip.example")
    for text in texts:
        await lab.bob.wait(lambda m, t=text: m.content().strip() == t)
    # XMPP to SIPp
    for i in range(N):
        await lab.alice.say(name + "@sip.example", "to SIPp %d" % i)
    code = await listener.gone(30)
    assert code == 0, "the receiver ended with %d:\n%s" % (
        code, listener.tail(40))
    lab.alice.messages.clear()
    lab.bob.inbox.clear()


@test("SIPp over UDP registers - sends %d messages twice and receives" % N,
      timeout=90)
async def over_udp(lab):
    await all_of_it(lab, "udp")


@test("SIPp over TCP does the same", timeout=90)
async def over_tcp(lab):
    await all_of_it(lab, "tcp")


@test("SIPp is refused with the right code over UDP and TCP", timeout=60)
async def refused(lab):
    password = await lab.node.add_user("sippbad")
    for transport in ("udp", "tcp"):
        for code, to, change in (
                (404, "sip:nobody@sip.example", ()),
                (415, "sip:bob@sip.example",
                 (("Content-Type: text/plain", "Content-Type: x/unknown"),)),
                (483, "sip:bob@sip.example",
                 (("Max-Forwards: 70", "Max-Forwards: 0"),)),
                (420, "sip:bob@sip.example",
                 (("Max-Forwards: 70", "Max-Forwards: 70\n    "
                   "Require: nobody-knows"),))):
            path = changed(lab, "refused-%s-%d" % (transport, code), *change,
                           ('response="200"', 'response="%d"' % code))
            await sipp(lab, "refused-%d" % code, "sippbad", transport, 5,
                       to=to, password=password, path=path, rate=50)
    assert "number 1 by SIPp" not in lab.bob.texts()


@test("SIPp with a wrong password gets nowhere")
async def wrong_password(lab):
    await lab.node.add_user("sippwrong", "right")
    process = await sipp(lab, "register", "sippwrong", "udp",
                         password="wrong", contact=9, wait=False)
    code = await process.gone(30)
    assert code != 0
    assert not await lab.node.ask("reg", "ls", "sippwrong@sip.example")


tap.main(__doc__, fixture) if __name__ == "__main__" else None
