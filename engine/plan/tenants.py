"""The effect of an apply on tenants: namespaces, quotas, people, and open connections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from components.mappings import Manifest, texts
from components.tenancy import whole_cluster
from components.tenancy.access import role_name
from components.tenancy.names import TENANT_LABEL
from engine.objects import Objects
from engine.plan.clusters import Locate
from engine.plan.deliveries import sets_of
from engine.plan.fleet_change import FleetChange
from engine.plan.tenant_delivery import Names, TenantDelivery, grouped, tenant_sets
from engine.plan.tenant_network import TenantNetworks
from errors import CaasError
from errors.tenants import NAMESPACE_NOT_LEAVING

ROLE = role_name("")
UNLIMITED = "no limit"


@dataclass(slots=True)
class TenantView:
    """The tenants of a cluster, read from the objects that are delivered to it.

    Attributes:
        owners: the tenant of each namespace.
        used: namespaces with people, connections or a Gateway.
        peopled: namespaces with people.
        quotas: the limits of each namespace, by resource.
        people: pairs of a role and a person, by tenant.
        whole: the tenant of the whole cluster.
        opened: the tenant whose people have rights to the whole cluster.
    """

    owners: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    peopled: set[str] = field(default_factory=set)
    quotas: dict[str, dict[str, str]] = field(default_factory=dict)
    people: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, manifests: Iterable[Manifest]) -> TenantView:
        """The view of the objects of all sets of a cluster."""
        found = cls()
        for each in manifests:
            metadata = each["metadata"]
            if tenant := metadata.get("labels", {}).get(TENANT_LABEL):
                found._add(each, metadata, tenant)
        return found

    def _add(self, manifest: Manifest, metadata: Mapping[str, Any], tenant: str) -> None:
        kind, place = manifest["kind"], metadata.get("namespace", "")
        if kind == "Namespace":
            self.owners[metadata["name"]] = tenant
        elif kind == "ResourceQuota":
            hard = manifest["spec"]["hard"].items()
            self.quotas[place] = {key: value for key, value in hard if value != "0"}
        elif kind == "RoleBinding" and metadata["name"].startswith(ROLE):
            role = metadata["name"].removeprefix(ROLE)
            found = {(role, subject["name"]) for subject in manifest["subjects"]}
            self.people.setdefault(tenant, set()).update(found)
            self.peopled |= {place} if found else set()
            self.used |= self.peopled
        elif kind == "ClusterRoleBinding":
            self.whole.add(tenant)
            role = metadata["name"].removeprefix(whole_cluster.role_name(""))
            found = {(f"{role} of the cluster", each["name"]) for each in manifest["subjects"]}
            self.people.setdefault(tenant, set()).update(found)
            self.opened |= {tenant} if found else set()
        elif kind == "NetworkPolicy":
            opens = metadata["name"].endswith(("-gateway", "-connections"))
            rules = [*manifest["spec"].get("ingress", ()), *manifest["spec"].get("egress", ())]
            self.used |= {place} if opens and rules else set()


class TenantChange(FleetChange):
    """A change of tenants in some clusters."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"{self.what} in {self.place}"


def plan_tenants(live: TenantDelivery, after: TenantDelivery) -> list[TenantChange]:
    """The changes of tenants, in words; each once, with the clusters that it concerns.

    The last one says that no other connection changes.

    Args:
        live: what is delivered now.
        after: what will be.
    """
    view_before, view_after = _views(live), _views(after)
    groups: dict[str, list[str]] = {}
    for (old, new), clusters in grouped(live, after, _sets):
        for what in _words(view_before(old), view_after(new)):
            groups.setdefault(what, []).extend(clusters)
    networks, opened = TenantNetworks(), False
    concerned: list[str] = []
    for ((was, _), (becomes, ranges)), clusters in grouped(live, after, _sets_and_ranges):
        before, later = live.concerning_tenants(was), after.concerning_tenants(becomes)
        if before != later:
            concerned += clusters
            for what in networks.words(before, later, ranges):
                groups.setdefault(what, []).extend(clusters)
                opened = True
    if concerned:
        other = "other " if opened else ""
        groups[f"network: no {other}connection opens or closes"] = concerned
    return [TenantChange(what, tuple(sorted(clusters))) for what, clusters in groups.items()]


def _views(delivery: TenantDelivery) -> Callable[[Names], TenantView]:
    """The view of a cluster with some sets of objects; alike clusters have one."""

    @cache
    def view(names: Names) -> TenantView:
        return TenantView.of(each for name in names for each in delivery.read(name).manifests)

    return view


def _sets(cluster: Manifest) -> Names:
    """The names of the sets of objects of a cluster's tenants."""
    return tuple(sorted(tenant_sets(cluster).values()))


def _sets_and_ranges(cluster: Manifest) -> tuple[Names, Names]:
    """The names of all sets of objects of a cluster with tenants, and the ranges of its pods."""
    ranges = tuple(texts(cluster, "spec", "clusterNetwork", "pods", "cidrBlocks"))
    return tuple(sorted(sets_of(cluster).values())) if _sets(cluster) else (), ranges


def _words(before: TenantView, after: TenantView) -> Iterator[str]:
    for tenant in sorted(after.whole - before.whole):
        yield f"tenant `{tenant}`: whole cluster given"
    for tenant in sorted(before.whole - after.whole):
        yield f"tenant `{tenant}`: whole cluster given no more"
    for namespace, tenant in after.owners.items():
        if namespace not in before.owners:
            limits = ", ".join(f"{key} {value}" for key, value in after.quotas[namespace].items())
            yield f"tenant `{tenant}`: namespace `{namespace}` added, {limits or UNLIMITED},"
        elif namespace in (before.used - after.used) & before.peopled:
            yield f"tenant `{tenant}`: namespace `{namespace}` is closed"
        if namespace in before.owners:
            old, new = before.quotas.get(namespace, {}), after.quotas[namespace]
            for key in sorted({*old, *new}):
                if old.get(key) != new.get(key):
                    change = f"{old.get(key, UNLIMITED)} → {new.get(key, UNLIMITED)}"
                    yield f"tenant `{tenant}`: {key} of `{namespace}` {change}"
    for namespace, tenant in before.owners.items():
        if namespace not in after.owners:
            yield f"tenant `{tenant}`: namespace `{namespace}` leaves"
    yield from _words_of_people(before, after)


def _words_of_people(before: TenantView, after: TenantView) -> Iterator[str]:
    for tenant in sorted({*before.people, *after.people}):
        old, new = before.people.get(tenant, set()), after.people.get(tenant, set())
        for role, person in sorted(new - old):
            yield f"tenant `{tenant}`: `{person}` becomes {role}"
        for role, person in sorted(old - new):
            yield f"tenant `{tenant}`: `{person}` is {role} no more"


def judge_tenants(live: Objects, wanted: Objects, locate: Locate) -> None:
    """Refuses to drop a namespace or a whole cluster while people or connections have access.

    Args:
        live: the objects that are there.
        wanted: the objects that shall be.
        locate: gives places in the stack file.

    Raises:
        CaasError: CAAS-1430.
    """
    old, new = TenantDelivery(live), TenantDelivery(wanted)
    view_old, view_new = _views(old), _views(new)
    for (names, later), clusters in grouped(old, new, _sets):
        before, after = view_old(names), view_new(later)
        for tenant in sorted(before.opened - after.whole):
            name = min(clusters)
            raise CaasError(
                NAMESPACE_NOT_LEAVING,
                f"`{name}` is a whole cluster of `{tenant}` with rights of people, and the stack "
                "file gives it no more",
                where=locate(name, "name"),
            )
        for namespace in sorted(before.used - after.owners.keys()):
            name = min(clusters)
            raise CaasError(
                NAMESPACE_NOT_LEAVING,
                f"the namespace `{namespace}` of `{before.owners[namespace]}` is open in `{name}`, "
                "and the stack file has it there no more",
                where=locate(name, "name"),
            )
