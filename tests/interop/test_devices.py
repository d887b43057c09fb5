#!/usr/bin/python3
"""Several devices of one user, and what the caller prefers among them."""

import asyncio
import contextlib
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from fixtures import QUICK, tail_of  # noqa: E402
from lab import Lab, sip_config  # noqa: E402
from sip_user import SipUser  # noqa: E402
from tap import test  # noqa: E402

QUIET_S = 1.0
COUNT = [0]


@contextlib.asynccontextmanager
async def fixture(build):
    async with Lab(build) as lab:
        lab.tail = lambda: tail_of(lab)
        lab.node = await lab.causewayd(sip_config() + QUICK,
                                       listeners=("udp", "tcp"))
        lab.bob = await lab.sip_user(lab.node, "bob")
        yield lab


async def user_with(lab, *devices):
    """A fresh user with a device for each (Contact parameters, answer)."""
    COUNT[0] += 1
    name = "user%d" % COUNT[0]
    password = await lab.node.add_user(name)
    made = []
    for params, answer in devices:
        device = lab.own(SipUser(name, "sip.example", password,
                                 lab.bob.server))
        await device.start()
        device.answer = answer
        done = await device.register(
            contact="<%s>%s" % (device.contact(), params))
        assert done.code == 200, done.start
        made.append(device)
    return ["sip:%s@sip.example" % name] + made


async def got(device, text, timeout=10):
    return await device.wait(lambda m: m.content() == text, timeout)


async def quiet(*devices):
    await asyncio.sleep(QUIET_S)
    for device in devices:
        assert not device.texts(), device.texts()


def prefer(value, name="Accept-Contact"):
    return [("Accept-Contact", "*;+g.oma.sip-im"), (name, value)]


@test("A required preference leaves out the device that contradicts it",
      "CP11")
async def require(lab):
    to, no, bare, silent = await user_with(
        lab, (';+g.video="FALSE"', 200), ("", 486), (";mobility=fixed", 486))
    answer = await lab.bob.say(to, "with video",
                               headers=prefer("*;+g.video;require"))
    assert answer.code == 486, answer.start
    await got(bare, "with video")
    await got(silent, "with video")
    await quiet(no)


@test("When no device meets a required preference it is 480 and none rings",
      "CP11")
async def nobody(lab):
    to, no = await user_with(lab, (';+g.video="FALSE"', 200))
    for headers in (prefer("*;+g.video;require"),
                    prefer('*;+g.video="FALSE"', "Reject-Contact")):
        answer = await lab.bob.say(to, "nobody", headers=headers)
        assert answer.code == 480, answer.start
    await quiet(no)
    assert not await lab.node.queue()


@test("With require and explicit a silent device is left out - with explicit "
      "alone it comes last", "CP12")
async def explicit(lab):
    to, silent, says = await user_with(
        lab, (";mobility=fixed", 200), (";+g.video", 486))
    answer = await lab.bob.say(to, "only video",
                               headers=prefer("*;+g.video;require;explicit"))
    assert answer.code == 486, answer.start
    await got(says, "only video")
    await quiet(silent)
    answer = await lab.bob.say(to, "rather video",
                               headers=prefer("*;+g.video;explicit"))
    assert answer.code == 200, answer.start
    await got(says, "rather video")
    await got(silent, "rather video")


@test("Devices of a lower q are tried when those of a higher have refused")
async def serial(lab):
    to, first, second, third = await user_with(
        lab, (";q=0.9", 486), (";q=0.5", 404), (";q=0.1", 200))
    answer = await lab.bob.say(to, "by q")
    assert answer.code == 200, answer.start
    for device in (first, second, third):
        await got(device, "by q")


@test("A 603 of one device ends the search - a 486 is only that device's")
async def global_refusal(lab):
    to, first, second = await user_with(
        lab, (";q=0.9", 603), (";q=0.5", 200))
    answer = await lab.bob.say(to, "no more")
    assert answer.code == 603, answer.start
    await got(first, "no more")
    await quiet(second)


@test("A silent device gives way to the next one")
async def silence(lab):
    to, dead, alive = await user_with(
        lab, (";q=0.9", None), (";q=0.5", 200))
    answer = await lab.bob.say(to, "hello?")
    assert answer.code == 200, answer.start
    await got(alive, "hello?")


@test("A 302 is followed to another user here and not to where nobody leads")
async def redirected(lab):
    to_carol, carol = await user_with(lab, ("", 200))
    to, moved = await user_with(lab, ("", 200))
    moved.answer = (302, "Moved", [("Contact", "<%s>" % to_carol)])
    answer = await lab.bob.say(to, "follow me")
    assert answer.code == 200, answer.start
    await got(carol, "follow me")
    moved.answer = (302, "Moved", [("Contact", "<sip:x@nowhere.example>")])
    answer = await lab.bob.say(to, "but not there")
    assert answer.code == 302, answer.start
    assert "sip:x@nowhere.example" in answer.get("contact")
    moved.answer = (302, "Moved", [("Contact", "<%s>" % to)])
    answer = await lab.bob.say(to, "round and round")
    assert answer.code == 302, answer.start


@test("Request-Disposition: no-fork rings one device")
async def no_fork(lab):
    to, first, second = await user_with(
        lab, (";q=0.9", 486), (";q=0.5", 200))
    answer = await lab.bob.say(to, "one only", headers=[
        ("Request-Disposition", "no-fork")])
    assert answer.code == 486, answer.start
    await got(first, "one only")
    await quiet(second)


@test("An overloaded device is not said on as 503")
async def overloaded(lab):
    to, device = await user_with(lab, ("", 503))
    answer = await lab.bob.say(to, "too much", headers=[("Expires", "0")])
    assert answer.code == 500, answer.start
    answer = await lab.bob.say(to, "later then")
    assert answer.code == 202, answer.start
    device.answer = 200
    await device.register(contact="<%s>" % device.contact())
    await got(device, "later then")


@test("A stored message goes to one of two devices", "SF16")
async def one_of_two(lab):
    COUNT[0] += 1
    to, first, second = await user_with(lab, ("", 200), ("", 200))
    for device in (first, second):
        await device.register(expires=0,
                              contact="<%s>" % device.contact())
    answer = await lab.bob.say(to, "for one of you")
    assert answer.code == 202, answer.start
    for device in (first, second):
        await device.register(contact="<%s>" % device.contact())
    for _ in range(100):
        if first.texts() or second.texts():
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(QUIET_S)
    texts = first.texts() + second.texts()
    assert texts == ["for one of you"], texts


tap.main("devices", fixture)
