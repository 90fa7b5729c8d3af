"""Settings of one workload cluster."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from components.addresses import Cidr
from components.cluster.control_plane_settings import (
    Admission,
    Audit,
    Authentication,
    Encryption,
    Etcd,
    Remediation,
    Rollout,
)
from components.cluster.machine import (
    AutoscalerOptions,
    Autoscaling,
    Machine,
    Taint,
    TaintEffect,
    WorkerMachine,
)
from components.fields import (
    ArgumentName,
    CertSan,
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
    """Its serving certificate is signed by the cluster; then its requests must be approved, or
    logs and commands of pods are not reached."""
    protect_kernel_defaults: Flag = True
    """It does not start when the kernel's settings are not what it requires; caas sets them."""
    seccomp_default: Flag = True
    """Containers get the runtime's seccomp profile where they name none."""
    streaming_idle_timeout: Duration = Duration(1800)
    """After how long without traffic `kubectl exec` and its like are cut off."""
    event_record_qps: Annotated[Count, Field(ge=0, le=1000, alias="eventRecordQPS")] = 50
    """The number of events per second; `0` for no limit."""
    pod_pids_limit: Annotated[Count, Field(ge=-1, le=4194304)] = 4096
    """The number of processes of a pod; `-1` for no limit."""


class ControlPlaneKubeadm(Settings):
    """kubeadm options of the control plane; a change replaces its machines one at a time."""

    api_server: ApiServerOptions = ApiServerOptions()
    controller_manager: ComponentOptions = ComponentOptions()
    scheduler: ComponentOptions = ComponentOptions()


class HealthCheck(Settings):
    """The criteria for unhealthy machines, and limits of their replacement."""

    enabled: Flag = True
    """Replaces unhealthy machines."""
    unhealthy_timeout: Duration = Duration(300)
    """The time for which a node may be NotReady or unreachable."""
    node_startup_timeout: Duration = Duration(600)
    """The time limit for a new machine to become a node; at least `30s`, `0s` for no limit."""
    unhealthy_less_than_or_equal_to: IntOrPercent = IntOrPercent("100%")
    """Nothing is replaced while more than this are unhealthy: then it is not the machines."""


class WorkerHealthCheck(HealthCheck):
    """The health check of a worker pool."""

    max_in_flight: IntOrPercent = IntOrPercent(1)
    """The number of machines that are replaced at the same time."""


class MachineGroup(Settings):
    """The common settings of control-plane machines and pool machines."""

    labels: Labels = Field(default_factory=dict)
    """Labels of the nodes; changed in place."""
    annotations: Annotations = Field(default_factory=dict)
    """Annotations of the machines; changed in place."""
    kubelet: KubeletOptions = KubeletOptions()
    node_drain_timeout: Duration = Duration(600)
    """The time limit of a drain, after which the machine is deleted; `0s` for no limit."""
    node_volume_detach_timeout: Duration = Duration(600)
    """The time limit for volumes to detach; `0s` for no limit."""
    node_deletion_timeout: Duration = Duration(600)
    """The time limit for Cluster API to delete the node object; `0s` for no limit."""


class ApiEndpoint(Settings):
    """The endpoint of a cluster's Kubernetes API."""

    host: CertSan | None = None
    """The address or name; needed if the infrastructure has no load balancer."""
    port: Annotated[Count, Field(ge=1, le=65535)] = 6443
    """The port of the load balancer."""
    public: Flag = False
    """Gives the load balancer a public address."""
    allowed: Annotated[tuple[Cidr, ...], Field(max_length=100)] = ()
    """The ranges that may reach the API; required for a public one, which is never open to all."""


class ControlPlane(MachineGroup):
    """The machines that run the Kubernetes API and etcd."""

    replicas: Annotated[Count, Field(ge=1, le=7)] = 3
    """1, 3, 5 or 7: etcd needs a majority, so an even number only adds risk."""
    machine: Machine = Machine()
    """The properties of each machine."""
    taints: Taints = (CONTROL_PLANE_TAINT,)
    endpoint: ApiEndpoint = ApiEndpoint()
    """The endpoint of the Kubernetes API."""
    kubeadm: ControlPlaneKubeadm = ControlPlaneKubeadm()
    health_check: HealthCheck = HealthCheck()
    rollout: Rollout = Rollout()
    """The replacement of machines, also before their certificates expire."""
    remediation: Remediation = Remediation()
    """Limits of replacing unhealthy machines."""
    etcd: Etcd = Etcd()
    """The database, its disk and its snapshots."""
    encryption: Encryption = Encryption()
    """Encryption of Secrets in etcd."""
    audit: Audit = Audit()
    """The audit log."""
    admission: Admission = Admission()
    """Checks before an object is stored."""
    authentication: Authentication = Authentication()
    """Authentication of users."""

    @property
    def most_in_rollout(self) -> int:
        """The largest number of machines during a rollout: one more."""
        return self.replicas + 1


class WorkerPool(MachineGroup):
    """A group of equal worker machines."""

    name: PoolName
    """Unique in the cluster."""
    replicas: Annotated[Count, Field(ge=0, le=1000)] = 1
    """The number of machines; excludes `autoscaling`, which starts with its `min`."""
    autoscaling: Autoscaling | None = None
    """Lets the cluster autoscaler choose the number of machines."""
    machine: WorkerMachine = WorkerMachine()
    """The properties of each machine."""
    taints: Taints = ()
    failure_domain: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    """The zone of all its machines; without it the infrastructure chooses. One pool per zone
    spreads workers over zones."""
    max_surge: IntOrPercent = IntOrPercent(1)
    """The number of machines above `replicas` that a rollout may create."""
    max_unavailable: IntOrPercent = IntOrPercent(0)
    """The number of machines below `replicas` that a rollout may leave."""
    min_ready: Duration = Duration(0)
    """The time for which a new machine must be ready before it counts as available."""
    health_check: WorkerHealthCheck = WorkerHealthCheck()

    @property
    def fewest(self) -> int:
        """The smallest number of machines, rollouts aside."""
        return self.autoscaling.min if self.autoscaling else self.replicas

    @property
    def most(self) -> int:
        """The largest number of machines, rollouts aside."""
        return self.autoscaling.max if self.autoscaling else self.replicas

    @property
    def most_in_rollout(self) -> int:
        """The largest number of machines during a rollout."""
        return self.most + self.max_surge.of(self.most, round_up=True)


class ClusterNetwork(Settings):
    """Address ranges of a cluster."""

    pods: Annotated[tuple[Cidr, ...], Field(min_length=1)] = (Cidr("192.168.0.0/16"),)
    """One range, or one of each family; every machine takes a /24 (IPv6: a /64) of it."""
    services: Annotated[tuple[Cidr, ...], Field(min_length=1)] = (Cidr("10.128.0.0/12"),)
    """One range, or one of each family, in the order of `pods`."""
    machines: Annotated[tuple[Cidr, ...], Field(max_length=20)] = ()
    """The ranges of machines; checked for overlap, created by the infrastructure."""
    routed: Flag = False
    """Pods are reached from other clusters without NAT: ranges must differ between clusters."""
    kube_proxy: Flag = True
    """The cluster starts with kube-proxy; `false` if Cilium replaces it. Only a new cluster goes by
    it."""
    service_domain: Domain = "cluster.local"
    """The DNS domain of the cluster's services."""


class Cluster(Settings):
    """One workload cluster."""

    name: ClusterName
    """Unique in the stack; a cluster cannot be renamed."""
    version: KubernetesVersion
    """A release of the catalog; a newer one upgrades the cluster, one minor at a time."""
    labels: Labels = Field(default_factory=dict)
    """Labels of the Cluster object; a `selector` of the stack's add-ons may use them."""
    annotations: Annotations = Field(default_factory=dict)
    """Annotations of the Cluster object."""
    network: ClusterNetwork = ClusterNetwork()
    control_plane: ControlPlane = ControlPlane()
    worker_pools: Annotated[tuple[WorkerPool, ...], Field(max_length=100)] = ()
    """Groups of worker machines; none is a cluster of control-plane machines only."""
    autoscaler: AutoscalerOptions = AutoscalerOptions()
    """Options of the cluster autoscaler, which runs if a pool has `autoscaling`."""
    registries: Registries | None = None
    """Registry settings of its machines; they replace those of the stack."""
    paused: Flag = False
    """Nothing reconciles a paused cluster."""

    @property
    def most_in_rollout(self) -> int:
        """The largest number of machines: every group during a rollout."""
        pools = sum(pool.most_in_rollout for pool in self.worker_pools)
        return self.control_plane.most_in_rollout + pools
