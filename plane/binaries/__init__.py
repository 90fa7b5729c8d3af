"""Gets the embedded plane's programs and manifests, once per machine and version.

They come from the cache, from official releases where these are reachable, or from a build of
pinned Go modules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from errors import CaasError, Problem, Where
from errors.machine import BINARY_DAMAGED
from plane.binaries import tools
from plane.binaries.host import this_host
from plane.binaries.providers import ProviderFiles, provider_files, provider_recipe
from plane.binaries.recipe import plane
from plane.binaries.store import MANIFESTS, CacheStore
from plane.binaries.workshop import ensure_all
from plane.paths import cache_directory
from plane.progress import Progress

if TYPE_CHECKING:
    from components.infrastructure.interface import Provider

__all__ = ["Binaries", "ProviderFiles", "ensure_binaries", "ensure_everything", "verify"]


@dataclass(frozen=True)
class Binaries:
    """The paths of the programs.

    `manifests` has the folders core, bootstrap, control-plane and in-memory, each with
    crds/*.yaml and webhooks.yaml. `providers` has the controllers of infrastructure providers,
    by name; only those that were asked for.
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
    providers: Mapping[str, ProviderFiles] = field(default_factory=dict)


PROGRAMS = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kubectl",
    "core-manager",
    "bootstrap-manager",
    "control-plane-manager",
    "in-memory-manager",
    "clusterctl",
)


def ensure_binaries(progress: Progress, providers: Iterable[Provider] = ()) -> Binaries:
    """Everything the embedded plane needs, made where it is missing from the cache.

    Milliseconds when it is there; the first time about ten minutes on two cores where it has to
    be built. It can be interrupted at any time: the next run goes on with what is missing.

    Args:
        progress: gets a step for each program that has to be made.
        providers: infrastructure providers whose controllers are wanted too.

    Raises CaasError: CAAS-2001 and 2002 about the cache, CAAS-2005 about this machine, CAAS-2010
    about a download, CAAS-2020 to 2024 about a build, CAAS-2100 when another run is making them
    for too long, CAAS-2120 where a provider has no controller for the embedded plane.
    """
    wanted, host = tuple(providers), this_host()
    recipes = [plane(host), *(provider_recipe(each, host) for each in wanted)]
    folder, *others = ensure_all(recipes, cache_directory(), progress)
    files = {
        each.name: provider_files(each, other) for each, other in zip(wanted, others, strict=True)
    }
    programs = {name.replace("-", "_"): folder / name for name in PROGRAMS}
    return Binaries(**programs, manifests=folder / MANIFESTS, providers=files)


def ensure_everything(progress: Progress, providers: Sequence[Provider]) -> Binaries:
    """Also these providers' controllers and every tool, with one Go and one build cache."""
    host = this_host()
    optional = [provider_recipe(each, host) for each in providers]
    ensure_all([plane(host), *optional, *tools.recipes(host)], cache_directory(), progress)
    return ensure_binaries(progress, providers)


def verify(binaries: Binaries) -> None:
    """Checks every file against its recorded SHA-256; about a second.

    Raises CaasError with one CAAS-2004 per file that is damaged or missing.
    """
    damaged = _damaged(binaries.manifests.parent, PROGRAMS)
    for files in binaries.providers.values():
        damaged += _damaged(files.manager.parent, (files.manager.name,))
    if damaged:
        raise CaasError.of(_problem(path) for path in damaged)


def _damaged(folder: Path, programs: Iterable[str]) -> list[Path]:
    store = CacheStore(folder)
    record = store.record()
    unknown = [name for name in programs if name not in record]
    return [folder / name for name in (*unknown, *store.damaged())]


def _problem(path: Path) -> Problem:
    state = "is not the file that was installed" if path.exists() else "is missing"
    fix = f"Run `rm -f {path}` and then the same command again: only this file is made again."
    return Problem(BINARY_DAMAGED, f"{path.name} {state}", Where(file=str(path)), fix=fix)
