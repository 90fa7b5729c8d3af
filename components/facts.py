"""Facts of a cluster: the little that add-ons need to know about the cluster that gets them.

The facts are plain values. `components.cluster.facts_of` reads them from the settings of a
cluster; a cluster that this project did not make can be described by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from components.addon import Addon
from components.addresses import Cidr
from components.cluster.machine import Taint
from components.fields import KubernetesVersion
from components.finding import Finding
from components.infrastructure.interface import Infrastructure

LOOPBACK = "127.0.0.1"
"""The address that kubeadm binds the controller manager and the scheduler to."""


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """The network of a cluster.

    Attributes:
        pods: the ranges of pods, one or one of each family.
        services: the ranges of Services, in the order of `pods`.
        machines: the ranges of machines; empty where they are not known.
        service_domain: the DNS domain of Services.
        kube_proxy: whether the cluster starts with kube-proxy.
        routed: whether pods are reached from other clusters without NAT.
    """

    pods: tuple[Cidr, ...]
    services: tuple[Cidr, ...]
    machines: tuple[Cidr, ...] = ()
    service_domain: str = "cluster.local"
    kube_proxy: bool = True
    routed: bool = False


@dataclass(frozen=True, slots=True)
class ControlPlaneFacts:
    """The control plane of a cluster.

    Attributes:
        replicas: how many machines it has.
        most_in_rollout: how many it has at most while they are replaced.
        labels: of its nodes.
        taints: of its nodes.
        machine_type: a size or the infrastructure's own name, as in `machine.type`.
        host: the address or name of the Kubernetes API; None until the infrastructure chooses it.
        port: the port of the Kubernetes API.
        audit: whether the API server writes an audit log.
        etcd_quota_gib: the size limit of etcd's database; None for an external etcd.
        controller_manager_address: the address that the controller manager listens on.
        scheduler_address: the address that the scheduler listens on.
        signed_kubelets: whether the cluster's CA signs the certificates of its kubelets.
    """

    replicas: int = 1
    most_in_rollout: int = 1
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    machine_type: str = "medium"
    host: str | None = None
    port: int = 6443
    audit: bool = False
    etcd_quota_gib: int | None = None
    controller_manager_address: str = LOOPBACK
    scheduler_address: str = LOOPBACK
    signed_kubelets: bool = False


@dataclass(frozen=True, slots=True)
class PoolFacts:
    """A worker pool of a cluster.

    Attributes:
        name: unique in the cluster.
        fewest: how many machines it has at least, rollouts aside.
        most: how many machines it has at most, rollouts aside.
        most_in_rollout: how many it has at most while they are replaced.
        labels: of its nodes.
        taints: of its nodes.
        machine_type: a size or the infrastructure's own name, as in `machine.type`.
        gpu: whether its machines have GPUs.
        spot: whether the cloud may take its machines back.
        failure_domain: the zone of its machines; None where the infrastructure chooses.
        signed_kubelets: whether the cluster's CA signs the certificates of its kubelets.
    """

    name: str
    fewest: int
    most: int
    most_in_rollout: int
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    machine_type: str = "medium"
    gpu: bool = False
    spot: bool = False
    failure_domain: str | None = None
    signed_kubelets: bool = False


@dataclass(frozen=True, slots=True)
class TenantFacts:
    """A tenant of a cluster, as the add-ons of the platform see it.

    Attributes:
        name: its name.
        namespaces: its namespaces in the cluster that the stack file names.
        whole_cluster: whether every namespace that is not of the platform is the tenant's.
        receivers: of alerts about its namespaces; empty for those of the platform.
        log_days: the retention of its logs; None for that of all.
        log_lines: the lines in a second that a node takes of it; None for the number of all.
    """

    name: str
    namespaces: tuple[str, ...] = ()
    whole_cluster: bool = False
    receivers: tuple[str, ...] = ()
    log_days: int | None = None
    log_lines: int | None = None


class InstalledAddon(Protocol):
    """The settings of an add-on, as other add-ons of the cluster see them.

    `components.addon_settings.AddonSettings` is the base of all of them.
    """

    @property
    def values(self) -> dict[str, Any]:
        """Values of its main chart that a user gives."""

    @property
    def allow_unsupported(self) -> bool:
        """Installs it also on a Kubernetes version that its project does not list."""

    def addon(self, target: ClusterFacts) -> Addon:
        """The add-on in a cluster."""

    def check(self, target: ClusterFacts) -> Iterator[Finding]:
        """The problems of its settings in a cluster."""

    def gateway_class(self) -> str:
        """The GatewayClass that it serves; empty for none."""

    def tenant_facts(self) -> TenantFacts | None:
        """The tenant whose namespaces it brings; None for an add-on of the platform."""


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """A cluster that gets add-ons.

    Attributes:
        name: its name. `components.chart.CLUSTER_NAME` stands for the names of all clusters that
            differ in nothing else, so that they share one delivery.
        version: its Kubernetes version.
        network: its address ranges.
        infrastructure: the infrastructure of its machines.
        labels: of its Cluster object.
        control_plane: the machines of its control plane.
        pools: its worker pools; none is a cluster of control-plane machines only.
        addons: the settings of every add-on that it gets, by key in a stack file.
        management: whether it is the management cluster.
        provides: roles that something in it has beside its add-ons.
    """

    name: str
    version: KubernetesVersion
    network: NetworkFacts
    infrastructure: Infrastructure
    labels: Mapping[str, str] = field(default_factory=dict)
    control_plane: ControlPlaneFacts = ControlPlaneFacts()
    pools: tuple[PoolFacts, ...] = ()
    addons: Mapping[str, InstalledAddon] = field(default_factory=dict)
    management: bool = False
    provides: tuple[str, ...] = ()

    def has(self, *keys: str) -> bool:
        """True if it gets one of these add-ons, by their keys in a stack file."""
        return any(key in self.addons for key in keys)

    @property
    def tenants(self) -> list[TenantFacts]:
        """The tenants of the cluster."""
        found = (each.tenant_facts() for each in self.addons.values())
        return [each for each in found if each]

    @property
    def most_in_rollout(self) -> int:
        """The largest number of machines: every group while it rolls out."""
        pools = sum(pool.most_in_rollout for pool in self.pools)
        return self.control_plane.most_in_rollout + pools
