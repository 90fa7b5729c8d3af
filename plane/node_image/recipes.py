"""The programs in a node image, and where each comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from catalog import catalog
from errors import CaasError
from errors.node_image import RELEASE_NOT_BUILDABLE
from plane.binaries.host import Host
from plane.binaries.recipe import (
    ModuleSource,
    Program,
    Recipe,
    kubernetes_program,
    kubernetes_stamp,
    plane,
)
from plane.binaries.tools import kubeadm_recipe

MODULES = Path(__file__).parent / "go"
KIND = "sigs.k8s.io/kind"
CONTAINERD = "github.com/containerd/containerd/v2"
CNI = "github.com/containernetworking/plugins/plugins"
PLUGINS = ("main/bridge", "main/ptp", "main/loopback", "ipam/host-local", "meta/portmap")
OF_NODES = ("kubelet", "kube-proxy", "kube-scheduler")
COSTS = {"kubelet": 620, "kube-proxy": 60, "kube-scheduler": 60, "containerd": 700, "coredns": 450}
"""Packages to compile after the plane's programs; see `Program.packages`."""


def buildable() -> tuple[str, ...]:
    """The releases whose programs are pinned, oldest first."""
    versions = catalog().kubernetes_versions
    newest = {f"{each.major}.{each.minor}": str(each) for each in versions}
    plane_version = catalog().modules["kubernetes"]
    return tuple(
        version
        for minor, version in newest.items()
        if version == plane_version and (MODULES / f"kubernetes-{minor}").is_dir()
    )


def recipes(version: str, host: Host) -> Sequence[Recipe]:
    """The parts of the image of a release: the plane's programs, kubeadm, and those of nodes.

    Raises:
        CaasError: CAAS-2160 the release is not pinned.
    """
    if version not in buildable():
        raise CaasError(
            RELEASE_NOT_BUILDABLE,
            f"No node image of Kubernetes {version} can be built",
            why="its programs are not pinned",
            fix=f"Name one of these: {', '.join(buildable())}.",
        )
    minor = version.rpartition(".")[0]
    return plane(host), kubeadm_recipe(minor, host), _kubernetes(version, host), _parts(host)


def kind() -> ModuleSource:
    """The modules that pin kind, whose files make a node of a container."""
    return ModuleSource(MODULES / "kind")


def module_version(folder: str, module: str) -> str:
    """The version of a module that a folder here pins, with its `v`."""
    for line in (MODULES / folder / "go.mod").read_text().splitlines():
        words = line.split()
        if module in words[:2]:
            return words[words.index(module) + 1]
    raise LookupError(module)


def _kubernetes(version: str, host: Host) -> Recipe:
    minor = version.rpartition(".")[0]
    source = ModuleSource(MODULES / f"kubernetes-{minor}", kubernetes_stamp(version))
    programs = (kubernetes_program(name, version, host, source) for name in OF_NODES)
    return Recipe(
        f"node-{version}-{host.system}-{host.architecture}",
        tuple(replace(each, packages=COSTS[each.name]) for each in programs),
        (),
    )


def _parts(host: Host) -> Recipe:
    version = module_version("containerd", CONTAINERD)
    stamp = f"-s -w -X {CONTAINERD}/version.Version={version}"
    containerd = ModuleSource(MODULES / "containerd", stamp, tags="no_btrfs")
    plugins = ModuleSource(MODULES / "cni-plugins")
    return Recipe(
        f"node-parts-{host.system}-{host.architecture}",
        (
            Program("pause", ModuleSource(MODULES / "pause"), ".", packages=1),
            *(Program(Path(each).name, plugins, f"{CNI}/{each}", packages=40) for each in PLUGINS),
            Program(
                "containerd",
                containerd,
                f"{CONTAINERD}/cmd/containerd",
                packages=COSTS["containerd"],
            ),
            *(
                Program(each, containerd, f"{CONTAINERD}/cmd/{each}", packages=40)
                for each in ("ctr", "containerd-shim-runc-v2")
            ),
            Program(
                "crictl",
                ModuleSource(MODULES / "crictl"),
                "sigs.k8s.io/cri-tools/cmd/crictl",
                packages=300,
            ),
            Program("coredns", ModuleSource(MODULES / "coredns"), ".", packages=COSTS["coredns"]),
        ),
        (),
    )
