#!/usr/bin/python3
"""kill -9 of the daemon at any moment: what was accepted is delivered.

The moments are drawn from a seed (CAUSEWAY_SEED, else the time), which is
printed; CAUSEWAY_KILLS says how many there are.
"""

import asyncio
import os
import random
import sys
import time

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from fixtures import pair  # noqa: E402
from sip_user import report_of  # noqa: E402
from tap import test  # noqa: E402
from xmpp_user import CLIENT  # noqa: E402

ALICE = "sip:alice@xmpp.example"
SEED = int(os.environ.get("CAUSEWAY_SEED") or time.time())
KILLS = int(os.environ.get("CAUSEWAY_KILLS") or 20)


@test("202 is said only when the message is safe: killed right after it",
      "SF01")
async def after_202(lab):
    dave = await lab.sip_user(lab.node, "dave")
    assert (await dave.unregister()).code == 200
    texts = ["safe %d" % i for i in range(6)]
    for text in texts:
        answer = await lab.bob.say("sip:dave@sip.example", text)
        lab.node.proc.kill()		# not even one turn of our own loop
        assert answer.code == 202, answer.start
        await lab.node.gone()
        await lab.node.restart()
    assert len(await lab.node.queue()) == len(texts)
    assert (await dave.register()).code == 200
    for text in texts:
        await dave.wait_text(text)
    await asyncio.sleep(1)
    assert dave.texts() == texts, dave.texts()
    assert await lab.node.queue() == []
    await lab.node.link_up()


class Ledger:
    """Numbered messages in three directions while the daemon dies."""

    def __init__(self, lab, away):
        self.lab, self.away = lab, away
        self.accepted = {"to-xmpp": {}, "to-away": {}}
        self.refused = []
        self.said = {}			# XMPP to SIP: id -> text
        self.stop = asyncio.Event()
        self.n = 0

    def next(self, kind):
        self.n += 1
        return "%s-%04d" % (kind, self.n)

    async def from_sip(self, kind, to):
        while not self.stop.is_set():
            id = self.next(kind)
            try:
                answer = await self.lab.bob.say(to, "text of " + id,
                                                message_id=id, timeout=20)
            except asyncio.TimeoutError:
                continue		# never answered: nothing promised
            if answer.code in (200, 202):
                self.accepted[kind][id] = answer.code
            elif answer.code != 503:
                self.refused.append((id, answer.start))
            await asyncio.sleep(0.01)

    async def from_xmpp(self):
        while not self.stop.is_set():
            id = self.next("to-sip")
            self.said[id] = "text of " + id
            await self.lab.alice.say("carl@sip.example", self.said[id],
                                     id=id)
            await asyncio.sleep(0.05)


def count_xmpp(user):
    out = {}
    for m in user.messages:
        body = m.findtext(CLIENT + "body")
        if body is not None and m.get("type") != "error":
            out.setdefault(m.get("id"), []).append(body)
    return out


def count_sip(user):
    out = {}
    for m in user.messages:
        if not report_of(m):
            inner = m.cpim()
            text = m.content()
            id = inner.imdn("Message-ID") if inner else text[8:]
            out.setdefault(id, []).append(text)
    return out


def check(name, wanted, got):
    lost = sorted(set(wanted) - set(got))
    assert not lost, "%s: %d of %d lost: %r" % (name, len(lost),
                                                len(wanted), lost[:5])
    mixed = [id for id in got if len(set(got[id])) > 1]
    assert not mixed, "%s: one id, several texts: %r" % (name, mixed)
    again = sum(len(v) - 1 for v in got.values())
    tap.diag("%s: %d accepted, all there, %d repeats under the same id" % (
        name, len(wanted), again))


@test("What was accepted before a crash is delivered - one id one message",
      "X-124", timeout=150)
async def ledger(lab):
    dice = random.Random(SEED)
    tap.diag("CAUSEWAY_SEED=%d" % SEED)
    away = await lab.sip_user(lab.node, "erin")
    carl = await lab.sip_user(lab.node, "carl")
    assert (await away.unregister()).code == 200
    book = Ledger(lab, away)
    loop = asyncio.get_running_loop()
    work = [loop.create_task(w) for w in (
        book.from_sip("to-xmpp", ALICE),
        book.from_sip("to-away", "sip:erin@sip.example"),
        book.from_xmpp())]
    for _ in range(KILLS):
        await asyncio.sleep(dice.uniform(0.0, 0.4))
        await lab.node.kill9()
        await lab.node.restart()
        if dice.random() < 0.7:
            await lab.node.link_up()
    await lab.node.link_up()
    await asyncio.sleep(1)
    book.stop.set()
    await asyncio.wait_for(asyncio.gather(*work), 30)
    assert (await away.register()).code == 200
    limit = time.monotonic() + 40
    while await lab.node.queue() and time.monotonic() < limit:
        await asyncio.sleep(0.3)
    left = await lab.node.queue()
    assert left == [], "still waiting at the end: %r" % left[:4]
    await asyncio.sleep(1)
    assert book.refused == [], book.refused[:5]
    assert len(book.accepted["to-xmpp"]) > KILLS and \
        len(book.accepted["to-away"]) > KILLS, "too little traffic"
    check("SIP to XMPP", book.accepted["to-xmpp"], count_xmpp(lab.alice))
    check("SIP to an absent SIP user", book.accepted["to-away"],
          count_sip(away))
    # XMPP gives no answer; what the daemon wrote down as kept is promised
    kept = {r["id"] for r in lab.node.log("kept") if
            r.get("id", "").startswith("to-sip-")}
    assert len(kept) > KILLS, "too little traffic from XMPP"
    check("XMPP to SIP", kept, count_sip(carl))


tap.main(__doc__, pair) if __name__ == "__main__" else None
