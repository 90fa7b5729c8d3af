"""The fleet is read so that the state of pools is not older than the state of clusters."""

from __future__ import annotations

from typing import Any, cast

from components.mappings import Manifest
from engine.api import Api
from engine.fleet import read_fleet


class Asked:
    """Notes down what is asked, and has nothing."""

    def __init__(self) -> None:
        self.lists: list[tuple[str, dict[str, Any]]] = []

    def list(self, path: str, **query: Any) -> list[Manifest]:
        self.lists.append((path.rpartition("/")[2], query))
        return []


def test_clusters_are_read_first_and_no_answer_comes_out_of_a_cache_that_lags() -> None:
    """`resourceVersion=0` lets a server answer with what it had some time ago."""
    asked = Asked()
    read_fleet(cast(Api, asked), "clusters")
    kinds = [kind for kind, _ in asked.lists]
    assert kinds == [
        "clusters",
        "kubeadmcontrolplanes",
        "machinedeployments",
        "machines",
        "machinesets",
    ]
    assert all(query == {"resourceVersion": ""} for _, query in asked.lists)
