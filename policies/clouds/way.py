"""A way in: what a rule of a security group or a load balancer allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from components.mappings import Props, number, texts

EVERYWHERE = frozenset({"0.0.0.0/0", "::/0"})
ALL_PORTS = (0, 65535)
API_PORT = 6443
SSH_PORT = 22
ALL_PROTOCOLS = frozenset({"-1", "all", "None", ""})
WITH_PORTS = ALL_PROTOCOLS | {"tcp", "udp", "6", "17"}


@dataclass(frozen=True, slots=True)
class Way:
    """A rule that lets traffic in.

    Attributes:
        title: what a message calls it.
        first: the lowest port.
        last: the highest port.
        sources: reads the address ranges that may use it; they may not be known yet.
    """

    title: str
    first: int
    last: int
    sources: Callable[[], list[str]]

    def reaches(self, port: int) -> bool:
        """True if a port is among its ports."""
        return self.first <= port <= self.last

    @property
    def is_for_everyone(self) -> bool:
        """True if the whole internet may use it."""
        return not EVERYWHERE.isdisjoint(self.sources())


def everyone() -> list[str]:
    """The sources of a way that names none."""
    return ["0.0.0.0/0"]


def named_or_everyone(props: Props, key: str) -> Callable[[], list[str]]:
    """Reads the address ranges below a key; without any, everyone is allowed."""
    return lambda: texts(props, key) or everyone()


def way(title: str, rule: Props, first: str, last: str, *sources: str) -> Iterator[Way]:
    """A rule with ports; none for ICMP and the like."""
    protocol = str(rule.get("protocol", rule.get("ipProtocol")))
    if protocol not in WITH_PORTS:
        return
    low, high = number(rule.get(first)), number(rule.get(last))
    whole = protocol in ALL_PROTOCOLS or low is None
    ports = ALL_PORTS if whole else (low or 0, high if high is not None else low or 0)
    yield Way(title, *ports, lambda: [text for key in sources for text in texts(rule, key)])
