"""A Cluster as the rules see it.

Values are read when a rule asks for them, so that a value which is not known during a preview
concerns only the rules that need it. Numbers may be doubles: the engine's protocol has no others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

GROUP = "cluster.x-k8s.io/"
VERSION = "v1beta2"
KINDS = ("Cluster", "ClusterPatch")
PRODUCTION = ("tier", "production")
API_SERVER = "apiServerExtraArgs"
KUBELET = "kubeletExtraArgs"
Props = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Cluster object of Cluster API.

    Attributes:
        props: the object as it was registered.
        version: the version of its API, `v1beta2`.
    """

    props: Props
    version: str

    @classmethod
    def of(cls, resource_type: str, props: Props) -> Cluster | None:
        """The cluster that a resource is; None for resources of other types."""
        provider, _, rest = resource_type.partition(":")
        api_version, _, kind = rest.partition(":")
        if provider != "kubernetes" or not api_version.startswith(GROUP) or kind not in KINDS:
            return None
        return cls(props, api_version.removeprefix(GROUP))

    @property
    def name(self) -> str:
        """The name of the object."""
        return str(_in(self.props, "metadata").get("name", ""))

    @property
    def is_production(self) -> bool:
        """Whether it is labelled `tier: production`."""
        key, value = PRODUCTION
        return bool(_in(_in(self.props, "metadata"), "labels").get(key) == value)

    @property
    def has_topology(self) -> bool:
        """Whether it is written in the form that the rules read."""
        return self.version == VERSION and bool(self.topology)

    @property
    def topology(self) -> Props:
        """`spec.topology`."""
        return _in(_in(self.props, "spec"), "topology")

    @property
    def control_plane(self) -> Group:
        """The control-plane machines."""
        return Group(self, "control plane", _in(self.topology, "controlPlane"))

    @property
    def pools(self) -> Iterator[Group]:
        """The worker pools."""
        for pool in _in(self.topology, "workers").get("machineDeployments") or ():
            yield Group(self, f"pool `{pool.get('name', '')}`", pool)

    def arguments(self, variable: str) -> Iterator[tuple[str, str]]:
        """Names and values of the command-line arguments in a variable of the cluster."""
        return _arguments(self.topology.get("variables"), variable)


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
    def health_check(self) -> bool:
        """Whether its health check is switched on."""
        return bool(_in(self.props, "healthCheck").get("enabled"))

    @property
    def drain_timeout(self) -> int:
        """Seconds that a drain may take; 0 waits for ever."""
        return number(_in(self.props, "deletion").get("nodeDrainTimeoutSeconds")) or 0

    @property
    def kubelet_arguments(self) -> Iterator[tuple[str, str]]:
        """Names and values of the kubelet's arguments: the group's own, or else the cluster's."""
        own = _in(self.props, "variables").get("overrides")
        overridden = any(entry.get("name") == KUBELET for entry in own or ())
        return _arguments(own, KUBELET) if overridden else self.cluster.arguments(KUBELET)

    def rollout(self, field: str, default: int, *, round_up: bool) -> int:
        """How many machines `maxSurge` or `maxUnavailable` mean, as Cluster API counts them."""
        strategy = _in(_in(self.props, "rollout"), "strategy")
        value = _in(strategy, "rollingUpdate").get(field, default)
        share = str(value).removesuffix("%")
        if not isinstance(value, str) or not share.isdecimal():
            return number(value) or 0
        hundredths = (self.replicas or 0) * int(share)
        return -(-hundredths // 100) if round_up else hundredths // 100


def number(value: Any) -> int | None:
    """A whole number; None for anything else."""
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _in(props: Props, key: str) -> Props:
    """A mapping in a mapping, empty where there is none."""
    value = props.get(key)
    return value if isinstance(value, Mapping) else {}


def _arguments(variables: Sequence[Props] | None, name: str) -> Iterator[tuple[str, str]]:
    for variable in variables or ():
        if variable.get("name") == name:
            for argument in variable.get("value") or ():
                yield str(argument.get("name", "")), str(argument.get("value", ""))
