"""What an add-on is: what it installs, what it needs, what it excludes; not how it gets there.

An add-on is a settings model, what a stack file may say below `addons`, that knows what it is in a
cluster. `components.addons.Addons` lists them all; `components.delivery` brings them to clusters.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from components.chart import Chart
from components.fields import Flag, LabelKey, LabelValue, Settings
from components.finding import Finding

if TYPE_CHECKING:  # both of them have add-ons
    from components.cluster.settings import Cluster
    from components.infrastructure.interface import Infrastructure

Manifest = dict[str, Any]

NETWORK = "network"
"""The role of a network plug-in; a cluster has one."""
CERTIFICATES = "certificates"
"""The role of what makes Certificates and Issuers of cert-manager.io."""
GATEWAY_API = "gateway-api"
"""The role of what owns the definitions of the Gateway API; a cluster has one."""
LOAD_BALANCER = "load-balancer"
"""The role of what owns Services of `type: LoadBalancer` without a class; a cluster has one."""
VOLUMES = "volumes"
"""The role of what provisions volumes; several may be there, with one default class."""
SNAPSHOTS = "snapshots"
"""The role of what snapshots volumes: the snapshot controller and its definitions."""
METRICS = "metrics"
"""The role of what reads ServiceMonitors and PrometheusRules."""
EXCLUSIVE = {
    NETWORK: "a cluster has one network plug-in",
    GATEWAY_API: "only one component may own the definitions of the Gateway API",
    LOAD_BALANCER: "exactly one owns Services of `type: LoadBalancer`",
}
"""Roles that only one add-on of a cluster may have, and why."""


class SecurityLevel(StrEnum):
    """A Pod Security level: what the pods of a namespace may do."""

    PRIVILEGED = "privileged"
    BASELINE = "baseline"
    RESTRICTED = "restricted"


@dataclass(frozen=True, slots=True)
class Port:
    """A port that an add-on opens on machines or between them.

    Attributes:
        number: the port, or the first of a range.
        purpose: who talks to whom.
        protocol: `TCP` or `UDP`; of others the name, `IP-in-IP`, with `number` 0.
    """

    number: int
    purpose: str
    protocol: str = "TCP"


@dataclass(frozen=True, slots=True)
class Addon:
    """What an add-on is in one cluster.

    Attributes:
        name: its key in a stack file, `metallb`.
        charts: in the order of their needs.
        namespaces: each namespace that it has to itself, and the level that it enforces.
        objects: what follows the charts: instances of what they define, in the order of needs. Only
            the name of the cluster may be a template in them, and no secret.
        objects_first: whether the charts wait for them instead: others bring what defines them.
        secrets: names of Secrets that it refers to; see `components.delivery`.
        provides: the roles that it has, `NETWORK`; those in `EXCLUSIVE` only once in a cluster.
        needs: the roles that something in the cluster must have.
        ports: what it opens.
        privileges: what its pods may do that others may not, a phrase each.
        ready: what is available when it works, `Deployment metallb-system/metallb-controller`.
    """

    name: str
    charts: tuple[Chart, ...] = ()
    namespaces: Mapping[str, SecurityLevel] = field(default_factory=dict)
    objects: tuple[Manifest, ...] = ()
    objects_first: bool = False
    secrets: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    ports: tuple[Port, ...] = ()
    privileges: tuple[str, ...] = ()
    ready: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """A cluster that gets add-ons.

    Attributes:
        cluster: the cluster; write `components.chart.CLUSTER_NAME` for its name, so that clusters
            that differ in nothing else share what is delivered.
        infrastructure: what its machines are.
        addons: the settings of every add-on that it gets, by key in a stack file.
        management: whether it is the management cluster.
    """

    cluster: Cluster
    infrastructure: Infrastructure
    addons: Mapping[str, AddonSettings]
    management: bool = False

    def has(self, *keys: str) -> bool:
        """Whether it gets one of these add-ons, by their keys in a stack file."""
        return any(key in self.addons for key in keys)


class AddonSettings(Settings):
    """The base of every add-on's settings."""

    TITLE: ClassVar[str]
    """What it is, for people: `MetalLB`."""
    SUMMARY: ClassVar[str]
    """What it does for a cluster, one sentence."""
    EXAMPLE: ClassVar[Mapping[str, Any]] = {}
    """The least that a stack file has to say about it."""

    selector: Annotated[dict[LabelKey, LabelValue], Field(max_length=20)] = Field(
        default_factory=dict
    )
    """Of an add-on of the stack: only clusters that carry these labels get it; empty for all."""
    values: dict[str, Any] = Field(default_factory=dict)
    """Values of the add-on's main chart that no field covers; they win over everything else."""
    allow_unsupported: Flag = False
    """Installs it also on a Kubernetes version that its project does not list."""

    @abstractmethod
    def addon(self, target: Target) -> Addon:
        """What it is in a cluster. Settings that `check` has found wrong are never asked."""

    def check(self, target: Target) -> Iterator[Finding]:
        """What is wrong with it in a cluster; paths begin at the add-on's settings."""
        yield from ()

    def gateway_class(self) -> str:
        """The GatewayClass that it serves, one of `components.ingress.classes`; empty for none."""
        return ""


def merged(values: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a chart with a user's own over them, as Helm does it: mappings key by key."""
    result = dict(values)
    for key, value in own.items():
        old = result.get(key)
        inner = isinstance(old, Mapping) and isinstance(value, Mapping)
        result[key] = merged(old or {}, value) if inner else value
    return result
