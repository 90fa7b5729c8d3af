"""The schema of a stack file, and its reader.

Names are imported when they are first used: `errors` and the value types stay light for those that
need nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.lazy import lazily

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

__getattr__ = lazily(__name__, _HOMES)
