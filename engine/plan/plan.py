"""The plan of an apply for a whole stack."""

from __future__ import annotations

from dataclasses import dataclass, field

from components.estimate import UNKNOWN, Counts
from components.tenancy.costs import Tenants
from engine.inside.record import PendingRemoval, RemovalState, grouped
from engine.objects import Key
from engine.plan.addons import AddonChange, plan_addons
from engine.plan.approvals import Approval, plan_approvals
from engine.plan.apps import AppChange, changed_apps, plan_apps
from engine.plan.clusters import ClusterChange, plan_clusters
from engine.plan.data import DataChange, plan_data
from engine.plan.objects import ObjectPlan
from engine.plan.tenant_delivery import TenantDelivery
from engine.plan.tenant_quotas import tenant_quotas
from engine.plan.tenants import TenantChange, plan_tenants
from engine.program import Recording


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of an apply.

    Attributes:
        objects: to every object.
        clusters: to every cluster, unchanged ones included.
        addons: to add-ons of clusters.
        undelivered: which add-ons nothing brings to clusters here; empty where there are none.
        offline: why it was not compared with a management cluster; empty where it was.
        counts: machines of pools, as their owners say now.
        data: what becomes of data in clusters.
        tenants: to tenants of clusters.
        apps: to applications of tenants.
        approvals: that the changes of tenants need.
        recorded: what earlier applies could not remove from clusters.
        quotas: of tenants in each cluster, before and after.
    """

    recording: Recording
    objects: ObjectPlan
    clusters: tuple[ClusterChange, ...]
    addons: tuple[AddonChange, ...] = ()
    undelivered: str = ""
    offline: str = ""
    counts: Counts = field(default_factory=dict)
    data: tuple[DataChange, ...] = ()
    tenants: tuple[TenantChange, ...] = ()
    apps: tuple[AppChange, ...] = ()
    approvals: tuple[Approval, ...] = ()
    recorded: RemovalState = field(default_factory=RemovalState)
    quotas: tuple[Tenants, Tenants] = field(default_factory=lambda: ({}, {}))

    @property
    def once_made(self) -> list[Key]:
        """Objects that are made once, and are there."""
        return sorted(self.recording.made_once() & self.objects.live.keys())

    @property
    def is_empty(self) -> bool:
        """True if nothing would change."""
        return not self.objects.changes

    @property
    def pending(self) -> list[PendingRemoval]:
        """The removals of earlier applies that this one tries again."""
        return grouped(self.recorded.removals)

    @property
    def is_unfinished(self) -> bool:
        """True if an apply would go on with a removal of an earlier one."""
        return not all(each.reason.held for each in self.pending)

    @classmethod
    def of(
        cls,
        recording: Recording,
        objects: ObjectPlan,
        undelivered: str,
        offline: str = "",
        counts: Counts = UNKNOWN,
    ) -> Plan:
        """The plan that changes of objects amount to."""
        clusters = tuple(plan_clusters(objects, counts))
        addons = tuple(plan_addons(objects))
        data = tuple(plan_data(objects, clusters))
        live, after = TenantDelivery.of(objects)
        objects_after = objects.after()
        return cls(
            recording,
            objects,
            clusters,
            addons,
            undelivered,
            offline,
            counts,
            data,
            tenants=tuple(plan_tenants(live, after)),
            apps=tuple(plan_apps(objects.live, objects_after)),
            approvals=tuple(plan_approvals(live, after, changed_apps(objects.live, objects_after))),
            quotas=(tenant_quotas(live), tenant_quotas(after)),
        )
