"""The firewall rules between machines that pod networks need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from components.addon import Port
from components.facts import ClusterFacts
from components.finding import Finding
from errors import network as codes


def check(target: ClusterFacts, ports: Iterable[Port]) -> Iterator[Finding]:
    """PORT_CLOSED, for each port that the infrastructure keeps closed between machines.

    Args:
        target: the cluster.
        ports: what the network plug-in needs between machines.
    """
    infrastructure = target.infrastructure
    for port in ports:
        if not infrastructure.lets_through(port.protocol, port.number):
            number = f" {port.number}" if port.number else ""
            yield Finding(
                codes.PORT_CLOSED,
                (),
                f"machines on `{infrastructure.name}` do not let {port.protocol}{number} through",
                why=port.purpose,
                key=True,
            )
