"""Programs that no plane needs, made on demand: kubeadm of each supported minor, etcdutl, helm,
crane, Prometheus and Alertmanager with their tools.

Each has a cache key of its own, so that nothing else is made again for one of them.
"""

from __future__ import annotations

from pathlib import Path

from catalog import catalog
from embedded.binaries.adapted import WITHOUT_INTERFACE
from embedded.binaries.host import Host, this_host
from embedded.binaries.recipe import (
    MODULES,
    STRIP,
    Mirror,
    Program,
    Recipe,
    Release,
    Source,
    etcd_release,
    kubernetes_program,
    kubernetes_stamp,
)
from embedded.binaries.workshop import ensure
from embedded.paths import cache_directory
from embedded.progress import Progress
from errors import CaasError
from errors.machine import RELEASE_NOT_PINNED

HELM = Mirror("CAAS_HELM_MIRROR", "https://get.helm.sh")
HELM_VERSION = "helm.sh/helm/v4/internal/version.version"


def kubeadm(minor: str, progress: Progress) -> Path:
    """kubeadm of the newest release of a minor in the catalog.

    Args:
        minor: `1.36`.
        progress: gets a step when it has to be made.

    Raises:
        CaasError: CAAS-2025 the minor is not in the catalog, or has no pinned modules; else as
            `embedded.binaries.ensure_binaries`.
    """
    return ensure(kubeadm_recipe(minor, this_host()), cache_directory(), progress) / "kubeadm"


def etcdutl(progress: Progress) -> Path:
    """etcdutl of etcd's release in the catalog; errors as `embedded.binaries.ensure_binaries`."""
    return ensure(etcdutl_recipe(this_host()), cache_directory(), progress) / "etcdutl"


def helm(progress: Progress) -> Path:
    """Helm of the release in the catalog; errors as `embedded.binaries.ensure_binaries`."""
    return ensure(helm_recipe(this_host()), cache_directory(), progress) / "helm"


def crane(progress: Progress) -> Path:
    """crane, which fetches and pushes images; errors as `embedded.binaries.ensure_binaries`."""
    return ensure(crane_recipe(this_host()), cache_directory(), progress) / "crane"


def prometheus(progress: Progress) -> Path:
    """The folder with `prometheus` and `promtool`, in about the version that clusters run."""
    return ensure(prometheus_recipe(this_host()), cache_directory(), progress)


def alertmanager(progress: Progress) -> Path:
    """The folder with `alertmanager` and `amtool`."""
    return ensure(alertmanager_recipe(this_host()), cache_directory(), progress)


def minors() -> tuple[str, ...]:
    """The minors that the catalog has releases of, oldest first."""
    found = (f"{version.major}.{version.minor}" for version in catalog().kubernetes_versions)
    return tuple(dict.fromkeys(found))


def recipes(host: Host) -> tuple[Recipe, ...]:
    """Every tool on `host`."""
    kubeadms = (kubeadm_recipe(minor, host) for minor in minors())
    others = (etcdutl_recipe, helm_recipe, crane_recipe, prometheus_recipe, alertmanager_recipe)
    return (*kubeadms, *(recipe(host) for recipe in others))


def kubeadm_recipe(minor: str, host: Host) -> Recipe:
    """How kubeadm of a minor is made."""
    versions = [str(version) for version in catalog().kubernetes_versions]
    of_minor = [version for version in versions if version.startswith(f"{minor}.")]
    folder = MODULES / f"kubeadm-{minor}"
    if not of_minor or not folder.is_dir():
        raise CaasError(
            RELEASE_NOT_PINNED,
            f"There is no kubeadm of Kubernetes {minor}",
            why="its modules are not pinned" if of_minor else "it is not in the catalog",
            fix=f"Name one of these: {', '.join(minors())}.",
        )
    version = of_minor[-1]
    source = Source(folder, kubernetes_stamp(version))
    return Recipe(
        f"kubeadm-{version}-{host.system}-{host.architecture}",
        (kubernetes_program("kubeadm", version, host, source),),
        (),
    )


def etcdutl_recipe(host: Host) -> Recipe:
    """How etcdutl is made."""
    version = catalog().modules["etcd"]
    release = etcd_release("etcdutl", version, host)
    package = "go.etcd.io/etcd/etcdutl/v3"
    return Recipe(
        f"etcdutl-{version}-{host.system}-{host.architecture}",
        (Program("etcdutl", Source(MODULES / "etcdutl"), package, release),),
        (),
    )


def helm_recipe(host: Host) -> Recipe:
    """How helm is made."""
    version = catalog().modules["helm"]
    archive = f"helm-v{version}-{host.system}-{host.architecture}.tar.gz"
    release = Release(
        HELM, archive, f"{archive}.sha256sum", f"{host.system}-{host.architecture}/helm"
    )
    source = Source(MODULES / "helm", f"{STRIP} -X {HELM_VERSION}=v{version}")
    return Recipe(
        f"helm-{version}-{host.system}-{host.architecture}",
        (Program("helm", source, "helm.sh/helm/v4/cmd/helm", release),),
        (),
    )


def crane_recipe(host: Host) -> Recipe:
    """How crane is made: always built, which takes seconds."""
    version = catalog().modules["crane"]
    source = Source(MODULES / "crane")
    package = "github.com/google/go-containerregistry/cmd/crane"
    return Recipe(
        f"crane-{version}-{host.system}-{host.architecture}",
        (Program("crane", source, package),),
        (),
    )


def prometheus_recipe(host: Host) -> Recipe:
    """How Prometheus is made, without the service discoveries of clouds: half of its build."""
    source = Source(MODULES / "prometheus", tags="remove_all_sd")
    return _monitoring("prometheus", ("prometheus", "promtool"), source, host)


def alertmanager_recipe(host: Host) -> Recipe:
    """How Alertmanager is made, without its web interface."""
    source = Source(MODULES / "alertmanager", STRIP, WITHOUT_INTERFACE)
    return _monitoring("alertmanager", ("alertmanager", "amtool"), source, host)


def _monitoring(project: str, names: tuple[str, ...], source: Source, host: Host) -> Recipe:
    version, module = catalog().modules[project], f"github.com/prometheus/{project}"
    return Recipe(
        f"{project}-{version}-{host.system}-{host.architecture}",
        tuple(Program(name, source, f"{module}/cmd/{name}") for name in names),
        (),
    )
