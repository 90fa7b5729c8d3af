"""A tenant in one cluster: its namespaces, and all that is in them from the beginning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.addon import NETWORK, Addon, Manifest
from components.addon_settings import AddonSettings
from components.addresses import Cidr
from components.facts import ClusterFacts
from components.fields import Domain
from components.finding import Finding
from components.network.flannel import FlannelSettings
from components.tenancy.access import bindings
from components.tenancy.base import TENANCY
from components.tenancy.cluster_policy import HELD_BY, cluster_policy
from components.tenancy.names import (
    DOMAINS_ANNOTATION,
    PREFIX,
    TENANT_LABEL,
    is_protected,
    tenant_key,
)
from components.tenancy.network import is_namespace, policies
from components.tenancy.settings import (
    INTERNET,
    AcceptedConnection,
    Connection,
    ContainerDefaults,
    Destination,
    People,
    ResourceShare,
    TenantName,
    TenantNamespace,
)
from errors.network import POLICIES_NOT_ENFORCED
from errors.tenants import NAMESPACE_PROTECTED, NAMESPACE_TAKEN


class TenantSettings(AddonSettings):
    """The namespaces of a tenant in a cluster."""

    TITLE: ClassVar = "Tenant"
    SUMMARY: ClassVar = "Namespaces of a team: access, quotas, limits, Pod Security, network."

    tenant: TenantName
    """The name of the tenant."""
    people: People = People()
    """People with access to the namespaces."""
    domains: Annotated[tuple[Domain, ...], Field(max_length=50)] = ()
    """Domains whose host names the tenant may serve."""
    namespaces: Annotated[tuple[TenantNamespace, ...], Field(min_length=1, max_length=200)]
    """The namespaces in this cluster."""
    connections: Annotated[tuple[Connection, ...], Field(max_length=500)] = ()
    """Connections that the tenant's pods may open."""
    accepts: Annotated[tuple[AcceptedConnection, ...], Field(max_length=500)] = ()
    """Connections from other tenants that its pods accept."""
    reaches: Annotated[tuple[Destination, ...], Field(max_length=50)] = ()
    """Destinations of all its namespaces."""
    limits: ContainerDefaults = ContainerDefaults()
    """Resources of containers that name none."""

    def addon(self, target: ClusterFacts) -> Addon:
        """The objects of each namespace."""
        gateways, inside = _gateways(target), self._inside(target)
        return Addon(
            tenant_key(self.tenant),
            objects=(
                *(
                    manifest
                    for each in self.namespaces
                    for manifest in (
                        self._namespace(each, target),
                        *bindings(self._people(each), each.name, self._labels),
                        self._quota(each),
                        self._limits(each),
                        *self._network(each, gateways, inside),
                    )
                ),
                # Last: until its definition is there, all else is.
                *map(self._cluster_policy, self.namespaces if target.has(*HELD_BY) else ()),
            ),
            needs=(NETWORK, TENANCY),
            ready=tuple(f"NetworkPolicy {each.name}/caas-default-deny" for each in self.namespaces),
        )

    def check(self, target: ClusterFacts) -> Iterator[Finding]:
        """POLICIES_NOT_ENFORCED, NAMESPACE_PROTECTED and NAMESPACE_TAKEN."""
        flannel = target.addons.get("flannel")
        if isinstance(flannel, FlannelSettings) and not flannel.network_policies:
            what, why = "the network of tenants is not closed", f"`{target.name}` has Flannel"
            yield Finding(POLICIES_NOT_ENFORCED, (), what, why=why, key=True)
        names = [each.name for each in self.namespaces]
        for index, name in enumerate(names):
            path = ("namespaces", index, "name")
            if is_protected(name):
                yield Finding(NAMESPACE_PROTECTED, path, f"`{name}` belongs to the platform")
            if name in names[:index]:
                yield Finding(NAMESPACE_TAKEN, path, f"`{name}` is there twice")

    @property
    def _labels(self) -> dict[str, str]:
        return {TENANT_LABEL: self.tenant}

    def _inside(self, target: ClusterFacts) -> tuple[Cidr, ...]:
        """The cluster's own ranges, which an existing cluster need not tell without a reason."""
        destinations = [each.to for each in self.connections]
        destinations += [each.to for each in self.reaches]
        if INTERNET not in destinations:
            return ()
        network = target.network
        return (*network.pods, *network.services, *network.machines)

    def _namespace(self, namespace: TenantNamespace, target: ClusterFacts) -> Manifest:
        level = namespace.pod_security.value
        labels = {f"pod-security.kubernetes.io/{mode}": level for mode in ("enforce", "warn")}
        metrics = getattr(target.addons.get("monitoring"), "tenant_label", "")
        seen = {metrics: self.tenant} if metrics else {}
        metadata = {
            "name": namespace.name,
            "labels": {**labels, **seen, **self._labels},
            "annotations": {DOMAINS_ANNOTATION: ",".join(self.domains)},
        }
        return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}

    def _network(
        self, namespace: TenantNamespace, gateways: list[str], inside: tuple[Cidr, ...]
    ) -> list[Manifest]:
        if namespace.leaving:
            return policies(self.tenant, namespace.name)
        return policies(
            self.tenant,
            namespace.name,
            connections=self.connections,
            accepts=self.accepts,
            reaches=self.reaches,
            gateways=gateways,
            inside=inside,
        )

    def _people(self, namespace: TenantNamespace) -> People:
        return People() if namespace.leaving else self.people

    def _cluster_policy(self, namespace: TenantNamespace) -> Manifest:
        asked = [each.to for each in self.connections if each.source == namespace.name]
        asked += [each.to for each in self.reaches]
        others = [each for each in asked if is_namespace(each) and "/" in each]
        return cluster_policy(
            self.tenant,
            namespace.name,
            sources=[each.source for each in self.accepts if each.to == namespace.name],
            targets=[each for each in others if not each.startswith(f"{self.tenant}/")],
        )

    def _quota(self, namespace: TenantNamespace) -> Manifest:
        return self._object("ResourceQuota", namespace, {"hard": hard(namespace.quota)})

    def _limits(self, namespace: TenantNamespace) -> Manifest:
        limits = self.limits
        request = {"cpu": limits.cpu, "memory": limits.memory}
        default = {"memory": limits.memory_limit}
        limit = {"type": "Container", "defaultRequest": request, "default": default}
        return self._object("LimitRange", namespace, {"limits": [limit]})

    def _object(self, kind: str, namespace: TenantNamespace, spec: dict[str, Any]) -> Manifest:
        metadata = {
            "name": f"{PREFIX}tenant",
            "namespace": namespace.name,
            "labels": self._labels,
        }
        return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec}


def hard(quota: ResourceShare) -> dict[str, str]:
    """The `hard` of a ResourceQuota; load balancers that no share names are none."""
    found = {
        "requests.cpu": quota.cpu,
        "requests.memory": quota.memory,
        "limits.memory": quota.memory,
        "requests.storage": quota.storage,
        "pods": quota.pods,
        "services.loadbalancers": quota.load_balancers or 0,
    }
    return {key: str(value) for key, value in found.items() if value is not None}


def _gateways(target: ClusterFacts) -> list[str]:
    """The namespaces of what serves Gateways in the cluster."""
    serving = (each for each in target.addons.values() if each.gateway_class())
    return sorted({name for each in serving for name in each.addon(target).namespaces})
