"""Programs that no plane needs, made on demand: kubeadm of each supported minor, etcdutl, helm,
crane, Prometheus and Alertmanager with their tools, Flux.

Each has a separate cache key, so that a change of one rebuilds nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from catalog import catalog
from errors import CaasError
from errors.machine import RELEASE_NOT_PINNED
from plane.binaries.adapted import WITHOUT_INTERFACE
from plane.binaries.host import Host, this_host
from plane.binaries.recipe import (
    MODULES,
    STRIP,
    ManifestSet,
    ModuleSource,
    Program,
    Recipe,
    ReleasedFile,
    ReleaseMirror,
    etcd_release,
    kubernetes_program,
    kubernetes_stamp,
)
from plane.binaries.store import MANIFESTS
from plane.binaries.workshop import ensure
from plane.paths import cache_directory
from plane.progress import Progress

HELM = ReleaseMirror("CAAS_HELM_MIRROR", "https://get.helm.sh")
FLUX = ("source-controller", "helm-controller")
"""Flux's controllers that install applications."""
HELM_VERSION = "helm.sh/helm/v4/internal/version.version"


def kubeadm(minor: str, progress: Progress) -> Path:
    """kubeadm of the newest release of a minor in the catalog.

    Args:
        minor: `1.36`.
        progress: gets a step when it has to be made.

    Raises:
        CaasError: CAAS-2025 the minor is not in the catalog, or has no pinned modules; else as
            `plane.binaries.ensure_binaries`.
    """
    return ensure(kubeadm_recipe(minor, this_host()), cache_directory(), progress) / "kubeadm"


def etcdutl(progress: Progress) -> Path:
    """etcdutl of etcd's release in the catalog; errors as `plane.binaries.ensure_binaries`."""
    return ensure(etcdutl_recipe(this_host()), cache_directory(), progress) / "etcdutl"


def helm(progress: Progress) -> Path:
    """Helm of the release in the catalog; errors as `plane.binaries.ensure_binaries`."""
    return ensure(helm_recipe(this_host()), cache_directory(), progress) / "helm"


def crane(progress: Progress) -> Path:
    """crane, which fetches and pushes images; errors as `plane.binaries.ensure_binaries`."""
    return ensure(crane_recipe(this_host()), cache_directory(), progress) / "crane"


def prometheus(progress: Progress) -> Path:
    """The folder with `prometheus` and `promtool`, in about the version that clusters run."""
    return ensure(prometheus_recipe(this_host()), cache_directory(), progress)


def alertmanager(progress: Progress) -> Path:
    """The folder with `alertmanager` and `amtool`."""
    return ensure(alertmanager_recipe(this_host()), cache_directory(), progress)


@dataclass(frozen=True, slots=True)
class FluxFiles:
    """Flux's controllers.

    Attributes:
        programs: `source-controller` and `helm-controller`.
        definitions: the folders of the definitions of both.
    """

    programs: Mapping[str, Path]
    definitions: tuple[Path, ...]


def flux(progress: Progress) -> FluxFiles:
    """Flux's source and helm controllers; built in about seven minutes of two cores."""
    recipes = {name: flux_recipe(name, this_host()) for name in FLUX}
    folders = {name: ensure(each, cache_directory(), progress) for name, each in recipes.items()}
    return FluxFiles(
        {name: folder / name for name, folder in folders.items()},
        tuple(folder / MANIFESTS / name / "crds" for name, folder in folders.items()),
    )


def minors() -> tuple[str, ...]:
    """The minors that the catalog has releases of, oldest first."""
    found = (f"{version.major}.{version.minor}" for version in catalog().kubernetes_versions)
    return tuple(dict.fromkeys(found))


def _folder(minor: str) -> Path:
    """The pinned modules of a minor's kubeadm."""
    return MODULES / f"kubeadm-{minor}"


def _is_pinned(minor: str) -> bool:
    return _folder(minor).is_dir()


def recipes(host: Host) -> tuple[Recipe, ...]:
    """Every tool on `host`."""
    kubeadms = (kubeadm_recipe(minor, host) for minor in minors())
    others = (etcdutl_recipe, helm_recipe, crane_recipe, prometheus_recipe, alertmanager_recipe)
    controllers = (flux_recipe(name, host) for name in FLUX)
    return (*kubeadms, *(recipe(host) for recipe in others), *controllers)


def kubeadm_recipe(minor: str, host: Host) -> Recipe:
    """The recipe of kubeadm for a minor."""
    versions = [str(version) for version in catalog().kubernetes_versions]
    of_minor = [version for version in versions if version.startswith(f"{minor}.")]
    if not of_minor or not _is_pinned(minor):
        raise CaasError(
            RELEASE_NOT_PINNED,
            f"There is no kubeadm of Kubernetes {minor}",
            why="its modules are not pinned" if of_minor else "it is not in the catalog",
            fix=f"Name one of these: {', '.join(filter(_is_pinned, minors()))}.",
        )
    version = of_minor[-1]
    source = ModuleSource(_folder(minor), kubernetes_stamp(version))
    return Recipe(
        f"kubeadm-{version}-{host.system}-{host.architecture}",
        (kubernetes_program("kubeadm", version, host, source),),
        (),
    )


def etcdutl_recipe(host: Host) -> Recipe:
    """The recipe of etcdutl."""
    version = catalog().modules["etcd"]
    release = etcd_release("etcdutl", version, host)
    package = "go.etcd.io/etcd/etcdutl/v3"
    return Recipe(
        f"etcdutl-{version}-{host.system}-{host.architecture}",
        (Program("etcdutl", ModuleSource(MODULES / "etcdutl"), package, release),),
        (),
    )


def helm_recipe(host: Host) -> Recipe:
    """The recipe of helm."""
    version = catalog().modules["helm"]
    archive = f"helm-v{version}-{host.system}-{host.architecture}.tar.gz"
    release = ReleasedFile(
        HELM, archive, f"{archive}.sha256sum", f"{host.system}-{host.architecture}/helm"
    )
    source = ModuleSource(MODULES / "helm", f"{STRIP} -X {HELM_VERSION}=v{version}")
    return Recipe(
        f"helm-{version}-{host.system}-{host.architecture}",
        (Program("helm", source, "helm.sh/helm/v4/cmd/helm", release),),
        (),
    )


def crane_recipe(host: Host) -> Recipe:
    """The recipe of crane, which is always built; that takes seconds."""
    version = catalog().modules["crane"]
    source = ModuleSource(MODULES / "crane")
    package = "github.com/google/go-containerregistry/cmd/crane"
    return Recipe(
        f"crane-{version}-{host.system}-{host.architecture}",
        (Program("crane", source, package),),
        (),
    )


def prometheus_recipe(host: Host) -> Recipe:
    """The recipe of Prometheus without the service discoveries of clouds, which are half of its
    build."""
    source = ModuleSource(MODULES / "prometheus", tags="remove_all_sd")
    return _monitoring("prometheus", ("prometheus", "promtool"), source, host)


def alertmanager_recipe(host: Host) -> Recipe:
    """The recipe of Alertmanager without its web interface."""
    source = ModuleSource(MODULES / "alertmanager", STRIP, WITHOUT_INTERFACE)
    return _monitoring("alertmanager", ("alertmanager", "amtool"), source, host)


def flux_recipe(name: str, host: Host) -> Recipe:
    """The recipe of one of Flux's controllers; both have the same pinned modules."""
    version, module = catalog().modules[name], f"github.com/fluxcd/{name}"
    source = ModuleSource(MODULES / "flux")
    return Recipe(
        f"{name}-{version}-{host.system}-{host.architecture}",
        (Program(name, source, module),),
        (ManifestSet(name, source, module, "config"),),
    )


def _monitoring(project: str, names: tuple[str, ...], source: ModuleSource, host: Host) -> Recipe:
    version, module = catalog().modules[project], f"github.com/prometheus/{project}"
    return Recipe(
        f"{project}-{version}-{host.system}-{host.architecture}",
        tuple(Program(name, source, f"{module}/cmd/{name}") for name in names),
        (),
    )
