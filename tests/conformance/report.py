#!/usr/bin/python3
"""Hold the conformance rows against what the tests said.

Usage: tests/conformance/report.py [--results FILE] [--rows DIR]
           [--record FILE] [--quiet] [--require ID,...] [--fill [--prune]]

The rows are in *.tsv beside this file: id, source, behaviour, tests. A row is
proven when its tests column names at least one test and each of those ran,
carried the row's id and passed in every program it ran in. A name of the form
bench:<name> stands for a line of tests/bench/record.tsv (name, value, unit,
bar, ok) whose last column says ok.

Printed are the proven rows of each area, the open rows, and mistakes in the
lists. The exit status is 1 for a mistake or a required row that is not proven;
open rows alone are no failure.

--fill writes the tests columns anew from the results: a name stays while its
test carries the row or did not run, and every test that carries the row and
passed is added. With --prune the names of tests that did not run go too.
"""

import argparse
import glob
import os
import sys

AREAS = ("CP", "CO", "CT", "PF", "SF", "CF", "XD", "X", "S")
HEADER = "id\tsource\tbehaviour\ttests"
GOOD = ("ok", "yes", "pass", "true", "1")


class Row:
    def __init__(self, ident, source, behaviour, tests):
        self.ident = ident
        self.source = source
        self.behaviour = behaviour
        self.tests = [name.strip() for name in tests.split(",")
                      if name.strip()]

    def area(self):
        return self.ident.rstrip("abcdefghijklmnopqrstuvwxyz") \
            .rstrip("0123456789").rstrip("-")

    def line(self):
        return "\t".join((self.ident, self.source, self.behaviour,
                          ",".join(self.tests)))


def read_rows(path):
    rows = []
    with open(path, encoding="utf-8") as lines:
        if lines.readline().rstrip("\n") != HEADER:
            raise SystemExit("%s:1: the header line is not id, source, "
                             "behaviour, tests" % path)
        for number, line in enumerate(lines, 2):
            cells = line.rstrip("\n").split("\t")
            if len(cells) != 4:
                raise SystemExit("%s:%d: %d columns instead of 4"
                                 % (path, number, len(cells)))
            rows.append(Row(*cells))
    return rows


class Results:
    """What the last run said, by test name."""

    def __init__(self, path):
        self.ran = {}		# name -> row id -> verdicts
        self.rows = {}		# row id -> names that carry it
        self.present = os.path.exists(path)
        if not self.present:
            return
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                cells = line.rstrip("\n").split("\t")
                _, name, verdict, idents = cells[:4]
                carried = self.ran.setdefault(name, {})
                for ident in filter(None, idents.split(",")):
                    carried.setdefault(ident, []).append(verdict)
                    self.rows.setdefault(ident, set()).add(name)

    def passed(self, name, ident):
        verdicts = self.ran.get(name, {}).get(ident, [])
        return bool(verdicts) and all(one == "pass" for one in verdicts)


def read_record(path):
    """Names of the measurements that reached their bar."""
    good = set()
    if os.path.exists(path):
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                cells = line.rstrip("\n").split("\t")
                if len(cells) >= 5 and cells[4].strip().lower() in GOOD:
                    good.add(cells[0])
    return good


def proven(row, results, record):
    return bool(row.tests) and all(
        name[6:] in record if name.startswith("bench:")
        else results.passed(name, row.ident) for name in row.tests)


def find_mistakes(rows, results):
    known = {row.ident: row for row in rows}
    found = []
    if len(known) != len(rows):
        found.append("a row id is listed twice")
    for ident in sorted(set(results.rows) - set(known)):
        for name in sorted(results.rows[ident]):
            found.append('test "%s" carries unknown row %s' % (name, ident))
    for row in rows:
        named = set(row.tests)
        for name in row.tests:
            if name.startswith("bench:") or not results.present:
                continue
            if name not in results.ran:
                found.append('%s names test "%s", which never ran'
                             % (row.ident, name))
            elif row.ident not in results.ran[name]:
                found.append('%s names test "%s", which does not carry it'
                             % (row.ident, name))
        for name in sorted(results.rows.get(row.ident, set()) - named):
            found.append('test "%s" carries %s, which does not name it'
                         % (name, row.ident))
            if "," in name:
                found.append('test "%s" has a comma in its name' % name)
    return found


def fill(row, results, prune):
    keep = []
    for name in row.tests:
        if name.startswith("bench:") or row.ident in results.ran.get(name, {}):
            keep.append(name)
        elif name not in results.ran and not prune:
            keep.append(name)
    new = {name for name in results.rows.get(row.ident, ())
           if "," not in name and results.passed(name, row.ident)}
    row.tests = sorted(set(keep) | new)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    root = os.path.dirname(os.path.dirname(here))
    parser = argparse.ArgumentParser(
        description="hold the conformance rows against the test results")
    parser.add_argument("--results",
                        default=os.path.join(root, "build", "results.tsv"))
    parser.add_argument("--rows", default=here, metavar="DIR")
    parser.add_argument("--record", metavar="FILE", default=os.path.join(
        root, "tests", "bench", "record.tsv"))
    parser.add_argument("--quiet", action="store_true",
                        help="name open rows by their ids alone")
    parser.add_argument("--require", default="", metavar="ID,...",
                        help="fail unless these rows are proven")
    parser.add_argument("--fill", action="store_true",
                        help="write the tests columns from the results")
    parser.add_argument("--prune", action="store_true",
                        help="with --fill, forget tests that did not run")
    args = parser.parse_args()

    results = Results(args.results)
    record = read_record(args.record)
    files = {path: read_rows(path)
             for path in sorted(glob.glob(os.path.join(args.rows, "*.tsv")))}
    rows = [row for path in files for row in files[path]]

    if args.fill:
        if not results.present:
            raise SystemExit("%s: no results to fill in" % args.results)
        for path, listed in files.items():
            for row in listed:
                fill(row, results, args.prune)
            with open(path, "w", encoding="utf-8") as out:
                out.write(HEADER + "\n")
                out.writelines(row.line() + "\n" for row in listed)

    if not results.present:
        print("%s: no results, run the tests first" % args.results)
    good = {row.ident for row in rows if proven(row, results, record)}
    for area in AREAS:
        listed = [row for row in rows if row.area() == area]
        print("%-4s %4d of %4d proven" % (
            area, sum(row.ident in good for row in listed), len(listed)))
    print("%-4s %4d of %4d proven" % ("all", len(good), len(rows)))

    still = [row for row in rows if row.ident not in good]
    if still:
        print("\nopen:")
        if args.quiet:
            print(" ".join(row.ident for row in still))
        else:
            for row in still:
                print("%-6s %s" % (row.ident, row.behaviour))

    mistakes = find_mistakes(rows, results)
    for ident in filter(None, args.require.replace(" ", "").split(",")):
        if ident not in {row.ident for row in rows}:
            mistakes.append("required row %s does not exist" % ident)
        elif ident not in good:
            mistakes.append("required row %s is not proven" % ident)
    if mistakes:
        print("\nmistakes:")
        for mistake in mistakes:
            print(mistake)
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
