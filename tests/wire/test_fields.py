#!/usr/bin/python3
"""Every header field of a MESSAGE and of a REGISTER spoilt in every way we can
think of, through the running daemon; and what broke other servers, by name. The
daemon lives, answers the next request at once, and lets nothing by that has no
right to. The seed is printed (CAUSEWAY_SEED); SOAK=1 runs for long."""

import asyncio
import contextlib
import os
import random
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "interop"))

import tap  # noqa: E402
from lab import Lab, policy, sip_config  # noqa: E402
from sip_text import SipText, token  # noqa: E402
from tap import test  # noqa: E402

SEED = int(os.environ.get("CAUSEWAY_SEED") or time.time())
ROUNDS = 150000 if os.environ.get("SOAK") else 3000
LIMIT = 3600 if os.environ.get("SOAK") else 100
BOB, CAROL = "sip:bob@sip.example", "sip:carol@sip.example"


@contextlib.asynccontextmanager
async def fixture(build):
    async with Lab(build) as lab:
        lab.node = await lab.causewayd(sip_config() + policy(),
                                       listeners=("udp", "tcp"))
        lab.tail = lambda: lab.node.tail(30)
        lab.bob = await lab.sip_user(lab.node, "bob")
        lab.carol = await lab.sip_user(lab.node, "carol", transport="tcp")
        lab.eve = await lab.sip_user(lab.node, "eve")
        yield lab


def memory_kib(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f
                    if line.startswith("VmRSS"))


async def alive(lab):
    assert lab.node.is_running, "it ended with %s" % lab.node.exit_code
    text = "probe " + token(4)
    answer = await lab.bob.say(CAROL, text, timeout=10)
    assert answer.code == 200, answer.start
    await lab.carol.wait_text(text)


JUNK = ["", " ", ";", ";;", ",", ",,", "<", ">", "<>", '"', '"x', "%", "%00",
        "%zz", "=", "@", ":", "/", "\\", "\\\"", "*", "()", "(((", "[", "[::",
        "]", "{}", "\t", "\x7f", "\x01", "\u00e9", "\ufffd", "-1", "0",
        "4294967295", "4294967296", "18446744073709551616", "9" * 40,
        "1e9", "0x10", "A" * 200, "A" * 3000, ";a=b" * 300, ",x" * 300,
        "<sip:a@b>" * 50, "\r\n ", "\r\n\t\r\n x", "sip:", "sips:x",
        "tel:+1", "urn:x", ";tag=1;tag=2", ";branch=", ";received=1.2.3.4",
        ";rport=99999", ";expires=-1", ";q=2", ";q=0.12345",
        "SIP/2.0/UDP", "MESSAGE", "INVITE", "Digest ", 'username="',
        'nonce="', "text/plain", "multipart/mixed;boundary=", "gzip", "GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sat, 31 Feb 2099 99:99:99 GMT"]
FIELDS = [
    ("Via", "SIP/2.0/UDP 127.0.0.1:5;branch=z9hG4bKx"),
    ("Max-Forwards", "70"), ("From", "<sip:eve@sip.example>;tag=1"),
    ("To", "<sip:bob@sip.example>"), ("Call-ID", "a@b"),
    ("CSeq", "1 MESSAGE"), ("Contact", "<sip:eve@127.0.0.1:5>;expires=60"),
    ("Expires", "60"), ("Date", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ("Content-Type", "text/plain;charset=utf-8"), ("Content-Length", "2"),
    ("Content-Encoding", "identity"), ("Content-Language", "en"),
    ("Content-Disposition", "render"), ("Accept", "text/plain"),
    ("Accept-Contact", "*;+g.oma.sip-im;require;explicit"),
    ("Reject-Contact", "*;+x"), ("Request-Disposition", "no-fork"),
    ("Authorization", 'Digest username="eve", realm="sip.example", nonce="x",'
     ' uri="sip:bob@sip.example", response="0", qop=auth, nc=00000001, '
     'cnonce="y", algorithm=MD5'),
    ("Proxy-Authorization", 'Digest username="eve"'),
    ("Route", "<sip:127.0.0.1;lr>"), ("Record-Route", "<sip:x;lr>"),
    ("Path", "<sip:p@127.0.0.1;lr>"), ("Require", "path"),
    ("Proxy-Require", "x"), ("Supported", "path, gruu, outbound"),
    ("P-Asserted-Identity", "<sip:bob@sip.example>"),
    ("P-Preferred-Identity", "<sip:eve@sip.example>"), ("Privacy", "id"),
    ("Session-ID", "0" * 32 + ";remote=" + "0" * 32), ("Subject", "s"),
    ("Priority", "urgent"), ("In-Reply-To", "a@b"), ("Warning", "399 x \"y\""),
    ("Event", "presence"), ("Subscription-State", "active"),
    ("Min-Expires", "1"), ("User-Agent", "x"), ("Timestamp", "1.5"),
    ("MIME-Version", "1.0"), ("Referred-By", "<sip:a@b>"),
    ("Refer-To", "<sip:a@b>"), ("Replaces", "a;to-tag=1;from-tag=2"),
    ("Reason", "SIP;cause=200"), ("Session-Expires", "90"),
    ("Alert-Info", "<http://x>"), ("History-Info", "<sip:a@b>;index=1"),
    ("SIP-If-Match", "x"), ("Allow", "MESSAGE"), ("Unsupported", "x"),
    ("RAck", "1 1 INVITE"), ("RSeq", "1"), ("X-Unknown", "x"),
    ("Diversion", "<sip:a@b>"), ("Join", "a;to-tag=1;from-tag=2"),
]


def spoil(dice, value):
    """One value, wrong in one to three ways."""
    for _ in range(dice.randint(1, 3)):
        what = dice.random()
        at = dice.randrange(len(value) + 1)
        if what < 0.2:
            value = dice.choice(JUNK)
        elif what < 0.55:
            value = value[:at] + dice.choice(JUNK) + value[at:]
        elif what < 0.75:
            value = value[:at] + value[at + dice.randint(1, 8):]
        elif what < 0.85:
            value = value * dice.randint(2, 5)
        else:
            value = value[:at] + chr(dice.randrange(1, 256)) + value[at + 1:]
    return value[:9000]


def mutant(dice, user, name, value):
    """A whole request with that field spoilt and some others beside it; it
    never has credentials that are good."""
    method, uri = dice.choice([("MESSAGE", BOB), ("MESSAGE", BOB),
                               ("REGISTER", "sip:sip.example"),
                               ("OPTIONS", BOB), ("INVITE", BOB),
                               ("SUBSCRIBE", BOB)])
    request = user.make(method, uri, [], b"hi")
    picked = [f for f in FIELDS[6:] if dice.random() < 0.15]
    request.headers += [(n, v) for n, v in picked if n not in
                        ("Content-Length", name)]
    spoilt = spoil(dice, value)
    if name == "Content-Length":
        return request.to_bytes().replace(
            b"Content-Length: 2", ("Content-Length: " + spoilt).encode(
                "utf-8", "surrogateescape"))
    if name == "Via":
        spoilt = spoilt.replace("127.0.0.1:5", "127.0.0.1:%d" % user.port)
    odd = dice.random()
    label = name if odd > 0.08 else dice.choice(
        [name + " ", name + "\t", name.upper(), name + "\x01", " " + name,
         name[:-1], name + "\u00a0"])
    if odd > 0.9:
        request.headers.insert(dice.randrange(len(request.headers)),
                               (label, spoilt))
    else:
        request.set(name, spoilt)
        request.headers = [(label if n == name else n, v)
                           for n, v in request.headers]
    return request.to_bytes()


@test("Each header field spoilt some thousand times", timeout=LIMIT)
async def fields(lab):
    tap.diag("CAUSEWAY_SEED=%d" % SEED)
    dice = random.Random(SEED)
    before = memory_kib(lab.node.pid)
    answered = 0
    lab.eve.answer = None
    for i in range(ROUNDS):
        name, value = FIELDS[i % len(FIELDS)]
        data = mutant(dice, lab.eve, name, value)
        stray = len(lab.eve.stray)
        if i % 4:
            await lab.eve.transmit(data[:60000])
        else:
            with contextlib.suppress(OSError, asyncio.TimeoutError):
                _, writer = await asyncio.wait_for(
                    asyncio.open_connection(*lab.node.address("tcp")), 5)
                writer.write(data)
                await asyncio.sleep(0)
                writer.close()
        if i % 20 == 19:
            await asyncio.sleep(0.005)
        if i % 500 == 499:
            await alive(lab)
        answered += len(lab.eve.stray) - stray
    await alive(lab)
    await asyncio.sleep(0.5)
    codes = {}
    for answer in lab.eve.stray:
        assert answer.code not in (200, 202, 500) or "OPTIONS" not in \
            answer.get("cseq", "OPTIONS"), answer.to_bytes()
        codes[answer.code] = codes.get(answer.code, 0) + 1
    tap.diag("%d answers: %s" % (len(lab.eve.stray), codes))
    assert codes.get(400, 0) > ROUNDS // 100 and codes.get(401, 0), codes
    assert not codes.get(200) and not codes.get(202), codes
    assert not [m for m in lab.bob.messages if m.content() == "hi"]
    grown = memory_kib(lab.node.pid) - before
    assert grown < 128 * 1024, "it grew by %d KiB" % grown
    lab.eve.stray.clear()


def raw(user, **parts):
    """A MESSAGE as text whose headers are as given."""
    head = {"via": "Via: " + user.via(), "from": "From: <%s>;tag=1" % user.aor,
            "to": "To: <%s>" % BOB, "id": "Call-ID: " + token(),
            "cseq": "CSeq: 1 MESSAGE", "hops": "Max-Forwards: 70",
            "more": "", "length": "Content-Length: 0"}
    head.update(parts)
    lines = ["MESSAGE %s SIP/2.0" % head.pop("uri", BOB)]
    lines += [line for line in head.values() if line]
    return ("\r\n".join(lines) + "\r\n\r\n").encode(
        "utf-8", "surrogateescape")


# What broke others: name, what was sent, the answers that are right.
CVES = [
    ("CVE-2018-8828 To with two tags", dict(
        to="To: <%s>;tag=1;tag=%s" % (BOB, "x" * 300)), (400, 401, 481)),
    ("CVE-2018-14767 To double and malformed", dict(
        to="To: <%s>;tag\r\nTo: x" % BOB), (400,)),
    ("CVE-2018-16657 Via without what it needs", dict(
        via="Via: SIP/2.0/UDP 127.0.0.1"), (400, 401, None)),
    ("Via that names nothing", dict(via="Via: "), (400, None)),
    ("Via with an empty branch", dict(
        via="Via: SIP/2.0/UDP 127.0.0.1:9;branch=;rport"), (400, 401, None)),
    ("CVE-2020-28361 header by odd white space", dict(
        more="Authorization\x0b: Digest x"), (400,)),
    ("AST-2016-009 control before the colon", dict(
        more="Authorization\x01: Digest x\r\nP-Asserted-Identity\x02: <%s>" %
        BOB), (400,)),
    ("a header hidden by a bare line feed", dict(
        more="Subject: x\nP-Asserted-Identity: <%s>" % BOB), (400,)),
    ("CVE-2021-33056 From without a URI", {"from": "From: ;tag=1"}, (400,)),
    ("To without a URI", dict(to="To: "), (400,)),
    ("From of quotes alone", {"from": 'From: "";tag=1'}, (400,)),
    ("Diversion without a URI", dict(more="Diversion: ;reason=x"), (401,)),
    ("CVE-2023-28098 Authorization of one quote", dict(
        more='Authorization: Digest username="'), (400, 401)),
    ("Authorization of commas", dict(
        more="Authorization: Digest ,,,,=,=,\"" + "," * 500), (400, 401)),
    ("Authorization without a scheme", dict(more="Authorization: "),
     (400, 401)),
    ("CVE-2023-27596 to 28099 Content-Length of blanks", dict(
        length="Content-Length:    "), (400,)),
    ("Content-Length of 200 digits", dict(
        length="Content-Length: " + "1" * 200), (400,)),
    ("rport that is no number", dict(
        via="Via: SIP/2.0/UDP 127.0.0.1:%d;rport=x;branch=z9hG4bK"),
     (400, 401, None)),
    ("CVE-2022-31001 URI that is only escapes", dict(
        uri="sip:%41%42%43@%2e%2e"), (400,)),
    ("CVE-2022-31002 URI that ends in a percent", dict(
        uri="sip:bob@sip.example;x=%"), (400,)),
    ("CVE-2022-31003 CVE-2022-47516 long lines of one sign", dict(
        more="Accept-Contact: " + "*;" * 3000), (400, 401)),
    ("CVE-2023-32307 header of nothing but separators", dict(
        more="Contact: " + ",;" * 2000), (400, 401)),
    ("Kamailio: Content-Type longer than 1024", dict(
        more="Content-Type: text/plain;" + "x" * 2000), (400, 401)),
    ("too many headers", dict(more="\r\n".join(
        "X-%d: y" % i for i in range(400))), (400,)),
    ("CSeq of another method", dict(cseq="CSeq: 1 REGISTER"), (400,)),
    ("CSeq past 2^31", dict(cseq="CSeq: 2147483648 MESSAGE"), (400,)),
    ("Call-ID of nothing", dict(id="Call-ID: "), (400,)),
    ("CVE-2021-37624 no credentials at all", {}, (401,)),
]


@test("What broke other servers", timeout=90)
async def cves(lab):
    wrong = []
    for name, parts, codes in CVES:
        parts = {k: v % lab.eve.port if "%d" in v else v
                 for k, v in parts.items()}
        answer = await lab.eve.raw(raw(lab.eve, **parts),
                                   0.3 if None in codes else 5)
        got = answer.code if answer else None
        if got not in codes:
            wrong.append("%s: %s" % (name, getattr(answer, "start", None)))
        lab.eve.stray.clear()
    assert not wrong, "\n".join(wrong)
    await alive(lab)
    assert not lab.eve.messages


@test("Before it knows who asks it says little more than was asked")
async def amplification(lab):
    """Bytes out by bytes in, of what a spoofed source could make us send."""
    worst = 0.0
    for method in ("MESSAGE", "REGISTER", "OPTIONS", "INVITE", "SUBSCRIBE",
                   "FOO", "CANCEL"):
        data = (("%s sip:b@sip.example SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:"
                 "%d;branch=z9hG4bK%s\r\nFrom: <sip:a@sip.example>;tag=1\r\n"
                 "To: <sip:b@sip.example>\r\nCall-ID: %s\r\nCSeq: 1 %s\r\n"
                 "Content-Length: 0\r\n\r\n") % (
                     method, lab.eve.port, token(2), token(2),
                     method)).encode()
        answer = await lab.eve.raw(data, 5)
        size = len(answer.to_bytes())
        worst = max(worst, size / len(data))
        lab.eve.stray.clear()
    tap.diag("at most %.1f bytes out for one in" % worst)
    assert worst < 4, worst
    # one answer, never repeated by itself
    await lab.eve.transmit(data)
    await asyncio.sleep(1.2)
    assert len(lab.eve.stray) == 1
    lab.eve.stray.clear()


tap.main(__doc__, fixture) if __name__ == "__main__" else None
