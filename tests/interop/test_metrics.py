#!/usr/bin/python3
"""Metrics under traffic between SIP and XMPP: they say what happened, and what
the accounting file says."""

import asyncio
import collections
import os
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "wire"))

import contextlib  # noqa: E402

import openmetrics  # noqa: E402
import tap  # noqa: E402
from fixtures import pair  # noqa: E402
from tap import test  # noqa: E402

ALICE, BOB = "sip:alice@xmpp.example", "bob@sip.example"


@contextlib.asynccontextmanager
async def fixture(build):
    async with pair(build, config='route "no-eve" {\n to = "*eve@xmpp.example"\n'
                    ' deny = FORBIDDEN\n}\n') as lab:
        lab.http = lab.ports.take()
        lab.node.write_config(lab.node.text +
                              'listen "admin" {\n proto = admin\n port = %d\n}'
                              '\n' % lab.http)
        await lab.node.ctl("reload")
        yield lab


async def scrape(lab):
    reader, writer = await asyncio.open_connection("127.0.0.1", lab.http)
    writer.write(b"GET /metrics HTTP/1.0\r\n\r\n")
    answer = (await asyncio.wait_for(reader.read(), 10)).decode()
    writer.close()
    return openmetrics.parse(answer.partition("\r\n\r\n")[2])


async def grown(lab, before, sample, by=1, **labels):
    """Waits until the sample has grown by so much."""
    was = openmetrics.value(before, sample, **labels) or 0
    for _ in range(50):
        now = openmetrics.value(await scrape(lab), sample, **labels) or 0
        if now >= was + by:
            assert now == was + by, (sample, labels, was, now)
            return
        await asyncio.sleep(0.1)
    raise AssertionError((sample, labels, was, now))


@test("A message each way: results - transit - round trip - stanzas")
async def both_ways(lab):
    before = await scrape(lab)
    assert (await lab.bob.say(ALICE, "counted")).code in (200, 202)
    await lab.alice.wait_body("counted")
    await grown(lab, before, "causeway_messages_total", result="accepted",
                **{"from": "sip"})
    await grown(lab, before, "causeway_messages_total", result="sent",
                to="xmpp")
    await grown(lab, before, "causeway_sip_requests_total", method="MESSAGE",
                dir="in", **{"class": "2xx"})
    await grown(lab, before, "causeway_message_transit_seconds_count",
                to="xmpp")
    now = await scrape(lab)
    for sample, labels in (
            ("causeway_link_rtt_seconds_count", {"link": "xmpp"}),
            ("causeway_xmpp_stanzas_total", {"kind": "message", "dir": "out",
                                             "link": "xmpp"}),
            ("causeway_xmpp_stanzas_total", {"kind": "iq", "dir": "in"}),
            ("causeway_store_commit_seconds_count", {})):
        was = openmetrics.value(before, sample, **labels) or 0
        assert openmetrics.value(now, sample, **labels) > was, sample
    await lab.alice.say(BOB, "and back")
    await lab.bob.wait_text("and back")
    await grown(lab, now, "causeway_messages_total", result="accepted",
                **{"from": "xmpp"})
    await grown(lab, now, "causeway_sip_requests_total", method="MESSAGE",
                dir="out", **{"class": "2xx"})


@test("Links and configuration are gauges that follow")
async def states(lab):
    now = await scrape(lab)
    assert openmetrics.value(now, "causeway_link_up", link="xmpp",
                             proto="xmpp") == 1
    assert openmetrics.value(now, "causeway_link_window_limit",
                             link="xmpp") == 256
    assert openmetrics.value(now, "causeway_registrations") >= 0
    generation = openmetrics.value(now, "causeway_config_generation")
    await lab.node.ctl("link", "down", "xmpp")
    await lab.node.logged("link_state", state="off")
    assert openmetrics.value(await scrape(lab), "causeway_link_up") == 0
    mark = len(lab.node.lines)
    await lab.node.ctl("link", "up", "xmpp")
    await lab.node.link_up(since=mark)
    now = await scrape(lab)
    assert openmetrics.value(now, "causeway_link_up") == 1
    assert openmetrics.value(now, "causeway_link_changes_total", link="xmpp",
                             state="up") >= 2
    good = open(lab.node.config_path, encoding="utf-8").read()
    with open(lab.node.config_path, "a", encoding="utf-8") as f:
        f.write("nonsense\n")
    code, _, _ = await lab.node.ctl("reload", as_json=False)
    assert code == 78, code
    now = await scrape(lab)
    assert openmetrics.value(
        now, "causeway_config_last_reload_successful") == 0
    with open(lab.node.config_path, "w", encoding="utf-8") as f:
        f.write(good)
    await lab.node.ctl("reload")
    now = await scrape(lab)
    assert openmetrics.value(
        now, "causeway_config_last_reload_successful") == 1
    assert openmetrics.value(now, "causeway_config_generation") == \
        generation + 1


@test("Refusals: the rule - the reason - failed passwords - broken input")
async def refusals(lab):
    before = await scrape(lab)
    answer = await lab.bob.say("sip:eve@xmpp.example", "no")
    assert answer.code == 403, answer.start
    await grown(lab, before, "causeway_policy_denials_total", rule="no-eve")
    await grown(lab, before, "causeway_messages_failed_total",
                reason="FORBIDDEN")
    request = lab.bob.make("MESSAGE", ALICE, [("Content-Type", "text/plain")],
                           b"x")
    answer = await lab.bob.exchange(request)
    assert answer.code == 401, answer.start
    request = lab.bob.make("MESSAGE", ALICE, [("Content-Type", "text/plain")],
                           b"x")
    request.set("Authorization", lab.bob.credentials(request,
                                                     password="wrong"))
    answer = await lab.bob.exchange(request)
    assert answer.code in (401, 403), answer.start
    await grown(lab, before, "causeway_auth_failures_total", proto="sip")


@test("The sum over the accounting file is the sum over the metrics")
async def sums(lab):
    for i in range(20):
        await lab.bob.say(ALICE, "text %d" % i)
    await lab.alice.wait_body("text 19")
    for _ in range(50):
        lines = collections.Counter(r["event"] for r in lab.node.accounting())
        families = await scrape(lab)
        counts = collections.Counter()
        for name, labels, n in families["causeway_messages"].samples:
            counts[labels["result"]] += int(n)
        if counts == lines and counts["sent"] > 20:
            return
        await asyncio.sleep(0.2)
    raise AssertionError((lines, counts))


if __name__ == "__main__":
    tap.main(__doc__, fixture)
