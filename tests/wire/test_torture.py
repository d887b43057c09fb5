#!/usr/bin/python3
"""RFC 4475 and RFC 5118 against the running daemon over UDP, TCP and TLS: what
each message gets, and that the next request is answered all the same."""

import asyncio
import contextlib
import os
import re
import socket
import ssl
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "interop"))
sys.path.insert(0, HERE)

import tap  # noqa: E402
from lab import Lab, policy, sip_config  # noqa: E402
from sip_text import SipText, split_stream, token  # noqa: E402
from tap import test  # noqa: E402
from torture import OK, ROWS, ROWS_6  # noqa: E402

ANSWER_S = 5	# for an answer that must come
SILENCE_S = 0.15	# for one that must not


@contextlib.asynccontextmanager
async def fixture(build):
    async with Lab(build) as lab:
        lab.node = await lab.causewayd(sip_config() + policy(), start=False)
        lab.node.listen_more = ' trusted = {"127.0.0.1"}\n'
        lab.tail = lambda: lab.node.tail(30)
        await lab.node.start()
        for name in ("bob", "carol"):
            await lab.node.add_user(name)
        yield lab


class Line:
    """A client's own socket or connection."""

    def __init__(self, lab, transport, host="127.0.0.1"):
        self.lab, self.transport, self.host = lab, transport, host
        self.sock = self.reader = self.writer = None
        self.buffer, self.more = b"", []

    async def open(self):
        address = (self.host, self.lab.node.ports[self.transport])
        if self.transport == "udp":
            kind = socket.AF_INET6 if ":" in self.host else socket.AF_INET
            self.sock = socket.socket(kind, socket.SOCK_DGRAM)
            self.sock.setblocking(False)
            self.sock.connect(address)
            self.port = self.sock.getsockname()[1]
            return self
        context = None
        if self.transport == "tls":
            context = ssl.create_default_context(
                cafile=(await self.lab.tls())[0])
            context.check_hostname = False
        self.reader, self.writer = await asyncio.open_connection(
            *address, ssl=context)
        self.port = self.writer.get_extra_info("sockname")[1]
        return self

    def close(self):
        if self.sock:
            self.sock.close()
        if self.writer:
            self.writer.transport.abort()

    def fill(self, text):
        """The bytes of a row, its placeholders filled."""
        host = "[%s]" % self.host if ":" in self.host else self.host
        via = "SIP/2.0/%s %s:%d;rport;branch=" % (
            self.transport.upper(), host, self.port)
        text = text.replace("{plainvia}", via).replace(
            "{via}", via + "z9hG4bK" + token()).replace("{token}", token())
        head, _, body = text.replace("\n", "\r\n").partition("\r\n\r\n")
        body = body.encode()
        return head.replace("{n}", str(len(body))).encode() + b"\r\n\r\n" + \
            body

    async def send(self, data):
        if self.sock:
            await asyncio.get_running_loop().sock_sendall(self.sock, data)
            return
        self.writer.write(data)
        with contextlib.suppress(ConnectionError):
            await self.writer.drain()

    async def answer(self, seconds):
        """The next answer, None when none comes, "closed" at the end."""
        try:
            return await asyncio.wait_for(self._answer(), seconds)
        except asyncio.TimeoutError:
            return None

    async def _answer(self):
        loop = asyncio.get_running_loop()
        while True:
            if self.sock:
                return SipText.parse(await loop.sock_recv(self.sock, 65536))
            found, self.buffer = split_stream(self.buffer)
            if found:
                self.more += found[1:]
                return found[0]
            try:
                data = await self.reader.read(65536)
            except (ConnectionError, ssl.SSLError):
                data = b""
            if not data:
                return "closed"
            self.buffer += data


PROBE = ("OPTIONS sip:sip.example SIP/2.0\nVia: {via}\nFrom: <sip:carol@"
         "sip.example>;tag=p\nTo: <sip:sip.example>\nCall-ID: {token}\n"
         "CSeq: 1 OPTIONS\nMax-Forwards: 70\nContent-Length: 0\n\n")


async def probe(lab, host="127.0.0.1"):
    line = await Line(lab, "udp", host).open()
    try:
        await line.send(line.fill(PROBE))
        answer = await line.answer(ANSWER_S)
        assert answer and answer.code in (200, 403), answer
    finally:
        line.close()
    assert lab.node.is_running


def judge(row, answer, data):
    name, _, wanted, _ = row
    what = answer if answer in (None, "closed") else answer.code
    if wanted is None:
        good = answer is None or answer == "closed"
    elif wanted == OK:
        good = isinstance(what, int) and what not in (400, 500, 505)
    else:
        good = what == wanted
    if not good:
        return "%s: %s, wanted %s" % (
            name, getattr(answer, "start", answer), wanted)
    if isinstance(what, int):
        assert answer.get("server"), "%s: no Server" % name
        via = re.search(rb"branch=(z9hG4bK\w+)", data)
        if via and b"{plainvia}" not in row[3].encode():
            assert answer.branch(), name
    return None


async def replay(lab, transport, rows, host="127.0.0.1"):
    wrong = []
    for row in rows:
        name, _, wanted, text = row
        if isinstance(wanted, dict):
            wanted = wanted["udp" if transport == "udp" else "stream"]
            row = (name, row[1], wanted, text)
        line = await Line(lab, transport, host).open()
        data = line.fill(text)
        await line.send(data)
        answer = await line.answer(SILENCE_S if wanted is None else ANSWER_S)
        fault = judge(row, answer, data)
        if fault:
            wrong.append(fault)
        line.close()
        await probe(lab, host)
    assert not wrong, "\n".join(wrong)


@test("RFC 4475 over UDP", timeout=60)
async def over_udp(lab):
    await replay(lab, "udp", ROWS)


@test("RFC 4475 over TCP", timeout=60)
async def over_tcp(lab):
    await replay(lab, "tcp", ROWS)


@test("RFC 4475 over TLS", timeout=60)
async def over_tls(lab):
    await replay(lab, "tls", ROWS)


@test("RFC 5118 over UDP - TCP and TLS", timeout=60)
async def ipv6(lab):
    for transport in ("udp", "tcp", "tls"):
        await replay(lab, transport, ROWS_6)


tap.main(__doc__, fixture) if __name__ == "__main__" else None
