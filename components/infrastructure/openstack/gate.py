"""Reads the project's quotas before anything is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi_openstack import blockstorage, compute, identity, networking

from components.cluster.settings import Cluster
from components.infrastructure.openstack.quota import needed, quota_problems
from components.infrastructure.openstack.site import OpenStackSite
from errors import CaasError


def quotas(
    site: OpenStackSite, clusters: Sequence[Cluster]
) -> pulumi.Output[list[pulumi.Resource]]:
    """The dependency of all resources, which succeeds if the quotas are sufficient.

    Raises, when it is resolved:
        pulumi.RunError: QUOTA_TOO_SMALL.
    """
    settings = site.settings
    region = settings.region
    opts = site.invoke_options()
    project = identity.get_auth_scope_output(name="caas", region=region, opts=opts).project_id
    machines = compute.get_limits_v2_output(project_id=project, region=region, opts=opts)
    volumes = blockstorage.get_quotaset_v3_output(project_id=project, region=region, opts=opts)
    network = networking.get_quota_v2_output(project_id=project, region=region, opts=opts)
    types = settings.known_machine_types()
    sizes = {**settings.SIZES, **settings.machine_types}
    known = {**types, **{size: types[name] for size, name in sizes.items() if name in types}}
    need = needed(clusters, known, made_network=settings.network.existing is None)

    def compare(quota: dict[str, Any]) -> list[pulumi.Resource]:
        problems = list(quota_problems(quota, need))
        if problems:
            error = CaasError.of(problems)
            raise pulumi.RunError(str(error)) from error
        return []

    return pulumi.Output.all(
        instances=machines.max_total_instances,
        cores=machines.max_total_cores,
        memoryMiB=machines.max_total_ram_size,
        serverGroups=machines.max_server_groups,
        serverGroupMembers=machines.max_server_group_members,
        volumes=volumes.volumes,
        gigabytes=volumes.gigabytes,
        networks=network.network,
        subnets=network.subnet,
        routers=network.router,
        ports=network.port,
        securityGroups=network.security_group,
        floatingIps=network.floatingip,
    ).apply(compare)
