#!/usr/bin/python3
"""Reload: domains and links switched off and on under traffic."""

import asyncio
import signal
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from fixtures import pair  # noqa: E402
from tap import test  # noqa: E402

ALICE, BOB = "sip:alice@xmpp.example", "bob@sip.example"


async def reload(lab, text):
    lab.node.write_config(text)
    return await lab.node.ctl("reload")


@test("A domain switched off by reload: 404 on one side - "
      "remote-server-not-found on the other", "X-126")
async def switched_off(lab):
    good = lab.node.text
    off = good.replace('domain "xmpp.example" {\n',
                       'domain "xmpp.example" {\n enabled = no\n')
    assert off != good
    await reload(lab, off)
    answer = await lab.bob.say(ALICE, "to a domain that is off")
    assert answer.code == 404, answer.start
    id = await lab.alice.say(BOB, "from a domain that is off")
    condition, kind, _, _, _ = await lab.alice.wait_error(id)
    assert (condition, kind) == ("remote-server-not-found", "cancel"), \
        condition
    # our own users are not concerned
    assert (await lab.bob.say("sip:carol@sip.example", "still")).code == 200
    await reload(lab, good)
    assert (await lab.bob.say(ALICE, "on again")).code in (200, 202)
    await lab.alice.wait_body("on again")
    await lab.alice.say(BOB, "on again here")
    await lab.bob.wait_text("on again here")
    texts = lab.bob.texts() + lab.alice.bodies()
    assert not [t for t in texts if "that is off" in t]


@test("A reload that is wrong changes nothing and says where")
async def wrong(lab):
    good = lab.node.text
    lab.node.write_config(good + 'domain "x" {\n vai = "xmpp"\n}\n')
    code, out, err = await lab.node.ctl("reload", as_json=False)
    assert code == 78, (code, out, err)
    assert "vai" in err and "causewayd.conf:" in err, err
    assert (await lab.bob.say(ALICE, "goes on")).code == 200
    await lab.alice.wait_body("goes on")
    lab.node.write_config(good)
    await lab.node.ctl("reload", "--dry-run")


@test("A link removed while messages wait for it - and back: they arrive")
async def removed(lab):
    good = lab.node.text
    await lab.node.ctl("link", "down", "xmpp")
    await asyncio.sleep(0.5)
    answer = await lab.bob.say(ALICE, "waits for its link")
    assert answer.code == 202, answer.start
    start = good.index('link "xmpp"')
    end = good.index("policy {")
    await reload(lab, good[:start] + good[end:])
    await asyncio.sleep(1)
    rows = await lab.node.queue()
    assert len(rows) == 1, rows
    answer = await lab.bob.say(ALICE, "no link at all")
    assert answer.code == 404, answer.start
    await reload(lab, good)
    await lab.alice.wait_body("waits for its link", 20)
    await asyncio.sleep(0.5)
    assert lab.alice.bodies().count("waits for its link") == 1
    assert await lab.node.queue() == []


@test("An SIGHUP does the same - and listeners keep their users")
async def by_signal(lab):
    mark = len(lab.node.lines)

    lab.node.signal(signal.SIGHUP)
    await lab.node.logged("config_reload", since=mark)
    await lab.alice.say("carol@sip.example", "after the signal")
    await lab.carol.wait_text("after the signal")


tap.main(__doc__, pair) if __name__ == "__main__" else None
