#!/usr/bin/python3
"""Name servers that die, sleep or lie: sends end in bounded time with the right
cause, what is stored is tried again, and nothing else is held up."""

import asyncio
import contextlib
import struct
import sys
import time

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from dns_lab import (ADDRESSES, Nsd, WrongServer, Zone,  # noqa: E402
                     enter_namespace, start_nsd)
from fixtures import QUICK, tail_of  # noqa: E402
from lab import Lab, sip_config  # noqa: E402
from sip_user import SipUser  # noqa: E402
from tap import test  # noqa: E402

FAR = ADDRESSES[0]
SECOND = "127.0.0.54"
DNS = 'dns {\n servers = {"127.0.0.53", "%s"}\n}\n' % SECOND
NAMES = ("far.example", "short.example", "other.example")


def domain(name):
    return ('domain "%s" {\n proto = sip\n tls = off\n'
            ' insecure-cleartext = yes\n allow = {"*"}\n}\n' % name)


@contextlib.asynccontextmanager
async def lonely(top):
    """The node, bob, and the far server; name servers are up to the test."""
    async with Lab(top.build) as lab:
        lab.tail = top.tail = lambda: tail_of(lab)
        lab.node = await lab.causewayd(
            sip_config() + DNS + "".join(domain(n) for n in NAMES) + QUICK,
            listeners=("udp", "tcp"), link=False, host="0.0.0.0")
        lab.node.host = "127.0.0.1"
        lab.bob = await lab.sip_user(lab.node, "bob")
        lab.carol = await lab.sip_user(lab.node, "carol")
        # takes what comes at the address that the zones name
        lab.far = lab.own(SipUser("far", "far.example", "x",
                                  ("127.0.0.1", 1), host=FAR, port=5060))
        await lab.far.start()
        yield lab


class Top:
    def __init__(self, build):
        self.build = build


@contextlib.asynccontextmanager
async def nothing(build):
    yield Top(build)


def zone(name, ttl=60):
    return Zone(name, ttl).add("@", "A", FAR)


async def neighbours_talk(lab):
    """While DNS has its troubles."""
    start = time.monotonic()
    answer = await lab.bob.say("sip:carol@sip.example", "meanwhile")
    assert answer.code == 200, answer.start
    assert time.monotonic() - start < 2


@test("Without any name server a message is stored and sent when one is there")
async def dead(top):
    async with lonely(top) as lab:
        start = time.monotonic()
        send = asyncio.create_task(
            lab.bob.say("sip:ann@far.example", "patience"))
        await neighbours_talk(lab)
        answer = await send
        assert answer.code == 202, answer.start
        assert time.monotonic() - start < 15
        assert len(await lab.node.queue()) == 1
        await start_nsd(lab, [zone("far.example")])
        await lab.far.wait_text("patience", 30)


@test("A silent name server holds up nothing else and has an end")
async def silent(top):
    async with lonely(top) as lab:
        quiet = lab.own(WrongServer(lambda _: ()))
        await quiet.start()
        start = time.monotonic()
        sends = [asyncio.create_task(
            lab.bob.say("sip:ann@far.example", "quiet %d" % i))
            for i in range(20)]
        await asyncio.sleep(0.3)
        await neighbours_talk(lab)
        answers = [await s for s in sends]
        assert all(a.code == 202 for a in answers), \
            [a.code for a in answers]
        assert time.monotonic() - start < 20
        names = [q[1] for q in quiet.questions]
        assert len(names) < 40, "each message asked anew"


def head(data, flags=0x8180, answers=0):
    ident = struct.unpack(">H", data[:2])[0]
    return struct.pack(">6H", ident, flags, 1, answers, 0, 0)


def question_of(data):
    at = 12
    while data[at]:
        at += 1 + data[at]
    return data[12:at + 5]


def record(kind, data, owner=b"\xc0\x0c"):
    return owner + struct.pack(">2HLH", kind, 1, 60, len(data)) + data


def lies(data):
    """Many wrong answers to one question, none of them right."""
    q = question_of(data)
    kind = struct.unpack(">H", q[-4:-2])[0]
    evil = record(1, bytes([198, 51, 100, 6]))
    wrong_id = bytes([data[0] ^ 1]) + head(data, answers=1)[1:] + q + evil
    wrong_name = head(data, answers=1) + b"\x01x" + q + evil
    loop = head(data, answers=1) + q + record(5, b"\xc0\x0c")
    pointer = head(data, answers=1) + q + b"\xc0" + bytes([12 + len(q)]) + \
        bytes(10)
    huge = head(data, answers=65535) + q + record(kind, b"\0" * 4) * 3000
    return [wrong_id] * 5 + [wrong_name, b"", b"\0" * 11,
                             loop if kind % 2 else pointer, huge[:60000]]


@test("A lying name server is not believed; the message waits")
async def lying(top):
    async with lonely(top) as lab:
        liar = await lab.own(WrongServer(lies)).start()
        start = time.monotonic()
        answer = await lab.bob.say("sip:ann@far.example", "truth")
        assert answer.code == 202, answer.start
        assert time.monotonic() - start < 15
        await neighbours_talk(lab)
        assert lab.node.is_running and liar.questions
        await liar.close()
        lab.things.remove(liar)
        await start_nsd(lab, [zone("far.example")])
        await lab.far.wait_text("truth", 30)


@test("A dead first name server only costs its time")
async def second(top):
    async with lonely(top) as lab:
        await start_nsd(lab, [zone("far.example")], address=SECOND)
        answer = await lab.bob.say("sip:ann@far.example", "by the second")
        assert answer.code == 200, answer.start
        await lab.far.wait_text("by the second")


@test("What was known serves on when the name server dies; TTL is kept")
async def stale(top):
    async with lonely(top) as lab:
        dns = await start_nsd(lab, [zone("far.example", 1)])
        answer = await lab.bob.say("sip:ann@far.example", "first")
        assert answer.code == 200, answer.start
        await dns.kill()
        await asyncio.sleep(1.5)
        answer = await lab.bob.say("sip:ann@far.example", "by memory")
        assert answer.code == 200, answer.start
        await lab.far.wait_text("by memory")


@test("A slow name server makes a message late and not lost")
async def slow(top):
    async with lonely(top) as lab:
        dns = await start_nsd(lab, [zone("far.example")], address="127.0.0.55")
        assert isinstance(dns, Nsd)

        async def forward(data):
            await asyncio.sleep(0.7)
            loop = asyncio.get_running_loop()
            import socket
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.setblocking(False)
                s.connect(("127.0.0.55", 53))
                s.send(data)
                return [await loop.sock_recv(s, 4096)]
        await lab.own(WrongServer(forward)).start()
        send = asyncio.create_task(lab.bob.say("sip:ann@far.example", "slow"))
        await neighbours_talk(lab)
        answer = await send
        assert answer.code == 200, answer.start
        await lab.far.wait_text("slow")


if __name__ == "__main__":
    enter_namespace()
    tap.main(__doc__, nothing)
