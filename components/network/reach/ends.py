"""The ends of connections: pods, and addresses outside the cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address

from components.mappings import Props, entries, number, section
from components.network.policies import NAMESPACE_LABEL

PROTOCOLS = ("TCP", "UDP", "SCTP")
Address = IPv4Address | IPv6Address
Labels = Mapping[str, str]
NamedPorts = frozenset[tuple[str, str, int]]
"""Name, protocol and number of each."""


@dataclass(frozen=True, slots=True)
class FlowEnd:
    """One end of a connection.

    Attributes:
        title: its name in answers.
        namespace: of the pod; empty for an address outside the cluster.
        pod: its name; empty for any pod of a namespace.
        labels: of the pod.
        namespace_labels: of its namespace, with the one of its name.
        ports: named ports of the pod's containers.
        addresses: of the pod or the outside; blocks of addresses match no end without any.
        node: the machine of the pod; empty if it is not known.
        host_network: whether the pod has the network of its machine. Selectors do not match it.
    """

    title: str
    namespace: str = ""
    pod: str = ""
    labels: Labels = field(default_factory=dict)
    namespace_labels: Labels = field(default_factory=dict)
    ports: NamedPorts = frozenset()
    addresses: tuple[Address, ...] = ()
    node: str = ""
    host_network: bool = False

    @property
    def selectable(self) -> bool:
        """True for a pod with a network separate from its machine's."""
        return bool(self.namespace) and not self.host_network

    def port(self, name: str, protocol: str) -> int | None:
        """The number of a named port; None if the pod has none of that name and protocol."""
        known = (each[2] for each in self.ports if each[:2] == (name, protocol))
        return min(known, default=None)


def outside(address: str) -> FlowEnd:
    """An address outside the cluster."""
    return FlowEnd(address, addresses=(ip_address(address),))


def place(namespace: str, labels: Labels | None = None, title: str = "") -> FlowEnd:
    """Any pod of a namespace, without labels and named ports.

    Args:
        namespace: its name.
        labels: of the namespace; the one of its name is added.
        title: in answers; the namespace's name if empty.
    """
    known = {**(labels or {}), NAMESPACE_LABEL: namespace}
    return FlowEnd(title or namespace, namespace, namespace_labels=known)


def pods(namespaces: Iterable[Props], manifests: Iterable[Props]) -> Iterator[FlowEnd]:
    """The pods that take part in the network, as ends.

    Args:
        namespaces: Namespace objects.
        manifests: Pod objects. Finished pods are left out: their addresses belong to others.
    """
    labels = {
        str(section(each, "metadata").get("name")): section(each, "metadata", "labels")
        for each in namespaces
    }
    for each in manifests:
        if section(each, "status").get("phase") not in {"Succeeded", "Failed"}:
            yield _pod(each, labels)


def _pod(manifest: Props, namespaces: Mapping[str, Props]) -> FlowEnd:
    metadata, spec = section(manifest, "metadata"), section(manifest, "spec")
    namespace = str(metadata.get("namespace", "default"))
    addresses = [str(each["ip"]) for each in entries(manifest, "status", "podIPs") if "ip" in each]
    return FlowEnd(
        title=f"{namespace}/{metadata.get('name')}",
        namespace=namespace,
        pod=str(metadata.get("name")),
        labels=dict(section(metadata, "labels")),
        namespace_labels={**namespaces.get(namespace, {}), NAMESPACE_LABEL: namespace},
        ports=frozenset(_named_ports(spec)),
        addresses=tuple(ip_address(each) for each in addresses),
        node=str(spec.get("nodeName") or ""),
        host_network=bool(spec.get("hostNetwork")),
    )


def _named_ports(spec: Props) -> Iterator[tuple[str, str, int]]:
    """Those of containers, and of init containers that stay, called sidecars."""
    sidecars = [
        each for each in entries(spec, "initContainers") if each.get("restartPolicy") == "Always"
    ]
    for container in [*entries(spec, "containers"), *sidecars]:
        for port in entries(container, "ports"):
            value = number(port.get("containerPort"))
            if "name" in port and value is not None:
                yield str(port["name"]), str(port.get("protocol") or "TCP"), value
