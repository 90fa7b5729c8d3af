"""A Helm chart: which one, where it goes, and with which values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CLUSTER_NAME = "{{ .Cluster.metadata.name }}"
"""The name of the cluster that a chart is installed in: a template of the add-on provider, filled
in by this program where there is no such provider."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A release of a chart of the catalog.

    Attributes:
        name: its key in `catalog/versions.yaml`, which knows repository and version.
        namespace: where it is installed.
        values: what is set; may hold Go templates of the add-on provider, and Pulumi outputs.
            Of an add-on, `CLUSTER_NAME` is the only template: other braces are text.
    """

    name: str
    namespace: str
    values: Mapping[str, Any] = field(default_factory=dict)


def rendered(values: Any, cluster: str) -> Any:
    """The values with the cluster's name where the add-on provider would put it."""
    if isinstance(values, Mapping):
        return {key: rendered(value, cluster) for key, value in values.items()}
    if isinstance(values, list | tuple):
        return [rendered(value, cluster) for value in values]
    return values.replace(CLUSTER_NAME, cluster) if isinstance(values, str) else values
