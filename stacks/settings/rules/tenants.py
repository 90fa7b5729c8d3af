"""Rules about tenants: names, namespaces, shares, connections, domains."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from components.cluster.settings import Cluster
from components.facts import ClusterFacts, InstalledAddon
from components.finding import Finding
from components.logging.options import LogsOptions
from components.logging.tenants import tenant_findings
from components.network.flannel import FlannelSettings
from components.observability.settings import MonitoringOptions
from components.tenancy.alerts import receiver_findings
from components.tenancy.base import SharedTenancySettings
from components.tenancy.names import is_protected
from components.tenancy.network import is_namespace, owned
from components.tenancy.scheduling import why_not_set_aside
from components.tenancy.settings import TenantLogs
from components.tenancy.tenant import TenantSettings
from errors import tenants as codes
from errors.addons import ADDON_NEEDS
from errors.network import POLICIES_NOT_ENFORCED
from errors.registries import DUPLICATE_CONTENT, TENANT_HARBOR_UNKNOWN
from stacks.settings.addons import NETWORKS
from stacks.settings.stack import ManagementMode, Stack
from stacks.settings.tenant_registries import harbors
from stacks.settings.tenants import StackTenant, TenantDefaults
from stacks.settings.whole_clusters import clusters_for, holders, size_of

HERE = "tenants"
OF_TENANTS = (SharedTenancySettings, TenantSettings)


def check(stack: Stack) -> Iterator[Finding]:
    """Codes 1420 to 1428, 1432, 1433, 1436, 1438, 1439, POLICIES_NOT_ENFORCED, ADDON_NEEDS."""
    tenants, clusters = stack.tenants, stack.clusters
    if tenants and stack.management.mode is ManagementMode.EMBEDDED:
        what = "clusters of the embedded plane run no pods, and have no tenants"
        yield Finding(codes.TENANTS_WITHOUT_PODS, (HERE,), what, key=True)
        return
    names: set[str] = set()
    for index, tenant in enumerate(tenants):
        if tenant.name in names:
            path = (HERE, index, "name")
            yield Finding(codes.DUPLICATE_TENANT, path, f"`{tenant.name}` is there twice")
        names.add(tenant.name)
    yield from _whole_clusters(tenants, clusters)
    yield from _namespaces(tenants, clusters)
    every = {(tenant.name, each.name) for tenant in tenants for each in tenant.namespaces}
    for index, tenant in enumerate(tenants):
        found = [*_shares(tenant, stack), *_connections(tenant, every)]
        for finding in found:
            yield finding.below(HERE, index)
    yield from _destinations(every, stack.tenant_defaults)
    yield from _domains(tenants)
    yield from _in_clusters(stack)
    yield from _telling(stack)
    yield from _projects(stack)


def _in_clusters(stack: Stack) -> Iterator[Finding]:
    """POLICIES_NOT_ENFORCED, ADDON_NEEDS, POOL_NOT_SET_ASIDE, and NAMESPACE_PROTECTED of an
    add-on's namespace.

    Each is reported once, for the first cluster.
    """
    taken: dict[tuple[int, ...], set[str]] = {}
    told: set[tuple[object, ...]] = set()
    for cluster in stack.clusters if stack.tenants else ():
        target = stack.target(cluster)
        others = {
            key: each for key, each in target.addons.items() if not isinstance(each, OF_TENANTS)
        }
        if len(others) == len(target.addons):
            continue
        key = tuple(map(id, others.values()))
        if key not in taken:
            taken[key] = {
                name for each in others.values() for name in each.addon(target).namespaces
            }
        found = [
            *_network(target, others),
            *_of_addons(stack, cluster, taken[key]),
            *_pools(stack, target, cluster),
        ]
        for finding in found:
            if (finding.code, finding.path) not in told:
                told.add((finding.code, finding.path))
                yield finding


def _network(target: ClusterFacts, others: Mapping[str, InstalledAddon]) -> Iterator[Finding]:
    if not others.keys() & set(NETWORKS):
        what = f"tenants need a network plug-in, which `{target.name}` does not have"
        yield Finding(ADDON_NEEDS, (HERE,), what, key=True)
    flannel = others.get("flannel")
    if isinstance(flannel, FlannelSettings) and not flannel.network_policies:
        what, why = "the network of tenants is not closed", f"`{target.name}` has Flannel"
        yield Finding(POLICIES_NOT_ENFORCED, (HERE,), what, why=why, key=True)


def _of_addons(stack: Stack, cluster: Cluster, taken: set[str]) -> Iterator[Finding]:
    held = holders(stack.tenants)
    for index, tenant in enumerate(stack.tenants):
        here = held.get(cluster.name, tenant.name) == tenant.name
        for number, each in enumerate(tenant.namespaces if here else ()):
            if each.name in taken and not is_protected(each.name) and each.place.has(cluster):
                what = f"`{each.name}` belongs to an add-on of `{cluster.name}`"
                path = (HERE, index, "namespaces", number)
                yield Finding(codes.NAMESPACE_PROTECTED, path, what)


def _telling(stack: Stack) -> Iterator[Finding]:
    """Codes of the receivers and logs of tenants, each once."""
    asking = [
        (index, each)
        for index, each in enumerate(stack.tenants)
        if each.alerts.receivers or each.logs != TenantLogs()
    ]
    known: dict[tuple[str, str], dict[int, InstalledAddon]] = {}
    for cluster in stack.clusters if asking else ():
        target = stack.target(cluster)
        for key in ("monitoring", "logs"):
            if addon := target.addons.get(key):
                for tenant in target.tenants:
                    known.setdefault((tenant.name, key), {})[id(addon)] = addon
    for index, asked in asking:
        watched, logged = (known.get((asked.name, key), {}) for key in ("monitoring", "logs"))
        found = [*_receivers(asked, watched.values()), *_logs(asked, logged.values())]
        for finding in {(each.code, each.path): each for each in found}.values():
            yield finding.below(HERE, index)


def _projects(stack: Stack) -> Iterator[Finding]:
    """TENANT_HARBOR_UNKNOWN and DUPLICATE_CONTENT."""
    asking = [(index, each) for index, each in enumerate(stack.tenants) if each.registry]
    known = harbors(stack) if asking else {}
    for index, tenant in asking:
        path = (HERE, index, "registry")
        named = tenant.registry.cluster if tenant.registry else None
        chosen = [name for name in known if named in (None, name)]
        if len(chosen) != 1:
            what = f"`{named}` has no Harbor" if named else "no cluster has the add-on `harbor`"
            if len(chosen) > 1:
                what = f"{' and '.join(f'`{each}`' for each in chosen)} have a Harbor"
            yield Finding(TENANT_HARBOR_UNKNOWN, path, what, key=True)
        elif tenant.name in (each.name for each in known[chosen[0]].contents.projects):
            what = f"`contents` of the Harbor of `{chosen[0]}` have the project `{tenant.name}`"
            yield Finding(DUPLICATE_CONTENT, path, what, key=True)


def _receivers(tenant: StackTenant, addons: Collection[InstalledAddon]) -> Iterator[Finding]:
    """TENANT_RECEIVER_UNKNOWN and RECEIVER_OF_ALL."""
    if tenant.alerts.receivers and not addons:
        what = f"no cluster of `{tenant.name}` has the add-on `monitoring`"
        yield Finding(codes.TENANT_RECEIVER_UNKNOWN, ("alerts", "receivers", 0), what)
    for each in addons:
        if isinstance(each, MonitoringOptions):
            yield from receiver_findings(each.alerts, tenant.alerts.receivers)


def _logs(tenant: StackTenant, addons: Collection[InstalledAddon]) -> Iterator[Finding]:
    """ADDON_NEEDS, LOG_STORE_CANNOT and LOG_LIMIT_UNREACHABLE."""
    logs = tenant.logs
    if logs != TenantLogs() and not addons:
        what = f"no cluster of `{tenant.name}` has the add-on `logs`"
        yield Finding(ADDON_NEEDS, ("logs",), what, key=True)
    for each in addons:
        if isinstance(each, LogsOptions):
            yield from tenant_findings(each, logs.days, logs.lines_per_second)


def _pools(stack: Stack, target: ClusterFacts, cluster: Cluster) -> Iterator[Finding]:
    """POOL_NOT_SET_ASIDE."""
    held = holders(stack.tenants)
    for index, tenant in enumerate(stack.tenants):
        here = held.get(cluster.name, tenant.name) == tenant.name
        for number, each in enumerate(tenant.namespaces if here else ()):
            pool = each.pool if each.place.has(cluster) else None
            if pool and (fault := why_not_set_aside(target, pool)):
                path = (HERE, index, "namespaces", number, "pool")
                yield Finding(codes.POOL_NOT_SET_ASIDE, path, fault)


def _namespaces(tenants: Sequence[StackTenant], clusters: Sequence[Cluster]) -> Iterator[Finding]:
    """NAMESPACE_PROTECTED, NAMESPACE_NOWHERE and NAMESPACE_TAKEN."""
    owners: dict[tuple[str, str], str] = {}
    known = {cluster.name for cluster in clusters}
    open_to = [clusters_for(each, clusters, tenants) for each in tenants]
    for index, tenant in enumerate(tenants):
        for number, each in enumerate(tenant.namespaces):
            path = (HERE, index, "namespaces", number)
            if is_protected(each.name):
                what = f"`{each.name}` belongs to Kubernetes or the platform"
                yield Finding(codes.NAMESPACE_PROTECTED, path, what)
            places = each.clusters(open_to[index])
            unknown = set(each.place.clusters) - known
            if unknown or not places:
                what = f"`{each.name}` of `{tenant.name}` is in no cluster"
                if unknown:
                    what = f"no cluster has the name `{min(unknown)}`"
                yield Finding(codes.NAMESPACE_NOWHERE, path, what)
            taken = [(place, each.name) for place in places if (place, each.name) in owners]
            if taken:
                (place, _), owner = taken[0], owners[taken[0]]
                what = f"`{each.name}` in `{place}` is given twice"
                why = f"`{owner}` has it" if owner != tenant.name else ""
                yield Finding(codes.NAMESPACE_TAKEN, path, what, why=why)
            owners |= {(place, each.name): tenant.name for place in places}


def _whole_clusters(
    tenants: Sequence[StackTenant], clusters: Sequence[Cluster]
) -> Iterator[Finding]:
    """TENANT_CLUSTER_UNKNOWN and CLUSTER_OF_ANOTHER_TENANT."""
    known, held = {cluster.name for cluster in clusters}, holders(tenants)
    for index, tenant in enumerate(tenants):
        for number, name in enumerate(tenant.clusters):
            path = (HERE, index, "clusters", number)
            if name not in known:
                what = f"no workload cluster has the name `{name}`"
                yield Finding(codes.TENANT_CLUSTER_UNKNOWN, path, what)
            elif held[name] != tenant.name:
                what = f"`{name}` is a whole cluster of `{held[name]}` already"
                yield Finding(codes.CLUSTER_OF_ANOTHER_TENANT, path, what)
        for number, name in enumerate(tenant.leaving_clusters):
            if name not in tenant.clusters:
                what = f"`{name}` is to leave, and is not in `clusters` of `{tenant.name}`"
                path = (HERE, index, "leavingClusters", number)
                yield Finding(codes.TENANT_CLUSTER_UNKNOWN, path, what)
        for number, each in enumerate(tenant.namespaces):
            named = (name for name in each.place.clusters if name in held)
            foreign = next((name for name in named if held[name] != tenant.name), "")
            if foreign:
                what = f"`{each.name}` is in `{foreign}`, a whole cluster of `{held[foreign]}`"
                path = (HERE, index, "namespaces", number)
                yield Finding(codes.CLUSTER_OF_ANOTHER_TENANT, path, what)


def _shares(tenant: StackTenant, stack: Stack) -> Iterator[Finding]:
    """SHARE_MISSING and SHARES_ABOVE_QUOTA.

    A whole cluster counts with its workers; what they hold of its namespaces' shares is in it.
    """
    limits = tenant.quota.amounts()
    given = dict.fromkeys(limits, 0)
    sizes = [
        (number, size_of(each, stack.infrastructure))
        for number, name in enumerate(tenant.clusters if limits else ())
        for each in stack.clusters
        if each.name == name
    ]
    for number, size in sizes:
        if size.unknown and not limits.keys().isdisjoint(size.amounts()):
            what = f"the size of machines of the type `{size.unknown[0]}` is not known"
            yield Finding(codes.SHARE_MISSING, ("clusters", number), what)
        for key, amount in size.amounts().items():
            if key in given:
                given[key] += amount
    shared = [
        each
        for each in clusters_for(tenant, stack.clusters, stack.tenants)
        if each.name not in tenant.clusters
    ]
    for number, each in enumerate(tenant.namespaces):
        amounts = {"loadBalancers": 0, **tenant.share(each, stack.tenant_defaults).amounts()}
        if missing := sorted(limits.keys() - amounts.keys()):
            what = f"`{each.name}` has no share of {', '.join(missing)}"
            yield Finding(codes.SHARE_MISSING, ("namespaces", number), what)
        count = len(each.clusters(shared))
        for key in limits:
            given[key] += amounts.get(key, 0) * count
    for key, limit in limits.items():
        if given[key] > limit:
            wanted, there = _amount(key, given[key]), _amount(key, limit)
            what = f"namespaces and clusters of `{tenant.name}` have {wanted} of {there} {key}"
            yield Finding(codes.SHARES_ABOVE_QUOTA, ("quota", key), what)


def _amount(key: str, amount: int) -> str:
    if key not in ("memory", "storage"):
        return str(amount)
    return f"{amount // 2**30}Gi" if amount % 2**30 == 0 else f"{amount // 2**20}Mi"


def _connections(tenant: StackTenant, every: set[tuple[str, str]]) -> Iterator[Finding]:
    """CONNECTION_UNKNOWN; `every` is the tenant and the name of each namespace."""
    own = {each.name for each in tenant.namespaces}
    for number, each in enumerate(tenant.connections):
        if each.source not in own:
            what = f"`{each.source}` is no namespace of `{tenant.name}`"
            yield Finding(codes.CONNECTION_UNKNOWN, ("connections", number, "from"), what)
        if is_namespace(each.to) and owned(each.to, tenant.name) not in every:
            what = f"`{each.to}` is no namespace of a tenant"
            yield Finding(codes.CONNECTION_UNKNOWN, ("connections", number, "to"), what)
    for number, accepted in enumerate(tenant.accepts):
        if accepted.to not in own:
            what = f"`{accepted.to}` is no namespace of `{tenant.name}`"
            yield Finding(codes.CONNECTION_UNKNOWN, ("accepts", number, "to"), what)
        if owned(accepted.source, tenant.name) not in every:
            what = f"`{accepted.source}` is no namespace of a tenant"
            yield Finding(codes.CONNECTION_UNKNOWN, ("accepts", number, "from"), what)


def _destinations(every: set[tuple[str, str]], defaults: TenantDefaults) -> Iterator[Finding]:
    """CONNECTION_UNKNOWN of what all tenants may reach."""
    for number, each in enumerate(defaults.reaches):
        if is_namespace(each.to) and owned(each.to, "") not in every:
            what = f"`{each.to}` is no namespace of a tenant"
            path = ("tenantDefaults", "reaches", number, "to")
            yield Finding(codes.CONNECTION_UNKNOWN, path, what)


def _domains(tenants: Sequence[StackTenant]) -> Iterator[Finding]:
    """DOMAINS_OVERLAP."""
    owners = {domain: tenant.name for tenant in tenants for domain in tenant.domains}
    for index, tenant in enumerate(tenants):
        for number, domain in enumerate(tenant.domains):
            labels = domain.split(".")
            for start in range(len(labels)):
                above = ".".join(labels[start:])
                if owners.get(above, tenant.name) != tenant.name:
                    what = f"`{domain}` is in `{above}` of `{owners[above]}`"
                    yield Finding(codes.DOMAINS_OVERLAP, (HERE, index, "domains", number), what)
