#!/usr/bin/python3
"""Connections that say nothing, too little or no end of it, by the thousand:
they are hung up on in their time, while a client who behaves is answered, and
memory stays where it was."""

import asyncio
import contextlib
import os
import resource
import socket
import ssl
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "interop"))

import tap  # noqa: E402
from lab import Lab, policy  # noqa: E402
from sip_text import token  # noqa: E402
from tap import test  # noqa: E402

CAP = 1500
CONFIG = ('sip {\n host = "127.0.0.1"\n connections-max = 1800\n'
          ' connections-per-source = %d\n}\n'
          'domain "sip.example" {\n served = yes\n}\n' % CAP)
MANY = 2000
HEAD = (b"MESSAGE sip:bob@sip.example SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;"
        b"branch=z9hG4bK%s\r\nFrom: <sip:x@sip.example>;tag=1\r\nTo: <sip:bob@"
        b"sip.example>\r\nCall-ID: 1\r\nCSeq: 1 MESSAGE\r\n")


@contextlib.asynccontextmanager
async def fixture(build):
    resource.setrlimit(resource.RLIMIT_NOFILE, (
        min(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),
        resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    async with Lab(build) as lab:
        lab.node = await lab.causewayd(CONFIG + policy())
        lab.tail = lambda: lab.node.tail(30)
        lab.bob = await lab.sip_user(lab.node, "bob")
        lab.carol = await lab.sip_user(lab.node, "carol", transport="tcp")
        yield lab


def memory_kib(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f
                    if line.startswith("VmRSS"))


def descriptors(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


async def served(lab, limit=3.0):
    """Clients that behave are answered, over UDP and their own connection."""
    for user, other in ((lab.bob, lab.carol), (lab.carol, lab.bob)):
        text = "still " + token(4)
        start = time.monotonic()
        answer = await user.say(other.aor, text)
        assert answer.code == 200, answer.start
        await other.wait_text(text)
        took = time.monotonic() - start
        assert took < limit, "it took %.1f s" % took


class Crowd:
    """Plain sockets to one port, each from its own loopback address when
    spread, so that no per-source limit is met."""

    def __init__(self, lab, transport="tcp", spread=False):
        self.address = lab.node.address(transport)
        self.spread = spread
        self.socks = []

    async def add(self, n):
        loop = asyncio.get_running_loop()
        for _ in range(n):
            s = socket.socket()
            s.setblocking(False)
            if self.spread:
                i = len(self.socks)
                s.bind(("127.0.%d.%d" % (1 + i // 250, 1 + i % 250), 0))
            with contextlib.suppress(OSError):
                await asyncio.wait_for(
                    loop.sock_connect(s, self.address), 5)
            self.socks.append(s)
        return self

    async def say(self, data):
        loop = asyncio.get_running_loop()
        for s in self.socks:
            with contextlib.suppress(OSError, asyncio.TimeoutError):
                await asyncio.wait_for(loop.sock_sendall(s, data), 2)

    def open_n(self):
        """How many the other end has not closed."""
        n = 0
        for s in self.socks:
            try:
                n += s.recv(1, socket.MSG_PEEK) != b""
            except BlockingIOError:
                n += 1
            except OSError:
                pass
        return n

    async def drain(self):
        """Read what they were told."""
        for s in self.socks:
            with contextlib.suppress(OSError):
                while s.recv(65536):
                    pass

    async def gone(self, seconds, left=0):
        end = time.monotonic() + seconds
        while self.open_n() > left:
            assert time.monotonic() < end, "%d are still open" % self.open_n()
            await asyncio.sleep(0.2)

    def close(self):
        for s in self.socks:
            s.close()


async def drained(lab, before):
    """The daemon let go of them as well."""
    end = time.monotonic() + 10
    while descriptors(lab.node.pid) > before + 20:
        assert time.monotonic() < end, "descriptors stay open"
        await asyncio.sleep(0.2)


@test("Thousands that say nothing: no more than allowed - then none",
      timeout=60)
async def silent(lab):
    fds, rss = descriptors(lab.node.pid), memory_kib(lab.node.pid)
    crowd = await Crowd(lab).add(MANY)
    await asyncio.sleep(0.5)
    # carol's own is from there as well
    assert CAP - 5 <= crowd.open_n() <= CAP, crowd.open_n()
    assert descriptors(lab.node.pid) <= fds + CAP
    other = await Crowd(lab, spread=True).add(MANY - CAP)
    await asyncio.sleep(0.5)
    assert crowd.open_n() + other.open_n() <= 1800, "more than in all"
    assert other.open_n() > 250, "one source shuts all others out"
    await served(lab)
    grown = memory_kib(lab.node.pid) - rss
    assert grown < 200 * 1024, "%d KiB for %d connections" % (grown, MANY)
    await crowd.gone(25)
    await other.gone(25)
    await served(lab)
    crowd.close()
    other.close()
    await drained(lab, fds)


@test("Half a handshake is given 5 s - half a request 10", timeout=60)
async def half(lab):
    fds = descriptors(lab.node.pid)
    mute = await Crowd(lab, "tls").add(300)
    hello = await Crowd(lab, "tls").add(300)
    await hello.say(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    request = await Crowd(lab).add(300)
    await request.say(HEAD % b"half")
    body = await Crowd(lab).add(5)
    await body.say(HEAD % b"body" + b"Content-Type: text/plain\r\n"
                   b"Content-Length: 60000\r\n\r\nnever more than this")
    await served(lab)
    start = time.monotonic()
    await mute.gone(12)
    await hello.gone(12)
    assert request.open_n() == 300 or time.monotonic() - start > 8
    await request.gone(20)
    await served(lab)
    # it began: it has time for the rest of it, not for ever
    assert body.open_n() in (0, 5)
    for crowd in (mute, hello, request, body):
        crowd.close()
    await drained(lab, fds)


@test("Slow ones: a byte now and then holds no connection", timeout=60)
async def slow(lab):
    fds = descriptors(lab.node.pid)
    crowd = await Crowd(lab).add(400)
    start, data = time.monotonic(), HEAD % b"slow" + b"X: " + b"y" * 4000
    at = 0
    while crowd.open_n() and time.monotonic() - start < 25:
        await crowd.say(data[at:at + 1])
        at += 1
        await asyncio.sleep(0.4)
        if at % 10 == 0:
            await served(lab)
    assert not crowd.open_n(), "%d are fed for ever" % crowd.open_n()
    crowd.close()
    await drained(lab, fds)


@test("Heads without end - garbage and lies about the length", timeout=60)
async def garbage(lab):
    fds, rss = descriptors(lab.node.pid), memory_kib(lab.node.pid)
    crowds = []
    good = HEAD % b"g" + b"Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    for data in (b"X" * 100000, HEAD % b"e" + b"X: y\r\n" * 20000,
                 HEAD % b"l" + b"Content-Length: -1\r\n\r\nabc",
                 HEAD % b"l" + b"Content-Length: 2147483647\r\n\r\nabc",
                 HEAD % b"l" + b"Content-Length: 99999999999\r\n\r\nabc",
                 HEAD % b"l" + b"Content-Length: 1\r\nContent-Length: 9\r\n"
                 b"\r\nabc", HEAD % b"m" + b"\r\nabc", b"\x00" * 5000,
                 b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", good + b"\x00\xff" * 99,
                 good * 20 + b"MESSAGE\r\n\r\n", os.urandom(20000),
                 b"\x16\x03\x01\x02\x00" * 100):
        crowd = await Crowd(lab).add(20)
        await crowd.say(data)
        crowds.append((data, crowd))
    # one that only keeps alive is none of these
    lab.carol._writer.write(b"\r\n\r\n\r\n\r\n\r\n\r\n")
    start = time.monotonic()
    for data, crowd in crowds:
        while crowd.open_n():
            assert time.monotonic() - start < 20, data[-60:]
            await crowd.drain()
            await asyncio.sleep(0.2)
        crowd.close()
    assert time.monotonic() - start > 9 and lab.carol._writer, "hung up on"
    await served(lab)
    await drained(lab, fds)
    assert memory_kib(lab.node.pid) - rss < 64 * 1024


@test("CRLF keeps alive: each pair of them is answered by one", timeout=40)
async def alive(lab):
    for transport in ("tcp", "tls"):
        context = None
        if transport == "tls":
            context = ssl.create_default_context(
                cafile=(await lab.tls())[0])
            context.check_hostname = False
        reader, writer = await asyncio.open_connection(
            *lab.node.address(transport), ssl=context)
        for _ in range(5):
            writer.write(b"\r\n\r\n")
            assert await asyncio.wait_for(
                reader.readexactly(2), 5) == b"\r\n", transport
        # and a request behind them is read
        user = lab.bob
        writer.write(b"\r\n" + user.make("OPTIONS", "sip:sip.example")
                     .to_bytes().replace(b"SIP/2.0/UDP", b"SIP/2.0/" +
                                         transport.upper().encode()))
        line = await asyncio.wait_for(reader.readline(), 5)
        while line == b"\r\n":
            line = await asyncio.wait_for(reader.readline(), 5)
        assert line.startswith(b"SIP/2.0 401"), line
        writer.transport.abort()
    await served(lab)


@test("What looks like STUN gets no answer")
async def stun(lab):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.5)
        s.connect(lab.node.address("udp"))
        for data in (b"\x00\x01\x00\x00\x21\x12\xa4\x42" + os.urandom(12),
                     b"\x00\x01\x00\x08" + os.urandom(16) + b"\x00\x06\xff\xff",
                     b"\x01\x01\x00\x00" + os.urandom(16), b"\x00", b"\x01\x02",
                     b"\x00\x01", b"\x00" * 20, b"\xf8" + os.urandom(40)):
            s.send(data)
            try:
                raise AssertionError("an answer: %r" % s.recv(1000))
            except socket.timeout:
                pass
    await served(lab)


tap.main(__doc__, fixture) if __name__ == "__main__" else None
