"""What a stack file says about one workload cluster."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from components.addons import Addons
from components.cluster.control_plane_settings import (
    Admission,
    Audit,
    Authentication,
    Encryption,
    Etcd,
    Remediation,
    Rollout,
)
from components.cluster.machine import AutoscalerOptions, Autoscaling, Machine, WorkerMachine
from components.fields import (
    ArgumentName,
    CertSan,
    Cidr,
    ClusterName,
    Count,
    Domain,
    Duration,
    Flag,
    IntOrPercent,
    KubernetesVersion,
    LabelKey,
    LabelValue,
    PoolName,
    Settings,
)
from components.registry.hosts import Registries

Labels = dict[LabelKey, LabelValue]
Annotations = dict[LabelKey, str]


class TaintEffect(StrEnum):
    """What a taint does to pods that do not tolerate it."""

    NO_SCHEDULE = "NoSchedule"
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    NO_EXECUTE = "NoExecute"


class Taint(Settings):
    """A taint that machines carry from their first second."""

    key: LabelKey
    value: LabelValue = ""
    effect: TaintEffect


CONTROL_PLANE_TAINT = Taint(
    key="node-role.kubernetes.io/control-plane", effect=TaintEffect.NO_SCHEDULE
)


Taints = Annotated[tuple[Taint, ...], Field(max_length=64)]


class ExtraArg(Settings):
    """One command-line argument of a Kubernetes component, without the leading dashes."""

    name: ArgumentName
    value: Annotated[str, Field(max_length=1024)]


class ComponentOptions(Settings):
    """Arguments of one control-plane component."""

    extra_args: Annotated[tuple[ExtraArg, ...], Field(max_length=100)] = ()
    """Each name once; what caas and kubeadm set themselves is refused."""


class ApiServerOptions(ComponentOptions):
    """Arguments of the API server, and the names that its certificate is valid for."""

    cert_sans: tuple[CertSan, ...] = Field(default=(), alias="certSANs", max_length=100)
    """More DNS names and IP addresses under which the API server is reached."""


class KubeletOptions(ComponentOptions):
    """The kubelet on each machine; its arguments win over everything else."""

    server_tls_bootstrap: Annotated[Flag, Field(alias="serverTLSBootstrap")] = False
    """Its serving certificate is signed by the cluster; then somebody must approve its requests, or
    logs and commands of pods are not reached."""
    protect_kernel_defaults: Flag = True
    """It does not start when the kernel's settings are not what it wants; caas sets them."""
    seccomp_default: Flag = True
    """Containers get the runtime's seccomp profile where they name none."""
    streaming_idle_timeout: Duration = Duration(1800)
    """After how long without traffic `kubectl exec` and its like are cut off."""
    event_record_qps: Annotated[Count, Field(ge=0, le=1000, alias="eventRecordQPS")] = 50
    """How many events it records per second; `0` for no limit."""
    pod_pids_limit: Annotated[Count, Field(ge=-1, le=4194304)] = 4096
    """How many processes a pod may have; `-1` for no limit."""


class ControlPlaneKubeadm(Settings):
    """kubeadm options of the control plane; a change replaces its machines one at a time."""

    api_server: ApiServerOptions = ApiServerOptions()
    controller_manager: ComponentOptions = ComponentOptions()
    scheduler: ComponentOptions = ComponentOptions()


class HealthCheck(Settings):
    """When a machine counts as unhealthy, and how many are replaced at once."""

    enabled: Flag = True
    """Whether unhealthy machines are replaced at all."""
    unhealthy_timeout: Duration = Duration(300)
    """How long a node may be NotReady or unreachable."""
    node_startup_timeout: Duration = Duration(600)
    """How long a new machine may take to become a node; at least `30s`, `0s` waits for ever."""
    unhealthy_less_than_or_equal_to: IntOrPercent = IntOrPercent("100%")
    """Nothing is replaced while more than this are unhealthy: then it is not the machines."""


class WorkerHealthCheck(HealthCheck):
    """The health check of a worker pool."""

    max_in_flight: IntOrPercent = IntOrPercent(1)
    """How many machines are replaced at the same time."""


class MachineGroup(Settings):
    """What control-plane machines and pool machines have in common."""

    labels: Labels = Field(default_factory=dict)
    """Labels of the nodes; changed in place."""
    annotations: Annotations = Field(default_factory=dict)
    """Annotations of the machines; changed in place."""
    kubelet: KubeletOptions = KubeletOptions()
    node_drain_timeout: Duration = Duration(600)
    """How long a drain may take before the machine is deleted all the same; `0s` waits for ever."""
    node_volume_detach_timeout: Duration = Duration(600)
    """How long volumes may take to detach; `0s` waits for ever."""
    node_deletion_timeout: Duration = Duration(600)
    """How long Cluster API tries to delete the node object; `0s` tries for ever."""


class ApiEndpoint(Settings):
    """How the Kubernetes API of a cluster is reached."""

    host: CertSan | None = None
    """The address or name; needed where the infrastructure has no load balancer of its own."""
    port: Annotated[Count, Field(ge=1, le=65535)] = 6443
    """The port of the load balancer."""
    public: Flag = False
    """Whether the load balancer has an address of the internet."""
    allowed: Annotated[tuple[Cidr, ...], Field(max_length=100)] = ()
    """Who may reach the API; needed for a public one, which is never open to everybody."""


class ControlPlane(MachineGroup):
    """The machines that run the Kubernetes API and etcd."""

    replicas: Annotated[Count, Field(ge=1, le=7)] = 3
    """1, 3, 5 or 7: etcd needs a majority, so an even number only adds risk."""
    machine: Machine = Machine()
    """What each machine is made of."""
    taints: Taints = (CONTROL_PLANE_TAINT,)
    endpoint: ApiEndpoint = ApiEndpoint()
    """How the Kubernetes API is reached."""
    kubeadm: ControlPlaneKubeadm = ControlPlaneKubeadm()
    health_check: HealthCheck = HealthCheck()
    rollout: Rollout = Rollout()
    """How machines are replaced, and when their certificates make it necessary."""
    remediation: Remediation = Remediation()
    """Limits of replacing unhealthy machines."""
    etcd: Etcd = Etcd()
    """The database, its disk and its snapshots."""
    encryption: Encryption = Encryption()
    """Encryption of Secrets in etcd."""
    audit: Audit = Audit()
    """The audit log."""
    admission: Admission = Admission()
    """What is checked before an object is stored."""
    authentication: Authentication = Authentication()
    """Who may log in."""

    @property
    def most_in_rollout(self) -> int:
        """How many machines it has at most, while they are replaced: one more."""
        return self.replicas + 1


class WorkerPool(MachineGroup):
    """A group of equal worker machines."""

    name: PoolName
    """Unique in the cluster."""
    replicas: Annotated[Count, Field(ge=0, le=1000)] = 1
    """How many machines the pool has; left out with `autoscaling`, which begins with its `min`."""
    autoscaling: Autoscaling | None = None
    """Lets the cluster autoscaler choose the number of machines."""
    machine: WorkerMachine = WorkerMachine()
    """What each machine is made of."""
    taints: Taints = ()
    failure_domain: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    """The zone of all its machines; without it the infrastructure chooses. One pool per zone
    spreads workers over zones."""
    max_surge: IntOrPercent = IntOrPercent(1)
    """How many machines above `replicas` a rollout may make."""
    max_unavailable: IntOrPercent = IntOrPercent(0)
    """How many machines below `replicas` a rollout may leave."""
    min_ready: Duration = Duration(0)
    """How long a new machine must be ready before it counts as available."""
    health_check: WorkerHealthCheck = WorkerHealthCheck()

    @property
    def fewest(self) -> int:
        """How many machines it has at least, rollouts aside."""
        return self.autoscaling.min if self.autoscaling else self.replicas

    @property
    def most(self) -> int:
        """How many machines it has at most, rollouts aside."""
        return self.autoscaling.max if self.autoscaling else self.replicas

    @property
    def most_in_rollout(self) -> int:
        """How many machines it has at most, while they are replaced."""
        return self.most + self.max_surge.of(self.most, round_up=True)


class ClusterNetwork(Settings):
    """Address ranges of a cluster."""

    pods: Annotated[tuple[Cidr, ...], Field(min_length=1)] = (Cidr("192.168.0.0/16"),)
    """One range, or one of each family; every machine takes a /24 (IPv6: a /64) of it."""
    services: Annotated[tuple[Cidr, ...], Field(min_length=1)] = (Cidr("10.128.0.0/12"),)
    """One range, or one of each family, in the order of `pods`."""
    machines: Annotated[tuple[Cidr, ...], Field(max_length=20)] = ()
    """Where the machines live; checked for overlap, made by the infrastructure."""
    routed: Flag = False
    """Pods are reached from other clusters without NAT: ranges must differ between clusters."""
    kube_proxy: Flag = True
    """Whether the cluster begins with kube-proxy; `false` where Cilium takes its place. Only a new
    cluster goes by it."""
    service_domain: Domain = "cluster.local"
    """The DNS domain of the cluster's services."""


class Cluster(Settings):
    """One workload cluster."""

    name: ClusterName
    """Unique in the stack; a cluster cannot be renamed."""
    version: KubernetesVersion
    """A release of the catalog; a newer one upgrades the cluster, one minor at a time."""
    labels: Labels = Field(default_factory=dict)
    """Labels of the Cluster object; a `selector` of the stack's add-ons may ask for them."""
    annotations: Annotations = Field(default_factory=dict)
    """Annotations of the Cluster object."""
    network: ClusterNetwork = ClusterNetwork()
    control_plane: ControlPlane = ControlPlane()
    worker_pools: Annotated[tuple[WorkerPool, ...], Field(max_length=100)] = ()
    """Groups of worker machines; none is a cluster of control-plane machines only."""
    autoscaler: AutoscalerOptions = AutoscalerOptions()
    """How the cluster autoscaler decides; it runs where a pool has `autoscaling`."""
    addons: Addons = Addons()
    """What is installed in this cluster: more than the stack says, other, or, with `null`, less."""
    registries: Registries | None = None
    """What its machines know of registries, in place of what the stack says."""
    paused: Flag = False
    """Nothing reconciles a paused cluster."""

    @property
    def most_in_rollout(self) -> int:
        """How many machines it has at most: every group while it rolls out."""
        pools = sum(pool.most_in_rollout for pool in self.worker_pools)
        return self.control_plane.most_in_rollout + pools
