#!/usr/bin/python3
"""What the log holds and what not: with log-privacy no user part of an address,
at no level; with it or without no text of a message, no password, no digest, no
secret. Each line is one event that the manual knows."""

import asyncio
import contextlib
import re
import subprocess
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from fixtures import pair  # noqa: E402
from tap import test  # noqa: E402

# Names that occur nowhere else in a line.
SIP_NAMES, XMPP_NAMES = ("quimby", "zelda"), ("ophelia", "anna")
TEXT = "the words of a message 4711"
LINE = re.compile(r'\S+Z level=(error|warning|info|debug)( module=[a-z0-9_]+)?'
                  r' event=[a-z0-9_]+( [a-z0-9_]+=("([^"\\\x00-\x1f]|\\.)*"|'
                  r'[^ "=\\]*))*')


@contextlib.asynccontextmanager
async def fixture(build):
    async with pair(build, xmpp=("alice",) + XMPP_NAMES) as lab:
        lab.open_front = lab.node.front
        yield lab


async def life(lab, tag):
    """Some of everything: both ways, failures, a wrong password, a report."""
    mark = len(lab.node.lines)
    users, passwords = [], []
    for name in SIP_NAMES:
        password = "pass-%s-%s" % (name, tag)
        passwords.append(password)
        await lab.node.ask("user", "add", "%s%s@sip.example" % (name, tag),
                           stdin=password)
        users.append(await lab.sip_user(lab.node, name + tag, password,
                                        create=False))
    ophelia = await lab.xmpp_user(lab.prosody_, "ophelia", "phone" + tag)
    first, second = users
    text = TEXT + " " + tag
    answer = await first.say("sip:ophelia@xmpp.example", text,
                             wants=("positive-delivery",))
    assert answer.code in (200, 202), answer.start
    await ophelia.wait_body(text)
    await ophelia.say("%s%s@sip.example" % (SIP_NAMES[0], tag), text + " b",
                      request=True)
    await first.wait_text(text + " b")
    await first.say("sip:%s%s@sip.example" % (SIP_NAMES[1], tag), text)
    await second.wait_text(text)
    assert (await first.say("sip:nobody@xmpp.example", text)).code >= 200
    request = first.make("MESSAGE", "sip:ophelia@xmpp.example",
                         [("Content-Type", "text/plain")], text.encode())
    answer = await first.exchange(request)
    request = first.make("MESSAGE", "sip:ophelia@xmpp.example",
                         [("Content-Type", "text/plain")], text.encode())
    request.set("Authorization", first.credentials(request,
                                                   password="wrong"))
    answer = await first.exchange(request)
    assert answer.code in (401, 403), answer.start
    await second.unregister()
    await lab.node.ask("trace", "sip:%s%s@sip.example" % (SIP_NAMES[0], tag))
    await asyncio.sleep(0.3)
    await ophelia.close()
    return lab.node.lines[mark:], passwords


def check_never(lab, lines, passwords):
    secret = lab.prosody_.secrets["sip.example"]
    for line in lines:
        assert TEXT not in line, line
        assert secret not in line, line
        for password in passwords + list(lab.prosody_.users.values()):
            assert password not in line, line
        assert "response=" not in line and "Digest " not in line, line
        assert LINE.fullmatch(line), line


async def reload(lab, privacy):
    text = lab.open_front().replace("log-privacy = no",
                                    "log-privacy = %s" % privacy)
    lab.node.front = lambda: text
    lab.node.write_config()
    await lab.node.ctl("reload")


@test("With log-privacy no user part is in any line - the domain is")
async def masked(lab):
    await reload(lab, "yes")
    lines, passwords = await life(lab, "m")
    check_never(lab, lines, passwords)
    for line in lines:
        for name in SIP_NAMES + ("ophelia",):
            assert name not in line, line
    text = "\n".join(lines)
    assert "***@sip.example" in text and "***@xmpp.example" in text
    # an operator who has the address still finds the messages
    told = await lab.node.ask("trace", "sip:%sm@sip.example" % SIP_NAMES[0])
    assert told, told


@test("Without it addresses are there - texts and passwords are not")
async def plain(lab):
    await reload(lab, "no")
    lines, passwords = await life(lab, "p")
    check_never(lab, lines, passwords)
    assert "%sp@sip.example" % SIP_NAMES[0] in "\n".join(lines)


@test("Every event is one that the manual knows")
async def vocabulary(lab):
    page = subprocess.run([lab.node.program, "--print-man", "log"],
                          check=True, capture_output=True,
                          encoding="utf-8").stdout
    known = set(re.findall(r"^\\fB([a-z0-9_]+)\\fR$", page, re.M))
    seen = {row["event"] for row in lab.node.log()}
    assert len(seen) > 10 and seen <= known, seen - known


if __name__ == "__main__":
    tap.main(__doc__, fixture)
