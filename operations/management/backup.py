"""Saving what a management cluster knows of its clusters: the objects, and etcd where it is ours.

Only what a hand-over would move is saved (see `graph`), without the status, which Cluster API
finds out again from the machines themselves. Nothing on the management cluster is changed, and no
cluster is paused for it.
"""

from __future__ import annotations

import json
import tempfile
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.api import Api
from errors import CaasError
from errors.management import BACKUP_UNSETTLED
from operations.management import snapshot
from operations.management.archive import (
    FORMAT,
    OBJECTS,
    SNAPSHOT,
    SUFFIX,
    Header,
    digest,
    file_faults,
    write,
)
from operations.management.graph import Graph, discover
from operations.management.namespace import namespace_of
from plane.plane import Plane
from plane.progress import Progress

LOOKS = 5
"""The maximum number of reads until two of them have the same machines."""
DROPPED = ("resourceVersion", "generation", "creationTimestamp", "selfLink")


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was written."""

    path: Path
    header: Header
    objects: int


def back_up(
    api: Api,
    stack: str,
    namespace: str,
    out: Path,
    progress: Progress,
    *,
    caas: str,
    plane: Plane | None = None,
) -> Backup:
    """Saves the management objects of a stack.

    Args:
        api: the management API server.
        stack: the stack's name.
        namespace: of its clusters.
        out: the file, or a folder for a file that is named after stack and time.
        progress: gets a step for each part.
        caas: the release that writes it.
        plane: the embedded plane whose etcd is saved too; None where the cluster is another.

    Raises:
        CaasError: CAAS-3054 the file can't be written; CAAS-3055 the machines kept changing;
            CAAS-3058 etcd gave no snapshot.
    """
    now = datetime.now(UTC)
    path = out / f"{stack}-{now:%Y%m%dT%H%M%SZ}{SUFFIX}" if out.is_dir() else out
    with file_faults(path), tempfile.TemporaryDirectory(dir=path.parent, prefix=".caas-") as made:
        folder = Path(made)  # mode 0700, on the disk that the backup goes to
        progress.step("read the objects")
        graph = _at_rest(api, namespace)
        members = {OBJECTS: folder / OBJECTS}
        objects = [[portable(node.manifest) for node in group] for group in graph.groups]
        saved = {"namespace": namespace_of(api, namespace), "objects": objects}
        members[OBJECTS].write_text(json.dumps(saved))
        if plane:
            members[SNAPSHOT] = folder / SNAPSHOT
            snapshot.save(plane, members[SNAPSHOT], progress.step("save etcd"))
        progress.step("write the backup")
        header = Header(
            format=FORMAT,
            caas=caas,
            stack=stack,
            namespace=namespace,
            created=now.isoformat(timespec="seconds"),
            id=uuid.uuid4().hex,
            clusters=tuple(each["metadata"]["name"] for each in graph.of("Cluster")),
            machines=len(graph.of("Machine")),
            sha256={name: digest(file) for name, file in members.items()},
        )
        write(path, header, members)
    return Backup(path, header, len(graph.nodes))


def portable(manifest: dict[str, Any]) -> dict[str, Any]:
    """An object without what belongs to one API server; uids stay, to find owners again by."""
    metadata = {key: value for key, value in manifest["metadata"].items() if key not in DROPPED}
    return {key: value for key, value in manifest.items() if key != "status"} | {
        "metadata": metadata
    }


def _at_rest(api: Api, namespace: str) -> Graph:
    """The graph of one moment: what came or went while it was read shows in the next reading."""
    last, known = discover(api, namespace), set[str]()
    for _ in range(LOOKS):
        known = {node.manifest["metadata"]["uid"] for node in last.nodes}
        graph = discover(api, namespace)
        if {node.manifest["metadata"]["uid"] for node in graph.nodes} == known:
            return last
        last = graph
    raise CaasError(BACKUP_UNSETTLED, f"Objects came and went during {LOOKS} readings")
