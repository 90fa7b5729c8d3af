"""What Cluster API expects to exist on an infrastructure, made by Pulumi."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.base import Component
from components.cluster.settings import Cluster
from components.manifest import Manifest


class Foundation(Component):
    """The base of every foundation: networks, roles, groups, keys, buckets."""

    def cluster_variables(self, cluster: Cluster) -> Mapping[str, Any]:
        """Values of the infrastructure's own variables for a cluster; they may be outputs."""
        return {}

    def objects(self, namespace: str) -> Sequence[Manifest]:
        """Objects for the management cluster that only the foundation can write: credentials."""
        return ()
