"""Settings of logs with what the tenants of a cluster have: retention, limits, and an owner of each
namespace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from components.facts import TenantFacts
from components.finding import Finding
from components.logging.options import LogsOptions
from components.logging.settings import Limits, LogStore, Retention, RetentionClass
from errors.logs import LOG_LIMIT_UNREACHABLE, LOG_STORE_CANNOT

CLASSES = "tenants-"
"""Begins the classes of tenants with a separate retention; their number of days follows."""


@dataclass(frozen=True, slots=True)
class NamespaceOwners:
    """The tenants of namespaces, for records without labels of their namespace.

    Attributes:
        owners: the tenant of each namespace that the stack file names.
        rest: the tenant of all namespaces that are not of the platform; empty for none.
        platform: regular expressions of the namespaces of the platform.
    """

    owners: tuple[tuple[str, str], ...] = ()
    rest: str = ""
    platform: tuple[str, ...] = ()


NO_OWNERS = NamespaceOwners()


def retention_with(retention: Retention, tenants: Iterable[TenantFacts]) -> Retention:
    """The retention with a class for each number of days that tenants have.

    Classes of the stack file come before: an audit log stays one.
    """
    by_days: dict[int, list[str]] = {}
    for tenant in tenants:
        if tenant.log_days:
            by_days.setdefault(tenant.log_days, []).append(tenant.name)
    added = (
        RetentionClass(name=f"{CLASSES}{days}", days=days, tenants=tuple(names))
        for days, names in sorted(by_days.items())
    )
    return retention.model_copy(update={"classes": (*retention.classes, *added)})


def limits_with(limits: Limits, tenants: Iterable[TenantFacts]) -> Limits:
    """The limits with those of tenants, which go before `limits.tenants`."""
    own = {each.name: each.log_lines for each in tenants if each.log_lines}
    return limits.model_copy(update={"tenants": limits.tenants | own})


def owners_of(tenants: Sequence[TenantFacts], platform: Sequence[str]) -> NamespaceOwners:
    """The owners of namespaces in a cluster."""
    named = sorted((space, each.name) for each in tenants for space in each.namespaces)
    rest = next((each.name for each in tenants if each.whole_cluster), "")
    return NamespaceOwners(tuple(named), rest, tuple(platform) if rest else ())


def tenant_findings(logs: LogsOptions, days: int | None, lines: int | None) -> Iterator[Finding]:
    """LOG_STORE_CANNOT and LOG_LIMIT_UNREACHABLE; paths begin at the tenant.

    Args:
        logs: of a cluster of the tenant.
        days: the retention of the tenant.
        lines: its limit.
    """
    if days and logs.store is not LogStore.LOKI:
        what = f"`logs.days` of a tenant is for Loki, and the store is `{logs.store}`"
        yield Finding(LOG_STORE_CANNOT, ("logs", "days"), what)
    node = logs.limits.node
    if lines and node and lines > node:
        what = f"{lines} lines in a second, of a node that passes on {node}"
        yield Finding(LOG_LIMIT_UNREACHABLE, ("logs", "linesPerSecond"), what)
