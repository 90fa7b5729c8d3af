"""The application store: entries that the platform has verified, and their installs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.lazy import lazily

if TYPE_CHECKING:
    from components.store.application import AppChart, Application
    from components.store.entry import AppEntry
    from components.store.flux import FluxSettings
    from components.store.resources import Flux
    from components.store.shelf import recommended

__all__ = ["AppChart", "AppEntry", "Application", "Flux", "FluxSettings", "recommended"]

__getattr__ = lazily(
    __name__,
    {
        "AppChart": "application",
        "Application": "application",
        "AppEntry": "entry",
        "Flux": "resources",
        "FluxSettings": "flux",
        "recommended": "shelf",
    },
)
