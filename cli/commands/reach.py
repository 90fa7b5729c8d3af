"""`caas reach`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Annotated, Any

import typer
from typer import Argument, BadParameter, Option

from cli import console
from cli.options import Format, Output
from components.network.reach.ends import PROTOCOLS, FlowEnd, outside
from components.network.reach.evaluator import Flow, SideDecision, Verdict
from components.tenancy.names import TENANT_LABEL
from components.tenancy.settings import INTERNET
from engine.reach import ClusterPaths, live_paths, stack_paths
from engine.session import Session
from engine.workload import workload_api
from errors import CaasError, Where
from errors.program import CLUSTER_NOT_FOUND, NAMESPACE_NOT_FOUND
from plane.progress import Silent

EXAMPLES = {
    "./caas reach shop kube-system:53/UDP --to-labels k8s-app=kube-dns": "to the cluster's DNS",
    "./caas reach shop internet:443 --stack prod-aws": "out of all clusters of a stack",
    "./caas reach shop-web payments/pay-api:8443 --cluster orders --live": "by its policies now",
    "./caas reach 10.9.0.7 shop:8080 --output json": "from a machine, for a script; exit status 2 "
    "means closed",
}
CLOSED = 2
LAST_PORT = 65535
NAME = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
PUBLIC = "203.0.113.1"
"""The address that stands for the internet; it is in no private range."""


@dataclass(frozen=True, slots=True)
class NamedEnd:
    """An end as the command line names it.

    Attributes:
        text: as it is written.
        address: of an end outside of the cluster; empty for a namespace.
        labels: of the pods that are meant.
    """

    text: str
    address: str
    labels: dict[str, str]

    @property
    def namespace(self) -> str:
        """The namespace, without the tenant before it."""
        return self.text.rpartition("/")[2]

    def is_in(self, paths: ClusterPaths) -> bool:
        """True for a namespace that the cluster has, of the named tenant."""
        tenant = self.text.rpartition("/")[0]
        labels = paths.namespaces.get(self.namespace)
        return labels is not None and tenant in ("", labels.get(TENANT_LABEL))

    @classmethod
    def read(cls, text: str, labels: str) -> NamedEnd:
        """The end that an argument means."""
        if text == INTERNET:
            return cls(text, PUBLIC, {})
        try:
            return cls(text, str(ip_address(text)), {})
        except ValueError:
            if not re.fullmatch(f"({NAME}/)?{NAME}", text):
                what = f"'{text}' is no namespace, no address, and not `{INTERNET}`"
                raise BadParameter(what) from None
            return cls(text, "", _labels(labels))

    def ends(self, paths: ClusterPaths) -> list[FlowEnd]:
        """The pods, or the address, in a cluster."""
        if self.address:
            return [replace(outside(self.address), title=self.text)]
        return paths.ends(self.namespace, self.labels)


@dataclass(frozen=True, slots=True)
class Reached:
    """The answer in one cluster.

    Attributes:
        cluster: its name.
        answers: one for each pair of pods; one where pods are not known.
    """

    cluster: str
    answers: tuple[Verdict, ...]

    @property
    def open(self) -> int:
        """The number of pairs whose connection is allowed."""
        return sum(each.allowed for each in self.answers)

    @property
    def allowed(self) -> bool:
        """True if every pair may connect."""
        return self.open == len(self.answers)

    @property
    def shown(self) -> Verdict:
        """The first closed answer, or the first."""
        return next((each for each in self.answers if not each.allowed), self.answers[0])

    def as_dict(self) -> dict[str, Any]:
        """For `--output json`."""
        return {
            "cluster": self.cluster,
            "allowed": self.allowed,
            "pairs": len(self.answers),
            "openPairs": self.open,
            "egress": _side(self.shown.egress),
            "ingress": _side(self.shown.ingress),
        }


@dataclass(frozen=True, slots=True)
class PathQuestion:
    """The question of a command line.

    Attributes:
        source: the end that begins the connection.
        target: the other end.
        port: of the target's pods.
        protocol: `TCP`, `UDP` or `SCTP`.
    """

    source: NamedEnd
    target: NamedEnd
    port: int
    protocol: str

    @property
    def places(self) -> tuple[NamedEnd, ...]:
        """The ends that are namespaces, which a cluster may lack."""
        return tuple(each for each in (self.source, self.target) if not each.address)

    def answer(self, cluster: str, paths: ClusterPaths) -> Reached:
        """The answer in a cluster."""
        verdicts = tuple(
            paths.policies.verdict(Flow(one, other, self.port, self.protocol))
            for one in self.source.ends(paths)
            for other in self.target.ends(paths)
        )
        return Reached(cluster, verdicts)


def command(
    source: Annotated[
        str,
        Argument(metavar="FROM", help="A namespace, TENANT/NAMESPACE, an address, or `internet`."),
    ],
    target: Annotated[
        str, Argument(metavar="TO:PORT", help="The same with a port; `/UDP` or `/SCTP` follows.")
    ],
    *,
    stack: Annotated[str, Option("--stack", help="The stack of the clusters.")] = "local",
    cluster: Annotated[str, Option("--cluster", help="A cluster; otherwise all of them.")] = "",
    from_labels: Annotated[
        str, Option("--from-labels", metavar="KEY=VALUE,...", help="Labels of pods of FROM.")
    ] = "",
    to_labels: Annotated[
        str, Option("--to-labels", metavar="KEY=VALUE,...", help="Labels of pods of TO.")
    ] = "",
    live: Annotated[bool, Option("--live", help="Read the policies in the clusters.")] = False,
    output: Output = Format.TABLE,
) -> None:
    """Answer whether network policies let a connection through, and by which rule.

    Decides each direction as Kubernetes does, by NetworkPolicies and ClusterNetworkPolicies:
    the policies of FROM have to let the connection out, and those of TO have to let it in.
    The port is that of the pod, not of a Service. Nothing is connected to.

    Without `--live` the policies are those that the stack file delivers, and no cluster is
    needed; a namespace stands for pods without labels, or with those of `--from-labels` and
    `--to-labels`. With `--live` the API server of each cluster is read, and every pair of its pods
    is decided; policies of the network plug-in's own kinds are not read.

    Exit status: 0 open in every cluster, 2 closed in one, 1 a problem.
    """
    name, port, protocol = _goal(target)
    ends = NamedEnd.read(source, from_labels), NamedEnd.read(name, to_labels)
    question = PathQuestion(*ends, port, protocol)
    session = Session(stack, Silent())
    read = _paths(session, cluster, question, live)
    found = [question.answer(place, paths) for place, paths in read]
    closed = [each for each in found if not each.allowed]
    if output is Format.JSON:
        clusters = [each.as_dict() for each in found]
        asked = {"from": source, "to": name, "port": port, "protocol": protocol}
        console.document({**asked, "live": live, "allowed": not closed, "clusters": clusters})
    else:
        for each in found:
            _show(each, source, f"{name} on {protocol} {port}")
    if closed:
        raise typer.Exit(CLOSED)


def _show(reached: Reached, source: str, goal: str) -> None:
    number = len(reached.answers)
    some = f" for {reached.open} of {number} pairs of pods" if 0 < reached.open < number else ""
    verdict = "yes" if reached.allowed else some.strip() or "no"
    colour = "green" if reached.allowed else "red"
    console.say(f"{reached.cluster}: {source} to {goal}: {verdict}", colour)
    for way, side in (("out", reached.shown.egress), ("in", reached.shown.ingress)):
        word = "open" if side.allowed else "closed"
        console.say(f"    {way}: {word}: {side.reason}")
        if side.ambiguous:
            others = ", ".join(side.ambiguous)
            console.warn(f"{others} has the same priority and decides otherwise.")


def _side(decision: SideDecision) -> dict[str, Any]:
    return {
        "allowed": decision.allowed,
        "policies": list(decision.policies),
        "reason": decision.reason,
        "ambiguous": list(decision.ambiguous),
    }


def _paths(
    session: Session, cluster: str, question: PathQuestion, live: bool
) -> Iterator[tuple[str, ClusterPaths]]:
    """The clusters that have both namespaces, and their policies."""
    declared = stack_paths(session.record().objects())
    if cluster and cluster not in declared:
        raise CaasError(
            CLUSTER_NOT_FOUND,
            f"The stack `{session.stack}` has no cluster `{cluster}`",
            where=Where(file=str(session.file)),
            fix=f"One of: {', '.join(sorted(declared)) or 'none'}.",
        )
    namespaces = [each.namespace for each in question.places]
    known: set[str] = set()
    missing = {each.text for each in question.places}
    found = False
    for name in [cluster] if cluster else sorted(declared):
        with _policies(session, name, declared[name], namespaces, live) as paths:
            known |= paths.namespaces.keys()
            there = [each for each in question.places if each.is_in(paths)]
            missing -= {each.text for each in there}
            if len(there) == len(question.places):
                found = True
                yield name, paths
    if not found:
        names = sorted(missing or {each.text for each in question.places})
        raise CaasError(
            NAMESPACE_NOT_FOUND,
            f"No cluster {'has' if live else 'is given'} {' and '.join(f'`{n}`' for n in names)}",
            where=Where(file=str(session.file), cluster=cluster or None),
            why=f"known are: {', '.join(sorted(known)[:20])}",
        )


@contextmanager
def _policies(
    session: Session, name: str, declared: ClusterPaths, names: list[str], live: bool
) -> Iterator[ClusterPaths]:
    if not live:
        yield declared
        return
    with workload_api(session, name) as api:
        yield live_paths(api, names)


def _goal(text: str) -> tuple[str, int, str]:
    """The name, the port and the protocol of `TO:PORT/PROTOCOL`."""
    found = re.fullmatch(r"\[?(.+?)\]?:([0-9]{1,5})(?:/([A-Za-z]+))?", text)
    protocol = ((found and found[3]) or "TCP").upper()
    if not found or not 1 <= int(found[2]) <= LAST_PORT or protocol not in PROTOCOLS:
        what = f"'{text}' is not TO:PORT; write shop-web:8443, kube-system:53/UDP or [fd00::1]:443"
        raise BadParameter(what)
    return found[1], int(found[2]), protocol


def _labels(text: str) -> dict[str, str]:
    pairs = [each.partition("=") for each in text.split(",") if each]
    if any(not key or not sign for key, sign, _ in pairs):
        raise BadParameter(f"'{text}' is not KEY=VALUE,KEY=VALUE")
    return {key: value for key, _, value in pairs}
