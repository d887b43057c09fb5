#!/usr/bin/python3
"""Who may send what as whom: credentials, identities, domains, sizes."""

import asyncio
import sqlite3
import sys
import time
import xml.etree.ElementTree as ET

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import os  # noqa: E402

import tap  # noqa: E402
from fixtures import pair  # noqa: E402
from sip_text import uri_of  # noqa: E402
from sip_user import DELIVERED, SipUser  # noqa: E402
from tap import test  # noqa: E402
from xmpp_user import CLIENT  # noqa: E402

ALICE = "sip:alice@xmpp.example"
CAROL, BOB = "sip:carol@sip.example", "sip:bob@sip.example"
QUIET_S = 1.0


async def nothing_came(lab, *texts):
    await asyncio.sleep(QUIET_S)
    for text in texts:
        assert text not in lab.carol.texts(), "carol got " + text
        assert text not in lab.alice.bodies(), "alice got " + text


@test("No or wrong credentials: 401 with a challenge for both algorithms")
async def credentials(lab):
    answer = await lab.bob.say(CAROL, "no credentials", auth=False)
    assert answer.code == 401, answer.start
    algs = " ".join(answer.all("www-authenticate"))
    assert "SHA-256" in algs and "MD5" in algs, algs
    assert 'realm="sip.example"' in algs
    for user, password in (("bob", "wrong"), ("nobody", "wrong"),
                           ("carol", "wrong")):
        eve = SipUser(user, "sip.example", password, lab.bob.server)
        lab.own(eve)
        await eve.start()
        for answer in (await eve.say(CAROL, "wrong one",
                                     sender="sip:%s@sip.example" % user),
                       await eve.register()):
            assert answer.code == 401, answer.start
    await nothing_came(lab, "no credentials", "wrong one")


@test("A mangled digest is refused - whatever part it is")
async def mangled(lab):
    probe = await lab.bob.say(CAROL, "probe")
    assert probe.code == 200

    def set_to(key, value):
        return lambda d: d.__setitem__(key, value)
    for key, value in (("response", "0" * 64), ("response", "x"),
                       ("nonce", "00000000"), ("nonce", ""),
                       ("uri", "sip:other@sip.example"),
                       ("realm", "other.example"),
                       ("username", "carol"),
                       ("username", 'bob"\\'), ("opaque", "\u0001")):
        text = lab.bob.make("MESSAGE", CAROL,
                            [("Content-Type", "text/plain")], b"mangled")
        text.set("Authorization", lab.bob.credentials(
            text, mangle=set_to(key, value)))
        answer = await lab.bob.exchange(text, 8)
        assert answer.code in ((200, 400, 401, 403) if key == "opaque"
                               else (400, 401, 403)), (key, answer.start)
        if key != "opaque":
            assert "mangled" not in lab.carol.texts(), key


@test("MD5 and SHA-256 both let a user in")
async def algorithms(lab):
    for alg in ("MD5", "SHA-256"):
        user = await lab.sip_user(lab.node, "alg" + alg[:2].lower(),
                                  prefer=alg)
        assert user._challenge.get("algorithm", "MD5").upper() == alg
        assert (await user.say(CAROL, "by " + alg)).code == 200
        await lab.carol.wait_text("by " + alg)


@test("From must be the user himself")
async def not_yours(lab):
    for sender in (CAROL, "sip:bob@other.example",
                   "sip:alice@xmpp.example", "sip:BOB@sip.example"):
        answer = await lab.bob.say(CAROL, "forged", sender=sender)
        assert answer.code == 403, (sender, answer.start)
    await nothing_came(lab, "forged")


@test("An asserted identity from a client is replaced by his own", "CP03")
async def asserted(lab):
    for value in ("<sip:carol@sip.example>", "<sip:boss@sip.example>",
                  '"Boss" <tel:+15551234567>'):
        answer = await lab.bob.say(
            CAROL, "asserted " + value,
            headers=[("P-Asserted-Identity", value)])
        assert answer.code == 200, answer.start
        got = await lab.carol.wait_text("asserted " + value)
        assert [uri_of(v) for v in got.all("p-asserted-identity")] == [BOB]
        assert got.header_uri("from") == BOB


@test("A preferred identity counts only if it is the sender's", "CP04")
async def preferred(lab):
    for value in ("<sip:carol@sip.example>", "<sip:bob@sip.example>",
                  "<sip:bob@elsewhere.example>"):
        answer = await lab.bob.say(
            CAROL, "preferred " + value,
            headers=[("P-Preferred-Identity", value)])
        assert answer.code == 200, answer.start
        got = await lab.carol.wait_text("preferred " + value)
        assert [uri_of(v) for v in got.all("p-asserted-identity")] == [BOB]
        assert got.get("p-preferred-identity") is None


@test("Under Privacy id nothing of the sender leaves towards XMPP", "CP05")
async def private(lab):
    answer = await lab.bob.say(ALICE, "guess who", wants=DELIVERED,
                               headers=[("Privacy", "id")])
    assert answer.code == 200, answer.start
    got = await lab.alice.wait_body("guess who")
    text = ET.tostring(got, "unicode").lower()
    assert "bob" not in text and "builder" not in text, text
    assert got.get("from").split("/")[0].endswith("@sip.example") or \
        got.get("from") == "sip.example"
    # and to a device, in its CPIM wrapper too
    answer = await lab.bob.say(CAROL, "guess again", wants=DELIVERED,
                               headers=[("Privacy", "id")])
    assert answer.code == 200, answer.start
    got = await lab.carol.wait_text("guess again")
    assert got.get("p-asserted-identity") is None
    assert "bob" not in got.get("from").lower(), got.get("from")
    assert "bob" not in (got.cpim().get("From") or "").lower()


@test("An unknown domain is answered 404 - at once and each time", "CP08")
async def unknown_domain(lab):
    for _ in range(3):
        start = time.monotonic()
        answer = await lab.bob.say("sip:x@unknown-domain.example", "hello")
        assert answer.code == 404, answer.start
        assert time.monotonic() - start < 1.5, "it was looked up"


@test("A user of our domain whom we do not serve is answered 404", "PF01")
async def unknown_user(lab):
    answer = await lab.bob.say("sip:nobody@sip.example", "hello")
    assert answer.code == 404, answer.start
    answer = await lab.bob.say("sip:Carol@sip.example", "other case")
    assert answer.code == 404, "the case of a user part counts"
    answer = await lab.bob.say("sip:carol@SIP.EXAMPLE;transport=tcp",
                               "same mailbox")
    assert answer.code == 200, answer.start
    await lab.carol.wait_text("same mailbox")


@test("A user without the right to the service: 403 with warning 127",
      "PF02")
async def barred(lab):
    await lab.node.add_user("barred", "secret")
    await lab.node.stop()
    path = os.path.join(lab.node.state, "causeway.db")
    with sqlite3.connect(path) as db:
        table = [t for (t,) in db.execute(
            "SELECT m.name FROM sqlite_master m, pragma_table_info(m.name) p"
            " WHERE p.name = 'is_barred'")][0]
        db.execute("UPDATE %s SET is_barred = 1 WHERE aor = ?" % table,
                   ("sip:barred@sip.example",))
    db.close()
    await lab.node.restart()
    await lab.node.link_up()
    user = SipUser("barred", "sip.example", "secret", lab.bob.server)
    lab.own(user)
    await user.start()
    for answer in (await user.say(CAROL, "may I"), await user.register()):
        assert answer.code == 403, answer.start
        assert "127" in answer.get("warning", ""), answer.headers
    await nothing_came(lab, "may I")


@test("What is too large is refused with 413 - the rest goes on", "CO26")
async def sizes(lab):
    big = "x" * 1301
    answer = await lab.bob.say(CAROL, big)
    assert answer.code == 413, answer.start
    assert "133" in answer.get("warning", "133"), answer.get("warning")
    fits = "y" * 1000
    assert (await lab.bob.say(CAROL, fits)).code == 200
    await lab.carol.wait_text(fits)
    answer = await lab.carol.say(BOB, "z" * 66000)
    assert answer.code == 413, answer.start
    # the text that bob's device can get in one datagram, and one too long
    small, large = "s" * 600, "l" * 2000
    assert (await lab.carol.say(BOB, small)).code == 200
    await lab.bob.wait_text(small)
    answer = await lab.carol.say(BOB, large)
    assert answer.code == 413, answer.start
    await asyncio.sleep(QUIET_S)
    assert large not in lab.bob.texts()


@test("A stanza over the limit is refused with 413 - the stream stays up",
      "X-12")
async def stanza_limit(lab):
    # its escapes make 5 bytes of each
    big = "&" * 4000
    answer = await lab.carol.say(ALICE, big)
    assert answer.code == 413, answer.start
    answer = await lab.carol.say(ALICE, "still up")
    assert answer.code == 200, answer.start
    await lab.alice.wait_body("still up")
    assert big not in lab.alice.bodies()
    assert not lab.node.log("link_down", lab.node.mark)


@test("A request to a sips address is refused - nothing of it crosses",
      "X-28")
async def sips(lab):
    secure = "sips:alice@xmpp.example"
    for uri, to in ((secure, secure), (secure, ALICE), (ALICE, secure)):
        answer = await lab.bob.say(uri, "secured",
                                   headers=[("To", "<%s>" % to)])
        assert 400 <= answer.code < 600, (uri, to, answer.start)
    await nothing_came(lab, "secured")


@test("Control characters and broken UTF-8 are cleaned - the stream stays up",
      "X-11")
async def dirty(lab):
    raw = b"a\x01b\x0bc\xffd\xc3(\xed\xa0\x80e\x00f\x7fg\xef\xbf\xbeh \xe2\x82"
    answer = await lab.bob.say(ALICE, raw)
    assert answer.code == 200, answer.start
    got = await lab.alice.wait(
        lambda m: (m.findtext(CLIENT + "body") or "").startswith("ab"))
    body = got.findtext(CLIENT + "body")
    assert not [c for c in body if ord(c) < 32 or 0x7f <= ord(c) < 0xa0 or
                c in "\ufffe\uffff"], repr(body)
    for part in "abcdefgh":
        assert part in body, repr(body)
    assert "\ufffd" in body, "what is broken is not marked"
    assert (await lab.bob.say(ALICE, "after the dirt")).code == 200
    await lab.alice.wait_body("after the dirt")
    assert not lab.node.log("link_down", lab.node.mark)


@test("Max-Forwards 0 is answered 483")
async def hops(lab):
    answer = await lab.bob.say(CAROL, "no hops",
                               headers=[("Max-Forwards", "0")])
    assert answer.code == 483, answer.start
    await nothing_came(lab, "no hops")


tap.main(__doc__, lambda build: pair(
    build, link_more=" stanza-bytes-max = 16K\n")) \
    if __name__ == "__main__" else None
