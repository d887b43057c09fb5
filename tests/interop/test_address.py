#!/usr/bin/python3
"""Addresses, languages, types and the stream itself, against a mock server
that sees every byte."""

import asyncio
import hashlib
import sys
from urllib.parse import unquote

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from fixtures import mocked  # noqa: E402
from mock_xmpp import COMPONENT, OWN  # noqa: E402
from sip_text import token  # noqa: E402
from tap import test  # noqa: E402
from xmpp_user import condition_of  # noqa: E402

ALICE, BOB = "sip:alice@xmpp.example", "bob@sip.example"

# xmpp-interworking.md A.1.4, A.1.6: user part of a SIP URI, local part
TO_JID = {
    "f%C3%BC": "fü", "o'malley": "o\\27malley", "alice": "alice",
    "+15551234;phone-context=example.net":
        "+15551234;phone-context=example.net",
    "user%40other.net": "user\\40other.net", "%22q%22": "\\22q\\22",
    "back%5C27slash": "back\\5c27slash",
    "c%3A%5C5commas": "c\\3a\\5c5commas", "x%23y": "x#y",
    "a%20b": "a\\20b", "foo%5Cbar": "foo\\bar",
}


@test("A SIP user part becomes the local part of the tables", "X-21")
async def to_jid(lab):
    wrong = []
    for user, local in TO_JID.items():
        text = "to " + user
        answer = await lab.bob.say("sip:%s@xmpp.example" % user, text)
        assert answer.code == 200, (user, answer.start)
        got = await lab.mock.wait_body(text)
        if got.get("to") != local + "@xmpp.example":
            wrong.append("%s: %s, not %s" % (user, got.get("to"), local))
    assert not wrong, "\n".join(wrong)


@test("A local part becomes the user part of the tables", "X-22")
async def to_uri(lab):
    wrong = []
    vectors = dict((v, k) for k, v in TO_JID.items())
    vectors["m\\26m"] = "m&m"
    vectors["tschüss"] = "tsch%C3%BCss"
    for local, user in vectors.items():
        text = "from " + local
        lab.mock.say(BOB, text, sender=local + "@xmpp.example/t")
        got = await lab.bob.wait_text(text)
        uri = got.header_uri("from")
        if uri.lower() != ("sip:%s@xmpp.example;gr=t" % user).lower():
            wrong.append("%s: %s, not %s" % (local, uri, user))
    assert not wrong, "\n".join(wrong)


@test("What is no address is refused in the words of each side", "X-24")
async def bad(lab):
    for user in ("tab%09x", "%20edge", "edge%20", "x" * 1024):
        answer = await lab.bob.say("sip:%s@xmpp.example" % user, "bad one")
        assert answer.code in (400, 414), (user, answer.start)
    for local in ("\\20edge", "edge\\20"):
        id = lab.mock.say(local + "@sip.example", "bad one")
        stanza = await lab.mock.wait_error(id)
        assert condition_of(stanza)[0] == "jid-malformed", local
    assert "bad one" not in lab.mock.bodies() + lab.bob.texts()


@test("A resource may hold @ and /", "X-25")
async def resource(lab):
    lab.mock.say(BOB, "odd resource", sender="alice@xmpp.example/a@b/c")
    got = await lab.bob.wait_text("odd resource")
    uri = got.header_uri("from")
    head, _, tail = uri.partition(";gr=")
    assert head == "sip:alice@xmpp.example" and "@" not in tail, uri
    assert unquote(tail) == "a@b/c", uri
    # and back by that address
    answer = await lab.bob.say(uri, "back to the odd resource")
    assert answer.code == 200, answer.start
    got = await lab.mock.wait_body("back to the odd resource")
    assert got.get("to") == "alice@xmpp.example/a@b/c", got.get("to")
    # a domain's resource is no user
    id = lab.mock.say("sip.example/a@b/c", "to the host")
    await lab.mock.wait_error(id)


@test("GRUU and resource - also beyond ASCII", "X-26")
async def gruu(lab):
    answer = await lab.bob.say(ALICE, "from my ü",
                               sender="sip:bob@sip.example;gr=%C3%BC")
    assert answer.code == 200, answer.start
    got = await lab.mock.wait_body("from my ü")
    assert got.get("from") == "bob@sip.example/ü", got.get("from")
    lab.mock.say(BOB, "from your ü", sender="alice@xmpp.example/ü")
    got = await lab.bob.wait_text("from your ü")
    assert got.header_uri("from").lower() == \
        "sip:alice@xmpp.example;gr=%c3%bc", got.header_uri("from")


@test("HTML becomes text - nothing of its markup gets through", "X-40")
async def html(lab):
    answer = await lab.bob.say(
        ALICE, "<html><body><b>bold</b> &amp; <i>x</i><script>alert(1)"
        "</script><br>next</body></html>", ctype="text/html")
    assert answer.code == 200, answer.start
    got = await lab.mock.wait(
        lambda m: "bold" in (m.findtext(OWN + "body") or ""))
    body = got.findtext(OWN + "body")
    assert "<" not in body and "alert" not in body and "&amp;" not in body
    assert "bold" in body and "& " in body and "next" in body, body
    assert len(got.find(OWN + "body")) == 0


@test("An unknown type is refused with 415 and what is accepted", "X-41")
async def unknown_type(lab):
    answer = await lab.bob.say(ALICE, b"\x01\x02", ctype="image/x-foo")
    assert answer.code == 415, answer.start
    assert "text/plain" in (answer.get("accept") or ""), answer.headers


@test("Another charset is converted", "X-44")
async def charset(lab):
    answer = await lab.bob.say(ALICE, "grün für alle".encode("latin-1"),
                               ctype="text/plain;charset=ISO-8859-1")
    assert answer.code == 200, answer.start
    await lab.mock.wait_body("grün für alle")


@test("Of several bodies one is taken - with its language", "X-45")
async def languages(lab):
    lab.mock.send(
        "<message from='alice@xmpp.example/t' to='%s' id='l%s' xml:lang='de'>"
        "<body xml:lang='fr'>bonjour</body><body>guten Tag</body></message>"
        % (BOB, token(3)))
    got = await lab.bob.wait_text("guten Tag")
    assert got.get("content-language") == "de"
    await asyncio.sleep(0.5)
    assert "bonjour" not in lab.bob.texts()


@test("The stream's first bytes and the handshake", "X-1 X-2")
async def opening(lab):
    first = lab.mock.connections[0]
    text = first.first.decode()
    assert text.lstrip().startswith(("<?xml", "<stream:stream"))
    assert COMPONENT in text and "http://etherx.jabber.org/streams" in text
    assert "to='sip.example'" in text or 'to="sip.example"' in text, text
    assert lab.mock.handshakes[0] == hashlib.sha1(
        (first.stream_id + "s3cret").encode()).hexdigest()


@test("Every stanza has a from of our host name - and a to", "X-10")
async def ends(lab):
    await lab.bob.say(ALICE, "one more")
    await lab.mock.wait_body("one more")
    lab.mock.say("nobody@sip.example", "refused")
    lab.mock.send("<iq type='get' id='i1' from='alice@xmpp.example/t' to="
                  "'sip.example'><x xmlns='urn:x'/></iq>")
    lab.mock.send("<presence type='subscribe' from='alice@xmpp.example' to="
                  "'%s'/>" % BOB)
    await asyncio.sleep(1)
    assert len(lab.mock.stanzas) > 20
    kinds = set()
    for stanza in lab.mock.stanzas:
        kinds.add((stanza.tag[len(OWN):], stanza.get("type")))
        sender = (stanza.get("from") or "").split("/")[0]
        assert sender.split("@")[-1] == "sip.example", stanza.attrib
        assert stanza.get("to"), stanza.attrib
    assert ("iq", "error") in kinds and ("message", "error") in kinds, kinds


tap.main(__doc__, mocked) if __name__ == "__main__" else None
