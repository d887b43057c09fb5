#!/usr/bin/python3
"""The link to an XMPP server that refuses, hangs or breaks off."""

import asyncio
import sys
import time

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from fixtures import mocked  # noqa: E402
from mock_xmpp import OWN  # noqa: E402
from sip_text import token  # noqa: E402
from tap import test  # noqa: E402

ALICE, BOB = "sip:alice@xmpp.example", "bob@sip.example"


async def recovered(lab, timeout=20):
    """The server is good again: the link comes and a message passes."""
    lab.mock.mode = "good"
    lab.mock.answers_pings = True
    if not lab.mock.current:
        # after so many failures the pauses are long: as an operator would
        lab.mock.drop()
        await asyncio.sleep(0.5)
        await lab.node.ask("link", "up", "xmpp")
    await lab.mock.wait_up(timeout)
    text = "recovered " + token(3)
    answer = await lab.bob.say(ALICE, text)
    assert answer.code in (200, 202), answer.start
    await lab.mock.wait_body(text, timeout)
    id = lab.mock.say(BOB, "back " + text)
    await lab.bob.wait_text("back " + text, 15)
    assert lab.node.is_running and id


@test("A server that closes after the handshake", timeout=60)
async def closes(lab):
    lab.mock.mode = "close"
    mark = len(lab.mock.attempts)
    lab.mock.drop()
    await asyncio.sleep(5)
    tries = lab.mock.attempts[mark:]
    assert 2 <= len(tries) <= 40, "%d attempts in 5 s" % len(tries)
    await recovered(lab)


@test("A server that sends half a stanza and breaks off", "X-6", timeout=60)
async def half(lab):
    lab.mock.mode = "half"
    lab.mock.drop()
    await asyncio.sleep(4)
    assert lab.node.is_running
    assert not [t for t in lab.bob.texts() if "half a sto" in t]
    await recovered(lab)


@test("A server that accepts and says nothing is given up in 10 s", "X-9b",
      timeout=60)
async def silent_from_start(lab):
    lab.mock.mode = "accept"
    mark, lines = len(lab.mock.attempts), len(lab.node.lines)
    lab.mock.drop()
    await lab.mock.until(lambda: len(lab.mock.attempts) > mark, 30,
                         "an attempt")
    await lab.node.logged("link_down", 14, lines,
                          text="no handshake in time")
    assert time.monotonic() - lab.mock.attempts[mark] >= 9
    await lab.mock.until(lambda: len(lab.mock.attempts) >= mark + 2, 12,
                         "a second attempt")
    await recovered(lab)


@test("A server that stops after its header - and one that is not there",
      "X-7", timeout=60)
async def header_only(lab):
    lab.mock.mode = "header"
    lab.mock.drop()
    await asyncio.sleep(1)
    await lab.mock.stop_listening()
    lab.mock.drop()
    await asyncio.sleep(3)
    assert lab.node.is_running
    links = await lab.node.ask("link", "ls")
    assert links[0]["state"] != "up", links
    answer = await lab.bob.say(ALICE, "kept while nobody listens")
    assert answer.code == 202, answer.start
    lab.mock.mode = "good"
    await lab.mock.start()
    await lab.mock.wait_body("kept while nobody listens", 30)
    await recovered(lab)


@test("A server that reads no more: 202 after the wait - nothing lost",
      timeout=90)
async def no_pong(lab):
    lab.mock.answers_pings = False
    start = time.monotonic()
    answer = await lab.bob.say(ALICE, "no pong for this")
    took = time.monotonic() - start
    assert answer.code == 202 and 1 <= took <= 5, (answer.start, took)
    await lab.mock.wait_body("no pong for this")
    lab.mock.drop()
    # without the answer it is not known to have arrived: it comes again,
    # under the same id
    lab.mock.answers_pings = True
    await lab.mock.until(
        lambda: lab.mock.bodies().count("no pong for this") >= 2, 20,
        "it again")
    ids = {m.get("id") for m in lab.mock.messages
           if m.findtext(OWN + "body") == "no pong for this"}
    assert len(ids) == 1, ids
    await recovered(lab)


@test("The messages of a conversation stay in order over reconnections",
      "X-125", timeout=90)
async def order(lab):
    texts = ["seq %03d" % i for i in range(60)]
    stop = asyncio.Event()
    await lab.mock.wait_up()

    async def breaking():
        while not stop.is_set():
            await asyncio.sleep(0.35)
            if not stop.is_set():
                lab.mock.drop()

    breaker = asyncio.get_running_loop().create_task(breaking())
    try:
        for text in texts:
            answer = await lab.bob.say(ALICE, text, timeout=30)
            assert answer.code in (200, 202), answer.start
    finally:
        stop.set()
        await breaker
    await lab.mock.until(lambda: set(texts) <= set(lab.mock.bodies()), 30,
                         "all of them")
    first = []
    for body in lab.mock.bodies():
        if body in texts and body not in first:
            first.append(body)
    assert first == texts, "order: %r" % first
    # and towards SIP, with a device that goes away in between
    back = ["back %03d" % i for i in range(40)]
    await lab.mock.wait_up()
    for i, text in enumerate(back):
        lab.mock.say(BOB, text)
        if i == 10:
            assert (await lab.bob.unregister()).code == 200
        if i == 25:
            assert (await lab.bob.register()).code == 200
    await lab.bob.wait_text(back[-1], 20)
    came = [t for t in lab.bob.texts() if t in back]
    assert came == back, came


@test("A wrong secret: few attempts - messages are kept",
      timeout=60)
async def wrong_secret(lab):
    lab.mock.mode = "refuse"
    mark = len(lab.mock.attempts)
    lab.mock.drop()
    await lab.mock.until(lambda: len(lab.mock.attempts) > mark, 10,
                         "an attempt")
    await asyncio.sleep(5)
    tries = lab.mock.attempts[mark:]
    assert 1 <= len(tries) <= 5, "%d attempts in 5 s" % len(tries)
    answer = await lab.bob.say(ALICE, "kept while refused")
    assert answer.code == 202, answer.start
    lab.mock.mode = "good"
    # an operator need not wait for the next attempt
    await lab.node.ask("link", "up", "xmpp")
    await lab.mock.wait_body("kept while refused", 40)
    await recovered(lab, 40)


tap.main(__doc__, mocked) if __name__ == "__main__" else None
