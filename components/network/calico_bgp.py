"""Calico's BGP: its objects in the API group that its chart of definitions serves.

`crd.projectcalico.org/v1` is there as soon as that chart is; `projectcalico.org/v3` only when the
API server of Calico runs. Both have the same fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from components.addresses import Cidr
from components.mappings import Manifest
from components.network.calico_settings import Bgp, CalicoPeer
from components.network.selector import written

API_VERSION = "crd.projectcalico.org/v1"
NAMESPACE = "calico-system"
"""The namespace of calico-node and of its password Secrets."""
READERS = "caas-bgp-passwords"


def secrets(bgp: Bgp | None) -> tuple[str, ...]:
    """The Secrets with passwords of peers, in `calico-system`."""
    peers = bgp.peers if bgp else ()
    return tuple(sorted({peer.password_secret for peer in peers if peer.password_secret}))


def objects(bgp: Bgp, services: Iterable[Cidr]) -> Iterator[Manifest]:
    """The BGPConfiguration, a BGPPeer each, and the right to read their passwords."""
    spec: dict[str, Any] = {
        "asNumber": bgp.as_number,
        "nodeToNodeMeshEnabled": bgp.node_to_node_mesh,
    }
    if bgp.service_cluster_ips:
        spec["serviceClusterIPs"] = [{"cidr": str(cidr)} for cidr in services]
    if bgp.service_load_balancer_ips:
        spec["serviceLoadBalancerIPs"] = [
            {"cidr": str(cidr)} for cidr in bgp.service_load_balancer_ips
        ]
    if bgp.prefix_advertisements:
        spec["prefixAdvertisements"] = [written(one) for one in bgp.prefix_advertisements]
    names = secrets(bgp)
    if names:
        yield from _readers(names)
    yield _object("BGPConfiguration", "default", spec)
    for peer in bgp.peers:
        yield _peer(peer)


def _object(kind: str, name: str, spec: dict[str, Any]) -> Manifest:
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}


def _peer(peer: CalicoPeer) -> Manifest:
    spec = written(peer) | {"nodeSelector": peer.node_selector}
    name = str(spec.pop("name"))
    if secret := spec.pop("passwordSecret", None):
        spec["password"] = {"secretKeyRef": {"name": secret, "key": "password"}}
    return _object("BGPPeer", name, spec)


def _readers(names: Iterable[str]) -> Iterator[Manifest]:
    """Calico's documentation on BGP passwords asks for this right."""
    group = "rbac.authorization.k8s.io"
    metadata = {"name": READERS, "namespace": NAMESPACE}
    rule = {
        "apiGroups": [""],
        "resources": ["secrets"],
        "resourceNames": list(names),
        "verbs": ["get", "list", "watch"],
    }
    yield {
        "apiVersion": f"{group}/v1",
        "kind": "Role",
        "metadata": metadata,
        "rules": [rule],
    }
    yield {
        "apiVersion": f"{group}/v1",
        "kind": "RoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": group, "kind": "Role", "name": READERS},
        "subjects": [{"kind": "ServiceAccount", "name": "calico-node", "namespace": NAMESPACE}],
    }
