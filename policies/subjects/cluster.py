"""A Cluster as the rules see it.

Values are read when a rule asks for them, so that a value which is not known during a preview
concerns only the rules that need it. Numbers may be doubles: the engine's protocol has no others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from policies.subjects.resource import Item, Kind, Props, number, section
from policies.subjects.subject import PRODUCTION, Subject, objects

GROUP = "cluster.x-k8s.io"
VERSION = "v1beta2"
API_SERVER = "apiServerExtraArgs"
KUBELET = "kubeletExtraArgs"
MACHINE_TYPE = "machineType"
ENDPOINT = "endpoint"
SPOT = "spot"
PLACEMENT = "placement"
ANYWHERE = "any"
ROOT_DISK = "rootDisk"
DATA_DISKS = "dataDisks"
INFRASTRUCTURE_LABEL = "caas.dev/infrastructure"
SNAPSHOTS_LABEL = "caas.dev/etcd-snapshots"
SIMULATED = "in-memory"
MIN_SIZE = "cluster.x-k8s.io/cluster-api-autoscaler-node-group-min-size"
MAX_SIZE = "cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Cluster object of Cluster API.

    Attributes:
        props: the object as it was registered.
        version: the version of its API, `v1beta2`.
        is_patch: whether it is a part of the object of somebody else.
    """

    props: Props
    version: str
    is_patch: bool = False

    @classmethod
    def of(cls, resource_type: str, props: Props) -> Cluster | None:
        """The cluster that a resource is; None for resources of other types."""
        kind = Kind.of(resource_type)
        return cls.at(Item(kind, props)) if concerns(kind) else None

    @classmethod
    def at(cls, item: Item) -> Cluster:
        """The cluster that a resource is known to be."""
        return cls(item.props, item.kind.version, item.kind.is_patch)

    @property
    def name(self) -> str:
        """The name of the object."""
        return str(section(self.props, "metadata").get("name", ""))

    @property
    def labels(self) -> Props:
        """Its labels."""
        return section(self.props, "metadata", "labels")

    @property
    def is_production(self) -> bool:
        """Whether it is labelled `tier: production`."""
        key, value = PRODUCTION
        return bool(self.labels.get(key) == value)

    @property
    def is_simulated(self) -> bool:
        """Whether its machines are simulated, and hold nothing."""
        return bool(self.labels.get(INFRASTRUCTURE_LABEL) == SIMULATED)

    @property
    def has_topology(self) -> bool:
        """Whether it is written in the form that the rules read."""
        return self.version == VERSION and bool(self.topology)

    @property
    def topology(self) -> Props:
        """`spec.topology`."""
        return section(self.props, "spec", "topology")

    @property
    def release(self) -> str:
        """Its Kubernetes version without the `v`; empty where none is named."""
        return str(self.topology.get("version", "")).removeprefix("v")

    @property
    def control_plane(self) -> Group:
        """The control-plane machines."""
        return Group(self, "control plane", section(self.topology, "controlPlane"))

    @property
    def pools(self) -> Iterator[Group]:
        """The worker pools."""
        for pool in section(self.topology, "workers").get("machineDeployments") or ():
            yield Group(self, f"pool `{pool.get('name', '')}`", pool)

    def variable(self, name: str) -> Any:
        """The value of a variable of the cluster; None where it is not set."""
        return _variable(self.topology.get("variables"), name)

    def arguments(self, variable: str) -> Iterator[tuple[str, str]]:
        """Names and values of the command-line arguments in a variable of the cluster."""
        yield from arguments(self.variable(variable))


@dataclass(frozen=True, slots=True)
class Group:
    """The machines of a control plane or of a pool.

    Attributes:
        cluster: the cluster they are of.
        title: what a message calls them.
        props: their part of the topology.
    """

    cluster: Cluster
    title: str
    props: Props

    @property
    def replicas(self) -> int | None:
        """How many machines; None where an autoscaler decides."""
        return number(self.props.get("replicas"))

    @property
    def most(self) -> int:
        """How many machines there may be; of a control plane without a number, one."""
        given = self._bound(MAX_SIZE)
        if given is not None:
            return given
        replicas = self.replicas
        return (1 if self.title == "control plane" else 0) if replicas is None else replicas

    @property
    def fewest(self) -> int:
        """How many machines there are at least."""
        given = self._bound(MIN_SIZE)
        return self.most if given is None else given

    def _bound(self, annotation: str) -> int | None:
        text = str(section(self.props, "metadata", "annotations").get(annotation, ""))
        return int(text) if text.isdecimal() else None

    @property
    def health_check(self) -> bool:
        """Whether its health check is switched on."""
        return bool(section(self.props, "healthCheck").get("enabled"))

    @property
    def drain_timeout(self) -> int:
        """Seconds that a drain may take; 0 waits for ever."""
        return number(section(self.props, "deletion").get("nodeDrainTimeoutSeconds")) or 0

    @property
    def zone(self) -> str:
        """The failure domain that a pool names; empty where it names none."""
        return str(self.props.get("failureDomain") or "")

    def variable(self, name: str) -> Any:
        """The value of a variable: the group's own, or else the cluster's."""
        own = section(self.props, "variables").get("overrides")
        found = _variable(own, name)
        return self.cluster.variable(name) if found is None else found

    @property
    def kubelet_arguments(self) -> Iterator[tuple[str, str]]:
        """Names and values of the kubelet's arguments: the group's own, or else the cluster's."""
        yield from arguments(self.variable(KUBELET))

    def rollout(self, field: str, default: int, *, round_up: bool) -> int:
        """How many machines `maxSurge` or `maxUnavailable` mean, as Cluster API counts them."""
        value = section(self.props, "rollout", "strategy", "rollingUpdate").get(field, default)
        share = str(value).removesuffix("%")
        if not isinstance(value, str) or not share.isdecimal():
            return number(value) or 0
        hundredths = (self.replicas or 0) * int(share)
        return -(-hundredths // 100) if round_up else hundredths // 100


def _variable(variables: Sequence[Props] | None, name: str) -> Any:
    for variable in variables or ():
        if variable.get("name") == name:
            return variable.get("value")
    return None


def arguments(value: Any) -> Iterator[tuple[str, str]]:
    """Names and values of arguments: a list of both, or the mapping of earlier API versions."""
    if hasattr(value, "items"):
        yield from ((str(name), str(given)) for name, given in value.items())
        return
    for argument in value or ():
        yield str(argument.get("name", "")), str(argument.get("value", ""))


concerns = objects("Cluster", group=GROUP)


def _clusters(item: Item) -> Iterator[Cluster]:
    yield Cluster.at(item)


def _topologies(item: Item) -> Iterator[Cluster]:
    cluster = Cluster.at(item)
    if cluster.has_topology:
        yield cluster


def _control_plane(item: Item) -> Iterator[Group]:
    yield Cluster.at(item).control_plane


def _pools(item: Item) -> Iterator[Group]:
    yield from Cluster.at(item).pools


def _groups(item: Item) -> Iterator[Group]:
    yield from _control_plane(item)
    yield from _pools(item)


CLUSTERS = Subject("clusters", concerns, _clusters)
TOPOLOGIES = Subject("clusters", concerns, _topologies)
CONTROL_PLANES = Subject("control planes of clusters", concerns, _control_plane)
POOLS = Subject("worker pools", concerns, _pools)
GROUPS = Subject("control planes and worker pools", concerns, _groups)
