"""The estimate: counted and priced by hand, with what has no price said; bad price files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest

from cli.estimate import line, show
from components.cluster.settings import Cluster
from components.cluster.workload_cluster import cluster_manifest
from components.estimate import Estimate, Range, estimate
from components.infrastructure.in_memory import InMemory
from components.infrastructure.interface import ClassParts, Infrastructure, Provider
from components.infrastructure.prices import Priced, load_prices
from errors import CaasError
from errors.program import PRICES_INVALID

PRICES = """\
source: a test
date: 2026-11-22
currency: EUR
machines: {c2: 0.1, c4: 0.2}
disks: {default: 0.1, fast: 0.5}
loadBalancer: 0.05
other: {nat: 0.01}
"""


class Cloud(Infrastructure):
    """An infrastructure with two machine types that have prices, and one that has none."""

    PROVIDER: ClassVar = Provider("cloud", "cloud-system", "v1beta2")
    SIZES: ClassVar = {"small": "c2", "medium": "c4", "large": "c8"}

    provider: Literal["cloud"] = "cloud"

    def class_parts(self) -> ClassParts:
        return replace(InMemory().class_parts(), etcd_device="/dev/sdb")

    def priced(self, clusters: Sequence[Cluster]) -> Sequence[Priced]:
        return [Priced("nat", 2, "NAT gateway"), Priced("key", len(clusters), "key")]


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    file = tmp_path / "prices.yaml"
    file.write_text(PRICES)
    return Cloud(prices=str(file))


def cluster(name: str = "shop", **given: Any) -> Cluster:
    plane = {"etcd": {"disk": None}} | given.pop("controlPlane", {})
    return Cluster.model_validate(
        {"name": name, "version": "1.36.1", "controlPlane": plane} | given
    )


def between(cloud: Infrastructure, before: list[Cluster], after: list[Cluster]) -> Estimate:
    sides = [
        [cluster_manifest(each, cloud, "clusters") for each in side] for side in (before, after)
    ]
    return estimate(*sides, cloud, after or before)


def found(result: Estimate) -> dict[str, Any]:
    return {each.what: (each.before.as_json(), each.after.as_json()) for each in result.lines}


def test_a_new_cluster(cloud: Cloud) -> None:
    pool = {"name": "p", "replicas": 2, "machine": {"type": "small", "disk": {"sizeGiB": 100}}}
    result = between(cloud, [], [cluster(workerPools=[pool])])
    assert found(result) == {
        "machine c2": (0, 2),
        "machine c4": (0, 3),
        "GiB of disk": (0, 3 * 50 + 2 * 100),
        "load balancer": (0, 1),
        "key": (0, 1),
        "NAT gateway": (0, 2),
    }
    # 2 x 0.1 x 730 + 3 x 0.2 x 730 + 350 x 0.1 + 0.05 x 730 + 2 x 0.01 x 730; the key has no price
    assert result.after.as_json() == 146 + 438 + 35 + 36.5 + 14.6
    assert result.before.as_json() == 0
    assert result.notes == ["1 key: no price"]


def test_every_disk_by_its_type(cloud: Cloud) -> None:
    machine = {
        "disk": {"sizeGiB": 40, "type": "fast"},
        "dataDisks": [{"name": "one", "sizeGiB": 10}, {"name": "two", "type": "slow"}],
    }
    plane = {"replicas": 1, "machine": machine, "etcd": {"disk": {"sizeGiB": 8, "type": "fast"}}}
    result = between(cloud, [], [cluster(controlPlane=plane)])
    disks = {what: after for what, (_, after) in found(result).items() if "disk" in what}
    assert disks == {"GiB of disk": 10, "GiB of disk fast": 48, "GiB of disk slow": 50}
    costs = {each.what: each.cost(each.after) for each in result.lines}
    assert costs["GiB of disk fast"] == Range(24, 24)
    assert costs["GiB of disk slow"] == Range(5, 5), "what is not listed costs what others do"


def test_more_machines_and_fewer(cloud: Cloud) -> None:
    def of(replicas: int) -> list[Cluster]:
        return [cluster(workerPools=[{"name": "p", "replicas": replicas}])]

    result = between(cloud, of(1), of(4))
    assert found(result)["machine c4"] == (4, 7)
    # three machines and their disks: 3 x 0.2 x 730 + 150 x 0.1
    assert result.after.low - result.before.low == pytest.approx(453)
    gone = between(cloud, of(1), [])
    assert gone.after.as_json() == 0
    assert found(gone)["NAT gateway"] == (2, 0)


def test_autoscaled_and_spot(cloud: Cloud) -> None:
    machine = {"type": "small", "spot": True}
    pool = {"name": "p", "machine": machine, "autoscaling": {"min": 0, "max": 10}}
    result = between(cloud, [], [cluster(workerPools=[pool])])
    assert found(result)["machine c2 (spot)"] == (0, {"min": 0, "max": 10})
    assert found(result)["GiB of disk"] == (0, {"min": 150, "max": 650})
    assert result.after.high - result.after.low == pytest.approx(10 * 73 + 500 * 0.1)
    assert [note.split(" ")[0] for note in result.notes] == ["1", "Spot", "Ranges:"]


def test_what_has_no_price_is_said(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    large = {"name": "p", "replicas": 2, "machine": {"type": "large"}}
    result = between(cloud, [], [cluster(workerPools=[large])])
    assert "2 machine c8: no price" in result.notes
    assert result.as_dict()["lines"][1]["monthlyAfter"] is None
    assert "some items have no price" in line(result)
    show(result)
    shown = capsys.readouterr().out
    assert "no price" in shown
    assert "Prices of 2026-11-22: a test" in shown
    assert result.as_dict()["currency"] == "EUR"


def test_an_address_of_ones_own_is_no_load_balancer(cloud: Cloud) -> None:
    plane = {"endpoint": {"host": "10.0.0.1"}}
    assert "load balancer" not in found(between(cloud, [], [cluster(controlPlane=plane)]))


def test_simulated_machines_cost_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    result = between(InMemory(), [], [cluster()])
    assert found(result) == {"machine medium": (0, 3)}
    assert result.prices is None
    assert line(result) == ""
    show(result)
    assert "price" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "line", "path"),
    [
        (lambda text: text.replace("c2: 0.1", "c2: cheap"), 4, "machines.c2"),
        (lambda text: text.replace("c2: 0.1", "c2: -1"), 4, "machines.c2"),
        (lambda text: text.replace("currency: EUR\n", ""), 1, "currency"),
        (lambda text: text.replace("2026-11-22", "yesterday"), 2, "date"),
        (lambda text: text + "discount: 3\n", 8, "discount"),
        (lambda text: text + "  - [\n", 8, None),
        (lambda text: "- 1\n", 1, None),
        (lambda text: "", None, None),
    ],
)
def test_a_bad_price_file(
    tmp_path: Path, change: Callable[[str], str], line: int | None, path: str | None
) -> None:
    file = tmp_path / "prices.yaml"
    file.write_text(change(PRICES))
    with pytest.raises(CaasError) as caught:
        load_prices(None, str(file))
    (problem,) = caught.value.problems
    assert problem.code is PRICES_INVALID
    assert problem.where.file == str(file)
    assert problem.where.path == path
    assert line is None or problem.where.line in (line, line + 1)


def test_a_price_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CaasError) as caught:
        load_prices(None, str(tmp_path / "none.yaml"))
    assert caught.value.problems[0].code is PRICES_INVALID
    assert load_prices(tmp_path, None) is None, "a plug-in needs no prices"
