#!/usr/bin/python3
"""SIP over TCP and TLS: handshakes as openssl sees them, messages both ways,
connections that go away."""

import asyncio
import os
import ssl
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "interop"))

import tap  # noqa: E402
from fixtures import pair  # noqa: E402
from sip_text import token  # noqa: E402
from tap import test  # noqa: E402

ALICE = "sip:alice@xmpp.example"


async def s_client(lab, *more, send=b""):
    """What openssl s_client says of the TLS listener."""
    ca = (await lab.tls())[0]
    proc = await asyncio.create_subprocess_exec(
        "openssl", "s_client", "-connect", "127.0.0.1:%d" %
        lab.node.ports["tls"], "-CAfile", ca, "-servername", "sip.example",
        "-verify_return_error", *more, stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    try:
        out, _ = await asyncio.wait_for(proc.communicate(send), 10)
    except asyncio.TimeoutError:
        proc.kill()
        out, _ = await proc.communicate()
    return proc.returncode, out.decode("utf-8", "replace")


@test("The handshake: TLS 1.2 and 1.3 - a certificate that verifies")
async def handshake(lab):
    for flag, name in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
        code, out = await s_client(lab, flag, "-verify_hostname",
                                   "sip.example")
        assert code == 0 and "Verify return code: 0 (ok)" in out, out[-600:]
        assert name in out, out[-600:]


@test("TLS 1.1 and older is refused")
async def old_tls(lab):
    for flag in ("-tls1_1", "-tls1"):
        code, out = await s_client(lab, flag, "-cipher",
                                   "ALL:@SECLEVEL=0")
        assert code != 0 or "Cipher is (NONE)" in out, out[-600:]


@test("MESSAGE both ways over TCP and TLS")
async def messages(lab):
    for transport in ("tcp", "tls"):
        user = await lab.sip_user(lab.node, "user" + transport,
                                  transport=transport)
        text = "over %s %s" % (transport, token(3))
        answer = await user.say(ALICE, text + " ä" * 2000)
        assert answer.code == 200, answer.start
        await lab.alice.wait_body(text + " ä" * 2000)
        id = await lab.alice.say("user%s@sip.example" % transport, text,
                                 request=True)
        got = await user.wait_text(text)
        assert ("/%s " % transport.upper()) in got.get("via"), got.get("via")
        await user.report(got, "delivered")
        await lab.alice.wait_received(id)


@test("Several requests in one segment - one request in many", timeout=30)
async def segments(lab):
    one = await lab.sip_user(lab.node, "seg", transport="tcp")
    texts = ["part %d %s" % (i, token(2)) for i in range(8)]
    requests = []
    for text in texts:
        r = one.make("MESSAGE", "sip:bob@sip.example",
                     [("Content-Type", "text/plain")], text.encode())
        r.set("Authorization", one.credentials(r))
        requests.append(r)
    await one.transmit(b"".join(r.to_bytes() for r in requests[:4]))
    for r in requests[4:]:
        data = r.to_bytes()
        for at in range(0, len(data), 97):
            await one.transmit(data[at:at + 97])
            await asyncio.sleep(0.002)
    for text in texts:
        await lab.bob.wait_text(text)
    await asyncio.sleep(0.3)
    assert sorted(m.code for m in one.stray) == [200] * 8, one.stray
    assert [t for t in lab.bob.texts() if t in texts] == texts


@test("A lost connection: the contact is tried - then the message waits",
      timeout=40)
async def lost(lab):
    user = await lab.sip_user(lab.node, "away", transport="tcp")
    user.drop_connection()
    await asyncio.sleep(0.3)
    await lab.alice.say("away@sip.example", "to your contact")
    await user.wait_text("to your contact")
    # now nobody listens there either
    user._listener.close()
    await user._listener.wait_closed()
    user.drop_connection()
    for writer in list(user._writers):
        writer.transport.abort()
    await asyncio.sleep(0.3)
    answer = await lab.bob.say("sip:away@sip.example", "and then you left")
    assert answer.code == 202, answer.start
    await user.start()
    assert (await user.register()).code == 200
    await user.wait_text("and then you left", 20)


@test("Plain text at the TLS port and TLS at the plain one hurt nobody")
async def mixed_up(lab):
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", lab.node.ports["tls"])
    writer.write(b"OPTIONS sip:sip.example SIP/2.0\r\n\r\n")
    await writer.drain()
    await asyncio.wait_for(reader.read(1000), 10)
    writer.transport.abort()
    context = ssl.create_default_context()
    try:
        await asyncio.wait_for(asyncio.open_connection(
            "127.0.0.1", lab.node.ports["tcp"], ssl=context), 3)
        raise AssertionError("TLS where there is none")
    except (ssl.SSLError, OSError, asyncio.TimeoutError):
        pass
    # half a handshake, ten times
    for _ in range(10):
        _, writer = await asyncio.open_connection(
            "127.0.0.1", lab.node.ports["tls"])
        writer.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        await writer.drain()
        writer.transport.abort()
    user = await lab.sip_user(lab.node, "fine", transport="tls")
    assert (await user.say("sip:bob@sip.example", "still fine")).code == 200
    await lab.bob.wait_text("still fine")
    assert lab.node.is_running


@test("A new certificate is used after a reload - old connections go on")
async def new_certificate(lab):
    user = await lab.sip_user(lab.node, "steady", transport="tls")
    _, before = await s_client(lab)
    ca, cert, key = await lab.tls()
    folder = os.path.dirname(cert)
    await lab.run("openssl", "req", "-newkey", "ec", "-pkeyopt",
                  "ec_paramgen_curve:P-256", "-nodes", "-subj",
                  "/CN=sip.example/O=Second", "-keyout", key, "-out",
                  os.path.join(folder, "request.pem"))
    await lab.run("openssl", "x509", "-req", "-in",
                  os.path.join(folder, "request.pem"), "-CA", ca, "-CAkey",
                  os.path.join(folder, "ca-key.pem"), "-days", "2",
                  "-CAcreateserial", "-extfile",
                  os.path.join(folder, "ext.cnf"), "-out", cert)
    await lab.node.ask("reload")
    code, after = await s_client(lab)
    assert "Second" not in before and "Second" in after, after[:800]
    assert code == 0 and "Verify return code: 0 (ok)" in after
    assert (await user.say("sip:bob@sip.example", "on the old one")).code == \
        200
    await lab.bob.wait_text("on the old one")


@test("OPTIONS is answered")
async def options(lab):
    answer = await lab.bob.request("OPTIONS", "sip:sip.example")
    assert answer.code == 200, answer.start
    assert "MESSAGE" in (answer.get("allow") or ""), answer.headers


tap.main(__doc__, lambda build: pair(build, listeners=("udp", "tcp", "tls"))
         ) if __name__ == "__main__" else None
