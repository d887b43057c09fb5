#!/usr/bin/python3
"""Kamailio as a client of ours: it logs in for its user with SHA-256, by its
own arithmetic, over TLS and over TCP."""

import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from fixtures import nothing, tail_of  # noqa: E402
from kamailio_lab import start_kamailio  # noqa: E402
from lab import Lab, sip_config  # noqa: E402
from sip_user import SipUser  # noqa: E402
from tap import test  # noqa: E402

# In the failure route: take the first challenge, which is SHA-256's, and send
# the request again with an answer to it. [RFC 7616 3.4]
MODULES = """loadmodule "tmx.so"
failure_route[LOGIN] {
    if (!t_check_status("401")) exit;
    $var(h) = $T_rpl($hdr(WWW-Authenticate));
    xlog("L_NOTICE", "ASKED $var(h)\\n");
    $var(realm) = $(var(h){re.subst,/^.*realm="([^"]*)".*$/\\1/});
    $var(nonce) = $(var(h){re.subst,/^.*nonce="([^"]*)".*$/\\1/});
    $var(uri) = "sip:" + $rU + "@" + $rd;
    $var(a1) = "%(login)s:" + $var(realm) + ":%(password)s";
    $var(a2) = $rm + ":" + $var(uri);
    $var(ha1) = $(var(a1){s.sha256});
    $var(ha2) = $(var(a2){s.sha256});
    $var(all) = $var(ha1) + ":" + $var(nonce) + ":00000001:0badcafe:auth:" + $var(ha2);
    $var(response) = $(var(all){s.sha256});
    append_hf("Authorization: Digest username=\\"%(login)s\\", realm=\\"$var(realm)\\", nonce=\\"$var(nonce)\\", uri=\\"$var(uri)\\", algorithm=SHA-256, qop=auth, nc=00000001, cnonce=\\"0badcafe\\", response=\\"$var(response)\\"\\r\\n");
    $ru = $var(uri);
    $du = "%(to)s";
    t_relay();
}
"""
FIRST = """if (method == "MESSAGE") {
        $du = "%(to)s";
        t_on_failure("LOGIN");
        t_relay();
        exit;
    }"""


async def log_in(lab, transport, password="right"):
    node = await lab.causewayd(sip_config(), listeners=("udp", "tcp", "tls"))
    bob = await lab.sip_user(node, "bob")
    await node.add_user("carol", "right")
    words = {"login": "carol", "password": password,
             "to": "sip:127.0.0.1:%d;transport=%s" % (
                 node.ports[transport], transport)}
    port = lab.ports.take()
    tls = await lab.tls()
    far = await start_kamailio(
        lab, "far.example", ["udp:127.0.0.1:%d" % port,
                             "tcp:127.0.0.1:%d" % port,
                             "tls:127.0.0.1:%d" % lab.ports.take()],
        first=FIRST % words, modules=MODULES % words,
        tls=(tls[0], tls[1], tls[2]))
    # the user behind Kamailio knows no password himself
    carol = lab.own(SipUser("carol", "sip.example", None,
                            ("127.0.0.1", port), "udp"))
    await carol.start()
    answer = await carol.request("MESSAGE", "sip:bob@sip.example",
                                 [("Content-Type", "text/plain")],
                                 b"by way of Kamailio", auth=False)
    asked = [line for line in far.lines if "ASKED" in line]
    assert len(asked) == 1 and "SHA-256" in asked[0], asked
    return bob, answer


@test("A client logs in with SHA-256 over TLS")
async def over_tls(lab_):
    async with Lab(lab_.build) as lab:
        lab.tail = lambda: tail_of(lab)
        bob, answer = await log_in(lab, "tls")
        assert answer.code == 200, answer.start
        got = await bob.wait_text("by way of Kamailio")
        assert "carol@sip.example" in got.get("p-asserted-identity")


@test("A client logs in with SHA-256 over TCP")
async def over_tcp(lab_):
    async with Lab(lab_.build) as lab:
        lab.tail = lambda: tail_of(lab)
        bob, answer = await log_in(lab, "tcp")
        assert answer.code == 200, answer.start
        await bob.wait_text("by way of Kamailio")


@test("A client with a wrong password is asked again and gets no further")
async def wrong(lab_):
    async with Lab(lab_.build) as lab:
        lab.tail = lambda: tail_of(lab)
        bob, answer = await log_in(lab, "tls", "wrong")
        assert answer.code == 401, answer.start
        assert "by way of Kamailio" not in bob.texts()


if __name__ == "__main__":
    tap.main(__doc__, nothing)
