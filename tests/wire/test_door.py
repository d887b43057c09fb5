#!/usr/bin/python3
"""The door for every method: who is let in over which transport, from where
and with what; and what becomes of who tries passwords."""

import asyncio
import contextlib
import os
import re
import ssl
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "interop"))

import tap  # noqa: E402
from fixtures import tail_of  # noqa: E402
from lab import Lab, sip_config  # noqa: E402
from sip_text import (SipText, digest_answer, pick_challenge,  # noqa: E402
                      split_stream, token)
from tap import test  # noqa: E402

CLIENT, TRUSTED, UNTRUSTED = "127.0.0.1", "127.0.0.2", "127.0.0.3"
BOB, CAROL = "sip:bob@sip.example", "sip:carol@sip.example"
# What a caller who is let in is told.
SERVED = {"MESSAGE": 202, "REGISTER": 200, "OPTIONS": 200, "INVITE": 405,
          "SUBSCRIBE": 489, "PUBLISH": 489, "REFER": 405, "INFO": 405,
          "UPDATE": 405, "NEWMETHOD": 501}
EXTRA = {"SUBSCRIBE": [("Event", "presence")], "PUBLISH":
         [("Event", "presence")], "REFER": [("Refer-To", "<%s>" % CAROL)],
         "MESSAGE": [("Content-Type", "text/plain")]}


class Caller:
    """Somebody at an address of his own, over one transport."""

    def __init__(self, lab, transport, source):
        self.lab, self.transport, self.source = lab, transport, source
        self.to = lab.node.address(transport)
        self.queues = {}
        self.buffer = b""
        self.writer = self.udp = None

    async def start(self):
        loop = asyncio.get_running_loop()
        if self.transport == "udp":
            caller = self

            class Protocol(asyncio.DatagramProtocol):
                def datagram_received(self, data, addr):
                    caller.take(SipText.parse(data))
            self.udp, _ = await loop.create_datagram_endpoint(
                Protocol, local_addr=(self.source, 0))
            self.port = self.udp.get_extra_info("sockname")[1]
            return self
        context = None
        if self.transport == "tls":
            context = ssl.create_default_context(
                cafile=(await self.lab.tls())[0])
            context.check_hostname = False
        reader, self.writer = await asyncio.open_connection(
            *self.to, ssl=context, local_addr=(self.source, 0))
        self.port = self.writer.get_extra_info("sockname")[1]
        self.task = loop.create_task(self.read(reader))
        return self

    async def read(self, reader):
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while True:
                data = await reader.read(65536)
                if not data:
                    return
                messages, self.buffer = split_stream(self.buffer + data)
                for message in messages:
                    self.take(message)

    def take(self, message):
        queue = self.queues.get(message.branch())
        if queue is not None and not message.is_request:
            queue.put_nowait(message)

    async def close(self):
        if self.udp:
            self.udp.close()
        if self.writer:
            self.task.cancel()
            self.writer.transport.abort()

    def make(self, method, sender=BOB, to=CAROL):
        to = sender if method == "REGISTER" else to
        uri = "sip:sip.example" if method in ("REGISTER", "OPTIONS") else to
        return SipText("%s %s SIP/2.0" % (method, uri), [
            ("Via", "SIP/2.0/%s %s:%d;rport;branch=z9hG4bK%s" % (
                self.transport.upper(), self.source, self.port, token())),
            ("Max-Forwards", "70"), ("From", "<%s>;tag=%s" % (sender,
                                                             token(4))),
            ("To", "<%s>" % to), ("Call-ID", token() + "@door"),
            ("CSeq", "1 " + method)] + EXTRA.get(method, []),
            b"x" if method == "MESSAGE" else b"")

    async def send(self, request, timeout=10):
        queue = self.queues[request.branch()] = asyncio.Queue()
        data = request.to_bytes()
        limit = time.monotonic() + timeout
        try:
            while True:
                if self.udp:
                    self.udp.sendto(data, self.to)
                else:
                    self.writer.write(data)
                step = 0.5 if self.udp else limit - time.monotonic()
                try:
                    answer = await asyncio.wait_for(queue.get(), step)
                    if answer.code >= 200:
                        return answer
                except asyncio.TimeoutError:
                    if time.monotonic() > limit:
                        raise
        finally:
            del self.queues[request.branch()]

    async def challenge(self, prefer=None):
        answer = await self.send(self.make("OPTIONS"))
        assert answer.code == 401, answer.start
        return pick_challenge(answer.all("www-authenticate"), prefer)

    async def call(self, method, user, password, sender=BOB, challenge=None,
                   nc=1, mangle=None):
        request = self.make(method, sender)
        challenge = challenge or await self.challenge()
        request.set("Authorization", digest_answer(
            challenge, user, password, method, request.uri, nc,
            request.body, mangle))
        return await self.send(request)


@contextlib.asynccontextmanager
async def fixture(build):
    async with Lab(build) as lab:
        lab.tail = lambda: tail_of(lab)
        lab.node = await lab.causewayd(
            sip_config() + 'link "neighbour" {\n kind = sip-peer\n'
            ' host = "%s"\n port = 5999\n}\n' % UNTRUSTED,
            listeners=("udp", "tcp", "tls"), start=False)
        lab.node.listen_more = ' trusted = {"%s"}\n' % TRUSTED
        await lab.node.start()
        lab.bob = await lab.node.add_user("bob")
        lab.carol = await lab.node.add_user("carol")
        yield lab


async def caller(lab, transport="udp", source=CLIENT):
    return await lab.own(Caller(lab, transport, source)).start()


async def tries(who, lab, method):
    """The answers to each way of asking."""
    out = {"none": await who.send(who.make(method))}
    # whoever is not asked for credentials has a nonce of somebody else
    one = await caller(lab, who.transport)
    challenge = await (who if who.source == CLIENT else one).challenge()
    other = dict(challenge, realm="other.example")
    out["wrong realm"] = await who.call(method, "bob", lab.bob, BOB, other)
    out["wrong password"] = await who.call(method, "bob", "no", BOB,
                                           challenge, 2)
    out["unknown user"] = await who.call(method, "ghost", "no",
                                         "sip:ghost@sip.example", challenge, 3)
    out["as another"] = await who.call(method, "bob", lab.bob, CAROL,
                                       challenge, 4)
    out["right"] = await who.call(method, "bob", lab.bob, BOB, challenge, 5)
    out["replayed"] = await who.call(method, "bob", lab.bob, BOB, challenge,
                                     5)
    await one.close()
    return out


def expected(source, method):
    if source == CLIENT:
        return {"none": 401, "wrong realm": 401, "wrong password": 401,
                "unknown user": 401, "as another": 403,
                "right": SERVED[method], "replayed": 401}
    if source == TRUSTED:
        out = dict.fromkeys(("none", "wrong realm", "wrong password",
                             "as another", "right", "replayed"),
                            SERVED[method])
        return dict(out, **{"unknown user": 404})
    return dict.fromkeys(("none", "wrong realm", "wrong password",
                          "unknown user", "as another", "right", "replayed"),
                         403)


def check_all(transport, source, method, answers):
    want = expected(source, method)
    for how, answer in answers.items():
        assert answer.code == want[how], "%s over %s from %s, %s: %s" % (
            method, transport, source, how, answer.start)
        challenges = answer.all("www-authenticate")
        stale = [c for c in challenges if "stale=true" in c.lower()]
        assert bool(challenges) == (answer.code == 401)
        assert bool(stale) == (how == "replayed" and source == CLIENT)
        if challenges:
            assert "SHA-256" in challenges[0] and "MD5" in challenges[1]
            assert all('realm="sip.example"' in c for c in challenges)
        if answer.code == 489:
            assert answer.get("allow-events") is not None
        if answer.code == 405:
            assert "MESSAGE" in answer.get("allow")


def matrix(transport):
    async def run(lab):
        for source in (CLIENT, TRUSTED, UNTRUSTED):
            who = await caller(lab, transport, source)
            for method in SERVED:
                check_all(transport, source, method,
                          await tries(who, lab, method))
            await who.close()
    test("Every method passes one door over %s - whoever asks and however" %
         transport.upper(), timeout=55)(run)


for kind in ("udp", "tcp", "tls"):
    matrix(kind)


@test("OPTIONS tells what we take and do", "CP14")
async def options(lab):
    who = await caller(lab)
    answer = await who.call("OPTIONS", "bob", lab.bob)
    assert answer.code == 200, answer.start
    assert "message/cpim" in answer.get("accept")
    assert {"MESSAGE", "REGISTER", "OPTIONS"} <= set(
        re.split(r"\s*,\s*", answer.get("allow")))
    for tag in ("path", "gruu", "outbound"):
        assert tag in answer.get("supported")
    assert "+g.oma.sip-im" in answer.get("contact"), answer.headers


def plain(answer):
    """An answer without what differs each time."""
    return [(n.lower(), re.sub(r'nonce="\w+"', "", v))
            for n, v in answer.headers
            if n.lower() not in ("via", "call-id", "from", "to", "date")]


@test("Nobody learns whether a user exists - by the answer or its time")
async def oracle(lab):
    who = await caller(lab)
    times = {"bob": [], "nobody": []}
    seen = {}
    for i in range(120):
        challenge = await who.challenge()
        for user in times if i % 2 else reversed(times):
            request = who.make("MESSAGE", "sip:%s@sip.example" % user)
            request.set("Authorization", digest_answer(
                challenge, user, "wrong", "MESSAGE", request.uri,
                1 if user == "bob" else 2))
            start = time.perf_counter()
            answer = await who.send(request)
            times[user].append(time.perf_counter() - start)
            assert answer.code == 401
            seen[user] = plain(answer)
    assert seen["bob"] == seen["nobody"], seen
    # The lower quarter is what the machine's other work disturbs least.
    fast = {u: statistics.quantiles(t, n=4)[0] for u, t in times.items()}
    assert 1 / 2.5 < fast["bob"] / fast["nobody"] < 2.5, fast


@test("A nonce from before the start is stale - not a wrong password")
async def restarted(lab):
    who = await caller(lab)
    challenge = await who.challenge()
    await lab.node.stop()
    await lab.node.restart()
    answer = await who.call("OPTIONS", "bob", lab.bob, BOB, challenge)
    assert answer.code == 401
    assert "stale=true" in answer.get("www-authenticate")
    assert not lab.node.log("auth_fail", lab.node.mark)
    answer = await who.call("OPTIONS", "bob", "wrong", BOB, challenge, 2)
    assert answer.code == 401
    assert "stale" not in answer.get("www-authenticate")


# ---- trying passwords --------------------------------------------------------

def filter_regex():
    """failregex of the filter, as Fail2Ban would use it."""
    path = os.path.join(ROOT, "packaging", "fail2ban", "causeway.conf")
    with open(path, encoding="ascii") as f:
        line = next(x for x in f if x.startswith("failregex"))
    pattern = line.split("=", 1)[1].strip()
    return re.compile(pattern.replace(
        "<HOST>", r"(?P<host>(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f:]+)"))


def without_time(line):
    """Fail2Ban takes the time stamp out before it looks."""
    return re.sub(r"^\d{4}-\d\d-\d\dT[\d:.]+Z ", "", line)


LIMITS = ("auth {\n user-source-failures = 5\n source-failures = 12\n"
          " user-failures = 30\n ban-min = 1m\n%s}\n")


@contextlib.asynccontextmanager
async def limited(lab, more=""):
    async with Lab(lab.build) as inner:
        inner.tail = lambda: tail_of(inner)
        inner.node = await inner.causewayd(sip_config() + LIMITS % more,
                                           listeners=("udp", "tcp"))
        inner.bob = await inner.node.add_user("bob")
        inner.carol = await inner.node.add_user("carol")
        yield inner


@test("Brute force - he who tries is kept out and nobody else", timeout=55)
async def brute_force(lab):
    async with limited(lab) as inner:
        eve = await caller(inner, "tcp", "127.0.0.9")
        bob = await caller(inner)
        codes = []
        for i in range(20):
            challenge = await bob.challenge()	# no limit on asking
            challenge = await eve.challenge()
            codes.append((await eve.call("REGISTER", "bob", "guess%d" % i,
                                         BOB, challenge)).code)
        assert codes == [401] * 5 + [403] * 15, codes
        # with the right one too; over another transport too
        assert (await eve.call("REGISTER", "bob", inner.bob)).code == 403
        again = await caller(inner, "udp", "127.0.0.9")
        assert (await again.call("OPTIONS", "bob", inner.bob)).code == 403
        # bob himself elsewhere, and carol behind the same address
        assert (await bob.call("OPTIONS", "bob", inner.bob)).code == 200
        assert (await eve.call("OPTIONS", "carol", inner.carol,
                               CAROL)).code == 200
        # until the address itself has used up its tries
        for i in range(7):
            answer = await eve.call("OPTIONS", "user%d" % i, "x",
                                    "sip:user%d@sip.example" % i)
            assert answer.code == 401, (i, answer.start)
        answer = await eve.send(eve.make("OPTIONS"))
        assert answer.code == 403, answer.start
        assert (await bob.call("OPTIONS", "bob", inner.bob)).code == 200
        assert len(inner.node.log("auth_ban")) == 2
        assert len(inner.node.log("auth_fail", src="127.0.0.9")) == 12


@test("A ban may be silent", timeout=30)
async def silent(lab):
    async with limited(lab, " ban-silent = yes\n") as inner:
        eve = await caller(inner, "udp", "127.0.0.9")
        for i in range(5):
            assert (await eve.call("OPTIONS", "bob", "x")).code == 401
        challenge = await eve.challenge()
        try:
            request = eve.make("OPTIONS")
            request.set("Authorization", digest_answer(
                challenge, "bob", inner.bob, "OPTIONS", request.uri))
            answer = await eve.send(request, 1.5)
            raise AssertionError(answer.start)
        except asyncio.TimeoutError:
            pass


@test("The filter for Fail2Ban reads the real line - and no forged one")
async def fail2ban(lab):
    regex = filter_regex()
    who = await caller(lab, "tcp", "127.0.0.9")
    mark = len(lab.node.lines)
    names = ["bob", "nobody", "a b", 'x" src=10.9.9.9 reason=password',
             "level=warning event=auth_fail src=10.9.9.9 user=x reason=y",
             "\\\" event=auth_fail src=10.9.9.9", "ä", "z" * 300]
    for name in names:
        answer = await who.call("OPTIONS", name, "wrong")
        assert answer.code in (400, 401), (name, answer.start)
    request = who.make("OPTIONS")
    request.set("Authorization", 'Digest username="x, realm=')
    assert (await who.send(request)).code == 400
    await lab.node.until(
        lambda: len(lab.node.log("auth_fail", mark)) == len(names) + 1, 10,
        "lines")
    for line in lab.node.lines[mark:]:
        found = regex.search(without_time(line))
        assert bool(found) == (" event=auth_fail " in line and
                               line.index(" event=") ==
                               line.index(" event=auth_fail ")), line
        if found:
            assert found.group("host") == "127.0.0.9", line
    assert regex.search(
        "level=warning module=sip event=auth_fail src=2001:db8::7"
        " user=bob@sip.example"
        " reason=password not_logged=0").group("host") == "2001:db8::7"


tap.main(__doc__, fixture) if __name__ == "__main__" else None
