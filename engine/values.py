"""Values that are unknown before creation, and values that must not be shown.

The engine's protocol spells both by signatures: random strings that no user must ever meet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi.output import Unknown
from pulumi.runtime import rpc
from yaml.representer import SafeRepresenter

HIDDEN = "[secret]"
"""The text that replaces a secret value."""
SIGNATURE = rpc._special_sig_key
SECRET = rpc._special_secret_sig
RESOURCE = rpc._special_resource_sig
"""The protocol's marks; the SDK has no public names for them."""


class UnknownValue(str, Unknown):
    """A value that only creation tells; prints as what it says, in YAML and JSON as well."""

    __slots__ = ()

    def __init__(self, text: str) -> None:
        """Takes what a string takes."""


AFTER_CREATION = UnknownValue("<known after creation>")
SafeRepresenter.add_representer(UnknownValue, lambda dumper, text: dumper.represent_str(str(text)))


def plain(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The properties as they are shown, and as they are; the same dictionary without secrets.

    Args:
        values: as the engine's protocol has them: without an order, and with only doubles.
    """
    given = _unpacked(values)
    shown = _plain(given, hide=True)
    return shown, _plain(given, hide=False) if _has_secrets(given) else shown


def unknowns(value: Any) -> int:
    """The number of values that are known only after creation."""
    if isinstance(value, Mapping):
        return sum(unknowns(item) for item in value.values())
    if isinstance(value, list):
        return sum(unknowns(item) for item in value)
    return int(isinstance(value, UnknownValue))


def is_unknown(value: Any) -> bool:
    """True if part of the value is known only after creation."""
    return unknowns(value) > 0


def without_unknowns(value: Any) -> Any:
    """The value with None in place of what is known only after creation."""
    if isinstance(value, Mapping):
        return {key: without_unknowns(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_unknowns(item) for item in value]
    return None if isinstance(value, UnknownValue) else value


def filled(wanted: Any, live: Any) -> Any:
    """The wanted value, with what is not known taken from the live one, where that has it.

    What creation told stays as it is; entries of lists are found by their name where they have one.
    """
    if isinstance(wanted, UnknownValue):
        return wanted if live is None else live
    if isinstance(wanted, dict) and isinstance(live, Mapping):
        return {key: filled(value, live.get(key)) for key, value in wanted.items()}
    if isinstance(wanted, list) and isinstance(live, list):
        named = {each["name"]: each for each in live if isinstance(each, dict) and "name" in each}
        return [
            filled(each, named.get(each["name"]))
            if isinstance(each, dict) and isinstance(each.get("name"), str)
            else filled(each, live[index] if index < len(live) else None)
            for index, each in enumerate(wanted)
        ]
    return wanted


def hidden_where(value: Any, shown: Any) -> Any:
    """The value without what is hidden at the same place in `shown`."""
    if shown == HIDDEN:
        return HIDDEN
    if isinstance(value, dict) and isinstance(shown, Mapping):
        return {key: hidden_where(item, shown.get(key)) for key, item in value.items()}
    if isinstance(value, list) and isinstance(shown, list) and len(value) == len(shown):
        return [hidden_where(*pair) for pair in zip(value, shown, strict=True)]
    return value


def hidden(value: Any) -> Any:
    """A secret as it is shown: of a mapping the keys, of everything else nothing."""
    if isinstance(value, dict):
        return {key: hidden(item) for key, item in value.items()}
    return HIDDEN


def _unpacked(value: Any) -> Any:
    """Protocol messages as dictionaries and lists."""
    if isinstance(value, Mapping):
        return {key: _unpacked(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_unpacked(item) for item in value]
    return value


def _plain(value: Any, *, hide: bool) -> Any:
    if isinstance(value, dict):
        return _mapping(value, hide=hide)
    if isinstance(value, list):
        return [_plain(item, hide=hide) for item in value]
    if value == rpc.UNKNOWN:
        return AFTER_CREATION
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _mapping(value: dict[str, Any], *, hide: bool) -> Any:
    signature = value.get(SIGNATURE)
    if signature == SECRET:
        secret = _plain(value.get("value"), hide=hide)
        return hidden(secret) if hide else secret
    if signature == RESOURCE:
        return value.get("id") or AFTER_CREATION
    kept = ((key, value[key]) for key in sorted(value) if key != SIGNATURE)  # of files, what is in
    return {key: _plain(item, hide=hide) for key, item in kept if item is not None}


def _has_secrets(value: Any) -> bool:
    if isinstance(value, dict):
        return value.get(SIGNATURE) == SECRET or any(_has_secrets(each) for each in value.values())
    return isinstance(value, list) and any(_has_secrets(item) for item in value)
