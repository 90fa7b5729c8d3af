"""The facts of a cluster of this project, from its settings."""

from __future__ import annotations

from collections.abc import Mapping

from components.cluster.settings import Cluster, ComponentOptions, ControlPlane, WorkerPool
from components.facts import (
    LOOPBACK,
    ClusterFacts,
    ControlPlaneFacts,
    InstalledAddon,
    NetworkFacts,
    PoolFacts,
)
from components.infrastructure.interface import Infrastructure


def facts_of(
    cluster: Cluster,
    infrastructure: Infrastructure,
    addons: Mapping[str, InstalledAddon],
    *,
    management: bool = False,
) -> ClusterFacts:
    """The facts that add-ons need about a cluster.

    Args:
        cluster: its settings.
        infrastructure: the infrastructure of its machines.
        addons: the settings of every add-on that it gets, by key in a stack file.
        management: whether it is the management cluster.
    """
    network = cluster.network
    return ClusterFacts(
        name=cluster.name,
        version=cluster.version,
        network=NetworkFacts(
            pods=network.pods,
            services=network.services,
            machines=network.machines,
            service_domain=network.service_domain,
            kube_proxy=network.kube_proxy,
            routed=network.routed,
        ),
        infrastructure=infrastructure,
        labels=cluster.labels,
        control_plane=_control_plane(cluster.control_plane),
        pools=tuple(map(_pool, cluster.worker_pools)),
        addons=addons,
        management=management,
    )


def _control_plane(settings: ControlPlane) -> ControlPlaneFacts:
    return ControlPlaneFacts(
        replicas=settings.replicas,
        most_in_rollout=settings.most_in_rollout,
        labels=settings.labels,
        taints=settings.taints,
        machine_type=settings.machine.type,
        host=settings.endpoint.host,
        port=settings.endpoint.port,
        audit=settings.audit.enabled,
        etcd_quota_gib=None if settings.etcd.external else settings.etcd.quota_gib,
        controller_manager_address=_bind_address(settings.kubeadm.controller_manager),
        scheduler_address=_bind_address(settings.kubeadm.scheduler),
        signed_kubelets=settings.kubelet.server_tls_bootstrap,
    )


def _pool(settings: WorkerPool) -> PoolFacts:
    return PoolFacts(
        name=settings.name,
        fewest=settings.fewest,
        most=settings.most,
        most_in_rollout=settings.most_in_rollout,
        labels=settings.labels,
        taints=settings.taints,
        machine_type=settings.machine.type,
        gpu=settings.machine.gpu,
        spot=settings.machine.spot,
        failure_domain=settings.failure_domain,
        signed_kubelets=settings.kubelet.server_tls_bootstrap,
    )


def _bind_address(options: ComponentOptions) -> str:
    """The address that a component listens on; the last argument wins."""
    found = [each.value for each in options.extra_args if each.name == "bind-address"]
    return found[-1] if found else LOOPBACK
