"""Software that is retired, found by what it is installed from."""

from __future__ import annotations

from fnmatch import fnmatchcase

from catalog import Retired, retired


def _matches(text: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)


def retired_image(image: str) -> Retired | None:
    """The retired software of an image, if any."""
    return next((found for found in retired() if _matches(image, found.images)), None)


def retired_chart(name: str, repository: str) -> Retired | None:
    """The retired software of a chart, if any."""
    for found in retired():
        if name in found.charts or _matches(repository, found.repositories):
            return found
    return None
