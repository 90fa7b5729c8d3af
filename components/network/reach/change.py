"""Connections that a change of policies opens and closes, in words.

Every pair of ends and every port is compared, not only those that a policy names: between two
neighbouring port numbers of the policies the answer stays the same, so that one port of each
interval stands for the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from components.mappings import Props, entries
from components.network.reach.ends import PROTOCOLS, FlowEnd
from components.network.reach.evaluator import Flow, PolicySet, Side, governs
from components.network.reach.matching import EVERY, cluster_policy_ports, network_policy_ports

Ports = tuple[tuple[str, tuple[range, ...]], ...]
"""The ranges of each protocol that has any."""
_Reached = set[tuple[str, int]]
"""Protocols and ports."""


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


@dataclass(frozen=True, slots=True)
class NetworkState:
    """A cluster's policies and ends at one time; an end that is missing reaches nothing.

    Attributes:
        policies: of the cluster.
        ends: with titles of which each is there once.
    """

    policies: PolicySet
    ends: Sequence[FlowEnd]

    def reachable(self, source: str, destination: str, ports: Iterable[int]) -> _Reached:
        """The given ports that are open, by protocol."""
        ends = {each.title: each for each in self.ends}
        if source not in ends or destination not in ends:
            return set()
        return {
            (protocol, port)
            for protocol in PROTOCOLS
            for port in ports
            if self.policies.verdict(Flow(ends[source], ends[destination], port, protocol)).allowed
        }


def changes(before: NetworkState, after: NetworkState) -> list[NetworkChange]:
    """All that a change opens and closes between ends; no other connection is affected.

    Args:
        before: the running state.
        after: the wanted state.
    """
    touched = _touched(before, after)
    titles = sorted({end.title for state in (before, after) for end in state.ends})
    pairs = [
        (source, destination)
        for source in titles
        for destination in titles
        if (Side.EGRESS, source) in touched or (Side.INGRESS, destination) in touched
    ]
    return [each for pair in pairs for each in _between(before, after, *pair)]


def _between(
    before: NetworkState, after: NetworkState, source: str, destination: str
) -> Iterator[NetworkChange]:
    ends = [end for each in (before, after) for end in each.ends if end.title == destination]
    policies = [*before.policies.manifests(), *after.policies.manifests()]
    intervals = _intervals(policies, ends)
    first = [each.start for each in intervals]
    was = before.reachable(source, destination, first)
    will = after.reachable(source, destination, first)
    for opened, found in ((True, will - was), (False, was - will)):
        if found:
            yield NetworkChange(opened, source, destination, _joined(found, intervals))


def _touched(before: NetworkState, after: NetworkState) -> set[tuple[Side, str]]:
    """The sides of ends about which other policies decide than before, or that are others."""
    sides: list[dict[tuple[Side, str], object]] = []
    for state in (before, after):
        policies = list(state.policies.manifests())
        sides.append(
            {
                (side, end.title): (end, [each for each in policies if governs(each, side, end)])
                for side in Side
                for end in state.ends
            }
        )
    was, will = sides
    ends, later = ({end.title: end for end in state.ends} for state in (before, after))
    if any(ends.get(title) != later.get(title) for title in ends | later):
        return was.keys() | will.keys()  # an end with other labels is another peer to all others
    return {each for each in was if was[each] != will[each]}


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
