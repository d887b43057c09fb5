#!/usr/bin/python3
"""The admin listener: metrics as promtool and Prometheus read them, health and
readiness, and clients that mean no good."""

import asyncio
import contextlib
import json
import os
import ssl
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "interop"))

import openmetrics  # noqa: E402
import tap  # noqa: E402
from lab import Lab, Process, listens, sip_config  # noqa: E402
from tap import test  # noqa: E402

OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def admin_config(lab, port, tls_port, tls):
    return ('listen "admin" {\n proto = admin\n port = %d\n'
            ' hosts = { "gw.example" }\n}\n'
            'listen "admin-tls" {\n proto = admin\n transport = tls\n'
            ' port = %d\n cert-file = "%s"\n key-file = "%s"\n}\n' % (
                port, tls_port, tls[1], tls[2]))


@contextlib.asynccontextmanager
async def fixture(build):
    async with Lab(build) as lab:
        tls = await lab.tls()
        lab.http, lab.https = lab.ports.take(), lab.ports.take()
        lab.node = await lab.causewayd(
            sip_config() + admin_config(lab, lab.http, lab.https, tls),
            listeners=("udp", "tcp"))
        lab.tail = lambda: lab.node.tail(30)
        await lab.node.logged("ready")
        yield lab


async def raw(lab, data, timeout=15, port=None, **tls):
    """Everything that comes back for these bytes until the other side ends."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port or lab.http, **tls)
    try:
        writer.write(data)
        return await asyncio.wait_for(reader.read(), timeout)
    finally:
        writer.close()


def head(method="GET", path="/metrics", host="localhost", more=""):
    return ("%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n" % (
        method, path, host, more)).encode()


async def get(lab, path, **more):
    """(status, head fields, body)"""
    answer = (await raw(lab, head(path=path, **more))).decode()
    first, _, body = answer.partition("\r\n\r\n")
    lines = first.split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in lines[1:])
    assert int(fields["content-length"]) == len(body.encode())
    return int(lines[0].split()[1]), fields, body


async def metrics(lab):
    status, fields, body = await get(lab, "/metrics")
    assert status == 200 and fields["content-type"] == OPEN, fields
    return openmetrics.parse(body)


@test("The metrics are OpenMetrics to the letter - and gauges are gauges")
async def open_metrics(lab):
    families = await metrics(lab)
    for name in ("causeway_ready", "causeway_queue_messages",
                 "causeway_registrations", "causeway_open_fds",
                 "causeway_config_generation", "causeway_store_file_bytes",
                 "process_resident_memory_bytes"):
        assert families[name].kind == "gauge", name
    assert openmetrics.value(families, "causeway_ready") == 1
    assert openmetrics.value(families, "causeway_build_info",
                             version="0.1.0") == 1
    assert openmetrics.value(families, "process_open_fds") > 5
    left = openmetrics.value(families, "causeway_tls_cert_not_after_seconds",
                             name="admin-tls") - time.time()
    assert 86400 < left < 2 * 86400 + 60, left
    assert openmetrics.value(families, "process_resident_memory_bytes") > 1e6
    before = openmetrics.value(families, "causeway_http_requests_total",
                               code="200")
    again = await metrics(lab)
    assert openmetrics.value(again, "causeway_http_requests_total",
                             code="200") == (before or 0) + 1


@test("promtool finds nothing wrong with the older text format")
async def promtool(lab):
    status, fields, body = await get(lab, "/metrics",
                                     more="Accept: text/plain\r\n")
    assert fields["content-type"].startswith("text/plain; version=0.0.4")
    proc = await asyncio.create_subprocess_exec(
        "promtool", "check", "metrics", stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    out, _ = await asyncio.wait_for(proc.communicate(body.encode()), 30)
    assert proc.returncode == 0 and not out.strip(), out.decode()


@test("Prometheus scrapes it", timeout=60)
async def prometheus(lab):
    port = lab.ports.take()
    folder = os.path.join(lab.dir, "prometheus")
    os.mkdir(folder)
    config = os.path.join(folder, "prometheus.yml")
    with open(config, "w", encoding="ascii") as f:
        f.write("global:\n  scrape_interval: 1s\nscrape_configs:\n"
                "- job_name: causeway\n  static_configs:\n"
                "  - targets: ['127.0.0.1:%d']\n" % lab.http)
    server = lab.own(Process("prometheus", os.path.join(folder, "log")))
    await server.spawn(["prometheus", "--config.file=" + config,
                        "--storage.tsdb.path=" + folder,
                        "--web.listen-address=127.0.0.1:%d" % port])
    await listens(port, process=server)
    for _ in range(100):
        answer = await raw(lab, head(
            path="/api/v1/query?query=causeway_build_info"), port=port)
        if b'"0.1.0"' in answer:
            break
        await asyncio.sleep(0.3)
    assert b'"version":"0.1.0"' in answer, answer
    answer = await raw(lab, head(path="/api/v1/query?query=up"), port=port)
    assert b'"1"]' in answer, answer
    await server.kill()


@test("Health and readiness - HEAD has no body")
async def health(lab):
    status, fields, body = await get(lab, "/healthz")
    assert (status, json.loads(body)) == (200, {"status": "alive"})
    status, fields, body = await get(lab, "/readyz")
    said = json.loads(body)
    assert status == 200 and said["ready"] is True, body
    names = {c["name"]: c["ok"] for c in said["checks"]}
    assert names == {"draining": True, "store": True, "listen udp": True,
                     "listen tcp": True, "listen admin": True,
                     "listen admin-tls": True}, names
    answer = await raw(lab, head("HEAD", "/readyz"))
    assert answer.startswith(b"HTTP/1.1 200 ") and \
        answer.endswith(b"\r\n\r\n"), answer
    assert (await get(lab, "/nothing"))[0] == 404


@test("Hosts: names that nobody configured read nothing")
async def hosts(lab):
    for host, status in (("localhost", 200), ("127.0.0.1:1", 200),
                         ("[::1]", 200), ("gw.example:9464", 200),
                         ("GW.Example", 200), ("evil.example", 421),
                         ("localhost.evil.example", 421),
                         ("127.0.0.1.evil.example", 421)):
        assert (await get(lab, "/healthz", host=host))[0] == status, host
    # the target's host is the one that counts
    for target, status in (("http://evil.example/metrics", 421),
                           ("http://localhost/healthz", 200)):
        answer = await raw(lab, head(path=target))
        assert answer.startswith(b"HTTP/1.1 %d " % status), answer


@test("Other methods - bodies - two lengths - oversize: each its status")
async def hostile(lab):
    rows = [(head("PATCH"), 405), (head("POST"), 405), (head("DELETE"), 405),
            (head("OPTIONS", "*"), 405), (head("BREW"), 405),
            (head("CONNECT", "a:443"), 405),
            (head(more="Content-Length: 3\r\n") + b"abc", 413),
            (head(more="Transfer-Encoding: chunked\r\n") + b"0\r\n\r\n", 413),
            (head(more="Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"),
             400),
            (head(more="Content-Length: 1\r\nContent-Length: 1\r\n") + b"a",
             400),
            (b"GET /metrics HTTP/1.1\r\n\r\n", 400),
            (b"GET /metrics\r\n\r\n", 400),
            (b"GET /metrics HTTP/3.0\r\nHost: a\r\n\r\n", 505),
            (b"\x16\x03\x01\x00\x05hello\r\n\r\n", 400),
            (head(more="X: %s\r\n" % ("y" * 9000)), 431),
            (head(more="X: y\r\n" * 100), 431),
            (head(path="/" + "a" * 4000), 414),
            (b"A" * 100000, 414),
            (head(more="X\x00Y: z\r\n"), 400)]
    for data, status in rows:
        answer = await raw(lab, data)
        assert answer.startswith(b"HTTP/1.1 %d " % status), (data[:60],
                                                             answer[:60])
        if status == 405:
            assert b"\r\nAllow: GET, HEAD\r\n" in answer
    assert openmetrics.value(await metrics(lab), "causeway_ready") == 1


@test("Requests in one segment are answered in order")
async def pipelined(lab):
    two = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = await raw(lab, two * 5 + head(path="/nothing"))
    assert answer.count(b"HTTP/1.1 200 ") == 5, answer
    assert answer.count(b"HTTP/1.1 404 ") == 1, answer


@test("A head that comes byte by byte is cut off after its time", timeout=40)
async def slow(lab):
    reader, writer = await asyncio.open_connection("127.0.0.1", lab.http)

    async def drip():
        for byte in b"GET /metrics HTTP/1.1\r\nX: " + b"a" * 1000:
            writer.write(bytes([byte]))
            await asyncio.sleep(0.2)

    work = asyncio.get_running_loop().create_task(drip())
    answer = await asyncio.wait_for(reader.read(), 30)
    work.cancel()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 408 "), answer


@test("A thousand idle connections do not lock the operator out",
      timeout=60)
async def crowd(lab):
    idle = []
    try:
        for i in range(1000):
            idle.append(await asyncio.open_connection("127.0.0.1", lab.http))
            if i % 3 == 0:
                idle[-1][1].write(b"GET /met")
        families = await metrics(lab)
        assert openmetrics.value(families, "process_open_fds") < 400
        assert (await lab.node.ask("status"))["draining"] is False
    finally:
        for _, writer in idle:
            writer.close()
    assert (await get(lab, "/healthz"))[0] == 200


@test("Over TLS - and nothing for those who do not speak it")
async def tls(lab):
    context = ssl.create_default_context(cafile=(await lab.tls())[0])
    answer = await raw(lab, head(path="/healthz"), port=lab.https,
                       ssl=context, server_hostname="127.0.0.1")
    assert answer.startswith(b"HTTP/1.1 200 "), answer
    try:
        answer = await raw(lab, head(), port=lab.https)
    except ConnectionError:
        answer = b""
    assert b"causeway" not in answer, answer


@test("Draining: readiness - OPTIONS and the metric say so")
async def draining(lab):
    user = await lab.sip_user(lab.node, "eve")
    answer = await user.request("OPTIONS", "sip:sip.example")
    assert answer.code == 200, answer.start
    await lab.node.ask("drain")
    status, _, body = await get(lab, "/readyz")
    assert status == 503, body
    said = json.loads(body)
    assert said["ready"] is False
    assert [c["name"] for c in said["checks"] if not c["ok"]] == ["draining"]
    answer = await user.request("OPTIONS", "sip:sip.example", auth=False)
    assert answer.code == 503 and answer.get("retry-after"), answer.start
    assert (await get(lab, "/healthz"))[0] == 200
    await lab.node.logged("not_ready")
    assert openmetrics.value(await metrics(lab), "causeway_ready") == 0


if __name__ == "__main__":
    tap.main(__doc__, fixture)
