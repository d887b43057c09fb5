#!/usr/bin/python3
"""Run test programs that speak TAP and keep what each test said.

Usage: tests/run.py [--results FILE] [--append] [--jobs N] [--timeout S]
                    [PROG ...] [--serial PROG ...]

Every program runs in a process group of its own, with no input and a time
limit; those after --serial run one by one when the others are done. A PROG
with arguments is given as one word: 'tests/lint/pure.sh build/core'.

Standard output is read as TAP, standard error is only kept:
    ok N - name [ROW ROW]       not ok N - name       ok N - name # SKIP why
The bracket names the conformance rows the test proves. Each test becomes a
line of the results file: program, name, pass|fail|skip, rows, seconds (of the
whole program). The last line printed is "N passed, N failed, N skipped" and
counts the whole results file, with --append also what was in it before.
The exit status is 0 only when nothing failed.
"""

import argparse
import concurrent.futures
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time

TEST = re.compile(r"(not )?ok\b(?:\s+\d+)?(?:\s+-)?\s*(.*)$")
PLAN = re.compile(r"1\.\.(\d+)\s*(?:#\s*(.*))?$")
SKIP = re.compile(r"(?:^|\s)#\s*SKIP\b\S*\s*(.*)$", re.IGNORECASE)
ROWS = re.compile(r"\s*\[((?:[A-Z]{1,3}-?[0-9]+[a-z]?[\s,]*)+)\]$")
# What cmocka puts behind the name of a test whose fixture failed.
NOISE = re.compile(r"\s*(Could not run test: .*|\[  FAILED  \].*)$")

TERM_GRACE_S = 3	# between asking a late program to stop and killing it
POLL_S = 0.01


class Test:
    """One line of the results file."""

    def __init__(self, program, name, verdict, rows=(), why=""):
        self.program = program
        self.name = " ".join(name.split()) or "(no name)"
        self.verdict = verdict
        self.rows = list(rows)
        self.why = why

    def line(self, seconds):
        return "\t".join((self.program, self.name, self.verdict,
                          ",".join(self.rows), "%.3f" % seconds))


def parse_tap(program, text):
    """Return (tests, planned); planned is None when no plan was printed."""
    tests = []
    planned = None
    for line in text.splitlines():
        line = line.rstrip()
        plan = PLAN.match(line)
        if plan:
            planned = (planned or 0) + int(plan.group(1))
            skip = SKIP.search("# " + (plan.group(2) or ""))
            if plan.group(1) == "0" and skip:
                tests.append(Test(program, "all of " + program, "skip",
                                  why=skip.group(1)))
                planned += 1
            continue
        if line.startswith("Bail out!"):
            tests.append(Test(program, line, "fail"))
            continue
        test = TEST.match(line)
        if not test:
            continue
        name = test.group(2)
        verdict = "fail" if test.group(1) else "pass"
        why = ""
        skip = SKIP.search(name)
        if skip:
            # cmocka writes "not ok N # SKIP name" and never says why
            verdict = "skip"
            why = skip.group(1)
            name = name[:skip.start()].strip() or why
        name = NOISE.sub("", name)
        rows = ROWS.search(name)
        if rows:
            name = name[:rows.start()]
        tests.append(Test(program, name, verdict,
                          re.split(r"[\s,]+", rows.group(1).strip(" ,"))
                          if rows else (), why))
    return tests, planned


class Runner:
    def __init__(self, timeout_s, results):
        self.timeout_s = timeout_s
        self.results = results
        self.lock = threading.Lock()
        self.stop = threading.Event()

    @staticmethod
    def command(program):
        """Words to execute; a script without x bit gets its interpreter."""
        words = [program] if os.path.exists(program) else shlex.split(program)
        path = words[0]
        if os.path.isfile(path) and not os.access(path, os.X_OK):
            if path.endswith(".py"):
                return [sys.executable] + words
            if path.endswith(".sh"):
                return ["bash"] + words
        if "/" not in path:
            words[0] = "./" + path
        return words

    @staticmethod
    def exited(pid):
        """True when the program has ended; it stays unreaped, so that its
        process group id cannot have been given to anybody else."""
        return os.waitid(os.P_PID, pid,
                         os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None

    @staticmethod
    def kill_group(pid, sig):
        try:
            os.killpg(pid, sig)
        except (ProcessLookupError, PermissionError):
            pass

    def wait(self, proc):
        """Wait for the program; False when it had to be stopped."""
        limit = time.monotonic() + self.timeout_s
        while not self.exited(proc.pid):
            if time.monotonic() >= limit or self.stop.is_set():
                self.kill_group(proc.pid, signal.SIGTERM)
                limit = time.monotonic() + TERM_GRACE_S
                while not self.exited(proc.pid) and time.monotonic() < limit:
                    time.sleep(POLL_S)
                self.kill_group(proc.pid, signal.SIGKILL)
                proc.wait()
                return False
            time.sleep(POLL_S)
        # What it left running goes with it.
        self.kill_group(proc.pid, signal.SIGKILL)
        proc.wait()
        return True

    def execute(self, program):
        """Run one program; return (tests, output, seconds)."""
        env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP")
        start = time.monotonic()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            try:
                proc = subprocess.Popen(
                    self.command(program), stdin=subprocess.DEVNULL,
                    stdout=out, stderr=err, env=env, start_new_session=True)
            except OSError as error:
                return ([Test(program, "starts", "fail")],
                        "%s\n" % error, time.monotonic() - start)
            in_time = self.wait(proc)
            seconds = time.monotonic() - start
            texts = []
            for stream in (out, err):
                stream.seek(0)
                texts.append(stream.read().decode("utf-8", "replace"))
        tests, planned = parse_tap(program, texts[0])
        seen = len(tests)
        failed = any(test.verdict == "fail" for test in tests)
        own = None
        if self.stop.is_set() and not in_time:
            own = "was interrupted"
        elif not in_time:
            own = "ends within %g s" % self.timeout_s
        elif proc.returncode < 0:
            own = "ends without signal %d" % -proc.returncode
        elif proc.returncode > 0 and not failed:
            own = "ends with status 0, not %d" % proc.returncode
        elif not tests:
            own = "runs at least one test"
        elif planned is not None and planned != seen and not failed:
            own = "runs the %d tests it planned, not %d" % (planned, seen)
        if own:
            tests.append(Test(program, own, "fail"))
        return tests, "".join(texts), seconds

    def run(self, program):
        if self.stop.is_set():
            return
        tests, output, seconds = self.execute(program)
        failed = [test for test in tests if test.verdict == "fail"]
        with self.lock:
            print("%-4s %s (%d tests, %.2f s)" % (
                "FAIL" if failed else "ok", program, len(tests), seconds))
            for test in tests:
                if test.verdict == "skip":
                    print("     skipped: %s (%s)" % (test.name,
                                                     test.why or "no reason"))
            if failed:
                print("---- output of %s" % program)
                print(output.rstrip("\n"))
                print("---- end; failed: %s" % "; ".join(
                    test.name for test in failed))
            sys.stdout.flush()
            for test in tests:
                self.results.write(test.line(seconds) + "\n")
            self.results.flush()


def count(path):
    """Verdicts of a whole results file."""
    verdicts = {"pass": 0, "fail": 0, "skip": 0}
    with open(path, encoding="utf-8") as results:
        for line in results:
            verdicts[line.split("\t")[2]] += 1
    return verdicts


def main():
    parser = argparse.ArgumentParser(
        description="run TAP test programs and count their tests")
    parser.add_argument("programs", nargs="*", metavar="PROG")
    parser.add_argument("--serial", nargs="*", default=[], metavar="PROG",
                        help="run these alone, after the others")
    parser.add_argument("--results", default="build/results.tsv")
    parser.add_argument("--append", action="store_true",
                        help="keep what the results file holds already")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--timeout", type=float, default=120.0,
                        help="seconds a program may take")
    args = parser.parse_args()
    if not args.append and not args.programs and not args.serial:
        parser.error("no test program given")

    os.makedirs(os.path.dirname(args.results) or ".", exist_ok=True)
    with open(args.results, "a" if args.append else "w",
              encoding="utf-8") as results:
        runner = Runner(args.timeout, results)
        for sig in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sig, lambda *_: runner.stop.set())
        with concurrent.futures.ThreadPoolExecutor(max(1, args.jobs)) as pool:
            list(pool.map(runner.run, args.programs))
        for program in args.serial:
            runner.run(program)

    verdicts = count(args.results)
    if runner.stop.is_set():
        print("interrupted")
    print("%(pass)d passed, %(fail)d failed, %(skip)d skipped" % verdicts)
    return 1 if verdicts["fail"] or runner.stop.is_set() else 0


if __name__ == "__main__":
    sys.exit(main())
