"""A Helm chart: which one, where it goes, and with which values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Chart:
    """A release of a chart of the catalog.

    Attributes:
        name: its key in `catalog/versions.yaml`, which knows repository and version.
        namespace: where it is installed.
        values: what is set; may hold Go templates of the add-on provider, and Pulumi outputs.
    """

    name: str
    namespace: str
    values: Mapping[str, Any] = field(default_factory=dict)
