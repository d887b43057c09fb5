#!/usr/bin/python3
"""Prosody is stopped and started, and refuses a wrong secret."""

import asyncio
import sys
import time

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from fixtures import QUICK, nothing, tail_of  # noqa: E402
from lab import (SIP_DOMAIN, Lab, policy, sip_config,  # noqa: E402
                 xmpp_config)
from tap import test  # noqa: E402

ALICE = "sip:alice@xmpp.example"


def intervals(times):
    return [b - a for a, b in zip(times, times[1:])]


@test("Prosody stops and starts: growing pauses - then all is delivered",
      "X-5", timeout=90)
async def restart(top):
    async with Lab(top.build) as own:
        own.tail = top.tail = lambda: tail_of(own)
        prosody = await own.prosody()
        node = await own.causewayd(
            sip_config() + xmpp_config(prosody.component,
                                       prosody.secrets[SIP_DOMAIN]) +
            policy(retry_link_min="500ms", retry_link_max="8s"),
            listeners=("udp",))
        bob = await own.sip_user(node, "bob")
        alice = await own.xmpp_user(prosody, "alice")
        assert (await bob.say(ALICE, "before")).code == 200
        await alice.wait_body("before")
        await alice.close()
        await prosody.stop()
        # who asks at the port meanwhile is counted
        attempts = []

        async def on_client(_, writer):
            attempts.append(time.monotonic())
            writer.close()
        counter = await asyncio.start_server(on_client, "127.0.0.1",
                                             prosody.component)
        answer = await bob.say(ALICE, "while it is down")
        assert answer.code == 202, answer.start
        await asyncio.sleep(14)
        counter.close()
        await counter.wait_closed()
        pauses = intervals(attempts)
        assert 3 <= len(attempts) <= 40, pauses
        early, late = max(pauses[:2]), max(pauses[2:])
        assert late > early, "the pauses do not grow: %r" % pauses
        assert late <= 9, pauses
        assert len({round(p, 2) for p in pauses}) > 1, "no jitter"
        await prosody.start()
        alice = await own.xmpp_user(prosody, "alice")
        await alice.wait_body("while it is down", 20)
        assert (await bob.say(ALICE, "after")).code in (200, 202)
        await alice.wait_body("after")
        await asyncio.sleep(1)
        assert alice.bodies().count("while it is down") == 1


@test("A wrong secret at Prosody is said in the log - the daemon goes on",
      timeout=60)
async def wrong_at_prosody(top):
    async with Lab(top.build) as own:
        own.tail = top.tail = lambda: tail_of(own)
        prosody = await own.prosody()
        node = await own.causewayd(
            sip_config() + xmpp_config(prosody.component, "not-the-secret") +
            QUICK, listeners=("udp",), link=False)
        await node.logged("link_refused", 15)
        assert not node.log("link_up")
        bob = await own.sip_user(node, "bob")
        answer = await bob.say(ALICE, "kept")
        assert answer.code == 202, answer.start
        assert "not-the-secret" not in "\n".join(node.lines)
        assert "not-the-secret" not in "\n".join(
            line for line in prosody.lines)


tap.main(__doc__, nothing) if __name__ == "__main__" else None
