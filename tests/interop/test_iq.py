#!/usr/bin/python3
"""What the component and its users answer to questions, through Prosody."""

import asyncio
import sys
import time
import xml.etree.ElementTree as ET

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from fixtures import pair  # noqa: E402
from lab import SIP_DOMAIN  # noqa: E402
from sip_text import token  # noqa: E402
from tap import test  # noqa: E402
from xmpp_user import STATES, condition_of  # noqa: E402

BOB = "bob@sip.example"
INFO = "http://jabber.org/protocol/disco#info"
COMMANDS = "http://jabber.org/protocol/commands"
ITEMS = "http://jabber.org/protocol/disco#items"
QUIET_S = 1.2


def features(answer):
    query = answer.find("{%s}query" % INFO)
    return {f.get("var") for f in query.findall("{%s}feature" % INFO)}


def identities(answer):
    query = answer.find("{%s}query" % INFO)
    return {(i.get("category"), i.get("type"))
            for i in query.findall("{%s}identity" % INFO)}


async def ask_info(lab, to):
    answer = await lab.alice.iq(to, "<query xmlns='%s'/>" % INFO)
    assert answer is not None and answer.get("type") == "result", \
        "no disco#info of " + to
    assert answer.get("from") == to
    return answer


def answers(lab, id):
    return [q for q in lab.alice.iqs if q.get("id") == id]


@test("An unknown question is refused once - results and errors are not "
      "answered", "X-13")
async def unknown(lab):
    asked = []
    for to in (SIP_DOMAIN, BOB, BOB + "/x", "nobody@sip.example"):
        for kind in ("get", "set"):
            id = "u" + token()
            answer = await lab.alice.iq(to, "<query xmlns='urn:odd:%s'/>" %
                                        token(2), type=kind, id=id)
            assert answer is not None, "no answer of %s to %s" % (to, kind)
            assert answer.get("type") == "error"
            assert condition_of(answer)[0] == "service-unavailable"
            asked.append(id)
    silent = []
    for to in (SIP_DOMAIN, BOB):
        for kind, body in (("result", ""), ("error", "<error type='cancel'>"
                           "<item-not-found xmlns='urn:ietf:params:xml:ns:"
                           "xmpp-stanzas'/></error>")):
            id = "s" + token()
            lab.alice.raw("<iq type='%s' id='%s' to='%s'>%s</iq>" % (
                kind, id, to, body))
            silent.append(id)
    await asyncio.sleep(QUIET_S)
    assert [len(answers(lab, id)) for id in asked] == [1] * len(asked)
    assert [len(answers(lab, id)) for id in silent] == [0] * len(silent)


@test("A message of type error is never answered by an error", "X-14")
async def error_of_error(lab):
    ids = []
    for to in (BOB, "nobody@sip.example", SIP_DOMAIN, BOB + "/gone"):
        for body in ("", "<body>with a text</body>"):
            id = "e" + token()
            lab.alice.raw(
                "<message type='error' id='%s' to='%s'>%s<error type="
                "'cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:"
                "xmpp-stanzas'/></error></message>" % (id, to, body))
            ids.append(id)
    # an ordinary one behind them does get its error
    probe = await lab.alice.say("nobody@sip.example", "probe")
    await lab.alice.wait_error(probe)
    await asyncio.sleep(QUIET_S)
    assert not [m for m in lab.alice.messages if m.get("id") in ids]
    assert "with a text" not in lab.bob.texts()


@test("The component says it is a gateway and what it can", "X-15")
async def component(lab):
    answer = await ask_info(lab, SIP_DOMAIN)
    assert any(c == "gateway" for c, _ in identities(answer)), \
        identities(answer)
    # every feature announced is tried, and nothing else is announced
    tried = {
        COMMANDS: "<query xmlns='%s' node='%s'/>" % (ITEMS, COMMANDS),
        "jabber:iq:gateway": "<query xmlns='jabber:iq:gateway'/>",
        "jabber:iq:register": "<query xmlns='jabber:iq:register'/>",
        "vcard-temp": "<vCard xmlns='vcard-temp'/>",
        INFO: "<query xmlns='%s'/>" % INFO,
        ITEMS: "<query xmlns='%s'/>" % ITEMS,
        "urn:xmpp:ping": "<ping xmlns='urn:xmpp:ping'/>",
        "jabber:iq:version": "<query xmlns='jabber:iq:version'/>",
        "urn:xmpp:time": "<time xmlns='urn:xmpp:time'/>",
    }
    for name in features(answer):
        if name == "jid\\20escaping":
            continue		# the next test
        assert name in tried, "announced, but not known here: " + name
        got = await lab.alice.iq(SIP_DOMAIN, tried[name])
        assert got is not None and got.get("type") == "result", name


@test("Escaped addresses work as the component announces", "X-15")
async def escaping(lab):
    if "jid\\20escaping" not in features(await ask_info(lab, SIP_DOMAIN)):
        raise tap.Skip("it is not announced")
    password = await lab.node.add_user("o'neil%20jr")
    user = await lab.sip_user(lab.node, "o'neil%20jr", password,
                              create=False, register=False)
    # the password belongs to the unescaped name
    user.name = "o'neil jr"
    answer = await user.register(contact="<sip:oneil@127.0.0.1:%d>" %
                                 user.port)
    assert answer.code == 200, answer.start
    await lab.alice.say("o\\27neil\\20jr@sip.example", "Hi, O'Neil")
    await user.wait_text("Hi, O'Neil")


@test("A SIP user's address gives identity - chat states - receipts - markers",
      "X-16")
async def user_info(lab):
    for to in (BOB, BOB + "/d41d8"):
        answer = await ask_info(lab, to)
        assert identities(answer), "no identity of " + to
        assert {"urn:xmpp:receipts", "urn:xmpp:chat-markers:0",
                STATES} <= features(answer), features(answer)


@test("A ping is answered by component and user", "X-19")
async def ping(lab):
    for to in (SIP_DOMAIN, BOB, BOB + "/d41d8"):
        answer = await lab.alice.iq(to, "<ping xmlns='urn:xmpp:ping'/>")
        assert answer is not None, "no pong from " + to
        assert answer.get("type") == "result" and answer.get("from") == to
        assert len(answer) == 0, ET.tostring(answer)


@test("Version and time are answered", "X-20")
async def version_time(lab):
    for to in (SIP_DOMAIN, BOB):
        answer = await lab.alice.iq(to, "<query xmlns='jabber:iq:version'/>")
        assert answer.get("type") == "result", to
        name = answer.find("{jabber:iq:version}query/{jabber:iq:version}name")
        assert name is not None and name.text, ET.tostring(answer)
        answer = await lab.alice.iq(to, "<time xmlns='urn:xmpp:time'/>")
        utc = answer.find("{urn:xmpp:time}time/{urn:xmpp:time}utc")
        now = time.time()
        assert utc.text[:16] in [time.strftime("%Y-%m-%dT%H:%M", time.gmtime(
            now + d)) for d in (-5, 5)], utc.text


@test("A wish to see presence is answered politely")
async def subscribe(lab):
    lab.alice.raw("<presence type='subscribe' to='%s'/>" % BOB)
    await asyncio.sleep(QUIET_S)
    back = [p for p in lab.alice.presences
            if (p.get("from") or "").startswith(BOB)]
    assert not [p for p in back if p.get("type") == "error"], back
    # the stream is fine
    await lab.alice.say(BOB, "after the wish")
    await lab.bob.wait_text("after the wish")


@test("A message to the component itself or to a room is refused", "X-37")
async def nobody_there(lab):
    id = await lab.alice.say(SIP_DOMAIN, "is this thing on")
    condition = (await lab.alice.wait_error(id))[0]
    assert condition in ("service-unavailable", "item-not-found",
                         "jid-malformed"), condition
    id = await lab.alice.say(BOB, "a room?", type="groupchat")
    await lab.alice.wait_error(id)
    assert "a room?" not in lab.bob.texts()


tap.main(__doc__, pair) if __name__ == "__main__" else None
