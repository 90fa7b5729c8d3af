"""Swift containers and the Designate zone of a stack: what holds data."""

from __future__ import annotations

import pulumi
from pulumi_openstack import dns, objectstorage

from components.infrastructure.openstack.names import CONTAINERS
from components.infrastructure.openstack.site import OpenStackSite


def containers(site: OpenStackSite) -> dict[str, pulumi.Output[str]]:
    """Private, versioned containers for etcd backups, logs and the registry; names by purpose."""
    wanted = site.settings.containers
    if wanted is None:
        return {}
    return {
        purpose: objectstorage.Container(
            f"{site.stack}-{purpose}",
            name=f"{wanted.prefix}-{purpose}",
            storage_policy=wanted.storage_policy,
            versioning=True,
            force_destroy=False,
            metadata={"caas-stack": site.stack},
            region=site.region,
            opts=site.options(data=True),
        ).name
        for purpose in CONTAINERS
    }


def dns_zone(site: OpenStackSite) -> pulumi.Output[str] | None:
    """The id of the zone of the stack; None where the stack file names none."""
    wanted = site.settings.dns_zone
    if wanted is None:
        return None
    return dns.Zone(
        f"{site.stack}-zone",
        name=f"{wanted.name}.",
        email=wanted.email,
        description=f"Clusters of the stack {site.stack}",
        ttl=300,
        region=site.region,
        opts=site.options(data=True),
    ).id
