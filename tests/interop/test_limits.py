#!/usr/bin/python3
"""Floods: who sends faster than he may is told so, and nobody else suffers."""

import asyncio
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from fixtures import pair  # noqa: E402
from tap import test  # noqa: E402

LIMITS = "limits {\n sender-rate = 2\n sender-burst = 10\n}\n"
CAROL, ALICE = "sip:carol@sip.example", "sip:alice@xmpp.example"
N = 30


def fixture(build):
    return pair(build, config=LIMITS)


@test("Above his rate a SIP sender gets 503 with Retry-After and others go on",
      "PF22")
async def sip_flood(lab):
    refused = taken = 0
    for i in range(N):
        answer = await lab.bob.say(CAROL, "flood %d" % i)
        if answer.code == 200:
            taken += 1
            continue
        assert answer.code == 503, answer.start
        assert int(answer.get("retry-after")) >= 1
        refused += 1
    assert taken >= 10 and refused >= 5, (taken, refused)
    answer = await lab.carol.say("sip:bob@sip.example", "still here?")
    assert answer.code == 200, answer.start
    await lab.bob.wait(lambda m: m.content() == "still here?")
    # what he was told to wait for works
    await asyncio.sleep(int((await lab.bob.say(CAROL, "again")).get(
        "retry-after") or 0) + 1)
    answer = await lab.bob.say(CAROL, "patient")
    assert answer.code == 200, answer.start
    await lab.carol.wait(lambda m: m.content() == "patient")


@test("A flood of an XMPP sender meets resource-constraint and his neighbour "
      "none", "X-123")
async def xmpp_flood(lab):
    ids = []
    for i in range(N):
        ids.append(await lab.alice.say(CAROL[4:], "stream %d" % i))
    condition, kind = (await lab.alice.wait_error(ids[-1]))[:2]
    assert (condition, kind) == ("resource-constraint", "wait"), condition
    assert "stream 0" in lab.carol.texts()
    anna = await lab.xmpp_user(lab.prosody_, "anna", "desk")
    await anna.say(CAROL[4:], "from next door")
    await lab.carol.wait(lambda m: m.content() == "from next door")
    errors = [m for m in lab.alice.messages if m.get("type") == "error"]
    assert len(errors) >= 5, len(errors)
    # a line or two of the accounting tell of it, not one for each
    lines = [r for r in lab.node.accounting()
             if r.get("event") == "refused" and r.get("cause") == "RATE" and
             "alice" in r.get("from", "")]
    assert 1 <= len(lines) <= 8, len(lines)


@test("Whom a user blocks is told 403 Function not allowed and not-allowed",
      "PF11")
async def blocked(lab):
    await asyncio.sleep(6)		# the buckets fill again
    anna = await lab.xmpp_user(lab.prosody_, "anna", "blocked")
    await lab.node.ctl("user", "block", "carol@sip.example",
                       "bob@sip.example", "anna@*", as_json=False)
    answer = await lab.bob.say(CAROL, "let me in", headers=[
        ("Privacy", "none")])
    assert answer.code == 403, answer.start
    assert "Function not allowed" in answer.get("warning"), \
        answer.get("warning")
    ident = await anna.say(CAROL[4:], "me too")
    condition, kind = (await anna.wait_error(ident))[:2]
    assert (condition, kind) == ("not-allowed", "cancel"), condition
    # it outlives a restart, and ends when it is taken back
    await lab.node.end()
    await lab.node.restart()
    await lab.node.link_up()
    await lab.bob.register()
    answer = await lab.bob.say(CAROL, "still not?")
    assert answer.code == 403, answer.start
    await lab.node.ctl("user", "unblock", "carol@sip.example",
                       "bob@sip.example", as_json=False)
    lab.carol.drop_connection()
    await lab.carol.register()
    answer = await lab.bob.say(CAROL, "at last")
    assert answer.code in (200, 202), answer.start
    await lab.carol.wait(lambda m: m.content() == "at last")
    assert not {"let me in", "me too", "still not?"} & \
        set(lab.carol.texts())


tap.main("limits", fixture)
