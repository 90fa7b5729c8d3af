"""Drift of the objects that ClusterResourceSets have brought to workload clusters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from engine.api import NOT_FOUND, RefusedError, collection_path
from engine.inside.look import ClusterLook
from engine.inside.step import InsideClusters, problems
from engine.objects import Key
from engine.plan.deliveries import Deliveries, Removal
from engine.plan.objects import ObjectPlan
from engine.plan.plan import Plan
from engine.session import Session
from errors import Problem
from errors.drift import NOT_APPLIED_YET
from operations.drift.judge import DriftFinding, Look

BINDINGS = "addons.cluster.x-k8s.io/v1beta2", "clusterresourcesetbindings"
SET = "clusterResourceSetName"
SAME = "the same"


@dataclass(frozen=True, slots=True)
class InsideDrift:
    """The result of a look into all clusters.

    Attributes:
        findings: about objects in clusters.
        unread: the clusters that did not answer.
    """

    findings: list[DriftFinding]
    unread: list[Problem]


def find_inside(session: Session, plan: Plan) -> InsideDrift:
    """Compares objects in clusters with the sets that bring them. Nothing is changed.

    The sets are those on the management cluster: a change of the stack file that was not applied
    yet is a finding there.

    Args:
        session: the stack.
        plan: the plan of an apply, with the objects of the management cluster.
    """
    live = plan.objects.live
    inside = InsideClusters(session, replace(plan, objects=ObjectPlan(live, live, ())))
    if not inside.clusters:
        return InsideDrift([], [])
    sets = Deliveries(live)
    clusters = {key.name: each for key, each in live.items() if key.kind == "Cluster"}
    arrived = _arrived(session)
    findings: list[DriftFinding] = []

    def examine(cluster: str, found: ClusterLook) -> None:
        names = sets.of(clusters[cluster])
        late = {
            key for name in names if not arrived.get((cluster, name)) for key in sets.read(name)
        }
        findings.extend(replace(each, cluster=cluster) for each in _findings(found, late))

    works = inside.look(lambda done, total, name: None, examine)
    return InsideDrift(sorted(findings, key=DriftFinding.order), list(problems(works)))


def _findings(found: ClusterLook, late: set[Key]) -> Iterator[DriftFinding]:
    """The findings in one cluster.

    Args:
        found: its objects.
        late: the objects that Cluster API has not brought yet as they shall be.
    """
    for change in found.changes:
        known = {str(change.key): SAME}
        for each in Look({} if change.key in late else known, known, {}).change(change):
            yield replace(each, code=NOT_APPLIED_YET) if change.key in late else each
    for removal in found.leaving:
        yield _left(removal)
    for key, wanted in found.wanted.items():
        if live := found.live.get(key):
            yield from Look(None, {}, {}).additions(live, wanted)


def _left(removal: Removal) -> DriftFinding:
    return DriftFinding(NOT_APPLIED_YET, removal.key, found=True)


def _arrived(session: Session) -> Mapping[tuple[str, str], bool]:
    """Tells for each cluster and set whether Cluster API has brought all of it."""
    path = collection_path(*BINDINGS, session.namespace)
    try:
        bindings = session.api.list(path, resourceVersion="")
    except RefusedError as error:
        if error.status != NOT_FOUND:
            raise
        return {}
    return {
        (binding["spec"].get("clusterName", binding["metadata"]["name"]), each[SET]): all(
            part.get("applied") for part in each.get("resources", ())
        )
        for binding in bindings
        for each in binding["spec"].get("bindings", ())
    }
