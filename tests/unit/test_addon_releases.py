"""Add-ons of machines in containers, as `up` and `status` see them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, cast

import pytest

from engine.addon_releases import CHART, CLUSTER, AddonsState, read_addon_releases
from engine.api import NOT_FOUND, Api, RefusedError
from errors import Where

NAMES = {"labels": {"chart.caas.dev/cni": "enabled", "chart.caas.dev/dns": "enabled", "a": "b"}}
SHOP = {"metadata": {"name": "shop", **NAMES}}


def thing(name: str, condition: str, status: str = "True", **more: Any) -> dict[str, Any]:
    labels, observed = more.pop("labels", {}), more.pop("observed", 2)
    found = {"type": condition, "status": status, "reason": "Because", **more}
    return {
        "metadata": {"name": name, "generation": 2, "labels": labels},
        "status": {"observedGeneration": observed, "conditions": [found]},
    }


def release(chart: str, status: str = "True", **more: Any) -> dict[str, Any]:
    labels = {CHART: chart, CLUSTER: "shop"}
    return thing(f"{chart}-x", "Ready", status, labels=labels, **more)


def proxy(chart: str, status: str = "True", **more: Any) -> dict[str, Any]:
    return thing(chart, "HelmReleaseProxySpecsUpToDate", status, **more)


class Served:
    """The lists of an API server, by the end of the path."""

    def __init__(self, *lists: Iterable[dict[str, Any]]) -> None:
        self.lists = dict(zip(("helmchartproxies", "helmreleaseproxies"), lists, strict=False))

    def list(self, path: str, **_: str) -> list[dict[str, Any]]:
        plural = path.rpartition("/")[2]
        if plural not in self.lists:
            raise RefusedError(NOT_FOUND, {}, Where())
        return list(self.lists[plural])


def state(*lists: Iterable[dict[str, Any]]) -> AddonsState:
    found = read_addon_releases(cast(Api, Served(*lists)), "clusters")
    assert found is not None
    return found.of(SHOP)


def test_every_chart_of_the_labels_is_wanted() -> None:
    found = state([proxy("cni"), proxy("dns")], [release("cni")])
    assert (found.ready, dict(found.waiting)) == (("cni",), {"dns": ""})
    assert found.text == "Add-ons 1/2"
    done = state([proxy("cni"), proxy("dns")], [release("cni"), release("dns")])
    assert (done.ready, dict(done.waiting)) == (("cni", "dns"), {})


@pytest.mark.parametrize(
    ("there", "released", "why"),
    [
        (proxy("dns", "False", message="no such value"), release("dns"), "no such value"),
        (proxy("dns", observed=1), release("dns"), "Because"),
        (proxy("dns"), release("dns", "False", message="chart not found"), "chart not found"),
        (proxy("dns"), release("dns", observed=1), "Because"),
    ],
)
def test_what_is_not_as_wanted_says_why(
    there: dict[str, Any], released: dict[str, Any], why: str
) -> None:
    found = state([proxy("cni"), there], [release("cni"), released])
    assert dict(found.waiting) == {"dns": why}
    assert found.message == f"dns: {why}"


def test_a_plane_without_the_provider_delivers_nothing() -> None:
    assert read_addon_releases(cast(Api, Served()), "clusters") is None


def test_the_state_is_plain_data() -> None:
    found = dataclasses.replace(AddonsState(), ready=("cni",), waiting={"dns": "why"})
    assert found.as_dict() == {"ready": ["cni"], "waiting": {"dns": "why"}}
