"""SIP messages, digest, CPIM and IMDN as text, for the test user agent.

Written from the RFCs (3261, 7616, 3862, 5438) and on purpose apart from the
code it tests: no line is shared with it.
"""

import hashlib
import os
import re
import time

COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "l":
           "content-length", "c": "content-type", "m": "contact",
           "s": "subject", "k": "supported", "e": "content-encoding"}


def token(n=8):
    return os.urandom(n).hex()


class SipText:
    """One request or response: start line, headers in order, body bytes."""

    def __init__(self, start, headers=(), body=b""):
        self.start = start
        self.headers = [(n, v) for n, v in headers]
        self.body = body.encode() if isinstance(body, str) else body

    @property
    def is_request(self):
        return not self.start.startswith("SIP/2.0 ")

    @property
    def method(self):
        return self.start.split(" ", 1)[0]

    @property
    def uri(self):
        return self.start.split(" ")[1]

    @property
    def code(self):
        return int(self.start.split(" ")[1])

    @property
    def reason(self):
        return self.start.split(" ", 2)[2] if self.start.count(" ") > 1 else ""

    def all(self, name):
        name = name.lower()
        return [v for n, v in self.headers
                if COMPACT.get(n.lower(), n.lower()) == name]

    def get(self, name, default=None):
        found = self.all(name)
        return found[0] if found else default

    def set(self, name, value):
        """Replace the header of that name, or add it."""
        low = name.lower()
        for i, (n, _) in enumerate(self.headers):
            if n.lower() == low:
                self.headers[i] = (name, value)
                return
        self.headers.append((name, value))

    def to_bytes(self):
        lines = [self.start]
        lines += ["%s: %s" % h for h in self.headers
                  if h[0].lower() not in ("content-length", "l")]
        lines.append("Content-Length: %d" % len(self.body))
        head = "\r\n".join(lines) + "\r\n\r\n"
        return head.encode("utf-8", "surrogateescape") + self.body

    @classmethod
    def parse(cls, data):
        """From a datagram, or from one whole message of a stream."""
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode("utf-8", "surrogateescape").split("\r\n")
        headers = []
        for line in lines[1:]:
            if line[:1] in " \t" and headers:
                headers[-1] = (headers[-1][0],
                               headers[-1][1] + " " + line.strip())
                continue
            name, sep, value = line.partition(":")
            if not sep:
                raise ValueError("no header: %r" % line)
            headers.append((name.strip(), value.strip()))
        return cls(lines[0], headers, body)

    # what tests look at most

    def branch(self):
        via = self.get("via", "")
        m = re.search(r"branch=([^;,\s]+)", via)
        return m.group(1) if m else ""

    def param(self, header, name):
        m = re.search(r";\s*%s=\"?([^;>\s\"]+)" % re.escape(name),
                      self.get(header, ""))
        return m.group(1) if m else None

    def header_uri(self, header):
        return uri_of(self.get(header, ""))

    def text(self):
        return self.body.decode("utf-8", "replace")

    def cpim(self):
        """The wrapped content when this is message/cpim, else None."""
        kind = self.get("content-type", "").split(";")[0].strip().lower()
        return Cpim.parse(self.body) if kind == "message/cpim" else None

    def content(self):
        """What the sender wrote, with or without a wrapper."""
        inner = self.cpim()
        return inner.body.decode("utf-8", "replace") if inner else self.text()

    def trace(self):
        m = re.match(r"([0-9a-f]{32})", self.get("session-id", ""))
        return m.group(1) if m else None

    def __repr__(self):
        return "<SIP %s>" % self.start


def uri_of(value):
    m = re.search(r"<([^>]*)>", value)
    return m.group(1) if m else value.split(";")[0].strip()


def split_stream(buffer):
    """Whole messages at the front of a stream's bytes: (messages, rest)."""
    out = []
    while True:
        while buffer.startswith(b"\r\n"):
            buffer = buffer[2:]
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            return out, buffer
        m = re.search(rb"(?im)^(?:content-length|l)\s*:\s*(\d+)",
                      buffer[:end])
        size = end + 4 + (int(m.group(1)) if m else 0)
        if len(buffer) < size:
            return out, buffer
        out.append(SipText.parse(buffer[:size]))
        buffer = buffer[size:]


# ---- digest [RFC 7616] -----------------------------------------------------

HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


def parse_auth(value):
    scheme, _, rest = value.partition(" ")
    params = {}
    for m in re.finditer(r'([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^,\s]+))',
                         rest):
        quoted = m.group(2)
        params[m.group(1).lower()] = (
            re.sub(r"\\(.)", r"\1", quoted) if quoted is not None
            else m.group(3))
    return scheme, params


def quote(text):
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"')


def digest_answer(challenge, user, password, method, uri, nc=1, body=b"",
                  mangle=None):
    """The Authorization value for one parsed challenge."""
    alg = challenge.get("algorithm", "MD5")
    make = HASHES[alg.upper().replace("-SESS", "")]

    def h(text):
        return make(text.encode("utf-8", "surrogateescape")).hexdigest()

    realm, nonce = challenge["realm"], challenge["nonce"]
    qops = [q.strip() for q in challenge.get("qop", "").split(",") if q]
    ha1 = h("%s:%s:%s" % (user, realm, password))
    ha2 = h("%s:%s" % (method, uri))
    out = {"username": user, "realm": realm, "nonce": nonce, "uri": uri}
    cnonce, count = token(8), "%08x" % nc
    if "auth" in qops:
        response = h(":".join((ha1, nonce, count, cnonce, "auth", ha2)))
    else:
        response = h(":".join((ha1, nonce, ha2)))
    out["response"] = response
    if "opaque" in challenge:
        out["opaque"] = challenge["opaque"]
    if mangle:
        mangle(out)
    text = ", ".join("%s=%s" % (k, quote(v)) for k, v in out.items())
    text += ", algorithm=" + alg
    if "auth" in qops:
        text += ", qop=auth, nc=%s, cnonce=%s" % (count, quote(cnonce))
    return "Digest " + text


def pick_challenge(values, prefer=None):
    """The first challenge we know, or the one of the preferred algorithm."""
    known = []
    for value in values:
        scheme, params = parse_auth(value)
        if scheme.lower() == "digest" and \
                params.get("algorithm", "MD5").upper() in HASHES:
            known.append(params)
    for params in known:
        if prefer and params.get("algorithm", "MD5").upper() == prefer:
            return params
    if prefer or not known:
        return None
    return known[0]


# ---- CPIM and IMDN [RFC 3862, 5438] ----------------------------------------

IMDN_NS = "urn:ietf:params:imdn"


class Cpim:
    """Message headers, content headers, content."""

    def __init__(self, headers=(), mime=(), body=b""):
        self.headers = list(headers)
        self.mime = list(mime)
        self.body = body.encode() if isinstance(body, str) else body

    @staticmethod
    def _find(headers, name):
        return [v for n, v in headers if n.lower() == name.lower()]

    def all(self, name):
        return self._find(self.headers, name)

    def get(self, name, default=None):
        found = self.all(name)
        return found[0] if found else default

    def mime_get(self, name, default=None):
        found = self._find(self.mime, name)
        return found[0] if found else default

    def _prefix(self):
        for value in self.all("NS"):
            m = re.match(r"(\S*)\s*<%s>" % re.escape(IMDN_NS), value)
            if m:
                return m.group(1)
        return "imdn"

    def imdn_all(self, name):
        return self.all("%s.%s" % (self._prefix(), name))

    def imdn(self, name):
        found = self.imdn_all(name)
        return found[0] if found else None

    def wants(self):
        out = set()
        for value in self.imdn_all("Disposition-Notification"):
            out |= {w.strip() for w in value.split(",") if w.strip()}
        return out

    def report(self):
        """{'id', 'kind', 'status'} of message/imdn+xml, else None."""
        kind = (self.mime_get("Content-Type") or "").split(";")[0].strip()
        return parse_imdn(self.body) if kind == "message/imdn+xml" else None

    def to_bytes(self):
        text = "".join("%s: %s\r\n" % h for h in self.headers) + "\r\n"
        text += "".join("%s: %s\r\n" % h for h in self.mime) + "\r\n"
        return text.encode("utf-8", "surrogateescape") + self.body

    @classmethod
    def parse(cls, data):
        parts = data.split(b"\r\n\r\n", 2)
        if len(parts) < 3:
            raise ValueError("no CPIM: %r" % data[:80])
        layers = []
        for part in parts[:2]:
            rows = part.decode("utf-8", "surrogateescape").split("\r\n")
            layers.append([tuple(x.strip() for x in row.split(":", 1))
                           for row in rows if ":" in row])
        return cls(layers[0], layers[1], parts[2])


def stamp(at=None):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def parse_imdn(data):
    import xml.etree.ElementTree as ET
    ns = "{urn:ietf:params:xml:ns:imdn}"
    root = ET.fromstring(data)
    out = {"id": root.findtext(ns + "message-id"), "kind": None,
           "status": None, "datetime": root.findtext(ns + "datetime"),
           "order": [e.tag.replace(ns, "") for e in root]}
    for kind in ("delivery", "display", "processing"):
        status = root.find("%s%s-notification/%sstatus" % (ns, kind, ns))
        if status is not None and len(status):
            out["kind"] = kind
            out["status"] = status[0].tag.replace(ns, "")
    return out


def make_imdn(message_id, status, sender, recipient, at=None):
    kind = {"displayed": "display", "processed": "processing",
            "stored": "processing"}.get(status, "delivery")
    esc = message_id.replace("&", "&amp;").replace("<", "&lt;")
    return ('<?xml version="1.0" encoding="UTF-8"?>\r\n'
            '<imdn xmlns="urn:ietf:params:xml:ns:imdn">'
            "<message-id>%s</message-id><datetime>%s</datetime>"
            "<recipient-uri>%s</recipient-uri>"
            "<original-recipient-uri>%s</original-recipient-uri>"
            "<%s-notification><status><%s/></status></%s-notification>"
            "</imdn>" % (esc, stamp(at), sender, sender, kind, status, kind))
