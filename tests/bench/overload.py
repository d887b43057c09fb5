#!/usr/bin/python3
"""What is left of the daemon's work when twice as much is asked of it: first
the most it does with a window that never overruns it, then a stream at twice
that rate that waits for nobody. The messages that got there per second, and
how long they took, against the peak. The daemon has a core to itself, the
generator another."""

import argparse
import asyncio
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from bench import BODY, USERS, make_generator  # noqa: E402
from lab import SIP_DOMAIN, Lab, Process, build_dir, sip_config  # noqa: E402
from measure import Cpu, Load, memory_bytes, middle  # noqa: E402
from peers import Node  # noqa: E402

TIMES = 2.0	# of the peak
LEAST = 0.8	# of the peak that must be left


def pin(pid, core):
    """All threads of it; without a second core everything shares one."""
    if os.cpu_count() < 2:
        return
    for thread in os.listdir("/proc/%d/task" % pid):
        os.sched_setaffinity(int(thread), {core})


async def run_load(lab, node, **options):
    load = lab.own(Load(lab.program, **dict({
        "port": node.port, "domain": SIP_DOMAIN, "users": USERS, "body": BODY,
        "warmup": 0.5, "phases": 1}, **options)))
    await load.start(Process._child)
    pin(load.proc.pid, 1)
    pin(node.pid, 0)
    cpu = Cpu(node.pid)
    result = await load.go()
    result["busy"] = cpu.spent_us()[0] / 1e6 / result["seconds"]
    result["memory"] = memory_bytes(node.pid)
    await load.close()
    return result


def rate_of(result):
    return result["codes"].get("200", 0) / result["seconds"]


async def measure(args, transport):
    """Peak and flood in turn: the rest of the machine is seldom the same for
    long, so each flood is held against the peak beside it."""
    async with Lab(args.build) as lab:
        lab.program = os.path.join(args.build, "tests/bench/sipload")
        node = lab.own(Node(lab.dir, lab.ports, lab.build, sip_config(),
                            "overload"))
        await node.start()
        await node.add_users(USERS)
        left = []
        for _ in range(args.rounds):
            peak = await run_load(lab, node, transport=transport, window=256,
                                  seconds=args.seconds)
            flood = await run_load(lab, node, transport=transport,
                                   window=60000, rate=TIMES * rate_of(peak),
                                   seconds=args.seconds)
            left.append(rate_of(flood) / rate_of(peak))
            print("%s: peak %.0f/s; asked %.0f/s: 200 for %.0f/s = %.0f %%, "
                  "202 for %d, 503 for %d, unanswered %d, retransmitted %d, "
                  "lost %d; p50 %.0f ms, p99 %.0f ms; %.0f MiB; CPU of the "
                  "daemon %.0f and %.0f %%" % (
                      transport, rate_of(peak),
                      flood["sent"] / flood["seconds"], rate_of(flood),
                      100 * left[-1], flood["codes"].get("202", 0),
                      flood["codes"].get("503", 0), flood["unanswered"],
                      flood["retransmitted"], flood["undelivered"],
                      flood["p50_us"] / 1000, flood["p99_us"] / 1000,
                      flood["memory"] / 2 ** 20, 100 * peak["busy"],
                      100 * flood["busy"]), flush=True)
        if args.verbose:
            print(node.tail(30))
    print("%s: %.0f %% of the peak is left at %.1f times the load" % (
        transport, 100 * middle(left), TIMES))
    return middle(left) >= LEAST


async def run(args):
    good = True
    for transport in args.transport or ("udp", "tcp"):
        good &= await measure(args, transport)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", help="folder of the programs")
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--transport", action="append")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    args.build = build_dir(args.build)
    make_generator(args.build)
    sys.exit(0 if asyncio.run(run(args)) else 1)


if __name__ == "__main__":
    main()
