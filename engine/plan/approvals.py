"""Approvals that a change of tenants needs: of the platform, or of the owners of a tenant.

The platform decides about quotas, owners, domains and clusters. Owners decide about their members
and viewers, about namespaces within the quota, and about connections: each side about its own
entry. A tenant without owners leaves this to the platform.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from components.addon import SecurityLevel
from components.mappings import Manifest, section, texts
from components.tenancy.names import (
    CONNECTIONS_ANNOTATION,
    LEAVING_ANNOTATION,
    POOL_LABEL,
    PREFIX,
)
from components.tenancy.network import SEPARATOR, is_namespace, owned
from components.tenancy.whole_cluster import LEVEL
from engine.plan.tenant_delivery import TenantDelivery

Names = frozenset[str]
"""Of sets of objects of a tenant."""
OF_PLATFORM = {
    "quota": "quota of",
    "domains": "domains of",
    "logs": "logs of",
    "registry": "registry of",
    "addressPools": "address pools of",
    "storageClasses": "StorageClasses of",
    "leaving": "`leaving` of",
    "defaults": "settings of all tenants, for",
}
"""Settings of the tenant as a whole, in words."""
SHARES = {
    "requests.cpu": "cpu",
    "requests.memory": "memory",
    "limits.memory": "memory",
    "requests.storage": "storage",
    "pods": "pods",
    "services.loadbalancers": "loadBalancers",
}
"""The keys of a stack file for those of a ResourceQuota; all others are of a StorageClass."""


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval that a change of tenants needs.

    Attributes:
        tenant: the tenant that changes.
        by_owners: whether its owners approve; else the platform.
        reasons: the changes that need it, in words.
    """

    tenant: str
    by_owners: bool
    reasons: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For `--output json`."""
        approver = "owners" if self.by_owners else "platform"
        return {"approver": approver, "tenant": self.tenant, "reasons": list(self.reasons)}

    def __str__(self) -> str:
        approver = f"owners of `{self.tenant}`" if self.by_owners else "platform"
        return f"approval: {approver} ({', '.join(self.reasons)})"


class Decision(NamedTuple):
    """A setting of a tenant in words, and its value; a change of it needs an approval."""

    by_owners: bool
    about: str
    value: object = None


def plan_approvals(
    live: TenantDelivery, after: TenantDelivery, apps: Iterable[tuple[str, str]] = ()
) -> list[Approval]:
    """The approvals that the changes of tenants need, those of the platform first.

    Tenants that an earlier release delivered, which recorded no terms, are left out this once.

    Args:
        live: what is delivered now.
        after: what will be.
        apps: the tenant and the name of each application that changes.
    """
    changed = sorted(apps)
    sides = dict(live.clusters()), dict(after.clusters())
    found: list[Approval] = []
    for tenant in sorted({name for side in sides for sets in side.values() for name in sets}):
        before, later = _Side(tenant, live, sides[0]), _Side(tenant, after, sides[1])
        if before.sets and later.sets:
            names = [name for owner, name in changed if owner == tenant]
            found += _approvals(before, later, names)
        else:
            what = f"removal of `{tenant}`" if before.sets else f"tenant `{tenant}`"
            found.append(Approval(tenant, False, (what,)))
    return sorted(found, key=lambda each: (each.by_owners, each.tenant))


class _Side:
    """A tenant at one time.

    Args:
        tenant: its name.
        delivery: the sets of objects of the stack.
        clusters: the set of each tenant, by the name of the cluster.
    """

    def __init__(
        self, tenant: str, delivery: TenantDelivery, clusters: Mapping[str, Mapping[str, str]]
    ) -> None:
        self.tenant = tenant
        self.clusters = clusters
        self.sets = {name: sets[tenant] for name, sets in clusters.items() if tenant in sets}
        self._delivery = delivery

    @cached_property
    def terms(self) -> Mapping[str, Any] | None:
        """The settings of the tenant as a whole; None where no set records them."""
        recorded = map(self._delivery.terms, sorted({*self.sets.values()}))
        return next((each for each in recorded if each is not None), None)

    @cached_property
    def whole(self) -> Names:
        """The whole clusters of the tenant."""
        terms = ((name, self._delivery.terms(each) or {}) for name, each in self.sets.items())
        return frozenset(name for name, each in terms if each.get("wholeCluster"))

    def decisions(self, names: Names, limited: Set[str]) -> set[Decision]:
        """The decisions that are in some sets of objects.

        Args:
            names: of the sets.
            limited: the keys of what the tenant has a quota of.
        """
        read = _Reader(self.tenant, section(self.terms or {}, "defaults"), limited)
        manifests = (each for name in names for each in self._delivery.read(name).manifests)
        return {decision for each in manifests for decision in read.decisions(each)}


def _approvals(before: _Side, after: _Side, apps: Iterable[str]) -> Iterator[Approval]:
    """The approvals for a tenant that stays, and applications that change."""
    tenant, old, new = before.tenant, before.terms, after.terms
    if old is None or new is None:
        return
    changes = {*_of_terms(tenant, old, new)}
    changes |= {Decision(True, f"application `{tenant}/{name}`") for name in apps}
    if before.whole != after.whole:
        changes.add(Decision(False, f"clusters of `{tenant}`"))
    if old["leaving"] == new["leaving"]:  # else namespaces close and open by it
        limited = {key for key, each in new["quota"].items() if each != {}}
        for was, becomes, is_new in _differing(before, after):
            known = before.decisions(was, limited)
            wanted = after.decisions(becomes, limited)
            changes |= wanted - known if is_new else wanted ^ known
    owners = bool(texts(old, "people", "owners"))
    for by_owners in (False, True):
        chosen = {each.about for each in changes if (each.by_owners and owners) is by_owners}
        if chosen:
            yield Approval(tenant, by_owners, tuple(sorted(chosen)))


def _of_terms(tenant: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Decision]:
    for key, words in OF_PLATFORM.items():
        if _ordered(old.get(key)) != _ordered(new.get(key)):
            yield Decision(False, f"{words} `{tenant}`")
    if old.get("receivers") != new.get("receivers"):
        yield Decision(True, f"receivers of alerts of `{tenant}`")
    for role in ("owners", "members", "viewers"):
        if {*texts(old, "people", role)} != {*texts(new, "people", role)}:
            yield Decision(role != "owners", f"{role} of `{tenant}`")


def _ordered(value: Any) -> Any:
    """A value whose lists are in order: another order of domains is no change."""
    return sorted(value) if isinstance(value, list) else value


def _differing(before: _Side, after: _Side) -> set[tuple[Names, Names, bool]]:
    """The sets of clusters that differ, before and after; those of alike clusters once.

    True is for a cluster that is new: the sets before are those of all others, as a tenant decides
    nothing when the platform makes one more cluster of a kind.
    """
    everywhere = frozenset(before.sets.values())
    found = set()
    for name in {*before.sets, *after.sets} & after.clusters.keys():
        was, becomes = (
            frozenset([side.sets[name]] if name in side.sets else []) for side in (before, after)
        )
        is_new = name not in before.clusters
        if was != becomes and not (is_new and becomes <= everywhere):
            found.add((everywhere if is_new else was, becomes, is_new))
    return found


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads decisions from the objects of a tenant.

    Attributes:
        tenant: its name.
        defaults: settings of all tenants.
        limited: the keys of what the tenant has a quota of.
    """

    tenant: str
    defaults: Mapping[str, Any]
    limited: Set[str]

    def decisions(self, manifest: Manifest) -> Iterable[Decision]:
        """The decisions in an object; none in most kinds."""
        metadata = manifest["metadata"]
        annotations = section(metadata, "annotations")
        place = f"`{self.tenant}/{metadata.get('namespace', metadata['name'])}`"
        match manifest["kind"], metadata["name"]:
            case "Namespace", _:
                labels = section(metadata, "labels")
                yield Decision(True, f"namespace {place}", LEAVING_ANNOTATION in annotations)
                if (level := labels.get(LEVEL)) != SecurityLevel.RESTRICTED:
                    yield Decision(False, f"Pod Security of {place}", level)
                if pool := labels.get(POOL_LABEL):
                    yield Decision(False, f"worker pool of {place}", pool)
            case "ResourceQuota", _:
                yield from self._shares(place, manifest["spec"]["hard"])
            case "NetworkPolicy", name if name == f"{PREFIX}within":
                yield Decision(True, f"namespace {place}", ("within", str(manifest["spec"])))
            case "NetworkPolicy", name if name == f"{PREFIX}connections":
                entries = annotations.get(CONNECTIONS_ANNOTATION, "").split(SEPARATOR)
                yield from self._connections(metadata["namespace"], entries)

    def _shares(self, place: str, hard: Mapping[str, str]) -> Iterator[Decision]:
        """Amounts that are not those of all namespaces."""
        common = section(self.defaults, "share")
        for key in {*hard, *common}:
            if (amount := hard.get(key)) != common.get(key):
                named = SHARES.get(key, "storageByClass")
                inside = named in self.limited
                about = f"namespace {place}" if inside else f"{named} of {place} without a quota"
                yield Decision(inside, about, (key, amount))

    def _connections(self, namespace: str, entries: Iterable[str]) -> Iterator[Decision]:
        """Entries of `connections` and `accepts`; not those that all tenants have."""
        own = Counter(entries) - Counter(texts(self.defaults, "reaches"))
        here = f"{self.tenant}/{namespace}"
        for entry in own:
            way, _, rest = entry.partition(" ")
            end = rest.partition(" on ")[0]
            named = "/".join(owned(end, self.tenant)) if is_namespace(end) else end
            if way == "to":
                yield Decision(True, f"connection from `{here}` to `{named}`", entry)
            elif way == "from" and not named.startswith(f"{self.tenant}/"):
                yield Decision(True, f"connection from `{named}` to `{here}`", entry)
