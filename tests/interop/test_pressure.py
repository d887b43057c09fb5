#!/usr/bin/python3
"""Back-pressure: a server that reads no more, and a gateway that has no room.
Nothing is lost, nobody is told what is not so, and memory stays what it was."""

import asyncio
import os
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from fixtures import mocked, nothing, tail_of  # noqa: E402
from lab import (SIP_DOMAIN, Lab, policy, sip_config,  # noqa: E402
                 xmpp_config)
from tap import test  # noqa: E402
from tcp_proxy import TcpProxy  # noqa: E402

# The outcome is not waited for long: there will be none.
SHORT = policy(answer_wait="500ms", retry_link_min="200ms",
               retry_link_max="1s")
ALICE, BOB = "sip:alice@xmpp.example", "bob@sip.example"
# What a sanitizer keeps of freed memory is no growth.
GROWTH_KIB = (512 if "asan" in os.environ.get("CAUSEWAY_BUILD", "") else
              48) * 1024


def memory_kib(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        for line in f:
            if line.startswith("VmRSS"):
                return int(line.split()[1])
    return 0


@test("Prosody behind a line that stalls: 202 - flat memory - nothing lost",
      "X-125", timeout=100)
async def stalled(lab_):
    async with Lab(lab_.build) as lab:
        lab_.tail = lambda: tail_of(lab)
        prosody = await lab.prosody(users=("alice",))
        proxy = lab.own(TcpProxy(lab.ports.take(), prosody.component))
        await proxy.start()
        node = await lab.causewayd(
            sip_config() + xmpp_config(proxy.port,
                                       prosody.secrets[SIP_DOMAIN]) + SHORT,
            listeners=("udp", "tcp"))
        alice = await lab.xmpp_user(prosody, "alice", "tablet")
        users = [await lab.sip_user(node, "u%d" % i, transport="tcp")
                 for i in range(8)]
        assert (await users[0].say(ALICE, "before")).code == 200
        await alice.wait_body("before")
        proxy.stall()
        before = memory_kib(node.pid)
        texts = ["stall %03d %s" % (i, "x" * 30000) for i in range(160)]
        codes = []

        async def sender(user, part):
            for text in part:
                codes.append((await user.say(ALICE, text, timeout=30)).code)

        await asyncio.gather(*(sender(user, texts[i::8])
                               for i, user in enumerate(users)))
        # the wait for the outcome is over, so 202; or there is no room: 503
        # the line had taken one read of it before it stalled
        assert set(codes) <= {200, 202, 503} and codes.count(200) < 4, codes
        assert codes.count(202) > 100, codes
        accepted = len([c for c in codes if c in (200, 202)])
        assert len(await node.queue()) >= codes.count(202)
        grown = memory_kib(node.pid) - before
        assert grown < GROWTH_KIB, "it grew by %d KiB" % grown
        # the room of the link is told as it is
        rows = {r["name"]: r for r in await node.ask("link", "ls")}
        assert rows["xmpp"]["state"] in ("up", "down", "connecting"), rows
        proxy.go_on()
        for _ in range(600):
            got = [m for m in alice.bodies() if m.startswith("stall")]
            if len(set(got)) >= accepted:
                break
            await asyncio.sleep(0.1)
        assert len(set(got)) == accepted, (len(set(got)), accepted)
        assert set(got) <= set(texts)
        # what came twice came under one id
        ids = {}
        for m in alice.messages:
            body = m.findtext("{jabber:client}body") or ""
            ids.setdefault(body, set()).add(m.get("id"))
        assert all(len(v) == 1 for v in ids.values())
        for _ in range(100):
            if not await node.queue():
                break
            await asyncio.sleep(0.1)
        assert await node.queue() == []


@test("A flood from XMPP while core has little room: read slower - all comes",
      "X-125", timeout=100)
async def little_room(lab_):
    count = 700
    async with mocked(lab_.build, config="limits {\n intake-max = 16\n "
                      "objects-max = 100\n quota-count = 5000\n}\n") as lab:
        lab_.tail = lab.tail
        stream = await lab.mock.wait_up()
        before = memory_kib(lab.node.pid)
        texts = ["flood %04d %s" % (i, "y" * 700) for i in range(count)]
        for text in texts:
            lab.mock.say(BOB, text)
        # the writer of a server whose peer reads slowly has to wait
        waited = stream.writer.transport.get_write_buffer_size()
        for _ in range(900):
            if len(lab.bob.texts()) >= count:
                break
            await asyncio.sleep(0.1)
        assert lab.bob.texts() == texts, (len(lab.bob.texts()), waited)
        errors = [m for m in lab.mock.messages if m.get("type") == "error"]
        assert errors == [], len(errors)
        assert lab.mock.current is stream, "the stream was given up"
        grown = memory_kib(lab.node.pid) - before
        assert grown < GROWTH_KIB, "it grew by %d KiB" % grown


tap.main(__doc__, nothing) if __name__ == "__main__" else None
