"""A tenant in one cluster: its namespaces, and all that is in them from the beginning."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.addon import NETWORK, Addon
from components.addon_settings import AddonSettings
from components.addresses import Cidr
from components.facts import ClusterFacts, TenantFacts
from components.fields import Domain, Flag, Namespace, Settings
from components.finding import Finding
from components.logging.options import LogsOptions
from components.logging.tenants import tenant_findings
from components.mappings import Manifest
from components.network.flannel import FlannelSettings
from components.observability.settings import MonitoringOptions
from components.observability.values import NAMESPACE
from components.tenancy import whole_cluster
from components.tenancy.access import bindings, deployer_binding
from components.tenancy.alerts import receiver_findings
from components.tenancy.base import TENANCY
from components.tenancy.cluster_policy import HELD_BY, cluster_policy
from components.tenancy.fairness import flow
from components.tenancy.names import (
    CLASSES_ANNOTATION,
    DOMAINS_ANNOTATION,
    LEAVING_ANNOTATION,
    POOL_LABEL,
    POOLS_ANNOTATION,
    PREFIX,
    TENANT_LABEL,
    TERMS_ANNOTATION,
    is_protected,
    tenant_key,
)
from components.tenancy.network import app_policies, in_words, is_namespace, policies
from components.tenancy.scheduling import why_not_set_aside
from components.tenancy.settings import (
    INTERNET,
    AcceptedConnection,
    AppOpening,
    Connection,
    ContainerDefaults,
    Destination,
    DnsName,
    NamespaceShare,
    People,
    ResourceShare,
    TenantAlerts,
    TenantLogs,
    TenantName,
    TenantNamespace,
    TenantRegistry,
)
from errors.network import POLICIES_NOT_ENFORCED
from errors.tenants import NAMESPACE_PROTECTED, NAMESPACE_TAKEN, POOL_NOT_SET_ASIDE

SEEN_BY = ("monitoring", "logs")
"""Add-ons that may know tenants by another label."""


class TenantSettings(AddonSettings):
    """The namespaces of a tenant in a cluster."""

    TITLE: ClassVar = "Tenant"
    SUMMARY: ClassVar = "Namespaces of a team: access, quotas, limits, Pod Security, network."

    tenant: TenantName
    """The name of the tenant."""
    people: People = People()
    """People with access to the namespaces."""
    quota: ResourceShare = ResourceShare()
    """The resources of all its namespaces in all clusters together; only recorded here."""
    default_quota: NamespaceShare = NamespaceShare()
    """The share of namespaces that name none; only recorded here."""
    domains: Annotated[tuple[Domain, ...], Field(max_length=50)] = ()
    """Domains whose host names the tenant may serve."""
    whole_cluster: Flag = False
    """The whole cluster is the tenant's: its owners make namespaces and give access to them."""
    cluster_leaving: Flag = False
    """Takes the people's rights to the whole cluster, here alone."""
    leaving: Flag = False
    """Takes the people's rights to the whole cluster; of namespaces each has its own `leaving`."""
    namespaces: Annotated[tuple[TenantNamespace, ...], Field(max_length=200)] = ()
    """The namespaces in this cluster."""
    connections: Annotated[tuple[Connection, ...], Field(max_length=500)] = ()
    """Connections that the tenant's pods may open."""
    accepts: Annotated[tuple[AcceptedConnection, ...], Field(max_length=500)] = ()
    """Connections from other tenants that its pods accept."""
    reaches: Annotated[tuple[Destination, ...], Field(max_length=50)] = ()
    """Destinations of all its namespaces."""
    limits: ContainerDefaults = ContainerDefaults()
    """Resources of containers that name none."""
    alerts: TenantAlerts = TenantAlerts()
    """Receivers of alerts about its namespaces, for the add-on `monitoring`."""
    registry: TenantRegistry | None = None
    """Its project in Harbor; only recorded here."""
    logs: TenantLogs = TenantLogs()
    """Retention and limit of its logs, for the add-on `logs`."""
    address_pools: Annotated[tuple[DnsName, ...], Field(max_length=20)] = ()
    """Address pools of MetalLB that its Services may name."""
    storage_classes: Annotated[tuple[DnsName, ...], Field(max_length=50)] | None = None
    """StorageClasses of its volumes; without the key all of the cluster."""
    deployer: Namespace | None = None
    """The namespace of the Cluster objects on the management cluster, from where Flux installs the
    tenant's applications as its deployer; without it nothing may."""
    openings: Annotated[tuple[AppOpening, ...], Field(max_length=2000)] = ()
    """Ports of its applications, for namespaces whose pods do not reach each other."""
    metrics: Flag = True
    """Lets the Prometheus of the add-on `monitoring` reach all pods, on all ports."""

    def addon(self, target: ClusterFacts) -> Addon:
        """The objects of the whole cluster, where it is the tenant's, and of each namespace."""
        gateways, inside = _gateways(target), self._inside(target)
        scraped = NAMESPACE if self.metrics and target.has("monitoring") else ""
        return Addon(
            tenant_key(self.tenant),
            objects=(
                *self._whole(),
                *(
                    manifest
                    for each in self.namespaces
                    for manifest in (
                        self._namespace(each, target),
                        *bindings(self._people(each), each.name, self._labels),
                        *self._deployer(each),
                        self._quota(each),
                        self._limits(each),
                        *self._network(each, gateways, inside, scraped),
                    )
                ),
                flow(self.tenant, [each.name for each in self.namespaces], self._all_people()),
                # Last: until its definition is there, all else is.
                *map(self._cluster_policy, self.namespaces if target.has(*HELD_BY) else ()),
            ),
            needs=(NETWORK, TENANCY),
            ready=tuple(f"NetworkPolicy {each.name}/caas-default-deny" for each in self.namespaces),
            annotations={TERMS_ANNOTATION: json.dumps(self._terms())},
        )

    def tenant_facts(self) -> TenantFacts:
        """The tenant as the add-ons of the platform see it."""
        return TenantFacts(
            self.tenant,
            tuple(each.name for each in self.namespaces),
            self.whole_cluster,
            self.alerts.receivers,
            self.logs.days,
            self.logs.lines_per_second,
        )

    def check(self, target: ClusterFacts) -> Iterator[Finding]:
        """POLICIES_NOT_ENFORCED, NAMESPACE_PROTECTED, NAMESPACE_TAKEN, POOL_NOT_SET_ASIDE,
        TENANT_RECEIVER_UNKNOWN, RECEIVER_OF_ALL, LOG_STORE_CANNOT and LOG_LIMIT_UNREACHABLE."""
        monitoring = target.addons.get("monitoring")
        if isinstance(monitoring, MonitoringOptions):
            yield from receiver_findings(monitoring.alerts, self.alerts.receivers)
        logs = target.addons.get("logs")
        if isinstance(logs, LogsOptions):
            yield from tenant_findings(logs, self.logs.days, self.logs.lines_per_second)
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
        for index, each in enumerate(self.namespaces):
            if each.pool and (fault := why_not_set_aside(target, each.pool)):
                yield Finding(POOL_NOT_SET_ASIDE, ("namespaces", index, "pool"), fault)

    @property
    def _labels(self) -> dict[str, str]:
        return {TENANT_LABEL: self.tenant}

    def _terms(self) -> dict[str, Any]:
        """The settings of the tenant as a whole, alike in all of its clusters but `wholeCluster`.

        Connections and namespaces are in the delivered objects, and could be too large here.
        """
        own = {"people", "quota", "domains", "address_pools", "storage_classes", "leaving"}
        defaults = self.model_dump(mode="json", by_alias=True, include={"limits", "metrics"})
        return {
            **self.model_dump(
                mode="json", by_alias=True, exclude_none=True, include={*own, "whole_cluster"}
            ),
            **({"receivers": list(self.alerts.receivers)} if self.alerts.receivers else {}),
            **({"logs": logs} if (logs := _set(self.logs)) else {}),
            **({"registry": _set(self.registry)} if self.registry else {}),
            "defaults": {
                **defaults,
                "share": hard(self.default_quota),
                "reaches": [in_words(f"to {each.to}", each) for each in self.reaches],
            },
        }

    def _whole(self) -> list[Manifest]:
        if not self.whole_cluster:
            return []
        closed = self.leaving or self.cluster_leaving
        return whole_cluster.objects(self.tenant, People() if closed else self.people, self.domains)

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
        known = (getattr(target.addons.get(key), "tenant_label", "") for key in SEEN_BY)
        seen = {label: self.tenant for label in known if label}
        leaving = {LEAVING_ANNOTATION: "true"} if namespace.leaving else {}
        pool = {POOL_LABEL: namespace.pool} if namespace.pool else {}
        allowed = self.storage_classes
        classes = {} if allowed is None else {CLASSES_ANNOTATION: ",".join(allowed)}
        metadata = {
            "name": namespace.name,
            "labels": {**labels, **seen, **pool, **self._labels},
            "annotations": {
                DOMAINS_ANNOTATION: ",".join(self.domains),
                POOLS_ANNOTATION: ",".join(self.address_pools),
                **classes,
                **leaving,
            },
        }
        return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}

    def _network(
        self,
        namespace: TenantNamespace,
        gateways: list[str],
        inside: tuple[Cidr, ...],
        scraped_from: str,
    ) -> list[Manifest]:
        if namespace.leaving:
            return policies(self.tenant, namespace.name)
        openings = [each for each in self.openings if each.namespace == namespace.name]
        apps = [] if namespace.open_within else openings
        found = policies(
            self.tenant,
            namespace.name,
            connections=self.connections,
            accepts=self.accepts,
            reaches=self.reaches,
            gateways=gateways,
            inside=inside,
            open_within=namespace.open_within,
            scraped_from=scraped_from,
        )
        return [*found, *app_policies(self.tenant, namespace.name, apps)]

    def _deployer(self, namespace: TenantNamespace) -> list[Manifest]:
        if self.deployer is None:
            return []
        return [deployer_binding(self.tenant, self.deployer, namespace.name, self._labels)]

    def _people(self, namespace: TenantNamespace) -> People:
        return People() if namespace.leaving else self.people

    def _all_people(self) -> People:
        """The people of the namespaces that do not leave."""
        return People() if all(each.leaving for each in self.namespaces) else self.people

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


def _set(settings: Settings) -> dict[str, Any]:
    """The settings that have a value."""
    return settings.model_dump(mode="json", by_alias=True, exclude_none=True)


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
    by_class = {
        f"{name}.storageclass.storage.k8s.io/requests.storage": size
        for name, size in quota.storage_by_class.items()
    }
    return {key: str(value) for key, value in found.items() if value is not None} | by_class


def _gateways(target: ClusterFacts) -> list[str]:
    """The namespaces of what serves Gateways in the cluster."""
    serving = (each for each in target.addons.values() if each.gateway_class())
    return sorted({name for each in serving for name in each.addon(target).namespaces})
