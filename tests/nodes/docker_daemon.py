"""A separate Docker in a separate network namespace: nothing of the host changes."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

START = 60.0
STOP = 60.0
PROGRAMS = ("dockerd", "docker", "runc", "ip", "nsenter", "mmdebstrap", "go")
ADMIN, RESOURCE = 21, 24
"""Bits of capabilities: CAP_SYS_ADMIN and CAP_SYS_RESOURCE."""
# Docker 20.10 gives a privileged container every capability there is, and fails where this
# computer lacks one. The runtime is the place to leave it out.
_RUNTIME = """\
#!/bin/sh
prev=
for a in "$@"; do
  case "$prev" in --bundle) f=$a/config.json ;; --process) f=$a ;; *) f= ;; esac
  [ -n "$f" ] && [ -f "$f" ] && sed -i 's/,"CAP_SYS_RESOURCE"//g; s/"CAP_SYS_RESOURCE",//g' "$f"
  prev=$a
done
exec {runc} "$@"
"""


def reason_against() -> str:
    """The reason why this computer can't have the lab; empty if it can."""
    if os.geteuid() != 0:
        return "nodes in containers need the rights of root"
    if missing := [name for name in PROGRAMS if not shutil.which(name)]:
        return f"nodes in containers need {', '.join(missing)} (see tests/nodes/README.md)"
    if not _has(ADMIN):
        return "privileged containers are impossible here: CAP_SYS_ADMIN is missing"
    return ""


def _has(bit: int) -> bool:
    lines = dict(
        line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines()
    )
    return bool(int(lines["CapBnd"], 16) >> bit & 1)


@dataclass(frozen=True, slots=True)
class Daemon:
    """A Docker that runs.

    Attributes:
        host: its address, as DOCKER_HOST has it.
        namespace: the network namespace that it and its containers' networks are in.
    """

    host: str
    namespace: str

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which programs find it."""
        return {**os.environ, "DOCKER_HOST": self.host}

    def inside(self, *command: str) -> list[str]:
        """A command line that runs in the namespace."""
        return ["nsenter", f"--net=/run/netns/{self.namespace}", *command]

    def docker(self, *arguments: str, text: str | None = None, limit: float = 120.0) -> str:
        """The output of the `docker` command."""
        return ran(["docker", *arguments], self.environment, text=text, limit=limit)


@contextmanager
def daemon(folder: Path) -> Iterator[Daemon]:
    """Docker with its data in `folder`, which is removed with everything in it."""
    namespace = f"caas-lab-{os.getpid()}"
    own = Daemon(f"unix://{folder}/docker.sock", namespace)
    folder.mkdir(parents=True)
    runtime = folder / "runc"
    runtime.write_text(_RUNTIME.format(runc=shutil.which("runc")))
    runtime.chmod(0o755)
    ran(["ip", "netns", "add", namespace])
    process: subprocess.Popen[bytes] | None = None
    try:
        ran(["ip", "-n", namespace, "link", "set", "lo", "up"])
        command = ["dockerd", "--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec"]
        command += ["--host", own.host, "--pidfile", f"{folder}/docker.pid"]
        if not _has(RESOURCE):
            command += ["--add-runtime", f"lab={runtime}", "--default-runtime", "lab"]
        with (folder / "dockerd.log").open("wb") as log:
            process = subprocess.Popen(
                own.inside(*command), stdout=log, stderr=log, start_new_session=True
            )
        _wait(own, folder / "dockerd.log")
        yield own
        for container in own.docker("ps", "--all", "--quiet").split():
            own.docker("rm", "--force", "--volumes", container)
    finally:
        if process:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP)
            process.kill()
        ran(["ip", "netns", "delete", namespace])
        shutil.rmtree(folder, ignore_errors=True)


def _wait(own: Daemon, log: Path) -> None:
    end = time.monotonic() + START
    while True:
        try:
            own.docker("version")
        except AssertionError:
            assert time.monotonic() < end, log.read_text()[-2000:]
            time.sleep(0.3)
        else:
            return


def ran(
    command: Sequence[str],
    environment: dict[str, str] | None = None,
    *,
    text: str | None = None,
    limit: float = 60.0,
) -> str:
    """The output of a command that has to succeed."""
    done = subprocess.run(
        command,
        env=environment,
        input=text,
        capture_output=True,
        text=True,
        timeout=limit,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
    return done.stdout
