#!/usr/bin/python3
"""Hostile words in every field that crosses, both ways and from SIP to SIP.
What comes out is read by parsers that are not ours and must hold exactly the
headers and elements that belong there; the log, the accounting file, the
control tool's JSON and the store must stay what they are."""

import asyncio
import contextlib
import os
import re
import sqlite3
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import strict  # noqa: E402
import tap  # noqa: E402
from fixtures import mocked  # noqa: E402
from mock_xmpp import OWN  # noqa: E402
from sip_text import SipText, token  # noqa: E402
from tap import test  # noqa: E402

NS_IMDN = ("NS", "imdn <urn:ietf:params:imdn>")
ALICE, CAROL = "sip:alice@xmpp.example", "carol@sip.example"

CORPUS = [
    "\r\nEvil: 1", "\nEvil: 1\n", "\rEvil: 1", "a\r\n\r\nEvil: 1",
    "\r\n Evil: 1", "\x00Evil: 1", "\x1b[31mEvil", "\x7f", "\x85Evil: 1",
    "\x9b31m", "\u2028Evil: 1", "\u2029", "\u202eevil", "\u2066x", "\ufeffx",
    "\ufffe", "%0d%0aEvil:%201", "%00", "%25", "&#13;&#10;Evil: 1", "&evil;",
    "\"><evil/>", "' evil='1", "<evil/>", "</body><evil/>", "]]>",
    "<![CDATA[evil]]>", "<!--", "<?evil?>", "<!DOCTYPE evil>",
    "'); DROP TABLE msgs;--", "\" OR \"\"=\"", "\\\" evil=\\\"", "\\",
    "{\"evil\":1}", "\",\"evil\":\"1", "level=error event=evil", "a=b c",
    "\\u000aEvil", "%s%n%x", "${evil}", "`evil`", ";evil=1",
    ",<sip:evil@x.example>", "<sip:evil@x.example>", "a\tb", "  ", "=?utf-8?"
    "q?=0d=0aEvil?=", "😀\u200d👩", "e\u0301" * 20, "x" * 10240,
    "<" * 3000, "\u00e9" * 5000, "../../../../etc/passwd", "\\22\\27\\2f",
]
# What XML can carry at all, as a reference where it must be one.
IN_XML = [c for c in CORPUS if not re.search("[\x00\x1b\ufffe]", c)]


def xml(text):
    return "".join("&#%d;" % ord(c) if c in "&<>\"'" or ord(c) < 0x20
                   else c for c in text)


def printable(text):
    return "".join(c for c in text if ord(c) >= 0x20 and c != "\x7f")


@contextlib.asynccontextmanager
async def fixture(build):
    keep = SipText.parse.__func__

    def parse(cls, data):
        out = keep(cls, data)
        out.raw = bytes(data)
        return out

    SipText.parse = classmethod(parse)
    async with mocked(build, config="limits {\n sender-rate = 0\n}\n") as lab:
        lab.carol = await lab.sip_user(lab.node, "carol", transport="tcp")
        lab.dora = await lab.sip_user(lab.node, "dora", transport="tcp")
        yield lab


async def still(lab, stream):
    """Nothing broke: the stream, the daemon, its lines."""
    assert lab.node.is_running
    assert lab.mock.current is stream, "the XMPP stream broke"
    assert len(lab.mock.connections) == 1
    text = "probe " + token(4)
    assert (await lab.dora.say(ALICE, text)).code == 200
    await lab.mock.wait_body(text)
    for line in lab.node.lines:
        strict.log_line(line)
    path = os.path.join(lab.node.state, "accounting.log")
    with open(path, "rb") as f:
        data = f.read()
    assert data.endswith(b"\n")
    for line in data.decode("utf-8").split("\n")[:-1]:
        strict.log_line(line)


def message(n, **f):
    """A stanza with all that crosses; each value is given as text."""
    return ("<message type='chat' to='%s' from='alice@xmpp.example/%s' "
            "id='%s' xml:lang='%s'><subject>%s</subject><thread>%s</thread>"
            "<body>%s #%d#</body>"
            "<nick xmlns='http://jabber.org/protocol/nick'>%s</nick>"
            "<request xmlns='urn:xmpp:receipts'/>"
            "<replace xmlns='urn:xmpp:message-correct:0' id='%s'/>"
            "<origin-id xmlns='urn:xmpp:sid:0' id='%s'/>"
            "<headers xmlns='http://jabber.org/protocol/shim'><header "
            "name='X-Trace'>%s</header><header name='Hop-Count'>%s</header>"
            "</headers></message>" % (
                (f.get("to", CAROL), f.get("resource", "tablet"),
                 f.get("id", "inj-%d" % n), f.get("lang", "en"),
                 f.get("subject", "s"), f.get("thread", ""),
                 f.get("body", "text"), n, f.get("nick", "Al"),
                 f.get("replace", "a1"), f.get("origin", "o%d" % n),
                 f.get("trace", ""), f.get("hops", "9"))))


FROM_XMPP = ("to", "resource", "id", "lang", "subject", "thread", "body",
             "nick", "replace", "origin", "trace", "hops")


def number_of(text):
    m = re.search(r"#(\d+)#", text)
    return int(m.group(1)) if m else None


@test("From XMPP every field times every trick: SIP has exactly its headers",
      timeout=110)
async def xmpp_to_sip(lab):
    stream = lab.mock.current
    sent = {}
    for field in FROM_XMPP:
        for evil in IN_XML:
            n = len(sent)
            value = xml(evil)
            if field == "to":
                value += "@sip.example"
            sent[n] = (field, evil)
            stream.send(message(n, **{field: value}))
        await stream.writer.drain()
    sent[len(sent)] = ("none", "")
    stream.send(message(len(sent) - 1))
    await lab.carol.wait(lambda m: "#%d#" % (len(sent) - 1) in m.content(),
                         60, "the last one")
    await asyncio.sleep(1)
    got = {}
    for m in lab.carol.messages:
        start, rows, body = strict.sip_request(m.raw)
        assert start.startswith("MESSAGE sip:carol@"), start
        outer, inner, content = strict.cpim(body)
        assert number_of(content.decode()) not in got, "it came twice"
        got[number_of(content.decode())] = (rows, outer, inner,
                                            content.decode())
    errors = {}
    for m in lab.mock.messages:
        if m.get("type") == "error":
            assert [c.tag for c in m] == [OWN + "error"]
            errors[m.get("id")] = m
    silent = {}
    for n, (field, evil) in sent.items():
        if n in got:
            check_sip(field, evil, *got[n])
        elif "inj-%d" % n not in errors and \
                not (field == "id" and any(evil.startswith(e or "-")
                                           for e in errors)):
            silent.setdefault(field, []).append(evil[:20])
    # only who cannot be answered hears nothing: his own address is none, or
    # his id too long to be told
    assert set(silent) <= {"resource", "id", "to"}, silent
    assert not [e for f in ("id", "to") for e in silent.get(f, ())
                if e[:3] not in ("xxx", "<<<", "ééé")], silent
    for field in ("body", "subject", "nick", "lang", "trace", "hops",
                  "origin"):
        lost = [e[:20] for n, (f, e) in sent.items()
                if f == field and n not in got and
                not (len(e) > 2000 and "inj-%d" % n in errors)]
        assert not lost, (field, lost)
    await still(lab, stream)


def check_sip(field, evil, rows, outer, inner, content):
    """The one field differs, the others are as always."""
    assert inner["content-type"].lower() == "text/plain;charset=utf-8"
    shown = strip(content)
    if field == "body":
        want = evil.replace("\x7f", "") + " "
        assert shown == want, (shown[:60], want[:60])
    else:
        assert shown == "text ", shown
    if field != "lang":
        assert rows["content-language"] == "en"
    if field == "subject":
        kept = rows.get("subject", "")
        assert kept.replace(" ", "") in re.sub(
            "[\x00-\x20\x7f-\x9f]", "", evil), (kept[:60], evil[:60])
    else:
        assert rows["subject"] == "s"
    if field not in ("resource",):
        assert ";gr=tablet>" in rows["from"], rows["from"]
    if field != "nick":
        assert outer["from"].startswith("Al <") and \
            rows["from"].startswith('"Al" <'), (outer, rows["from"])
    assert rows["max-forwards"].isdigit()
    assert re.match(r"[0-9a-f]{32};remote=0{32}\Z", rows["session-id"])


def strip(content):
    return re.sub(r"#\d+#\Z", "", content.replace("[corrected] ", "", 1))


def sip_fields(evil, n):
    """How one trick is sent in each field of a MESSAGE."""
    escaped = "".join("%%%02x" % b for b in
                      evil.encode("utf-8", "surrogatepass"))[:3000]
    quoted = evil.replace("\\", "\\\\").replace('"', '\\"')
    line = evil[:4000]
    text = "text #%d#" % n
    html = "<p>%s</p>" % text
    return {
        "body": dict(text=evil[:60000] + " " + text),
        "html": dict(text=html + evil, ctype="text/html"),
        "display": dict(headers=[("From", '"%s" <sip:dora@sip.example>;tag=%s'
                                  % (quoted[:400], token(3)))]),
        "gr": dict(sender="sip:dora@sip.example;gr=" + escaped),
        "uri-param": dict(sender="sip:dora@sip.example;evil=" + escaped),
        "from-param": dict(headers=[(
            "From", "<sip:dora@sip.example>;tag=a;evil=%s" %
            re.sub(r"[^\w]", "", evil)[:100])]),
        "call-id": dict(call_id=line[:900]),
        "subject": dict(headers=[("Subject", line)]),
        "lang": dict(headers=[("Content-Language", line)]),
        "type-param": dict(ctype='text/plain;x="%s"' % quoted[:300]),
        "charset": dict(ctype='text/plain;charset="%s"' % quoted[:300]),
        "session": dict(headers=[("Session-ID", line)]),
        "user-agent": dict(headers=[("User-Agent", line)]),
        "unknown": dict(headers=[("X-Evil", line)]),
        "cpim-subject": dict(cpim=[("Subject", line)]),
        "cpim-from": dict(cpim=[("From", '"%s" <sip:dora@sip.example>' %
                                 quoted[:400])]),
        "cpim-id": dict(message_id=line[:400], wants=("positive-delivery",)),
        "cpim-date": dict(cpim=[("DateTime", line)]),
        "cpim-extra": dict(cpim=[NS_IMDN, ("NS", "evil <urn:evil>"),
                                 ("evil.Header", line)]),
        "cpim-ns": dict(cpim=[NS_IMDN, ("NS", "evil <%s>" % line[:300]),
                              ("evil.Header", "x")]),
        "mime-extra": dict(message_id="i" + token(), mime=[("X-Evil", line)]),
        "to-user": dict(to=escaped),
    }


class Sender:
    """Sends by the dozen; who no longer speaks SIP gets a new stream."""

    def __init__(self, lab, to):
        self.lab, self.to = lab, to
        self.codes = {}

    async def one(self, n, field, evil, more):
        to = self.to
        more = dict(more)
        if "to" in more:
            to = to.replace("alice", more.pop("to"))

        text = more.pop("text", "text #%d#" % n)
        # CR, LF and NUL do not survive in a header that is to be one line:
        # the parser of the far end sees other headers, which is its business
        user = self.lab.dora
        for header in more.get("headers", ()):
            if re.search("[\r\n\x00]", header[1]):
                user = self.lab.loner
        if re.search("[\r\n\x00]", more.get("call_id", "") +
                     more.get("ctype", "")):
            user = self.lab.loner
        try:
            answer = await user.say(to, text, timeout=3 if user is
                                    self.lab.loner else 20, **more)
            strict.sip(answer.raw)
            self.codes[n] = answer.code
        except (asyncio.TimeoutError, ConnectionError):
            self.codes[n] = 0
        if user is self.lab.loner:
            user.drop_connection()

    async def all(self, tries):
        for i in range(0, len(tries), 24):
            part = tries[i:i + 24]
            alone = [t for t in part if is_torn(t[3])]
            await asyncio.gather(*(self.one(*t) for t in part
                                   if t not in alone))
            for t in alone:
                await self.one(*t)


def is_torn(more):
    """It would not be one SIP message any more."""
    values = [v for _, v in more.get("headers", ())]
    values += [more.get("call_id", ""), more.get("ctype", "")]
    return any(re.search("[\r\n\x00]", v) for v in values)


def tries(fields_left_out=()):
    out = []
    for evil in CORPUS:
        for field in sip_fields("", 0):
            if field in fields_left_out:
                continue
            n = len(out)
            more = sip_fields(evil, n)[field]
            # what tears the message apart is the wire tests' business, one
            # of each kind is enough here
            if is_torn(more) and field not in ("subject", "display"):
                more = sip_fields(evil.replace("\x00", "%").replace(
                    "\r", "%").replace("\n", "%"), n)[field]
            out.append((n, field, evil, more))
    return out


@test("From SIP every field times every trick: stanzas have only their parts",
      timeout=110)
async def sip_to_xmpp(lab):
    stream = lab.mock.current
    lab.loner = await lab.sip_user(lab.node, "loner", transport="tcp")
    sender = Sender(lab, ALICE)
    first = len(lab.mock.messages)
    work = tries()
    await sender.all(work)
    await still(lab, stream)
    seen = {}
    for m in lab.mock.messages[first:]:
        strict.stanza(m)
        n = number_of(m.findtext(OWN + "body") or "")
        if n is not None:
            assert n not in seen, (n, work[n][1:3])
            seen[n] = m
    for n, field, evil, more in work:
        code = sender.codes[n]
        # 5xx is for our own trouble, and there is none
        assert code < 500 and (code or is_torn(more)), (field, evil, code)
        if code in (200, 202) and field != "to-user":
            assert n in seen, (field, evil[:40], code)
        if n not in seen:
            continue
        body = seen[n].findtext(OWN + "body")
        if field == "body":
            assert body == expected(evil) + " text #%d#" % n, (evil[:40],
                                                               body[:60])
        elif field != "html":
            # an empty line in a CPIM header ends the headers
            assert body == "text #%d#" % n or ("\n" in evil and
                                               field[:4] in ("cpim", "mime")), (field, body)
    for field in ("body", "html", "user-agent", "session", "cpim-subject"):
        lost = [(e[:20], sender.codes[n]) for n, f, e, more in work
                if f == field and n not in seen and not is_torn(more)]
        assert len(lost) <= 12, (field, lost)
    assert all(n in seen for n, f, e, _ in work if f == "body")


def expected(text):
    """A body as XMPP can carry it."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]", "", text)


@test("From SIP to SIP every field times every trick: the same headers only",
      timeout=110)
async def sip_to_sip(lab):
    stream = lab.mock.current
    sender = Sender(lab, "sip:" + CAROL)
    first = len(lab.carol.inbox)
    work = tries(("to-user", "uri-param"))
    work = [t for t in work if not is_torn(t[3])]
    await sender.all(work)
    await still(lab, stream)
    seen = {}
    for m in lab.carol.inbox[first:]:
        start, rows, body = strict.sip_request(m.raw)
        kind = rows["content-type"].split(";")[0].lower()
        if kind == "message/cpim":
            # a line break inside a CPIM header makes a header of its sender's
            _, _, body = strict.cpim(body, ("evil",))
        n = number_of(body.decode("utf-8"))
        assert n not in seen, "it came twice"
        seen[n] = body.decode()
    for n, field, evil, more in work:
        code = sender.codes[n]
        assert 200 <= code < 500, (field, evil, code)
        assert (code in (200, 202)) == (n in seen), (field, evil[:40], code)
        if n in seen and field not in ("html", "body"):
            assert seen[n] == "text #%d#" % n or (
                "\n" in evil and field[:4] in ("cpim", "mime")), (field, seen[n])


@test("The words of an error become one reason phrase and no more",
      timeout=60)
async def error_words(lab):
    stream = lab.mock.current
    words = {}

    def refuse(stanza):
        body = stanza.findtext(OWN + "body") or ""
        if body.startswith("refuse"):
            n = number_of(body)
            place = "gone" if n % 2 else "forbidden"
            stream.send("<message type='error' from='%s' to='%s' id='%s'>"
                        "<error type='cancel'><%s xmlns='urn:ietf:params:xml:"
                        "ns:xmpp-stanzas'>%s</%s><text xmlns='urn:ietf:params"
                        ":xml:ns:xmpp-stanzas'>%s</text></error></message>" % (
                            stanza.get("to"), stanza.get("from"),
                            stanza.get("id"), place,
                            xml(words[n]) if n % 2 else "", place,
                            xml(words[n])))

    lab.mock.on_message = refuse
    try:
        for n, evil in enumerate(IN_XML * 2):
            words[n] = evil
            answer = await lab.dora.say(ALICE, "refuse #%d#" % n)
            start, rows, body = strict.sip(answer.raw)
            names = [name for name, _ in rows]
            assert set(names) <= {
                "via", "from", "to", "call-id", "cseq", "server", "date",
                "session-id", "content-length", "contact", "warning",
                "user-agent", "p-asserted-identity"}, rows
            assert len(set(names)) == len(names), rows
            assert answer.code in (403, 603, 410, 301, 600), start
            for name, value in rows:
                if name == "contact":
                    assert re.match(r"<sips?:[^<>\s\"]+>\Z", value), value
            assert len(start) < 400 and body == b""
    finally:
        lab.mock.on_message = None
    await still(lab, stream)


@test("Hostile words that wait in the store come out as they went in",
      timeout=110)
async def stored(lab):
    stream = lab.mock.current
    erin = await lab.sip_user(lab.node, "erin", transport="tcp")
    await erin.unregister()
    sent = {}
    for n, evil in enumerate(IN_XML):
        sent[n] = evil
        stream.send(message(n, to="erin@sip.example", body=xml(evil),
                            subject=xml(evil), nick=xml(evil[:200]),
                            thread=xml(evil), resource="r%d" % n,
                            id="store-%d" % n))

    async def all_wait():
        while len(await lab.node.queue()) < len(sent):
            await asyncio.sleep(0.1)
    await asyncio.wait_for(all_wait(), 30)
    # the tool's own JSON, and its text for people
    rows = await lab.node.ctl("queue", "ls")
    assert len(rows) == len(sent)
    code, out, _ = await lab.node.ctl("queue", "ls", as_json=False)
    assert code == 0 and not re.search("[\x00-\x08\x0b-\x1f\x7f]", out)
    trace = rows[0]["trace"] if "trace" in rows[0] else None
    if trace:
        await lab.node.ctl("trace", trace)
    db = sqlite3.connect("file:%s?mode=ro" % os.path.join(
        lab.node.state, "causeway.db"), uri=True)
    assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    tables = {r[0] for r in db.execute(
        "SELECT name FROM sqlite_master WHERE type='table'")}
    assert {"msgs", "todos", "users", "bindings"} <= tables, tables
    assert db.execute("SELECT count(*) FROM todos").fetchone()[0] == len(sent)
    db.close()
    # after kill -9, they are delivered as they were
    await lab.node.kill9()
    await lab.node.restart()
    erin.drop_connection()
    assert (await erin.register()).code == 200
    await erin.wait(lambda m: len(erin.messages) >= len(sent), 60,
                    "all that waited")
    got = {}
    for m in erin.messages:
        _, rows, body = strict.sip_request(m.raw)
        _, _, content = strict.cpim(body)
        got[number_of(content.decode())] = strip(content.decode())
    assert got == {n: e.replace("\x7f", "") + " " for n, e in sent.items()}


tap.main(__doc__, fixture) if __name__ == "__main__" else None
