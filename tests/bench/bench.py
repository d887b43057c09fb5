#!/usr/bin/python3
"""make bench: what a message costs, ours beside a real server doing the same
job in the same run.

Usage: tests/bench/bench.py [--build DIR] [--quick] [--only NAME,...]
           [--rounds N] [--seconds S] [--json] [--record FILE]

Everything runs on the loopback in a temporary folder. Ours and the rival are
loaded in turn (A B A B ...), so that what else the machine does meets both;
printed are medians, the ratio is the median of the rounds' ratios. CPU is that
of the whole process tree of the server. Rates and latencies of a shared
machine say little by themselves; the ratios do.

The figures go to tests/bench/record.tsv (name, value, unit, bar, ok): the last
record, of which "make conformance" reads the rows bench:<name>. --quick writes
no record unless --record says where. The exit status is 1 when something of
ours was lost or unanswered, never because of a time.
"""

import argparse
import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)

from crowd import (database, grow_backlog, grow_users,  # noqa: E402
                   start_timed)
from measure import (Cpu, Load, memory_bytes, middle,  # noqa: E402
                     probe_disk, summary)
from peers import Kamailio, Node  # noqa: E402
from lab import (Lab, Process, SIP_DOMAIN, build_dir,  # noqa: E402
                 sip_config, xmpp_config)

RECORD = os.path.join(HERE, "record.tsv")
PEER = "peer.example"
BODY, WINDOW, USERS = 100, 64, 100
STAGES = ("loop", "writer", "reader")
UDP_RATE = 10000
CACHE = 'store {\n cache = 1G\n}\n'
SETTLE_S = 0.3		# what a server puts off belongs to the round
LOAD = 'limits {\n sender-rate = 0\n%s}\n'
MANY = ' quota-count = 1000000\n quota-bytes = 8G\n'


class Bench:
    def __init__(self, lab, args):
        self.lab, self.args = lab, args
        self.program = os.path.join(lab.build, "tests", "bench", "sipload")
        self.results, self.figures, self.faults = {}, [], []

    # ---- parts of every row ------------------------------------------------

    def say(self, text=""):
        if not self.args.json:
            print(text, flush=True)

    def figure(self, name, value, unit, bar=None, is_good=None):
        self.figures.append((name, value, unit, bar, is_good))

    async def node(self, name, users, config="", limits=""):
        node = self.lab.own(Node(self.lab.dir, self.lab.ports, self.lab.build,
                                 sip_config() + LOAD % limits + config, name))
        await node.start()
        return await node.add_users(users)

    async def load(self, server, **options):
        options = dict({"port": server.port, "domain": SIP_DOMAIN,
                        "users": USERS, "window": WINDOW, "body": BODY,
                        "seconds": self.args.seconds, "warmup": 0.5,
                        "phases": self.args.rounds + 1}, **options)
        load = self.lab.own(Load(self.program, **options))
        return await load.start(Process._child)

    async def round(self, load, server, others=(), is_last=False, rate=0):
        """One round on one server; what others spend is told beside."""
        cpus = [Cpu(p.pid) for p in (server, *others)]
        result = await load.go(rate=rate)
        await asyncio.sleep(SETTLE_S)
        n = max(result["answered"], 1)
        all_us, each_us = cpus[0].spent_us()
        result["cpu_us"] = all_us / n
        result["threads_us"] = [us / n for us in each_us]
        result["others_us"] = [c.spent_us()[0] / n for c in cpus[1:]]
        result["memory"] = memory_bytes(server.pid)
        if not is_last:
            await load.again()
        return result

    async def interleave(self, sides, count=None):
        """sides: name -> (load, server, others). name -> rounds."""
        rounds = {name: [] for name in sides}
        for i in range(count or self.args.rounds):
            for name, (load, server, others) in sides.items():
                rounds[name].append(await self.round(load, server, others))
        return rounds

    @staticmethod
    async def close(sides):
        for load, _, _ in sides.values():
            await load.close()

    async def half_load(self, row, name, side, rate):
        """Waiting times with half of what it can do: the figures that an
        operator plans with."""
        load, server, others = side
        one = await self.round(load, server, others, True,
                               max(rate / 2, 10))
        self.say("  %-18s at %.0f/s (half): p50 %.2f ms, p99 %.2f ms, "
                 "%.1f us" % (name, one["rate"], one["p50_us"] / 1000,
                              one["p99_us"] / 1000, one["cpu_us"]))
        for key in ("p50", "p99"):
            self.figure("%s_half_%s_%s" % (row, key, name.replace(" ", "_")),
                        round(one[key + "_us"] / 1000, 2), "ms")
        return one

    def check(self, row, one, codes):
        """Whatever is slow, nothing may be lost."""
        wrong = {c: n for c, n in one["codes"].items() if int(c) not in codes}
        for what in ("unanswered", "undelivered", "refused", "repeated"):
            if one[what]:
                self.faults.append("%s: %d %s of %d" % (
                    row, one[what], what, one["sent"]))
        if wrong:
            self.faults.append("%s: answers %s" % (row, wrong))

    def table(self, title, sides):
        self.say("\n%s" % title)
        self.say("  %-18s %9s %7s %8s %8s %8s %7s %6s %5s %7s" % (
            "", "CPU us/msg", "least", "rate/s", "p50 ms", "p99 ms",
            "retrans", "unansw", "lost", "MiB"))
        for name, s in sides.items():
            self.say("  %-18s %10.1f %7.1f %8.0f %8.2f %8.2f %7d %6d %5d "
                     "%7.1f" % (
                         name, s["cpu_us"], s["least_us"], s["rate"],
                         s["p50_us"] / 1000, s["p99_us"] / 1000,
                         s["retransmitted"], s["unanswered"],
                         s["undelivered"], s["memory"] / 2 ** 20))

    def ratio(self, name, rounds, ours, rival, bar=None):
        """Rounds in turn are compared pair by pair; the quietest round of
        each side is the cost that the rest of the machine spoils least."""
        each = [a["cpu_us"] / b["cpu_us"]
                for a, b in zip(rounds[ours], rounds[rival])]
        value = middle(each)
        least = min(a["cpu_us"] for a in rounds[ours]) / \
            min(b["cpu_us"] for b in rounds[rival])
        verdict = "no bar" if bar is None else "bar %.2f: %s" % (
            bar, "reached" if value <= bar else "not reached")
        self.say("  %s / %s: %.2f (rounds %.2f to %.2f, quietest %.2f), %s" % (
            ours, rival, value, min(each), max(each), least, verdict))
        self.figure(name, round(value, 3), "ratio",
                    bar and "<= %.2f" % bar,
                    None if bar is None else value <= bar)
        self.figure(name + "_quietest", round(least, 3), "ratio")

    # ---- (a) SIP to SIP ----------------------------------------------------

    async def sip_to_sip(self, transport, bar):
        sides = {"causewayd": await self.node("sip" + transport, USERS)}
        for name, allocator in (("kamailio", None), ("kamailio tlsf", "tlsf")):
            sides[name] = self.lab.own(Kamailio(self.lab.dir, self.lab.ports,
                                                allocator))
            await sides[name].start()
        row = "sip_" + transport
        sides = {name: (await self.load(server, transport=transport), server,
                        ()) for name, server in sides.items()}
        rounds = await self.interleave(sides)
        out = {name: summary(r) for name, r in rounds.items()}
        self.results[row] = out
        self.table("SIP to SIP over %s, registrar lookup, no authentication, "
                   "%d bytes, window %d" % (transport.upper(), BODY, WINDOW),
                   out)
        self.ratio(row + "_cpu_ratio", rounds, "causewayd", "kamailio", bar)
        # The bar is what Debian ships; this is the best a careful one gets.
        self.ratio(row + "_cpu_ratio_tlsf", rounds, "causewayd",
                   "kamailio tlsf")
        ours = out["causewayd"]
        for name, one in out.items():
            self.figure("%s_cpu_%s" % (row, name.replace(" ", "_")),
                        round(one["cpu_us"], 1), "us")
        self.figure(row + "_rate_ratio", round(
            ours["rate"] / out["kamailio tlsf"]["rate"], 3), "ratio")
        self.check(row, ours, {200})
        self.zero(row, ours)
        for name, side in sides.items():
            half = await self.half_load(row, name, side, ours["rate"])
            if name == "causewayd":
                self.check(row + ", half", half, {200})
        await self.close(sides)
        for _, server, _ in sides.values():
            await server.stop()

    def zero(self, row, one):
        lost = one["unanswered"] + one["undelivered"]
        self.figure(row + "_lost", lost, "messages", "0", lost == 0)

    async def sip_udp(self):
        """SIP to SIP over UDP beside Kamailio"""
        await self.sip_to_sip("udp", 1.0)

    async def sip_tcp(self):
        """SIP to SIP over TCP beside Kamailio"""
        await self.sip_to_sip("tcp", 0.6)

    # ---- (b) SIP to XMPP and back, Prosody between ---------------------------

    async def bridge(self, row, title, **options):
        prosody = await self.lab.prosody(components=(SIP_DOMAIN, PEER),
                                         users=(), level="warn")
        node = await self.node(row, USERS, xmpp_config(
            prosody.component, prosody.secrets[SIP_DOMAIN], domain=PEER),
            MANY)
        load = await self.load(
            node, xmpp_port=prosody.component, xmpp_domain=PEER,
            xmpp_secret=prosody.secrets[PEER], **options)
        side = (load, node, (prosody,))
        rounds = (await self.interleave({"ours": side}))["ours"]
        ours = summary(rounds)
        left = len(await node.queue())
        # A 202 may still be on its way; what is in the queue is not lost.
        ours["undelivered"] = max(ours["undelivered"] - left, 0)
        theirs = middle([r["others_us"][0] for r in rounds])
        disk = probe_disk(self.lab.dir)
        self.results[row] = {"causewayd": ours, "prosody_us": theirs,
                             "fdatasync_per_s": disk, "left": left}
        self.table("%s, %d bytes, window %d" % (title, BODY, WINDOW),
                   {"causewayd": ours})
        self.say("  %-18s %10.1f" % ("prosody's share", theirs))
        self.say("  ours by thread (loop, writer, reader): %s us; "
                 "fdatasync %.0f/s; left in the queue: %d; answers %s" % (
                     " + ".join("%.1f" % us for us in ours["threads_us"]),
                     disk, left, ours["codes"] or "none"))
        for stage, us in zip(STAGES, ours["threads_us"]):
            self.figure("%s_cpu_%s" % (row, stage), round(us, 1), "us")
        self.figure(row + "_cpu", round(ours["cpu_us"], 1), "us", "<= 100",
                    ours["cpu_us"] <= 100)
        self.figure(row + "_cpu_prosody", round(theirs, 1), "us")
        self.check(row, ours, {200, 202})
        self.zero(row, ours)
        self.check(row + ", half", await self.half_load(
            row, "causewayd", side, ours["rate"]), {200, 202})
        await self.close({"": side})
        await node.stop()
        await prosody.kill()

    async def sip_xmpp(self):
        """SIP to XMPP through Prosody, our share split out"""
        await self.bridge("sip_xmpp", "SIP to XMPP through Prosody",
                          to_xmpp=True)

    async def xmpp_sip(self):
        """XMPP to SIP through Prosody, our share split out"""
        await self.bridge("xmpp_sip", "XMPP to SIP through Prosody",
                          from_xmpp=True)

    # ---- (c) durable accepts -------------------------------------------------

    async def durable(self):
        """202 for an absent user beside the disk's own fdatasync rate"""
        node, accepted = await self.node("durable", USERS, limits=MANY), 0
        for window, bar in ((1, 0.5), (256, 2.0)):
            row = "durable_%d" % window
            load = await self.load(node, register=0, window=window,
                                   transport="tcp")
            rounds, each, disks = [], [], []
            for i in range(self.args.rounds):
                before = probe_disk(self.lab.dir, 0.5)
                rounds.append(await self.round(
                    load, node, (), i == self.args.rounds - 1))
                disks.append((before + probe_disk(self.lab.dir, 0.5)) / 2)
                each.append(rounds[-1]["rate"] / disks[-1])
            await load.close()
            one, value = summary(rounds), middle(each)
            one["undelivered"] = 0	# nobody is there
            accepted += one["codes"].get("202", 0)
            self.results[row] = {"causewayd": one, "ratio": value,
                                 "fdatasync_per_s": middle(disks)}
            self.table("Stored for an absent user (202), %d bytes, window %d, "
                       "TCP" % (BODY, window), {"causewayd": one})
            self.say("  %.2f accepts for each fdatasync the disk can do "
                     "(%.0f/s), rounds %.2f to %.2f, bar %.2f: %s" % (
                         value, middle(disks), min(each), max(each), bar,
                         "reached" if value >= bar else "not reached"))
            self.figure(row + "_ratio", round(value, 3), "ratio",
                        ">= %.2f" % bar, value >= bar)
            self.figure(row + "_cpu", round(one["cpu_us"], 1), "us")
            self.check(row, one, {202})
        await node.stop()
        stored = self.stored(node)
        self.say("  accepted %d (and warmed up with more), stored %d" % (
            accepted, stored))
        lost = max(accepted - stored, 0)
        self.figure("durable_lost", lost, "messages", "0", lost == 0)
        if lost:
            self.faults.append("durable: %d of %d accepted are not stored" % (
                lost, accepted))

    @staticmethod
    def stored(node):
        """Rows that wait, read from the database of a daemon that ended."""
        path = os.path.join(node.state, "causeway.db")
        db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
        try:
            return db.execute("SELECT count(*) FROM todos").fetchone()[0]
        finally:
            db.close()

    # ---- (d) growth ------------------------------------------------------------

    async def growth(self):
        """SIP to SIP with 10, 1,000 and 10,000 registered users"""
        sizes = (10, 1000) if self.args.quick else (10, 1000, 10000)
        sides, memory = {}, []
        for n in sizes:
            node = await self.node("growth%d" % n, n)
            load = await self.load(node, users=n, warmup=0)
            sides["%d users" % n] = (load, node, ())
            memory.append(memory_bytes(node.pid))
        rounds = await self.interleave(sides)
        out = {name: summary(r) for name, r in rounds.items()}
        await self.close(sides)
        for _, node, _ in sides.values():
            await node.stop()
        self.results["growth"] = out
        self.table("SIP to SIP over UDP by registered users", out)
        first, last = "%d users" % sizes[0], "%d users" % sizes[-1]
        self.ratio("growth_cpu_ratio", rounds, last, first, 1.15)
        bytes_each = (memory[-1] - memory[0]) / (sizes[-1] - sizes[0])
        self.say("  %.0f bytes a registered user, before any message" %
                 bytes_each)
        self.figure("growth_user_bytes", round(bytes_each), "bytes")
        for name, one in out.items():
            self.check("growth, " + name, one, {200})


    # ---- (e) a million users -------------------------------------------------

    async def crowd_node(self, name, far_port):
        """A node whose database has u0 and u1, registered for real."""
        node = await self.node(name, 2, CACHE, MANY)
        load = await self.load(node, users=2, far_port=far_port, warmup=0)
        await load.close()
        await node.stop()
        return node

    async def crowd_round(self, node, users, far_port, count):
        load = await self.load(node, users=users, register=0, warmup=0,
                               far_port=far_port, count=count, seconds=120)
        one = await self.round(load, node)
        await load.close()
        self.check("%d users" % users, one, {200})
        return one

    async def users(self):
        """Start, lookup and memory with 1,000 to 1,000,000 users"""
        sizes = (1000, 10000) if self.args.quick else \
            (1000, 10000, 100000, 1000000)
        count = 5000 if self.args.quick else 60000
        ports = self.lab.ports.take(), self.lab.ports.take()
        small = await self.crowd_node("users1000", ports[0])
        grow_users(small, 2, sizes[0])
        big, first = await self.crowd_node("users", ports[1]), 2
        self.say("\nMany users in the database, each with a contact; SIP to "
                 "SIP over UDP")
        self.say("  %9s %9s %8s %12s %12s %10s" % (
            "users", "file MiB", "start s", "from file us", "cached us",
            "bytes/user"))
        for n in sizes:
            grow_users(big, first, n)
            first = n
            start_s = await start_timed(big, SIP_DOMAIN)
            near = await self.crowd_round(big, sizes[0], ports[1], count)
            await big.stop()
            await start_timed(big, SIP_DOMAIN)
            wide = await self.crowd_round(big, n, ports[1], count)
            await big.stop()
            # Both left the same traces of as many messages.
            others = min(n, count) - sizes[0]
            each = (wide["memory"] - near["memory"]) / others if others else 0
            self.say("  %9d %9.1f %8.3f %12.1f %12.1f %10.0f" % (
                n, os.path.getsize(database(big)) / 2 ** 20, start_s,
                wide["cpu_us"], near["cpu_us"], each))
            self.results["users_%d" % n] = {
                "start_s": start_s, "cold": wide, "hot": near,
                "bytes": each}
        self.figure("users_start", round(start_s, 3), "s", "< 3", start_s < 3)
        self.figure("users_bytes", round(each), "bytes", "< 1024",
                    each < 1024)
        self.figure("users_cpu_from_file", round(wide["cpu_us"], 1), "us")
        await self.flat(small, big, ports, sizes)

    async def flat(self, small, big, ports, sizes):
        """The same few users written to, beside as many and beside all."""
        sides = {}
        for node, port, n in ((small, ports[0], sizes[0]),
                              (big, ports[1], sizes[-1])):
            await start_timed(node, SIP_DOMAIN)
            load = await self.load(node, users=sizes[0], register=0,
                                   far_port=port)
            sides["among %d users" % n] = (load, node, ())
        rounds = await self.interleave(sides)
        out = {name: summary(r) for name, r in rounds.items()}
        self.table("SIP to SIP over UDP to 1,000 of them", out)
        self.ratio("users_cpu_ratio", rounds, "among %d users" % sizes[-1],
                   "among %d users" % sizes[0], 1.15)
        await self.close(sides)
        for _, node, _ in sides.values():
            await node.stop()

    # ---- (f) a backlog -------------------------------------------------------

    async def backlog(self):
        """Durable accepts and the start beside many waiting messages"""
        n = 20000 if self.args.quick else 300000
        nodes, sides = {}, {}
        for waiting in (0, n):
            node = await self.node("backlog%d" % waiting, USERS,
                                   limits=MANY)
            load = await self.load(node, register=0, transport="tcp",
                                   window=64, count=1, warmup=0)
            await self.round(load, node)
            await load.close()
            await node.stop()
            if waiting:
                grow_backlog(node, waiting, waiting // 10)
            start_s = await start_timed(node, SIP_DOMAIN)
            nodes["%d waiting" % waiting] = node
        # A connection that says nothing for long is closed.
        for name, node in nodes.items():
            load = await self.load(node, register=0, transport="tcp",
                                   window=64)
            sides[name] = (load, node, ())
        rounds = await self.interleave(sides)
        out = {name: summary(r) for name, r in rounds.items()}
        await self.close(sides)
        for one in out.values():
            one["undelivered"] = 0	# nobody is there
        self.results["backlog"] = out
        self.table("Stored for an absent user beside a backlog, window 64, "
                   "TCP", out)
        self.ratio("backlog_cpu_ratio", rounds, "%d waiting" % n, "0 waiting",
                   1.25)
        self.say("  start with %d waiting messages: %.3f s" % (n, start_s))
        self.figure("backlog_start", round(start_s, 3), "s", "< 3",
                    start_s < 3)
        for name, one in out.items():
            self.check("backlog, " + name, one, {202})
        for _, node, _ in sides.values():
            await node.stop()

    # ---- (g) memory ----------------------------------------------------------

    async def udp_memory(self):
        """Memory at 10,000 messages/s over UDP, or what the generator gets"""
        node = await self.node("udpmemory", USERS)
        steps = 3 if self.args.quick else 9
        load = await self.load(node, window=256, seconds=5, phases=steps + 1)
        rounds = [await self.round(load, node, rate=UDP_RATE)
                  for _ in range(steps)]
        await load.close()
        await node.stop()
        mib = [r["memory"] / 2 ** 20 for r in rounds]
        rate = middle([r["rate"] for r in rounds])
        self.say("\nMemory under SIP over UDP at %.0f/s, after each 5 s: %s "
                 "MiB" % (rate, ", ".join("%.0f" % m for m in mib)))
        # What is remembered of a request lives 32 s.
        grown = mib[-1] / max(mib[:-1])
        self.figure("udp_memory_rate", round(rate), "messages/s")
        self.figure("udp_memory", round(max(mib)), "MiB", "<= 512",
                    max(mib) <= 512)
        self.figure("udp_memory_growth", round(grown, 3), "ratio", "<= 1.05",
                    grown <= 1.05)
        for one in rounds:
            self.check("udp_memory", one, {200})


ROWS = ("sip_udp", "sip_tcp", "sip_xmpp", "xmpp_sip", "durable", "growth",
        "users", "backlog", "udp_memory")


# ---- the record --------------------------------------------------------------

def read_record(path):
    rows = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            for line in f:
                cells = line.rstrip("\n").split("\t")
                if len(cells) == 5 and not line.startswith("#"):
                    rows[cells[0]] = cells
    return rows


def write_record(path, figures):
    """Figures of this run replace those of the same name; others stay."""
    rows = read_record(path)
    for name, value, unit, bar, is_good in figures:
        verdict = "-" if is_good is None else "ok" if is_good else "no"
        rows[name] = [name, str(value), unit, bar or "-", verdict]
    with open(path, "w", encoding="utf-8") as f:
        f.write("# name\tvalue\tunit\tbar\treached\n")
        for _, cells in sorted(rows.items()):
            f.write("\t".join(cells) + "\n")


# ---- all together --------------------------------------------------------------

def make_generator(build):
    """The generator is built like everything else, if it lies in our tree."""
    target = os.path.relpath(os.path.join(build, "tests/bench/sipload"), ROOT)
    if target.startswith("build" + os.sep):
        subprocess.run(["make", "-s", "-C", ROOT, "VARIANT=" +
                        target.split(os.sep)[1], target],
                       check=True, stdout=sys.stderr)


async def run(args):
    start = time.monotonic()
    async with Lab(args.build) as lab:
        bench = Bench(lab, args)
        bench.say("%d rounds of %g s each, on %d cores, load average %.1f" % (
            args.rounds, args.seconds, os.cpu_count(), os.getloadavg()[0]))
        for name in args.only or ROWS:
            try:
                await getattr(bench, name)()
            except (AssertionError, OSError, LookupError,
                    asyncio.TimeoutError) as e:
                bench.faults.append("%s: %s" % (name, e or
                                                type(e).__name__))
    if args.record:
        write_record(args.record, bench.figures)
    if args.json:
        print(json.dumps({"results": bench.results, "figures": [
            dict(zip(("name", "value", "unit", "bar", "ok"), f))
            for f in bench.figures], "faults": bench.faults}, indent=1))
    bench.say("\n%.0f s" % (time.monotonic() - start))
    for fault in bench.faults:
        print("FAULT %s" % fault, file=sys.stderr)
    return 1 if bench.faults else 0


def main():
    parser = argparse.ArgumentParser(
        description="what a message costs, ours beside a rival's")
    parser.add_argument("--build", help="folder of the programs "
                        "(build/release)")
    parser.add_argument("--quick", action="store_true",
                        help="a few seconds per row, no record")
    parser.add_argument("--only", default="", metavar="NAME,...",
                        help="of " + ", ".join(ROWS))
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--record", metavar="FILE")
    args = parser.parse_args()
    args.build = build_dir(args.build)
    args.rounds = args.rounds or (2 if args.quick else 7)
    args.seconds = args.seconds or (1 if args.quick else 2)
    args.record = args.record or (None if args.quick else RECORD)
    args.only = [name for name in args.only.split(",") if name]
    if set(args.only) - set(ROWS):
        parser.error("--only takes " + ", ".join(ROWS))
    make_generator(args.build)
    sys.exit(asyncio.run(run(args)))


if __name__ == "__main__":
    main()
