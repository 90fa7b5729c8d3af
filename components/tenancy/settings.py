"""Settings that tenants of a stack file and the component of a tenant share."""

from __future__ import annotations

import re
from enum import StrEnum
from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, Field

from components.addon import SecurityLevel
from components.fields import (
    LABEL,
    ClusterName,
    Count,
    Flag,
    Namespace,
    Quantity,
    Settings,
    refusal,
    shown,
)
from components.observability.alert_settings import ADDRESS, TEAM_NAME
from errors.tenants import BAD_PEER

INTERNET = "internet"
"""The peer that stands for every address that is not private."""
UNITS = {"Mi": 2**20, "Gi": 2**30, "Ti": 2**40}

TenantName = Annotated[str, Field(pattern=f"^{LABEL}$", max_length=40)]
"""The name of a tenant; part of label names."""
Person = Annotated[str, Field(pattern=r"^[^\s{}]([^{}]*[^\s{}])?$", max_length=256)]
"""A group as the API server gets it, with the prefix of its issuer, or `user:` and a user."""


def size(quantity: str) -> int:
    """The bytes of a quantity."""
    return int(quantity[:-2]) * UNITS[quantity[-2:]]


def _peer(text: str) -> str:
    if re.fullmatch(f"({LABEL}/)?{LABEL}", text):  # `internet`, too
        return text
    try:
        ip_network(text)
    except ValueError:
        raise refusal(BAD_PEER, f"{shown(text)} is no end of a connection") from None
    return text


Peer = Annotated[str, AfterValidator(_peer), Field(max_length=128)]
"""An end of a connection: a namespace of the tenant, `tenant/namespace`, `internet`, or a range of
addresses."""


AlertReceiver = Annotated[str, Field(pattern=f"{TEAM_NAME}|{ADDRESS}", max_length=254)]
"""An e-mail address, or the name of a webhook or a team."""
DnsName = Annotated[str, Field(pattern=rf"^{LABEL}(\.{LABEL})*$", max_length=253)]
"""The name of a StorageClass or an address pool."""
PoolLabel = Annotated[str, Field(pattern=f"^{LABEL}$", max_length=63)]
"""The name of a worker pool as the value of a label."""


class ConnectionProtocol(StrEnum):
    """The protocol of a connection."""

    TCP = "TCP"
    UDP = "UDP"
    SCTP = "SCTP"


class PortSettings(Settings):
    """The ports of a connection."""

    ports: Annotated[
        tuple[Annotated[Count, Field(ge=1, le=65535)], ...], Field(min_length=1, max_length=50)
    ]
    """The ports of the destination."""
    protocol: ConnectionProtocol = ConnectionProtocol.TCP
    """The protocol of all of them."""


class Connection(PortSettings):
    """A connection that pods of a namespace may open. Everything else is closed."""

    source: Annotated[Namespace, Field(alias="from")]
    """The namespace of the tenant that opens the connection."""
    to: Peer
    """The destination: a namespace of the tenant, `tenant/namespace`, `internet`, or a range of
    addresses. Another tenant has to accept the connection."""


class AcceptedConnection(PortSettings):
    """A connection from another tenant that pods of a namespace accept."""

    source: Annotated[str, Field(alias="from", pattern=f"^{LABEL}/{LABEL}$", max_length=128)]
    """The other tenant and its namespace, `tenant/namespace`."""
    to: Namespace
    """The namespace of the tenant that accepts the connection."""


class Destination(PortSettings):
    """A destination that all namespaces of all tenants may connect to."""

    to: Annotated[Peer, Field(max_length=128)]
    """`internet`, a range of addresses, or `tenant/namespace`, where that tenant accepts it."""


class People(Settings):
    """People with access to the namespaces of a tenant.

    Each entry is a group as the API server gets it, with the prefix of its issuer. `user:` begins
    the name of a single user.
    """

    owners: Annotated[tuple[Person, ...], Field(max_length=50)] = ()
    """People with the rights of members, who may also delete volumes and give rights to service
    accounts."""
    members: Annotated[tuple[Person, ...], Field(max_length=50)] = ()
    """People who deploy: workloads, Services, routes, ConfigMaps, Secrets, volumes."""
    viewers: Annotated[tuple[Person, ...], Field(max_length=50)] = ()
    """People who read everything but Secrets."""


class ResourceShare(Settings):
    """An amount of resources."""

    cpu: Annotated[Count, Field(ge=1, le=1_000_000)] | None = None
    """CPUs that containers request."""
    memory: Quantity | None = None
    """Memory that containers request, and that they may use at most."""
    storage: Quantity | None = None
    """Storage that PersistentVolumeClaims request."""
    pods: Annotated[Count, Field(ge=1, le=1_000_000)] | None = None
    """The number of pods."""
    load_balancers: Annotated[Count, Field(ge=0, le=1000)] | None = None
    """The number of Services of `type: LoadBalancer`; of a namespace without it none."""
    storage_by_class: Annotated[dict[DnsName, Quantity], Field(max_length=20)] = Field(
        default_factory=dict
    )
    """Storage of a StorageClass that PersistentVolumeClaims request, by its name."""

    def amounts(self) -> dict[str, int]:
        """The amounts by the keys of a stack file; sizes in bytes."""
        found = {
            "cpu": self.cpu,
            "memory": size(self.memory) if self.memory else None,
            "storage": size(self.storage) if self.storage else None,
            "pods": self.pods,
            "loadBalancers": self.load_balancers,
        }
        return {key: value for key, value in found.items() if value is not None}


class NamespaceShare(ResourceShare):
    """The resources of a namespace. CPU and memory always have a limit, or it could take the
    cluster."""

    cpu: Annotated[Count, Field(ge=1, le=1_000_000)] = 4
    """CPUs that containers request."""
    memory: Quantity = "8Gi"
    """Memory that containers request, and that they may use at most."""


class ContainerDefaults(Settings):
    """Resources of containers that name none. Without them a quota would refuse their pods."""

    cpu: Annotated[str, Field(pattern=r"^[1-9][0-9]*m?$", max_length=10)] = "100m"
    """The CPU that a container requests."""
    memory: Quantity = "128Mi"
    """The memory that a container requests."""
    memory_limit: Quantity = "512Mi"
    """The memory that a container may use at most."""


class TenantAlerts(Settings):
    """Alerts about the namespaces of a tenant, in clusters with the add-on `monitoring`."""

    receivers: Annotated[tuple[AlertReceiver, ...], Field(max_length=20)] = ()
    """E-mail addresses, and names of `webhooks` with `forTenants` and of `teams` of the add-on's
    `alerts`. They get the alerts in place of the platform; without any the platform gets them."""


class TenantLogs(Settings):
    """Logs of the namespaces of a tenant, in clusters with the add-on `logs`."""

    days: Annotated[Count, Field(ge=1, le=3650)] | None = None
    """The retention of its logs in Loki; without it that of the add-on. VictoriaLogs has one for
    all."""
    lines_per_second: Annotated[Count, Field(ge=1, le=1_000_000)] | None = None
    """Lines in a second that each node takes of its pods; without it `limits.tenant` of the
    add-on."""


class TenantRegistry(Settings):
    """A project with the name of the tenant in the Harbor of the stack, with a robot that pulls and
    one that pushes. `./caas registry sync` makes it."""

    quota: Quantity
    """The most that its images may take."""
    cluster: ClusterName | None = None
    """The cluster of Harbor, where several have the add-on `harbor`."""


class NamedNamespace(Settings):
    """A namespace of a tenant."""

    name: Namespace
    """The name of the namespace."""
    leaving: Flag = False
    """Closes access and network of the namespace at once, and keeps what is in it; the step before
    it leaves the file."""


class TenantNamespace(NamedNamespace):
    """A namespace of a tenant in a cluster."""

    quota: NamespaceShare = NamespaceShare()
    """The resources that its pods may take."""
    pod_security: SecurityLevel = SecurityLevel.RESTRICTED
    """The Pod Security level that it enforces."""
    open_within: Flag = True
    """Lets its pods reach each other, on all ports."""
    pool: PoolLabel | None = None
    """The worker pool of its pods, which has the label and the taint `caas.dev/pool`."""


class AppOpening(PortSettings):
    """Ports of an application that pods of its namespace reach."""

    name: Annotated[str, Field(pattern=f"^{LABEL}$", max_length=40)]
    """The name of the install, the value of the label `app.kubernetes.io/instance`."""
    namespace: Namespace
    """The namespace of the tenant."""
    itself: Flag = False
    """Only pods of the application reach them."""
