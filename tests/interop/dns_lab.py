"""Names of one's own: a network namespace for this process and what it starts,
NSD (Debian) as its authoritative server, and servers that fail in their ways.

    enter_namespace()                  # before anything listens
    zone = Zone("peer.example"); zone.add("@", "A", "198.51.100.7")
    dns = await start_nsd(lab, [zone])

The addresses of ADDRESSES lie on the loopback of that namespace, so that tests
have "public" addresses which nobody else can be disturbed by.
"""

import asyncio
import ctypes
import os
import socket
import struct
import subprocess
import sys

from lab import Process

CLONE_NEWNET = 0x40000000
DNS_ADDRESS = "127.0.0.53"
ADDRESSES = ["198.51.100.%d" % n for n in range(1, 9)]
ADDRESSES6 = ["2001:db8::%d" % n for n in range(1, 4)]


def enter_namespace():
    """A network of our own (as root): port 53 is free there."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):
        code = ctypes.get_errno()
        print("Bail out! unshare: %s" % os.strerror(code), flush=True)
        sys.exit(1)
    words = ["ip", "link", "set", "lo", "up"]
    subprocess.run(words, check=True)
    for address in ADDRESSES:
        subprocess.run(["ip", "addr", "add", address + "/32", "dev", "lo"],
                       check=True)
    for address in ADDRESSES6:
        subprocess.run(["ip", "addr", "add", address + "/128", "dev", "lo",
                        "nodad"], check=True)


class Zone:
    """A zone file in the making; names are relative to the zone."""

    def __init__(self, name, ttl=60):
        self.name, self.ttl, self.rows = name, ttl, []

    def add(self, owner, kind, data, ttl=None):
        self.rows.append((owner, ttl or self.ttl, kind, data))
        return self

    def naptr(self, order, preference, service, target):
        return self.add("@", "NAPTR", '%d %d "s" "%s" "" %s' % (
            order, preference, service, target))

    def srv(self, owner, priority, weight, port, target, ttl=None):
        return self.add(owner, "SRV", "%d %d %d %s" % (
            priority, weight, port, target), ttl)

    def text(self):
        rows = ["$ORIGIN %s." % self.name,
                "@ 60 IN SOA ns hostmaster 1 3600 600 86400 2",
                "@ 60 IN NS ns", "ns 60 IN A " + DNS_ADDRESS]
        rows += ["%s %d IN %s %s" % row for row in self.rows]
        return "\n".join(rows) + "\n"


class Nsd(Process):
    def __init__(self, folder, zones, address=DNS_ADDRESS, port=53):
        super().__init__("nsd", os.path.join(folder, "nsd.log"))
        self.dir, self.zones = os.path.join(folder, "nsd"), zones
        self.address, self.port = address, port
        os.makedirs(self.dir, exist_ok=True)
        self.config = os.path.join(self.dir, "nsd.conf")

    def write(self):
        text = ('server:\n ip-address: %s@%d\n port: %d\n username: ""\n'
                ' chroot: ""\n zonesdir: "%s"\n pidfile: ""\n database: ""\n'
                ' zonelistfile: "%s/zone.list"\n xfrdfile: "%s/xfrd"\n'
                ' xfrdir: "%s"\n server-count: 1\n hide-version: yes\n'
                ' verbosity: 1\nremote-control:\n control-enable: no\n' % (
                    self.address, self.port, self.port, self.dir, self.dir,
                    self.dir, self.dir))
        for zone in self.zones:
            path = os.path.join(self.dir, zone.name + ".zone")
            with open(path, "w", encoding="ascii") as f:
                f.write(zone.text())
            text += 'zone:\n name: "%s"\n zonefile: "%s"\n' % (zone.name,
                                                               path)
        with open(self.config, "w", encoding="ascii") as f:
            f.write(text)

    async def start(self):
        self.write()
        await self.spawn(["nsd", "-d", "-c", self.config], cwd=self.dir)
        for _ in range(200):
            if await answers(self.address, self.port, self.zones[0].name):
                return self
            await asyncio.sleep(0.05)
        raise AssertionError("nsd does not answer:\n%s" % self.tail())


def question(name, kind=6, ident=0x1234):
    labels = b"".join(bytes([len(p)]) + p.encode()
                      for p in name.split(".")) + b"\0"
    return struct.pack(">6H", ident, 0x0100, 1, 0, 0, 0) + labels + \
        struct.pack(">2H", kind, 1)


async def answers(address, port, name):
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setblocking(False)
        try:
            s.connect((address, port))
            s.send(question(name))
            data = await asyncio.wait_for(loop.sock_recv(s, 4096), 0.5)
        except (OSError, asyncio.TimeoutError):
            return False
        return len(data) > 12 and data[3] & 15 == 0


async def start_nsd(lab, zones, **more):
    return await lab.own(Nsd(lab.dir, zones, **more)).start()


def asked_of(data):
    """(id, name, type, question bytes) of a DNS query."""
    ident = struct.unpack(">H", data[:2])[0]
    at, labels = 12, []
    while data[at]:
        labels.append(data[at + 1:at + 1 + data[at]].decode("latin-1"))
        at += 1 + data[at]
    kind = struct.unpack(">H", data[at + 1:at + 3])[0]
    return ident, ".".join(labels), kind, data[12:at + 5]


class WrongServer:
    """A name server that does what reply(query bytes) says: a list of
    datagrams; () for silence."""

    def __init__(self, reply, address=DNS_ADDRESS, port=53):
        self.reply, self.where = reply, (address, port)
        self.questions = []
        self._transport = None

    def connection_made(self, transport):
        self._transport = transport

    def connection_lost(self, _):
        pass

    def error_received(self, _):
        pass

    def datagram_received(self, data, addr):
        self.questions.append(asked_of(data))
        asyncio.get_running_loop().create_task(self._answer(data, addr))

    async def _answer(self, data, addr):
        out = self.reply(data)
        if asyncio.iscoroutine(out):
            out = await out
        for datagram in out:
            if self._transport and not self._transport.is_closing():
                self._transport.sendto(datagram, addr)

    async def start(self):
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self,
                                            local_addr=self.where)
        return self

    async def close(self):
        self._transport.abort()
        await asyncio.sleep(0.05)	# the socket goes with the next pass
