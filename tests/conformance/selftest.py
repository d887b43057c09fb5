#!/usr/bin/python3
"""Tests of tests/run.py and tests/conformance/report.py themselves.

Each case writes small programs or lists into a temporary folder, runs the
tool on them as make would, and looks at its output, files and exit status.
Prints TAP.
"""

import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
RUN = os.path.join(os.path.dirname(HERE), "run.py")
REPORT = os.path.join(HERE, "report.py")
HEADER = "id\tsource\tbehaviour\ttests\n"


class Folder:
    """A temporary folder with the two tools pointed at it."""

    def __init__(self, path):
        self.path = path
        self.results = os.path.join(path, "results.tsv")
        os.mkdir(os.path.join(path, "lists"))

    def write(self, name, text, mode=0o755):
        path = os.path.join(self.path, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(path, mode)
        return path

    def read(self, name):
        with open(os.path.join(self.path, name), encoding="utf-8") as text:
            return text.read()

    def shell(self, name, text):
        return self.write(name, "#!/bin/sh\n" + text)

    @staticmethod
    def tool(*words):
        done = subprocess.run([sys.executable, *words], text=True,
                              capture_output=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr

    def run(self, *words):
        return self.tool(RUN, "--results", self.results, *words)

    def report(self, *words):
        return self.tool(REPORT, "--results", self.results, "--rows",
                         os.path.join(self.path, "lists"), "--record",
                         os.path.join(self.path, "record.tsv"), *words)

    def rows(self, *lines):
        self.write("lists/rows.tsv", HEADER + "".join(
            line + "\n" for line in lines), 0o644)

    def said(self, *lines):
        self.write("results.tsv", "".join(
            "prog\t%s\t0.1\n" % line for line in lines), 0o644)


def last(text):
    return text.rstrip("\n").split("\n")[-1]


def run_counts_verdicts(box):
    prog = box.shell("a", 'echo "1..3"; echo "ok 1 - one [CP01 X-9b]"\n'
                     'echo "not ok 2 - two"; echo "ok 3 - three # SKIP why"\n'
                     'echo loud; exit 1\n')
    status, text = box.run(prog)
    assert status == 1
    assert last(text) == "1 passed, 1 failed, 1 skipped", text
    assert "loud" in text and "skipped: three (why)" in text, text
    lines = [line.split("\t") for line in
             box.read("results.tsv").splitlines()]
    assert [line[1:4] for line in lines] == [
        ["one", "pass", "CP01,X-9b"], ["two", "fail", ""],
        ["three", "skip", ""]], lines
    assert all(re.fullmatch(r"\d+\.\d{3}", line[4]) for line in lines)


def run_good_is_quiet(box):
    prog = box.shell("a", 'echo "ok 1 - one"; echo chatter; echo log >&2\n')
    status, text = box.run(prog)
    assert status == 0 and "chatter" not in text and "log" not in text
    assert last(text) == "1 passed, 0 failed, 0 skipped", text


def run_understands_cmocka(box):
    prog = box.shell("a", 'echo "1..2"; echo "not ok 1 # SKIP later"\n'
                     'echo "not ok 2 - set [S-1] Could not run test: bad"\n'
                     'echo "# not ok - group"; echo "1..1"\n'
                     'echo "not ok 0 - g [  FAILED  ] GROUP SETUP"; exit 2\n')
    box.run(prog)
    lines = [line.split("\t")[1:4] for line in
             box.read("results.tsv").splitlines()]
    assert lines == [["later", "skip", ""], ["set", "fail", "S-1"],
                     ["g", "fail", ""]], lines


def run_fails_bad_programs(box):
    cases = {
        "status": 'echo "ok 1 - fine"; exit 3\n',
        "killed": 'echo "ok 1 - fine"; kill -9 $$\n',
        "silent": 'echo nothing\n',
        "short": 'echo "1..2"; echo "ok 1 - fine"\n',
        "bail": 'echo "Bail out! no disk"\n',
    }
    for name, text in cases.items():
        status, said = box.run(box.shell(name, text))
        assert status == 1 and ", 1 failed, " in last(said), (name, said)
    status, said = box.run(os.path.join(box.path, "absent"))
    assert status == 1 and last(said) == "0 passed, 1 failed, 0 skipped", said


def run_stops_late_programs(box):
    mark = os.path.join(box.path, "mark")
    prog = box.shell("late", 'echo "ok 1 - fine"\n'
                     '(sleep 1.5; echo x > %s) & sleep 30\n' % mark)
    start = time.monotonic()
    status, text = box.run("--timeout", "0.3", prog)
    assert status == 1 and time.monotonic() - start < 8, text
    assert last(text) == "1 passed, 1 failed, 0 skipped", text
    time.sleep(1.5)
    assert not os.path.exists(mark), "a child outlived its program"


def run_starts_scripts(box):
    python = box.write("p.py", 'print("ok 1 - py")\n', 0o644)
    shell = box.write("s.sh", '[[ 1 == 1 ]] && echo "ok 1 - sh $1"\n', 0o644)
    status, text = box.run(python, shell + " arg")
    assert status == 0 and "sh arg" in box.read("results.tsv"), text
    tap = box.shell("tap", 'echo "ok 1 - [${CMOCKA_MESSAGE_OUTPUT}]"; cat\n')
    status, text = box.run(tap)
    assert status == 0 and "[TAP]" in box.read("results.tsv"), text


def run_parallel_and_serial(box):
    log = os.path.join(box.path, "log")
    progs = [box.shell(name, 'echo %s+ >> %s; sleep 0.5; echo %s- >> %s\n'
                       'echo "ok 1 - %s"\n' % (name, log, name, log, name))
             for name in "abcd"]
    status, text = box.run("--jobs", "2", *progs[:2], "--serial", *progs[2:])
    assert status == 0 and last(text).startswith("4 passed"), text
    order = box.read("log").split()
    assert set(order[:2]) == {"a+", "b+"}, order
    assert order[4:] == ["c+", "c-", "d+", "d-"], order


def run_appends(box):
    good = box.shell("good", 'echo "ok 1 - fine"\n')
    bad = box.shell("bad", 'echo "not ok 1 - broken"; exit 1\n')
    box.run(bad)
    status, text = box.run("--append", good)
    assert status == 1 and last(text) == "1 passed, 1 failed, 0 skipped", text
    status, text = box.run(good)
    assert status == 0 and last(text) == "1 passed, 0 failed, 0 skipped", text


def report_proves_rows(box):
    box.rows("CP01\ts\tFirst.\tone,two", "CP02\ts\tSecond.\t",
             "X-1\ts\tThird.\tthree", "X-9b\ts\tFourth.\tone")
    box.said("one\tpass\tCP01,X-9b", "two\tpass\tCP01", "three\tfail\tX-1")
    status, text = box.report()
    assert status == 0, text
    assert re.search(r"CP\s+1 of\s+2 proven", text), text
    assert re.search(r"X\s+1 of\s+2 proven", text), text
    assert re.search(r"all\s+2 of\s+4 proven", text), text
    assert "CP02   Second." in text and "X-1    Third." in text, text
    assert "First." not in text, text
    assert box.report("--quiet")[1].endswith("open:\nCP02 X-1\n")
    assert box.report("--require", "CP01,X-9b")[0] == 0
    status, text = box.report("--require", "CP01,CP02")
    assert status == 1 and "required row CP02 is not proven" in text, text
    assert box.report("--require", "CP99")[0] == 1


def report_wants_every_run_good(box):
    box.rows("S-1\ts\tText.\tone")
    for other, status in (("pass", 0), ("fail", 1), ("skip", 1)):
        box.said("one\tpass\tS-1", "one\t%s\tS-1" % other)
        assert box.report("--require", "S-1")[0] == status, other


def report_names_mistakes(box):
    box.rows("S-1\ts\tText.\tgone,bare", "S-2\ts\tText.\t")
    box.said("bare\tpass\t", "typo\tpass\tS-3", "extra\tpass\tS-2")
    status, text = box.report()
    assert status == 1, text
    for mistake in ('S-1 names test "gone", which never ran',
                    'S-1 names test "bare", which does not carry it',
                    'test "typo" carries unknown row S-3',
                    'test "extra" carries S-2, which does not name it'):
        assert mistake in text, (mistake, text)
    box.rows("S-1\ts\tText.\t", "S-1\ts\tText.\t")
    assert "listed twice" in box.report()[1]
    box.rows("S-1\ts\tText.")
    status, text = box.report()
    assert status == 1 and "3 columns instead of 4" in text, text


def report_reads_bench(box):
    box.rows("S-107\ts\tFast.\tbench:rate")
    box.said("one\tpass\t")
    assert box.report("--require", "S-107")[0] == 1
    for verdict, status in (("ok", 0), ("no", 1)):
        box.write("record.tsv", "name\tvalue\tunit\tbar\tok\n"
                  "rate\t12\tk/s\t10\t%s\n" % verdict)
        assert box.report("--require", "S-107")[0] == status, verdict


def report_fills_lists(box):
    box.rows("S-1\ts\tA.\told,absent,failing", "S-2\ts\tB.\tbench:x")
    box.said("old\tpass\t", "new\tpass\tS-1,S-2", "failing\tfail\tS-1",
             "fresh failing\tfail\tS-2")
    box.report("--fill")
    assert box.read("lists/rows.tsv") == HEADER + (
        "S-1\ts\tA.\tabsent,failing,new\nS-2\ts\tB.\tbench:x,new\n")
    box.report("--fill", "--prune")
    assert "S-1\ts\tA.\tfailing,new\n" in box.read("lists/rows.tsv")


def lists_are_complete(_):
    want = {"CP": 32, "CO": 30, "CT": 18, "PF": 26, "SF": 28, "CF": 45,
            "XD": 33, "X": 129, "S": 110}
    status, text = Folder.tool(REPORT, "--results", "/nonexistent",
                               "--record", "/nonexistent")
    assert status == 0, text
    for area, count in want.items():
        assert re.search(r"^%s\s+0 of\s+%d proven$" % (area, count), text,
                         re.MULTILINE), (area, text)


CASES = (
    (run_counts_verdicts, "run.py counts verdicts and keeps rows"),
    (run_good_is_quiet, "run.py hides the output of a good program"),
    (run_understands_cmocka, "run.py understands what cmocka prints"),
    (run_fails_bad_programs, "run.py fails programs that end badly"),
    (run_stops_late_programs, "run.py stops a late program and its children"),
    (run_starts_scripts, "run.py starts scripts and passes words"),
    (run_parallel_and_serial, "run.py runs in parallel and then serially"),
    (run_appends, "run.py appends to the results or starts them anew"),
    (report_proves_rows, "report.py tells proven rows from open ones"),
    (report_wants_every_run_good, "report.py wants every run of a test good"),
    (report_names_mistakes, "report.py names mistakes in the lists"),
    (report_reads_bench, "report.py reads the bench record"),
    (report_fills_lists, "report.py fills the tests columns"),
    (lists_are_complete, "the lists hold every conformance row"),
)


def main():
    print("1..%d" % len(CASES))
    failed = 0
    for number, (case, name) in enumerate(CASES, 1):
        with tempfile.TemporaryDirectory() as path:
            try:
                case(Folder(path))
            except (AssertionError, OSError, subprocess.SubprocessError) as why:
                failed += 1
                print("not ok %d - %s" % (number, name))
                print("\n".join("# " + line for line in
                                repr(why).replace("\\n", "\n").split("\n")))
                continue
        print("ok %d - %s" % (number, name))
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
