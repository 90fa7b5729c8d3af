"""Checks of a stack file on AWS: the network and the endpoint of the API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network

from components.cluster.settings import Cluster
from components.finding import Finding
from components.infrastructure.aws import machine_rules
from components.infrastructure.aws.network_settings import Endpoint, ExistingVpc, Nat
from components.infrastructure.aws.settings import AwsSettings
from components.infrastructure.aws.subnets import room, subnets
from components.infrastructure.aws.templates import API_PORT
from components.infrastructure.groups import overlapping
from components.infrastructure.interface import Placed
from errors import aws as codes

Path = tuple[str | int, ...]
HERE: Path = ("infrastructure",)
NETWORK: Path = ("infrastructure", "network")
LARGEST_VPC, SMALLEST_PUBLIC = 16, 27
ZONES_TO_SURVIVE = 3
NEEDED = (Endpoint.EC2, Endpoint.ELB, Endpoint.S3, Endpoint.SECRETS_MANAGER, Endpoint.STS)
"""The services that machines and their controllers need to join a cluster."""
OF_NEW_VPC = ("nat", "endpoints", "flow_logs")


def check(settings: AwsSettings, clusters: Sequence[Placed]) -> Iterator[Finding]:
    """Every rule of `errors.aws`."""
    yield from _zones(settings)
    if settings.network.existing:
        yield from _existing(settings, settings.network.existing, clusters)
    else:
        yield from _size(settings, clusters)
        yield from _ways_out(settings)
    yield from _controllers(settings, clusters)
    for place, cluster in clusters:
        for finding in (
            *_overlaps(settings, cluster),
            *_spread(settings, cluster),
            *_endpoint(settings, cluster),
            *machine_rules.check(settings, cluster),
        ):
            yield finding.below(*place)


def _zones(settings: AwsSettings) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, zone in enumerate(settings.zones):
        path = (*HERE, "zones", index)
        if zone[:-1] != settings.region:
            what = f"`{zone}` is not a zone of {settings.region}"
            yield Finding(codes.BAD_ZONE, path, what, fix=f"Write `{settings.region}{zone[-1]}`.")
        elif zone in seen:
            yield Finding(codes.BAD_ZONE, path, f"the zone `{zone}` is written twice")
        seen.add(zone)


def _size(settings: AwsSettings, clusters: Sequence[Placed]) -> Iterator[Finding]:
    cidr = settings.network.cidr
    network, path = cidr.network, (*NETWORK, "cidr")
    if not isinstance(network, IPv4Network) or network.prefixlen < LARGEST_VPC:
        what = f"a VPC cannot have the range {cidr}"
        yield Finding(codes.VPC_TOO_SMALL, path, what, why="AWS allows IPv4 from /16 on")
        return
    zones = len(settings.failure_domains())
    try:
        private, public = subnets(network, zones)
    except ValueError:
        yield Finding(codes.VPC_TOO_SMALL, path, f"{cidr} cannot be divided over {zones} zones")
        return
    if public[0].prefixlen > SMALLEST_PUBLIC:
        what = f"{cidr} leaves a /{public[0].prefixlen} for each public subnet"
        why = f"load balancers need a /{SMALLEST_PUBLIC}"
        yield Finding(codes.VPC_TOO_SMALL, path, what, why=why, fix="Use a larger range.")
        return
    machines = sum(cluster.most_in_rollout for _, cluster in clusters)
    if machines > (space := room(private[0]) * zones):
        what = f"{cidr} has room for {space} machines, the clusters may have {machines}"
        yield Finding(codes.VPC_TOO_SMALL, path, what, fix="Use a larger range, up to a /16.")


def _ways_out(settings: AwsSettings) -> Iterator[Finding]:
    network = settings.network
    missing = [each.value for each in NEEDED if each not in network.endpoints]
    if network.nat is Nat.NONE and missing:
        what = f"without NAT, the endpoints {', '.join(missing)} are missing"
        fix = f"Add them: `endpoints: [{', '.join(each.value for each in NEEDED)}]`."
        yield Finding(codes.NO_WAY_OUT, (*NETWORK, "endpoints"), what, fix=fix)


def _existing(
    settings: AwsSettings, vpc: ExistingVpc, clusters: Sequence[Placed]
) -> Iterator[Finding]:
    network = settings.network
    for field in OF_NEW_VPC:
        if field in network.model_fields_set:
            name = type(network).model_fields[field].alias or field
            what = f"`{name}` belongs to a VPC that is made, and this one is there"
            yield Finding(codes.SETTING_OF_NEW_VPC, (*NETWORK, name), what, key=True)
    path = (*NETWORK, "existing", "subnets")
    zones = settings.failure_domains()
    for index, subnet in enumerate(vpc.subnets):
        if subnet.zone not in zones:
            what = f"`{subnet.zone}` is not one of the zones {', '.join(zones)}"
            yield Finding(codes.BAD_ZONE, (*path, index, "zone"), what)
    public_api = any(cluster.control_plane.endpoint.public for _, cluster in clusters)
    for public in (False, True) if public_api else (False,):
        found = Counter(subnet.zone for subnet in vpc.subnets if subnet.public is public)
        missing = [zone for zone in zones if not found[zone]]
        if missing:
            kind = "public" if public else "private"
            what = f"there is no {kind} subnet in {', '.join(missing)}"
            yield Finding(codes.SUBNETS_MISSING, path, what)


def _controllers(settings: AwsSettings, clusters: Sequence[Placed]) -> Iterator[Finding]:
    own = next((cluster.name for place, cluster in clusters if place[0] == "management"), None)
    given = settings.controller_cluster
    path = (*HERE, "controllerCluster")
    if own and given != own and not settings.identity.role_arn:
        what = f"the controllers run on `{own}`, whose role may make no machines"
        fix = f"Write `controllerCluster: {own}`."
        yield Finding(codes.NO_CONTROLLER_CLUSTER, path if given else HERE, what, fix=fix)
    elif given and given not in {cluster.name for _, cluster in clusters}:
        what = f"there is no cluster `{given}`"
        yield Finding(codes.NO_CONTROLLER_CLUSTER, path, what)


def _overlaps(settings: AwsSettings, cluster: Cluster) -> Iterator[Finding]:
    vpc = settings.network.cidr
    for kind, index, cidr in overlapping(cluster, vpc.network):
        yield Finding(
            codes.VPC_OVERLAPS_CLUSTER,
            ("network", kind, index),
            f"{cidr} of {kind} overlaps the VPC's {vpc}",
            why="infrastructure.network.cidr",
        )


def _spread(settings: AwsSettings, cluster: Cluster) -> Iterator[Finding]:
    machines, zones = cluster.control_plane.replicas, settings.failure_domains()
    if machines > 1 and len(zones) < ZONES_TO_SURVIVE:
        yield Finding(
            codes.TOO_FEW_ZONES,
            ("controlPlane", "replicas"),
            f"{machines} machines stand in {len(zones)} zone{'s' if len(zones) > 1 else ''}",
            why=f"infrastructure.zones: {', '.join(zones)}",
        )


def _endpoint(settings: AwsSettings, cluster: Cluster) -> Iterator[Finding]:
    endpoint, path = cluster.control_plane.endpoint, ("controlPlane", "endpoint")
    if endpoint.host:
        what = f"the API of `{cluster.name}` cannot be `{endpoint.host}`"
        yield Finding(codes.ENDPOINT_OF_AWS, (*path, "host"), what)
    if endpoint.port != API_PORT:
        what = f"the API of `{cluster.name}` cannot listen on {endpoint.port}"
        yield Finding(codes.ENDPOINT_OF_AWS, (*path, "port"), what)
    for index, cidr in enumerate(endpoint.allowed):
        if cidr.network.prefixlen == 0:
            what = f"{cidr} allows all addresses"
            yield Finding(codes.OPEN_API, (*path, "allowed", index), what)
    if not endpoint.public:
        return
    if not endpoint.allowed:
        what = f"the API of `{cluster.name}` is public, and no range is allowed"
        yield Finding(codes.OPEN_API, (*path, "public"), what, why="`allowed` is empty")
    network = settings.network
    if not network.existing and network.nat is Nat.NONE:
        what = "machines without NAT cannot reach a public API"
        yield Finding(codes.NO_WAY_OUT, (*path, "public"), what)
    elif network.existing and not network.existing.nat_addresses:
        what = "it is not known from where the machines come to a public API"
        fix = "List the addresses in `infrastructure.network.existing.natAddresses`."
        yield Finding(codes.NO_WAY_OUT, (*path, "public"), what, fix=fix)
