#!/usr/bin/python3
"""make demo: a conversation between SIP and XMPP users, as it happens.

Prosody serves alice and anna at xmpp.example, causewayd (SQLite) serves bob
and carol at sip.example, all on the loopback in a temporary folder that is
removed at the end. Each line says when, who, what, and the trace id of the
message. The exit status is 0 only when everything happened as announced.
"""

import argparse
import asyncio
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "interop"))

import lab as laboratory  # noqa: E402
from lab import SIP_DOMAIN, Lab, sip_config, xmpp_config  # noqa: E402
from sip_user import DISPLAYED, DELIVERED, report_of  # noqa: E402
from xmpp_user import (CLIENT, DELAY, MARKERS, RECEIPTS,  # noqa: E402
                       condition_of)

SHIM = "{http://jabber.org/protocol/shim}"
NOBODY_XMPP, NOBODY_SIP = "nobody@xmpp.example", "nobody@sip.example"


class Failed(Exception):
    pass


def need(truth, sentence):
    if not truth:
        raise Failed(sentence)


class Transcript:
    def __init__(self):
        self.start = time.monotonic()
        self.colour = sys.stdout.isatty()

    def line(self, who, text, trace=None):
        at = (time.monotonic() - self.start) * 1000
        out = "%8.0f ms  %-12s %s" % (at, who, text)
        if trace:
            out = "%-86s trace %s" % (out, trace)
        print(out, flush=True)

    def title(self, text):
        mark = ("\033[1m%s\033[0m" if self.colour else "%s") % text
        print("\n" + mark, flush=True)


def trace_of(stanza):
    for header in stanza.iter(SHIM + "header"):
        if header.get("name") == "X-Trace":
            return header.text
    return None


class Demo:
    def __init__(self, lab, show):
        self.lab, self.show = lab, show

    # ---- printing what arrives ---------------------------------------------

    def watch_sip(self, user):
        def on_message(m):
            report = report_of(m)
            who = m.header_uri("from").replace("sip:", "").split(";")[0]
            if report:
                self.show.line(user.name + " (SIP)", "<- %s: %s, says %s" % (
                    report["kind"], report["status"], who), m.trace())
            else:
                self.show.line(user.name + " (SIP)", '<- "%s" from %s' % (
                    m.content(), who), m.trace())
        user.on_message = on_message

    def watch_xmpp(self, user):
        name = user.bare.split("@")[0] + " (XMPP)"

        def on_message(m):
            who, body = m.get("from"), m.findtext(CLIENT + "body")
            if body is not None:
                self.show.line(name, '<- "%s" from %s' % (body, who),
                               trace_of(m))
            elif m.find("{%s}received" % RECEIPTS) is not None:
                self.show.line(name, "<- receipt: delivered, says %s" % who)
            elif m.find("{%s}displayed" % MARKERS) is not None:
                self.show.line(name, "<- marker: displayed, says %s" % who)
        user.on_message = on_message

    async def sip_says(self, user, to, text, **more):
        self.show.line(user.name + " (SIP)", '-> "%s" to %s' % (text, to))
        answer = await user.say("sip:" + to, text, **more)
        self.show.line(user.name + " (SIP)", "   answered %d %s" % (
            answer.code, answer.reason), answer.trace())
        return answer

    async def xmpp_says(self, user, to, text, **more):
        self.show.line(user.bare.split("@")[0] + " (XMPP)",
                       '-> "%s" to %s' % (text, to))
        return await user.say(to, text, **more)

    # ---- the story ---------------------------------------------------------

    async def set_up(self):
        lab, show = self.lab, self.show
        show.title("The laboratory starts")
        self.prosody = await lab.prosody(users=("alice", "anna"))
        show.line("prosody", "serves xmpp.example; component %s on port %d" %
                  (SIP_DOMAIN, self.prosody.component))
        self.node = await lab.causewayd(sip_config() + xmpp_config(
            self.prosody.component, self.prosody.secrets[SIP_DOMAIN]),
            listeners=("udp", "tcp"))
        show.line("causewayd", "serves %s, SQLite in %s%s" % (
            SIP_DOMAIN, self.node.state,
            "; it stays root, as --allow-root says"
            if os.geteuid() == 0 else ""))
        self.passwords = {}
        for name in ("bob", "carol"):
            address = "%s@%s" % (name, SIP_DOMAIN)
            password = laboratory.token(6)
            await self.node.ctl("user", "add", address, stdin=password)
            self.passwords[name] = password
            show.line("causewayctl", "user add %s" % address)
        self.bob = await lab.sip_user(self.node, "bob", create=False,
                                      password=self.passwords["bob"])
        self.carol = await lab.sip_user(self.node, "carol", create=False,
                                        password=self.passwords["carol"],
                                        transport="tcp")
        show.line("bob, carol", "registered over UDP and TCP, SHA-256 digest")
        self.alice = await lab.xmpp_user(self.prosody, "alice", "tablet")
        show.line("alice", "logged in as %s" % self.alice.jid)
        for user in (self.bob, self.carol):
            user.reports = {"delivered", "displayed"}
            self.watch_sip(user)
        self.alice.receipts = self.alice.markers = True
        self.watch_xmpp(self.alice)

    async def sip_to_xmpp(self):
        self.show.title("SIP to XMPP: delivered and displayed come back")
        text = "Ça va à midi ? See you <at> noon & bring a pen"
        answer = await self.sip_says(self.bob, self.alice.bare, text,
                                     wants=DISPLAYED, message_id="demo-1")
        need(answer.code == 200, "bob was not told 200")
        self.first = await self.alice.wait_body(text)
        await self.bob.wait_report("demo-1", "delivered")
        await self.bob.wait_report("demo-1", "displayed")

    async def xmpp_to_sip(self):
        self.show.title("XMPP to SIP: receipt and displayed marker come back")
        id = await self.xmpp_says(self.alice, self.bob.aor[4:], "At one?",
                                  request=True, markable=True)
        await self.bob.wait_text("At one?")
        await self.alice.wait_received(id)
        await self.alice.wait_displayed(id)

    async def sip_to_sip(self):
        self.show.title("SIP to SIP")
        answer = await self.sip_says(self.bob, self.carol.aor[4:],
                                     "Lunch at one with alice?",
                                     wants=DELIVERED, message_id="demo-2")
        need(answer.code == 200, "bob was not told 200")
        await self.carol.wait_text("Lunch at one with alice?")
        await self.bob.wait_report("demo-2", "delivered")

    async def away(self):
        self.show.title("A recipient is away and comes back")
        need((await self.carol.unregister()).code == 200,
             "carol could not leave")
        self.show.line("carol (SIP)", "is away")
        said = time.time()
        id = await self.xmpp_says(self.alice, self.carol.aor[4:],
                                  "The table is booked", request=True)
        await self.node.logged("kept", id=id)
        rows = await self.node.queue()
        need(rows, "nothing waits for carol")
        self.show.line("causewayctl", "queue ls: %d message waits" %
                       len(rows))
        await asyncio.sleep(2)
        need("The table is booked" not in self.carol.texts() and
             not self.alice_has_receipt(id), "a receipt came too early")
        self.show.line("carol (SIP)", "comes back")
        need((await self.carol.register()).code == 200,
             "carol could not come back")
        got = await self.carol.wait_text("The table is booked")
        written = got.cpim().get("DateTime")
        late = said - laboratory_time(written)
        need(abs(late) < 1.5, "the original time is lost: %s" % written)
        self.show.line("carol (SIP)", "   written at %s, as alice did" %
                       written)
        await self.alice.wait_received(id)
        await self.away_xmpp()

    def alice_has_receipt(self, id):
        for m in self.alice.messages:
            child = m.find("{%s}received" % RECEIPTS)
            if child is not None and child.get("id") == id:
                return True
        return False

    async def away_xmpp(self):
        self.show.line("anna (XMPP)", "is away: her own server keeps for her")
        answer = await self.sip_says(self.bob, "anna@xmpp.example",
                                     "Are you coming too?")
        need(answer.code in (200, 202), "the message to anna was refused")
        await asyncio.sleep(0.3)
        anna = await self.lab.xmpp_user(self.prosody, "anna", start=False)
        self.watch_xmpp(anna)
        await anna.start()
        got = await anna.wait_body("Are you coming too?")
        need(got.find("{%s}delay" % DELAY) is not None,
             "anna does not see that it is old")

    async def unknown(self):
        self.show.title("An unknown user is refused on each side")
        answer = await self.sip_says(self.bob, NOBODY_XMPP, "Anybody?")
        need(400 <= answer.code < 500, "bob was told %d" % answer.code)
        id = await self.xmpp_says(self.alice, NOBODY_SIP, "Anybody?")
        stanza = await self.alice.wait(
            lambda m: m.get("type") == "error" and m.get("id") == id)
        condition, kind, text, _, _ = condition_of(stanza)
        self.show.line("alice (XMPP)", "<- error %s (%s): %s" % (
            condition, kind, text))
        need(condition == "item-not-found", "alice was told " + condition)

    async def killed(self):
        self.show.title("kill -9 between acceptance and delivery")
        await self.carol.unregister()
        self.carol.drop_connection()
        self.show.line("carol (SIP)", "is away")
        answer = await self.sip_says(self.bob, self.carol.aor[4:],
                                     "This one must survive",
                                     wants=DELIVERED, message_id="demo-3")
        need(answer.code == 202, "bob was not told 202")
        await self.node.kill9()
        self.show.line("causewayd", "killed with -9, process %d" %
                       self.node.pid)
        await self.node.restart()
        await self.node.link_up()
        self.show.line("causewayd", "started again, process %d" %
                       self.node.pid)
        self.show.line("carol (SIP)", "comes back")
        need((await self.carol.register()).code == 200,
             "carol could not come back")
        await self.carol.wait_text("This one must survive")
        await self.bob.wait_report("demo-3", "delivered")
        need(self.carol.texts().count("This one must survive") == 1,
             "it came twice")

    async def trace(self):
        self.show.title("The story of one message: causewayctl trace")
        trace = trace_of(self.first)
        need(trace, "the stanza carries no trace id")
        code, out, err = await self.node.ctl("trace", trace, as_json=False)
        print(out + err, end="", flush=True)
        need(code == 0 and trace in out, "the trace tells nothing")

    async def stop(self):
        self.show.title("The end")
        need(await self.node.stop() == 0, "causewayd did not end with 0")
        self.show.line("causewayd", "stopped in order")

    async def run(self):
        await self.set_up()
        for step in (self.sip_to_xmpp, self.xmpp_to_sip, self.sip_to_sip,
                     self.away, self.unknown, self.killed, self.trace,
                     self.stop):
            await asyncio.wait_for(step(), 40)


def laboratory_time(stamp):
    """Seconds since the epoch of an RFC 3339 stamp in UTC."""
    import calendar
    whole, _, part = stamp.rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + (
        float("0." + part) if part else 0)


async def run(build):
    show = Transcript()
    folder = None
    try:
        async with Lab(build) as lab:
            folder = lab.dir
            demo = Demo(lab, show)
            try:
                await demo.run()
            except BaseException:
                for thing in lab.things:
                    if isinstance(thing, laboratory.Process):
                        print("\n%s said last:\n%s" % (thing.name,
                                                       thing.tail()))
                raise
    except (Failed, AssertionError, LookupError, OSError,
            asyncio.TimeoutError) as e:
        print("\nFAILED: %s" % (e or type(e).__name__))
        return 1
    if os.path.exists(folder):
        print("\nFAILED: %s was left behind" % folder)
        return 1
    print("\nAll of it happened, in %.1f s." % (time.monotonic() -
                                                show.start))
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", help="folder of the programs "
                        "(build/release)")
    sys.exit(asyncio.run(run(parser.parse_args().build)))


if __name__ == "__main__":
    main()
