"""SipUser: a small SIP user agent for tests, over UDP, TCP or TLS.

It registers, sends and receives MESSAGE with its own digest, transactions,
retransmissions, CPIM and IMDN, and answers as the test wishes:

    bob = SipUser("bob", "sip.example", "secret", server=("127.0.0.1", 5060))
    await bob.start(); await bob.register()
    answer = await bob.say("sip:alice@xmpp.example", "Hi", wants=DELIVERED)
    got = await bob.wait(lambda m: m.content() == "Hello")

`answer` says what incoming requests get: a code, (code, reason, headers), None
for silence, or a function of the request giving one of these (or a coroutine
of it). `reports` holds which IMDN are sent by themselves.
"""

import asyncio
import inspect
import ssl
import time

from sip_text import (Cpim, IMDN_NS, SipText, digest_answer, make_imdn,
                      pick_challenge, split_stream, stamp, token, uri_of)

T1, T2 = 0.5, 4.0
TIMER_F = 32.0
PHRASES = {200: "OK", 202: "Accepted", 400: "Bad Request", 403: "Forbidden",
           404: "Not Found", 480: "Temporarily Unavailable",
           486: "Busy Here", 500: "Server Internal Error",
           503: "Service Unavailable", 603: "Decline"}

DELIVERED = ("positive-delivery", "negative-delivery")
DISPLAYED = DELIVERED + ("display",)


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self, user):
        self.user = user

    def datagram_received(self, data, addr):
        self.user.on_bytes(data, addr)


class SipUser:
    def __init__(self, name, domain, password, server, transport="udp",
                 display=None, instance=None, tls=None, prefer=None,
                 host="127.0.0.1", port=0):
        self.name, self.domain, self.password = name, domain, password
        self.aor = "sip:%s@%s" % (name, domain)
        self.server, self.transport = server, transport
        self.display, self.instance, self.prefer = display, instance, prefer
        self.host, self.wanted_port = host, port
        self.tls = tls			# (ca file, certificate, key) or None
        self.answer = 200
        self.reports = set()		# of "delivered", "displayed"
        self.inbox = []			# SipText, each request once
        self.stray = []			# responses nobody waits for
        self.repeats = 0		# retransmissions we were sent
        self.sent_copies = 0		# retransmissions we made
        self.on_message = None
        self.port = None
        self.call_id = None
        self._waiting = {}
        self._seen = {}
        self._news = asyncio.Event()
        self._cseq = 0
        self._challenge = None
        self._nc = 0
        self._tasks = set()
        self._udp = self._listener = self._writer = None
        self._writers = set()

    # ---- transports --------------------------------------------------------

    async def start(self):
        loop = asyncio.get_running_loop()
        if self.transport == "udp":
            self._udp, _ = await loop.create_datagram_endpoint(
                lambda: Datagrams(self), local_addr=(self.host, self.wanted_port))
            self.port = self._udp.get_extra_info("sockname")[1]
            return self
        context = None
        if self.transport == "tls":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.tls[1], self.tls[2])
        self._listener = await asyncio.start_server(
            self._on_stream, self.host, self.wanted_port, ssl=context)
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def close(self):
        for task in list(self._tasks):
            task.cancel()
        if self._udp:
            self._udp.close()
        if self._listener:
            self._listener.close()
        self.drop_connection()
        for writer in list(self._writers):
            writer.close()

    def drop_connection(self):
        """Close the stream to the server, as a network that is lost."""
        if self._writer:
            self._writer.transport.abort()
        self._writer = None

    async def _connect(self):
        context = None
        if self.transport == "tls":
            context = ssl.create_default_context(cafile=self.tls[0])
            context.check_hostname = False
        reader, self._writer = await asyncio.wait_for(
            asyncio.open_connection(*self.server, ssl=context), 10)
        self.spawn(self._on_stream(reader, self._writer))

    async def _on_stream(self, reader, writer):
        self._writers.add(writer)
        buffer = b""
        try:
            while True:
                data = await reader.read(65536)
                if not data:
                    break
                messages, buffer = split_stream(buffer + data)
                for message in messages:
                    self.on_text(message, writer)
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            self._writers.discard(writer)
            if writer is self._writer:
                self._writer = None
            writer.close()

    async def transmit(self, data, to=None):
        """to: an address or stream we were spoken to from, else the server."""
        if isinstance(to, asyncio.StreamWriter):
            to.write(data)
            await to.drain()
        elif self.transport == "udp":
            self._udp.sendto(data, to or self.server)
        else:
            if not self._writer:
                await self._connect()
            self._writer.write(data)
            await self._writer.drain()

    def spawn(self, work):
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def on_bytes(self, data, addr):
        if not data.strip():
            return
        try:
            message = SipText.parse(data)
        except ValueError:
            return
        # The stack answers what looks like STUN in its own way.
        if message.is_request and not message.start.endswith(" SIP/2.0"):
            return
        self.on_text(message, addr)

    def on_text(self, message, where):
        if message.is_request:
            self.spawn(self._serve(message, where))
            return
        method = (message.get("cseq") or "").split()[-1:]
        queue = self._waiting.get((message.branch(), "".join(method)))
        if queue is not None:
            queue.put_nowait(message)
        else:
            self.stray.append(message)
            self._tell()

    def _tell(self):
        self._news.set()
        self._news = asyncio.Event()

    # ---- requests we send --------------------------------------------------

    def written(self):
        return "[%s]" % self.host if ":" in self.host else self.host

    def contact(self):
        uri = "sip:%s@%s:%d" % (self.name, self.written(), self.port)
        if self.transport != "udp":
            uri += ";transport=" + self.transport
        return uri

    def via(self, branch=None):
        return "SIP/2.0/%s %s:%d;rport;branch=%s" % (
            self.transport.upper(), self.written(), self.port,
            branch or "z9hG4bK" + token())

    def make(self, method, uri, headers=(), body=b"", sender=None, to=None,
             call_id=None):
        """A request ready to go, but for credentials."""
        self._cseq += 1
        who = sender or self.aor
        name = '"%s" ' % self.display if self.display else ""
        text = SipText("%s %s SIP/2.0" % (method, uri), [
            ("Via", self.via()), ("Max-Forwards", "70"),
            ("From", "%s<%s>;tag=%s" % (name, who, token(4))),
            ("To", "<%s>" % (to or uri)),
            ("Call-ID", call_id or token() + "@127.0.0.1"),
            ("CSeq", "%d %s" % (self._cseq, method))], body)
        for name, value in headers:
            if name.lower() in ("max-forwards", "from", "to", "via"):
                text.set(name, value)
            else:
                text.headers.append((name, value))
        return text

    async def exchange(self, request, timeout=TIMER_F):
        """Send as one transaction [RFC 3261 17.1.2]; the final answer."""
        key = (request.branch(), request.method)
        queue = self._waiting[key] = asyncio.Queue()
        data, pause = request.to_bytes(), T1
        limit = time.monotonic() + timeout
        try:
            await self.transmit(data)
            while True:
                left = limit - time.monotonic()
                if left <= 0:
                    raise asyncio.TimeoutError(
                        "no answer to %s" % request.start)
                step = min(pause, left) if self.transport == "udp" else left
                try:
                    answer = await asyncio.wait_for(queue.get(), step)
                except asyncio.TimeoutError:
                    if self.transport == "udp" and time.monotonic() < limit:
                        await self.transmit(data)
                        self.sent_copies += 1
                        pause = min(pause * 2, T2)
                    continue
                if answer.code >= 200:
                    return answer
        finally:
            del self._waiting[key]

    def credentials(self, request, mangle=None, user=None, password=None):
        self._nc += 1
        return digest_answer(
            self._challenge, user or self.name, password or self.password,
            request.method, request.uri, self._nc, request.body, mangle)

    async def request(self, method, uri, headers=(), body=b"", auth=True,
                      timeout=TIMER_F, **more):
        """A request with credentials when they are asked for."""
        text = self.make(method, uri, headers, body, **more)
        if auth and self._challenge:
            text.set("Authorization", self.credentials(text))
        answer = await self.exchange(text, timeout)
        for _ in range(2):
            if not auth or answer.code != 401:
                return answer
            self._challenge = pick_challenge(answer.all("www-authenticate"),
                                             self.prefer)
            if not self._challenge:
                return answer
            self._nc = 0
            text.set("Via", self.via())
            self._cseq += 1
            text.set("CSeq", "%d %s" % (self._cseq, method))
            text.set("Authorization", self.credentials(text))
            answer = await self.exchange(text, timeout)
        return answer

    async def register(self, expires=3600, contact=None, timeout=TIMER_F,
                       **more):
        value = contact or "<%s>" % self.contact()
        if contact is None and self.instance:
            value += ';+sip.instance="<%s>"' % self.instance
        if not self.call_id:
            self.call_id = token() + "@127.0.0.1"
        headers = [("Contact", value), ("Expires", str(expires))]
        return await self.request("REGISTER", "sip:" + self.domain, headers,
                                  to=self.aor, call_id=self.call_id,
                                  timeout=timeout, **more)

    async def unregister(self, **more):
        return await self.register(expires=0, **more)

    async def say(self, to, text, wants=(), message_id=None, headers=(),
                  ctype="text/plain;charset=UTF-8", cpim=(), mime=(),
                  **more):
        """MESSAGE; with wants or message_id or cpim headers as CPIM."""
        body = text.encode("utf-8") if isinstance(text, str) else text
        if wants or message_id or cpim:
            rows = [("From", "<%s>" % more.get("sender", self.aor)),
                    ("To", "<%s>" % to), ("DateTime", stamp()),
                    ("NS", "imdn <%s>" % IMDN_NS),
                    ("imdn.Message-ID", message_id or "m" + token())]
            if wants:
                rows.append(("imdn.Disposition-Notification",
                             ", ".join(wants)))
            given = {n for n, _ in cpim}
            rows = [r for r in rows if r[0] not in given] + list(cpim)
            body = Cpim(rows, [("Content-Type", ctype)] + list(mime),
                        body).to_bytes()
            ctype = "message/cpim"
        return await self.request(
            "MESSAGE", to, [("Content-Type", ctype)] + list(headers), body,
            **more)

    async def report(self, message, status):
        """The IMDN of that status for a received message, to its sender."""
        inner = message.cpim()
        to = uri_of(inner.get("From"))
        body = make_imdn(inner.imdn("Message-ID"), status, self.aor, to)
        rows = [("IMDN-Route", v) for v in inner.imdn_all("IMDN-Record-Route")]
        return await self.say(
            to, body, ctype="message/imdn+xml", message_id="r" + token(),
            cpim=[("imdn." + n, v) for n, v in rows],
            mime=[("Content-Disposition", "notification")])

    # ---- requests we are sent ----------------------------------------------

    def respond(self, request, code, reason=None, headers=(), body=b""):
        rows = [("Via", v) for v in request.all("via")]
        to = request.get("to")
        rows += [("From", request.get("from")),
                 ("To", to if ";tag=" in to else to + ";tag=" + token(4)),
                 ("Call-ID", request.get("call-id")),
                 ("CSeq", request.get("cseq"))] + list(headers)
        return SipText("SIP/2.0 %d %s" % (
            code, reason or PHRASES.get(code, "Answer")), rows, body)

    async def _serve(self, request, where):
        key = (request.branch(), request.get("via"), request.get("cseq"))
        if key in self._seen:
            self.repeats += 1
            if self._seen[key]:
                await self.transmit(self._seen[key], where)
            return
        self._seen[key] = None
        request.at = time.monotonic()
        self.inbox.append(request)
        self._tell()
        if self.on_message:
            self.on_message(request)
        answer = self.answer
        if callable(answer):
            answer = answer(request)
        if inspect.isawaitable(answer):
            answer = await answer
        if answer is None:
            return
        if isinstance(answer, int):
            answer = (answer,)
        data = self.respond(request, *answer).to_bytes()
        self._seen[key] = data
        await self.transmit(data, where)
        if answer[0] == 200:
            await self._report_all(request)

    async def _report_all(self, request):
        inner = request.cpim() if request.method == "MESSAGE" else None
        if not inner or inner.report():
            return
        wants = inner.wants()
        if "delivered" in self.reports and "positive-delivery" in wants:
            await self.report(request, "delivered")
        if "displayed" in self.reports and "display" in wants:
            await self.report(request, "displayed")

    # ---- what tests ask ----------------------------------------------------

    @property
    def messages(self):
        return [m for m in self.inbox if m.method == "MESSAGE"]

    def texts(self):
        """What people wrote to us, without reports."""
        return [m.content() for m in self.messages if not report_of(m)]

    async def wait(self, test, timeout=10, what="a message"):
        """The first received request for which test(request) is true."""
        limit = time.monotonic() + timeout
        while True:
            for message in self.inbox:
                if test(message):
                    return message
            left = limit - time.monotonic()
            if left <= 0:
                raise AssertionError("%s never got %s; got %r" % (
                    self.name, what, [m.content()[:40] for m in
                                      self.messages]))
            try:
                await asyncio.wait_for(self._news.wait(), left)
            except asyncio.TimeoutError:
                pass

    async def wait_text(self, text, timeout=10):
        return await self.wait(
            lambda m: m.method == "MESSAGE" and m.content() == text,
            timeout, "the text %r" % text)

    async def wait_report(self, message_id, status, timeout=10):
        def fits(message):
            r = report_of(message)
            return r and r["id"] == message_id and r["status"] == status
        return await self.wait(fits, timeout, "%s for %s" % (status,
                                                             message_id))

    async def raw(self, data, timeout=2):
        """Send bytes as they are; the first answer to them, or None."""
        before = len(self.stray)
        await self.transmit(data)
        limit = time.monotonic() + timeout
        while len(self.stray) == before and time.monotonic() < limit:
            await asyncio.sleep(0.02)
        return self.stray[before] if len(self.stray) > before else None


def report_of(message):
    """What an IMDN in a MESSAGE says, or None."""
    if message.method != "MESSAGE":
        return None
    inner = message.cpim()
    return inner.report() if inner else None
