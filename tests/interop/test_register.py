#!/usr/bin/python3
"""The registrar as devices see it: contacts, devices and their addresses,
flows, what survives a crash."""

import asyncio
import contextlib
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import tap  # noqa: E402
from fixtures import QUICK, tail_of  # noqa: E402
from lab import Lab, sip_config  # noqa: E402
from sip_text import token  # noqa: E402
from sip_user import SipUser  # noqa: E402
from tap import test  # noqa: E402

BOB, CAROL = "sip:bob@sip.example", "sip:carol@sip.example"
PHONE, PAD = "urn:uuid:0000-PHONE", "urn:uuid:0000-pad"
TAGS = ';+g.oma.sip-im;+g.oma.sip-im.large-message;language="en,fr"'
SIP_MORE = ('sip {\n service-route = {"sip:edge.example;lr", '
            '"sip:core.example;lr"}\n associated-uri = yes\n'
            ' flow-timer = 90s\n host = "127.0.0.1"\n}\n')


@contextlib.asynccontextmanager
async def fixture(build):
    async with Lab(build) as lab:
        lab.tail = lambda: tail_of(lab)
        text = re.sub(r"sip \{.*?\}\n", "", sip_config(), flags=re.S)
        lab.node = await lab.causewayd(text + SIP_MORE + QUICK,
                                       listeners=("udp", "tcp"))
        lab.carol = await lab.sip_user(lab.node, "carol")
        lab.secret = await lab.node.add_user("bob")
        yield lab


async def device(lab, transport="udp"):
    user = SipUser("bob", "sip.example", lab.secret,
                   lab.node.address(transport), transport)
    lab.own(user)
    return await user.start()


async def bind(user, instance=None, tags="", headers=(), expires=600,
               reg_id=0, code=200):
    value = "<%s>" % user.contact()
    if instance:
        value += ';+sip.instance="<%s>"' % instance
    if reg_id:
        value += ";reg-id=%d" % reg_id
    user.call_id = user.call_id or token() + "@dev"
    answer = await user.request(
        "REGISTER", "sip:sip.example",
        [("Contact", value + tags), ("Expires", str(expires))] +
        list(headers), to=BOB, call_id=user.call_id)
    assert answer.code == code, answer.start
    return answer


def contact_of(answer, user):
    """The contact of that device among those of a 200."""
    found = [c for c in answer.all("contact")
             if "<%s>" % user.contact() in c]
    assert len(found) == 1, answer.all("contact")
    return found[0]


def param(contact, name):
    m = re.search(r';%s="([^"]*)"' % re.escape(name), contact)
    return m.group(1) if m else None


async def forget(lab):
    with contextlib.suppress(LookupError):
        await lab.node.ask("reg", "rm", "bob@sip.example")


@test("A device with tags and instance is stored and listed and reached",
      "CO01")
async def tags(lab):
    await forget(lab)
    phone = await device(lab)
    answer = await bind(phone, PHONE, TAGS + ";q=0.7")
    contact = contact_of(answer, phone)
    for part in ("+g.oma.sip-im;", "+g.oma.sip-im.large-message",
                 '+sip.instance="<%s>"' % PHONE, 'language="en,fr"',
                 "q=0.7"):
        assert part in contact, contact
    left = int(re.search(r"expires=(\d+)", contact).group(1))
    assert 590 <= left <= 600
    assert answer.get("date")
    routes = re.findall(r"<([^>]*)>", ", ".join(answer.all("service-route")))
    assert routes == ["sip:edge.example;lr", "sip:core.example;lr"], routes
    assert answer.get("p-associated-uri") == "<%s>" % BOB
    assert "pub-gruu" not in contact, "nobody asked for one"
    rows = await lab.node.ctl("reg", "show", "bob@sip.example")
    assert len(rows) == 1, rows
    assert rows[0]["features"] == ["+g.oma.sip-im",
                                   "+g.oma.sip-im.large-message"]
    assert rows[0]["instance"] == "<%s>" % PHONE
    assert rows[0]["contact"] == phone.contact()
    assert (await lab.carol.say(BOB, "to the tags")).code == 200
    await phone.wait_text("to the tags")


@test("A kill -9 after the 200 loses no contact", timeout=40)
async def durable(lab):
    await forget(lab)
    phone = await device(lab)
    await bind(phone, PHONE, TAGS)
    before = await lab.node.ask("reg", "show", "bob@sip.example")
    await lab.node.kill9()
    await lab.node.restart()
    after = await lab.node.ask("reg", "show", "bob@sip.example")
    for row in before + after:
        del row["seconds-left"]
    assert before == after
    assert (await lab.carol.say(BOB, "after the crash")).code == 200
    await phone.wait_text("after the crash")


@test("Intervals and the star and the order of requests")
async def rules(lab):
    await forget(lab)
    phone = await device(lab)
    answer = await bind(phone, expires=5, code=423)
    assert answer.get("min-expires") == "60"
    assert not await lab.node.ask("reg", "show", "bob@sip.example")
    await bind(phone)
    for contact, expires in (("*", 60), ("*, <sip:x@127.0.0.1>", 0)):
        answer = await phone.request(
            "REGISTER", "sip:sip.example",
            [("Contact", contact), ("Expires", str(expires))], to=BOB)
        assert answer.code == 400, (contact, answer.start)
    # all of it or nothing
    answer = await phone.request(
        "REGISTER", "sip:sip.example",
        [("Contact", "<sip:a@127.0.0.1:9>;expires=600"),
         ("Contact", "<sip:b@127.0.0.1:9>;expires=7")], to=BOB)
    assert answer.code == 423, answer.start
    assert len(await lab.node.ask("reg", "show", "bob@sip.example")) == 1
    # an older request of the same Call-ID
    phone._cseq -= 5
    answer = await bind(phone, code=500)
    phone._cseq += 5
    # nobody registers somebody else, nor at another registrar
    answer = await phone.request("REGISTER", "sip:sip.example",
                                 [("Contact", "<%s>" % phone.contact())],
                                 to=CAROL)
    assert answer.code == 403, answer.start
    answer = await phone.request("REGISTER", "sip:other.example",
                                 [("Contact", "<%s>" % phone.contact())],
                                 to=BOB)
    assert answer.code == 404, answer.start
    answer = await bind(phone, headers=[("Require", "gruu, telepathy")],
                        code=420)
    assert answer.get("unsupported") == "telepathy"
    answer = await phone.request("REGISTER", "sip:sip.example",
                                 [("Contact", "*"), ("Expires", "0")],
                                 to=BOB)
    assert answer.code == 200 and not answer.all("contact")


@test("Addresses of one device reach it alone - while it is there")
async def gruus(lab):
    await forget(lab)
    phone, pad = await device(lab), await device(lab, "tcp")
    ask = [("Supported", "gruu")]
    answer = await bind(phone, PHONE, headers=ask)
    public = param(contact_of(answer, phone), "pub-gruu")
    first = param(contact_of(answer, phone), "temp-gruu")
    assert public == BOB + ";gr=" + PHONE, public
    assert re.fullmatch(r"sip:tgruu\.[0-9a-f]+@sip\.example;gr", first), first
    assert "bob" not in first
    answer = await bind(phone, PHONE, headers=ask)
    second = param(contact_of(answer, phone), "temp-gruu")
    assert second != first
    await bind(pad, PAD)
    for uri in (public, first, second, public.lower()):
        text = "to one " + token(3)
        answer = await lab.carol.say(uri, text)
        assert answer.code == 200, (uri, answer.start)
        got = await phone.wait_text(text)
        assert got.uri == phone.contact()
        await asyncio.sleep(0.2)
        assert text not in pad.texts()
    # a new Call-ID ends the temporary ones
    phone.call_id = None
    answer = await bind(phone, PHONE, headers=ask)
    third = param(contact_of(answer, phone), "temp-gruu")
    for uri, code in ((first, 404), (second, 404), (third, 200),
                      (first[:-20] + "0" + first[-19:], 404)):
        answer = await lab.carol.say(uri, "again " + token(3))
        assert answer.code == code, (uri, answer.start)
    # they outlive a restart
    await lab.node.stop()
    await lab.node.restart()
    assert (await lab.carol.say(third, "after the start")).code == 200
    await phone.wait_text("after the start")
    # without the device: at once 480 or 404, though the user is there
    await bind(phone, PHONE, expires=0)
    await bind(pad, PAD)
    for uri, code in ((public, 480), (third, 404)):
        answer = await lab.carol.say(uri, "nobody " + token(3))
        assert answer.code == code, (uri, answer.start)
    assert not await lab.node.queue()


@test("Two flows of a device with one contact - either is enough")
async def flows(lab):
    await forget(lab)
    one, two = await device(lab, "tcp"), await device(lab, "tcp")
    contact = "sip:bob@127.0.0.1:9;transport=tcp"
    one.contact = two.contact = lambda: contact
    said = [("Supported", "outbound, path")]
    for reg_id, user in ((1, one), (2, two)):
        answer = await bind(user, PHONE, headers=said, reg_id=reg_id)
        assert answer.get("require") == "outbound", answer.headers
        assert answer.get("flow-timer") == "90"
    rows = await lab.node.ask("reg", "show", "bob@sip.example")
    assert sorted(r["reg-id"] for r in rows) == [1, 2], rows
    text = "over a flow " + token(3)
    assert (await lab.carol.say(BOB, text)).code == 200
    await asyncio.sleep(0.3)
    assert (one.texts() + two.texts()).count(text) == 1, "once to a device"
    # whichever of them is lost, the other one serves
    for lost, left, reg_id in ((two, one, 2), (one, two, 1)):
        lost.drop_connection()
        await asyncio.sleep(0.3)
        text = "what is left " + token(3)
        answer = await lab.carol.say(BOB, text)
        assert answer.code == 200, answer.start
        await left.wait_text(text)
        await bind(lost, PHONE, headers=said, reg_id=reg_id)
    # a proxy between that knows nothing of it
    answer = await bind(one, PHONE, reg_id=1, code=439, headers=said + [
        ("Path", "<sip:proxy.example;lr>")])
    # more contacts at once make no sense with a flow [RFC 5626 6]
    answer = await bind(one, PHONE, reg_id=1, code=400, headers=said + [
        ("Contact", "<sip:bob@127.0.0.1:10>")])
    # UDP has no connection to keep
    third = await device(lab)
    answer = await bind(third, PAD, headers=said, reg_id=1)
    assert answer.get("require") is None
    # a flow comes again from elsewhere: it takes the place of its own
    one.drop_connection()
    await bind(one, PHONE, headers=said, reg_id=1)
    rows = await lab.node.ask("reg", "show", "bob@sip.example")
    assert len(rows) == 3, rows


tap.main(__doc__, fixture) if __name__ == "__main__" else None
