"""The parts of a container image's name."""

from __future__ import annotations

from dataclasses import dataclass

DOCKER = "docker.io"


@dataclass(frozen=True, slots=True)
class Image:
    """An image's name in its parts.

    Attributes:
        registry: the host; docker.io where none is named.
        path: without registry, tag and digest.
        tag: empty where none is named.
        digest: `sha256:...`; empty where none is named.
    """

    registry: str
    path: str
    tag: str
    digest: str

    @classmethod
    def of(cls, text: str) -> Image:
        """Reads `registry.k8s.io/pause:3.10@sha256:...`."""
        name, _, digest = text.partition("@")
        first, slash, rest = name.partition("/")
        is_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
        registry, path = (first, rest) if is_host else (DOCKER, name)
        path, _, tag = path.partition(":")
        return cls(registry, path, tag, digest)

    @property
    def is_pinned(self) -> bool:
        """True if it always refers to the same image, or at least to a release."""
        return bool(self.digest) or self.tag not in ("", "latest")

    def is_from(self, place: str) -> bool:
        """True if it is in a registry, or below a path in one."""
        full = f"{self.registry}/{self.path}"
        return full == place or full.startswith(f"{place.rstrip('/')}/")
