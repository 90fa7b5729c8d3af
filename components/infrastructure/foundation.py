"""The part of an infrastructure that Cluster API expects to exist, made by Pulumi."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from components.base import Component
from components.cluster.settings import Cluster
from components.mappings import Manifest


class Foundation(Component):
    """The base of every foundation: networks, roles, groups, keys, buckets."""

    OUTPUTS: ClassVar[tuple[str, ...]] = ()
    """The attributes that are the component's outputs; the stack exports each under its name."""

    def exports(self) -> Mapping[str, Any]:
        """The outputs by name, without those that have no value on this infrastructure."""
        found = {name: getattr(self, name) for name in self.OUTPUTS}
        return {name: value for name, value in found.items() if value not in (None, [], {})}

    def cluster_variables(self, cluster: Cluster) -> Mapping[str, Any]:
        """Values of the infrastructure's own variables for a cluster; they may be outputs."""
        return {}

    def objects(self, namespace: str) -> Sequence[Manifest]:
        """Objects for the management cluster that only the foundation can write: credentials."""
        return ()
