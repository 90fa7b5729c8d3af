"""Events of controllers: the only source of errors for some providers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from components.mappings import Manifest
from engine.api import Api, collection_path

LIMIT = 1000
"""The maximum number of events that are read. API servers forget them after an hour."""


@dataclass(frozen=True, slots=True)
class Event:
    """A warning about an object.

    Attributes:
        kind: of the object that it is about.
        name: of that object.
        since: when it was told for the first time.
        last: when it was told last.
    """

    kind: str
    name: str
    reason: str
    message: str
    since: datetime
    last: datetime

    @classmethod
    def of(cls, manifest: Manifest) -> Event:
        """Reads a core/v1 Event; events.k8s.io keeps its times elsewhere."""
        about, series = manifest["involvedObject"], manifest.get("series") or {}
        created = manifest["metadata"].get("creationTimestamp") or ""
        first = manifest.get("firstTimestamp") or manifest.get("eventTime") or created
        last = series.get("lastObservedTime") or manifest.get("lastTimestamp") or first
        return cls(
            kind=about.get("kind", ""),
            name=about.get("name", ""),
            reason=manifest.get("reason", ""),
            message=manifest.get("message", ""),
            since=_time(first),
            last=_time(last),
        )


def read_events(api: Api, namespace: str) -> list[Event]:
    """The warnings in a namespace, the newest first."""
    path = collection_path("v1", "events", namespace)
    # A limit counts only for a list that does not come from the watch cache.
    query = {"fieldSelector": "type=Warning", "limit": str(LIMIT), "resourceVersion": ""}
    found = [Event.of(each) for each in api.list(path, **query)]
    return sorted(found, key=lambda event: event.last, reverse=True)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text) if text else datetime.min.replace(tzinfo=UTC)
