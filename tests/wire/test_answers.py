#!/usr/bin/python3
"""What a SIP sender is told: each refusal with the headers that belong to it,
and what becomes of a message whose time is over."""

import asyncio
import contextlib
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "interop"))

import tap  # noqa: E402
from lab import Lab, policy, sip_config  # noqa: E402
from sip_text import Cpim, token  # noqa: E402
from tap import test  # noqa: E402

BOB, CAROL = "sip:bob@sip.example", "sip:carol@sip.example"
TYPE = ("Content-Type", "text/plain")


@contextlib.asynccontextmanager
async def fixture(build):
    async with Lab(build) as lab:
        lab.node = await lab.causewayd(
            sip_config() + policy(no_answer="2s"), listeners=("udp", "tcp"))
        lab.tail = lambda: lab.node.tail(30)
        lab.bob = await lab.sip_user(lab.node, "bob")
        lab.carol = await lab.sip_user(lab.node, "carol", transport="tcp")
        lab.both = (lab.bob, lab.carol)
        yield lab


async def silent(user, text, seconds=0.7):
    """It was not and will not be shown."""
    await asyncio.sleep(seconds)
    assert text not in user.texts(), "%r was shown" % text


def http_date(at):
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(at))


@test("Refusals that name what would be taken", "CP30 CT10")
async def what_we_take(lab):
    for user, to in ((lab.bob, CAROL), (lab.carol, BOB)):
        for headers in ([("Content-Type", "application/x-unknown")],
                        [("Content-Type", "chemical/x-pdb")],
                        [("Content-Type", "text/plain;charset=x-nobody")],
                        [TYPE, ("Content-Encoding", "gzip")]):
            answer = await user.request("MESSAGE", to, headers, b"\x1f\x8b")
            assert answer.code == 415, (headers, answer.start)
            accept = answer.get("accept")
            for kind in ("text/", "message/cpim", "message/imdn+xml",
                         "application/im-iscomposing+xml", "multipart/"):
                assert kind in accept, accept
            assert answer.get("accept-encoding") == "identity"
            assert answer.get("accept-language")
        # also inside a wrapper
        inner = Cpim([("From", "<%s>" % user.aor), ("To", "<%s>" % to)],
                     [("Content-Type", "application/x-unknown")], b"x")
        answer = await user.request(
            "MESSAGE", to, [("Content-Type", "message/cpim")],
            inner.to_bytes())
        assert answer.code == 415 and answer.get("accept"), answer.start
        # and what is taken comes through
        for kind in ("text/html", "image/png", "text/x-vcard"):
            answer = await user.request(
                "MESSAGE", to, [("Content-Type", kind),
                                ("Content-Language", "de, en"),
                                ("Content-Encoding", "identity")], b"x")
            assert answer.code == 200, (kind, answer.start)


@test("413 above the size of the transport", "PF21")
async def too_large(lab):
    before = len(lab.carol.messages)
    for user, to, size in ((lab.bob, CAROL, 1301), (lab.carol, BOB, 65537),
                           (lab.bob, CAROL, 9000), (lab.carol, BOB, 79000)):
        answer = await user.request("MESSAGE", to, [TYPE], b"x" * size)
        assert answer.code == 413, (size, answer.start)
    answer = await lab.bob.request("MESSAGE", CAROL, [TYPE], b"x" * 1300)
    assert answer.code == 200, answer.start
    assert len(lab.carol.messages) == before + 1
    # far more than may ever come: refused on its announcement
    answer = await lab.carol.raw(
        lab.carol.make("MESSAGE", BOB, [TYPE]).to_bytes().replace(
            b"Content-Length: 0", b"Content-Length: 2000000000") +
        b"y" * 100, 5)
    assert answer and answer.code in (400, 413), answer
    lab.carol.drop_connection()
    assert (await lab.carol.register()).code == 200


@test("405 with Allow - 489 - 501 - 481 for what there is not")
async def methods(lab):
    for user in lab.both:
        for method in ("INVITE", "REFER", "INFO", "UPDATE"):
            answer = await user.request(
                method, BOB, [("Contact", "<%s>" % user.contact())])
            assert answer.code == 405, (method, answer.start)
            assert {"MESSAGE", "REGISTER", "OPTIONS"} <= {
                m.strip() for m in answer.get("allow").split(",")}
        answer = await user.request("SUBSCRIBE", BOB,
                                    [("Event", "no-such-package")])
        assert answer.code == 489, answer.start
        answer = await user.request("FOOBAR", BOB)
        assert answer.code == 501, answer.start
        # a CANCEL for nothing, also for what is no INVITE
        answer = await user.request("CANCEL", BOB, auth=False)
        assert answer.code == 481, answer.start


@test("416 - 414 - 400 for a Request-URI also when no parser reads it")
async def targets(lab):
    for user in lab.both:
        for uri, code in (("http://b.example/", 416), ("mailto:a@b", 416),
                          ("urn:service:sos", 416), ("sip:a%zz@b", 400),
                          ("<%s>" % BOB, 400), ("sip:a@b?subject=x", 400),
                          ("sip:" + "a" * 2500 + "@sip.example", 414),
                          ("sip:a@b:999999", 400), ("sip:", 400),
                          ("sip:[::1", 400), ("!", 400)):
            answer = await user.request("MESSAGE", uri, [TYPE], b"x", to=BOB,
                                        auth=False, timeout=10)
            assert answer.code == code, (uri[:40], answer.start)
            if user is lab.carol:
                user.drop_connection()
    assert (await lab.carol.register()).code == 200


@test("420 names what is unknown in Require and Proxy-Require")
async def extensions(lab):
    for user in lab.both:
        answer = await user.request(
            "MESSAGE", BOB, [("Require", "path, foo"), ("Proxy-Require",
                                                        "bar"), TYPE], b"x")
        assert answer.code == 420, answer.start
        assert {v.strip() for line in answer.all("unsupported")
                for v in line.split(",")} == {"foo", "bar"}, answer.headers


@test("Max-Forwards 0 is 483 - the same by another way is 482", "CP07")
async def loops(lab):
    for user in lab.both:
        text = "hops " + token(4)
        answer = await user.say(CAROL if user is lab.bob else BOB, text,
                                headers=[("Max-Forwards", "0")])
        assert answer.code == 483, answer.start
    # The recipient takes its time; the copy with another branch comes.
    gate = asyncio.Event()

    async def slow(_):
        await gate.wait()
        return 200
    lab.carol.answer = slow
    text = "merged " + token(4)
    request = lab.bob.make("MESSAGE", CAROL, [TYPE], text.encode())
    request.set("Authorization", lab.bob.credentials(request))
    first = lab.bob.spawn(lab.bob.exchange(request))
    await lab.carol.wait_text(text)
    copy = lab.bob.make("MESSAGE", CAROL, [TYPE], text.encode())
    copy.headers = list(request.headers)
    copy.set("Via", lab.bob.via())
    answer = await lab.bob.exchange(copy)
    assert answer.code == 482, answer.start
    gate.set()
    assert (await first).code == 200
    lab.carol.answer = 200
    await silent(lab.carol, "hops")
    assert lab.carol.texts().count(text) == 1
    assert await lab.node.queue() == [], "something was stored"
    assert lab.node.is_running


@test("What the recipient answers reaches the sender", timeout=60)
async def mapped(lab):
    for user, other in ((lab.bob, lab.carol), (lab.carol, lab.bob)):
        for code, wanted in ((404, 404), (488, 488), (491, 491), (493, 493),
                             (603, 603), (606, 606), (400, 400), (415, 415),
                             (484, 484), (413, 413)):
            other.answer = code
            answer = await user.say(other.aor, "code %d" % code,
                                    headers=[("Expires", "0")])
            assert answer.code == wanted, (code, answer.start)
        for code in (480, 486):
            other.answer = code
            answer = await user.say(other.aor, "busy %d" % code,
                                    headers=[("Expires", "0")])
            assert answer.code in (code, 480), (code, answer.start)
        other.answer = 200
    answer = await lab.bob.say("sip:nobody@sip.example", "x")
    assert answer.code == 404, answer.start
    await lab.node.add_user("absent")
    answer = await lab.bob.say("sip:absent@sip.example", "x",
                               headers=[("Expires", "0")])
    assert answer.code == 480, answer.start


@test("Whose time is over gets 200 and is not shown", "CT09", timeout=60)
async def expired(lab):
    now = time.time()
    await lab.node.add_user("away")
    for user, other in ((lab.bob, lab.carol), (lab.carol, lab.bob)):
        for date, expires in ((now - 600, "60"), (now - 86400 * 400, "1"),
                              (now - 60, http_date(now - 5))):
            text = "late " + token(4)
            for to in (other.aor, "sip:away@sip.example"):
                answer = await user.say(to, text, headers=[
                    ("Date", http_date(date)), ("Expires", expires)])
                assert answer.code == 200, (expires, answer.start)
            await silent(other, text, 0.3)
        # fresh ones, with a clock that is wrong or without one
        for date, expires in ((now, "60"), (now - 30, "600"),
                              (now + 3600, "600"), (None, "60"),
                              (None, "4294967295")):
            text = "fresh " + token(4)
            answer = await user.say(other.aor, text, headers=(
                [("Date", http_date(date))] if date else []) +
                [("Expires", expires)])
            assert answer.code == 200, (date, expires, answer.start)
            await other.wait_text(text)
    assert await lab.node.queue() == [], "what is over was stored"
    assert [r for r in lab.node.accounting() if r.get("event") == "expired"]


@test("A clock that runs ahead keeps nothing for longer", "CT09", timeout=40)
async def ahead(lab):
    await lab.node.add_user("later", "pw")
    text = "short-lived " + token(4)
    answer = await lab.bob.say(
        "sip:later@sip.example", text,
        headers=[("Date", http_date(time.time() + 86400)), ("Expires", "2")])
    assert answer.code == 202, answer.start
    await asyncio.sleep(3)
    user = await lab.sip_user(lab.node, "later", "pw", create=False)
    await silent(user, text, 1.5)


@test("A repeat gets the same answer over UDP and TCP and makes no second")
async def repeats(lab):
    for user, other in ((lab.bob, lab.carol), (lab.carol, lab.bob)):
        text = "once " + token(4)
        request = user.make("MESSAGE", other.aor, [TYPE], text.encode())
        request.set("Authorization", user.credentials(request))
        answers = [(await user.exchange(request)).to_bytes()
                   for _ in range(4)]
        assert len(set(answers)) == 1, answers
        await silent(other, "nothing", 0.3)
        assert other.texts().count(text) == 1


tap.main(__doc__, fixture) if __name__ == "__main__" else None
