"""What an apply would do to a stack, as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from embedded.objects import Key
from embedded.plan.addons import AddonChange, plan_addons
from embedded.plan.clusters import ClusterChange, plan_clusters
from embedded.plan.objects import ObjectPlan
from embedded.program import Recording


@dataclass(frozen=True, slots=True)
class Plan:
    """What an apply would do.

    Attributes:
        objects: to every object.
        clusters: to every cluster, unchanged ones included.
        addons: to add-ons of clusters.
        undelivered: which add-ons nothing brings to clusters here; empty where there are none.
        offline: why it was not compared with a management cluster; empty where it was.
    """

    recording: Recording
    objects: ObjectPlan
    clusters: tuple[ClusterChange, ...]
    addons: tuple[AddonChange, ...] = ()
    undelivered: str = ""
    offline: str = ""

    @property
    def once_made(self) -> list[Key]:
        """Objects that are made once, and are there."""
        return sorted(self.recording.made_once() & self.objects.live.keys())

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return not self.objects.changes

    @classmethod
    def of(
        cls, recording: Recording, objects: ObjectPlan, undelivered: str, offline: str = ""
    ) -> Plan:
        """The plan that changes of objects amount to."""
        clusters, addons = tuple(plan_clusters(objects)), tuple(plan_addons(objects))
        return cls(recording, objects, clusters, addons, undelivered, offline)
