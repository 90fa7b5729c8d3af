"""Rules about add-ons: what each finds wrong itself, what they need, exclude and support."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from catalog import catalog
from components.addon_settings import described, resolved
from components.delivery.mirror import Mirror
from components.delivery.rules import check_target, check_together
from components.facts import ClusterFacts
from components.finding import Finding
from components.given_facts import MissingFactError
from components.infrastructure.interface import Infrastructure
from components.system.external_dns import ExternalDnsSettings, Policy
from errors import addons as codes
from errors.infrastructure import MANAGEMENT_FACTS_MISSING
from errors.ingress import DNS_OWNER_SHARED
from errors.layers import NOT_IN_THE_MIRROR
from stacks.settings.addons import (
    Addons,
    ClusterSettings,
    PlacedSettings,
    addons_of,
    addons_of_existing,
)
from stacks.settings.rules import sharing
from stacks.settings.stack import Management, ManagementMode

Path = tuple[str | int, ...]
HERE = "addons"
Owners = dict[tuple[str, str], tuple[str, bool]]
"""The first cluster of each owner and domain, and whether one of its clusters deletes records."""


def check(
    stack: Addons,
    clusters: Sequence[PlacedSettings],
    infrastructure: Infrastructure,
    where: Management,
    mirror: Mirror | None = None,
) -> Iterator[Finding]:
    """Codes 1200 to 1204, 1208, 1241, 1243, 1244 and 1265, and the add-ons' own.

    A finding that is the same in all clusters of a stack's add-on is reported once.

    Args:
        stack: what the stack says about add-ons.
        clusters: all clusters with their places, the management cluster's too.
        infrastructure: what their machines are.
        where: the management cluster's settings.
        mirror: the stack's mirror of charts and images.
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
        existing = addons_of_existing(where.addons, where.facts)
        found_there = check_target(existing) if where.facts else _without_facts(existing)
        for finding in found_there:
            yield finding.below("management", HERE)
    told: set[tuple[object, Path, str]] = set()
    owners: Owners = {}
    stores: sharing.Owners = {}
    cut_off = mirror is not None and not mirror.downloads
    for place, cluster in clusters:
        management = place[0] == "management"
        of_stack = Addons() if management else stack
        target = addons_of(of_stack, cluster, infrastructure, management=management)
        yield from _companions(place, target)
        found_here = [*check_target(target), *_owner(target, owners)]
        found_here += sharing.check(target, stores)
        if cut_off and not found_here:
            found_here += _downloads(target)
        for finding in found_here:
            found = finding.below(*place_of(finding.path, place, cluster))
            if (key := (found.code, found.path, found.what)) not in told:
                told.add(key)
                yield found


def _companions(place: Path, target: ClusterFacts) -> Iterator[Finding]:
    """ADDON_UNSUPPORTED for the charts that belong to the infrastructure."""
    for chart in target.infrastructure.charts():
        release = catalog().charts[chart.name]
        if not release.supports(target.version):
            yield Finding(
                codes.ADDON_UNSUPPORTED,
                (*place, "version"),
                f"{release.name} {release.version}, which every cluster on "
                f"{target.infrastructure.name} gets, does not support Kubernetes "
                f"{target.version} of `{target.name}`",
                why=f"it supports {release.kubernetes}",
                fix="Run a version in that range, or wait for a catalog with a newer chart.",
            )


def _without_facts(target: ClusterFacts) -> Iterator[Finding]:
    """The problems of add-ons in a cluster of which no fact is given; MANAGEMENT_FACTS_MISSING.

    The roles of other software in the cluster are not known, so needs are not checked.
    """
    wrong = False
    for key, settings in target.addons.items():
        try:
            findings = [finding.below(key) for finding in settings.check(target)]
            described(settings, target)
        except MissingFactError as error:
            what = f"`{key}` needs {error} of the management cluster"
            findings = [Finding(MANAGEMENT_FACTS_MISSING, (key,), what, key=True)]
        wrong = wrong or bool(findings)
        yield from findings
    if not wrong:
        yield from check_together(target, resolved(target))


def _downloads(target: ClusterFacts) -> Iterator[Finding]:
    """NOT_IN_THE_MIRROR."""
    for addon in resolved(target):
        for each in addon.downloads:
            path = (addon.name, *each.path)
            what = f"pods of `{target.name}` download {each.what}"
            yield Finding(NOT_IN_THE_MIRROR, path, what, fix=each.fix, key=True)


def place_of(path: Path, place: Path, cluster: ClusterSettings) -> Path:
    """The place of an add-on's settings: the cluster or the stack."""
    own = cluster.addons
    is_own = any(
        (Addons.model_fields[name].alias or name) == path[0] for name in own.model_fields_set
    )
    return (*place, HERE) if is_own or place[0] == "management" else (HERE,)


def _owner(target: ClusterFacts, owners: Owners) -> Iterator[Finding]:
    """DNS_OWNER_SHARED, once for an owner that the same settings give to many clusters."""
    settings = target.addons.get("externalDns")
    if not isinstance(settings, ExternalDnsSettings):
        return
    name = target.name
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
