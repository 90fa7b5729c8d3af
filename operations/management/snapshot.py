"""The embedded plane's etcd: a snapshot of it while it runs, and a new one made from a snapshot."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import urllib3

from errors import CaasError, Where
from errors.management import RESTORE_TARGET_NOT_EMPTY, SNAPSHOT_FAILED
from plane.lock import hold
from plane.plane import Plane
from plane.progress import Step
from plane.servers import ETCD, PlaneSite
from plane.state import State
from stacks.private import write_private

SECONDS = 600.0
CHUNK = 2**20
# The plane is the only member, so its peer address is unused; the plane's own flags are
# not looked at where there is data.
PEER = "https://127.0.0.1:2380"


def save(plane: Plane, file: Path, step: Step) -> None:
    """Writes a snapshot of the running plane's etcd, through etcd's own HTTP gateway.

    Raises:
        CaasError: CAAS-3058 etcd does not answer, or ended in the middle.
    """
    state = State.read(plane.directory / "plane.json")
    if not state.address:
        raise CaasError(SNAPSHOT_FAILED, "The plane was never started")
    site = PlaneSite(plane.directory, state.address, state.ports)
    pool = urllib3.PoolManager(
        cert_file=str(site.pki / "admin.crt"),
        key_file=str(site.pki / "admin.key"),
        ca_certs=str(site.pki / "ca.crt"),
        retries=False,
        timeout=SECONDS,
    )
    url = f"{site.database}/v3/maintenance/snapshot"
    write_private(file, "")
    left = -1
    try:
        answer = pool.request("POST", url, body=b"{}", preload_content=False)
        with file.open("wb") as output:
            for part in _messages(answer):
                output.write(base64.b64decode(part.get("blob", "")))
                left = int(part.get("remaining_bytes", 0))
                step.advance(output.tell(), output.tell() + left)
    except (urllib3.exceptions.HTTPError, ValueError, KeyError) as error:
        raise CaasError(SNAPSHOT_FAILED, "etcd gave no snapshot", why=str(error)) from error
    finally:
        pool.clear()
    if left != 0:
        raise CaasError(SNAPSHOT_FAILED, "etcd ended before the snapshot was complete")


def _messages(answer: urllib3.BaseHTTPResponse) -> Any:
    """The messages of a stream: one JSON object a line."""
    rest = b""
    for chunk in answer.stream(CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (json.loads(line)["result"] for line in lines if line.strip())
    if rest.strip():
        yield json.loads(rest)["result"]


def restore(plane: Plane, file: Path, etcdutl: Path) -> None:
    """Makes the database of a plane that has none from a snapshot; it is started afterwards.

    Raises:
        CaasError: CAAS-3053 the plane has a database; CAAS-3058 etcdutl refuses the snapshot;
            CAAS-2100 another run is starting the plane.
    """
    plane.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    data, made = plane.directory / "etcd", plane.directory / ".etcd-restored"
    with hold(plane.directory / "plane.lock", "restore the management plane"):
        if data.exists():
            raise CaasError(
                RESTORE_TARGET_NOT_EMPTY,
                "The plane has a database already",
                where=Where(file=str(data)),
                fix="Save it with `./caas management backup`, `./caas down`, and remove the folder",
            )
        shutil.rmtree(made, ignore_errors=True)  # of a run that was interrupted
        command = (
            str(etcdutl),
            "snapshot",
            "restore",
            str(file),
            f"--data-dir={made}",
            "--name=plane",
            f"--initial-cluster=plane={PEER}",
            f"--initial-advertise-peer-urls={PEER}",
        )
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
        if done.returncode:
            raise CaasError(
                SNAPSHOT_FAILED,
                f"{ETCD.name} did not take the snapshot back",
                where=Where(file=str(file)),
                why=done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "",
            )
        made.replace(data)
