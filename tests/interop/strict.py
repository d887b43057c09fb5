"""Readers that forgive nothing, for what the daemon says: SIP by the letter of
RFC 3261 25, CPIM by Python's e-mail parser, stanzas by expat and slixmpp, log
and accounting lines by one expression. Each raises AssertionError.
"""

import email.parser
import email.policy
import json
import re
import unicodedata

import slixmpp

TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+\Z")
NAME_ADDR = re.compile(
    r'(?:"(?:[^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*" |[\w .~-]* ?)'
    r"<(sips?:|tel:)([^<>\"\s\\]+)>((?:;[\w.-]+(?:=[^\s;<>\"]+)?)*)\Z")
WORD = r"[A-Za-z0-9.!%*_+`'~()<>:\\\"/\[\]?{}-]+"
CALL_ID = re.compile(r"%s(?:@%s)?\Z" % (WORD, WORD))
REQUEST = re.compile(r"([A-Z]+) (sips?:[^\s<>\"\\]+) SIP/2\.0\Z")
RESPONSE = re.compile(r"SIP/2\.0 [1-6]\d\d [^\x00-\x1f\x7f]*\Z")
# What our requests may hold; these may stand there more than once.
SIP_NAMES = {
    "via", "max-forwards", "from", "to", "call-id", "cseq", "user-agent",
    "accept-contact", "session-id", "date", "expires", "subject", "priority",
    "content-language", "content-type", "content-length", "route",
    "p-asserted-identity", "privacy", "record-route"}
SIP_MANY = {"via", "route"}
CPIM_NAMES = {"from", "to", "datetime", "subject", "ns",
              "imdn.message-id", "imdn.disposition-notification"}
LINE = re.compile(
    r'(?:seq=\d+ )?(?:\S+ )?[a-z_]+=(?:[^\s"=\\]+|"(?:[^"\\]|\\.)*")'
    r'(?: [A-Za-z_][\w.]*=(?:[^\s"=\\]+|"(?:[^"\\]|\\.)*"))*\Z')


def is_clean(text):
    """No control of any kind, no separator that a reader takes for a line."""
    return not any(unicodedata.category(c) in ("Cc", "Cs", "Co", "Cn") and
                   not ord(c) > 0xfffff for c in text)


ECHO = ("via", "from", "to", "call-id", "cseq")


def sip(raw):
    """(start line, [(lower name, value)], body) of one whole message. Of a
    response what RFC 3261 8.2.6.2 has copied stays as its reader wrote it."""
    head, gap, body = raw.partition(b"\r\n\r\n")
    assert gap, raw[:200]
    if raw.startswith(b"SIP/2.0 "):
        head = re.sub(rb"\r\n[ \t]+", b" ", head)
    text = head.decode("utf-8", "surrogateescape")
    lines = text.split("\r\n")
    rows = []
    for line in lines:
        is_echo = lines[0].startswith("SIP/2.0 ") and \
            line.partition(":")[0].lower() in ECHO
        assert is_echo or is_clean(line), repr(line)
    assert REQUEST.match(lines[0]) or RESPONSE.match(lines[0]), lines[0]
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        assert colon and TOKEN.match(name), repr(line)
        rows.append((name.lower(), value.strip()))
    sizes = [v for n, v in rows if n == "content-length"]
    assert sizes == [str(len(body))], (sizes, len(body))
    return lines[0], rows, body


def sip_request(raw):
    start, rows, body = sip(raw)
    found = {}
    for name, value in rows:
        assert name in SIP_NAMES, (name, value)
        assert name not in found or name in SIP_MANY, (name, rows)
        found[name] = value
    for name in ("from", "to"):
        assert NAME_ADDR.match(found[name]), found[name]
    assert CALL_ID.match(found["call-id"]), found["call-id"]
    assert re.match(r"\d+ [A-Z]+\Z", found["cseq"])
    return start, found, body


def cpim(body, more=()):
    """({name: value}, {name: value}, content) of message/cpim."""
    head, gap, rest = body.partition(b"\r\n\r\n")
    mime, gap2, content = rest.partition(b"\r\n\r\n")
    assert gap and gap2, body[:200]
    layers = []
    for part in (head, mime):
        part.decode("utf-8")
        for line in part.split(b"\r\n"):
            assert is_clean(line.decode()), line
        read = email.parser.BytesParser(policy=email.policy.compat32).parsebytes(
            part.replace(b": ", b":  ") + b"\r\n\r\n", headersonly=True)
        assert not read.defects, (read.defects, part)
        lines = part.split(b"\r\n")
        assert len(read.keys()) == len(lines), part
        layer = {}
        for name, line in zip(read.keys(), lines):
            low = name.lower()
            assert low not in layer or low in ("to", "ns"), part
            layer[low] = line.decode().partition(":")[2].strip()
        layers.append(layer)
    names = {n for n in layers[0] if not re.match(r"(x|imdn)\d+\.", n)}
    assert names <= CPIM_NAMES | set(more), layers[0]
    assert set(layers[1]) <= {"content-type", "content-disposition"}, layers
    return layers[0], layers[1], content


OWN = "{jabber:component:accept}"
CHILDREN = {
    OWN + "thread", OWN + "subject", OWN + "body",
    "{urn:xmpp:receipts}request", "{urn:xmpp:chat-markers:0}markable",
    "{http://jabber.org/protocol/nick}nick", "{urn:xmpp:delay}delay",
    "{urn:xmpp:sid:0}origin-id", "{http://jabber.org/protocol/shim}headers",
    "{http://jabber.org/protocol/chatstates}active",
    "{urn:xmpp:hints}no-store"}
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def stanza(element, host="sip.example"):
    """A message of ours with a body: each child known, and there once."""
    assert element.tag == OWN + "message", element.tag
    assert set(element.keys()) <= {"type", "from", "to", "id", XML_LANG}, \
        element.keys()
    tags = [child.tag for child in element]
    assert len(tags) == len(set(tags)) and set(tags) <= CHILDREN, tags
    for child in element:
        grand = [c.tag for c in child]
        if child.tag.endswith("}headers"):
            assert grand == [child.tag.replace("}headers", "}header")] * 2
        else:
            assert grand == [], (child.tag, grand)
    for name in ("from", "to"):
        try:
            jid = slixmpp.JID(element.get(name))
        except slixmpp.jid.InvalidJID:
            raise AssertionError("no JID: %r" % element.get(name)) from None
        # what joins emoji is taken out when JIDs are compared
        text = re.sub("[\u200c\u200d]", "", element.get(name))
        assert jid.full.lower() == unicodedata.normalize(
            "NFKC", text).lower(), element.get(name)
        assert (jid.domain == host) == (name == "from"), jid
    for name in ("id", "from", "to"):
        assert is_clean(element.get(name)), repr(element.get(name))
    for tag in ("thread", "subject"):
        assert is_clean(element.findtext(OWN + tag) or ""), tag
    return element


def log_line(line):
    assert is_clean(line), repr(line)
    assert LINE.match(line), repr(line)


def json_line(text):
    return json.loads(text)
