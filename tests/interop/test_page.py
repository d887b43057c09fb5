#!/usr/bin/python3
"""Page-mode messages between SIP users and users of a real XMPP server."""

import asyncio
import re
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from fixtures import pair  # noqa: E402
from lab import parse_line  # noqa: E402
from sip_text import token  # noqa: E402
from sip_user import DELIVERED, DISPLAYED, report_of  # noqa: E402
from tap import test  # noqa: E402
from xmpp_user import (CLIENT, MARKERS, RECEIPTS, STATES,  # noqa: E402
                       XML_LANG)

ALICE, BOB, CAROL = ("sip:alice@xmpp.example", "bob@sip.example",
                     "carol@sip.example")
QUIET_S = 1.2			# what should not come had this long to come


def states_of(user):
    return [c.tag.split("}")[1] for m in user.messages for c in m
            if c.tag.startswith("{%s}" % STATES)]


@test("XMPP to SIP: body - subject - language - thread and resource", "X-38")
async def xmpp_to_sip(lab):
    await lab.alice.say(BOB, "Are you free at noon?", subject="Lunch",
                        thread="t-77af", lang="en", type=None)
    got = await lab.bob.wait_text("Are you free at noon?")
    assert got.get("content-type").replace(" ", "").lower() == \
        "text/plain;charset=utf-8", got.get("content-type")
    assert got.body == b"Are you free at noon?"
    assert got.get("subject") == "Lunch"
    assert got.get("content-language") == "en"
    assert got.get("call-id") == "t-77af"
    assert got.header_uri("from") == "sip:alice@xmpp.example;gr=tablet"
    assert got.header_uri("to") == "sip:bob@sip.example"
    assert got.uri == lab.bob.contact()
    assert got.get("contact") is None
    assert int(got.get("max-forwards")) <= 70
    # a second message of the thread has a higher number
    await lab.alice.say(BOB, "Or at one?", thread="t-77af")
    next_ = await lab.bob.wait_text("Or at one?")
    assert next_.get("call-id") == "t-77af"
    assert int(next_.get("cseq").split()[0]) > \
        int(got.get("cseq").split()[0])


@test("SIP to XMPP: thread - language - subject - sender's device", "X-39")
async def sip_to_xmpp(lab):
    text = "Ça va à midi ? <b>&amp; \"so\" ]]>\nsecond line 🙂"
    answer = await lab.bob.say(
        ALICE, text, headers=[("Subject", "Déjeuner"),
                              ("Content-Language", "fr")],
        sender="sip:bob@sip.example;gr=d41d8", call_id="c0ffee@core")
    assert answer.code == 200, answer.start
    got = await lab.alice.wait_body(text)
    assert got.get("from") == "bob@sip.example/d41d8", got.get("from")
    assert got.get("type") in (None, "normal"), got.get("type")
    assert got.get("to").split("/")[0] == "alice@xmpp.example"
    assert got.get(XML_LANG) == "fr"
    assert got.findtext(CLIENT + "subject") == "Déjeuner"
    assert got.findtext(CLIENT + "thread") == "c0ffee@core"
    assert got.get("id")


@test("A long text arrives once and whole - or is refused as one", "X-43")
async def long_text(lab):
    text = " ".join("word%04d" % i for i in range(278))[:2500]
    assert len(text) == 2500
    id = await lab.alice.say(CAROL, text)
    got = await lab.carol.wait_text(text)
    assert len(got.body) == 2500
    # over UDP it is too large for page mode [RFC 3428 8]
    udp_id = await lab.alice.say(BOB, text)
    condition, kind, _, _, _ = await lab.alice.wait_error(udp_id)
    assert (condition, kind) == ("policy-violation", "modify")
    await asyncio.sleep(QUIET_S)
    for user, whole in ((lab.carol, [text]), (lab.bob, [])):
        parts = [t for t in user.texts() if "word0001" in t or
                 "word0277" in t or "word0100" in t]
        assert parts == whole, [len(p) for p in parts]
    errors = [m.get("id") for m in lab.alice.messages
              if m.get("type") == "error"]
    assert errors.count(udp_id) == 1 and errors.count(id) == 0, errors


@test("Delivered and displayed cross in both directions", "X-59 CT15")
async def reports_cross(lab):
    id = "own-" + token(4)
    answer = await lab.bob.say(ALICE, "crossing", wants=DISPLAYED,
                               message_id=id)
    assert answer.code == 200, answer.start
    got = await lab.alice.wait_body("crossing")
    assert got.get("id") == id
    assert got.find("{%s}request" % RECEIPTS) is not None
    assert got.find("{%s}markable" % MARKERS) is not None
    assert not [m for m in lab.bob.messages if report_of(m) and
                report_of(m)["id"] == id], "a report before alice made one"
    lab.alice.answer_receipt(got)
    report = await lab.bob.wait_report(id, "delivered")
    lab.alice.answer_marker(got)
    shown = await lab.bob.wait_report(id, "displayed")
    for m, kind in ((report, "delivery"), (shown, "display")):
        inner = m.cpim()
        assert inner.mime_get("Content-Disposition") == "notification"
        assert inner.imdn("Message-ID") not in (None, id)
        assert inner.wants() == set(), "an IMDN asks for IMDN"
        assert inner.report()["kind"] == kind
        assert inner.report()["order"][:2] == ["message-id", "datetime"]
    # the other way
    id = await lab.alice.say(BOB, "crossing back", request=True,
                             markable=True)
    got = await lab.bob.wait_text("crossing back")
    assert got.cpim().imdn("Message-ID") == id
    assert {"positive-delivery", "display"} <= got.cpim().wants()
    assert (await lab.bob.report(got, "delivered")).code in (200, 202)
    receipt = await lab.alice.wait_received(id)
    assert receipt.find(CLIENT + "body") is None
    assert receipt.find("{%s}request" % RECEIPTS) is None
    assert (await lab.bob.report(got, "displayed")).code in (200, 202)
    await lab.alice.wait_displayed(id)


@test("A receipt is matched by the id inside it", "X-58")
async def receipt_by_inner_id(lab):
    ids = ["first-" + token(4), "second-" + token(4)]
    for id in ids:
        await lab.bob.say(ALICE, "text " + id, wants=DELIVERED,
                          message_id=id)
        await lab.alice.wait_body("text " + id)
    # the stanza's own id is that of the other message
    lab.alice.raw("<message to='%s' id='%s' type='chat'><received "
                  "xmlns='%s' id='%s'/></message>" % (BOB, ids[0], RECEIPTS,
                                                      ids[1]))
    await lab.bob.wait_report(ids[1], "delivered")
    await asyncio.sleep(QUIET_S)
    seen = [report_of(m)["id"] for m in lab.bob.messages if report_of(m)]
    assert ids[0] not in seen, "the stanza's id was taken"


@test("No receipt before the far side has reported", "X-61")
async def end_to_end(lab):
    id = await lab.alice.say(BOB, "tell me when read", request=True)
    got = await lab.bob.wait_text("tell me when read")
    await asyncio.sleep(QUIET_S)
    assert not [m for m in lab.alice.messages
                if m.find("{%s}received[@id='%s']" % (RECEIPTS, id))
                is not None], "a receipt nobody gave"
    await lab.bob.report(got, "delivered")
    await lab.alice.wait_received(id)


@test("A device that takes only text: its 200 is the receipt", "X-61")
async def plain_device(lab):
    async with Device(lab, "dave") as dave:
        dave.answer = lambda m: (415,) if m.cpim() else (200,)
        id = await lab.alice.say("dave@sip.example", "only text here",
                                 request=True)
        got = await dave.wait(lambda m: m.text() == "only text here")
        assert got.get("content-type").startswith("text/plain")
        await lab.alice.wait_received(id)
        # remembered: no second try with a wrapper
        before = len(dave.messages)
        id = await lab.alice.say("dave@sip.example", "again", request=True)
        await lab.alice.wait_received(id)
        assert [m.get("content-type").split(";")[0]
                for m in dave.messages[before:]] == ["text/plain"]


class Device:
    """A SIP user of one test only."""

    def __init__(self, lab, name, **more):
        self.lab, self.name, self.more = lab, name, more

    async def __aenter__(self):
        self.user = await self.lab.sip_user(self.lab.node, self.name,
                                            **self.more)
        return self.user

    async def __aexit__(self, *_):
        await self.user.unregister()
        await self.user.close()


@test("IMDN failed becomes an error stanza - an error an IMDN failed", "X-60")
async def failed_crosses(lab):
    id = await lab.alice.say(BOB, "this will fail", request=True)
    got = await lab.bob.wait_text("this will fail")
    await lab.bob.report(got, "failed")
    condition, _, _, _, _ = await lab.alice.wait_error(id)
    assert condition == "recipient-unavailable", condition
    id = "fails-" + token(4)
    await lab.bob.say(ALICE, "so will this", wants=DELIVERED, message_id=id)
    got = await lab.alice.wait_body("so will this")
    lab.alice.raw(
        "<message type='error' to='%s' id='%s'><error type='cancel'>"
        "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
        "</error></message>" % (got.get("from"), got.get("id")))
    report = await lab.bob.wait_report(id, "failed")
    assert report_of(report)["kind"] == "delivery"


@test("The same message id twice is shown once - both are answered", "CT08")
async def same_id(lab):
    id = "twice-" + token(4)
    codes = [(await lab.bob.say(ALICE, "just once", message_id=id)).code
             for _ in range(2)]
    assert all(c in (200, 202) for c in codes), codes
    await lab.alice.wait_body("just once")
    await asyncio.sleep(QUIET_S)
    assert lab.alice.bodies().count("just once") == 1


@test("A message is reported as displayed once only", "CT16")
async def displayed_once(lab):
    id = "seen-" + token(4)
    await lab.bob.say(ALICE, "look at this", wants=DISPLAYED, message_id=id)
    got = await lab.alice.wait_body("look at this")
    for _ in range(3):
        lab.alice.answer_marker(got)
    await lab.bob.wait_report(id, "displayed")
    await asyncio.sleep(QUIET_S)
    shown = [m for m in lab.bob.messages if report_of(m) and
             report_of(m)["id"] == id and
             report_of(m)["status"] == "displayed"]
    assert len(shown) == 1, "%d display notifications" % len(shown)


@test("Record-Route of a message comes back as Route of its IMDN", "CT17")
async def record_route(lab):
    id = "routed-" + token(4)
    routes = ["<sip:bob@sip.example>", "<sip:list@relay.example>"]
    await lab.bob.say(ALICE, "via two", wants=DELIVERED, message_id=id,
                      cpim=[("imdn.IMDN-Record-Route", r) for r in routes])
    got = await lab.alice.wait_body("via two")
    lab.alice.answer_receipt(got)
    inner = (await lab.bob.wait_report(id, "delivered")).cpim()
    found = [re.sub(r"\s+", "", r) for r in inner.imdn_all("IMDN-Route")]
    assert found in (routes, routes[1:]), found
    assert inner.imdn_all("IMDN-Record-Route") == []


@test("No IMDN is sent for an IMDN - whoever asks", "CT18")
async def none_for_imdn(lab):
    lab.bob.reports = {"delivered", "displayed"}
    try:
        id = "chain-" + token(4)
        await lab.bob.say(ALICE, "chain", wants=DISPLAYED, message_id=id)
        got = await lab.alice.wait_body("chain")
        ack = "ack-" + token(4)
        lab.alice.raw(
            "<message to='%s' id='%s' type='chat'><received xmlns='%s' "
            "id='%s'/><request xmlns='%s'/><markable xmlns='%s'/></message>"
            % (BOB, ack, RECEIPTS, got.get("id"), RECEIPTS, MARKERS))
        report = await lab.bob.wait_report(id, "delivered")
        assert report.cpim().wants() == set(), "it asks for IMDN"
        # and bob's IMDN, though it asks for one
        first = await lab.alice.say(BOB, "chain back", request=True)
        await lab.alice.wait_received(first)
        m = await lab.bob.wait_text("chain back")
        own = "imdn-" + token(4)
        inner = m.cpim()
        await lab.bob.say(
            "sip:alice@xmpp.example", make_displayed(inner),
            ctype="message/imdn+xml", message_id=own, wants=DISPLAYED,
            mime=[("Content-Disposition", "notification")])
        await asyncio.sleep(QUIET_S)
        assert own not in [report_of(x)["id"] for x in lab.bob.messages
                           if report_of(x)], "an IMDN for an IMDN"
        assert not [x for x in lab.alice.messages
                    if x.find("{%s}received[@id='%s']" % (RECEIPTS, ack))
                    is not None], "a receipt for a receipt"
    finally:
        lab.bob.reports = set()


def make_displayed(inner):
    from sip_text import make_imdn
    return make_imdn(inner.imdn("Message-ID"), "displayed",
                     "sip:bob@sip.example", "sip:alice@xmpp.example")


COMPOSING = ("<?xml version='1.0'?><isComposing xmlns='urn:ietf:params:xml:"
             "ns:im-iscomposing'><state>active</state><contenttype>text/plain"
             "</contenttype><refresh>90</refresh></isComposing>")


async def compose(user, to):
    return await user.say(to, COMPOSING,
                          ctype="application/im-iscomposing+xml")


@test("Chat states go only to who sends such himself", "X-54")
async def chat_states(lab):
    anna = await lab.xmpp_user(lab.prosody_, "anna", "phone")
    try:
        await anna.say(BOB, "no states from me")
        await lab.bob.wait_text("no states from me")
        for user in (anna, lab.alice):
            answer = await compose(lab.bob, "sip:" + user.bare)
            assert answer.code in (200, 202), answer.start
        await asyncio.sleep(QUIET_S)
        assert states_of(anna) == [] and states_of(lab.alice) == []
        # alice starts, so bob sees her and she sees him
        lab.alice.raw("<message to='%s' id='s1' type='chat'><composing "
                      "xmlns='%s'/></message>" % (BOB, STATES))
        got = await lab.bob.wait(lambda m: "isComposing" in m.text() or
                                 "isComposing" in m.content(), 5,
                                 "isComposing")
        assert re.search(r"<state>\s*active\s*</state>", got.content())
        await compose(lab.bob, ALICE)
        await lab.alice.wait(
            lambda m: m.find("{%s}composing" % STATES) is not None, 5,
            "composing")
        await compose(lab.bob, "sip:anna@xmpp.example")
        await asyncio.sleep(QUIET_S)
        assert states_of(anna) == []
    finally:
        await anna.close()


@test("One trace id joins both legs in log and accounting", "X-127")
async def one_trace(lab):
    id = "traced-" + token(4)
    await lab.bob.say(ALICE, "follow me", message_id=id)
    got = await lab.alice.wait_body("follow me")
    header = got.find(".//{http://jabber.org/protocol/shim}header"
                      "[@name='X-Trace']")
    out_id = await lab.alice.say(BOB, "follow me back")
    back = await lab.bob.wait_text("follow me back")
    await asyncio.sleep(0.5)
    for trace, m_id in ((header.text, id), (back.trace(), out_id)):
        assert re.fullmatch("[0-9a-f]{32}", trace or ""), trace
        for rows in (lab.node.log(trace=trace),
                     [r for r in lab.node.accounting()
                      if r.get("trace") == trace]):
            events = [r["event"] for r in rows]
            assert "accepted" in events and "sent" in events, events
            assert {r.get("id") for r in rows
                    if r["event"] in ("accepted", "sent")} == {m_id}
        others = [r for r in lab.node.accounting()
                  if r.get("id") == m_id and r.get("trace") != trace]
        assert others == [], "another trace for the same message"
        code, out, _ = await lab.node.ctl("trace", trace, as_json=False)
        events = [parse_line(line).get("event") for line in out.splitlines()
                  if trace in line]
        assert code == 0 and "accepted" in events and "sent" in events, out
    text = "\n".join(lab.node.lines)
    assert "follow me" not in text, "a body in the log"


tap.main(__doc__, pair) if __name__ == "__main__" else None
