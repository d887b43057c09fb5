"""A laboratory on this machine: real servers, our daemon, users of both sides.

    async with Lab() as lab:
        prosody = await lab.prosody("xmpp.example", ["sip.example"],
                                    {"alice": "pw"})
        daemon = await lab.causewayd(lab.config(prosody))
        bob = await lab.sip_user(daemon, "bob")
        alice = await lab.xmpp_user(prosody, "alice")

Everything listens on 127.0.0.1, lives in a temporary folder, dies with this
process (also when it is killed) and is ended by its own process id.
"""

import asyncio
import ctypes
import json
import os
import random
import re
import shutil
import signal
import socket
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)

from sip_text import token  # noqa: E402
from sip_user import SipUser  # noqa: E402
from xmpp_user import XmppUser  # noqa: E402

SIP_DOMAIN, XMPP_DOMAIN = "sip.example", "xmpp.example"
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
START_S = 20


def build_dir(given=None):
    path = given or os.environ.get("CAUSEWAY_BUILD") or "build/release"
    return path if os.path.isabs(path) else os.path.join(ROOT, path)


class Ports:
    """Ports that nobody else uses: outside the range of outgoing connections,
    free for UDP and TCP, and kept from other laboratories by a name in the
    kernel that goes with this process."""

    def __init__(self):
        self.held = []

    def take(self):
        for _ in range(2000):
            port = random.randint(10000, 31000)
            name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                name.bind("\0causeway-lab-%d" % port)
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    with socket.socket(socket.AF_INET, kind) as s:
                        s.bind(("127.0.0.1", port))
            except OSError:
                name.close()
                continue
            self.held.append(name)
            return port
        raise RuntimeError("no free port")

    def release(self):
        for name in self.held:
            name.close()


class Process:
    """A program in the foreground, its output line by line."""

    def __init__(self, name, log_path):
        self.name, self.log_path = name, log_path
        self.lines = []
        self.proc = None
        self.exit_code = None
        self.on_line = None
        self._reader = None
        self._news = asyncio.Event()

    @staticmethod
    def _child():
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    async def spawn(self, words, env=None, cwd=None):
        self.proc = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env=env, cwd=cwd, preexec_fn=self._child, limit=1 << 20)
        self.exit_code = None
        self._reader = asyncio.get_running_loop().create_task(
            self._read(self.proc))

    async def _read(self, proc):
        with open(self.log_path, "ab") as log:
            while True:
                line = await proc.stdout.readline()
                if not line:
                    break
                log.write(line)
                log.flush()
                text = line.decode("utf-8", "replace").rstrip("\n")
                self.lines.append(text)
                if self.on_line:
                    self.on_line(text)
                self._tell()
        self.exit_code = await proc.wait()
        self._tell()

    def _tell(self):
        self._news.set()
        self._news = asyncio.Event()

    @property
    def pid(self):
        return self.proc.pid

    @property
    def is_running(self):
        return self.proc is not None and self.proc.returncode is None

    async def until(self, look, timeout, what):
        """The first true value of look(), which is asked at each new line."""
        limit = time.monotonic() + timeout
        while True:
            found = look()
            if found:
                return found
            left = limit - time.monotonic()
            if left <= 0:
                raise AssertionError("%s: no %s; last lines:\n%s" % (
                    self.name, what, self.tail()))
            try:
                await asyncio.wait_for(self._news.wait(), min(left, 0.25))
            except asyncio.TimeoutError:
                pass

    def tail(self, n=25):
        return "\n".join("    " + line for line in self.lines[-n:])

    def signal(self, number):
        if self.is_running:
            self.proc.send_signal(number)

    async def gone(self, timeout=15):
        """Wait for its end; the exit status."""
        await asyncio.wait_for(asyncio.shield(self._reader), timeout)
        return self.exit_code

    async def stop(self, timeout=15):
        if not self.proc:
            return None
        self.signal(signal.SIGTERM)
        try:
            return await self.gone(timeout)
        except asyncio.TimeoutError:
            await self.kill()
            raise AssertionError("%s did not stop in %d s" % (self.name,
                                                              timeout))

    async def kill(self):
        self.signal(signal.SIGKILL)
        if self.proc:
            await self.gone()


async def listens(port, timeout=START_S, process=None, host="127.0.0.1"):
    limit = time.monotonic() + timeout
    while time.monotonic() < limit:
        try:
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
            return
        except OSError:
            await asyncio.sleep(0.05)
        if process and not process.is_running:
            break
    raise AssertionError("nobody listens at %d:\n%s" % (
        port, process.tail() if process else ""))


# ---- Prosody ---------------------------------------------------------------

PROSODY = """
pidfile = "{dir}/prosody.pid"
data_path = "{dir}/data"
certificates = "{dir}"
plugin_paths = {{}}
admins = {{}}
use_libevent = false
network_backend = "epoll"
modules_enabled = {{ "roster", "saslauth", "disco", "ping", "presence",
    "message", "iq", "offline", "carbons" }}
modules_disabled = {{ "s2s", "tls", "admin_shell", "posix" }}
authentication = "internal_plain"
storage = "internal"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
interfaces = {{ "127.0.0.1" }}
local_interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {c2s} }}
legacy_ssl_ports = {{}}
c2s_direct_tls_ports = {{}}
s2s_ports = {{}}
s2s_direct_tls_ports = {{}}
component_ports = {{ {component} }}
component_interfaces = {{ "127.0.0.1" }}
http_ports = {{}}
https_ports = {{}}
log = {{ {{ levels = {{ min = "{level}" }}, to = "console" }} }}
VirtualHost "{domain}"
"""


def escape_store(name):
    return re.sub(r"[^A-Za-z0-9]", lambda m: "%%%02x" % ord(m.group(0)), name)


class Prosody(Process):
    """The XMPP server of Debian with a configuration of its own."""

    def __init__(self, folder, ports, domain, components, users,
                 level="info"):
        super().__init__("prosody", os.path.join(folder, "prosody.log"))
        self.dir, self.domain = folder, domain
        self.c2s, self.component = ports.take(), ports.take()
        # Every host name has its own secret, made for this run.
        self.secrets = {host: token(16) for host in components}
        self.users = {}
        os.makedirs(os.path.join(folder, "data"), exist_ok=True)
        text = PROSODY.format(dir=folder, c2s=self.c2s, level=level,
                              component=self.component, domain=domain)
        for host, secret in self.secrets.items():
            text += 'Component "%s"\n    component_secret = "%s"\n' % (
                host, secret)
        self.config = os.path.join(folder, "prosody.cfg.lua")
        with open(self.config, "w", encoding="ascii") as f:
            f.write(text)
        for user, password in users.items():
            self.add_user(user, password)

    def add_user(self, user, password):
        """As mod_storage_internal keeps an account."""
        folder = os.path.join(self.dir, "data", escape_store(self.domain),
                              "accounts")
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, escape_store(user) + ".dat")
        with open(path, "w", encoding="ascii") as f:
            f.write('return { ["password"] = "%s"; };\n' % password)
        self.users[user] = password

    async def start(self):
        words = ["prosody", "--config", self.config, "-F"]
        if os.geteuid() == 0:
            words.append("--root")
        await self.spawn(words, cwd=self.dir)
        await listens(self.c2s, process=self)
        await listens(self.component, process=self)
        return self


# ---- causewayd -------------------------------------------------------------

FIELD = re.compile(r'([A-Za-z_][\w.-]*)=("((?:[^"\\]|\\.)*)"|\S*)')


def parse_line(line):
    """A log or accounting line as a dictionary; {} when it is none."""
    out = {}
    for m in FIELD.finditer(line):
        out[m.group(1)] = m.group(3) if m.group(3) is not None else m.group(2)
    return out


class Causewayd(Process):
    """Our daemon on a configuration; ports and state stay over restarts."""

    def __init__(self, folder, ports, build, config, name="causewayd",
                 listeners=("udp", "tcp", "tls"), tls=None,
                 host="127.0.0.1"):
        super().__init__(name, os.path.join(folder, name + ".log"))
        self.host = host
        self.listen_more = ""
        self.dir, self.build = folder, build
        self.program = os.path.join(build, "causewayd")
        self.ctl_program = os.path.join(build, "causewayctl")
        self.state = os.path.join(folder, name + "-state")
        self.config_path = os.path.join(folder, name + ".conf")
        self.ports = {t: ports.take() for t in listeners}
        self.tls = tls
        self.text = config
        self.starts = 0
        self.events = []
        self.env = {}		# more of the environment

    def front(self):
        text = ('node {\n name = "%s"\n state-dir = "%s"\n'
                ' control-socket = "control.sock"\n log-privacy = no\n'
                ' log-level = debug\n}\n' % (
                    re.sub(r"\W", "", self.name), self.state))
        # All that tests do wrong comes from one address.
        if "\nauth {" not in self.text:
            text += ("auth {\n user-source-failures = 0\n"
                     " source-failures = 0\n user-failures = 0\n}\n")
        for kind, port in self.ports.items():
            text += ('listen "%s" {\n transport = %s\n address = "%s"\n'
                     ' port = %d\n' % (kind, kind, self.host, port))
            if kind == "tls":
                text += ' cert-file = "%s"\n key-file = "%s"\n' % self.tls
            text += self.listen_more + "}\n"
        return text

    def write_config(self, text=None):
        if text is not None:
            self.text = text
        with open(self.config_path, "w", encoding="utf-8") as f:
            f.write(self.front() + self.text)

    def address(self, transport="udp"):
        return (self.host, self.ports[transport])

    async def start(self, timeout=START_S):
        self.write_config()
        words = [self.program, "-c", self.config_path]
        if os.geteuid() == 0:
            words.append("--allow-root")
        self.mark = len(self.lines)
        self.starts += 1
        await self.spawn(words, env={**os.environ, **self.env}, cwd=self.dir)
        await self.until(self._is_ready, timeout, "start")
        return self

    def _is_ready(self):
        if not self.is_running and self._reader.done():
            raise AssertionError("%s ended with %s:\n%s" % (
                self.name, self.exit_code, self.tail()))
        return any(" event=started" in line
                   for line in self.lines[self.mark:])

    async def restart(self):
        return await self.start()

    async def kill9(self):
        await self.kill()

    async def end(self):
        """Stop it in order, so that what it leaks or forgets is seen: a list
        of what was wrong."""
        if not self.proc:
            return []
        was_running = self.is_running
        try:
            code = await self.stop(20)
        except AssertionError as e:
            return [str(e)]
        if was_running and code:
            return ["%s ended with %s:\n%s" % (self.name, code,
                                               self.tail(60))]
        return []

    # ---- its log -----------------------------------------------------------

    def log(self, event=None, since=0, **fields):
        """Parsed lines of that event whose fields are as given."""
        out = []
        for line in self.lines[since:]:
            row = parse_line(line)
            if event and row.get("event") != event:
                continue
            if all(row.get(k) == v for k, v in fields.items()):
                out.append(row)
        return out

    async def logged(self, event, timeout=10, since=0, **fields):
        rows = await self.until(
            lambda: self.log(event, since, **fields), timeout,
            "line event=%s %r" % (event, fields))
        return rows[0]

    async def link_up(self, timeout=START_S, since=None, count=1):
        """Wait until that many links are up since the last start."""
        mark = self.mark if since is None else since
        await self.until(
            lambda: len(self.log("link_up", mark)) >= count, timeout,
            "link up")

    def accounting(self):
        path = os.path.join(self.state, "accounting.log")
        try:
            with open(path, encoding="utf-8") as f:
                return [parse_line(line) for line in f
                        if not line.startswith("#")]
        except FileNotFoundError:
            return []

    # ---- asking it ---------------------------------------------------------

    async def ask(self, *words, stdin=None, timeout=10):
        """Over its control socket, without the tool."""
        reader, writer = await asyncio.open_unix_connection(
            os.path.join(self.state, "control.sock"), limit=8 << 20)
        try:
            request = {"words": list(words)}
            if stdin is not None:
                request["stdin"] = stdin
            writer.write(json.dumps(request).encode() + b"\n")
            line = await asyncio.wait_for(reader.readline(), timeout)
        finally:
            writer.close()
        answer = json.loads(line)
        if not answer.get("ok"):
            raise LookupError("%s: %s" % (" ".join(words),
                                          answer.get("error")))
        return answer.get("data")

    async def ctl(self, *words, stdin=None, as_json=True, timeout=15):
        """Run causewayctl: (exit status, standard output, standard error);
        with as_json the parsed answer alone, and a failure raises."""
        args = [self.ctl_program, "-c", self.config_path]
        args += ["--json"] if as_json else []
        proc = await asyncio.create_subprocess_exec(
            *args, *words, stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            preexec_fn=self._child)
        try:
            out, err = await asyncio.wait_for(proc.communicate(
                (stdin + "\n").encode() if stdin is not None else b""),
                timeout)
        except asyncio.TimeoutError:
            proc.kill()
            await proc.wait()
            raise
        if not as_json:
            return proc.returncode, out.decode(), err.decode()
        if proc.returncode:
            raise LookupError("causewayctl %s: %d %s" % (
                " ".join(words), proc.returncode, err.decode().strip()))
        return json.loads(out) if out.strip() else None

    async def add_user(self, name, password=None, domain=SIP_DOMAIN):
        password = password or token(6)
        await self.ask("user", "add", "%s@%s" % (name, domain),
                       stdin=password)
        return password

    async def queue(self):
        return (await self.ask("queue", "ls")) or []


# ---- all together ----------------------------------------------------------

def policy(**options):
    text = {"answer-wait": "2s"}
    text.update({k.replace("_", "-"): v for k, v in options.items()})
    return "policy {\n%s}\n" % "".join(" %s = %s\n" % kv
                                       for kv in text.items())


def sip_config(domain=SIP_DOMAIN):
    return 'sip {\n host = "127.0.0.1"\n}\ndomain "%s" {\n served = yes\n}\n' \
        % domain


def xmpp_config(port, secret, component=SIP_DOMAIN, domain=XMPP_DOMAIN,
                link="xmpp", link_more="", domain_more=""):
    return ('link "%s" {\n kind = xmpp-component\n host = "127.0.0.1"\n'
            ' port = %d\n component = "%s"\n secret = "%s"\n%s}\n'
            'domain "%s" {\n via = "%s"\n allow = {"*"}\n%s}\n' % (
                link, port, component, secret, link_more, domain, link,
                domain_more))


class Lab:
    def __init__(self, build=None):
        self.build = build_dir(build)
        self.ports = Ports()
        self.dir = None
        self.things = []	# closed in reverse order
        self._tls = None

    async def __aenter__(self):
        self.dir = tempfile.mkdtemp(prefix="causeway-lab-")
        os.chmod(self.dir, 0o700)
        return self

    async def __aexit__(self, kind, *_):
        wrong = []
        for thing in reversed(self.things):
            try:
                if isinstance(thing, Causewayd):
                    wrong += await thing.end()
                elif isinstance(thing, Process):
                    await thing.kill()
                else:
                    await thing.close()
            except Exception as e:  # the rest must be closed all the same
                print("# closing %r: %r" % (thing, e), file=sys.stderr)
        keep = os.environ.get("CAUSEWAY_LAB_KEEP")
        if keep:
            print("# kept %s" % self.dir, file=sys.stderr)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)
        self.ports.release()
        if wrong and kind is None:
            raise AssertionError("\n".join(wrong))

    def own(self, thing):
        self.things.append(thing)
        return thing

    async def run(self, *words):
        proc = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            cwd=self.dir, preexec_fn=Process._child)
        out, _ = await asyncio.wait_for(proc.communicate(), 60)
        if proc.returncode:
            raise AssertionError("%s: %s" % (words[0], out.decode()))
        return out.decode()

    async def tls(self):
        """(authority, certificate, key) of this run, for 127.0.0.1."""
        if self._tls:
            return self._tls
        path = os.path.join(self.dir, "tls")
        os.mkdir(path, 0o700)
        ca, key, cert = (os.path.join(path, n) for n in
                         ("ca.pem", "key.pem", "cert.pem"))
        await self.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                       "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                       "-subj", "/CN=Lab authority", "-keyout",
                       os.path.join(path, "ca-key.pem"), "-out", ca)
        request = os.path.join(path, "request.pem")
        await self.run("openssl", "req", "-newkey", "ec", "-pkeyopt",
                       "ec_paramgen_curve:P-256", "-nodes", "-subj",
                       "/CN=" + SIP_DOMAIN, "-keyout", key, "-out", request)
        extra = os.path.join(path, "ext.cnf")
        with open(extra, "w", encoding="ascii") as f:
            f.write("subjectAltName=DNS:%s,IP:127.0.0.1\n" % SIP_DOMAIN)
        await self.run("openssl", "x509", "-req", "-in", request, "-CA", ca,
                       "-CAkey", os.path.join(path, "ca-key.pem"), "-days",
                       "2", "-CAcreateserial", "-extfile", extra, "-out",
                       cert)
        os.chmod(key, 0o600)
        self._tls = (ca, cert, key)
        return self._tls

    async def prosody(self, domain=XMPP_DOMAIN, components=(SIP_DOMAIN,),
                      users=("alice", "anna"), level="info", start=True):
        if not isinstance(users, dict):
            users = {u: token(6) for u in users}
        folder = os.path.join(self.dir, "prosody-" + token(3))
        os.mkdir(folder)
        server = self.own(Prosody(folder, self.ports, domain, components,
                                  users, level))
        return await server.start() if start else server

    async def causewayd(self, config, name="causewayd",
                        listeners=("udp", "tcp", "tls"), start=True,
                        link=True, host="127.0.0.1"):
        tls = await self.tls() if "tls" in listeners else None
        daemon = self.own(Causewayd(self.dir, self.ports, self.build, config,
                                    name, listeners,
                                    tls[1:] if tls else None, host))
        if not start:
            return daemon
        await daemon.start()
        if link and "link " in config:
            await daemon.link_up()
        return daemon

    async def sip_user(self, daemon, name, password=None, transport="udp",
                       register=True, create=True, domain=SIP_DOMAIN, **more):
        """A SIP user that exists (create) and is registered."""
        if create:
            password = await daemon.add_user(name, password, domain)
        tls = await self.tls() if transport == "tls" else None
        user = self.own(SipUser(name, domain, password,
                                daemon.address(transport), transport, tls=tls,
                                **more))
        await user.start()
        if register:
            answer = await user.register()
            assert answer.code == 200, "registration: %s" % answer.start
        return user

    async def xmpp_user(self, prosody, name, resource="lab", start=True,
                        **more):
        user = self.own(XmppUser("%s@%s" % (name, prosody.domain),
                                 prosody.users[name],
                                 ("127.0.0.1", prosody.c2s), resource))
        return await user.start(**more) if start else user
