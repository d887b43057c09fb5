"""MockXmpp: the server side of XEP-0114, saying whatever a test wishes.

    mock = MockXmpp(port, "sip.example", "s3cret")
    mock.on_message = lambda stanza: mock.error(stanza, "item-not-found")

Pings are answered by themselves, after what on_message sent. `mode` makes it
a bad server: "accept" only accepts the connection, "header" stops after the
stream header, "refuse" answers not-authorized, "conflict" says so, "close"
closes after the handshake, "half" sends half a stanza then and closes,
"deaf" goes on but stops reading. Each connection's first bytes are kept.
"""

import asyncio
import hashlib
import time
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from sip_text import token

STREAM = "http://etherx.jabber.org/streams"
COMPONENT = "jabber:component:accept"
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"
OWN = "{%s}" % COMPONENT


class Connection:
    """One stream from the component."""

    def __init__(self, mock, reader, writer):
        self.mock, self.reader, self.writer = mock, reader, writer
        self.stream_id = token(4)
        self.first = b""
        self.is_up = False
        self.parser = ET.XMLPullParser(["start", "end"])
        self.depth = 0
        self.root = None

    def send(self, text):
        self.writer.write(text.encode() if isinstance(text, str) else text)

    async def run(self):
        mode = self.mock.mode
        if mode == "accept":
            await self.reader.read()
            return
        while True:
            data = await self.reader.read(65536)
            if not data:
                return
            if len(self.first) < 1024:
                self.first += data
            self.mock.bytes_in += len(data)
            self.parser.feed(data)
            for kind, element in self.parser.read_events():
                if not await self.take(kind, element, mode):
                    return
            if self.is_up and mode == "deaf":
                await asyncio.sleep(3600)

    async def take(self, kind, element, mode):
        if kind == "start":
            self.depth += 1
            if self.depth == 1:
                self.root = element
                return self.on_header(mode)
            return True
        self.depth -= 1
        if self.depth == 0:
            return False		# </stream:stream>
        if self.depth == 1:
            going = self.on_stanza(element, mode)
            self.root.clear()
            return going
        return True

    def on_header(self, mode):
        if mode == "header":
            return True
        self.send("<?xml version='1.0'?><stream:stream xmlns='%s' "
                  "xmlns:stream='%s' from='%s' id='%s'>" % (
                      COMPONENT, STREAM, self.mock.host, self.stream_id))
        return True

    def stream_error(self, condition):
        self.send("<stream:error><%s xmlns='urn:ietf:params:xml:ns:xmpp-"
                  "streams'/></stream:error></stream:stream>" % condition)
        return False

    def on_handshake(self, element, mode):
        good = hashlib.sha1((self.stream_id +
                             self.mock.secret).encode()).hexdigest()
        self.mock.handshakes.append(element.text)
        if mode == "refuse" or element.text != good:
            return self.stream_error("not-authorized")
        if mode == "conflict":
            return self.stream_error("conflict")
        self.send("<handshake/>")
        self.is_up = True
        self.mock.current = self
        self.mock.tell()
        if mode == "close":
            self.send("</stream:stream>")
            return False
        if mode == "half":
            self.send("<message from='alice@xmpp.example/t' to='bob@%s' "
                      "id='h1'><body>half a sto" % self.mock.host)
            return False
        return True

    def on_stanza(self, element, mode):
        if element.tag == OWN + "handshake":
            return self.on_handshake(element, mode)
        # The stream clears its children, so the test gets a copy.
        stanza = ET.fromstring(ET.tostring(element))
        self.mock.stanzas.append(stanza)
        name = stanza.tag[len(OWN):]
        if name == "message" and self.mock.on_message:
            self.mock.on_message(stanza)
        if name == "iq" and self.mock.answers_pings and \
                stanza.get("type") == "get" and \
                stanza.find("{urn:xmpp:ping}ping") is not None:
            self.send("<iq type='result' from=%s to=%s id=%s/>" % (
                quoteattr(stanza.get("to")), quoteattr(stanza.get("from")),
                quoteattr(stanza.get("id"))))
        self.mock.tell()
        return True


class MockXmpp:
    def __init__(self, port, host, secret):
        self.port, self.host, self.secret = port, host, secret
        self.mode = "good"
        self.answers_pings = True
        self.on_message = None
        self.connections = []
        self.attempts = []		# times of connections
        self.handshakes = []
        self.stanzas = []
        self.bytes_in = 0
        self.current = None
        self._server = None
        self._tasks = set()
        self._news = asyncio.Event()

    async def start(self):
        self._server = await asyncio.start_server(
            self._on_client, "127.0.0.1", self.port)
        return self

    async def stop_listening(self):
        if self._server:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def close(self):
        await self.stop_listening()
        for task in list(self._tasks):
            task.cancel()
        for connection in self.connections:
            connection.writer.close()

    async def _on_client(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        connection = Connection(self, reader, writer)
        self.connections.append(connection)
        self.attempts.append(time.monotonic())
        self.tell()
        try:
            await connection.run()
        except (ConnectionError, ET.ParseError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            if self.current is connection:
                self.current = None
            writer.close()

    def drop(self):
        """Cut the line as a lost network does."""
        self.current = None
        for connection in self.connections:
            connection.writer.transport.abort()

    def tell(self):
        self._news.set()
        self._news = asyncio.Event()

    def send(self, text):
        self.current.send(text)

    def error(self, stanza, condition, kind="cancel", text=None, content="",
              sender=None):
        """Return that stanza as an error of that condition."""
        words = "<text xmlns='%s'>%s</text>" % (STANZAS, escape(text)) \
            if text else ""
        self.send("<message type='error' from=%s to=%s id=%s><error "
                  "type='%s'><%s xmlns='%s'>%s</%s>%s</error></message>" % (
                      quoteattr(sender or stanza.get("to")),
                      quoteattr(stanza.get("from")),
                      quoteattr(stanza.get("id")), kind, condition, STANZAS,
                      escape(content), condition, words))

    def say(self, to, body, id=None, sender="alice@xmpp.example/tablet",
            extra="", type="chat"):
        id = id or "x" + token()
        self.send("<message type='%s' from=%s to=%s id=%s><body>%s</body>%s"
                  "</message>" % (type, quoteattr(sender), quoteattr(to),
                                  quoteattr(id), escape(body), extra))
        return id

    @property
    def messages(self):
        return [s for s in self.stanzas if s.tag == OWN + "message"]

    def bodies(self):
        return [m.findtext(OWN + "body") for m in self.messages
                if m.find(OWN + "body") is not None]

    async def until(self, look, timeout=10, what="it"):
        limit = time.monotonic() + timeout
        while True:
            found = look()
            if found:
                return found
            left = limit - time.monotonic()
            if left <= 0:
                raise AssertionError("the mock server never saw %s; got %r"
                                     % (what, [ET.tostring(s)[:200] for s in
                                               self.stanzas[-8:]]))
            try:
                await asyncio.wait_for(self._news.wait(), left)
            except asyncio.TimeoutError:
                pass

    async def wait(self, test, timeout=10, what="a message"):
        return await self.until(
            lambda: next((m for m in self.messages if test(m)), None),
            timeout, what)

    async def wait_body(self, body, timeout=10):
        return await self.wait(lambda m: m.findtext(OWN + "body") == body,
                               timeout, "the text %r" % body)

    async def wait_error(self, id, timeout=10):
        return await self.wait(
            lambda m: m.get("type") == "error" and m.get("id") == id,
            timeout, "an error for %s" % id)

    async def wait_up(self, timeout=20):
        return await self.until(lambda: self.current, timeout, "a handshake")
