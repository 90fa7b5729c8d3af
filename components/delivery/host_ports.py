"""Ports of machines: two pods of a cluster that would take the same one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from catalog import HostPort, host_ports
from components.addon import Addon
from components.chart import Chart
from components.finding import Finding
from errors.layers import HOST_PORT_TAKEN

Owner = tuple[str, str]
"""An add-on, or the machine, and its pods."""
Owners = dict[tuple[int, str], Owner]
"""The first pods that take a port, by its number and protocol."""

KUBELET = (10248, 10250)
KUBE_PROXY = (10249, 10256)


def check(name: str, addons: Sequence[Addon], others: Sequence[Chart] = ()) -> Iterator[Finding]:
    """HOST_PORT_TAKEN, one for an add-on and the pods of another.

    Args:
        name: of the cluster.
        addons: the add-ons that it gets.
        others: the charts that its infrastructure brings.
    """
    owners: Owners = {(port, "TCP"): ("the machine", "the kubelet") for port in KUBELET}
    owners |= {(port, "TCP"): ("the machine", "kube-proxy") for port in KUBE_PROXY}
    for chart in others:
        for owner, port in taken(f"the chart {chart.name}", chart):
            owners.setdefault(port, owner)
    for addon in addons:
        found: set[tuple[Owner, Owner]] = set()
        for chart in addon.charts:
            for owner, (number, protocol) in taken(f"`{addon.name}`", chart):
                first = owners.setdefault((number, protocol), owner)
                if first == owner or (first, owner) in found:
                    continue
                found.add((first, owner))
                yield Finding(
                    HOST_PORT_TAKEN,
                    (addon.name,),
                    f"two pods on a machine of `{name}` take the port {number}/{protocol}",
                    why=f"{_spelled(first)} and {_spelled(owner)}",
                    key=True,
                )


def taken(owner: str, chart: Chart) -> Iterator[tuple[Owner, tuple[int, str]]]:
    """The ports that pods of a chart take with its values, by number and protocol."""
    for each in host_ports().get(chart.name, ()):
        if _applies(each, chart.values):
            for number in _numbers(each, chart.values):
                yield (owner, each.pods), (number, each.protocol)


def _applies(port: HostPort, values: Mapping[str, Any]) -> bool:
    if not port.condition:
        return True
    given = next(_at(values, port.condition.split(".")), None)
    value = port.unset if given is None else given
    return bool(value) if port.wanted is True else bool(value == port.wanted)


def _numbers(port: HostPort, values: Mapping[str, Any]) -> Iterator[int]:
    given = [each for each in _at(values, port.at.split(".")) if each is not None]
    for value in given or [port.port]:
        # Some charts have an address there, `:2112`; zero takes no port.
        text = str(value).rpartition(":")[2] if isinstance(value, int | str) else ""
        if text.isdecimal() and int(text):
            yield int(text)


def _at(values: Any, steps: Sequence[str]) -> Iterator[Any]:
    """The values at a path; `*` stands for every key."""
    if not steps:
        yield values
    elif isinstance(values, Mapping):
        keys = list(values) if steps[0] == "*" else [steps[0]]
        for key in keys:
            if key in values:
                yield from _at(values[key], steps[1:])


def _spelled(owner: Owner) -> str:
    return f"{owner[1]} of {owner[0]}"
