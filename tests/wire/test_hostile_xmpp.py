#!/usr/bin/python3
"""A hostile XMPP server, and hostile users behind a good one: entity bombs,
floods of elements and attributes, other encodings, foreign and forged ends.
The daemon neither dies nor stalls nor grows, the stream goes on or ends for a
reason that the log tells, and who can be answered is."""

import asyncio
import contextlib
import os
import random
import sys
import time
from xml.sax.saxutils import escape

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "interop"))

import tap  # noqa: E402
from fixtures import mocked  # noqa: E402
from mock_xmpp import OWN, STANZAS  # noqa: E402
from sip_text import token  # noqa: E402
from tap import test  # noqa: E402

ALICE, BOB = "sip:alice@xmpp.example", "bob@sip.example"
SEED = int(os.environ.get("CAUSEWAY_SEED") or time.time())
# What a sanitizer keeps of freed memory is no growth.
GROWTH_KIB = (1024 if "asan" in os.environ.get("CAUSEWAY_BUILD", "") else
              64) * 1024


@contextlib.asynccontextmanager
async def fixture(build):
    async with mocked(build) as lab:
        yield lab


def memory_kib(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        for line in f:
            if line.startswith("VmRSS"):
                return int(line.split()[1])
    return 0


async def works(lab):
    """Both directions, over whatever stream there is now."""
    await lab.mock.wait_up()
    text = "probe " + token(4)
    answer = await lab.bob.say(ALICE, text, timeout=15)
    assert answer.code in (200, 202), answer.start
    await lab.mock.wait_body(text)
    lab.mock.say(BOB, text)
    await lab.bob.wait_text(text)


def stanza(id, inside="<body>x</body>", to=BOB, more=""):
    return ("<message from='alice@xmpp.example/t' to='%s' id='%s' %s>%s"
            "</message>" % (to, id, more, inside))


def condition(m):
    error = m.find(OWN + "error")
    return [c.tag[len(STANZAS) + 2:] for c in error
            if c.tag.startswith("{%s}" % STANZAS) and
            not c.tag.endswith("}text")][0]


# ---- what XMPP forbids in a stream ------------------------------------------

BOMB = "<!DOCTYPE a [%s]><message>&l9;</message>" % "".join(
    "<!ENTITY l%d '%s'>" % (i, "&l%d;" % (i - 1) * 10 if i else "lol")
    for i in range(10))
KILLERS = [
    ("bomb", BOMB, "restricted-xml"),
    ("comment", stanza("k1", "<body>a<!-- b -->c</body>"), "restricted-xml"),
    ("declaration", "<?xml version='1.0' encoding='UTF-16'?>",
     "restricted-xml"),
    ("entity", stanza("k2", "<body>&evil;</body>"), "not-well-formed"),
    ("nul", stanza("k3", "<body>a\0b</body>"), "not-well-formed"),
    ("utf-8", stanza("k4", "<body>a\udcff\udcfeb</body>"), "not-well-formed"),
    ("control", stanza("k6", "<body>&#1;</body>"), "not-well-formed"),
    ("tags", stanza("k7", "<body>x</subject>"), "not-well-formed"),
    ("prefix", stanza("k8", "<evil:x/><body>x</body>"), "not-well-formed"),
    ("words", "hello", "bad-format"),
    ("utf-16", stanza("k9").encode("utf-16"), "bad-format"),
]


@test("What XMPP forbids ends the stream at once - and another comes",
      timeout=110)
async def forbidden(lab):
    before = memory_kib(lab.node.pid)
    for name, text, why in KILLERS:
        old = await lab.mock.wait_up()
        # an answered ping makes the next pause a short one
        await asyncio.sleep(0.2)
        since = len(lab.node.lines)
        start = time.monotonic()
        old.send(text if isinstance(text, bytes) else
                 text.encode("utf-8", "surrogateescape"))
        row = await lab.node.logged("link_down", 10, since)
        assert row["text"] == why, (name, row)
        assert time.monotonic() - start < 5, name
        await lab.mock.until(lambda: lab.mock.current not in (None, old), 20,
                             "another stream after " + name)
    await works(lab)
    assert not [m for m in lab.bob.messages if m.content() != "x" and
                "probe" not in m.content()]
    assert memory_kib(lab.node.pid) - before < GROWTH_KIB


# ---- what any user may send -------------------------------------------------

FLOODS = {
    "deep": "<body>x</body>" + "<a>" * 60000 + "</a>" * 60000,
    "wide": "<body>x</body>" + "<a/>" * 40000,
    "body": "<body>%s</body>" % (("y" * 49 + "\n") * 60000),
    "marks": "<body>%s</body>" % ("&lt;" * 100000),
    "value": "<body>x</body><a b='%s'/>" % ("z" * 600000),
    "attributes": "<body>x</body><a %s/>" % " ".join(
        "a%d='b'" % i for i in range(20000)),
    "names": "<body>x</body>" + "".join(
        "<n%d xmlns:p%d='u%d'/>" % (i, i, i) for i in range(20000)),
    "cdata": "<body><![CDATA[%s]]></body>" % ("<a>" * 80000),
    "name": "<body>x</body><%s/>" % ("n" * 400000),
}


@test("Floods in one stanza are refused to their sender - the stream goes on",
      timeout=110)
async def floods(lab):
    stream = await lab.mock.wait_up()
    before = memory_kib(lab.node.pid)
    for name, inside in FLOODS.items():
        start = time.monotonic()
        stream.send(stanza("f-" + name, inside))
        await stream.writer.drain()
        m = await lab.mock.wait_error("f-" + name, 30)
        assert condition(m) == "policy-violation", (name, condition(m))
        assert time.monotonic() - start < 20, name
        assert lab.mock.current is stream, name
    await works(lab)
    assert lab.mock.current is stream
    # nobody can be answered whose own tag is too long to be read
    stream.send(stanza("t" * 5000) + stanza("own", more="a='%s'" % (
        "b" * 9000)))
    await works(lab)
    assert lab.mock.current is stream
    # the same as questions and as presence
    for kind, extra in (("iq", "type='get'"), ("presence", "")):
        stream.send("<%s from='alice@xmpp.example/t' to='%s' id='p1' %s>%s"
                    "</%s>" % (kind, BOB, extra, FLOODS["deep"], kind))
    await works(lab)
    assert lab.mock.current is stream
    grown = memory_kib(lab.node.pid) - before
    assert grown < GROWTH_KIB, "it grew by %d KiB" % grown


@test("Ends that may not be spoken for are ignored or refused", timeout=60)
async def ends(lab):
    stream = await lab.mock.wait_up()
    silent = [
        # from nobody, from one of ours, from ourselves, from no address
        "<message to='%s' id='%%s'><body>x</body></message>" % BOB,
        "<message from='carol@sip.example/x' to='%s' id='%%s'><body>x</body>"
        "</message>" % BOB,
        "<message from='sip.example' to='%s' id='%%s'><body>x</body>"
        "</message>" % BOB,
        "<message from='a@b@c' to='%s' id='%%s'><body>x</body></message>"
        % BOB,
        "<message from='alice@xmpp.example/a&#10;b' to='%s' id='%%s'><body>x"
        "</body></message>" % BOB,
    ]
    refused = {
        "to='bob@elsewhere.example'": "jid-malformed",
        "to='bob@sip.example.evil.example'": "jid-malformed",
        "to='b&#34;ob@sip.example'": "jid-malformed",
        "to='bob&#13;&#10;x@sip.example'": "jid-malformed",
        "to=''": "jid-malformed",
        "to='nobody@sip.example'": "item-not-found",
        "to='sip.example'": "service-unavailable",
    }
    for n, text in enumerate(silent):
        stream.send(text % ("silent-%d" % n))
    for n, to in enumerate(refused):
        stream.send("<message from='alice@xmpp.example/t' %s id='ref-%d'>"
                    "<body>x</body></message>" % (to, n))
    # of a foreign domain that nobody configured
    stream.send("<message from='eve@unknown.example/x' to='%s' id='foreign'>"
                "<body>x</body></message>" % BOB)
    for n, (to, cond) in enumerate(refused.items()):
        m = await lab.mock.wait_error("ref-%d" % n)
        assert condition(m) == cond, (to, condition(m))
        assert m.get("from").split("/")[0].split("@")[-1] == "sip.example"
    m = await lab.mock.wait_error("foreign")
    await works(lab)
    assert not [m for m in lab.mock.messages
                if (m.get("id") or "").startswith("silent")]
    assert not [m for m in lab.bob.messages if m.content() == "x"]
    assert lab.mock.current is stream


@test("Of what stands twice the first counts - unknown things are nothing",
      timeout=60)
async def twice(lab):
    stream = await lab.mock.wait_up()
    stream.send(stanza("t1", "<body>first</body><body>second</body><subject>s1"
                       "</subject><subject>s2</subject>"))
    got = await lab.bob.wait_text("first")
    assert got.get("subject") == "s1"
    # another namespace is another element
    stream.send(stanza("t2", "<body xmlns='evil'>wrong</body><body>right"
                       "</body><e:body xmlns:e='evil'>wrong</e:body>"))
    await lab.bob.wait_text("right")
    # a prefix for our own namespace is the same element
    stream.send("<c:message xmlns:c='jabber:component:accept' from='alice@"
                "xmpp.example/t' to='%s' id='t3'><c:body>prefixed</c:body>"
                "</c:message>" % BOB)
    stream.send("<message xmlns='jabber:client' from='alice@xmpp.example/t' "
                "to='%s' id='t4'><body>as a client</body></message>" % BOB)
    stream.send("<evil from='alice@xmpp.example/t' to='%s'/>" % BOB)
    stream.send("<evil:message xmlns:evil='urn:evil' from='alice@xmpp.example"
                "/t' to='%s' id='t5'><body>evil one</body></evil:message>"
                % BOB)
    stream.send("<iq from='alice@xmpp.example/t' to='%s' type='get' id='q1'/>"
                % BOB)
    await works(lab)
    texts = lab.bob.texts()
    assert not [t for t in texts if t in ("second", "wrong", "evil one")]
    assert lab.mock.current is stream


@test("A stream in single bytes - and one cut anywhere", timeout=110)
async def bytes_and_cuts(lab):
    tap.diag("CAUSEWAY_SEED=%d" % SEED)
    dice = random.Random(SEED)
    stream = await lab.mock.wait_up()
    text = "zwölf 🙂 <&> ]]> " + token(4)
    whole = stanza("b1", "<body>%s</body><thread>t</thread>" % (
        escape(text))).encode()
    for i in range(len(whole)):
        stream.send(whole[i:i + 1])
        await stream.writer.drain()
        if i % 8 == 0:
            await asyncio.sleep(0.001)
    await lab.bob.wait_text(text)
    before = memory_kib(lab.node.pid)
    for _ in range(4):
        old = await lab.mock.wait_up()
        await asyncio.sleep(0.2)
        old.send(whole[:dice.randrange(1, len(whole))])
        await old.writer.drain()
        old.writer.close()
        await lab.mock.until(lambda: lab.mock.current not in (None, old), 20,
                             "another stream")
    await works(lab)
    assert lab.bob.texts().count(text) == 1
    assert memory_kib(lab.node.pid) - before < GROWTH_KIB


WORDS = [
    "<message ", "from='alice@xmpp.example/t' ", "to='bob@sip.example' ",
    "id='m1' ", "type='error' ", "type='chat' ", ">", "/>", "</message>",
    "<body>", "</body>", "<body/>", "x", "&amp;", "&#65;", "<error>",
    "</error>", "<gone xmlns='%s'>sip:a@b</gone>" % STANZAS, "<iq ",
    "</iq>", "type='get' ", "<presence ", "</presence>", "<received xmlns="
    "'urn:xmpp:receipts' id='z'/>", "<reactions xmlns='urn:xmpp:reactions:0' "
    "id='z'><reaction>", "</reaction></reactions>", "<thread>", "</thread>",
    "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body "
    "start='1' end='2'/></fallback>", "<reply xmlns='urn:xmpp:reply:0' "
    "id='z'/>", "xml:lang='en' ", "<subject>", "</subject>", "\u202e", "é",
    "<delay xmlns='urn:xmpp:delay' stamp='2020-01-01T00:00:00Z'/>",
]


def trees(dice):
    """Stanzas that are well formed and senseless."""
    for _ in range(int(os.environ.get("CAUSEWAY_ROUNDS") or 1500)):
        parts, opened = [], []
        for _ in range(dice.randint(1, 30)):
            word = dice.choice(WORDS)
            if word.startswith("</"):
                name = word[2:].split(">")[0]
                if opened and opened[-1] == name and word.count("</") == 1:
                    opened.pop()
                    parts.append(word)
            elif word.startswith("<") and word.endswith("/>"):
                parts.append(word)
            elif word.startswith("<") and word.count("<") == 1 and \
                    word.endswith(">"):
                opened.append(word[1:-1])
                parts.append(word)
            elif "<" not in word and ">" not in word and "'" not in word:
                parts.append(word)
        parts += ["</%s>" % n for n in reversed(opened)]
        kind = dice.choice(["message"] * 4 + ["iq", "presence", "odd"])
        attrs = "".join(dice.choice(["", a]) for a in (
            " from='alice@xmpp.example/t'", " to='bob@sip.example'",
            " id='g%d'" % dice.randrange(9), " xml:lang='de'"))
        attrs += dice.choice(["", " type='error'", " type='chat'",
                              " type='get'", " type='set'", " type='x'",
                              " type='groupchat'", " type='subscribe'"])
        yield "<%s%s>%s</%s>" % (kind, attrs, "".join(parts), kind)


@test("Stanzas made of pieces: always an answer or nothing - never the end",
      timeout=110)
async def pieces(lab):
    dice = random.Random(SEED)
    stream = await lab.mock.wait_up()
    before = memory_kib(lab.node.pid)
    for i, text in enumerate(trees(dice)):
        stream.send(text)
        if i % 100 == 99:
            await stream.writer.drain()
            await asyncio.sleep(0.01)
            assert lab.mock.current is stream, text
    await works(lab)
    assert lab.mock.current is stream
    for s in lab.mock.stanzas:
        assert s.get("to") and (s.get("from") or "").split("/")[0].split(
            "@")[-1] == "sip.example", s.attrib
        # nothing of ours answers an error
    grown = memory_kib(lab.node.pid) - before
    assert grown < GROWTH_KIB, "it grew by %d KiB" % grown


tap.main(__doc__, fixture) if __name__ == "__main__" else None
