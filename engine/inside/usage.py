"""The use of the quotas of tenants, as clusters count it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from kubernetes.utils.quantity import parse_quantity

from components.tenancy.names import TENANT_LABEL
from engine.api import Api
from engine.inside.parallel import NO_TIME, side_by_side
from engine.session import Session
from engine.workload import quick_api

PATH = "/api/v1/resourcequotas"
Amounts = Mapping[str, str]
"""By resource, `requests.cpu`."""


@dataclass(slots=True)
class QuotaUse:
    """The use of quotas in clusters.

    Attributes:
        used: by cluster and namespace.
        unread: the reason for each cluster that was not read.
    """

    used: dict[str, dict[str, Amounts]] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)

    def most(self, namespace: str, resource: str, clusters: Iterable[str]) -> str:
        """The largest use in one of some clusters; empty where it is not known."""
        found = (self.used.get(each, {}).get(namespace, {}).get(resource) for each in clusters)
        return max(filter(None, found), key=parse_quantity, default="")


def read_use(session: Session, clusters: Collection[str]) -> QuotaUse:
    """Reads the quotas of clusters, with one request for each.

    Args:
        session: the stack.
        clusters: their names.
    """
    found = QuotaUse()
    management = session.api

    def read(cluster: str) -> None:
        with quick_api(management, session.namespace, cluster) as api:
            found.used[cluster] = _used(api)

    failed, late = side_by_side(clusters, read, lambda done, total, name: None)
    found.unread = failed | dict.fromkeys(late, NO_TIME)
    return found


def _used(api: Api) -> dict[str, Amounts]:
    listed = api.list(PATH, labelSelector=TENANT_LABEL)
    return {
        each["metadata"]["namespace"]: each.get("status", {}).get("used", {}) for each in listed
    }
