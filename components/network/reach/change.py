"""Connections that a change of policies opens and closes.

No pair of ends is missed, though not every pair is looked at. A connection that opens or closes is
open before or after, and other policies decide about one of its sides. So it is among those that
the policies of a changed side name, or any for a side that no policy isolates.

Between two neighbouring port numbers of the policies the answer stays the same, so that one port of
each interval stands for the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from components.mappings import Props, entries, section
from components.network.policies import NAMESPACE_LABEL
from components.network.reach.ends import PROTOCOLS, Address, FlowEnd
from components.network.reach.evaluator import Flow, PolicySet, Side
from components.network.reach.matching import (
    EVERY,
    cluster_policy_peer,
    cluster_policy_ports,
    named_namespace,
    network_policy_peer,
    network_policy_ports,
)

Ports = tuple[tuple[str, tuple[range, ...]], ...]
"""The ranges of each protocol that has any."""
_Reached = set[tuple[str, int]]
"""Protocols and ports."""
_Pair = tuple[str, str]
"""The titles of two ends."""


@dataclass(frozen=True, slots=True)
class NetworkChange:
    """Ports on which one end may now reach another, or may no longer.

    Attributes:
        opened: whether they are opened, otherwise closed.
        source: the title of the end that opens connections.
        destination: the title of the other end.
        ports: of the destination.
    """

    opened: bool
    source: str
    destination: str
    ports: Ports

    def __str__(self) -> str:
        may = "may now reach" if self.opened else "may no longer reach"
        return f"network: {self.source} {may} {self.destination} on {_words(self.ports)}"


@dataclass(frozen=True)
class NetworkState:
    """A cluster's policies and ends at one time; an end that is missing reaches nothing.

    Attributes:
        policies: of the cluster.
        ends: with titles of which each is there once.
    """

    policies: PolicySet
    ends: Sequence[FlowEnd]

    @cached_property
    def by_title(self) -> Mapping[str, FlowEnd]:
        """The ends by their titles."""
        return {each.title: each for each in self.ends}

    @cached_property
    def _by_namespace(self) -> Mapping[str, Sequence[FlowEnd]]:
        found: dict[str, list[FlowEnd]] = defaultdict(list)
        for each in self.ends:
            found[each.namespace_labels.get(NAMESPACE_LABEL, "")].append(each)
        return found

    @cached_property
    def _by_addresses(self) -> Mapping[tuple[Address, ...], Sequence[FlowEnd]]:
        found: dict[tuple[Address, ...], list[FlowEnd]] = defaultdict(list)
        for each in self.ends:
            found[each.addresses].append(each)
        return found

    @cached_property
    def _on_machines(self) -> Sequence[FlowEnd]:
        return [each for each in self.ends if each.host_network]

    def deciding(self, title: str, side: Side) -> Sequence[Props]:
        """The policies that may decide about a side of an end; none if it is missing."""
        end = self.by_title.get(title)
        return self.policies.deciding(side, end) if end else ()

    def partners(self, title: str, side: Side) -> set[str]:
        """The ends that the policies of a side of an end may let meet it."""
        end = self.by_title.get(title)
        if end is None:
            return set()
        policies = self.policies.deciding(side, end)
        if not any(each["kind"] == "NetworkPolicy" for each in policies):
            return set(self.by_title)
        found = {title, *(each.title for each in self._on_machines)}
        for policy in policies:
            for rule in entries(policy, "spec", side):
                found |= self._named(policy, rule, side, end)
        return found

    def _named(self, policy: Props, rule: Props, side: Side, end: FlowEnd) -> set[str]:
        """The ends that the peers of a rule match, if it opens connections."""
        peers = entries(rule, side.peers)
        if policy["kind"] != "NetworkPolicy":
            peers = peers if rule.get("action") == "Accept" else []
            return {each.title for peer in peers for each in self._of_cluster_policy(peer)}
        if not peers:
            return set(self.by_title)
        return {each.title for peer in peers for each in self._of_policy(peer, end.namespace)}

    def _of_policy(self, peer: Props, namespace: str) -> Iterable[FlowEnd]:
        if "ipBlock" in peer:
            return self._in_block(
                lambda end, address: network_policy_peer(peer, namespace, end, address)
            )
        near = self._within(named_namespace(section(peer, "namespaceSelector")))
        return (each for each in near if network_policy_peer(peer, namespace, each, None))

    def _of_cluster_policy(self, peer: Props) -> Iterable[FlowEnd]:
        if "networks" in peer:
            return self._in_block(
                lambda end, address: cluster_policy_peer(peer, end, address) == "matches"
            )
        near = self._within(named_namespace(section(peer, "namespaces")))
        return (each for each in near if cluster_policy_peer(peer, each, None) == "matches")

    def _in_block(self, matches: Callable[[FlowEnd, Address], bool]) -> Iterator[FlowEnd]:
        for addresses, ends in self._by_addresses.items():
            if any(matches(ends[0], each) for each in addresses):
                yield from ends

    def _within(self, namespace: str | None) -> Sequence[FlowEnd]:
        """The ends of a namespace, or all."""
        return self.ends if namespace is None else self._by_namespace.get(namespace, ())


@dataclass(frozen=True, slots=True)
class NetworkComparison:
    """Compares states of clusters. Pairs of ends that clusters have alike are compared once."""

    _known: dict[tuple[object, ...], tuple[tuple[NetworkChange, ...], object]] = field(
        default_factory=dict
    )

    def changes(self, before: NetworkState, after: NetworkState) -> list[NetworkChange]:
        """All that a change opens and closes between ends; no other connection is affected.

        Args:
            before: the running state.
            after: the wanted state.
        """
        pairs: set[_Pair] = set()
        for title in {**before.by_title, **after.by_title}:
            other = before.by_title.get(title) != after.by_title.get(title)
            for side in Side:
                if other or before.deciding(title, side) != after.deciding(title, side):
                    partners = before.partners(title, side) | after.partners(title, side)
                    pairs |= {_pair(side, title, each) for each in partners}
        return [each for pair in sorted(pairs) for each in self._between(before, after, *pair)]

    def _between(
        self, before: NetworkState, after: NetworkState, source: str, destination: str
    ) -> tuple[NetworkChange, ...]:
        states = (before, after)
        ends = [state.by_title.get(title) for state in states for title in (source, destination)]
        deciding = [
            state.deciding(title, side)
            for state in states
            for title, side in ((source, Side.EGRESS), (destination, Side.INGRESS))
        ]
        # Objects that are kept in the value have identities that stay theirs.
        key = (*map(id, ends), *(tuple(map(id, each)) for each in deciding))
        if key not in self._known:
            found = tuple(_differences(before, after, source, destination))
            self._known[key] = found, (ends, deciding)
        return self._known[key][0]


def _pair(side: Side, title: str, partner: str) -> _Pair:
    return (title, partner) if side is Side.EGRESS else (partner, title)


def _differences(
    before: NetworkState, after: NetworkState, source: str, destination: str
) -> Iterator[NetworkChange]:
    states = (before, after)
    ends = [end for state in states if (end := state.by_title.get(destination))]
    policies = [
        policy
        for state in states
        for title, side in ((source, Side.EGRESS), (destination, Side.INGRESS))
        for policy in state.deciding(title, side)
    ]
    intervals = _intervals(policies, ends)
    first = [each.start for each in intervals]
    was, will = (_reachable(state, source, destination, first) for state in states)
    for opened, found in ((True, will - was), (False, was - will)):
        if found:
            yield NetworkChange(opened, source, destination, _joined(found, intervals))


def _reachable(
    state: NetworkState, source: str, destination: str, ports: Iterable[int]
) -> _Reached:
    """The given ports that are open, by protocol."""
    one, other = state.by_title.get(source), state.by_title.get(destination)
    if one is None or other is None:
        return set()
    return {
        (protocol, port)
        for protocol in PROTOCOLS
        for port in ports
        if state.policies.allows(Flow(one, other, port, protocol))
    }


def _intervals(policies: Iterable[Props], ends: Sequence[FlowEnd]) -> list[range]:
    """The port numbers, in intervals in which no rule begins or ends."""
    starts = {EVERY.start}
    for policy in policies:
        for side in Side:
            for rule in entries(policy, "spec", side):
                for ports in _ranges(rule, ends):
                    starts |= {ports.start, ports.stop}
    known = sorted(each for each in starts if each in EVERY)
    return [range(start, stop) for start, stop in zip(known, [*known[1:], EVERY.stop], strict=True)]


def _ranges(rule: Props, ends: Sequence[FlowEnd]) -> Iterator[range]:
    for protocol in PROTOCOLS:
        for end in ends:
            for each in entries(rule, "ports"):
                yield network_policy_ports(each, protocol, end)
            for each in entries(rule, "protocols"):
                yield cluster_policy_ports(each, protocol, end)


def _joined(found: _Reached, intervals: Sequence[range]) -> Ports:
    """The intervals that begin with the given ports, neighbours made one."""
    ranges: dict[str, list[range]] = defaultdict(list)
    for protocol in PROTOCOLS:
        for each in intervals:
            if (protocol, each.start) not in found:
                continue
            own = ranges[protocol]
            if own and own[-1].stop == each.start:
                own[-1] = range(own[-1].start, each.stop)
            else:
                own.append(each)
    return tuple((protocol, tuple(each)) for protocol, each in ranges.items())


def _words(ports: Ports) -> str:
    if ports == tuple((protocol, (EVERY,)) for protocol in PROTOCOLS):
        return "every port"
    words = []
    for protocol, ranges in ports:
        numbers = [
            str(each.start) if len(each) == 1 else f"{each.start}-{each.stop - 1}"
            for each in ranges
        ]
        words.append(
            f"every {protocol} port" if ranges == (EVERY,) else f"{protocol} {', '.join(numbers)}"
        )
    return " and ".join(words)
