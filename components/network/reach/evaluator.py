"""The evaluator of NetworkPolicies and ClusterNetworkPolicies.

It follows the Kubernetes documentation, and version v1alpha2 of `policy.networking.k8s.io`:
in each direction the tier Admin comes first, then NetworkPolicies, then the tier Baseline; without
a decision the connection is allowed. A connection needs the consent of both directions.

Two things are left to the network plug-in by Kubernetes, and done here as most do it: pods with the
network of their machine are matched only by blocks of addresses, and policies of one tier and one
priority are read in the order of their names (`SideDecision.ambiguous` names those that decide
otherwise).

No live Python library evaluates ClusterNetworkPolicies, so the code is the project's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product

from components.mappings import Props, entries, number, section, texts
from components.network.policies import NAMESPACE_LABEL
from components.network.reach.ends import Address, FlowEnd
from components.network.reach.matching import (
    cluster_policy_peer,
    cluster_policy_ports,
    named_namespace,
    network_policy_peer,
    network_policy_ports,
    selects,
)

ON = "Pass"
"""The action that leaves the decision to the next tier."""
ACTIONS = {"Accept": True, "Deny": False}


class Side(StrEnum):
    """The side of a connection whose policies decide."""

    EGRESS = "egress"
    INGRESS = "ingress"

    @property
    def peers(self) -> str:
        """The field with the other side in rules."""
        return "to" if self is Side.EGRESS else "from"


@dataclass(frozen=True, slots=True)
class Flow:
    """A connection between two ends.

    Attributes:
        source: the end that opens it.
        destination: the end that accepts it.
        port: of the destination.
        protocol: TCP, UDP or SCTP.
    """

    source: FlowEnd
    destination: FlowEnd
    port: int
    protocol: str = "TCP"


@dataclass(frozen=True, slots=True)
class SideDecision:
    """The decision of one side.

    Attributes:
        allowed: the decision.
        policies: those that decide; none if no policy does.
        reason: the rule, in words.
        ambiguous: policies of the same tier and priority that decide otherwise.
    """

    allowed: bool
    policies: tuple[str, ...]
    reason: str
    ambiguous: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to a connection, with the decision of each side."""

    egress: SideDecision
    ingress: SideDecision

    @property
    def allowed(self) -> bool:
        """True if both sides allow the connection."""
        return self.egress.allowed and self.ingress.allowed


@dataclass(frozen=True, slots=True)
class _Meeting:
    """A connection seen from one side, with the addresses that it uses."""

    side: Side
    connection: Flow
    source: Address | None
    destination: Address | None

    @property
    def own(self) -> FlowEnd:
        ends = self.connection
        return ends.source if self.side is Side.EGRESS else ends.destination

    @property
    def peer(self) -> FlowEnd:
        ends = self.connection
        return ends.destination if self.side is Side.EGRESS else ends.source

    @property
    def peer_address(self) -> Address | None:
        return self.destination if self.side is Side.EGRESS else self.source


class PolicySet:
    """The policies of a cluster.

    Args:
        manifests: NetworkPolicy and ClusterNetworkPolicy objects; others are passed over.
    """

    def __init__(self, manifests: Iterable[Props]) -> None:
        self._by_namespace: dict[str, list[Props]] = defaultdict(list)
        self._tiers: dict[tuple[str, str | None], list[Props]] = defaultdict(list)
        for each in manifests:
            if each.get("kind") == "NetworkPolicy":
                namespace = str(section(each, "metadata").get("namespace", "default"))
                self._by_namespace[namespace].append(each)
            elif each.get("kind") == "ClusterNetworkPolicy":
                tier = str(section(each, "spec").get("tier"))
                self._tiers[tier, _subject(each)].append(each)
        for policies in [*self._tiers.values(), *self._by_namespace.values()]:
            policies.sort(key=_order)

    def manifests(self) -> Iterator[Props]:
        """All policies, in an order that depends on their content alone."""
        for namespace in sorted(self._by_namespace):
            yield from self._by_namespace[namespace]
        for key in sorted(self._tiers, key=str):
            yield from self._tiers[key]

    def deciding(self, side: Side, end: FlowEnd) -> list[Props]:
        """The policies that may decide about a pod's connections on a side."""
        policies = [
            *self._by_namespace.get(end.namespace, ()),
            *self._of_subject("Admin", end),
            *self._of_subject("Baseline", end),
        ]
        return [each for each in policies if governs(each, side, end)]

    def _of_subject(self, tier: str, end: FlowEnd) -> list[Props]:
        """The policies of a tier that name the namespace of an end, or none."""
        named = self._tiers.get((tier, end.namespace_labels.get(NAMESPACE_LABEL, "")), ())
        others = self._tiers.get((tier, None), ())
        return sorted([*named, *others], key=_order) if named and others else [*named, *others]

    def verdict(self, connection: Flow) -> Verdict:
        """The answer to a connection.

        Two ends with addresses of both families can use either. The answer is that of the first
        family that is allowed.
        """
        answers: list[Verdict] = []
        for source, destination in _addresses(connection):
            meetings = [_Meeting(side, connection, source, destination) for side in Side]
            answer = Verdict(*(self._decision(each) for each in meetings))
            if answer.allowed:
                return answer
            answers.append(answer)
        return answers[0]

    def allows(self, connection: Flow) -> bool:
        """The answer to a connection, without the rules that decide."""
        return any(
            all(
                self._decision(_Meeting(side, connection, source, destination)).allowed
                for side in Side
            )
            for source, destination in _addresses(connection)
        )

    def _decision(self, meeting: _Meeting) -> SideDecision:
        own, peer = meeting.own, meeting.peer
        if not own.selectable:
            return SideDecision(True, (), f"no policy selects {own.title}")
        if own.pod and (own.namespace, own.pod) == (peer.namespace, peer.pod):
            return SideDecision(True, (), "a pod always reaches itself")
        if peer.host_network and peer.node and peer.node == own.node:
            return SideDecision(True, (), "a pod and its own machine always reach each other")
        admin, unclear = self._of_tier("Admin", meeting)
        if decision := admin or self._of_network_policies(meeting):
            return replace(decision, ambiguous=unclear)
        baseline, others = self._of_tier("Baseline", meeting)
        default = SideDecision(True, (), f"no policy decides about {meeting.side} of {own.title}")
        return replace(baseline or default, ambiguous=unclear + others)

    def _of_tier(self, tier: str, meeting: _Meeting) -> tuple[SideDecision | None, tuple[str, ...]]:
        """The decision of a tier, None if it passes the connection on; and policies against it."""
        found = list(_matching(self._of_subject(tier, meeting.own), meeting))
        if not found:
            return None, ()
        policy, action, rule = found[0]
        others = tuple(
            _title(each)
            for each, other, _ in found
            if _priority(each) == _priority(policy) and other != action
        )
        if action == ON:
            return None, others
        reason = f"{_title(policy)} (tier {tier}, {action}), {rule}"
        return SideDecision(ACTIONS[action], (_title(policy),), reason), others

    def _of_network_policies(self, meeting: _Meeting) -> SideDecision | None:
        """The decision of NetworkPolicies; None if none isolates the pod on this side."""
        isolating = [
            each
            for each in self._by_namespace.get(meeting.own.namespace, ())
            if isolates(each, meeting.side, meeting.own)
        ]
        for policy in isolating:
            for index, rule in enumerate(entries(policy, "spec", meeting.side), start=1):
                if _allows(policy, rule, meeting):
                    title = _title(policy)
                    return SideDecision(True, (title,), f"{title}, {meeting.side} rule {index}")
        if not isolating:
            return None
        titles = tuple(_title(each) for each in isolating)
        reason = f"no {meeting.side} rule allows it in {', '.join(titles)}"
        return SideDecision(False, titles, reason)


def isolates(policy: Props, side: Side, end: FlowEnd) -> bool:
    """True if a NetworkPolicy selects a pod and denies on a side what no policy allows."""
    if (
        not end.selectable
        or section(policy, "metadata").get("namespace", "default") != end.namespace
    ):
        return False
    spec = section(policy, "spec")
    types = texts(spec, "policyTypes") or [
        "Ingress",
        *(["Egress"] if entries(spec, "egress") else []),
    ]
    return side.capitalize() in types and selects(section(spec, "podSelector"), end.labels)


def governs(policy: Props, side: Side, end: FlowEnd) -> bool:
    """True if a policy of either kind may decide about a pod's connections on a side."""
    if policy.get("kind") == "NetworkPolicy":
        return isolates(policy, side, end)
    subject = section(policy, "spec", "subject")
    rules = entries(policy, "spec", side)
    return bool(rules) and cluster_policy_peer(subject, end, None) == "matches"


def _allows(policy: Props, rule: Props, meeting: _Meeting) -> bool:
    peers, ports = entries(rule, meeting.side.peers), entries(rule, "ports")
    namespace = str(section(policy, "metadata").get("namespace", "default"))
    if peers and not any(
        network_policy_peer(each, namespace, meeting.peer, meeting.peer_address) for each in peers
    ):
        return False
    connection = meeting.connection
    return not ports or any(
        connection.port in network_policy_ports(each, connection.protocol, connection.destination)
        for each in ports
    )


def _matching(policies: Sequence[Props], meeting: _Meeting) -> Iterator[tuple[Props, str, str]]:
    """The first matching rule of each policy, with its action and its name in words."""
    for policy in policies:
        if not governs(policy, meeting.side, meeting.own):
            continue
        for index, rule in enumerate(entries(policy, "spec", meeting.side), start=1):
            if action := _action(rule, meeting):
                named = f" `{rule['name']}`" if rule.get("name") else ""
                yield policy, action, f"{meeting.side} rule {index}{named}"
                break


def _action(rule: Props, meeting: _Meeting) -> str:
    """The action of a rule on a connection, empty if it does not match.

    A rule of a newer version, with a peer that is not known, fails closed as the API wants it.
    """
    action = str(rule.get("action"))
    peers = [
        cluster_policy_peer(each, meeting.peer, meeting.peer_address)
        for each in entries(rule, meeting.side.peers)
    ]
    if "unknown" in peers or action not in {*ACTIONS, ON}:
        return "" if action == "Accept" else "Deny"
    connection, protocols = meeting.connection, entries(rule, "protocols")
    fits = not protocols or any(
        connection.port in cluster_policy_ports(each, connection.protocol, connection.destination)
        for each in protocols
    )
    return action if fits and "matches" in peers else ""


def _addresses(connection: Flow) -> list[tuple[Address | None, Address | None]]:
    """The pairs of addresses of one family that a connection can use."""
    sources: Sequence[Address | None] = connection.source.addresses or (None,)
    destinations: Sequence[Address | None] = connection.destination.addresses or (None,)
    pairs = [
        (source, destination)
        for destination, source in product(destinations, sources)
        if source is None or destination is None or source.version == destination.version
    ]
    return pairs or [(None, None)]


def _subject(policy: Props) -> str | None:
    """The namespace that a ClusterNetworkPolicy is about; None if its labels tell."""
    subject = section(policy, "spec", "subject")
    selector = section(subject, "namespaces") or section(subject, "pods", "namespaceSelector")
    return named_namespace(selector)


def _order(policy: Props) -> tuple[int, str]:
    return _priority(policy), _name(policy)


def _priority(policy: Props) -> int:
    return number(section(policy, "spec").get("priority")) or 0


def _name(policy: Props) -> str:
    return str(section(policy, "metadata").get("name"))


def _title(policy: Props) -> str:
    if policy.get("kind") == "ClusterNetworkPolicy":
        return f"ClusterNetworkPolicy {_name(policy)}"
    namespace = section(policy, "metadata").get("namespace", "default")
    return f"NetworkPolicy {namespace}/{_name(policy)}"
