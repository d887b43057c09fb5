"""What a server costs: CPU of its process tree, memory, and what the disk
under it can do. CPU comes from /proc/PID/task/TID/schedstat, in nanoseconds,
so that short runs on a noisy machine still compare."""

import asyncio
import json
import os
import statistics
import time

PROBE_BYTES = 4096
PROBE_BLOCKS = 256
PROBE_S = 1.0


# ---- processes -------------------------------------------------------------

def parents():
    """pid -> parent's pid, of all processes there are."""
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % name, encoding="utf-8",
                      errors="replace") as f:
                found[int(name)] = int(f.read().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            pass
    return found


def tree(pid):
    """That process and everything it started, oldest first."""
    by_parent = {}
    for child, parent in parents().items():
        by_parent.setdefault(parent, []).append(child)
    out, todo = [], [pid]
    while todo:
        one = todo.pop(0)
        out.append(one)
        todo += sorted(by_parent.get(one, []))
    return out


def threads_cpu(pid):
    """(pid, tid) -> nanoseconds on a CPU, of the whole tree."""
    out = {}
    for one in tree(pid):
        folder = "/proc/%d/task" % one
        try:
            tids = os.listdir(folder)
        except OSError:
            continue
        for tid in tids:
            try:
                with open("%s/%s/schedstat" % (folder, tid),
                          encoding="ascii") as f:
                    out[one, int(tid)] = int(f.read().split()[0])
            except (OSError, IndexError):
                pass
    return out


class Cpu:
    """CPU between two looks at a tree of processes."""

    def __init__(self, pid):
        self.pid = pid
        self.before = threads_cpu(pid)

    def spent_us(self):
        """(all, by thread in the order they were made), microseconds."""
        after = threads_cpu(self.pid)
        each = [(ns - self.before.get(key, 0)) / 1000
                for key, ns in sorted(after.items())]
        return sum(each), each


def memory_bytes(pid):
    """Private and shared-once memory of the tree: the sum of Pss where the
    kernel tells it, else of the resident sets."""
    total = 0
    for one in tree(pid):
        try:
            with open("/proc/%d/smaps_rollup" % one, encoding="ascii",
                      errors="replace") as f:
                for line in f:
                    if line.startswith("Pss:"):
                        total += int(line.split()[1]) * 1024
        except OSError:
            pass
    return total


# ---- the disk --------------------------------------------------------------

def probe_disk(folder, seconds=PROBE_S):
    """How often a second 4 KiB are written over and made durable there."""
    path = os.path.join(folder, "probe")
    block = os.urandom(PROBE_BYTES)
    n = 0
    fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.write(fd, block * PROBE_BLOCKS)
        os.fsync(fd)
        start = time.monotonic()
        while time.monotonic() - start < seconds:
            os.pwrite(fd, block, n % PROBE_BLOCKS * PROBE_BYTES)
            os.fdatasync(fd)
            n += 1
        return n / (time.monotonic() - start)
    finally:
        os.close(fd)
        os.unlink(path)


# ---- the generator ---------------------------------------------------------

class Load:
    """The load generator on one server: its users are registered once, each
    go() is one round."""

    def __init__(self, program, **options):
        self.words = [program, "--wait"]
        for name, value in options.items():
            word = "--" + name.replace("_", "-")
            if value is True:
                self.words.append(word)
            elif value is not None and value is not False:
                self.words += [word, str(value)]
        self.proc = None

    async def start(self, child=None):
        self.proc = await asyncio.create_subprocess_exec(
            *self.words, stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            preexec_fn=child)
        await self._line(120)
        return self

    async def _line(self, timeout):
        line = await asyncio.wait_for(self.proc.stdout.readline(), timeout)
        if not line:
            said = (await self.proc.stderr.read()).decode().strip()
            raise AssertionError("the generator ended: %s" % said)
        return json.loads(line)

    async def go(self, timeout=120, rate=0):
        """One round, at that rate a second or as fast as it goes."""
        self.proc.stdin.write(b"go %d\n" % rate if rate else b"go\n")
        await self.proc.stdin.drain()
        return await self._line(timeout)

    async def again(self):
        """Waits until it can begin the next round."""
        await self._line(30)

    async def close(self):
        if self.proc and self.proc.returncode is None:
            self.proc.kill()
            await self.proc.wait()


# ---- figures ---------------------------------------------------------------

def middle(values):
    return statistics.median(values) if values else 0.0


def summary(rounds):
    """Medians of what differs, sums of what must not happen."""
    out = {key: middle([r[key] for r in rounds])
           for key in ("cpu_us", "rate", "p50_us", "p99_us", "own_us",
                       "memory")}
    for key in ("sent", "answered", "unanswered", "retransmitted",
                "delivered",
                "undelivered", "repeated", "refused"):
        out[key] = sum(r[key] for r in rounds)
    out["codes"] = {}
    for r in rounds:
        for code, n in r["codes"].items():
            out["codes"][code] = out["codes"].get(code, 0) + n
    out["least_us"] = min(r["cpu_us"] for r in rounds)
    out["rounds"] = [round(r["cpu_us"], 2) for r in rounds]
    width = min(len(r["threads_us"]) for r in rounds)
    out["threads_us"] = [middle([r["threads_us"][i] for r in rounds])
                         for i in range(width)]
    return out
