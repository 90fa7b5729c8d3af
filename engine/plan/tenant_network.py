"""Connections of tenants that an apply opens and closes in a cluster, by its policies.

Compared are the namespaces of tenants with each other, with the namespaces and pods of the platform
that their policies name, with all other namespaces, and with addresses outside of the cluster.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from components.mappings import Manifest, Props, entries, section, texts
from components.network.reach.change import NetworkComparison, NetworkState
from components.network.reach.ends import Address, FlowEnd, place
from components.network.reach.evaluator import PolicySet, Side
from components.network.reach.matching import in_block, named_namespace
from components.tenancy.names import TENANT_LABEL
from components.tenancy.network import PRIVATE

POLICIES = ("NetworkPolicy", "ClusterNetworkPolicy")
SAMPLE = 9
"""The place in a range of the address that stands for the others."""
OTHERS = place("*", title="other namespaces")
"""A namespace that no policy names."""
THE_INTERNET = "the internet"
Block = IPv4Network | IPv6Network
Items = tuple[tuple[str, str], ...]
"""Labels as a value that is hashable."""


@dataclass(frozen=True)
class DeliveredSet:
    """A set of objects that clusters get.

    Attributes:
        manifests: its objects.
    """

    manifests: Sequence[Manifest]

    @cached_property
    def policies(self) -> Sequence[Manifest]:
        """The policies among them."""
        return [each for each in self.manifests if each["kind"] in POLICIES]

    @cached_property
    def namespaces(self) -> Mapping[str, Items]:
        """The namespaces of tenants among them, with their labels."""
        return {
            each["metadata"]["name"]: _items(each["metadata"]["labels"])
            for each in self.manifests
            if each["kind"] == "Namespace" and TENANT_LABEL in each["metadata"].get("labels", {})
        }

    @cached_property
    def platform(self) -> frozenset[tuple[str, Items]]:
        """The namespaces that policies name and that are no tenant's, with labels of their pods."""
        found = set()
        for peer in self._peers:
            labels = section(peer, "namespaceSelector", "matchLabels")
            name = named_namespace(section(peer, "namespaceSelector"))
            if name is not None and TENANT_LABEL not in labels:
                found.add((name, _items(section(peer, "podSelector", "matchLabels"))))
        return frozenset(found)

    @cached_property
    def blocks(self) -> frozenset[tuple[str, tuple[str, ...]]]:
        """The ranges of addresses that policies name, with those that are taken out."""
        blocks = (section(each, "ipBlock") for each in self._peers if "ipBlock" in each)
        return frozenset((str(each["cidr"]), tuple(texts(each, "except"))) for each in blocks)

    @property
    def _peers(self) -> Iterator[Props]:
        for policy in self.policies:
            for side in Side:
                for rule in entries(policy, "spec", side):
                    yield from entries(rule, side.peers)

    @property
    def concerns_tenants(self) -> bool:
        """True if it may change connections of tenants."""
        return bool(self.policies or self.namespaces)


@dataclass(frozen=True, slots=True)
class TenantNetworks:
    """Compares the networks of tenants in many clusters; what they have alike is compared once."""

    _comparison: NetworkComparison = field(default_factory=NetworkComparison)

    def words(
        self,
        before: Sequence[DeliveredSet],
        after: Sequence[DeliveredSet],
        ranges: Iterable[str],
    ) -> list[str]:
        """The connections that open and close in a cluster.

        Connections that every namespace of a tenant has, with the platform and within, are left out
        for a new one.

        Args:
            before: the sets of objects that the cluster gets now.
            after: those that it will get.
            ranges: of its pods' network.
        """
        addresses = tuple(_sample(each) for each in ranges)
        every = (*before, *after)
        platform = {*(end for each in every for end in each.platform)}
        common = [OTHERS, *(_platform(*each, addresses) for each in sorted(platform))]
        common += _outside(frozenset().union(*(each.blocks for each in every)))
        old, new = _namespaces(before, addresses), _namespaces(after, addresses)
        states = (
            NetworkState(PolicySet(_policies(sets)), [*own.values(), *common])
            for sets, own in ((before, old), (after, new))
        )
        stays = old.keys() & new.keys()
        moved = {end.title for own in (old, new) for name, end in own.items() if name not in stays}
        given = {each.title for each in common if each.selectable}
        return [
            str(each)
            for each in self._comparison.changes(*states)
            if not (ends := {each.source, each.destination}) & moved
            or (not ends & given and len(ends) > 1)
        ]


def _policies(sets: Iterable[DeliveredSet]) -> Iterator[Manifest]:
    return (policy for each in sets for policy in each.policies)


def _namespaces(
    sets: Iterable[DeliveredSet], addresses: tuple[Address, ...]
) -> dict[tuple[str, Items], FlowEnd]:
    return {
        (name, labels): _of_tenant(name, labels, addresses)
        for each in sets
        for name, labels in each.namespaces.items()
    }


# Ends that clusters have alike are the same object, so that a comparison knows them.


@lru_cache(maxsize=65536)
def _of_tenant(namespace: str, labels: Items, addresses: tuple[Address, ...]) -> FlowEnd:
    known = dict(labels)
    end = place(namespace, known, f"`{known[TENANT_LABEL]}/{namespace}`")
    return _with(end, {}, addresses)


@lru_cache(maxsize=4096)
def _platform(namespace: str, pods: Items, addresses: tuple[Address, ...]) -> FlowEnd:
    labels = ", ".join("=".join(each) for each in pods)
    title = f"`{namespace}`{f' ({labels})' if labels else ''}"
    return _with(place(namespace, title=title), dict(pods), addresses)


def _with(end: FlowEnd, labels: Mapping[str, str], addresses: tuple[Address, ...]) -> FlowEnd:
    return FlowEnd(
        end.title,
        end.namespace,
        labels=labels,
        namespace_labels=end.namespace_labels,
        addresses=addresses,
    )


@lru_cache(maxsize=4096)
def _outside(named: frozenset[tuple[str, tuple[str, ...]]]) -> list[FlowEnd]:
    """An end for each range of addresses, which is in no smaller one."""
    known = {ip_network(cidr, strict=False) for cidr, _ in named}
    internet: list[Address] = []
    found = []
    for block in sorted(known, key=str):
        inside = [each for each in known if each != block and _contains(block, each)]
        taken = [ip for cidr, ips in named if ip_network(cidr, strict=False) == block for ip in ips]
        free = _free(block, [*inside, *map(ip_network, taken)])
        if free is None:
            continue
        if str(block) in PRIVATE:
            internet.append(free)
        else:
            title = f"the rest of `{block}`" if inside else f"`{block}`"
            found.append(FlowEnd(title, addresses=(free,)))
    return [*found, *([FlowEnd(THE_INTERNET, addresses=tuple(internet))] if internet else [])]


def _contains(block: Block, other: Block) -> bool:
    return block.version == other.version and in_block(str(block), other.network_address)


def _free(block: Block, taken: Sequence[Block]) -> Address | None:
    """An address of a block that is in none of those taken; None if there is none."""
    at, last = int(block.network_address), int(block.broadcast_address)
    while at <= last:
        address = block[at - int(block.network_address)]
        over = next((each for each in taken if in_block(str(each), address)), None)
        if over is None:
            return address
        at = int(over.broadcast_address) + 1
    return None


@lru_cache(maxsize=4096)
def _sample(cidr: str) -> Address:
    return ip_address(ip_network(cidr)[SAMPLE])


def _items(labels: Mapping[str, str]) -> Items:
    return tuple(sorted(labels.items()))
