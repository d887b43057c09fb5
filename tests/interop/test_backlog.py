#!/usr/bin/python3
"""Hundreds of messages wait for a link or a user: all of them go, in order."""

import asyncio
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from fixtures import mocked  # noqa: E402
from mock_xmpp import OWN  # noqa: E402
from tap import test  # noqa: E402

N = 600			# more than a lane keeps in memory
ALICE = "sip:alice@xmpp.example"


async def say_many(user, to, texts):
    """As the answers come, eight under way; the codes in order."""
    gate = asyncio.Semaphore(8)

    async def one(text):
        async with gate:
            return (await user.say(to, text, message_id="id-" + text)).code
    return await asyncio.gather(*(one(t) for t in texts))


def first_seen(items, wanted):
    wanted, out = set(wanted), []
    for item in items:
        if item in wanted:
            wanted.discard(item)
            out.append(item)
    return out


@test("What waited for a link while it was down goes when it comes - also "
      "over a restart", "X-125", timeout=60)
async def for_a_link(lab):
    await lab.mock.stop_listening()
    lab.mock.drop()
    await lab.node.logged("link_down")
    texts = ["l%04d" % i for i in range(N)]
    codes = await say_many(lab.bob, ALICE, texts[:N // 2])
    assert set(codes) == {202}, codes
    await lab.node.kill9()
    await lab.node.restart()
    codes = await say_many(lab.bob, ALICE, texts[N // 2:])
    assert set(codes) == {202}, codes
    await lab.mock.start()
    await lab.mock.until(lambda: set(texts) <= set(lab.mock.bodies()), 30,
                         "all of them")
    await asyncio.sleep(1)
    assert await lab.node.queue() == []
    # eight were under way at once, so neighbours may have changed places on
    # the way in; the two halves may not
    seen = first_seen(lab.mock.bodies(), texts)
    half = N // 2
    assert max(seen.index(t) for t in texts[:half]) < \
        min(seen.index(t) for t in texts[half:]), "the halves are mixed"
    ids = {m.get("id") for m in lab.mock.messages
           if m.findtext(OWN + "body") in set(texts)}
    assert len(ids) == N


@test("What waited for a user goes when he registers - in order", "X-125",
      timeout=60)
async def for_a_user(lab):
    await lab.mock.wait_up()
    carol = await lab.sip_user(lab.node, "carol")
    assert (await carol.unregister()).code == 200
    texts = {who: ["%s%04d" % (who, i) for i in range(N // 4)]
             for who in ("u", "v", "w")}
    for i in range(N // 4):
        for who in texts:
            lab.mock.say("carol@sip.example", texts[who][i],
                         sender=who + "@xmpp.example/t")
        if i % 50 == 49:
            await asyncio.sleep(0.1)
    last = [rows[-1] for rows in texts.values()]
    kept = set(sum(texts.values(), []))
    for _ in range(100):
        if len(await lab.node.queue()) >= len(kept):
            break
        await asyncio.sleep(0.1)
    assert len(await lab.node.queue()) == len(kept)
    assert (await carol.register()).code == 200
    for text in last:
        await carol.wait_text(text, 30)
    await asyncio.sleep(1)
    for rows in texts.values():
        came = [t for t in carol.texts() if t in set(rows)]
        assert came == rows, "%d of %d, or not in order" % (len(came),
                                                            len(rows))
    assert await lab.node.queue() == []


tap.main(__doc__, mocked) if __name__ == "__main__" else None
