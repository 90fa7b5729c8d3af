"""`caas tenants`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from typer import Argument, Option

from cli import console, estimate
from cli.options import Format, Output
from components.cluster.settings import Cluster
from components.estimate import TENANT_RULE, Range
from components.tenancy.network import is_namespace, owned
from components.tenancy.settings import Connection, ResourceShare
from engine.inside.step import ClusterWork, problems
from engine.inside.usage import QuotaUse, read_use
from engine.session import Session
from errors import CaasError
from errors.tenants import TENANT_NOT_FOUND
from plane.progress import Silent
from stacks.settings import Stack
from stacks.settings.tenant_costs import StackCosts, costs_of
from stacks.settings.tenants import PlacedNamespace, StackTenant
from stacks.settings.whole_clusters import clusters_for, size_of

EXAMPLES = {
    "./caas tenants --stack prod-aws": "all tenants, their namespaces and quotas",
    "./caas tenants shop --stack prod-aws": "people, domains and connections of one tenant, too",
    "./caas tenants --live --stack prod-aws": "with the use of the quotas, in clusters that answer",
    "./caas tenants --stack prod-aws --output json": "for programs",
}
NAMED = 3
"""Clusters that a cell names; more of them are counted."""
COUNTED = {
    "cpu": "requests.cpu",
    "memory": "requests.memory",
    "storage": "requests.storage",
    "pods": "pods",
    "load_balancers": "services.loadbalancers",
}
"""The resources of a ResourceQuota by the keys of a share."""
AMOUNTS = {
    "CPU": "cpu",
    "MEMORY": "memory",
    "STORAGE": "storage",
    "PODS": "pods",
    "LOAD BALANCERS": "load_balancers",
}


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """A connection that a tenant asks for.

    Attributes:
        source: the namespace that opens it.
        to: the other end, as in the stack file.
        ports: of the other end.
        protocol: of all ports.
        clusters: the clusters in which at least one port is open.
        waiting: ports that the other tenant does not accept.
    """

    source: str
    to: str
    ports: tuple[int, ...]
    protocol: str
    clusters: tuple[str, ...]
    waiting: tuple[int, ...]


def command(
    tenant: Annotated[
        str | None, Argument(metavar="TENANT", help="One tenant; without it all of them.")
    ] = None,
    stack: Annotated[str, Option("--stack", help="The stack it belongs to.")] = "local",
    live: Annotated[
        bool, Option("--live", help="Read the use of the quotas in the clusters.")
    ] = False,
    output: Output = Format.TABLE,
) -> None:
    """Show the tenants of a stack: people, namespaces, whole clusters, quotas.

    Reads the stack file alone, and with `--live` the clusters that answer. A quota is that of a
    namespace in each of its clusters; its use is that of the cluster that uses most of it. Of a
    whole cluster the CPUs and the memory of its workers are shown. Where the infrastructure has
    prices, each tenant's part of the estimated cost follows, by quota. With the name of a tenant
    its people, domains and connections follow.
    """
    session = Session(stack, Silent())
    settings = session.settings
    chosen = [each for each in settings.tenants if tenant in (None, each.name)]
    if tenant and not chosen:
        names = ", ".join(f"`{each.name}`" for each in settings.tenants)
        why = f"it has {names}" if names else "it has none"
        raise CaasError(TENANT_NOT_FOUND, f"`{stack}` has no tenant `{tenant}`", why=why)
    use = _use(session, chosen) if live else QuotaUse()
    costs = costs_of(settings) if chosen else StackCosts(None)
    unread = list(problems(ClusterWork(name, error=why) for name, why in use.unread.items()))
    if output is Format.JSON:
        tenants = [_as_dict(each, settings, use) | _cost(each, costs) for each in chosen]
        unknown = [each.as_dict() for each in unread]
        console.document({"tenants": tenants, **({"unread": unknown} if live else {})})
        return
    for problem in (*unread, *session.advice()):
        console.warn(str(problem))
    if not chosen:
        console.say(f"`{stack}` has no tenants.")
        return
    rows = [
        row
        for each in chosen
        for row in (
            *(_cells(each, space, settings, use) for space in each.namespaces),
            *(_whole(each, size) for size in _sizes(each, settings)),
        )
    ]
    console.table(("TENANT", "NAMESPACE", "CLUSTERS", *AMOUNTS), rows)
    _show_costs(chosen, costs)
    if tenant:
        _show(chosen[0], settings)


def _show_costs(tenants: Sequence[StackTenant], costs: StackCosts) -> None:
    """The monthly cost of tenants, and the rule; nothing without prices."""
    if costs.prices is None:
        return
    console.say()
    monthly = costs.costs.monthly
    rows = [(each.name, estimate.money(monthly.get(each.name, Range()))) for each in tenants]
    console.table(("TENANT", f"{costs.prices.currency} A MONTH"), rows)
    console.say(f"{TENANT_RULE}.")
    for note in costs.costs.notes:
        console.say(f"{note}.")
    console.say(f"Prices of {costs.prices.on}: {costs.prices.source}")


def _cost(tenant: StackTenant, costs: StackCosts) -> dict[str, Any]:
    """The cost of a tenant, for `--output json`."""
    prices = costs.prices
    if prices is None:
        return {"cost": None}
    monthly = costs.costs.monthly.get(tenant.name, Range())
    return {
        "cost": {
            "monthly": monthly.as_json(),
            "currency": prices.currency,
            "pricesOf": prices.on.isoformat(),
            "rule": TENANT_RULE,
            "notes": list(costs.costs.notes),
        }
    }


def _use(session: Session, tenants: Iterable[StackTenant]) -> QuotaUse:
    """The use of the quotas in the clusters of tenants."""
    clusters = session.settings.clusters
    names = {
        name
        for tenant in tenants
        for space in tenant.namespaces
        for name in space.clusters(clusters)
    }
    return read_use(session, sorted(names))


def connection_rows(tenant: StackTenant, settings: Stack) -> Iterator[ConnectionRow]:
    """The connections that a tenant asks for, with their state."""
    places = {
        (each.name, space.name): set(space.clusters(_open_to(each, settings)))
        for each in settings.tenants
        for space in each.namespaces
        if not (space.leaving or each.leaving)
    }
    for wanted in tenant.connections:
        waiting = tuple(_not_accepted(tenant.name, wanted, settings))
        both = places.get((tenant.name, wanted.source), set())
        if is_namespace(wanted.to):
            both = both & places.get(owned(wanted.to, tenant.name), set())
        is_open = len(waiting) < len(wanted.ports)
        names = tuple(each.name for each in settings.clusters if is_open and each.name in both)
        protocol = wanted.protocol.value
        yield ConnectionRow(wanted.source, wanted.to, wanted.ports, protocol, names, waiting)


def _not_accepted(tenant: str, wanted: Connection, settings: Stack) -> Iterator[int]:
    """The ports that the tenant at the other end does not accept."""
    owner, namespace = owned(wanted.to, tenant)
    if not is_namespace(wanted.to) or owner == tenant:
        return
    accepted = {
        port
        for each in settings.tenants
        for entry in (each.accepts if each.name == owner else ())
        if (entry.source, entry.to, entry.protocol)
        == (f"{tenant}/{wanted.source}", namespace, wanted.protocol)
        for port in entry.ports
    }
    yield from (port for port in wanted.ports if port not in accepted)


def _cells(
    tenant: StackTenant, space: PlacedNamespace, settings: Stack, use: QuotaUse
) -> tuple[str, ...]:
    names = space.clusters(_open_to(tenant, settings))
    where = ", ".join(names) if len(names) <= NAMED else f"{len(names)} clusters"
    share = tenant.share(space, settings.tenant_defaults)
    amounts = []
    for key in AMOUNTS.values():
        amount = getattr(share, key)
        used = use.most(space.name, COUNTED[key], names)
        given = "-" if amount is None else str(amount)
        amounts.append(f"{given} ({used} used)" if used else given)
    title = f"{space.name} (leaving)" if space.leaving or tenant.leaving else space.name
    return (tenant.name, title, where, *amounts)


def _whole(tenant: StackTenant, row: dict[str, Any]) -> tuple[str, ...]:
    amounts = (str(row.get(key, "-")) for key in AMOUNTS.values())
    leaving = tenant.leaving or row["name"] in tenant.leaving_clusters
    title = "(whole cluster, leaving)" if leaving else "(whole cluster)"
    return (tenant.name, title, row["name"], *amounts)


def _sizes(tenant: StackTenant, settings: Stack) -> Iterator[dict[str, Any]]:
    """The whole clusters of a tenant; of workers of a type that is not known no amounts."""
    for cluster in settings.clusters:
        if cluster.name in tenant.clusters:
            size = size_of(cluster, settings.infrastructure)
            known = {"cpu": size.cpu, "memory": f"{size.memory // 2**30}Gi"}
            yield {"name": cluster.name, **({} if size.unknown else known)}


def _open_to(tenant: StackTenant, settings: Stack) -> list[Cluster]:
    return clusters_for(tenant, settings.clusters, settings.tenants)


def _show(tenant: StackTenant, settings: Stack) -> None:
    console.say()
    for role, people in tenant.people.model_dump().items():
        console.say(f"{role}: {', '.join(people) or 'none'}")
    console.say(f"domains: {', '.join(tenant.domains) or 'none'}")
    given = ", ".join(f"{key} {value}" for key, value in _amounts(tenant.quota).items())
    console.say(f"quota: {given or 'none'}")
    for row in connection_rows(tenant, settings):
        line = f"{row.source} → {row.to} on {row.protocol} {', '.join(map(str, row.ports))}"
        state = f"open in {', '.join(row.clusters)}" if row.clusters else "closed"
        if row.waiting:
            ports = ", ".join(map(str, row.waiting))
            console.say(f"{line}: {state}; not accepted by the other tenant: {ports}", "yellow")
        else:
            console.say(f"{line}: {state}")


def _amounts(quota: ResourceShare) -> dict[str, Any]:
    return quota.model_dump(mode="json", by_alias=True, exclude_none=True)


def _as_dict(tenant: StackTenant, settings: Stack, use: QuotaUse) -> dict[str, Any]:
    return {
        "name": tenant.name,
        "people": tenant.people.model_dump(mode="json"),
        "domains": list(tenant.domains),
        "quota": _amounts(tenant.quota),
        "leaving": tenant.leaving,
        "clusters": list(_sizes(tenant, settings)),
        "namespaces": [
            {
                "name": each.name,
                "clusters": list(each.clusters(_open_to(tenant, settings))),
                "quota": _amounts(tenant.share(each, settings.tenant_defaults)),
                "leaving": each.leaving or tenant.leaving,
                "used": {
                    cluster: dict(use.used[cluster].get(each.name, {}))
                    for cluster in each.clusters(_open_to(tenant, settings))
                    if cluster in use.used
                },
            }
            for each in tenant.namespaces
        ],
        "connections": [asdict(row) for row in connection_rows(tenant, settings)],
    }
