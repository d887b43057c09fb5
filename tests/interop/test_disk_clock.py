#!/usr/bin/python3
"""The machine misbehaves: the disk is full for a while, the wall clock steps a
day forward and back. Nothing is promised that was not kept, nothing is lost,
and when all is well again so is the daemon."""

import asyncio
import contextlib
import os
import struct
import subprocess
import sys
import time

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from fixtures import QUICK, Nothing, nothing, tail_of  # noqa: E402
from lab import Lab, sip_config, xmpp_config, SIP_DOMAIN  # noqa: E402
from mock_xmpp import MockXmpp  # noqa: E402
from tap import test  # noqa: E402

CAROL = "sip:carol@sip.example"
DAY_S = 86400
DISK = "12m"


@contextlib.contextmanager
def small_disk(folder):
    """A disk of its own that can be filled to the last byte."""
    os.makedirs(folder, mode=0o700, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=" + DISK + ",mode=700",
                    "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=False)


def fill(folder):
    with open(os.path.join(folder, "filler"), "wb", buffering=0) as f:
        for size in (1 << 16, 4096, 1):
            with contextlib.suppress(OSError):
                while f.write(bytes(size)) == size:
                    pass


@test("A full disk: nothing is accepted that was not kept; then all goes on",
      timeout=90)
async def disk_full(lab_):
    async with Lab(lab_.build) as lab:
        lab.tail = lambda: tail_of(lab)
        mock = lab.own(MockXmpp(lab.ports.take(), SIP_DOMAIN, "s3cret"))
        await mock.start()
        node = await lab.causewayd(
            sip_config() + xmpp_config(mock.port, "s3cret") + QUICK,
            listeners=("udp", "tcp"), start=False)
        with small_disk(node.state):
            await node.start()
            await node.link_up()
            bob = await lab.sip_user(node, "bob", transport="tcp")
            carol = await lab.sip_user(node, "carol")
            assert (await carol.unregister()).code == 200
            assert (await bob.say(CAROL, "kept 0")).code == 202
            fill(node.state)
            # the log of the database may have room for a few more
            accepted, refused = ["kept 0"], 0
            for i in range(1, 400):
                answer = await bob.say(CAROL, "try %d %s" % (i, "x" * 900))
                if answer.code == 202:
                    accepted.append("try %d" % i)
                    continue
                assert answer.code in (500, 503), answer.start
                refused += 1
                if refused == 3:
                    break
            assert refused == 3
            # neither does a registration promise what the disk does not hold
            answer = await carol.register()
            assert answer.code in (500, 503), answer.start
            os.unlink(os.path.join(node.state, "filler"))
            await asyncio.sleep(0.2)
            assert (await bob.say(CAROL, "after")).code == 202
            accepted.append("after")
            assert len(await node.queue()) == len(accepted)
            assert (await carol.register()).code == 200
            await carol.wait_text("after", timeout=30)
            got = [t.split(" x")[0] for t in carol.texts()]
            assert got == accepted, (got, accepted)
            assert (await bob.say("sip:romeo@xmpp.example", "and on")).code \
                in (200, 202)
            await node.stop()


class Clock:
    """The wall clock of one process, as far off as a file says."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "clock")
        self.library = os.path.join(folder, "step_clock.so")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                              "step_clock.c")
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", self.library,
                        source], check=True)
        self.set(0)

    def set(self, seconds):
        with open(self.path, "r+b" if os.path.exists(self.path) else "wb",
                  buffering=0) as f:
            f.write(struct.pack("=q", seconds))

    def env(self):
        """The sanitizer's library wants to come first, unless told."""
        options = os.environ.get("ASAN_OPTIONS", "")
        return {"LD_PRELOAD": self.library, "STEP_CLOCK": self.path,
                "ASAN_OPTIONS": options + ":verify_asan_link_order=0"}


async def talk(bob, carol, mock, words):
    """A message to each side, whatever the hour."""
    answer = await bob.say(CAROL, words)
    assert answer.code == 200, (words, answer.start)
    await carol.wait_text(words)
    answer = await bob.say("sip:romeo@xmpp.example", words)
    assert answer.code in (200, 202), (words, answer.start)
    await mock.wait_body(words)


@test("A clock that steps a day forward and back stalls and loses nothing",
      timeout=90)
async def clock_steps(lab_):
    async with Lab(lab_.build) as lab:
        lab.tail = lambda: tail_of(lab)
        mock = lab.own(MockXmpp(lab.ports.take(), SIP_DOMAIN, "s3cret"))
        await mock.start()
        clock = Clock(lab.dir)
        node = await lab.causewayd(
            sip_config() + xmpp_config(mock.port, "s3cret") + QUICK,
            listeners=("udp", "tcp"), start=False)
        node.env = clock.env()
        await node.start()
        await node.link_up()
        bob = await lab.sip_user(node, "bob")
        carol = await lab.sip_user(node, "carol", transport="tcp")
        await talk(bob, carol, mock, "at noon")
        for step, words in ((DAY_S, "tomorrow"), (-DAY_S, "yesterday"),
                            (0, "today")):
            clock.set(step)
            began = time.monotonic()
            # what had bound them for an hour is over when a day has passed
            for user in (bob, carol):
                assert (await user.register()).code == 200, words
            await talk(bob, carol, mock, words)
            # a stuck timer or transaction would wait for its timeout
            assert time.monotonic() - began < 20, words
            mock.drop()
            assert (await bob.say("sip:romeo@xmpp.example",
                                  "late " + words)).code in (200, 202)
            await mock.wait_body("late " + words, timeout=20)
        for _ in range(50):
            if await node.queue() == []:
                break
            await asyncio.sleep(0.2)
        assert await node.queue() == []
        await node.stop()


if __name__ == "__main__":
    tap.main(__doc__, nothing)
