"""Reading of nested mappings, such as Kubernetes objects that may lack any of their fields.

Only requested values are read: during a preview of the pulumi CLI, a value that is not known yet
raises when it is read. Whole numbers may be doubles, the only numbers of the engine's protocol.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

Props = Mapping[str, Any]
Manifest = dict[str, Any]
"""A Kubernetes object as it is written; its module imports no Pulumi."""


def section(props: Props, *keys: str) -> Props:
    """A mapping in a mapping, empty where there is none."""
    for key in keys:
        value = props.get(key)
        if not isinstance(value, Mapping):
            return {}
        props = value
    return props


def entries(props: Props, *keys: str) -> list[Props]:
    """The mappings of a list in a mapping; none where there is no list."""
    value = section(props, *keys[:-1]).get(keys[-1])
    return [entry for entry in value if isinstance(entry, Mapping)] if is_list(value) else []


def texts(props: Props, *keys: str) -> list[str]:
    """The texts of a list in a mapping; a text that stands alone is a list of one."""
    value = section(props, *keys[:-1]).get(keys[-1])
    if isinstance(value, str):
        return [value]
    return [str(entry) for entry in value] if is_list(value) else []


def is_list(value: Any) -> TypeGuard[Sequence[Any]]:
    """True if a value is a list, of Python's type or the engine's."""
    return isinstance(value, Sequence) and not isinstance(value, str)


def number(value: Any) -> int | None:
    """A whole number; None for anything else."""
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
