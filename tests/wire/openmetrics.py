"""OpenMetrics 1.0 text, read strictly: what is not as the specification has it
raises. parse(text) gives {family: Family}; value(families, sample, **labels) the
number of one sample."""

import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"')
SAMPLE = re.compile(r"(%s)(?:\{(.*)\})? (\S+)" % NAME)
NUMBER = re.compile(r"[+-]?(\d+(\.\d+)?([eE][+-]?\d+)?|Inf)|NaN")
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "info": ("_info",),
            "histogram": ("_bucket", "_count", "_sum")}


class Family:
    def __init__(self, name, kind):
        self.name, self.kind = name, kind
        self.unit = self.help = None
        self.samples = []	# (name, labels, number)


def labels_of(text):
    out = {}
    at = 0
    while at < len(text):
        m = LABEL.match(text, at)
        assert m, "labels: %r" % text
        assert m.group(1) not in out, "label twice: %r" % text
        out[m.group(1)] = m.group(2)
        at = m.end()
        if at < len(text):
            assert text[at] == ",", "labels: %r" % text
            at += 1
            assert at < len(text), "labels: %r" % text
    return out


def check_histograms(family):
    series = {}
    for name, labels, n in family.samples:
        key = tuple(sorted((k, v) for k, v in labels.items() if k != "le"))
        series.setdefault(key, []).append((name, labels, n))
    for rows in series.values():
        buckets = [(float(s[1]["le"].replace("+Inf", "inf")), s[2])
                   for s in rows if s[0].endswith("_bucket")]
        assert buckets == sorted(buckets), buckets
        assert [b[1] for b in buckets] == sorted(b[1] for b in buckets)
        assert buckets[-1][0] == float("inf")
        count = [s[2] for s in rows if s[0].endswith("_count")]
        assert count == [buckets[-1][1]], (count, buckets[-1])
        assert len([s for s in rows if s[0].endswith("_sum")]) == 1


def parse(text):
    families, family = {}, None
    assert text.endswith("# EOF\n"), text[-40:]
    assert "\r" not in text
    seen = set()
    for line in text[:-len("# EOF\n")].splitlines():
        if line.startswith("# "):
            what, name, rest = line[2:].split(" ", 2)
            if what == "TYPE":
                assert name not in families, "family twice: " + name
                assert rest in SUFFIXES, line
                family = families[name] = Family(name, rest)
                continue
            assert family and name == family.name, line
            assert not family.samples, "after samples: " + line
            if what == "UNIT":
                assert name.endswith("_" + rest), line
                family.unit = rest
            else:
                assert what == "HELP", line
                family.help = rest
            continue
        m = SAMPLE.fullmatch(line)
        assert m and NUMBER.fullmatch(m.group(3)), "line: %r" % line
        assert family and m.group(1)[len(family.name):] in \
            SUFFIXES[family.kind] and m.group(1).startswith(family.name), line
        labels = labels_of(m.group(2) or "")
        number = float(m.group(3).replace("Inf", "inf"))
        key = (m.group(1), tuple(sorted(labels.items())))
        assert key not in seen, "sample twice: " + line
        seen.add(key)
        if family.kind != "gauge":
            assert number >= 0, line
        family.samples.append((m.group(1), labels, number))
    for family in families.values():
        assert family.help and family.samples, family.name
        if family.kind == "histogram":
            check_histograms(family)
    return families


def value(families, sample, **labels):
    """The sum of the samples of that name whose labels are as given; None when
    there is none."""
    found = [n for f in families.values() for s, have, n in f.samples
             if s == sample and all(have.get(k) == v
                                    for k, v in labels.items())]
    return sum(found) if found else None
