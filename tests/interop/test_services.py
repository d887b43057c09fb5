#!/usr/bin/python3
"""What the gateway does for people beside messages: profiles, registration,
its presence, addresses, commands; through Prosody."""

import asyncio
import sys
import xml.etree.ElementTree as ET

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from fixtures import pair  # noqa: E402
from lab import SIP_DOMAIN  # noqa: E402
from tap import test  # noqa: E402
from xmpp_user import condition_of  # noqa: E402

BOB = "bob@sip.example"
INFO = "http://jabber.org/protocol/disco#info"
ITEMS = "http://jabber.org/protocol/disco#items"
COMMANDS = "http://jabber.org/protocol/commands"
COMMAND = "{%s}" % COMMANDS
REGISTER = "jabber:iq:register"
DATA = "{jabber:x:data}"
NICK = "{http://jabber.org/protocol/nick}nick"
VCARD4 = "urn:ietf:params:xml:ns:vcard-4.0"
QUIET_S = 1.2


async def ask(user, to, payload, type="get"):
    answer = await user.iq(to, payload, type=type)
    assert answer is not None, "no answer of %s to %s" % (to, payload)
    return answer


async def refused(user, to, payload, type="get"):
    answer = await ask(user, to, payload, type)
    assert answer.get("type") == "error", ET.tostring(answer)
    return condition_of(answer)[0]


def register(inner):
    return "<query xmlns='%s'>%s</query>" % (REGISTER, inner)


async def form(user):
    answer = await ask(user, SIP_DOMAIN, register(""))
    assert answer.get("type") == "result", ET.tostring(answer)
    return answer.find("{%s}query" % REGISTER)


def registered(query):
    return query.find("{%s}registered" % REGISTER) is not None


def of_gateway(user, mark=0):
    return [p for p in user.presences[mark:]
            if p.get("from") == SIP_DOMAIN]


async def until(look, timeout=10, what="it"):
    limit = asyncio.get_running_loop().time() + timeout
    while not look():
        assert asyncio.get_running_loop().time() < limit, "no " + what
        await asyncio.sleep(0.05)


# ---- profiles --------------------------------------------------------------

@test("A user's profile is served as vcard-temp and as vCard4", "X-114")
async def profile(lab):
    await lab.node.ask("user", "profile", BOB, "name=Bob <B> & Söhne",
                       "given=Bob", "family=Builder", "phone=+49 30 123",
                       "email=bob@mail.example", "note=it's me")
    answer = await ask(lab.alice, BOB, "<vCard xmlns='vcard-temp'/>")
    card = answer.find("{vcard-temp}vCard")
    assert card is not None, ET.tostring(answer)
    ns = "{vcard-temp}"
    assert card.findtext(ns + "FN") == "Bob <B> & Söhne"
    assert card.findtext("%sN/%sFAMILY" % (ns, ns)) == "Builder"
    assert card.findtext("%sTEL/%sNUMBER" % (ns, ns)) == "+49 30 123"
    assert card.findtext("%sEMAIL/%sUSERID" % (ns, ns)) == "bob@mail.example"
    assert card.findtext(ns + "DESC") == "it's me"
    answer = await ask(lab.alice, BOB, "<vcard xmlns='%s'/>" % VCARD4)
    card = answer.find("{%s}vcard" % VCARD4)
    path = "{%s}fn/{%s}text" % (VCARD4, VCARD4)
    assert card.findtext(path) == "Bob <B> & Söhne", ET.tostring(answer)
    answer = await ask(
        lab.alice, BOB, "<pubsub xmlns='http://jabber.org/protocol/pubsub'>"
        "<items node='urn:xmpp:vcard4'/></pubsub>")
    items = answer.findall(".//{%s}vcard" % VCARD4)
    assert len(items) == 1 and items[0].findtext(path) == "Bob <B> & Söhne"
    # of somebody who is not there, and for somebody who may not look
    assert await refused(lab.alice, "nobody@sip.example",
                         "<vCard xmlns='vcard-temp'/>") == "item-not-found"
    assert await refused(
        lab.alice, BOB, "<vCard xmlns='vcard-temp'><FN>Eve</FN></vCard>",
        "set") in ("forbidden", "not-allowed")


# ---- registration ----------------------------------------------------------

@test("Registration: fetched - filled - changed - withdrawn", "X-110 X-111 "
      "X-116")
async def registration(lab):
    query = await form(lab.alice)
    assert not registered(query)
    assert query.find("{%s}name" % REGISTER) is not None
    mark = len(lab.alice.presences)
    answer = await ask(lab.alice, SIP_DOMAIN, register(
        "<name>Alice L</name><email>al@mail.example</email>"), "set")
    assert answer.get("type") == "result", ET.tostring(answer)
    # the gateway asks for the other direction, with its name this once
    await until(lambda: [p for p in of_gateway(lab.alice, mark)
                         if p.get("type") == "subscribe"], what="subscribe")
    wish = [p for p in of_gateway(lab.alice, mark)
            if p.get("type") == "subscribe"][0]
    assert wish.findtext(NICK)
    lab.alice.raw("<presence type='subscribed' to='%s'/>" % SIP_DOMAIN)
    lab.alice.raw("<presence type='subscribe' to='%s'/>" % SIP_DOMAIN)
    await until(lambda: [p for p in of_gateway(lab.alice, mark)
                         if p.get("type") == "subscribed"], what="subscribed")
    await until(lambda: [p for p in of_gateway(lab.alice, mark)
                         if p.get("type") is None], what="its presence")
    for p in of_gateway(lab.alice, mark):
        assert p is wish or p.find(NICK) is None, ET.tostring(p)
    query = await form(lab.alice)
    assert registered(query)
    assert query.findtext("{%s}name" % REGISTER) == "Alice L"
    # changed, by the data form
    answer = await ask(lab.alice, SIP_DOMAIN, register(
        "<x xmlns='jabber:x:data' type='submit'><field var='name'><value>"
        "Alice</value></field></x>"), "set")
    assert answer.get("type") == "result"
    query = await form(lab.alice)
    assert query.findtext("{%s}name" % REGISTER) == "Alice"
    # it outlives a kill: the presence is shown again, and at each login
    mark = len(lab.alice.presences)
    await lab.node.kill9()
    await lab.node.restart()
    await lab.node.link_up()
    await until(lambda: [p for p in of_gateway(lab.alice, mark)
                         if p.get("type") is None], what="presence anew")
    second = await lab.xmpp_user(lab.prosody_, "alice", "phone")
    await until(lambda: [p for p in of_gateway(second)
                         if p.get("type") is None], what="presence again")
    await second.close()
    assert registered(await form(lab.alice))
    # withdrawn
    mark = len(lab.alice.presences)
    answer = await ask(lab.alice, SIP_DOMAIN, register("<remove/>"), "set")
    assert answer.get("type") == "result"
    for kind in ("unsubscribe", "unsubscribed", "unavailable"):
        await until(lambda: [p for p in of_gateway(lab.alice, mark)
                             if p.get("type") == kind], what=kind)
    assert not registered(await form(lab.alice))
    lab.alice.raw("<presence type='unsubscribe' to='%s'/>" % SIP_DOMAIN)
    lab.alice.raw("<presence type='unsubscribed' to='%s'/>" % SIP_DOMAIN)


@test("Each mistake in a registration has its own error", "X-110")
async def mistakes(lab):
    for inner, condition in (
            ("<remove/>", "registration-required"),
            ("<name/>", "not-acceptable"),
            ("<email>al@mail.example</email>", "not-acceptable"),
            ("<name>Al</name><email>nonsense</email>", "not-acceptable"),
            ("<name>%s</name>" % ("x" * 600), "not-acceptable"),
            ("<remove/><name>Al</name>", "bad-request")):
        got = await refused(lab.alice, SIP_DOMAIN, register(inner), "set")
        assert got == condition, (inner, got)
    assert await refused(lab.alice, BOB, register("")) == \
        "service-unavailable"
    assert not registered(await form(lab.alice))


@test("A wish to see the gateway without being registered is refused",
      "X-108")
async def not_registered(lab):
    lab.anna = await lab.xmpp_user(lab.prosody_, "anna", "phone")
    mark = len(lab.anna.presences)
    lab.anna.raw("<presence type='subscribe' to='%s'/>" % SIP_DOMAIN)
    await until(lambda: [p for p in of_gateway(lab.anna, mark)
                         if p.get("type") == "error"], what="error")
    error = condition_of(of_gateway(lab.anna, mark)[0])
    assert error[0] == "registration-required", error
    assert not [p for p in of_gateway(lab.anna, mark)
                if p.get("type") in (None, "subscribed")]
    lab.anna.raw("<presence type='unsubscribe' to='%s'/>" % SIP_DOMAIN)


@test("Whom the policy does not allow learns nothing", "X-108")
async def denied(lab):
    mallory = await lab.xmpp_user(lab.prosody_, "mallory", "x")
    assert await refused(mallory, SIP_DOMAIN, register("<name>M</name>"),
                         "set") in ("policy-violation", "forbidden")
    assert await refused(mallory, BOB, "<vCard xmlns='vcard-temp'/>") in (
        "policy-violation", "forbidden")
    mallory.raw("<presence type='subscribe' to='%s'/>" % SIP_DOMAIN)
    await until(lambda: of_gateway(mallory), what="answer")
    await asyncio.sleep(QUIET_S)
    assert [p.get("type") for p in of_gateway(mallory)] == ["error"]
    assert condition_of(of_gateway(mallory)[0])[0] == "forbidden"


# ---- addresses and commands ------------------------------------------------

@test("A number however spaced becomes the JID to write to", "X-112")
async def prompt(lab):
    answer = await ask(lab.alice, SIP_DOMAIN,
                       "<query xmlns='jabber:iq:gateway'/>")
    ns = "{jabber:iq:gateway}"
    query = answer.find(ns + "query")
    assert query.findtext(ns + "prompt") and query.findtext(ns + "desc")
    for text, jid in (("+1 555 123 4567", "+15551234567@sip.example"),
                      ("+1 (555) 123-4567", "+15551234567@sip.example"),
                      ("sip:bob@sip.example", BOB), ("bob@SIP.example", BOB)):
        answer = await ask(
            lab.alice, SIP_DOMAIN, "<query xmlns='jabber:iq:gateway'>"
            "<prompt>%s</prompt></query>" % text, "set")
        assert answer.findtext("%squery/%sjid" % (ns, ns)) == jid, \
            ET.tostring(answer)
    for text in ("nonsense", "alice@xmpp.example", "http://x/"):
        assert await refused(
            lab.alice, SIP_DOMAIN, "<query xmlns='jabber:iq:gateway'>"
            "<prompt>%s</prompt></query>" % text, "set") == "item-not-found"
    # what it gave can be written to
    await lab.alice.say(BOB, "found you")
    await lab.bob.wait_text("found you")


def command(node, inner="", **attrs):
    text = "".join(" %s='%s'" % kv for kv in attrs.items())
    return "<command xmlns='%s' node='%s'%s>%s</command>" % (
        COMMANDS, node, text, inner)


def submit(**fields):
    return "<x xmlns='jabber:x:data' type='submit'>%s</x>" % "".join(
        "<field var='%s'><value>%s</value></field>" % kv
        for kv in fields.items())


async def step(user, *args, **more):
    answer = await ask(user, SIP_DOMAIN, command(*args, **more), "set")
    assert answer.get("type") == "result", ET.tostring(answer)
    return answer.find(COMMAND + "command")


@test("Commands are listed and run through their steps", "X-17 X-113")
async def commands(lab):
    answer = await ask(lab.alice, SIP_DOMAIN,
                       "<query xmlns='%s'/>" % ITEMS)
    nodes = [i.get("node") for i in answer.iter("{%s}item" % ITEMS)]
    assert nodes == [COMMANDS], nodes
    answer = await ask(lab.alice, SIP_DOMAIN,
                       "<query xmlns='%s' node='%s'/>" % (ITEMS, COMMANDS))
    nodes = {i.get("node") for i in answer.iter("{%s}item" % ITEMS)}
    assert nodes == {"register", "unregister", "address"}, nodes
    for node in nodes:
        answer = await ask(lab.alice, SIP_DOMAIN,
                           "<query xmlns='%s' node='%s'/>" % (INFO, node))
        kinds = [i.get("type") for i in answer.iter("{%s}identity" % INFO)]
        assert kinds == ["command-node"], kinds
    got = await step(lab.alice, "register", action="execute")
    session = got.get("sessionid")
    assert got.get("status") == "executing" and session
    got = await step(lab.alice, "register", submit(name="Al"),
                     sessionid=session, action="next")
    got = await step(lab.alice, "register", sessionid=session, action="prev")
    values = {f.get("var"): f.findtext(DATA + "value")
              for f in got.iter(DATA + "field")}
    assert values["name"] == "Al", values
    got = await step(lab.alice, "register", submit(name="Alice"),
                     sessionid=session)
    got = await step(lab.alice, "register", sessionid=session,
                     action="complete")
    assert got.get("status") == "completed"
    assert (await form(lab.alice)).findtext("{%s}name" % REGISTER) == "Alice"
    got = await step(lab.alice, "unregister")
    got = await step(lab.alice, "unregister",
                     sessionid=got.get("sessionid"), action="complete")
    assert got.get("status") == "completed"
    assert not registered(await form(lab.alice))
    got = await step(lab.alice, "address")
    got = await step(lab.alice, "address", submit(address="+1 555 0100"),
                     sessionid=got.get("sessionid"))
    assert [v.text for v in got.iter(DATA + "value")] == [
        "+15550100@sip.example"]


@test("A command is cancelled - a session that is none is refused", "X-113")
async def sessions(lab):
    got = await step(lab.alice, "register")
    session = got.get("sessionid")
    got = await step(lab.alice, "register", sessionid=session,
                     action="cancel")
    assert got.get("status") == "canceled"
    for more in ({"sessionid": session}, {"sessionid": "nonesuch"}):
        answer = await ask(lab.alice, SIP_DOMAIN,
                           command("register", **more), "set")
        assert condition_of(answer)[0] == "bad-request"
        assert answer.find(".//%sbad-sessionid" % COMMAND) is not None
    assert await refused(lab.alice, SIP_DOMAIN, command("nonesuch"),
                         "set") == "item-not-found"


@test("What was asked while the gateway restarts does not trouble it")
async def restarted(lab):
    lab.alice.raw("<iq type='get' id='early' to='%s'><vCard "
                  "xmlns='vcard-temp'/></iq>" % BOB)
    await lab.node.stop()
    await lab.node.restart()
    await lab.node.link_up()
    await lab.alice.say(BOB, "still there?")
    await lab.bob.wait_text("still there?", 20)
    answer = await ask(lab.alice, BOB, "<vCard xmlns='vcard-temp'/>")
    assert answer.get("type") == "result"



def fixture(build, **more):
    return pair(build, xmpp=("alice", "anna", "mallory"),
                domain_more=' profiles = all\n registration = yes\n'
                ' deny = {"mallory@*"}\n', **more)


tap.main(__doc__, fixture) if __name__ == "__main__" else None
