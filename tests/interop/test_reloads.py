#!/usr/bin/python3
"""Many reloads under traffic: sessions and links that did not change stay, no
message fails, memory stays flat. A short seeded form; SOAK=1 runs a thousand."""

import asyncio
import contextlib
import os
import random
import re
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from fixtures import pair  # noqa: E402
from tap import test  # noqa: E402

IS_SOAK = os.environ.get("SOAK") == "1"
ROUNDS = 1000 if IS_SOAK else 30
SEED = int(os.environ.get("SEED", "20261121"))
ALICE, BOB = "sip:alice@xmpp.example", "bob@sip.example"


@contextlib.asynccontextmanager
async def fixture(build):
    async with pair(build, listeners=("udp", "tcp", "tls")) as lab:
        lab.extra = lab.ports.take(), lab.ports.take()
        yield lab


def variant(lab, rng):
    """The configuration with something that does not concern the link xmpp and
    the listeners: limits, a route, a domain, a listener more."""
    text = lab.good
    if rng.random() < 0.5:
        text += "limits {\n quota-count = %d\n}\n" % rng.randint(1, 500)
    for i in range(rng.randint(0, 5)):
        text += ('route "r%d" {\n to = "*@nowhere%d.example"\n'
                 ' deny = FORBIDDEN\n}\n' % (i, 100 * i + rng.randint(0, 99)))
    for i in range(rng.randint(0, 3)):
        text += 'domain "d%d.example" {\n served = yes\n}\n' % i
    if rng.random() < 0.4:
        text += ('listen "more" {\n transport = tcp\n address = "127.0.0.1"\n'
                 ' port = %d\n}\n' % lab.extra[0])
    if rng.random() < 0.4:
        text += ('listen "admin" {\n proto = admin\n port = %d\n}\n' %
                 lab.extra[1])
    if rng.random() < 0.2:
        text += "nonsense {\n}\n"	# refused as a whole
    return text


def resident_kib(lab):
    with open("/proc/%d/status" % lab.node.pid, encoding="ascii") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))


def descriptors(lab):
    return len(os.listdir("/proc/%d/fd" % lab.node.pid))


async def traffic(lab, seen):
    i = 0
    while not seen["stop"]:
        text = "t%d" % i
        i += 1
        answer = await lab.carol.say(ALICE, text)
        assert answer.code in (200, 202), answer.start
        await lab.alice.wait_body(text)
        await lab.alice.say("carol@sip.example", "b" + text)
        await lab.carol.wait_text("b" + text)
        seen["n"] += 1


async def reload_often(lab, n, rng):
    for _ in range(n):
        text = variant(lab, rng)
        lab.node.write_config(text)
        code, _, err = await lab.node.ctl("reload", as_json=False,
                                          timeout=30)
        assert code == (78 if "nonsense" in text else 0), (code, err)


async def run_many(lab):
    rng = random.Random(SEED)
    lab.good = lab.node.text
    seen = {"n": 0, "stop": False}
    links = len(lab.node.log("link_up"))
    work = asyncio.get_running_loop().create_task(traffic(lab, seen))
    await reload_often(lab, ROUNDS // 3, rng)
    before = resident_kib(lab), descriptors(lab)
    await reload_often(lab, ROUNDS - ROUNDS // 3, rng)
    lab.node.write_config(lab.good)
    await lab.node.ctl("reload")
    seen["stop"] = True
    await work
    after = resident_kib(lab), descriptors(lab)
    grown = after[0] - before[0]
    print("# %d reloads, %d messages, %d KiB more, descriptors %d to %d" % (
        ROUNDS, seen["n"], grown, before[1], after[1]), file=sys.stderr)
    # The sanitizer keeps what is freed; it looks for leaks at the end.
    assert "asan" in lab.node.build or grown < 6000, (before, after)
    assert after[1] <= before[1] + 40, (before, after)
    assert seen["n"] > 5
    assert len(lab.node.log("link_up")) == links, "the link was closed"


@test("Reloads under traffic: nothing fails and nothing is closed",
      timeout=3600 if IS_SOAK else 55)
async def many(lab):
    await run_many(lab)


@test("The same with the release build: memory is flat",
      timeout=3600 if IS_SOAK else 55)
async def flat(lab):
    build = os.path.join(os.path.dirname(lab.node.build), "release")
    if lab.node.build == build or \
            not os.path.exists(os.path.join(build, "causewayd")):
        return	# it was that one
    async with fixture(build) as other:
        await run_many(other)


@test("A listener's keys are renewed - the connection that is there stays")
async def keys(lab):
    user = await lab.sip_user(lab.node, "tess", transport="tls")
    assert (await user.say("sip:carol@sip.example", "one")).code == 200
    _, cert, key = await lab.tls()
    await lab.run("openssl", "req", "-x509", "-key", key, "-days", "30",
                  "-subj", "/CN=renewed.example", "-addext",
                  "subjectAltName=DNS:sip.example,IP:127.0.0.1", "-out",
                  cert)
    await lab.node.ctl("reload")
    assert (await user.say("sip:carol@sip.example", "two")).code == 200
    proc = await asyncio.create_subprocess_exec(
        "openssl", "s_client", "-connect", "127.0.0.1:%d" %
        lab.node.ports["tls"], stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    out, _ = await asyncio.wait_for(proc.communicate(), 15)
    assert b"renewed.example" in out, out[:400]


if __name__ == "__main__":
    tap.main(__doc__, fixture)
