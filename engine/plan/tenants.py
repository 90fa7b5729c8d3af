"""The effect of an apply on tenants: namespaces, quotas, people, and open connections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from components.manifest import Manifest
from components.network.policies import NAMESPACE_LABEL
from components.tenancy.access import role_name
from components.tenancy.names import TENANT_LABEL, tenant_key
from components.tenancy.network import PRIVATE, is_namespace
from components.tenancy.settings import INTERNET
from engine.objects import Objects
from engine.plan.clusters import Locate
from engine.plan.deliveries import contents, delivered, sets_of
from engine.plan.objects import ObjectPlan
from errors import CaasError
from errors.tenants import NAMESPACE_NOT_LEAVING

ROLE = role_name("")
UNLIMITED = "no limit"
Connection = tuple[str, str, str]
"""Two namespaces with their tenants, or a range of addresses, and the port with its protocol."""


@dataclass(slots=True)
class TenantView:
    """The tenants of a cluster, read from the objects that are delivered to it.

    Attributes:
        owners: the tenant of each namespace.
        used: namespaces with people, connections or a Gateway.
        peopled: namespaces with people.
        quotas: the limits of each namespace, by resource.
        people: pairs of a role and a person, by tenant.
        asked: connections of the side that opens them.
        accepted: connections of the side that answers.
    """

    owners: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    peopled: set[str] = field(default_factory=set)
    quotas: dict[str, dict[str, str]] = field(default_factory=dict)
    people: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    asked: set[Connection] = field(default_factory=set)
    accepted: set[Connection] = field(default_factory=set)

    @classmethod
    def of(cls, manifests: Iterable[Manifest]) -> TenantView:
        """The view of the objects of all sets of a cluster."""
        found = cls()
        for each in manifests:
            metadata = each["metadata"]
            if tenant := metadata.get("labels", {}).get(TENANT_LABEL):
                found._add(each, metadata, tenant)
        return found

    @property
    def connections(self) -> set[Connection]:
        """Connections that both sides agree on, and those to ranges of addresses."""
        return {each for each in self.asked if not is_namespace(each[1]) or each in self.accepted}

    def _add(self, manifest: Manifest, metadata: Mapping[str, Any], tenant: str) -> None:
        kind, place = manifest["kind"], metadata.get("namespace", "")
        if kind == "Namespace":
            self.owners[metadata["name"]] = tenant
        elif kind == "ResourceQuota":
            hard = manifest["spec"]["hard"].items()
            self.quotas[place] = {key: value for key, value in hard if value != "0"}
        elif kind == "RoleBinding":
            role = metadata["name"].removeprefix(ROLE)
            found = {(role, subject["name"]) for subject in manifest["subjects"]}
            self.people.setdefault(tenant, set()).update(found)
            self.peopled |= {place} if found else set()
            self.used |= self.peopled
        elif kind == "NetworkPolicy":
            self._connect(f"{tenant}/{place}", manifest["spec"])
            opens = metadata["name"].endswith(("-gateway", "-connections"))
            rules = [*manifest["spec"].get("ingress", ()), *manifest["spec"].get("egress", ())]
            self.used |= {place} if opens and rules else set()

    def _connect(self, here: str, spec: Mapping[str, Any]) -> None:
        for peer, port in _ends(spec.get("egress", ()), "to"):
            self.asked.add((here, peer, port))
        for peer, port in _ends(spec.get("ingress", ()), "from"):
            self.accepted.add((peer, here, port))


def _ends(rules: Iterable[Mapping[str, Any]], side: str) -> Iterator[tuple[str, str]]:
    """The other ends of rules, and their ports: namespaces of tenants, and ranges of addresses."""
    for rule in rules:
        for peer in rule[side]:
            labels = peer.get("namespaceSelector", {}).get("matchLabels", {})
            end = ""
            if block := peer.get("ipBlock"):
                end = INTERNET if block["cidr"] in PRIVATE else block["cidr"]
            elif TENANT_LABEL in labels:
                end = f"{labels[TENANT_LABEL]}/{labels[NAMESPACE_LABEL]}"
            for port in rule.get("ports", ()) if end else ():
                yield end, f"{port['protocol']} {port['port']}"


@dataclass(frozen=True, slots=True)
class TenantChange:
    """A change of tenants in some clusters.

    Attributes:
        what: the change, in words.
        clusters: where.
    """

    what: str
    clusters: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For `--output json`."""
        return {"what": self.what, "clusters": list(self.clusters)}

    def __str__(self) -> str:
        one = len(self.clusters) == 1
        return (
            f"{self.what} in {f'`{self.clusters[0]}`' if one else f'{len(self.clusters)} clusters'}"
        )


def plan_tenants(plan: ObjectPlan) -> list[TenantChange]:
    """The changes of tenants, in words; each once, with the clusters that it concerns."""
    groups: dict[str, list[str]] = {}
    for cluster, before, after in _views(plan.live, plan.after()):
        for what in _words(before, after):
            groups.setdefault(what, []).append(cluster)
    return [TenantChange(what, tuple(sorted(clusters))) for what, clusters in groups.items()]


def _views(live: Objects, after: Objects) -> Iterator[tuple[str, TenantView, TenantView]]:
    """The clusters whose tenants change, with the views before and after."""
    viewed_before, viewed_after = _viewer(live), _viewer(after)
    for key, cluster in after.items():
        if key.kind == "Cluster":
            new, old = _sets(cluster), _sets(live[key]) if key in live else ()
            if old != new:
                yield key.name, viewed_before(old), viewed_after(new)


def _sets(cluster: Manifest) -> tuple[str, ...]:
    """The names of the sets of objects of a cluster's tenants."""
    found = sets_of(cluster).items()
    return tuple(sorted(name for addon, name in found if addon.startswith(tenant_key(""))))


def _viewer(objects: Objects) -> Callable[[tuple[str, ...]], TenantView]:
    """Reads the sets of alike clusters once."""
    found = delivered(objects)

    @cache
    def view(names: tuple[str, ...]) -> TenantView:
        return TenantView.of(each for name in names for each in contents(found, name))

    return view


def _words(before: TenantView, after: TenantView) -> Iterator[str]:
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
    yield from _words_of_network(before, after)


def _words_of_people(before: TenantView, after: TenantView) -> Iterator[str]:
    for tenant in sorted({*before.people, *after.people}):
        old, new = before.people.get(tenant, set()), after.people.get(tenant, set())
        for role, person in sorted(new - old):
            yield f"tenant `{tenant}`: `{person}` becomes {role}"
        for role, person in sorted(old - new):
            yield f"tenant `{tenant}`: `{person}` is {role} no more"


def _words_of_network(before: TenantView, after: TenantView) -> Iterator[str]:
    was, becomes = before.connections, after.connections
    for may, found in (("may now", becomes - was), ("may no longer", was - becomes)):
        for source, target, port in sorted(found):
            end = "the internet" if target == INTERNET else target
            yield f"network: `{source}` {may} reach `{end}` on {port}"


def judge_tenants(live: Objects, wanted: Objects, locate: Locate) -> None:
    """Refuses to drop a namespace while people and connections have access to it.

    Args:
        live: the objects that are there.
        wanted: the objects that shall be.
        locate: gives places in the stack file.

    Raises:
        CaasError: CAAS-1430.
    """
    for name, before, after in _views(live, wanted):
        for namespace in sorted(before.used - after.owners.keys()):
            raise CaasError(
                NAMESPACE_NOT_LEAVING,
                f"the namespace `{namespace}` of `{before.owners[namespace]}` is open in `{name}`, "
                "and the stack file has it there no more",
                where=locate(name, "name"),
            )
