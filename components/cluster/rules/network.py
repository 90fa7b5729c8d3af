"""Rules about the address ranges of one cluster; kubeadm and the API server hold the same ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from components.addresses import Cidr
from components.cluster.settings import Cluster
from components.finding import Finding
from errors import stack_rules

IPV4, IPV6 = 4, 6
BLOCK_BITS = {IPV4: 24, IPV6: 64}  # what a machine takes of the pod range
MOST_BLOCK_BITS = 16  # kubeadm: PodSubnetNodeMaskMaxDiff
MOST_SERVICE_BITS = 20  # kube-apiserver: maxCIDRBits
FEWEST_SERVICES = 10  # kubeadm: MinimumAddressesInServiceSubnet
KINDS = ("pods", "services", "machines")


def check(cluster: Cluster) -> Iterator[Finding]:
    """RANGES_OVERLAP, TOO_MANY_RANGES, FAMILIES_DIFFER, and the rules of sizes."""
    for finding in (
        *_overlaps(cluster),
        *_families(cluster),
        *_pod_sizes(cluster),
        *_service_sizes(cluster.network.services),
    ):
        yield finding.below("network")


def _overlaps(cluster: Cluster) -> Iterator[Finding]:
    ranges = [
        (kind, index, cidr)
        for kind in KINDS
        for index, cidr in enumerate(getattr(cluster.network, kind))
    ]
    for position, (kind, index, cidr) in enumerate(ranges):
        other = next((one for one in ranges[:position] if _overlap(one[2], cidr)), None)
        if other:
            yield Finding(
                stack_rules.RANGES_OVERLAP,
                (kind, index),
                f"{cidr} of {kind} overlaps {other[2]} of {other[0]}",
                why=f"network.{other[0]}[{other[1]}]",
            )


def _overlap(one: Cidr, other: Cidr) -> bool:
    return one.network.version == other.network.version and one.network.overlaps(other.network)


def _families(cluster: Cluster) -> Iterator[Finding]:
    network = cluster.network
    pods, services = _versions(network.pods), _versions(network.services)
    several = [
        (kind, versions)
        for kind, versions in (("pods", pods), ("services", services))
        if len(set(versions)) != len(versions)
    ]
    for kind, versions in several:
        index = next(i for i, version in enumerate(versions) if version in versions[:i])
        what = f"{kind} have more than one IPv{versions[index]} range"
        yield Finding(stack_rules.TOO_MANY_RANGES, (kind, index), what)
    if pods != services and not several:
        what = f"pods have {_spelled(pods)}, services have {_spelled(services)}"
        yield Finding(stack_rules.FAMILIES_DIFFER, ("services",), what)


def _versions(ranges: Sequence[Cidr]) -> list[int]:
    return [cidr.network.version for cidr in ranges]


def _spelled(versions: Sequence[int]) -> str:
    return " and ".join(f"IPv{version}" for version in versions)


def _argument(cluster: Cluster, name: str) -> str | None:
    options = cluster.control_plane.kubeadm.controller_manager.extra_args
    return next((arg.value for arg in options if arg.name == name), None)


def _block_bits(cluster: Cluster, version: int) -> int:
    dual = len(cluster.network.pods) > 1
    name = f"node-cidr-mask-size-ipv{version}" if dual else "node-cidr-mask-size"
    value = _argument(cluster, name) or ""
    return int(value) if value.isdecimal() and len(value) < len("1000") else BLOCK_BITS[version]


def _pod_sizes(cluster: Cluster) -> Iterator[Finding]:
    if _argument(cluster, "allocate-node-cidrs") == "false":
        return  # the CNI divides the range, in its own way
    machines = cluster.most_in_rollout
    for index, cidr in enumerate(cluster.network.pods):
        block = _block_bits(cluster, cidr.network.version)
        bits = block - cidr.network.prefixlen
        path = ("pods", index)
        if bits > MOST_BLOCK_BITS:
            yield Finding(
                stack_rules.POD_RANGE_TOO_LARGE,
                path,
                f"{cidr} is too large for blocks of /{block}",
                fix=f"Use a /{block - MOST_BLOCK_BITS} or smaller.",
            )
        elif bits < 0 or 2**bits < machines:
            needed = max(block - (machines - 1).bit_length(), 0)
            yield Finding(
                stack_rules.POD_RANGE_TOO_SMALL,
                path,
                f"{cidr} has room for {2**bits if bits >= 0 else 0} machines, "
                f"`{cluster.name}` may have {machines}",
                why=f"each takes a /{block}, and a rollout adds machines",
                fix=f"Use a /{needed} or larger; it cannot be changed later.",
            )


def _service_sizes(services: Sequence[Cidr]) -> Iterator[Finding]:
    for index, cidr in enumerate(services):
        network = cidr.network
        path, longest = ("services", index), network.max_prefixlen
        if longest - network.prefixlen > MOST_SERVICE_BITS:
            what = f"{cidr} has more than 2^{MOST_SERVICE_BITS} addresses"
            fix = f"Use a /{longest - MOST_SERVICE_BITS} or smaller."
            yield Finding(stack_rules.SERVICE_RANGE_TOO_LARGE, path, what, fix=fix)
        elif network.num_addresses < FEWEST_SERVICES:
            what = f"{cidr} has only {network.num_addresses} addresses"
            fix = f"Use a /{longest - 4} or larger."
            yield Finding(stack_rules.SERVICE_RANGE_TOO_SMALL, path, what, fix=fix)
