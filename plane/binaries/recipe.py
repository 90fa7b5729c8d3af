"""The required programs, their versions and their sources."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from catalog import catalog
from plane.binaries.adapted import LOOPBACK, Replacement
from plane.binaries.host import Host

MODULES = Path(__file__).parent / "go"
FLAGS = ("-trimpath", "-mod=readonly", "-buildvcs=false")
STRIP = "-s -w"


@dataclass(frozen=True, slots=True)
class ModuleSource:
    """Pinned Go modules: the folder with their go.mod and go.sum, and how they are built.

    Attributes:
        folder: where go.mod and go.sum are, and the main package where it is our own.
        link: the flags for the linker.
        changes: what is changed in a copy of the modules before the build.
        tags: Go's build tags.
    """

    folder: Path
    link: str = STRIP
    changes: tuple[Replacement, ...] = ()
    tags: str = ""


@dataclass(frozen=True, slots=True)
class ReleaseMirror:
    """The location of official releases: an address, and the variable that overrides it."""

    variable: str
    address: str


@dataclass(frozen=True, slots=True)
class ReleasedFile:
    """A released file.

    Attributes:
        mirror: where it is.
        file: its path there.
        checksums: the path of the file that holds its SHA-256.
        member: what to take out of it when it is an archive.
    """

    mirror: ReleaseMirror
    file: str
    checksums: str
    member: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """One binary: its name, its main package, and its official release where there is one.

    `packages` is the cost of a build: the packages that no program before it in the recipe has
    compiled (`go list -deps`).
    """

    name: str
    source: ModuleSource
    package: str
    release: ReleasedFile | None = None
    packages: int = 500


@dataclass(frozen=True, slots=True)
class ManifestSet:
    """The custom resource definitions and webhooks of one controller.

    Attributes:
        name: the folder they get.
        source: the modules they are pinned by.
        module: the Go module that has them.
        folder: the `config` folder in that module.
        without: definitions that are left out, by a part of their file name.
        definitions: definitions that are taken, by the beginning of their file names; all of
            them where it is empty.
    """

    name: str
    source: ModuleSource
    module: str
    folder: str
    without: str = ""
    definitions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that is made, and a name for exactly this outcome."""

    label: str
    programs: tuple[Program, ...]
    manifests: tuple[ManifestSet, ...]

    @property
    def sources(self) -> tuple[ModuleSource, ...]:
        """The module sets that are used, each once."""
        programs = [program.source for program in self.programs]
        return tuple(dict.fromkeys([*programs, *(item.source for item in self.manifests)]))

    @property
    def key(self) -> str:
        """The label and eight digits of a checksum over all that goes into a build."""
        digest = hashlib.sha256(repr(FLAGS).encode())
        for source in self.sources:
            # The class was once called `Change`; its name is no reason to build everything anew.
            changes = repr(source.changes).replace("Replacement(", "Change(")
            digest.update(f"{source.link}{changes}{source.tags}".encode())
            for name in ("go.mod", "go.sum"):
                digest.update((source.folder / name).read_bytes())
            for own in sorted(source.folder.glob("*.go")):
                digest.update(own.read_bytes())
        for program in self.programs:
            digest.update(f"{program.name}={program.package};".encode())
        for manifests in self.manifests:
            digest.update(f"{manifests.module}/{manifests.folder}-{manifests.without};".encode())
            digest.update("".join(f"+{each}" for each in manifests.definitions).encode())
        return f"{self.label}-{digest.hexdigest()[:8]}"


KUBERNETES = ReleaseMirror("CAAS_KUBERNETES_MIRROR", "https://dl.k8s.io")
ETCD = ReleaseMirror("CAAS_ETCD_MIRROR", "https://github.com/etcd-io/etcd/releases/download")
CLUSTER_API = ReleaseMirror(
    "CAAS_CLUSTER_API_MIRROR",
    "https://github.com/kubernetes-sigs/cluster-api/releases/download",
)


def plane(host: Host) -> Recipe:
    """The recipe of the embedded plane on `host`, in the versions of the catalog."""
    versions = catalog().modules
    kubernetes, etcd, cluster_api = (
        versions[name] for name in ("kubernetes", "etcd", "cluster-api")
    )
    controllers = ModuleSource(
        MODULES / "cluster-api",
        f"{STRIP} -X sigs.k8s.io/cluster-api/version.gitVersion=v{cluster_api}",
        LOOPBACK,
    )
    return Recipe(
        label=f"kubernetes-{kubernetes}-etcd-{etcd}-cluster-api-{cluster_api}"
        f"-{host.system}-{host.architecture}",
        programs=(
            _etcd(etcd, host),
            *_kubernetes(kubernetes, host),
            *_cluster_api(cluster_api, host, controllers),
        ),
        manifests=_manifests(controllers),
    )


def _etcd(version: str, host: Host) -> Program:
    package = "go.etcd.io/etcd/server/v3"
    release = etcd_release("etcd", version, host)
    return Program("etcd", ModuleSource(MODULES / "etcd"), package, release, packages=565)


def etcd_release(name: str, version: str, host: Host) -> ReleasedFile:
    """One program of etcd's release archive."""
    folder = f"etcd-v{version}-{host.system}-{host.architecture}"
    archive = f"{folder}.tar.gz" if host.system == "linux" else f"{folder}.zip"
    return ReleasedFile(ETCD, f"v{version}/{archive}", f"v{version}/SHA256SUMS", f"{folder}/{name}")


def _kubernetes(version: str, host: Host) -> tuple[Program, ...]:
    source = ModuleSource(MODULES / "kubernetes", kubernetes_stamp(version))
    costs = {"kubectl": 720, "kube-apiserver": 1180, "kube-controller-manager": 360}
    return tuple(
        replace(kubernetes_program(name, version, host, source), packages=packages)
        for name, packages in costs.items()
    )


def kubernetes_stamp(version: str) -> str:
    """The flags for the linker that let a program of Kubernetes know its version."""
    major, minor, _ = version.split(".")
    stamp = "-X k8s.io/component-base/version.git"
    return f"{STRIP} {stamp}Version=v{version} {stamp}Major={major} {stamp}Minor={minor}"


def kubernetes_program(name: str, version: str, host: Host, source: ModuleSource) -> Program:
    """One program of Kubernetes."""
    folder = f"v{version}/bin/{host.system}/{host.architecture}"
    release = ReleasedFile(KUBERNETES, f"{folder}/{name}", f"{folder}/{name}.sha256")
    # The official builds are for Linux only; kubectl is there for every system.
    is_released = host.system == "linux" or name == "kubectl"
    return Program(name, source, f"k8s.io/kubernetes/cmd/{name}", release if is_released else None)


def _cluster_api(version: str, host: Host, source: ModuleSource) -> tuple[Program, ...]:
    clusterctl = f"v{version}/clusterctl-{host.system}-{host.architecture}"
    packages = {
        "core-manager": ("core", 1070),
        "bootstrap-manager": ("bootstrap/kubeadm", 45),
        "control-plane-manager": ("controlplane/kubeadm", 20),
        "in-memory-manager": ("test/infrastructure/docker", 65),
        "clusterctl": ("cmd/clusterctl", 65),
    }
    return tuple(
        Program(
            name,
            source,
            f"sigs.k8s.io/cluster-api/{package}",
            ReleasedFile(CLUSTER_API, clusterctl, f"{clusterctl}.sha256")
            if name == "clusterctl"
            else None,
            packages=cost,
        )
        for name, (package, cost) in packages.items()
    )


def _manifests(source: ModuleSource) -> tuple[ManifestSet, ...]:
    module = "sigs.k8s.io/cluster-api"
    return (
        ManifestSet("core", source, module, "core/config"),
        ManifestSet("bootstrap", source, module, "bootstrap/kubeadm/config"),
        ManifestSet("control-plane", source, module, "controlplane/kubeadm/config"),
        # The manager starts the controllers of the Docker kinds in any case and ends without
        # them; those of the machine pools it starts only with their feature gate, which is off.
        ManifestSet(
            "in-memory", source, f"{module}/test", "infrastructure/docker/config", "machinepool"
        ),
    )
