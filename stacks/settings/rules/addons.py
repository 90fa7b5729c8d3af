"""Rules about add-ons: what each finds wrong itself, what they need, exclude and support."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from catalog import catalog
from components.addon import EXCLUSIVE, VOLUMES, Addon, Target
from components.addons import Addons, addons_of, addons_of_existing, resolved
from components.basics.external_dns import ExternalDns, Policy
from components.finding import Finding
from components.infrastructure.interface import Infrastructure, Placed
from errors import addons as codes
from errors.ingress import DNS_OWNER_SHARED
from stacks.settings.rules import storage
from stacks.settings.stack import Management, ManagementMode

Path = tuple[str | int, ...]
HERE = "addons"
Owners = dict[tuple[str, str], tuple[str, bool]]
"""Who of which domain has a first cluster, and whether one of its clusters deletes records."""


def check(
    stack: Addons, clusters: Sequence[Placed], infrastructure: Infrastructure, where: Management
) -> Iterator[Finding]:
    """Codes 1200 to 1204, 1208 and 1265, and the add-ons' own.

    What is the same in every cluster that gets an add-on of the stack is told once.

    Args:
        stack: what the stack says about add-ons.
        clusters: all clusters with their places, the management cluster's too.
        infrastructure: what their machines are.
        where: the management cluster's settings.
    """
    if where.addons.model_fields_set and where.mode is not ManagementMode.EXISTING:
        own = where.mode is ManagementMode.SELF_MANAGED
        yield Finding(
            codes.ADDONS_WITHOUT_PODS,
            ("management", HERE),
            f"`addons` of an existing management cluster, and this one is `{where.mode}`",
            fix="Write them below `management.cluster`." if own else "",
            key=True,
        )
    if where.mode is ManagementMode.EXISTING:
        for finding in _existing(addons_of_existing(where.addons, infrastructure)):
            yield finding.below("management", HERE)
    told: set[tuple[object, Path, str]] = set()
    owners: Owners = {}
    for place, cluster in clusters:
        management = place[0] == "management"
        of_stack = Addons() if management else stack
        target = addons_of(of_stack, cluster, infrastructure, management=management)
        for finding in (*check_target(target), *_owner(target, owners)):
            found = finding.below(*place_of(finding.path, place, target))
            if (key := (found.code, found.path, found.what)) not in told:
                told.add(key)
                yield found


def check_target(target: Target) -> Iterator[Finding]:
    """What is wrong with the add-ons of one cluster; paths begin at the add-on's key."""
    wrong = False
    for key, settings in target.addons.items():
        for finding in settings.check(target):
            wrong = True
            yield finding.below(key)
    if wrong:  # then nobody knows what the add-ons are
        return
    addons = resolved(target)
    yield from _needs(target, addons)
    yield from _excluded(target, addons)
    yield from _unsupported(target, addons)
    yield from _unread(target, addons)
    yield from storage.check(target)


def _existing(target: Target) -> Iterator[Finding]:
    """What is wrong whatever the cluster is; its ranges, version and other contents are unknown."""
    for key, settings in target.addons.items():
        retired = (each for each in settings.check(target) if each.code is codes.RETIRED_ADDON)
        yield from (finding.below(key) for finding in retired)
    addons = resolved(target)
    yield from _excluded(target, addons)
    yield from _unread(target, addons)


def place_of(path: Path, place: Path, target: Target) -> Path:
    """Where an add-on's settings stand: with the cluster, or with the stack."""
    own = target.cluster.addons
    is_own = any(
        (Addons.model_fields[name].alias or name) == path[0] for name in own.model_fields_set
    )
    return (*place, HERE) if is_own or place[0] == "management" else (HERE,)


def _needs(target: Target, addons: Sequence[Addon]) -> Iterator[Finding]:
    there = {role for addon in addons for role in addon.provides}
    if target.infrastructure.cluster_volumes().classes:
        there.add(VOLUMES)
    for addon in addons:
        for role in addon.needs:
            if role not in there:
                yield Finding(
                    codes.ADDON_NEEDS,
                    (addon.name,),
                    f"`{addon.name}` needs {role}, and nothing in `{target.cluster.name}` has it",
                    key=True,
                )


def _excluded(target: Target, addons: Sequence[Addon]) -> Iterator[Finding]:
    first: dict[str, Addon] = {}
    for addon in addons:
        for role in addon.provides:
            other = first.setdefault(role, addon)
            if role in EXCLUSIVE and other is not addon:
                yield Finding(
                    codes.ADDONS_EXCLUDE,
                    (addon.name,),
                    f"`{target.cluster.name}` gets `{other.name}` and `{addon.name}`",
                    why=EXCLUSIVE[role],
                    key=True,
                )


def _unsupported(target: Target, addons: Sequence[Addon]) -> Iterator[Finding]:
    version = target.cluster.version
    for addon in addons:
        if target.addons[addon.name].allow_unsupported:
            continue
        for chart in addon.charts:
            release = catalog().charts[chart.name]
            if not release.supports(version):
                yield Finding(
                    codes.ADDON_UNSUPPORTED,
                    (addon.name,),
                    f"{release.name} {release.version} does not support Kubernetes {version} of "
                    f"`{target.cluster.name}`",
                    why=f"it supports {release.kubernetes}",
                    key=True,
                )


def _unread(target: Target, addons: Sequence[Addon]) -> Iterator[Finding]:
    for addon in addons:
        if target.addons[addon.name].values and not addon.charts:
            what = f"`{addon.name}` has no chart that would read `values`"
            yield Finding(codes.ADDON_VALUES_IGNORED, (addon.name, "values"), what, key=True)


def _owner(target: Target, owners: Owners) -> Iterator[Finding]:
    """DNS_OWNER_SHARED, once for an owner that the same settings give to many clusters."""
    settings = target.addons.get("externalDns")
    if not isinstance(settings, ExternalDns):
        return
    name = target.cluster.name
    owner, deletes = settings.owner or name, settings.policy is Policy.SYNC
    for domain in settings.domain_filters:
        first, deleting = owners.get((owner, domain), (name, False))
        owners[owner, domain] = first, deleting or deletes
        if first != name and (deleting or deletes):
            yield Finding(
                DNS_OWNER_SHARED,
                ("externalDns", "owner"),
                f"several clusters are the owner `{owner}` of records in {domain}",
                why=f"`{first}` and `{name}` are",
            )
