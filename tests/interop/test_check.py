#!/usr/bin/python3
"""causewayctl check: each area well and not well, its exit codes; config diff,
what a dry run tells, drain and undrain, a log level for a while."""

import asyncio
import contextlib
import json
import os
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from dns_lab import DNS_ADDRESS, Zone, enter_namespace, start_nsd  # noqa: E402
from fixtures import pair  # noqa: E402
from tap import test  # noqa: E402

ALICE, BOB = "sip:alice@xmpp.example", "bob@sip.example"


@contextlib.asynccontextmanager
async def fixture(build):
    async with pair(build, listeners=("udp", "tcp", "tls")) as lab:
        zone = Zone("sip.example")
        zone.naptr(10, 10, "SIP+D2T", "_sip._tcp.sip.example.")
        zone.srv("_sip._tcp", 1, 1, 5060, "gw")
        zone.add("gw", "A", "192.0.2.7")
        lab.dns = await start_nsd(lab, [zone])
        lab.resolv = os.path.join(lab.dir, "resolv.conf")
        with open(lab.resolv, "w", encoding="ascii") as f:
            f.write("nameserver %s\noptions timeout:1 attempts:1\n" %
                    DNS_ADDRESS)
        yield lab


async def check(lab, *words):
    """(exit status, {(area, name): (ok, detail)}), with our name server."""
    proc = await asyncio.create_subprocess_exec(
        "unshare", "-m", "sh", "-c",
        'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"', "sh",
        lab.resolv, lab.node.ctl_program, "-c", lab.node.config_path,
        "--json", "check", *words, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE)
    out, err = await asyncio.wait_for(proc.communicate(), 60)
    if not out:
        return proc.returncode, err.decode()
    rows = {(r["area"], r["name"]): (r["ok"], r["detail"])
            for r in json.loads(out)}
    return proc.returncode, rows


@test("All is well: exit 0", timeout=60)
async def well(lab):
    code, rows = await check(lab)
    bad = {k: v for k, v in rows.items() if not v[0]}
    # the certificate of the lab holds for two days
    assert set(bad) == {("certs", "listen tls")}, rows
    assert "expires in" in bad["certs", "listen tls"][1]
    assert code == 78, code
    code, rows = await check(lab, "config", "dns", "links", "store")
    assert code == 0, rows
    detail = rows["dns", "sip.example"][1]
    assert "1 NAPTR" in detail and "gw.sip.example:5060" in detail, detail
    assert ("store", "integrity") in rows and ("links", "xmpp") in rows
    assert "as it runs" in rows["config", lab.node.config_path][1]


@test("A domain that nobody finds - a target without address: exit 69")
async def names(lab):
    lab.dns.zones[0].rows = [r for r in lab.dns.zones[0].rows
                             if r[2] != "A"]
    await lab.dns.stop()
    await lab.dns.start()
    code, rows = await check(lab, "dns")
    assert code == 69 and "HAS NO ADDRESS" in rows["dns", "sip.example"][1]
    lab.dns.zones[0].rows = []
    await lab.dns.stop()
    await lab.dns.start()
    code, rows = await check(lab, "dns")
    assert code == 69 and "nobody can find" in rows["dns", "sip.example"][1]


@test("A long certificate is well - one whose chain is broken is not")
async def certificates(lab):
    ca, cert, key = await lab.tls()
    with open(cert, encoding="ascii") as f:
        good = f.read()
    await lab.run("openssl", "req", "-x509", "-key", key, "-days", "400",
                  "-subj", "/CN=sip.example", "-addext",
                  "subjectAltName=DNS:sip.example", "-out", cert)
    code, rows = await check(lab, "certs")
    ok, detail = rows["certs", "listen tls"]
    assert code == 0 and ok, rows
    assert "sip.example" in detail and "days left" in detail, detail
    with open(ca, encoding="ascii") as f:
        other = f.read()
    with open(cert, "a", encoding="ascii") as f:
        f.write(other)
    code, rows = await check(lab, "certs")
    assert code == 78 and "not a chain" in rows["certs", "listen tls"][1]
    # a key that does not fit
    await lab.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                  "ec_paramgen_curve:P-256", "-nodes", "-days", "400",
                  "-subj", "/CN=x", "-keyout", cert + ".key", "-out", cert)
    code, rows = await check(lab, "certs")
    with open(cert, "w", encoding="ascii") as f:
        f.write(good)
    assert code == 78 and "key file" in rows["certs", "listen tls"][1], rows


@test("A link that is down - a file that differs or is wrong")
async def links_and_file(lab):
    await lab.node.ctl("link", "down", "xmpp")
    await lab.node.logged("link_state", state="off")
    code, rows = await check(lab, "links")
    assert code == 69 and rows["links", "xmpp"] == (False, "off"), rows
    mark = len(lab.node.lines)
    await lab.node.ctl("link", "up", "xmpp")
    await lab.node.link_up(since=mark)
    good = lab.node.text
    lab.node.write_config(good + 'limits {\n quota-count = 7\n}\n')
    code, rows = await check(lab, "config")
    assert code == 0 and "1 blocks differ" in \
        rows["config", lab.node.config_path][1], rows
    told = await lab.node.ctl("config", "diff")
    assert told == [{"block": "limits", "option": "quota-count",
                     "running": "500", "file": "7"}], told
    lab.node.write_config(good + "limits {\n quota = 7\n}\n")
    code, rows = await check(lab, "config")
    assert code == 78 and "is not an option of limits" in \
        rows["config", lab.node.config_path][1], rows
    lab.node.write_config(good)


@test("config diff and a dry run show no secret and tell each class")
async def dry_run(lab):
    good = lab.node.text
    text = good.replace('secret = "', 'secret = "other').replace(
        "answer-wait = 2s", "answer-wait = 3s")
    text += 'domain "new.example" {\n served = yes\n}\n'
    lab.node.write_config(text.replace('node {', 'node {'))
    told = await lab.node.ctl("config", "diff")
    secret = [r for r in told if r["option"] == "secret"]
    assert secret == [{"block": "link", "name": "xmpp", "option": "secret",
                       "running": '"***"', "file": '"***"'}], secret
    told = await lab.node.ctl("reload", "--dry-run")
    assert told["applied"] is False
    rows = {(r["block"], r.get("name")): r for r in told["changes"]}
    assert rows["link", "xmpp"]["class"] == "link"
    assert "connects anew" in rows["link", "xmpp"]["effect"]
    assert rows["policy", None]["class"] == "live"
    assert rows["domain", "new.example"]["change"] == "added"
    assert rows["domain", "new.example"]["class"] == "live"
    # nothing happened
    assert (await lab.bob.say(ALICE, "still")).code in (200, 202)
    await lab.alice.wait_body("still")
    lab.node.write_config(good)


@test("Drained and back: messages flow again")
async def undrain(lab):
    await lab.node.ctl("drain")
    answer = await lab.bob.say(ALICE, "while draining")
    assert answer.code == 503, answer.start
    mark = len(lab.node.lines)
    await lab.node.ctl("undrain")
    await lab.node.link_up(since=mark)
    assert (await lab.bob.say(ALICE, "after")).code in (200, 202)
    await lab.alice.wait_body("after")
    await lab.alice.say(BOB, "and back")
    await lab.bob.wait_text("and back")


@test("A log level for a while ends by itself")
async def log_for(lab):
    said = await lab.node.ctl("log", "level", "sip", "error", "--for", "1s")
    assert said == {"module": "sip", "level": "error", "for_s": 1}, said
    await lab.node.logged("log_level", of="sip", to="error")
    await lab.node.logged("log_level", of="sip", why="the while is over")
    for words in (("sip", "debug", "--for", "2d"), ("sip", "loud"),
                  ("sip", "debug", "--for", "x")):
        code, _, err = await lab.node.ctl("log", "level", *words,
                                          as_json=False)
        assert code == 64 and "usage" in err, (words, code, err)


@test("Nobody answers: exit 69 - a wrong word: exit 64")
async def absent(lab):
    code, err = await check(lab, "weather")
    assert code == 64, (code, err)
    await lab.node.stop()
    code, err = await check(lab, "all")
    assert code == 69, (code, err)
    await lab.node.start()


if __name__ == "__main__":
    enter_namespace()
    tap.main(__doc__, fixture)
