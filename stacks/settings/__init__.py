"""What a stack file may say, and reading it.

Names are imported when they are first used: `errors` and the value types stay light for those that
need nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stacks.settings.load import as_pulumi_config, from_config, load_file
    from stacks.settings.source import PROJECT, Source, read
    from stacks.settings.stack import Stack
    from stacks.settings.upgrade import check_upgrade, upgrade_path

__all__ = [
    "PROJECT",
    "Source",
    "Stack",
    "as_pulumi_config",
    "check_upgrade",
    "from_config",
    "load_file",
    "read",
    "upgrade_path",
]

_HOMES = {
    "PROJECT": "source",
    "Source": "source",
    "Stack": "stack",
    "as_pulumi_config": "load",
    "check_upgrade": "upgrade",
    "from_config": "load",
    "load_file": "load",
    "read": "source",
    "upgrade_path": "upgrade",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
