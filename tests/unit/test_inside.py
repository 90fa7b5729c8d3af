"""Objects inside clusters: the record of removals, the comparison, and the messages."""

from __future__ import annotations

from threading import Event
from typing import Any

import pytest

from components.delivery.plan import ADDON_OF
from components.mappings import Manifest
from engine.inside import parallel
from engine.inside.look import holds
from engine.inside.record import (
    PendingRemoval,
    Reason,
    RemovalRecord,
    RemovalState,
    grouped,
    with_leaving,
)
from engine.inside.step import ClusterWork, pending_problems, problems
from engine.inside.usage import QuotaUse
from engine.objects import Key
from engine.plan.deliveries import Removal, identity, is_marked
from errors import CaasError
from errors.drift import CLUSTER_NOT_READ, REFUSED_BY_CLUSTER, REMOVAL_PENDING

POOL = Removal("metallb", Key("metallb.io/v1beta1", "IPAddressPool", "metallb-system", "two"))
SPACE = Removal("tenant-shop", Key("v1", "Namespace", "", "data"))
SILENT = Reason("it does not answer")
VOLUMES = Reason("it holds 1 volume", held=True)


class Memory:
    """The one object that the record keeps, as an API server stores it."""

    def __init__(self) -> None:
        self.stored: Manifest | None = None

    def path(self, manifest: Manifest) -> str:
        return str(manifest["metadata"]["name"])

    def get(self, path: str) -> Manifest | None:
        return self.stored

    def apply(self, manifest: Manifest) -> Manifest:
        self.stored = manifest
        return manifest


def test_the_record_is_read_as_it_was_written() -> None:
    removals = {
        "a": {POOL: SILENT, SPACE: VOLUMES},
        "b": {POOL: SILENT, SPACE: VOLUMES},
        "c": {SPACE: Reason()},
    }
    recorded = RemovalState(removals, frozenset({("v1", "Namespace"), ("metallb.io/v1beta1", "X")}))
    memory: Any = Memory()
    record = RemovalRecord(memory, "caas.shop.1")
    assert record.read() == RemovalState()
    record.write(recorded)
    assert record.read() == recorded
    assert len(memory.stored["spec"]["removals"]) == 3  # alike clusters share an entry


def test_alike_clusters_are_said_together() -> None:
    found = grouped({"a": {POOL: SILENT}, "b": {POOL: SILENT}, "c": {SPACE: VOLUMES}})
    assert [str(each) for each in found] == [
        "`metallb`: IPAddressPool metallb-system/two still to be removed from 2 clusters: "
        "it does not answer",
        "`tenant-shop`: Namespace data still to be removed from `c`: it holds 1 volume",
    ]
    assert [each.as_dict()["held"] for each in found] == [False, True]


def test_what_is_wanted_again_is_no_removal_and_neither_is_that_of_a_deleted_cluster() -> None:
    before = RemovalState({"a": {POOL: SILENT}, "gone": {POOL: SILENT}})
    newer = Key("metallb.io/v1", "IPAddressPool", "metallb-system", "two")
    leaving = [("a", (SPACE,))]
    wanted = {"a": frozenset({identity(newer)})}
    assert with_leaving(before, leaving, wanted).removals == {"a": {SPACE: Reason()}}
    assert with_leaving(before, (), {"a": frozenset()}).removals == {"a": {POOL: SILENT}}


@pytest.mark.parametrize(
    ("wanted", "there", "same"),
    [
        ({"a": 1}, {"a": 1, "default": 2}, True),
        ({"subjects": []}, {}, True),
        ({"subjects": []}, {"subjects": ["eve"]}, False),
        ({"a": {"b": [{"c": 1}]}}, {"a": {"b": [{"c": 1, "d": 2}]}}, True),
        ({"a": [1]}, {"a": [1, 2]}, False),
        ({"a": 1}, None, False),
    ],
)
def test_fields_that_are_not_wanted_may_be_defaults(wanted: Any, there: Any, same: bool) -> None:
    assert holds(wanted, there) is same


def test_copies_and_objects_of_charts_are_left_alone() -> None:
    marked: Manifest = {"metadata": {"labels": {ADDON_OF: "gateway"}}}
    assert is_marked(marked)
    assert not is_marked({"metadata": {}})
    for owned in (
        {"ownerReferences": [{"kind": "Service"}]},
        {"annotations": {"meta.helm.sh/release-name": "gateway"}},
    ):
        assert not is_marked({"metadata": marked["metadata"] | owned})


def test_each_problem_names_the_clusters_that_have_it() -> None:
    works = [ClusterWork(str(index), error="it does not answer") for index in range(7)]
    works.append(ClusterWork("last", refused={"Namespace data": "denied"}))
    silent, refused = problems(works)
    assert (silent.code, silent.where.cluster) == (CLUSTER_NOT_READ, "0, 1, 2, 3, 4 and 2 more")
    assert (refused.code, refused.why) == (REFUSED_BY_CLUSTER, "denied")
    pending = PendingRemoval(("c",), "tenant-shop", (SPACE.key,), VOLUMES)
    (problem,) = pending_problems([pending])
    assert (problem.code, problem.why) == (REMOVAL_PENDING, "it holds 1 volume")


def test_the_use_is_that_of_the_cluster_that_uses_most() -> None:
    use = QuotaUse(
        {"a": {"web": {"requests.cpu": "900m"}}, "b": {"web": {"requests.cpu": "2", "pods": "1"}}}
    )
    assert use.most("web", "requests.cpu", ["a", "b", "c"]) == "2"
    assert use.most("web", "requests.cpu", ["a"]) == "900m"
    assert use.most("web", "pods", ["a"]) == ""


def test_clusters_are_looked_at_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "LIMIT", 0.2)
    release = Event()

    def run(name: str) -> None:
        if name == "late":
            release.wait(20)
        if name == "silent":
            raise CaasError(CLUSTER_NOT_READ, "it does not answer")

    try:
        failed, late = parallel.side_by_side(["a", "late", "silent"], run, lambda *_: None)
    finally:
        release.set()
    assert (failed, late) == ({"silent": "it does not answer"}, {"late"})
