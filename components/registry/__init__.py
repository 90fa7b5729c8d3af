"""Registries of images: Harbor, mirrors, credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.lazy import lazily

if TYPE_CHECKING:
    from components.registry.harbor import HarborSettings
    from components.registry.resources import Harbor

__all__ = [
    "Harbor",
    "HarborSettings",
]

__getattr__ = lazily(
    __name__,
    {
        "Harbor": "resources",
        "HarborSettings": "harbor",
    },
)
