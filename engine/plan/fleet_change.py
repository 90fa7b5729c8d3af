"""A change in words, with the clusters that it concerns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FleetChange:
    """A change in some clusters.

    Attributes:
        what: the change, in words.
        clusters: where.
    """

    what: str
    clusters: tuple[str, ...]

    @property
    def place(self) -> str:
        """The one cluster, or the number of clusters."""
        one = len(self.clusters) == 1
        return f"`{self.clusters[0]}`" if one else f"{len(self.clusters)} clusters"

    def as_dict(self) -> dict[str, Any]:
        """For `--output json`."""
        return {"what": self.what, "clusters": list(self.clusters)}
