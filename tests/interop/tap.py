"""Tests as functions, results as TAP.

    @test("A refusal comes back under the sender's id", "X-37 X-36")
    async def refusal(lab): ...

    tap.main(__doc__, fixture)

fixture(build) is an async context manager; what it gives is handed to each
test in turn. A test passes when it returns, is skipped by raising Skip, and
fails otherwise; the rest go on.
"""

import argparse
import asyncio
import sys
import time
import traceback

TESTS = []


class Skip(Exception):
    pass


def test(name, rows="", timeout=40):
    def take(function):
        TESTS.append((name, rows, timeout, function))
        return function
    return take


def diag(text):
    for line in str(text).splitlines():
        print("# " + line, file=sys.stderr)
    sys.stderr.flush()


async def run_one(number, name, rows, timeout, function, lab):
    label = "%d - %s%s" % (number, name, " [%s]" % rows if rows else "")
    start = time.monotonic()
    try:
        await asyncio.wait_for(function(lab), timeout)
        print("ok " + label, flush=True)
        return True
    except Skip as e:
        print("ok %s # SKIP %s" % (label, e), flush=True)
        return True
    except asyncio.TimeoutError:
        diag("%s: %s\n%s" % (name, "not done in %d s" % timeout,
                             traceback.format_exc()))
    except Exception:
        diag("%s\n%s" % (name, traceback.format_exc()))
    tail = getattr(lab, "tail", None)
    if tail:
        diag(tail())
    print("not ok " + label, flush=True)
    diag("%.1f s" % (time.monotonic() - start))
    return False


async def run_all(fixture, build, only):
    chosen = [t for t in TESTS
              if not only or any(o in t[3].__name__ for o in only)]
    print("1..%d" % len(chosen), flush=True)
    passed = 0
    async with fixture(build) as lab:
        for i, (name, rows, timeout, function) in enumerate(chosen, 1):
            passed += await run_one(i, name, rows, timeout, function, lab)
    return passed == len(chosen)


def main(about, fixture):
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--build", help="folder of the programs "
                        "(build/release, or $CAUSEWAY_BUILD)")
    parser.add_argument("only", nargs="*",
                        help="only tests with this in their function's name")
    args = parser.parse_args()
    try:
        good = asyncio.run(run_all(fixture, args.build, args.only))
    except Exception:
        diag(traceback.format_exc())
        print("Bail out! the laboratory could not be set up", flush=True)
        good = False
    sys.exit(0 if good else 1)
