#!/usr/bin/python3
"""Both error tables of RFC 7247 through the whole daemon, row by row."""

import asyncio
import re
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from fixtures import mocked  # noqa: E402
from sip_text import token  # noqa: E402
from sip_user import DELIVERED  # noqa: E402
from tap import test  # noqa: E402
from xmpp_user import condition_of  # noqa: E402

ALICE, BOB = "sip:alice@xmpp.example", "bob@sip.example"
NO_STORE = "<no-store xmlns='urn:xmpp:hints'/>"
NO_6XX = 'domain "gentle.example" {\n via = "xmpp"\n allow = {"*"}\n' \
    ' bare-jid-6xx = no\n}\n'

# Table 2: condition, code from a full JID, code from a bare one. Where the
# table leaves a choice all allowed codes stand; 401 and 407 are 403 here, as
# nobody could answer their challenge (xmpp-interworking.md A.1.7).
TABLE_2 = {
    "bad-request": ({400}, {400}), "conflict": ({400}, {400}),
    "feature-not-implemented": ({405}, {501}), "forbidden": ({403}, {603}),
    "gone": ({410}, {410}), "internal-server-error": ({500}, {500}),
    "item-not-found": ({404}, {604}), "jid-malformed": ({400}, {400}),
    "not-acceptable": ({406}, {606}), "not-allowed": ({403}, {403}),
    "not-authorized": ({403}, {403}), "policy-violation": ({403}, {403}),
    "recipient-unavailable": ({480}, {600}), "redirect": ({302}, {302}),
    "registration-required": ({403}, {403}),
    "remote-server-not-found": ({404, 408}, {404, 408}),
    "remote-server-timeout": ({408}, {408}),
    "resource-constraint": ({500}, {500}),
    "service-unavailable": ({403, 405}, {403, 405}),
    "subscription-required": ({400}, {400}),
    "undefined-condition": ({400}, {400}),
    "unexpected-request": ({400, 491}, {400, 491}),
}
SIX_AS_FOUR = {603: 403, 604: 404, 606: 406, 600: 480}

# Table 3: condition and error type of each listed code.
CANCEL, MODIFY, AUTH, WAIT = "cancel", "modify", "auth", "wait"
TABLE_3 = {
    300: ("redirect", MODIFY), 301: ("gone", CANCEL),
    302: ("redirect", MODIFY), 305: ("redirect", MODIFY),
    380: ("not-acceptable", MODIFY), 400: ("bad-request", MODIFY),
    401: ("not-authorized", AUTH), 402: ("bad-request", MODIFY),
    403: ("forbidden", AUTH), 404: ("item-not-found", CANCEL),
    405: ("feature-not-implemented", CANCEL),
    406: ("not-acceptable", MODIFY), 407: ("registration-required", AUTH),
    408: ("remote-server-timeout", WAIT), 410: ("gone", CANCEL),
    413: ("policy-violation", MODIFY), 414: ("policy-violation", MODIFY),
    415: ("not-acceptable", MODIFY), 416: ("not-acceptable", MODIFY),
    420: ("feature-not-implemented", CANCEL),
    421: ("not-acceptable", MODIFY), 423: ("resource-constraint", WAIT),
    430: ("recipient-unavailable", WAIT),
    439: ("feature-not-implemented", CANCEL),
    440: ("policy-violation", MODIFY),
    480: ("recipient-unavailable", WAIT), 481: ("item-not-found", CANCEL),
    482: ("not-acceptable", MODIFY), 483: ("not-acceptable", MODIFY),
    484: ("item-not-found", CANCEL), 485: ("item-not-found", CANCEL),
    486: ("recipient-unavailable", WAIT),
    487: ("recipient-unavailable", WAIT),
    488: ("not-acceptable", MODIFY), 489: ("policy-violation", MODIFY),
    491: ("unexpected-request", WAIT), 493: ("bad-request", MODIFY),
    500: ("internal-server-error", CANCEL),
    501: ("feature-not-implemented", CANCEL),
    502: ("remote-server-not-found", CANCEL),
    503: ("internal-server-error", CANCEL),
    504: ("remote-server-timeout", WAIT), 505: ("not-acceptable", MODIFY),
    513: ("policy-violation", MODIFY),
    600: ("recipient-unavailable", WAIT),
    603: ("recipient-unavailable", WAIT), 604: ("item-not-found", CANCEL),
    606: ("not-acceptable", MODIFY),
}
BY_CLASS = {3: ("redirect", MODIFY), 4: ("bad-request", MODIFY),
            5: ("internal-server-error", CANCEL),
            6: ("recipient-unavailable", WAIT)}


async def refused(lab, condition, is_full, domain="xmpp.example", **more):
    """What bob is told when the far side says that condition."""
    def on_message(m):
        if m.get("type") != "error" and m.find(
                "{jabber:component:accept}body") is not None:
            bare = m.get("to").split("/")[0]
            lab.mock.error(m, condition, sender=bare +
                           ("/tablet" if is_full else ""), **more)
    lab.mock.on_message = on_message
    try:
        return await lab.bob.say("sip:alice@" + domain, "to be refused " +
                                 token(4), timeout=8)
    finally:
        lab.mock.on_message = None


def compare(got, want):
    wrong = ["%s: %s, not %s" % (k, got.get(k), want[k])
             for k in want if got.get(k) != want[k]]
    assert not wrong, "%d rows wrong:\n%s" % (len(wrong), "\n".join(wrong))


@test("Each XMPP condition gives its SIP code - full and bare", "X-30 X-32",
      timeout=90)
async def table_2(lab):
    wrong = []
    for condition, codes in TABLE_2.items():
        for is_full, allowed in zip((True, False), codes):
            # without an address a redirect says nothing
            more = {"content": "xmpp:b@xmpp.example"} \
                if condition == "redirect" else {}
            answer = await refused(lab, condition, is_full, **more)
            if answer.code not in allowed or answer.code == 503:
                wrong.append("%s from a %s JID: %d, not %s" % (
                    condition, "full" if is_full else "bare", answer.code,
                    sorted(allowed)))
    assert not wrong, "\n".join(wrong)


@test("Without bare-jid-6xx a bare JID gives no 6xx", "X-30")
async def no_6xx(lab):
    wrong = []
    for condition, (_, bare) in TABLE_2.items():
        six = [c for c in bare if c in SIX_AS_FOUR]
        if not six:
            continue
        answer = await refused(lab, condition, False, "gentle.example")
        if answer.code != SIX_AS_FOUR[six[0]]:
            wrong.append("%s: %d" % (condition, answer.code))
    assert not wrong, "\n".join(wrong)


@test("Gone with an address is 301 with Contact - without one 410", "X-31")
async def gone(lab):
    answer = await refused(lab, "gone", True,
                           content="xmpp:alice.new@xmpp.example")
    assert answer.code == 301, answer.start
    assert "alice.new@xmpp.example" in answer.get("contact", ""), \
        answer.headers
    answer = await refused(lab, "gone", True)
    assert answer.code == 410 and not answer.get("contact"), answer.headers
    answer = await refused(lab, "redirect", True,
                           content="xmpp:other@xmpp.example")
    assert answer.code == 302, answer.start
    assert "other@xmpp.example" in answer.get("contact", ""), answer.headers
    # what is no address is not passed on
    answer = await refused(lab, "gone", True,
                           content="x>\r\nEvil: 1")
    assert answer.code in (301, 410), answer.start
    assert answer.get("evil") is None


@test("Text of an error becomes the reason phrase and back", "X-36")
async def words(lab):
    text = "Alice moved to the moon"
    answer = await refused(lab, "item-not-found", True, text=text)
    assert (answer.code, answer.reason) == (404, text), answer.start
    # nothing of the far side's text may end the line
    answer = await refused(lab, "item-not-found", True,
                           text="two\nlines\tand a tab")
    assert answer.code == 404 and "two" in answer.reason
    lab.bob.answer = (404, "Bob lives elsewhere")
    try:
        id = lab.mock.say(BOB, "where is bob")
        error = condition_of(await lab.mock.wait_error(id))
        assert error[0] == "item-not-found"
        assert error[2] == "Bob lives elsewhere", error
    finally:
        lab.bob.answer = 200


async def codes_to_conditions(lab, codes, extra=""):
    """What XMPP senders are told when bob's device answers these."""
    def answer(m):
        found = re.search(r"code (\d+)", m.content())
        return int(found.group(1)) if found else 200
    lab.bob.answer = answer
    ids = {}
    try:
        for i, code in enumerate(codes):
            sender = "u%d@xmpp.example/t" % (i % 24)
            ids[code] = lab.mock.say(BOB, "code %d" % code, sender=sender,
                                     extra=extra)
        def told():
            return {m.get("id"): condition_of(m)[:2]
                    for m in lab.mock.messages if m.get("type") == "error"}
        try:
            await lab.mock.until(lambda: set(ids.values()) <= set(told()),
                                 20, "all errors")
        except AssertionError:
            pass			# what is missing is said below
        return {code: told().get(id, ("nothing", None))
                for code, id in ids.items()}
    finally:
        lab.bob.answer = 200


# Those of which another try may help are kept for the recipient, and their
# sender hears of them when the time is over; a message that must not be
# stored hears at once.
LATER = {408, 430, 480, 486, 487, 491, 500, 503, 504, 600}


@test("Each final SIP code gives its condition and type",
      "X-33 X-37", timeout=90)
async def table_3(lab):
    codes = [c for c in TABLE_3 if c not in LATER]
    compare(await codes_to_conditions(lab, codes),
            {c: TABLE_3[c] for c in codes})


@test("So does each code for a message that must not be stored",
      "X-33 X-37", timeout=90)
async def table_3_live(lab):
    compare(await codes_to_conditions(lab, list(TABLE_3), NO_STORE), TABLE_3)


@test("Every 3xx and 4xx without a row follows its class", "X-34",
      timeout=60)
async def families(lab):
    codes = [c for c in range(300, 500) if c not in TABLE_3]
    compare(await codes_to_conditions(lab, codes),
            {c: BY_CLASS[c // 100] for c in codes})


@test("Every code without a row follows its class - also when nothing may be "
      "stored", "X-34", timeout=60)
async def families_live(lab):
    codes = [c for c in range(300, 700) if c not in TABLE_3]
    compare(await codes_to_conditions(lab, codes, NO_STORE),
            {c: BY_CLASS[c // 100] for c in codes})


@test("301 becomes gone with the new address - 410 gone without", "X-35")
async def gone_back(lab):
    lab.bob.answer = (301, "Moved Permanently",
                      [("Contact", "<sip:robert@sip.example>")])
    try:
        id = lab.mock.say(BOB, "still there?")
        error = condition_of(await lab.mock.wait_error(id))
        assert error[:2] == ("gone", "cancel"), error
        assert "robert@sip.example" in (error[4] or ""), error
        lab.bob.answer = (410, "Gone",
                          [("Contact", "<sip:robert@sip.example>")])
        id = lab.mock.say(BOB, "still there now?")
        error = condition_of(await lab.mock.wait_error(id))
        assert error[:2] == ("gone", "cancel") and not error[4], error
    finally:
        lab.bob.answer = 200


@test("A late error becomes an IMDN failed", "X-60")
async def late_error(lab):
    id = "late-" + token(4)
    answer = await lab.bob.say(ALICE, "goes first", wants=DELIVERED,
                               message_id=id)
    assert answer.code == 200, answer.start
    stanza = await lab.mock.wait_body("goes first")
    await asyncio.sleep(0.3)
    lab.mock.error(stanza, "recipient-unavailable", "wait")
    await lab.bob.wait_report(id, "failed")


tap.main(__doc__, lambda build: mocked(build, NO_6XX)) \
    if __name__ == "__main__" else None
