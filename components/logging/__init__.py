"""Logs: collected, searched, limited and archived."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.lazy import lazily

if TYPE_CHECKING:
    from components.logging.logs import LogsSettings
    from components.logging.resources import Logs

__all__ = [
    "Logs",
    "LogsSettings",
]

__getattr__ = lazily(
    __name__,
    {
        "Logs": "resources",
        "LogsSettings": "logs",
    },
)
