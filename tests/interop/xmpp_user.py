"""XmppUser: a slixmpp client on a real XMPP server, for tests.

It sends stanzas as written and keeps every stanza it gets as an ElementTree
element. `receipts` and `markers` say whether it answers requests by itself.

    alice = XmppUser("alice@xmpp.example", "secret", ("127.0.0.1", 5222))
    await alice.start()
    await alice.say("bob@sip.example", "Hi", request=True)
    got = await alice.wait_body("Hello")
"""

import asyncio
import logging
import time
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

# Before the import: it complains about an optional library.
logging.getLogger("slixmpp").setLevel(logging.CRITICAL)

import slixmpp  # noqa: E402
from slixmpp.xmlstream.handler import Callback  # noqa: E402
from slixmpp.xmlstream.matcher import MatchXPath  # noqa: E402

from sip_text import token  # noqa: E402

CLIENT = "{jabber:client}"
STANZAS = "{urn:ietf:params:xml:ns:xmpp-stanzas}"
RECEIPTS = "urn:xmpp:receipts"
MARKERS = "urn:xmpp:chat-markers:0"
STATES = "http://jabber.org/protocol/chatstates"
HINTS = "urn:xmpp:hints"
DELAY = "urn:xmpp:delay"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def condition_of(stanza):
    """(condition, type, text, by, content) of an error stanza, or None."""
    for error in stanza:
        if error.tag.split("}")[-1] != "error":
            continue
        name, text, content = None, None, None
        for child in error:
            if child.tag == STANZAS + "text":
                text = child.text
            elif child.tag.startswith(STANZAS):
                name = child.tag[len(STANZAS):]
                content = child.text
        return name, error.get("type"), text, error.get("by"), content
    return None


class XmppUser:
    def __init__(self, jid, password, server, resource="lab"):
        self.bare, self.resource = jid, resource
        self.jid = "%s/%s" % (jid, resource)
        self.password, self.server = password, server
        self.messages = []		# ET elements, also errors
        self.iqs = []
        self.presences = []
        self.receipts = self.markers = False
        self.on_message = None
        self.client = None
        self._news = asyncio.Event()

    async def start(self, timeout=15, priority=None):
        client = slixmpp.ClientXMPP(
            self.jid, self.password, plugin_config={
                "feature_mechanisms": {"unencrypted_plain": True,
                                       "unencrypted_scram": True}})
        self.client = client
        ready = asyncio.get_running_loop().create_future()
        failed = []

        def done(value):
            if not ready.done():
                ready.set_result(value)

        client.add_event_handler("session_start", lambda _: done(True))
        client.add_event_handler("failed_all_auth", lambda _: done(False))
        client.add_event_handler("connection_failed", failed.append)
        for name in ("message", "iq", "presence"):
            client.register_handler(Callback(
                "lab " + name, MatchXPath(CLIENT + name), self._on_stanza))
        client.connect(self.server, disable_starttls=True, use_ssl=False)
        if not await asyncio.wait_for(ready, timeout):
            raise AssertionError("%s may not log in" % self.jid)
        self.raw("<presence/>" if priority is None else
                 "<presence><priority>%d</priority></presence>" % priority)
        # Only when the server has our presence does it route to us.
        await self.iq(None, "<query xmlns='jabber:iq:roster'/>")
        return self

    async def close(self):
        """Leave in order (the server knows at once)."""
        if self.client:
            client, self.client = self.client, None
            gone = client.disconnect(wait=0.5)
            try:
                await asyncio.wait_for(gone, 3)
            except (asyncio.TimeoutError, asyncio.CancelledError):
                client.abort()

    def raw(self, text):
        self.client.send_raw(text)

    # ---- sending -----------------------------------------------------------

    async def say(self, to, body, id=None, type="chat", subject=None,
                  thread=None, lang=None, request=False, markable=False,
                  extra=""):
        id = id or "x" + token()
        text = "<message to=%s id=%s" % (quoteattr(to), quoteattr(id))
        if type:
            text += " type=%s" % quoteattr(type)
        if lang:
            text += " xml:lang=%s" % quoteattr(lang)
        text += ">"
        if subject is not None:
            text += "<subject>%s</subject>" % escape(subject)
        if thread is not None:
            text += "<thread>%s</thread>" % escape(thread)
        if body is not None:
            text += "<body>%s</body>" % escape(body)
        if request:
            text += "<request xmlns='%s'/>" % RECEIPTS
        if markable:
            text += "<markable xmlns='%s'/>" % MARKERS
        self.raw(text + extra + "</message>")
        return id

    async def iq(self, to, payload, type="get", timeout=8, id=None):
        """The answer to a question, or None when none came in time."""
        id = id or "q" + token()
        self.raw("<iq type='%s' id='%s'%s>%s</iq>" % (
            type, id, " to=%s" % quoteattr(to) if to else "", payload))
        return await self._until(
            lambda: next((q for q in self.iqs if q.get("id") == id and
                          q.get("type") in ("result", "error")), None),
            timeout)

    def answer_receipt(self, stanza):
        self.raw("<message to=%s id='rc%s' type='chat'><received xmlns='%s' "
                 "id=%s/></message>" % (
                     quoteattr(stanza.get("from")), token(4), RECEIPTS,
                     quoteattr(stanza.get("id"))))

    def answer_marker(self, stanza):
        self.raw("<message to=%s id='mk%s' type='chat'><displayed xmlns='%s' "
                 "id=%s/></message>" % (
                     quoteattr(stanza.get("from")), token(4), MARKERS,
                     quoteattr(stanza.get("id"))))

    # ---- receiving ---------------------------------------------------------

    def _on_stanza(self, stanza):
        xml = stanza.xml
        kind = xml.tag.split("}")[-1]
        {"message": self.messages, "iq": self.iqs,
         "presence": self.presences}[kind].append(xml)
        self._news.set()
        self._news = asyncio.Event()
        if kind != "message" or xml.get("type") == "error":
            return
        if self.on_message:
            self.on_message(xml)
        if self.receipts and xml.find("{%s}request" % RECEIPTS) is not None:
            self.answer_receipt(xml)
        if self.markers and xml.find("{%s}markable" % MARKERS) is not None:
            self.answer_marker(xml)

    async def _until(self, look, timeout):
        limit = time.monotonic() + timeout
        while True:
            found = look()
            left = limit - time.monotonic()
            if found is not None or left <= 0:
                return found
            try:
                await asyncio.wait_for(self._news.wait(), left)
            except asyncio.TimeoutError:
                pass

    async def wait(self, test, timeout=10, what="a message"):
        found = await self._until(
            lambda: next((m for m in self.messages if test(m)), None),
            timeout)
        if found is None:
            raise AssertionError("%s never got %s; got %r" % (
                self.bare, what, [ET.tostring(m, "unicode")[:200]
                                  for m in self.messages]))
        return found

    async def wait_body(self, body, timeout=10):
        return await self.wait(
            lambda m: m.get("type") != "error" and
            m.findtext(CLIENT + "body") == body, timeout,
            "the text %r" % body)

    async def wait_error(self, id, timeout=10):
        """(condition, type, text, by, content) of the error with that id."""
        stanza = await self.wait(
            lambda m: m.get("type") == "error" and m.get("id") == id,
            timeout, "an error for %s" % id)
        return condition_of(stanza)

    async def wait_child(self, ns, name, id, timeout=10):
        def fits(m):
            child = m.find("{%s}%s" % (ns, name))
            return m.get("type") != "error" and child is not None and \
                child.get("id") == id
        return await self.wait(fits, timeout, "%s for %s" % (name, id))

    async def wait_received(self, id, timeout=10):
        return await self.wait_child(RECEIPTS, "received", id, timeout)

    async def wait_displayed(self, id, timeout=10):
        return await self.wait_child(MARKERS, "displayed", id, timeout)

    def bodies(self):
        return [m.findtext(CLIENT + "body") for m in self.messages
                if m.get("type") != "error" and
                m.find(CLIENT + "body") is not None]
