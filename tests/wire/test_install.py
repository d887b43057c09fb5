#!/usr/bin/python3
"""make install: every file is there, manual pages and shell words are sound, the
unit is shut tight, configurations that are shipped are taken, and uninstall
leaves nothing but configuration."""

import asyncio
import contextlib
import os
import re
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "interop"))

import tap  # noqa: E402
from lab import ROOT, build_dir  # noqa: E402
from tap import Skip, test  # noqa: E402

EXPOSURE = 15	# tenths; a service without any hardening has 96


class Place:
    pass


async def run(*words, code=0, env=None, stdin=None):
    proc = await asyncio.create_subprocess_exec(
        *words, stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        cwd=ROOT, env=env)
    out, _ = await asyncio.wait_for(
        proc.communicate(stdin.encode() if stdin else b""), 120)
    text = out.decode("utf-8", "replace")
    assert code is None or proc.returncode == code, (words, proc.returncode,
                                                     text[-2000:])
    return text


async def make(lab, *words):
    """make, with the programs that are built already."""
    return await run("make", "--no-print-directory", "-s",
                     "VARIANT=" + os.path.basename(lab.build), "all=",
                     "DESTDIR=" + lab.root, "-o", "all", "-o",
                     os.path.relpath(os.path.join(lab.build, "causewayd"),
                                     ROOT),
                     "-o", os.path.relpath(os.path.join(lab.build,
                                                        "causewayctl"),
                                           ROOT), *words)


@contextlib.asynccontextmanager
async def fixture(build):
    lab = Place()
    lab.build = build_dir(build)
    lab.root = tempfile.mkdtemp(prefix="causeway-install-")
    try:
        await make(lab, "install")
        yield lab
    finally:
        shutil.rmtree(lab.root)


def files(root):
    return sorted(os.path.relpath(os.path.join(d, f), root)
                  for d, _, names in os.walk(root) for f in names)


@test("Every file is there, with its mode")
async def complete(lab):
    have = files(lab.root)
    for path in ("usr/sbin/causewayd", "usr/bin/causewayctl",
                 "usr/share/man/man8/causewayd.8",
                 "usr/share/man/man1/causewayctl.1",
                 "usr/share/man/man5/causeway.conf.5",
                 "usr/share/man/man7/causeway-metrics.7",
                 "usr/share/man/man7/causeway-log.7",
                 "usr/share/bash-completion/completions/causewayctl",
                 "usr/lib/systemd/system/causeway.service",
                 "usr/lib/sysusers.d/causeway.conf",
                 "usr/lib/tmpfiles.d/causeway.conf",
                 "etc/logrotate.d/causeway", "etc/causeway/causeway.conf",
                 "usr/share/doc/causeway/README.md"):
        assert path in have, path
        mode = os.stat(os.path.join(lab.root, path)).st_mode & 0o7777
        wanted = 0o755 if "bin/" in path else 0o644
        assert mode == wanted, (path, oct(mode))
    shipped = {"usr/share/doc/causeway/examples/" + name
               for name in os.listdir(os.path.join(ROOT, "conf/examples"))}
    assert shipped <= set(have), shipped - set(have)
    filters = os.path.join(ROOT, "packaging/fail2ban")
    if os.path.isdir(filters):
        for name in os.listdir(filters):
            if name.endswith(".conf"):
                assert "etc/fail2ban/filter.d/" + name in have, name
    secrets = os.stat(os.path.join(lab.root, "etc/causeway/secrets"))
    assert secrets.st_mode & 0o777 == 0o700, oct(secrets.st_mode)


@test("The programs run from there")
async def programs(lab):
    for program in ("usr/sbin/causewayd", "usr/bin/causewayctl"):
        out = await run(os.path.join(lab.root, program), "--version")
        assert re.match(r"causeway(d|ctl) \d+\.\d+\.\d+", out), out


@test("Manual pages: no warning and nothing forgotten")
async def manuals(lab):
    pages = {}
    for page in files(os.path.join(lab.root, "usr/share/man")):
        path = os.path.join(lab.root, "usr/share/man", page)
        faults = await run("groff", "-man", "-ww", "-z", path)
        assert not faults, faults[:500]
        out = await run("groff", "-man", "-rLL=9999n", "-Tascii", "-P-cbou",
                        path)
        pages[os.path.basename(page)] = " ".join(out.split())
        assert "NAME" in out and "DESCRIPTION" in out, page
    shown = await run(os.path.join(lab.root, "usr/sbin/causewayd"), "-c",
                      "packaging/causeway.conf", "--print-config")
    for name in re.findall(r"^\t([a-z][a-z0-9-]*) =", shown, re.M):
        assert " %s = " % name in pages["causeway.conf.5"], name
    for word in ("causeway_messages", "causeway_link_up", "process_cpu"):
        assert word in pages["causeway-metrics.7"], word
    out = await run(os.path.join(lab.root, "usr/bin/causewayctl"), "--help")
    for verb in ("queue flush", "route test", "undrain", "reload"):
        assert verb in out and verb in pages["causewayctl.1"], verb
    out = await run(os.path.join(lab.root, "usr/sbin/causewayd"), "--help")
    for option in re.findall(r"--[a-z-]+", out):
        if option != "--help":
            assert option in pages["causewayd.8"], option


@test("Shell completion knows the verbs")
async def completion(lab):
    path = os.path.join(lab.root,
                        "usr/share/bash-completion/completions/causewayctl")
    assert not (await run("shellcheck", "-s", "bash", path)).strip()
    out = await run("bash", "-c", ". %s; COMP_WORDS=(causewayctl -c x queue "
                    "''); COMP_CWORD=4; _causewayctl; echo ${COMPREPLY[@]}"
                    % path)
    assert {"ls", "show", "flush", "drop"} <= set(out.split()), out


@test("The unit: exposure at most 1.5 - and systemd understands it")
async def unit(lab):
    if not shutil.which("systemd-analyze"):
        raise Skip("systemd is not installed")
    path = os.path.join(lab.root, "usr/lib/systemd/system/causeway.service")
    out = await run("systemd-analyze", "security", "--offline=true",
                    "--no-pager", "--threshold=%d" % EXPOSURE, path)
    assert "exposure level" in out, out[-500:]
    # only what is not installed on this machine may be missed
    out = await run("systemd-analyze", "verify", "--man=no", path, code=None)
    for line in out.splitlines():
        if "causeway.service" in line:
            assert "is not executable" in line, line
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for line in ("Type=notify", "WatchdogSec=", "ExecReload=",
                 "LoadCredential="):
        assert "\n" + line in text, line


@test("Users and folders are what systemd's tools understand")
async def sysusers(lab):
    if not shutil.which("systemd-sysusers"):
        raise Skip("systemd is not installed")
    out = await run("systemd-sysusers", "--dry-run", "--root=" + lab.root,
                    "causeway.conf")
    assert "causeway" in out, out


@test("Each shipped configuration is taken")
async def configurations(lab):
    program = os.path.join(lab.root, "usr/sbin/causewayd")
    conf = os.path.join(lab.root, "etc/causeway/causeway.conf")
    assert "good" in await run(program, "-c", conf, "--check-config")
    with open(os.path.join(lab.root, "etc/causeway/conf.d/10-x.conf"), "w",
              encoding="ascii") as f:
        f.write('domain "other.example" {\n served = yes\n}\n')
    out = await run(program, "-c", conf, "--print-config")
    assert 'domain "other.example"' in out
    folder = os.path.join(lab.root, "usr/share/doc/causeway/examples")
    for name in sorted(os.listdir(folder)):
        if name.endswith(".conf"):
            await example(lab, program, os.path.join(folder, name))


async def example(lab, program, path):
    """The keys and secrets it names are made first."""
    here = os.path.join(lab.root, "try")
    shutil.rmtree(here, ignore_errors=True)
    os.makedirs(here)
    with open(path, encoding="utf-8") as f:
        text = f.read()
    await run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
              "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
              "/CN=x.example", "-keyout", here + "/key.pem", "-out",
              here + "/cert.pem")
    os.chmod(here + "/key.pem", 0o600)
    with open(here + "/secret", "w", encoding="ascii") as f:
        f.write("s3cret\n")
    os.chmod(here + "/secret", 0o600)
    text = re.sub(r'(cert-file|ca-file|client-cert|client-cert-file) = '
                  r'"[^"]*"', r'\1 = "cert.pem"', text)
    text = re.sub(r'(key-file|client-key|client-key-file) = "[^"]*"',
                  r'\1 = "key.pem"', text)
    text = re.sub(r'secret-file = "[^"]*"', 'secret-file = "secret"', text)
    with open(here + "/causeway.conf", "w", encoding="utf-8") as f:
        f.write(text)
    out = await run(program, "-c", here + "/causeway.conf", "--check-config",
                    code=None)
    assert out.strip().endswith(": good"), (path, out)


@test("What is there is not overwritten - and uninstall leaves only that")
async def uninstall(lab):
    conf = os.path.join(lab.root, "etc/causeway/causeway.conf")
    with open(conf, "a", encoding="ascii") as f:
        f.write("# mine\n")
    await make(lab, "install")
    with open(conf, encoding="ascii") as f:
        assert "# mine" in f.read()
    shutil.rmtree(os.path.join(lab.root, "try"), ignore_errors=True)
    await make(lab, "uninstall")
    assert files(lab.root) == ["etc/causeway/causeway.conf",
                               "etc/causeway/conf.d/10-x.conf"], \
        files(lab.root)


if __name__ == "__main__":
    tap.main(__doc__, fixture)
