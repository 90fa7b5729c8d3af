"""Flannel out of its pinned Go module: its own chart, and images of the programs that it runs.

A registry would have the same; nothing of it can be pulled where the lab has to run.
"""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path

from catalog import catalog
from plane.binaries.adapted import Replacement
from plane.binaries.build import module_folders
from plane.binaries.host import Host, this_host
from plane.binaries.recipe import ModuleSource, Program, Recipe
from plane.binaries.report import BuildWork, StepReport
from plane.binaries.store import CacheStore
from plane.binaries.toolchain import find_go, needed_version
from plane.binaries.waiting import turn
from plane.binaries.workshop import ensure
from plane.node_image.archive import ArchiveImage, layer, write
from plane.node_image.debian import Steps
from plane.node_image.images import OF_BALANCER, OF_PROXY, PATH, tables
from plane.paths import cache_directory
from plane.progress import Silent

MODULE = "github.com/flannel-io/flannel"
PLUGIN = "github.com/containernetworking/plugins/plugins/meta/flannel"
MODULES = Path(__file__).parent / "go"
CHART = "chart/kube-flannel"
ARCHIVE = "images.tar"
# They want a C compiler, strongSwan, or the SDK of a cloud; the catalog's backends stay.
_LEFT_OUT = ("extension", "ipip", "ipsec", "tencentvpc", "udp", "wireguard")


def source() -> ModuleSource:
    """The pinned module."""
    changes = (
        Replacement(MODULE, "main.go", f'\t_ "{MODULE}/pkg/backend/{name}"\n', "")
        for name in _LEFT_OUT
    )
    return ModuleSource(MODULES / "flannel", changes=tuple(changes))


def chart() -> Path:
    """The folder of the chart."""
    own, cache = source(), cache_directory()
    report = StepReport(Silent().step("flannel"), BuildWork({}))
    go = find_go(needed_version([own]), cache, report)
    return module_folders(own, [MODULE], go, cache / "lab.log")[MODULE] / CHART


def images(registry: str) -> tuple[list[str], Path]:
    """The images of the chart in a mirror, and an archive of them, which is kept in the cache.

    Args:
        registry: that of the stack's `mirror`.
    """
    release = catalog().charts["flannel"]
    daemon, plugin = (
        f"{registry}/{each.name}:{each.tag}" for each in release.images if "flannel" in each.name
    )
    host, cache = this_host(), cache_directory()
    recipe = _recipe(host)
    own = hashlib.sha256(f"{recipe.key}{daemon}{plugin}".encode() + Path(__file__).read_bytes())
    store = CacheStore(cache / "node-image" / f"lab-{own.hexdigest()[:8]}")
    if store.missing([ARCHIVE], []):
        programs = ensure(recipe, cache, Silent())
        with turn(cache / "node-image" / "lock", Silent()), store.making() as work:
            work.mkdir()
            steps = Steps(work, cache / "node-image" / "debian", lambda line: None)
            layers = _layers(steps, programs)
            found = [ArchiveImage(each, layers, {"Env": [PATH]}) for each in (daemon, plugin)]
            write(found, work / ARCHIVE, host.architecture, compress=False)
            store.install(work / ARCHIVE, ARCHIVE, "tests/nodes")
    return [daemon, plugin], store.directory / ARCHIVE


def _recipe(host: Host) -> Recipe:
    own = source()
    return Recipe(
        f"flannel-{host.system}-{host.architecture}",
        (
            Program("flanneld", own, MODULE, packages=360),
            Program("install-conf", own, f"{MODULE}/cmd/install_conf", packages=1),
            Program("flannel", ModuleSource(MODULES / "flannel-cni"), PLUGIN, packages=10),
        ),
        (),
    )


def _layers(steps: Steps, programs: Path) -> tuple[Path, ...]:
    """Those of both images: the chart runs `cp` in one, and iptables in the other."""
    with tarfile.open(steps.debian("balancer", OF_BALANCER)) as tar:
        shell = tar.extractfile("./bin/busybox")
        assert shell
        busybox = shell.read()
    own = steps.work / "flannel-files.tar"
    with layer(own) as files:
        files.add("/usr/local/bin/cp", busybox, 0o755)
        files.add("/flannel", programs / "flannel", 0o755)
        for name in ("flanneld", "install-conf"):
            files.add(f"/opt/bin/{name}", programs / name, 0o755)
    return steps.debian("proxy", OF_PROXY), tables(steps), own
