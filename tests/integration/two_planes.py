"""Two planes, and a stack whose clusters go from one to the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from kubectl import eventually
from stand import Stand

from engine.api import Api
from engine.fleet import read_fleet
from operations.management.graph import Graph, discover
from operations.management.handover import Machines, machines_of
from plane.binaries import Binaries
from plane.plane import Plane
from plane.progress import Silent

AVAILABLE_SECONDS = 400.0
BY_HAND = {"team": "blue"}
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


class TwoPlanes:
    """The plane with the clusters of a stack, and another one that they can go to.

    Attributes:
        stand: the stack; its plane is the one with the clusters.
    """

    def __init__(self, binaries: Binaries, folder: Path, name: str) -> None:
        self._binaries = binaries
        self._folder = folder
        self._planes: list[Plane] = []
        self._other: Plane | None = None
        self.stand = Stand(self.unused(), folder, name)

    def begin(self) -> None:
        """Makes the clusters on the first plane, and labels their namespace by hand."""
        self._start(self.home)
        self.stand.write(clusters=CLUSTERS)
        self.stand.up()
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.stand.name}}
        Api(self.home.kubeconfig).merge(namespace, {"metadata": {"labels": BY_HAND}})

    @property
    def home(self) -> Plane:
        """The plane with the clusters."""
        return self.stand.plane

    @property
    def other(self) -> Plane:
        """A plane without the stack's clusters; started where there is none."""
        self._other = self._other or self._start(self.unused())
        return self._other

    def unused(self) -> Plane:
        """A plane in a new folder, not started."""
        self._planes.append(Plane(self._folder / f"plane-{len(self._planes)}"))
        return self._planes[-1]

    def move(self, home: Plane) -> None:
        """Destroys the plane that has the clusters so far; `home` has them now."""
        self.home.destroy()
        self.stand.plane = home
        if home is self._other:
            self._other = None

    def lose_other(self) -> None:
        """Destroys the plane without clusters."""
        if self._other:
            self._other.destroy()
            self._other = None

    def destroy(self) -> None:
        """Destroys every plane."""
        for each in self._planes:
            each.destroy()

    def grow(self, machines: int) -> None:
        """Changes the number of machines of the pool of `lab` in the stack file."""

        def change(lab: dict[str, Any]) -> None:
            lab["workerPools"][0]["replicas"] += machines

        self.stand.change("lab", change)

    def _start(self, plane: Plane) -> Plane:
        plane.start(self._binaries, Silent())
        return plane


@contextmanager
def two_planes(binaries: Binaries, folder: Path, name: str) -> Iterator[TwoPlanes]:
    """Two planes, with `CLUSTERS` on the first, all of them settled; they are gone at the end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAAS_STACKS", str(folder))
        patch.setenv("CAAS_STATE", str(folder / "state"))
        found = TwoPlanes(binaries, folder, name)
        try:
            found.begin()
            yield found
        finally:
            found.destroy()


def graph(plane: Plane, namespace: str) -> Graph:
    return discover(Api(plane.kubeconfig), namespace)


def machines(plane: Plane, namespace: str) -> Machines:
    return machines_of(graph(plane, namespace))


def labels_of(plane: Plane, namespace: str) -> dict[str, str]:
    """The labels of a namespace."""
    found = Api(plane.kubeconfig).get(f"/api/v1/namespaces/{namespace}")
    assert found
    labels: dict[str, str] = found["metadata"]["labels"]
    return labels


def await_available(plane: Plane, namespace: str, clusters: int) -> None:
    """Waits until every cluster is settled and not paused, as its management cluster sees it."""
    api = Api(plane.kubeconfig)

    def settled() -> bool:
        states = read_fleet(api, namespace).states()
        return len(states) == clusters and all(
            state.available and state.settled and not state.paused for state in states
        )

    eventually(settled, AVAILABLE_SECONDS)
