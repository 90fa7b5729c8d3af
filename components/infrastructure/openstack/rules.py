"""Checks of a stack file on OpenStackSettings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from components.cluster.settings import Cluster
from components.finding import Finding
from components.infrastructure.groups import overlapping
from components.infrastructure.interface import Placed
from components.infrastructure.openstack.quota import addresses
from components.infrastructure.openstack.settings import (
    LoadBalancerProvider,
    OpenStackSettings,
    Reference,
)
from errors import openstack as codes

Path = tuple[str | int, ...]


def check(settings: OpenStackSettings, clusters: Sequence[Placed]) -> Iterator[Finding]:
    """All rules, over the settings and then over each cluster."""
    for finding in (
        *_references(settings),
        *_credentials(settings),
        *_network(settings, [cluster for _, cluster in clusters]),
        *_images(settings),
    ):
        yield finding.below("infrastructure")
    for place, cluster in clusters:
        for finding in (
            *_endpoint(settings, cluster),
            *_zones(settings, cluster),
            *_ranges(settings, cluster),
            *_spot(cluster),
        ):
            yield finding.below(*place)


def _references(settings: OpenStackSettings) -> Iterator[Finding]:
    """NEITHER_OR_BOTH."""
    existing = settings.network.existing
    given: dict[Path, Reference | None] = {("externalNetwork",): settings.external_network}
    if existing:
        inside: Path = ("network", "existing")
        given[*inside, "network"] = existing.network
        given[*inside, "router"] = existing.router
        given |= {
            (*inside, "subnets", index): subnet for index, subnet in enumerate(existing.subnets)
        }
        made = settings.network.model_fields_set - {"existing"}
        if made:
            what = f"an existing network is used, and `{sorted(made)[0]}` is of one that is made"
            yield Finding(codes.NEITHER_OR_BOTH, inside, what, key=True)
    for path, reference in given.items():
        if reference and not reference.is_clear:
            what = "either `id`, or `name` and `tags`, select an object"
            yield Finding(codes.NEITHER_OR_BOTH, path, what)
    key = settings.ssh_key
    if key and bool(key.public_key) == bool(key.name):
        what = "a key is either the text `publicKey` or the `name` of a key pair"
        yield Finding(codes.NEITHER_OR_BOTH, ("sshKey",), what)


def _credentials(settings: OpenStackSettings) -> Iterator[Finding]:
    """OPENSTACK_CREDENTIALS_MISSING."""
    given = settings.credentials
    if given is None:
        if not settings.auth_url:
            what = "`authUrl` is missing, and `credentials` too"
            yield Finding(codes.OPENSTACK_CREDENTIALS_MISSING, (), what)
        return
    named = {"secret": given.secret, "cloudConfig": given.cloud_config}
    missing = [key for key, name in named.items() if not name]
    if missing:
        what = f"`{missing[0]}` names no Secret"
        yield Finding(codes.OPENSTACK_CREDENTIALS_MISSING, ("credentials",), what)


def _network(settings: OpenStackSettings, clusters: Sequence[Cluster]) -> Iterator[Finding]:
    """NO_EXTERNAL_NETWORK and PROJECT_NETWORK_TOO_SMALL."""
    public = [each.name for each in clusters if each.control_plane.endpoint.public]
    existing = settings.network.existing
    if settings.external_network is None and (public or not existing):
        needs = "the router that is made" if not existing else f"the public API of `{public[0]}`"
        yield Finding(codes.NO_EXTERNAL_NETWORK, (), f"{needs} needs `externalNetwork`")
    if existing:
        return
    cidr, least = settings.network.cidr, addresses(clusters)
    if cidr.network.num_addresses < least:
        yield Finding(
            codes.PROJECT_NETWORK_TOO_SMALL,
            ("network", "cidr"),
            f"{cidr} has {cidr.network.num_addresses} addresses, the stack needs {least}",
            why="machines, load balancers, and what a rollout adds",
            fix=f"Use a /{cidr.network.max_prefixlen - (least - 1).bit_length()} or larger; it "
            "cannot be changed later.",
        )


def _images(settings: OpenStackSettings) -> Iterator[Finding]:
    """IMAGE_WITHOUT_VERSION."""
    if "{version}" not in settings.images:
        what = f"`{settings.images}` has no `{{version}}`"
        yield Finding(codes.IMAGE_WITHOUT_VERSION, ("images",), what)


def _endpoint(settings: OpenStackSettings, cluster: Cluster) -> Iterator[Finding]:
    """OPENSTACK_API_OPEN and NO_ACCESS_LIST."""
    endpoint = cluster.control_plane.endpoint
    path = ("controlPlane", "endpoint")
    if endpoint.public and not endpoint.allowed:
        what = f"the API of `{cluster.name}` would be open to all addresses"
        yield Finding(codes.OPENSTACK_API_OPEN, path, what)
    for index, cidr in enumerate(endpoint.allowed):
        if endpoint.public and cidr.network.prefixlen == 0:
            what = f"{cidr} contains all addresses"
            yield Finding(codes.OPENSTACK_API_OPEN, (*path, "allowed", index), what)
    ovn = settings.load_balancer.provider is LoadBalancerProvider.OVN
    if ovn and (endpoint.public or endpoint.allowed):
        what = f"access would not be limited to the API of `{cluster.name}`"
        yield Finding(codes.NO_ACCESS_LIST, path, what)


def _zones(settings: OpenStackSettings, cluster: Cluster) -> Iterator[Finding]:
    """ONE_NOVA_ZONE."""
    replicas = cluster.control_plane.replicas
    if len(set(settings.zones)) == 1 and replicas > 1:
        what = f"{replicas} control-plane machines would all stand in `{settings.zones[0]}`"
        yield Finding(codes.ONE_NOVA_ZONE, ("controlPlane", "replicas"), what)


def _ranges(settings: OpenStackSettings, cluster: Cluster) -> Iterator[Finding]:
    """PROJECT_NETWORK_OVERLAPS."""
    if settings.network.existing:
        return
    own = settings.network.cidr.network
    for kind, index, cidr in overlapping(cluster, own):
        yield Finding(
            codes.PROJECT_NETWORK_OVERLAPS,
            ("network", kind, index),
            f"{cidr} of {kind} overlaps {own} of the machines",
            why="infrastructure.network.cidr",
        )


def _spot(cluster: Cluster) -> Iterator[Finding]:
    """OPENSTACK_HAS_NO_SPOT."""
    for index, pool in enumerate(cluster.worker_pools):
        if pool.machine.spot:
            what = f"the pool `{pool.name}` requests spot machines"
            yield Finding(
                codes.OPENSTACK_HAS_NO_SPOT, ("workerPools", index, "machine", "spot"), what
            )
