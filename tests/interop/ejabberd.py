"""Ejabberd: the second XMPP server of Debian, as a plain Erlang node.

    server = await start(lab, users=("alice",))
    alice = await lab.xmpp_user(server, "alice")

Without ejabberdctl and without distribution, so no epmd is started. Each
component has a port of its own: a listener with several hosts registers all of
them on each connection and spreads the traffic over them.
"""

import os

from lab import SIP_DOMAIN, XMPP_DOMAIN, Process, listens
from sip_text import token

LIBRARIES = "/usr/lib/x86_64-linux-gnu"

LISTENERS = """
  - port: {c2s}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    starttls: false
    access: all
    shaper: none
    max_stanza_size: 262144
"""

COMPONENT = """
  - port: {port}
    ip: "127.0.0.1"
    module: ejabberd_service
    access: all
    shaper_rule: none
    hosts:
      "{host}":
        password: "{secret}"
"""

CONFIG = """
hosts: ["{domain}"]
loglevel: {level}
log_rotate_count: 0
certfiles: []
auth_method: internal
auth_password_format: plain
acl: {{}}
access_rules: {{}}
modules:
  mod_caps: {{}}
  mod_carboncopy: {{}}
  mod_disco: {{}}
  mod_offline: {{}}
  mod_ping: {{}}
  mod_roster: {{}}
{modules}
listen:
"""


class Ejabberd(Process):
    def __init__(self, folder, ports, domain, components, users,
                 level="info", modules=""):
        super().__init__("ejabberd", os.path.join(folder, "out.log"))
        self.dir, self.domain = folder, domain
        self.c2s = ports.take()
        self.component_ports = {host: ports.take() for host in components}
        self.component = next(iter(self.component_ports.values()))
        self.secrets = {host: token(16) for host in components}
        self.users = dict(users)
        text = CONFIG.format(domain=domain, level=level, modules=modules)
        text += LISTENERS.format(c2s=self.c2s)
        for host, port in self.component_ports.items():
            text += COMPONENT.format(port=port, host=host,
                                     secret=self.secrets[host])
        self.config = os.path.join(folder, "ejabberd.yml")
        with open(self.config, "w", encoding="ascii") as f:
            f.write(text)

    def _accounts(self):
        """An expression that makes the accounts, again at each start."""
        return ", ".join(
            'ejabberd_auth:try_register(<<"%s">>, <<"%s">>, <<"%s">>)' % (
                user, self.domain, password)
            for user, password in self.users.items()) or "ok"

    async def start(self):
        env = dict(os.environ, ERL_LIBS=LIBRARIES, HOME=self.dir,
                   EJABBERD_CONFIG_PATH=self.config,
                   EJABBERD_LOG_PATH=os.path.join(self.dir, "server.log"),
                   ERL_CRASH_DUMP_BYTES="0")
        mark = len(self.lines)
        await self.spawn(
            ["erl", "+S", "2", "-noinput", "-mnesia", "dir",
             '"%s/mnesia"' % self.dir, "-s", "ejabberd", "-eval",
             '%s, io:format("accounts ready~n").' % self._accounts()],
            env=env, cwd=self.dir)
        await self.until(
            lambda: any("accounts ready" in line
                        for line in self.lines[mark:]) or
            not self.is_running, 60, "start")
        await listens(self.c2s, process=self)
        for port in self.component_ports.values():
            await listens(port, process=self)
        return self


async def start(lab, domain=XMPP_DOMAIN, components=(SIP_DOMAIN,),
                users=("alice", "anna"), **more):
    """It runs in that laboratory and ends with it."""
    folder = os.path.join(lab.dir, "ejabberd-" + token(3))
    os.mkdir(folder)
    server = lab.own(Ejabberd(folder, lab.ports, domain, components,
                              {u: token(6) for u in users}, **more))
    return await server.start()
