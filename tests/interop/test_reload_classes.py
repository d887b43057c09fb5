#!/usr/bin/python3
"""Each option's reload class, as the manual says it, is true: one option at a
time is changed in the file of a running daemon. live: taken, and no link or
listener notices; link: taken, and its link or listener is opened anew; restart:
refused as a whole, by its name."""

import asyncio
import contextlib
import re
import subprocess
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from fixtures import pair  # noqa: E402
from tap import test  # noqa: E402

# Values that fit, where the type does not say enough: (block, option) -> text
VALUES = {
    ("listen", "address"): '"127.0.0.2"',
    ("listen", "trusted"): '{"192.0.2.1"}',
    ("listen", "hosts"): '{"x.example"}',
    ("listen", "challenge"): "{MD5}",
    ("link", "host"): '"127.0.0.2"',
    ("link", "secret"): '"another"',
    ("sip", "host"): '"other.example"',
    ("node", "log-level"): "info",
}
# Not changed alone: they name the variant, or stand for one another.
LEFT_OUT = {("link", "kind"), ("link", "component"), ("link", "secret-file"),
            ("listen", "proto")}
EVENTS = ("link_up", "link_down", "link_state", "listening",
          "listener_closed", "link_refused")


class Option:
    def __init__(self, block, name, kind, text):
        self.block, self.name, self.kind = block, name, kind
        self.reload = re.search(r"Reload: (\w+)\.", text).group(1)
        m = re.search(r"Range: (\S+) to (\S+)\.", text)
        self.range = m.groups() if m else None
        m = re.search(r"Only with \S+ = ([\w, -]+)\.", text)
        self.only = m.group(1).split(", ") if m else None

    def fits(self, variant):
        return not self.only or variant in self.only


def options_of(program):
    page = subprocess.run([program, "--print-man", "conf"], check=True,
                          capture_output=True, encoding="utf-8").stdout
    page = page.replace("\\-", "-").replace("\\(dq", '"')
    found, block = [], None
    lines = iter(page.splitlines())
    for line in lines:
        if line.startswith(".SS "):
            block = line.split('"')[1].split(" ")[0]
        elif line == ".TP" and block:
            m = re.match(r"\\fB(\S+)\\fR = (.*)", next(lines))
            if m:
                found.append(Option(block, m.group(1), m.group(2),
                                    next(lines)))
    return found


def values(option, now):
    """Texts to try, other than now."""
    key = (option.block, option.name)
    if key in VALUES:
        return [VALUES[key]]
    if " | " in option.kind and "{" not in option.kind:
        words = option.kind.split(" | ")
    elif option.range:
        words = list(option.range)
        if re.fullmatch(r"\d+", now or ""):
            words = [str(int(now) + 1), str(int(now) - 1)] + words
    elif option.kind == "path":
        words = ['"other-file"']
    elif option.kind in ("text", "secret"):
        words = ['"other"']
    else:
        return []
    return [w for w in words if w.strip('"') != (now or "").strip('"')]


@contextlib.asynccontextmanager
async def fixture(build):
    async with pair(build, listeners=("udp", "tcp")) as lab:
        with open(lab.node.config_path, encoding="utf-8") as f:
            lab.good = f.read()
        lab.options = options_of(lab.node.program)
        assert len(lab.options) > 80, len(lab.options)
        lab.tried = 0
        yield lab


def effective(lab):
    """{(block, title, option): text} of the file."""
    out = subprocess.run(
        [lab.node.program, "-c", lab.node.config_path, "--print-config"],
        check=True, capture_output=True, encoding="utf-8").stdout
    found, place = {}, None
    for line in out.splitlines():
        if not line.startswith("\t"):
            m = re.match(r'(\S+)(?: "(.*)")? \{', line)
            place = (m.group(1), m.group(2)) if m else None
            continue
        name, _, text = line.strip().partition(" = ")
        found[place + (name,)] = text
    return found


def changed(good, block, title, name, text):
    """The file with the option set, in its block if that is there."""
    head = r'^%s%s \{\n' % (block, ' "%s"' % title if title else "")
    m = re.search(head, good, re.M)
    if not m:
        return good + "%s {\n %s = %s\n}\n" % (block, name, text)
    end = good.index("\n}", m.end() - 1)
    body = re.sub(r"^ %s = .*\n?" % re.escape(name), "",
                  good[m.end():end + 1], flags=re.M)
    return good[:m.end()] + " %s = %s\n" % (name, text) + body + \
        good[end + 1:]


async def reload(lab, text):
    with open(lab.node.config_path, "w", encoding="utf-8") as f:
        f.write(text)
    return await lab.node.ctl("reload", as_json=False)


def moved(lab, mark):
    return [r["event"] for r in (e for name in EVENTS
                                 for e in lab.node.log(name, mark))]


async def settle(lab):
    """Everything as at the start, and the link up."""
    code, _, err = await reload(lab, lab.good)
    assert code == 0, err
    for _ in range(100):
        state = (await lab.node.ask("link", "ls"))[0]["state"]
        if state == "up":
            return
        await lab.node.ctl("link", "up", "xmpp")
        await asyncio.sleep(0.1)
    raise AssertionError("the link is " + state)


async def try_one(lab, option, title, now):
    """A sentence when the class is not true; None otherwise."""
    name = "%s.%s" % (option.block, option.name)
    for text in values(option, now):
        mark = len(lab.node.lines)
        code, _, err = await reload(lab, changed(
            lab.good, option.block, title, option.name, text))
        if "needs a restart" in err:
            lab.tried += 1
            if option.reload != "restart" or name not in err:
                return "%s = %s needs a restart (%s)" % (name, text,
                                                         option.reload)
            return None
        if code:	# it does not fit the rest of the file
            continue
        lab.tried += 1
        if option.reload == "restart":
            return "%s = %s was taken, but is said to need a restart" % (
                name, text)
        await asyncio.sleep(0.15)
        events = moved(lab, mark)
        await settle(lab)
        if option.reload == "live" and events:
            return "%s = %s is said to be live, but %s" % (name, text, events)
        if option.reload == "link" and not events:
            return "%s = %s is said to open anew, but nothing moved" % (
                name, text)
        return None
    return None


async def try_block(lab, block, title=None, variant=None):
    now = effective(lab)
    wrong = []
    for option in lab.options:
        if option.block != block or (block, option.name) in LEFT_OUT or \
                (variant and not option.fits(variant)):
            continue
        said = await try_one(lab, option, title,
                             now.get((block, title, option.name)))
        if said:
            wrong.append(said)
    await settle(lab)
    assert not wrong, "\n".join(wrong)


@test("Options of the whole node", timeout=50)
async def plain(lab):
    blocks = {o.block for o in lab.options} - {"listen", "link", "domain",
                                               "route", "number-plan"}
    for block in sorted(blocks):
        await try_block(lab, block)
    assert lab.tried > 30, lab.tried


@test("Options of a listener", timeout=50)
async def listener(lab):
    await try_block(lab, "listen", "udp", "udp")


@test("Options of a component link", timeout=50)
async def link(lab):
    await try_block(lab, "link", "xmpp", "xmpp-component")


@test("Options of domains", timeout=50)
async def domain(lab):
    await try_block(lab, "domain", "xmpp.example", "no")
    assert lab.tried > 50, lab.tried


if __name__ == "__main__":
    tap.main(__doc__, fixture)
