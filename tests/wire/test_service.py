#!/usr/bin/python3
"""The daemon as a service manager sees it: ready, alive, reloading, stopping;
secrets by credentials; configuration in several files."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "interop"))

import tap  # noqa: E402
from lab import Causewayd, Lab, sip_config  # noqa: E402
from tap import test  # noqa: E402

WATCHDOG_MS = 400


class Service(Causewayd):
    """The same daemon with another environment."""

    env = None

    async def spawn(self, words, env=None, cwd=None):
        await super().spawn(words, env={**os.environ, **(self.env or {})},
                            cwd=cwd)


class Manager:
    """The socket of NOTIFY_SOCKET."""

    def __init__(self, path):
        self.path, self.said = path, []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.setblocking(False)
        asyncio.get_running_loop().add_reader(self.socket, self._read)

    def _read(self):
        self.said += self.socket.recv(4096).decode().splitlines()

    async def wait(self, word, since=0, timeout=10):
        for _ in range(int(timeout * 50)):
            if any(s.startswith(word) for s in self.said[since:]):
                return
            await asyncio.sleep(0.02)
        raise AssertionError("no %s in %r" % (word, self.said[since:]))

    async def close(self):
        asyncio.get_running_loop().remove_reader(self.socket)
        self.socket.close()


@contextlib.asynccontextmanager
async def fixture(build):
    async with Lab(build) as lab:
        lab.manager = lab.own(Manager(os.path.join(lab.dir, "notify")))
        lab.node = lab.own(Service(lab.dir, lab.ports, lab.build,
                                   sip_config(), listeners=("udp",)))
        lab.node.env = {"NOTIFY_SOCKET": lab.manager.path,
                        "WATCHDOG_USEC": str(WATCHDOG_MS * 1000)}
        lab.tail = lambda: lab.node.tail(30)
        await lab.node.start()
        yield lab


@test("It says when it is ready - and that the loop lives")
async def alive(lab):
    await lab.manager.wait("READY=1")
    since = len(lab.manager.said)
    await asyncio.sleep(2)
    beats = lab.manager.said[since:].count("WATCHDOG=1")
    # twice as often as asked for, on a busy machine
    assert 3 <= beats <= 20, beats


@test("A loop that stands still says nothing")
async def stuck(lab):
    lab.node.signal(signal.SIGSTOP)
    await asyncio.sleep(0.3)
    since = len(lab.manager.said)
    await asyncio.sleep(1.5)
    assert lab.manager.said[since:].count("WATCHDOG=1") == 0
    lab.node.signal(signal.SIGCONT)
    await lab.manager.wait("WATCHDOG=1", since)


@test("A reload is told from its begin to its end")
async def reloading(lab):
    since = len(lab.manager.said)
    lab.node.signal(signal.SIGHUP)
    await lab.manager.wait("RELOADING=1", since)
    await lab.manager.wait("MONOTONIC_USEC=", since)
    await lab.manager.wait("READY=1", since)
    assert lab.node.log("config_reload")


@test("A secret comes by a credential")
async def credential(lab):
    folder = os.path.join(lab.dir, "credentials")
    os.mkdir(folder, 0o700)
    path = os.path.join(folder, "secrets_xmpp")
    with open(path, "w", encoding="ascii") as f:
        f.write("s3cret\n")
    os.chmod(path, 0o400)
    conf = os.path.join(lab.dir, "credential.conf")
    with open(conf, "w", encoding="ascii") as f:
        f.write(sip_config() +
                'link "xmpp" {\n kind = xmpp-component\n port = 5347\n'
                ' component = "sip.example"\n secret-file = '
                '"${CREDENTIALS_DIRECTORY}/secrets_xmpp"\n}\n')
    for env, code in (({"CREDENTIALS_DIRECTORY": folder}, 0), ({}, 78)):
        proc = await asyncio.create_subprocess_exec(
            lab.node.program, "-c", conf, "--check-config",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **env})
        out, _ = await proc.communicate()
        assert proc.returncode == code, (env, out)


@test("Configuration in several files: in order - faults with their place")
async def included(lab):
    folder = os.path.join(lab.dir, "conf.d")
    os.mkdir(folder)

    def put(name, text):
        with open(os.path.join(folder, name), "w", encoding="ascii") as f:
            f.write(text)

    put("20-b.conf", 'route "b" {\n to = "*@b"\n deny = FORBIDDEN\n}\n')
    put("10-a.conf", 'route "a" {\n to = "*@a"\n deny = FORBIDDEN\n}')
    put("30-not.txt", "nonsense {\n}\n")
    good = lab.node.text
    lab.node.write_config('include = "conf.d/*.conf"\n' + good)
    await lab.node.ctl("reload")
    names = [r["name"] for r in await lab.node.ctl("route", "ls")
             if r["name"] in ("a", "b")]
    assert names == ["a", "b"], names
    put("20-b.conf", "\n\nlimits {\n quota = 3\n}\n")
    put("40-c.conf", 'include = "more.conf"\n')
    lab.node.write_config('include = "conf.d/*.conf"\n'
                          'include = "missing.conf"\nlimitz {\n}\n' + good)
    code, _, err = await lab.node.ctl("reload", as_json=False)
    assert code == 78, (code, err)
    for place in (r"conf\.d/20-b\.conf:4: .*quota", r"limitz",
                  r"conf\.d/40-c\.conf:1: .*included",
                  r"causewayd\.conf:\d+: .*missing\.conf"):
        assert re.search(place, err), (place, err)
    lab.node.write_config(good)
    await lab.node.ctl("reload")
    assert not await lab.node.ctl("route", "ls") or "a" not in [
        r["name"] for r in await lab.node.ctl("route", "ls")]


@test("At its end it says so")
async def stopping(lab):
    since = len(lab.manager.said)
    assert await lab.node.stop() == 0
    await lab.manager.wait("STOPPING=1", since)


if __name__ == "__main__":
    tap.main(__doc__, fixture)
