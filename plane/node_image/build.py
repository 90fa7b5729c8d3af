"""Builds a node image, once per release and content, into the cache."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from plane.binaries.build import module_folders
from plane.binaries.host import Host, this_host
from plane.binaries.recipe import MODULES as PLANE_MODULES
from plane.binaries.recipe import ModuleSource, Recipe
from plane.binaries.report import BuildWork, StepReport
from plane.binaries.store import CacheStore
from plane.binaries.toolchain import find_go, needed_version
from plane.binaries.waiting import turn
from plane.binaries.workshop import ensure_all
from plane.node_image import images, node
from plane.node_image.archive import ArchiveImage, write
from plane.node_image.content import take_in
from plane.node_image.debian import Steps, check_host
from plane.node_image.recipes import KIND, kind, recipes
from plane.paths import cache_directory
from plane.progress import Progress

ARCHIVE = "image.tar"
TEST_MODULE = "sigs.k8s.io/cluster-api/test"
STEPS = ("load balancer", "images", "images into containerd", "packages", "archive")


@dataclass(frozen=True, slots=True)
class NodeImage:
    """A node image on this disk.

    Attributes:
        reference: its name in Docker.
        archive: the file that `docker load` takes; it also has the load balancer's image.
    """

    reference: str
    archive: Path


def ensure_node_image(version: str, progress: Progress) -> NodeImage:
    """The node image of a release, built where it is missing from the cache.

    Args:
        version: `1.37.2`.
        progress: gets a step per program that has to be built, and one for the image.

    Raises:
        CaasError: CAAS-2160 the release is not pinned, CAAS-2161 and 2162 about this computer,
            CAAS-2163 a step that failed; else as `plane.binaries.ensure_binaries`.
    """
    host, cache = this_host(), cache_directory()
    wanted = recipes(version, host)
    store = CacheStore(cache / "node-image" / _key(version, host, wanted))
    made = NodeImage(f"kindest/node:v{version}", store.directory / ARCHIVE)
    if not store.missing([ARCHIVE], []):
        return made
    check_host()
    folders = ensure_all(wanted, cache, progress)
    programs = {
        path.name: path for folder in folders for path in folder.iterdir() if path.is_file()
    }
    with turn(cache / "node-image" / "lock", progress):
        if store.missing([ARCHIVE], []):
            store.clean()
            _make(made, version, programs, store, progress)
    return made


def _make(
    made: NodeImage,
    version: str,
    programs: Mapping[str, Path],
    store: CacheStore,
    progress: Progress,
) -> None:
    sources = _sources(store, progress)
    step = progress.step("node image")
    with store.making() as work:
        work.mkdir()
        at = 0

        def say(line: str) -> None:
            step.advance(at, len(STEPS), line)

        def begin(name: str) -> None:
            nonlocal at
            at = STEPS.index(name)
            say(name)

        steps = Steps(work, cache_directory() / "node-image" / "debian", say)
        architecture = this_host().architecture
        begin("load balancer")
        balancer = images.balancer(steps, sources[TEST_MODULE])
        begin("images")
        listed = _wanted_images(steps, programs["kubeadm"], version)
        contained = images.of_cluster(steps, listed, programs)
        packed = work / "images.tar"
        write(contained, packed, architecture, compress=True)
        begin("images into containerd")
        content = take_in(packed, programs["containerd"].parent, steps)
        begin("packages")
        pause = next(each for each in listed if "/pause:" in each)
        layers = node.file_system(steps, sources[KIND], programs, content, pause)
        begin("archive")
        config = {
            "Env": ["container=docker"],
            "Entrypoint": node.ENTRY,
            "StopSignal": node.STOP_SIGNAL,
        }
        finished = work / ARCHIVE
        all_images = [ArchiveImage(made.reference, layers, config), balancer]
        write(all_images, finished, architecture, compress=False)
        store.install(finished, ARCHIVE, "caas node-image build")
        step.advance(len(STEPS), len(STEPS))
    shutil.rmtree(store.directory / "log", ignore_errors=True)


def _key(version: str, host: Host, wanted: Sequence[Recipe]) -> str:
    """The release and a checksum over the programs, kind's files and the code here."""
    digest = hashlib.sha256()
    for recipe in wanted:
        digest.update(recipe.key.encode())
    for path in (kind().folder / "go.sum", *sorted(Path(__file__).parent.glob("*.py"))):
        digest.update(path.read_bytes())
    return f"{version}-{host.system}-{host.architecture}-{digest.hexdigest()[:8]}"


def _wanted_images(steps: Steps, kubeadm: Path, version: str) -> list[str]:
    command = ["config", "images", "list", "--kubernetes-version", f"v{version}"]
    return steps.run("kubeadm", str(kubeadm), *command, limit=60).split()


def _sources(store: CacheStore, progress: Progress) -> dict[str, Path]:
    """The folders of the two modules whose files are read."""
    own, cluster_api = kind(), ModuleSource(PLANE_MODULES / "cluster-api")
    report = StepReport(progress.step("sources of kind"), BuildWork({}))
    go = find_go(needed_version((own, cluster_api)), cache_directory(), report)
    log = store.directory / "log" / "sources.log"
    return {
        **module_folders(own, [KIND], go, log),
        **module_folders(cluster_api, [TEST_MODULE], go, log),
    }
