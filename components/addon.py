"""The description of an add-on: what it installs, needs and excludes, and what it opens.

Its settings (`components.addon_settings`) make the description for one cluster;
`components.delivery` brings it there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from components.chart import Chart
from components.mappings import Manifest

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
APPLICATIONS = "applications"
"""The role of what installs the applications of tenants; of the management cluster."""
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
        purpose: the two ends of the connection.
        protocol: `TCP` or `UDP`; of others the name, `IP-in-IP`, with `number` 0.
    """

    number: int
    purpose: str
    protocol: str = "TCP"


@dataclass(frozen=True, slots=True)
class Download:
    """Something that pods of an add-on get from the internet by themselves.

    Attributes:
        what: what it is and where it comes from.
        path: the settings that ask for it, from the add-on's on.
        fix: the way to do without.
    """

    what: str
    path: tuple[str | int, ...]
    fix: str


@dataclass(frozen=True, slots=True)
class OwnStore:
    """A place outside of the cluster that only one installation of an add-on may use.

    Attributes:
        place: what tells it from other places.
        path: the settings that name it, from the add-on's on.
        what: a word for it, with its name.
    """

    place: tuple[str, ...]
    path: tuple[str | int, ...]
    what: str


@dataclass(frozen=True, slots=True)
class Addon:
    """An add-on in one cluster.

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
        downloads: what its pods get from the internet beside charts and images.
        annotations: of the ClusterResourceSet that brings the objects to the clusters of a stack.
            Clusters do not get them.
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
    downloads: tuple[Download, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)
