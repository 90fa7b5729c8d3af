"""The lab: real nodes in containers, started only where it is asked for."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from plane.binaries import ensure_binaries
from plane.node_image import ensure_node_image
from plane.progress import Silent
from tests.nodes import flannel
from tests.nodes.charts import serving
from tests.nodes.docker_daemon import Daemon, daemon, reason_against
from tests.nodes.lab import PIDS, REGISTRY, STACK, VERSION, Lab, program, read_kernel

ASKED = "CAAS_LAB"
HERE = Path(__file__).parent

# Workers of pytest-xdist have other arguments, and the same environment.
if any(
    argument.split("::")[0].rstrip("/").endswith("tests/nodes") or "tests/nodes/" in argument
    for argument in sys.argv
):
    os.environ[ASKED] = "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips the lab where it was not named, or is impossible."""
    why = "the lab takes minutes, and runs when it is named: ./caas test tests/nodes"
    if os.environ.get(ASKED):
        why = reason_against()
    if why:
        for item in items:
            if HERE in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture(scope="session")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Docker with the node image and the image of the lab's program."""
    image = ensure_node_image(VERSION, Silent())
    # Not below pytest's own folder: the path of a socket has to be short, and data takes gigabytes.
    folder = Path(os.environ.get("CAAS_LAB_FOLDER", "/var/tmp")) / f"caas-lab-{os.getpid()}"
    with daemon(folder) as own:
        own.docker("load", "--input", str(image.archive), limit=600)
        yield own


@pytest.fixture(scope="session")
def kernel() -> dict[str, str]:
    """The settings of this computer's kernel before a node starts."""
    return read_kernel()


@pytest.fixture(scope="session")
def lab(
    docker: Daemon, kernel: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lab]:
    """A cluster with one control-plane node and two workers, in a pool each."""
    home = tmp_path_factory.mktemp("lab")
    binary, archive = program(home)
    images, packed = flannel.images(REGISTRY)
    for each in (archive, packed):
        docker.docker("load", "--input", str(each))
    with serving(docker, home / "repository", [flannel.chart()]) as charts:
        kubectl = ensure_binaries(Silent()).kubectl
        own = Lab(docker, home, kubectl, binary, images, charts)
        own.write({"a": PIDS, "b": PIDS})
        try:
            own.start()
            yield own
            gone = own.caas("destroy", STACK, "--yes")
            assert gone.status == 0, gone.err
            assert docker.docker("ps", "--all", "--quiet") == "", "containers are left"
        finally:
            own.caas("down", STACK)
            shutil.rmtree(home, ignore_errors=True)
