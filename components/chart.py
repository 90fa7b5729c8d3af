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


def rendered(values: Any, known: Mapping[str, str]) -> Any:
    """The values with what is known in place of the add-on provider's templates."""
    if isinstance(values, Mapping):
        return {key: rendered(value, known) for key, value in values.items()}
    if isinstance(values, list | tuple):
        return [rendered(value, known) for value in values]
    if isinstance(values, str):
        for template, value in known.items():
            values = values.replace(template, value)
    return values
