#!/usr/bin/python3
"""Bad input from both sides: a clear answer or silence, never a crash, a
stall, a forged header or a broken stream. Random parts come from a seed that
is printed (CAUSEWAY_SEED)."""

import asyncio
import contextlib
import os
import random
import sys
import time
from xml.sax.saxutils import quoteattr

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "interop"))

import tap  # noqa: E402
from fixtures import mocked  # noqa: E402
from mock_xmpp import OWN  # noqa: E402
from sip_text import token  # noqa: E402
from tap import test  # noqa: E402

ALICE, BOB = "sip:alice@xmpp.example", "bob@sip.example"
SEED = int(os.environ.get("CAUSEWAY_SEED") or time.time())
ROUNDS = int(os.environ.get("CAUSEWAY_ROUNDS") or 1500)


@contextlib.asynccontextmanager
async def fixture(build):
    async with mocked(build) as lab:
        lab.carol = await lab.sip_user(lab.node, "carol", transport="tcp")
        yield lab


def memory_kib(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        for line in f:
            if line.startswith("VmRSS"):
                return int(line.split()[1])
    return 0


async def alive(lab, stream=None):
    """Both sides are still served, at once, on the same XMPP stream."""
    assert lab.node.is_running, "it ended with %s" % lab.node.exit_code
    text = "probe " + token(4)
    answer = await lab.bob.say("sip:carol@sip.example", text, timeout=10)
    assert answer.code == 200, answer.start
    await lab.carol.wait_text(text)
    if stream:
        assert lab.mock.current is stream, "the XMPP stream broke"
    answer = await lab.bob.say(ALICE, text + " x", timeout=10)
    assert answer.code == 200, answer.start
    await lab.mock.wait_body(text + " x")


SDP_HANG = (b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
            b"t=0 0\r\nm=message 1 TCP/MSRP ,\r\n")
MULTIPART_ABORT = [
    b"--b\r\n", b"--b", b"--b--", b"\r\n--b\r\n\r\n--b--", b"--b\r\n--b\r\n",
    b"--b\r\nContent-Type: text/plain\r\n", b"--b\r\n\r\n", b"x", b"",
    b"--b \t\r\n\r\n\r\n--b", b"--b\r\nContent-Type: multipart/mixed;"
    b"boundary=c\r\n\r\n--c\r\n\r\n--b--", b"\r\n" * 50,
    b"--b\r\n" * 400, b"--b\r\nA\r\n\r\nx\r\n--b--\r\n",
]


async def body(lab, ctype, data, to="sip:carol@sip.example", user=None):
    user = user or lab.bob
    return await user.request("MESSAGE", to, [("Content-Type", ctype)], data,
                              timeout=10)


@test("The SDP that hangs a parser and the multipart that aborts one",
      timeout=60)
async def killers(lab):
    stream = lab.mock.current
    before = memory_kib(lab.node.pid)
    for to in ("sip:carol@sip.example", ALICE):
        answer = await body(lab, "application/sdp", SDP_HANG, to)
        assert answer.code < 500, answer.start
        for data in MULTIPART_ABORT:
            for kind in ("multipart/mixed;boundary=b",
                         "multipart/alternative;boundary=\"b\"",
                         "multipart/related"):
                answer = await body(lab, kind, data[:1200], to)
                assert 200 <= answer.code < 500, (kind, answer.start)
    # the two together, and inside CPIM
    for data in (b"--b\r\nContent-Type: application/sdp\r\n\r\n" + SDP_HANG +
                 b"\r\n--b--\r\n",):
        assert (await body(lab, "multipart/mixed;boundary=b", data)).code < 500
    await alive(lab, stream)
    grown = memory_kib(lab.node.pid) - before
    assert grown < 64 * 1024, "it grew by %d KiB" % grown


@test("Broken CPIM - IMDN - isComposing and types are refused", timeout=60)
async def broken_bodies(lab):
    good = ("From: <sip:bob@sip.example>\r\nTo: <%s>\r\n\r\n"
            "Content-Type: text/plain\r\n\r\n" % ALICE)
    broken = [
        ("message/cpim", b""), ("message/cpim", b"no end of the headers"),
        ("message/cpim", b"no colon\r\n\r\n\r\n\r\nx"),
        ("message/cpim", b"NS: imdn <urn:ietf:params:imdn>\r\n"
                         b"imdn.Message-ID: \r\n\r\nContent-Type: text/plain"
                         b"\r\n\r\nx"),
        ("message/cpim", b"Require: Unknown.Thing\r\n\r\nContent-Type: "
                         b"text/plain\r\n\r\nx"),
        ("message/imdn+xml", b"<imdn"),
        ("message/imdn+xml", b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaa'>]><imdn>"
                             b"&a;</imdn>"),
        ("application/im-iscomposing+xml", b"<isComposing/>"),
        ("application/im-iscomposing+xml", b"\xff\xfe"),
        ("text/plain;charset=no-such-charset", b"x"),
        ("image/x-foo", b"\x00\x01\x02"), ("/", b"x"), ("text", b"x"),
        ("\u0001/\u0002", b"x"),
    ]
    odd = [
        ("message/cpim", b"\r\n\r\n\r\n"),
        ("message/cpim", b"From: \x01\r\n\r\nContent-Type: text/plain"
                         b"\r\n\r\nx"),
        ("message/cpim", good.encode().replace(b"text/plain",
                                               b"message/cpim") +
         good.encode() + b"nested"),
        ("text/plain;" + ";" * 300, b"x"), ("text/plain", b""),
    ]
    stream = lab.mock.current
    for ctype, data in broken + odd:
        answer = await body(lab, ctype, data, ALICE)
        least = 400 if (ctype, data) in broken else 200
        assert least <= answer.code < 500, (ctype, data[:60], answer.start)
    bomb = "<!DOCTYPE a [%s]><isComposing>&l9;</isComposing>" % "".join(
        "<!ENTITY l%d '%s'>" % (i, "&l%d;" % (i - 1) * 10 if i else "lol")
        for i in range(10))
    start = time.monotonic()
    answer = await body(lab, "application/im-iscomposing+xml", bomb.encode())
    assert answer.code >= 400 and time.monotonic() - start < 2
    await alive(lab, stream)


EVIL = ["\r\nEvil: 1", "\nEvil: 1\n", "\rEvil: 1", "\u0085Evil: 1",
        "\u2028Evil: 1", "x\r\n\r\nEvil: 1"]


def ref(text):
    """Each line break as a character reference, so that it arrives."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(
        "'", "&apos;").replace("\r", "&#13;").replace("\n", "&#10;")


@test("CR LF in every field from XMPP forges no SIP header", timeout=90)
async def crlf_from_xmpp(lab):
    stream = lab.mock.current
    n = 0
    for evil in EVIL:
        for place in ("subject", "thread", "id", "lang", "nick", "body",
                      "resource", "receipt", "origin", "shim", "stamp"):
            n += 1
            field = {p: "plain" for p in
                     ("subject", "thread", "lang", "nick", "resource",
                      "receipt", "origin", "shim", "stamp")}
            field["id"] = "evil%d" % n
            field["body"] = "hello %d" % n
            field[place] = ref("a" + evil)
            stream.send(
                "<message type='chat' to='%s' from='alice@xmpp.example/%s' "
                "id='%s' xml:lang='%s'><subject>%s</subject><thread>%s"
                "</thread><body>%s</body><nick xmlns='http://jabber.org/"
                "protocol/nick'>%s</nick><received xmlns='urn:xmpp:receipts'"
                " id='%s'/><request xmlns='urn:xmpp:receipts'/><origin-id "
                "xmlns='urn:xmpp:sid:0' id='%s'/><headers xmlns='http://"
                "jabber.org/protocol/shim'><header name='X-Trace'>%s</header>"
                "<header name='Hop-Count'>%s</header></headers><delay xmlns="
                "'urn:xmpp:delay' stamp='%s'/></message>" % (
                    BOB, field["resource"], field["id"], field["lang"],
                    field["subject"], field["thread"], field["body"],
                    field["nick"], field["receipt"], field["origin"],
                    field["shim"], field["shim"], field["stamp"]))
    await alive(lab, stream)
    await asyncio.sleep(1)
    for m in lab.bob.inbox:
        names = [h[0].lower() for h in m.headers]
        assert "evil" not in names, m.to_bytes()
        inner = m.cpim()
        if inner:
            assert "evil" not in [h[0].lower() for h in
                                  inner.headers + inner.mime], m.to_bytes()
    assert any("hello" in m.content() for m in lab.bob.inbox), \
        "nothing came at all"
    assert not [line for line in lab.node.lines if line.startswith("Evil")]


MARKUP = ["</body><evil/>", "'/><evil xmlns='x'/><a b='", "]]><evil/>",
          "&evil;", "<!--", "<evil>", "\"><evil/>", "%3Cevil/%3E",
          "<?evil?>"]


@test("Markup and junk in every field from SIP breaks no stanza", timeout=90)
async def markup_from_sip(lab):
    stream = lab.mock.current
    codes = {}
    for i, evil in enumerate(MARKUP + ["\u0001", "\ufffe", "\u202e", "\t"]):
        uri_evil = "".join("%%%02x" % b for b in evil.encode())
        tries = {
            "body": dict(text=evil + " b%d" % i),
            "subject": dict(headers=[("Subject", evil)]),
            "lang": dict(headers=[("Content-Language", evil)]),
            "call-id": dict(call_id=evil.replace(" ", "")),
            "gr": dict(sender="sip:bob@sip.example;gr=" + uri_evil),
            "display": dict(headers=[(
                "From", '"%s" <sip:bob@sip.example>;tag=%s' % (
                    evil.replace('"', '\\"'), token(3)))]),
            "imdn": dict(message_id=evil, wants=("positive-delivery",)),
            "cpim-subject": dict(cpim=[("Subject", evil)]),
            "cpim-from": dict(cpim=[("From", '%s <sip:bob@sip.example>' %
                                     evil)]),
            "to": dict(to="sip:al" + uri_evil + "@xmpp.example"),
            "session-id": dict(headers=[("Session-ID", evil)]),
        }
        for place, more in tries.items():
            to = more.pop("to", ALICE)
            text = more.pop("text", "text of %s %d" % (place, i))
            try:
                answer = await lab.bob.say(to, text, timeout=6, **more)
            except asyncio.TimeoutError:
                # what no longer is SIP may be dropped
                assert place in ("call-id", "display"), (place, evil)
                continue
            codes.setdefault(answer.code, 0)
            codes[answer.code] += 1
            assert answer.code < 500, (place, evil, answer.start)
    await alive(lab, stream)
    for stanza in lab.mock.stanzas:
        for element in stanza.iter():
            assert not element.tag.endswith("evil"), place
    assert codes.get(200, 0) > 30, codes
    assert stream.is_up and lab.mock.current is stream


@test("CR LF and NUL written as escapes in addresses are refused")
async def escaped_control(lab):
    stream = lab.mock.current
    for part in ("%00", "%0d%0aEvil", "%01", "%7f", "%ff", "%c3%28",
                 "%ed%a0%80", "a%20", "%20a"):
        answer = await lab.bob.say("sip:al%s@xmpp.example" % part if
                                   not part.startswith("%20") else
                                   "sip:%s@xmpp.example" % part, "x")
        assert 400 <= answer.code < 500, (part, answer.start)
    for jid in ("bob&#10;@sip.example", "b ob@sip.example", "@sip.example",
                "bob@sip.example/", "x" * 1100 + "@sip.example",
                "bob\\20@sip.example"):
        id = "jid-" + token(4)
        stream.send("<message from='alice@xmpp.example/t' to=%s id='%s'>"
                    "<body>x</body></message>" % (
                        quoteattr(jid).replace("&amp;#10;", "&#10;"), id))
    await alive(lab, stream)
    assert not [m for m in lab.bob.messages if m.content() == "x"]


def datagrams(dice, user):
    """Messages that are nearly right."""
    base = user.make("MESSAGE", ALICE, [("Content-Type", "text/plain")],
                     b"mutant").to_bytes()
    parts = [b"\r\n", b"\x00", b"\xff", b";", b"<", b">", b'"', b",", b":",
             b"=", b"%", b"@", b"A" * 300, b"99999999999999", b"-1", b"SIP/",
             b"Content-Length: 99999\r\n", b"\r\n ", b"[::", b"Via: x\r\n",
             b"INVITE", b"m: *\r\n", b"Expires: -1\r\n"]
    for _ in range(ROUNDS):
        data = bytearray(base)
        for _ in range(dice.randint(1, 6)):
            at = dice.randrange(len(data) + 1)
            what = dice.random()
            if what < 0.4:
                data[at:at] = dice.choice(parts)
            elif what < 0.7:
                del data[at:at + dice.randint(1, 40)]
            elif data and at < len(data):
                data[at] = dice.randrange(256)
        if dice.random() < 0.1:
            data = bytearray(dice.randbytes(dice.randint(0, 1400)))
        yield bytes(data)


@test("Datagrams that are nearly SIP - and some that are not", timeout=90)
async def mutants(lab):
    tap.diag("CAUSEWAY_SEED=%d" % SEED)
    dice = random.Random(SEED)
    eve = await lab.sip_user(lab.node, "eve")
    before = memory_kib(lab.node.pid)
    stream = lab.mock.current
    for i, data in enumerate(datagrams(dice, eve)):
        await eve.transmit(data[:60000])
        if i % 50 == 49:
            await asyncio.sleep(0.01)
            assert lab.node.is_running, "datagram %d" % i
    await alive(lab, stream)
    grown = memory_kib(lab.node.pid) - before
    assert grown < 96 * 1024, "it grew by %d KiB" % grown
    assert not [m for m in lab.mock.messages
                if m.findtext(OWN + "body") == "mutant"], \
        "one without credentials passed"


@test("Streams that stop - lie about their length or say too much",
      timeout=90)
async def streams(lab):
    address = lab.node.address("tcp")
    head = (b"MESSAGE sip:carol@sip.example SIP/2.0\r\nVia: SIP/2.0/TCP x;"
            b"branch=z9hG4bK1\r\nFrom: <sip:b@sip.example>;tag=1\r\nTo: <sip:"
            b"carol@sip.example>\r\nCall-ID: 1\r\nCSeq: 1 MESSAGE\r\n")
    said = [
        b"", b"\r\n\r\n", b"\r\n" * 5000, head, head + b"Content-Length: ",
        head + b"Content-Length: 100\r\n\r\nshort",
        head + b"Content-Length: -5\r\n\r\nx" * 3,
        head + b"Content-Length: 99999999999\r\n\r\n" + b"x" * 1000,
        head + b"Content-Length: 5\r\nContent-Length: 500\r\n\r\nhello",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00",
        b"A" * 300000, head + b"X: " + b"y" * 300000 + b"\r\n\r\n",
        head + b"".join(b"X%d: y\r\n" % i for i in range(20000)) + b"\r\n",
        head.replace(b"1 MESSAGE", b"9999999999999 MESSAGE") +
        b"Content-Length: 0\r\n\r\n",
        bytes(range(256)) * 50,
    ]
    before = memory_kib(lab.node.pid)
    kept = []
    for data in said:
        reader, writer = await asyncio.open_connection(*address)
        with contextlib.suppress(ConnectionError):
            writer.write(data)
            await asyncio.wait_for(writer.drain(), 5)
        kept.append((reader, writer))
        assert lab.node.is_running, data[:60]
    await alive(lab, lab.mock.current)
    # many that say nothing
    for _ in range(200):
        kept.append(await asyncio.open_connection(*address))
    await alive(lab, lab.mock.current)
    for _, writer in kept:
        writer.transport.abort()
    await alive(lab, lab.mock.current)
    grown = memory_kib(lab.node.pid) - before
    assert grown < 96 * 1024, "it grew by %d KiB" % grown


@test("Stanzas that are nested - huge or of unknown kinds", timeout=60)
async def stanzas(lab):
    stream = lab.mock.current
    odd = [
        "<message/>", "<message to='%s'/>" % BOB, "<iq/>", "<presence/>",
        "<iq type='get' from='a@xmpp.example' to='%s'/>" % BOB,
        "<iq type='odd' id='1' from='a@xmpp.example' to='%s'><x/></iq>" % BOB,
        "<presence type='odd' from='a@xmpp.example' to='%s'/>" % BOB,
        "<odd xmlns='urn:odd'/>", "<message from='a@b@c' to='%s' id='1'>"
        "<body>odd</body></message>" % BOB,
        "<message from='alice@xmpp.example' to='bob@other.example' id='2'>"
        "<body>odd</body></message>",
        "<message from='bob@sip.example' to='carol@sip.example' id='3'>"
        "<body>odd</body></message>",
        "<message type='error' from='a@xmpp.example' to='%s' id='4'>"
        "<error/></message>" % BOB,
        "<message from='a@xmpp.example' to='%s' id='5'>" % BOB +
        "<x>" * 300 + "</x>" * 300 + "<body>deep</body></message>",
        "<message from='a@xmpp.example' to='%s' id='6'>" % BOB +
        "<x a='1'/>" * 5000 + "</message>",
        "<message from='a@xmpp.example' to='%s' id='7'><body>%s</body>"
        "</message>" % (BOB, "y" * 100000),
        "<message from='a@xmpp.example' to='%s' id='8'><body/><body/><body>"
        "</body></message>" % BOB,
    ]
    for text in odd:
        stream.send(text)
        await asyncio.sleep(0.02)
    await alive(lab, stream)
    assert not [m for m in lab.bob.messages + lab.carol.messages
                if m.content() == "odd"]


tap.main(__doc__, fixture) if __name__ == "__main__" else None
