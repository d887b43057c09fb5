#!/usr/bin/python3
"""Absent recipients and several devices: what is kept, and what is not."""

import asyncio
import os
import sqlite3
import sys
import time

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from fixtures import pair  # noqa: E402
from sip_text import token  # noqa: E402
from sip_user import DELIVERED, SipUser, report_of  # noqa: E402
from tap import test  # noqa: E402
from xmpp_user import RECEIPTS  # noqa: E402

CAROL = "sip:carol@sip.example"
QUIET_S = 1.0


class Away:
    """carol leaves, and is back at the end."""

    def __init__(self, lab):
        self.lab = lab

    async def __aenter__(self):
        assert (await self.lab.carol.unregister()).code == 200

    async def __aexit__(self, *_):
        assert (await self.lab.carol.register()).code == 200


@test("For a user without a device a MESSAGE is stored with 202", "PF08")
async def stored(lab):
    async with Away(lab):
        answer = await lab.bob.say(CAROL, "for later")
        assert answer.code == 202, answer.start
        rows = await lab.node.queue()
        assert len(rows) == 1, rows
        await asyncio.sleep(QUIET_S)
        assert "for later" not in lab.carol.texts()
    await lab.carol.wait_text("for later")
    await asyncio.sleep(0.5)
    assert await lab.node.queue() == []
    assert lab.carol.texts().count("for later") == 1


@test("With Expires 0 it is not stored and gets 480", "SF02")
async def not_stored(lab):
    async with Away(lab):
        answer = await lab.bob.say(CAROL, "now or never",
                                   headers=[("Expires", "0")])
        assert answer.code == 480, answer.start
        assert await lab.node.queue() == []
    await asyncio.sleep(QUIET_S)
    assert "now or never" not in lab.carol.texts()


@test("With storing switched off for him it gets 480", "PF08")
async def storing_off(lab):
    password = await lab.node.add_user("dan")
    await lab.node.stop()
    with sqlite3.connect(os.path.join(lab.node.state, "causeway.db")) as db:
        table = [t for (t,) in db.execute(
            "SELECT m.name FROM sqlite_master m, pragma_table_info(m.name) p"
            " WHERE p.name = 'has_offline_delivery'")][0]
        db.execute("UPDATE %s SET has_offline_delivery = 0 WHERE aor = ?" %
                   table, ("sip:dan@sip.example",))
    db.close()
    await lab.node.restart()
    await lab.node.link_up()
    answer = await lab.bob.say("sip:dan@sip.example", "nobody home")
    assert answer.code == 480, answer.start
    assert await lab.node.queue() == []
    assert password


@test("An XMPP message waits - keeps its time and order - and is reported")
async def xmpp_waits(lab):
    texts = ["waits %d %s" % (i, token(2)) for i in range(5)]
    async with Away(lab):
        said = time.time()
        ids = [await lab.alice.say("carol@sip.example", t, request=True)
               for t in texts]
        for id in ids:
            await lab.node.logged("kept", id=id)
        await asyncio.sleep(2)
        assert not [m for m in lab.alice.messages
                    if m.find("{%s}received" % RECEIPTS) is not None]
        lab.carol.reports = {"delivered"}
    try:
        for t, id in zip(texts, ids):
            got = await lab.carol.wait_text(t)
            stamp = got.cpim().get("DateTime")
            assert stamp.startswith(time.strftime(
                "%Y-%m-%dT%H:%M", time.gmtime(said))), stamp
            await lab.alice.wait_received(id)
        came = [t for t in lab.carol.texts() if t in texts]
        assert came == texts, came
    finally:
        lab.carol.reports = set()


@test("What could not be delivered in its time is reported as failed",
      "X-60")
async def expires(lab):
    async with Away(lab):
        id = "short-" + token(4)
        answer = await lab.bob.say(CAROL, "short lived", wants=DELIVERED,
                                   message_id=id,
                                   headers=[("Expires", "2")])
        assert answer.code == 202, answer.start
        report = await lab.bob.wait_report(id, "failed", 20)
        assert report_of(report)["kind"] == "delivery"
    await asyncio.sleep(QUIET_S)
    assert "short lived" not in lab.carol.texts()


@test("Of several devices one 2xx wins - later answers are absorbed", "PF07")
async def fork(lab):
    password = await lab.node.add_user("erin")
    phones = []
    for name in ("fast", "slow", "busy"):
        phone = SipUser("erin", "sip.example", password, lab.bob.server,
                        instance="urn:uuid:" + name)
        lab.own(phone)
        await phone.start()
        assert (await phone.register()).code == 200
        phones.append(phone)
    fast, slow, busy = phones

    async def later(_):
        await asyncio.sleep(1.5)
        return 200
    slow.answer, busy.answer = later, 486
    start = time.monotonic()
    answer = await lab.bob.say("sip:erin@sip.example", "to all three")
    assert answer.code == 200, answer.start
    assert time.monotonic() - start < 1.2, "it waited for the slow one"
    for phone in phones:
        await phone.wait_text("to all three")
    await asyncio.sleep(2.5)
    assert lab.bob.stray == [], "a second answer: %r" % lab.bob.stray
    for phone in phones:
        assert [m.method for m in phone.inbox] == ["MESSAGE"], \
            [m.method for m in phone.inbox]
        assert phone.repeats <= 2
    # one device refuses for good: the other's 2xx still counts
    fast.answer, slow.answer, busy.answer = 603, 200, 404
    answer = await lab.bob.say("sip:erin@sip.example", "second")
    assert answer.code == 200, answer.start
    # all refuse: one final answer, the best of them
    fast.answer, slow.answer, busy.answer = 486, 488, 403
    answer = await lab.bob.say("sip:erin@sip.example", "third",
                               headers=[("Expires", "0")])
    assert answer.code in (403, 486, 488), answer.start


@test("A device that stays silent: the message is kept and tried again")
async def silent(lab):
    dave = await lab.sip_user(lab.node, "dave")
    dave.answer = None
    answer = await lab.bob.say("sip:dave@sip.example", "anybody in?")
    assert answer.code == 202, answer.start
    dave.answer = 200
    # a new request, not a retransmission of the first
    await dave.wait(lambda m: m.content() == "anybody in?" and
                    m.branch() != dave.messages[0].branch(), 15,
                    "a second try")


@test("A repeated request has the same answer and is delivered once")
async def repeated(lab):
    request = lab.bob.make("MESSAGE", CAROL, [("Content-Type",
                                               "text/plain")], b"said once")
    request.set("Authorization", lab.bob.credentials(request))
    codes = []
    for _ in range(3):
        await lab.bob.transmit(request.to_bytes())
    codes.append((await lab.bob.exchange(request, 5)).code)
    codes.append((await lab.bob.exchange(request, 5)).code)
    assert codes == [200, 200], codes
    await lab.carol.wait_text("said once")
    await asyncio.sleep(QUIET_S)
    assert lab.carol.texts().count("said once") == 1


@test("Registrations: several contacts - refresh - expiry - removal of all")
async def registrations(lab):
    frank = await lab.sip_user(lab.node, "frank", register=False)
    answer = await frank.register(expires=1)
    assert answer.code == 423 and answer.get("min-expires"), answer.start
    two = [await frank.register(contact="<sip:frank@127.0.0.1:%d>" % p)
           for p in (frank.port, 9)]
    assert [a.code for a in two] == [200, 200]
    assert len(two[1].all("contact")) == 2, two[1].all("contact")
    assert "expires=" in two[1].all("contact")[0]
    rows = await lab.node.ask("reg", "ls", "frank@sip.example")
    assert len(rows) == 2, rows
    query = await frank.request("REGISTER", "sip:sip.example",
                                to=frank.aor, call_id=frank.call_id)
    assert len(query.all("contact")) == 2
    gone = await frank.register(expires=0, contact="*")
    assert gone.code == 200 and gone.all("contact") == []
    answer = await frank.register(expires=100000000)
    assert answer.code == 200
    assert int(answer.param("contact", "expires")) <= 86400


tap.main(__doc__, pair) if __name__ == "__main__" else None
