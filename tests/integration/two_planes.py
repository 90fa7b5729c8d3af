"""Two planes of their own, and a stack whose clusters go from one to the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from kubectl import eventually
from stand import Stand

from embedded.api import Api
from embedded.binaries import Binaries
from embedded.fleet import read_fleet
from embedded.management.graph import Graph, discover
from embedded.management.handover import Machines, machines_of
from embedded.plane import Plane
from embedded.progress import Silent

AVAILABLE_SECONDS = 400.0
CLUSTERS: list[dict[str, Any]] = [
    {
        "name": "shop",
        "version": "1.36.3",
        "controlPlane": {"replicas": 3},
        "workerPools": [{"name": "work", "replicas": 2}],
    },
    {
        "name": "lab",
        "version": "1.36.3",
        "controlPlane": {"replicas": 1},
        "workerPools": [{"name": "work", "replicas": 1}],
    },
]


@contextmanager
def own_plane(binaries: Binaries, folder: Path) -> Iterator[Plane]:
    """A plane that nobody else uses; it is gone at the end."""
    plane = Plane(folder)
    try:
        plane.start(binaries, Silent())
        yield plane
    finally:
        plane.destroy()


@contextmanager
def running_clusters(plane: Plane, folder: Path, name: str) -> Iterator[Stand]:
    """A stand with `CLUSTERS`, all of them settled; they end with their plane."""
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAAS_STACKS", str(folder))
        patch.setenv("CAAS_STATE", str(folder / "state"))
        stand = Stand(plane, folder, name)
        stand.write(clusters=CLUSTERS)
        stand.up()
        yield stand


def graph(plane: Plane, namespace: str) -> Graph:
    return discover(Api(plane.kubeconfig), namespace)


def machines(plane: Plane, namespace: str) -> Machines:
    return machines_of(graph(plane, namespace))


def await_available(plane: Plane, namespace: str, clusters: int) -> None:
    """Waits until every cluster is settled and not paused, as its management cluster sees it."""
    api = Api(plane.kubeconfig)

    def settled() -> bool:
        states = read_fleet(api, namespace).states()
        return len(states) == clusters and all(
            state.available and state.settled and not state.paused for state in states
        )

    eventually(settled, AVAILABLE_SECONDS)
