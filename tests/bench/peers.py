"""The servers that are measured: our daemon, quiet and trusting the loopback,
and Kamailio doing the same job and nothing more.

Kamailio's default allocator (qm) checks and searches more than a relay needs:
with tlsf it spends less than half. Both are measured, so that the bar can be
held against what an operator gets from Debian and against the best a careful
one gets."""

import asyncio
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "interop"))

from lab import (Causewayd, Process, SIP_DOMAIN, START_S,  # noqa: E402
                 listens)
from measure import tree  # noqa: E402

KAMAILIO = """#!KAMAILIO
debug=-1
log_stderror=yes
fork=yes
children=4
tcp_children=4
auto_aliases=no
dns=no
rev_dns=no
listen=udp:127.0.0.1:{port}
listen=tcp:127.0.0.1:{port}
alias="{domain}"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
modparam("usrloc", "db_mode", 0)
modparam("usrloc", "hash_size", 14)

request_route {{
    if (method == "REGISTER") {{
        save("location");
        exit;
    }}
    if (method != "MESSAGE") {{
        sl_send_reply("405", "Method Not Allowed");
        exit;
    }}
    if (!lookup("location")) {{
        sl_send_reply("404", "Not Found");
        exit;
    }}
    t_relay();
}}
"""


class Kamailio(Process):
    """A registrar in memory and a stateful relay, four workers; no
    authentication, no Record-Route, no checks."""

    def __init__(self, folder, ports, allocator=None, domain=SIP_DOMAIN):
        super().__init__("kamailio", os.path.join(folder, "kamailio.log"))
        self.more = ["-x", allocator, "-X", allocator] if allocator else []
        self.port = ports.take()
        self.dir = os.path.join(folder, "kamailio-%d" % self.port)
        os.mkdir(self.dir)
        self.config = os.path.join(self.dir, "kamailio.cfg")
        with open(self.config, "w", encoding="ascii") as f:
            f.write(KAMAILIO.format(port=self.port, domain=domain))

    async def start(self):
        await self.spawn(["kamailio", "-f", self.config, "-DD", "-E", "-m",
                          "2048", "-Y", self.dir, "-P",
                          os.path.join(self.dir, "pid"), *self.more],
                         cwd=self.dir)
        await listens(self.port, process=self)
        # The workers for UDP start beside those for TCP.
        await asyncio.sleep(1)
        return self

    async def kill(self):
        """Its workers outlive a main process that is killed: ask first."""
        if not self.is_running:
            return
        family = tree(self.pid)[1:]
        try:
            await self.stop(5)
        except AssertionError:
            pass
        for pid in family:
            if os.path.exists("/proc/%d" % pid) and pid in tree(1):
                try:
                    os.kill(pid, 9)
                except ProcessLookupError:
                    pass


class Node(Causewayd):
    """Our daemon as an operator runs it under load: warnings only, and a
    listener that trusts its peers, so that nobody is challenged."""

    def __init__(self, folder, ports, build, config, name):
        super().__init__(folder, ports, build, config, name, ("udp", "tcp"))

    @property
    def port(self):
        return self.ports["udp"]

    def front(self):
        text = super().front().replace("log-level = debug",
                                       "log-level = warning")
        # One port for both transports, as the rival has.
        self.ports["tcp"] = self.ports["udp"]
        out = []
        for line in text.splitlines():
            if line.strip().startswith("port ="):
                line = ' port = %d\n trusted = {"127.0.0.1"}' % self.port
            out.append(line)
        return "\n".join(out) + "\n"

    async def spawn_daemon(self):
        self.write_config()
        words = [self.program, "-c", self.config_path]
        if os.geteuid() == 0:
            words.append("--allow-root")
        self.mark = len(self.lines)
        self.starts += 1
        await self.spawn(words, cwd=self.dir)

    async def start(self, timeout=START_S):
        """At this log level nothing says that it runs: it is asked."""
        await self.spawn_daemon()
        await self.asked(lambda: self.ask("status"), timeout)
        if "link " in self.text:
            await self.asked(self._links_up, timeout)
        return self

    async def _links_up(self):
        links = await self.ask("link", "ls")
        if not all(one.get("state") == "up" for one in links):
            raise LookupError("a link is down: %r" % links)

    async def asked(self, question, timeout):
        limit = time.monotonic() + timeout
        while True:
            try:
                return await question()
            except (OSError, LookupError, ValueError) as e:
                if not self.is_running or time.monotonic() > limit:
                    raise AssertionError("%s does not start: %s\n%s" % (
                        self.name, e, self.tail())) from e
            await asyncio.sleep(0.05)

    async def add_users(self, n):
        """u0, u1, ... with a password nobody needs here."""
        async def add(first):
            for i in range(first, n, 4):
                await self.add_user("u%d" % i, "bench")
        await asyncio.gather(*(add(i) for i in range(4)))
        return self
