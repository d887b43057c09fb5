#!/usr/bin/python3
"""The accounting file as a biller reads it: its numbers have no hole and no
repeat over kills, restarts and rotations, and the trace of a message is found
in it."""

import asyncio
import contextlib
import glob
import os
import re
import signal
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from lab import Lab, sip_config  # noqa: E402
from tap import test  # noqa: E402


@contextlib.asynccontextmanager
async def fixture(build):
    async with Lab(build) as lab:
        lab.node = await lab.causewayd(sip_config(), listeners=("udp", "tcp"))
        lab.tail = lambda: lab.node.tail(30)
        lab.bob = await lab.sip_user(lab.node, "bob", transport="tcp")
        lab.carol = await lab.sip_user(lab.node, "carol")
        yield lab


def bill(lab):
    """Every line of all files in their order: (records, starts after a crash).
    Raises at a hole, a repeat, or a line that is cut."""
    newest = os.path.join(lab.node.state, "accounting.log")
    older = sorted(glob.glob(newest + ".[0-9]*"),
                   key=lambda p: int(p.rsplit(".", 1)[1]))
    expected, records, crashes = 1, 0, 0
    for path in older + [newest]:
        with open(path, encoding="utf-8") as f:
            text = f.read()
        assert text.endswith("\n"), path
        lines = text.splitlines()
        assert lines[0].startswith("#accounting version=1 "), lines[0]
        for line in lines:
            if line.startswith("#accounting "):
                next_ = int(re.search(r" next=(\d+)", line).group(1))
                assert next_ == expected, line
                crashes += " after=crash" in line
                continue
            seq, rest = line.split(" ", 1)
            assert seq == "seq=%d" % expected, (path, line, expected)
            assert " event=" in rest, line
            expected += 1
            records += 1
    return records, crashes


async def talk(lab, n):
    for i in range(n):
        try:
            await lab.carol.say("sip:bob@sip.example", "text %d" % i)
        except Exception:  # killed meanwhile
            return


@test("Kills - restarts and rotations leave no hole and no repeat",
      timeout=55)
async def killed(lab):
    path = os.path.join(lab.node.state, "accounting.log")
    for i in range(4):
        await talk(lab, 10)
        if i % 2:
            os.rename(path, "%s.%d" % (path, i))
            lab.node.signal(signal.SIGUSR1)
            await lab.node.logged("accounting_reopened", since=lab.node.mark)
        work = asyncio.get_running_loop().create_task(talk(lab, 200))
        await asyncio.sleep(0.3 + 0.1 * i)
        await lab.node.kill9()
        work.cancel()
        await lab.node.start()
        await lab.bob.register()
        await lab.carol.register()
    await talk(lab, 5)
    await lab.node.stop()
    records, crashes = bill(lab)
    assert records > 50 and crashes == 4, (records, crashes)
    await lab.node.start()
    await lab.bob.register()
    await lab.carol.register()


@test("The trace of a message is found - without its number")
async def traced(lab):
    since = len(lab.node.lines)
    assert (await lab.carol.say("sip:bob@sip.example", "find me")).code == 200
    row = await lab.node.logged("accepted", since=since)
    for _ in range(50):
        told = await lab.node.ask("trace", row["trace"])
        lines = [r["line"] for r in told if r["kind"] == "account"]
        if len(lines) >= 2:
            break
        await asyncio.sleep(0.1)
    assert [re.search(r"event=(\w+)", t).group(1) for t in lines] == \
        ["accepted", "sent"], lines
    assert not [t for t in lines if "seq=" in t], lines


if __name__ == "__main__":
    tap.main(__doc__, fixture)
