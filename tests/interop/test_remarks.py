#!/usr/bin/python3
"""What XMPP users say about earlier messages, as SIP users read it."""

import asyncio
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from fixtures import pair  # noqa: E402
from sip_text import token  # noqa: E402
from tap import test  # noqa: E402

BOB = "bob@sip.example"
QUIET_S = 1
CORRECT = "urn:xmpp:message-correct:0"
REPLY = "<reply xmlns='urn:xmpp:reply:0' id='b1'/><fallback xmlns='urn:xmpp:" \
    "fallback:0' for='urn:xmpp:reply:0'><body start='0' end='8'/></fallback>"


def stanza(lab, body, extra, id=None, to=BOB):
    id = id or "r-" + token(8)
    words = "<body>%s</body>" % body if body is not None else ""
    lab.alice.raw("<message to='%s' id='%s' type='chat'>%s%s</message>" % (
        to, id, words, extra))
    return id


def correction(lab, body, of, id=None):
    return stanza(lab, body, "<replace xmlns='%s' id='%s'/>" % (CORRECT, of),
                  id)


def reaction(lab, symbol, of):
    return stanza(lab, None, "<reactions xmlns='urn:xmpp:reactions:0' id='%s'>"
                  "<reaction>%s</reaction></reactions>" % (of, symbol))


def retraction(lab, of):
    return stanza(lab, None, "<retract xmlns='urn:xmpp:message-retract:1' "
                  "id='%s'/>" % of)


def header(m, ns, name):
    """Value of the CPIM header of that namespace."""
    inner = m.cpim()
    for value in inner.all("NS") if inner else []:
        prefix, _, urn = value.partition(" ")
        if urn.strip() == "<%s>" % ns:
            return inner.get("%s.%s" % (prefix, name))
    return None


async def reload(lab, old, new):
    assert old in lab.node.text, old
    lab.node.write_config(lab.node.text.replace(old, new))
    await lab.node.ctl("reload")


@test("Two corrections are marked - and both refer to the first message",
      "X-119")
async def corrections(lab):
    first = await lab.alice.say(BOB, "Are you free at noon?")
    await lab.bob.wait_text("Are you free at noon?")
    second = correction(lab, "Are you free at one?", first)
    got = await lab.bob.wait_text("[corrected] Are you free at one?")
    assert header(got, CORRECT, "Replace") == first, got.to_bytes()
    assert got.cpim().imdn("Message-ID") == second
    correction(lab, "Are you free at two?", first)
    got = await lab.bob.wait_text("[corrected] Are you free at two?")
    assert header(got, CORRECT, "Replace") == first
    # one that names the edit before it, as some clients do
    third = correction(lab, "Or at three?", second, "r-" + token(8))
    fourth = correction(lab, "Or at four?", third)
    got = await lab.bob.wait_text("[corrected] Or at four?")
    assert header(got, CORRECT, "Replace") == second, (third, fourth)


@test("A device that knows no CPIM reads a correction as marked text",
      "X-119")
async def plain_device(lab):
    dave = await lab.sip_user(lab.node, "dave")
    dave.answer = lambda m: (415,) if m.cpim() else (200,)
    try:
        stanza(lab, "Or never?", "<replace xmlns='%s' id='x1'/>" % CORRECT,
               to="dave@sip.example")
        got = await dave.wait(lambda m: m.text() == "[corrected] Or never?")
        assert got.get("content-type").startswith("text/plain")
    finally:
        await dave.unregister()
        await dave.close()


@test("Reactions - replies and retractions read as text or by policy",
      "X-120 X-119")
async def degraded(lab):
    reaction(lab, "👍", "b1")
    got = await lab.bob.wait_text("[reacted] 👍")
    assert header(got, "urn:xmpp:reactions:0", "Reactions") == "b1"
    retraction(lab, "b2")
    got = await lab.bob.wait_text("[retracted an earlier message]")
    assert header(got, "urn:xmpp:message-retract:1", "Retract") == "b2"
    stanza(lab, "&gt; noon?\nyes", REPLY)
    got = await lab.bob.wait_text("> noon?\nyes")
    assert header(got, "urn:xmpp:reply:0", "Reply") == "b1"
    # the domain's own policy, by reload, without touching the link
    ups = len(lab.node.log("link_up"))
    await reload(lab, "allow = {\"*\"}\n", "allow = {\"*\"}\n"
                 " reactions = drop\n retractions = drop\n replies = plain\n"
                 " corrections = plain\n")
    before = len(lab.bob.messages)
    reaction(lab, "👍", "b1")
    retraction(lab, "b2")
    stanza(lab, "&gt; noon?\nwell", REPLY)
    correction(lab, "a plain one", "b1")
    await lab.bob.wait_text("a plain one")
    await asyncio.sleep(QUIET_S)
    assert [m.content() for m in lab.bob.messages[before:]] == \
        ["well", "a plain one"]
    await reload(lab, " corrections = plain\n", " corrections = drop\n")
    correction(lab, "nobody sees this", "b1")
    await lab.alice.say(BOB, "but this")
    await lab.bob.wait_text("but this")
    assert "nobody sees this" not in lab.bob.texts()
    assert len(lab.node.log("link_up")) == ups, "the link went for a policy"
    assert not [m for m in lab.alice.messages if m.get("type") == "error"]


tap.main(__doc__, pair) if __name__ == "__main__" else None
