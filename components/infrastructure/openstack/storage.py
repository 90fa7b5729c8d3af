"""Swift containers and the Designate zone of a stack: what holds data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_openstack import dns, objectstorage

from components.infrastructure.openstack.names import CONTAINERS

if TYPE_CHECKING:
    from components.infrastructure.openstack.foundation import OpenStackFoundation


def containers(foundation: OpenStackFoundation) -> None:
    """Private, versioned containers for etcd backups, logs and the registry."""
    wanted = foundation.settings.containers
    if wanted is None:
        return
    for purpose in CONTAINERS:
        objectstorage.Container(
            f"{foundation.name}-{purpose}",
            name=f"{wanted.prefix}-{purpose}",
            storage_policy=wanted.storage_policy,
            versioning=True,
            force_destroy=False,
            metadata={"caas-stack": foundation.name},
            region=foundation.settings.region,
            opts=foundation.holds_data,
        )


def dns_zone(foundation: OpenStackFoundation) -> None:
    """The zone of the stack, where the stack file names one."""
    wanted = foundation.settings.dns_zone
    if wanted:
        dns.Zone(
            f"{foundation.name}-zone",
            name=f"{wanted.name}.",
            email=wanted.email,
            description=f"Clusters of the stack {foundation.name}",
            ttl=300,
            region=foundation.settings.region,
            opts=foundation.holds_data,
        )
