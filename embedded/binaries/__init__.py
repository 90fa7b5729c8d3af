"""Gets the embedded plane's programs and manifests, once per machine and version.

They come from the cache, from official releases where these are reachable, or from a build of
pinned Go modules.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from embedded.binaries.host import this_host
from embedded.binaries.recipe import plane
from embedded.binaries.store import MANIFESTS, Store
from embedded.binaries.workshop import ensure
from embedded.paths import cache_directory
from embedded.progress import Progress
from errors import CaasError, Problem, Where
from errors.machine import BINARY_DAMAGED

__all__ = ["Binaries", "ensure_binaries", "verify"]


@dataclass(frozen=True)
class Binaries:
    """Where the programs are.

    `manifests` has the folders core, bootstrap, control-plane and in-memory, each with
    crds/*.yaml and webhooks.yaml.
    """

    etcd: Path
    kube_apiserver: Path
    kube_controller_manager: Path
    kubectl: Path
    core_manager: Path
    bootstrap_manager: Path
    control_plane_manager: Path
    in_memory_manager: Path
    clusterctl: Path
    manifests: Path


def ensure_binaries(progress: Progress) -> Binaries:
    """Everything the embedded plane needs, made where it is missing from the cache.

    Milliseconds when it is there; the first time about ten minutes on two cores where it has to
    be built. It can be interrupted at any time: the next run goes on with what is missing.

    Raises CaasError: CAAS-2001 and 2002 about the cache, CAAS-2005 about this machine, CAAS-2010
    about a download, CAAS-2020 to 2024 about a build, CAAS-2100 when another run is making them
    for too long.
    """
    folder = ensure(plane(this_host()), cache_directory(), progress)
    return Binaries(**{field.name: folder / _file(field.name) for field in fields(Binaries)})


def verify(binaries: Binaries) -> None:
    """Checks every file against its recorded SHA-256; about a second.

    Raises CaasError with one CAAS-2004 per file that is damaged or missing.
    """
    store = Store(binaries.manifests.parent)
    record = store.record()
    names = [_file(field.name) for field in fields(Binaries)]
    unknown = [name for name in names if name not in record and name != MANIFESTS]
    damaged = [*unknown, *store.damaged()]
    if damaged:
        raise CaasError.of(_problem(store.directory / name) for name in damaged)


def _file(field: str) -> str:
    return field.replace("_", "-")


def _problem(path: Path) -> Problem:
    state = "is not the file that was installed" if path.exists() else "is missing"
    fix = f"Run `rm -f {path}` and then the same command again: only this file is made anew."
    return Problem(BINARY_DAMAGED, f"{path.name} {state}", Where(file=str(path)), fix=fix)
