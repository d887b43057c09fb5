"""Kamailio (Debian) as another enterprise's SIP server: a registrar in memory
for its own domain, a relay to whatever else its users write to.

    far = await start_kamailio(lab, "peer.example", ["udp:198.51.100.1:5060"])
"""

import asyncio
import os

from lab import Process, listens

CONFIG = """#!KAMAILIO
debug={level}
log_stderror=yes
fork=yes
children=2
tcp_children=2
auto_aliases=no
dns=no
rev_dns=no
use_dns_cache=no
tcp_connection_lifetime=600
{listen}
alias="{domain}"
{tls}
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
{modules}
modparam("usrloc", "db_mode", 0)
modparam("registrar", "use_path", {path})

request_route {{
    xlog("L_NOTICE", "IN $rm $ru proto=$proto src=$si:$sp from=$fu route=$hdr(Route)\\n");
    {first}
    if (method == "OPTIONS") {{
        sl_send_reply("200", "OK");
        exit;
    }}
    if (method == "REGISTER") {{
        save("location");
        exit;
    }}
    if (uri == myself) {{
        if (!lookup("location")) {{
            sl_send_reply("404", "Not Found");
            exit;
        }}
        t_relay();
        exit;
    }}
    {away}
    sl_send_reply("403", "No Relay");
}}
"""

TLS = """enable_tls=yes
loadmodule "tls.so"
modparam("tls", "config", "{path}")
"""

TLS_DOMAINS = """[server:default]
method = TLSv1.2+
verify_certificate = {verify}
require_certificate = {verify}
private_key = {key}
certificate = {cert}
ca_list = {ca}
[client:default]
method = TLSv1.2+
verify_certificate = no
require_certificate = no
private_key = {key}
certificate = {cert}
ca_list = {ca}
"""


class Kamailio(Process):
    def __init__(self, folder, domain, listen, name="kamailio", first="",
                 away="", modules="", path=0, tls=None, verify=False,
                 level=2):
        super().__init__(name, os.path.join(folder, name + ".log"))
        self.dir = os.path.join(folder, name)
        os.mkdir(self.dir)
        self.config = os.path.join(self.dir, "kamailio.cfg")
        self.listen = listen
        tls_text = ""
        if tls:
            where = os.path.join(self.dir, "tls.cfg")
            with open(where, "w", encoding="ascii") as f:
                f.write(TLS_DOMAINS.format(
                    ca=tls[0], cert=tls[1], key=tls[2],
                    verify="yes" if verify else "no"))
            tls_text = TLS.format(path=where)
        with open(self.config, "w", encoding="ascii") as f:
            f.write(CONFIG.format(
                listen="\n".join("listen=" + w for w in listen),
                domain=domain, first=first, away=away, modules=modules,
                path=path, tls=tls_text, level=level))

    async def start(self):
        await self.spawn(["kamailio", "-f", self.config, "-DD", "-E", "-m",
                          "64", "-Y", self.dir, "-P",
                          os.path.join(self.dir, "pid")], cwd=self.dir)
        for where in self.listen:
            proto, host, port = self.parts(where)
            if proto != "udp":
                await listens(int(port), process=self, host=host)
        await asyncio.sleep(0.7)	# the workers for UDP say nothing
        assert self.is_running, self.tail()
        return self

    @staticmethod
    def parts(where):
        proto, rest = where.split(":", 1)
        host, port = rest.rsplit(":", 1)
        return proto, host.strip("[]"), port

    def requests(self, method="MESSAGE"):
        return [line for line in self.lines if "IN %s " % method in line]

    async def kill(self):
        """Its workers end with it only when it is asked."""
        if not self.is_running:
            return
        try:
            await self.stop(5)
        except AssertionError:
            pass


async def start_kamailio(lab, domain, listen, **more):
    return await lab.own(Kamailio(lab.dir, domain, listen, **more)).start()
