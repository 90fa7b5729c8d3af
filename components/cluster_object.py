"""The one reader of Cluster objects; `components.cluster.topology` writes them.

Preview, estimate, status and policies read a Cluster with a managed topology through these two
classes. Fields are read on access, and objects that other programs wrote may lack
any of them. The module imports nothing of Pulumi, so that the policy pack stays light.
Source: https://cluster-api.sigs.k8s.io/developer/core/controllers/cluster-topology
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from components.mappings import Props, entries, number, section

CONTROL_PLANE = "controlPlane"
"""The name of the control plane among the groups of machines."""
PRODUCTION = ("tier", "production")
"""The label of a production cluster; a stack that has one is a production stack."""
INFRASTRUCTURE_LABEL = "caas.dev/infrastructure"
"""The label of a Cluster that names its infrastructure. It selects the clusters that get what
belongs to an infrastructure, such as its cloud controller manager."""
SNAPSHOTS_LABEL = "caas.dev/etcd-snapshots"
"""The label of a Cluster whose etcd is saved on a schedule."""
SIMULATED = "in-memory"
"""The infrastructure of simulated machines."""

MIN_SIZE = "cluster.x-k8s.io/cluster-api-autoscaler-node-group-min-size"
MAX_SIZE = "cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size"
"""Annotations of a pool: the bounds of the cluster autoscaler."""

API_SERVER = "apiServerExtraArgs"
CONTROLLER_MANAGER = "controllerManagerExtraArgs"
SCHEDULER = "schedulerExtraArgs"
CERT_SANS = "certSANs"
KUBELET = "kubeletExtraArgs"
TAINTS = "taints"
MACHINE_TYPE = "machineType"
IMAGE = "image"
ROOT_DISK = "rootDisk"
DATA_DISKS = "dataDisks"
ETCD_DISK = "etcdDisk"
PLACEMENT = "placement"
SPOT = "spot"
ENDPOINT = "endpoint"
CONTROL_PLANE_FILES = "controlPlaneFiles"
WORKER_FILES = "workerFiles"
ETCD = "etcd"
ROLLOUT = "controlPlaneRollout"
REMEDIATION = "controlPlaneRemediation"
SKIP_PHASES = "skipPhases"
ENCRYPTION = "encryptionSecret"
"""The variables of the ClusterClass; `components.cluster.variables` has their schemas."""
KEEP_OFF = {"NoSchedule", "NoExecute"}
"""The effects of taints that keep pods from a machine."""


@dataclass(frozen=True, slots=True)
class DeclaredCluster:
    """A cluster as its Cluster object declares it.

    Attributes:
        props: the object.
    """

    props: Props

    @property
    def name(self) -> str:
        """The name of the object."""
        return str(section(self.props, "metadata").get("name", ""))

    @property
    def namespace(self) -> str:
        """The namespace of the object."""
        return str(section(self.props, "metadata").get("namespace", ""))

    @property
    def labels(self) -> Props:
        """The labels of the object."""
        return section(self.props, "metadata", "labels")

    @property
    def is_production(self) -> bool:
        """True if it has the label `tier: production`."""
        key, value = PRODUCTION
        return bool(self.labels.get(key) == value)

    @property
    def is_simulated(self) -> bool:
        """True if its machines are simulated and hold no data."""
        return bool(self.labels.get(INFRASTRUCTURE_LABEL) == SIMULATED)

    @property
    def topology(self) -> Props:
        """`spec.topology`; empty for a cluster without a managed topology."""
        return section(self.props, "spec", "topology")

    @property
    def version(self) -> str:
        """The Kubernetes version without the `v`; empty where none is named."""
        return str(self.topology.get("version", "")).removeprefix("v")

    @property
    def class_name(self) -> str:
        """The name of its ClusterClass; `class` is the field of earlier API versions."""
        reference = section(self.topology, "classRef")
        return str(reference.get("name") or self.topology.get("class", ""))

    @property
    def class_namespace(self) -> str:
        """The namespace of its ClusterClass."""
        return str(section(self.topology, "classRef").get("namespace") or self.namespace)

    @property
    def is_paused(self) -> bool:
        """True if it is paused."""
        return bool(section(self.props, "spec").get("paused"))

    @property
    def network(self) -> Props:
        """`spec.clusterNetwork`."""
        return section(self.props, "spec", "clusterNetwork")

    @property
    def variables(self) -> dict[str, Any]:
        """The values of its variables."""
        return _values(entries(self.topology, "variables"))

    def variable(self, name: str) -> Any:
        """The value of a variable; None where it is not set."""
        return _value(entries(self.topology, "variables"), name)

    @property
    def control_plane(self) -> DeclaredGroup:
        """The machines of its control plane."""
        return DeclaredGroup(self, CONTROL_PLANE, section(self.topology, "controlPlane"))

    @property
    def pools(self) -> Iterator[DeclaredGroup]:
        """Its worker pools."""
        for pool in entries(self.topology, "workers", "machineDeployments"):
            yield DeclaredGroup(self, str(pool.get("name", "")), pool)

    @property
    def groups(self) -> Iterator[DeclaredGroup]:
        """The control plane, and the worker pools."""
        yield self.control_plane
        yield from self.pools


@dataclass(frozen=True, slots=True)
class DeclaredGroup:
    """The machines of a control plane or of a pool, as the Cluster object declares them.

    Attributes:
        cluster: the cluster that they belong to.
        name: the name of the pool, or `controlPlane`.
        props: their part of the topology.
    """

    cluster: DeclaredCluster
    name: str
    props: Props

    @property
    def is_control_plane(self) -> bool:
        """True if it is the control plane."""
        return self.name == CONTROL_PLANE

    @property
    def worker_class(self) -> str | None:
        """The class of a pool's machines in the ClusterClass; None for the control plane."""
        return None if self.is_control_plane else str(self.props.get("class", ""))

    @property
    def title(self) -> str:
        """The group in a message: "control plane", "pool `general`"."""
        return "control plane" if self.is_control_plane else f"pool `{self.name}`"

    @property
    def replicas(self) -> int | None:
        """The number of machines; None where an autoscaler decides."""
        return number(self.props.get("replicas"))

    @property
    def bounds(self) -> tuple[int, int] | None:
        """The fewest and the most machines that the autoscaler makes; None without one."""
        low, high = self._bound(MIN_SIZE), self._bound(MAX_SIZE)
        return None if low is None or high is None else (low, high)

    @property
    def most(self) -> int:
        """The largest number of machines. Cluster API gives a control plane one by default."""
        given = self._bound(MAX_SIZE)
        if given is not None:
            return given
        default = 1 if self.is_control_plane else 0
        return default if self.replicas is None else self.replicas

    @property
    def fewest(self) -> int:
        """The smallest number of machines."""
        given = self._bound(MIN_SIZE)
        return self.most if given is None else given

    def _bound(self, annotation: str) -> int | None:
        text = str(section(self.props, "metadata", "annotations").get(annotation, ""))
        return int(text) if text.isdecimal() else None

    @property
    def variables(self) -> dict[str, Any]:
        """The values of variables: the cluster's, and the group's own over them."""
        own = entries(self.props, "variables", "overrides")
        return self.cluster.variables | _values(own)

    def variable(self, name: str) -> Any:
        """The value of a variable: the group's own, or else the cluster's."""
        found = _value(entries(self.props, "variables", "overrides"), name)
        return self.cluster.variable(name) if found is None else found

    @property
    def takes_any_pod(self) -> bool:
        """True if it has, or may get, machines for pods without tolerations."""
        taints = self.variable(TAINTS)
        if taints is None and self.is_control_plane:
            return False  # kubeadm's own taint
        effects = {taint.get("effect") for taint in taints or ()}
        return self.most > 0 and not effects & KEEP_OFF

    @property
    def failure_domain(self) -> str:
        """The zone that a pool names; empty where it names none."""
        return str(self.props.get("failureDomain") or "")

    @property
    def is_health_checked(self) -> bool:
        """True if unhealthy machines are replaced."""
        return bool(section(self.props, "healthCheck").get("enabled"))

    @property
    def drain_timeout(self) -> int:
        """The seconds that a drain may take; 0 waits forever."""
        return number(section(self.props, "deletion").get("nodeDrainTimeoutSeconds")) or 0

    @property
    def max_surge(self) -> int | str:
        """The machines above `replicas` during a rollout: a number, or a share such as `25%`."""
        return self._in_rollout("maxSurge", 1)

    @property
    def max_unavailable(self) -> int | str:
        """The machines below `replicas` during a rollout: a number, or a share such as `25%`."""
        return self._in_rollout("maxUnavailable", 0)

    def _in_rollout(self, field: str, default: int) -> int | str:
        value = section(self.props, "rollout", "strategy", "rollingUpdate").get(field, default)
        return value if isinstance(value, str) else number(value) or 0

    def machines(self, share: int | str, *, round_up: bool) -> int:
        """The number of its machines that `max_surge` or `max_unavailable` stands for."""
        if isinstance(share, int):
            return share
        percent = share.removesuffix("%")
        hundredths = (self.replicas or 0) * (int(percent) if percent.isdecimal() else 0)
        return -(-hundredths // 100) if round_up else hundredths // 100


def _values(variables: list[Props]) -> dict[str, Any]:
    return {str(entry.get("name")): entry.get("value") for entry in variables}


def _value(variables: list[Props], name: str) -> Any:
    for entry in variables:
        if entry.get("name") == name:
            return entry.get("value")
    return None
