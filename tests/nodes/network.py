"""A network of pods that runs no pod: a configuration and routes on each node.

The plug-ins of the node image do the rest. It stands in for an add-on, whose images would have to
be pulled, and it carries packets between nodes as one does.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from tests.nodes.docker_daemon import Daemon

PERIOD = 2.0
FILE = "/etc/cni/net.d/10-lab.conflist"


class PodNetwork(threading.Thread):
    """Looks at the nodes of a cluster, and connects those that are new.

    Args:
        docker: where the nodes run.
        nodes: gives the Node objects; it may fail as long as there is no cluster.
    """

    def __init__(self, docker: Daemon, nodes: Callable[[], list[dict[str, Any]]]) -> None:
        super().__init__(daemon=True)
        self._docker, self._nodes = docker, nodes
        self._done: dict[str, frozenset[tuple[str, str]]] = {}
        self._end = threading.Event()

    def run(self) -> None:
        """Every two seconds, until `stop`."""
        while not self._end.wait(PERIOD):
            try:
                self._connect()
            except (AssertionError, OSError, LookupError, ValueError):
                continue  # a node that comes or goes; the next round sees what is there

    def stop(self) -> None:
        """Ends it."""
        self._end.set()
        self.join(30)

    def _connect(self) -> None:
        ranges = {
            node["metadata"]["name"]: (node["spec"]["podCIDR"], _address(node))
            for node in self._nodes()
            if node["spec"].get("podCIDR")
        }
        for name, (own, _) in ranges.items():
            others = frozenset(found for other, found in ranges.items() if other != name)
            if self._done.get(name) == others:
                continue
            lines = [f"ip route replace {cidr} via {via}" for cidr, via in sorted(others)]
            lines.append(f"mkdir -p /etc/cni/net.d; cat > {FILE}.new; mv {FILE}.new {FILE}")
            text = json.dumps(_configuration(own))
            script = "set -e; " + "; ".join(lines)
            self._docker.docker("exec", "-i", name, "sh", "-c", script, text=text)
            self._done[name] = others


def _address(node: dict[str, Any]) -> str:
    kinds = {each["type"]: each["address"] for each in node["status"]["addresses"]}
    return str(kinds["InternalIP"])


def _configuration(cidr: str) -> dict[str, Any]:
    addresses = {
        "type": "host-local",
        "ranges": [[{"subnet": cidr}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    return {
        "cniVersion": "0.4.0",
        "name": "lab",
        "plugins": [
            {"type": "ptp", "ipMasq": False, "ipam": addresses},
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }
