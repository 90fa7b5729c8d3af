"""From refusals of pydantic to problems with codes, suggestions and places."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from components.fields import Settings, shown
from errors import Code, Problem, Where, stack_file
from errors.registry import all_codes

Step = str | int
Steps = tuple[Step, ...]


class Places(Protocol):
    """Finds the place of a value in its source: in a stack file, or in a component's arguments."""

    def where(self, steps: Steps, *, key: bool = False) -> Where:
        """The place of the value at `steps`, or of its key."""


BY_REASON: dict[str, Code] = {code.reason: code for code in all_codes()}
KNOWN_KEYS_SHOWN = 12

_EXPECTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    spellings = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word[:64].lower(), spellings, n=1, cutoff=0.6)
    return spellings[close[0]] if close else None


def suggestion(word: str, known: Iterable[str]) -> str:
    """A question that names the known word that was probably meant; empty if none is near."""
    close = nearest(word, known)
    return f"Did you mean `{close}`? " if close else ""


def of(error: ValidationError, model: type[Settings], source: Places) -> Iterator[Problem]:
    """The problems of all values that pydantic refused.

    Args:
        error: the exception of pydantic.
        model: the model that was validated.
        source: finds the places of the values.
    """
    for details in error.errors(include_url=False):
        if details["type"] == "too_short" and details["input"]:
            continue  # pydantic counts valid entries only; the others have separate problems
        yield _problem(details, model, source)


def _problem(details: ErrorDetails, model: type[Settings], source: Places) -> Problem:
    kind, steps, context = details["type"], details["loc"], details.get("ctx", {})
    value = details["input"]
    if steps[-1:] == ("[key]",):
        at = source.where(steps[:-1], key=True)
    else:
        at = source.where(steps, key=kind == "extra_forbidden")
    if kind in BY_REASON:
        code, what = BY_REASON[kind], str(context["what"])
        return Problem(code, what, at, str(context["why"]), str(context["fix"]))
    if kind == "extra_forbidden":
        return unknown_key(steps, known_keys(model, steps[:-1]), at)
    if kind == "missing":
        what = f"the key `{steps[-1]}` is missing"
        return Problem(stack_file.MISSING_KEY, what, at, fix=f"Add `{steps[-1]}: ...`.")
    if kind in ("enum", "literal_error"):
        return unknown_choice(value, re.findall(r"'([^']+)'", str(context["expected"])), at)
    if "type" in kind or "parsing" in kind or kind in _EXPECTED:
        return _wrong_type(kind, value, str(details["msg"]), at)
    return _out_of_range(kind, value, context, str(details["msg"]), at)


def unknown_key(steps: Steps, known: Sequence[str], at: Where) -> Problem:
    """A key that no model knows, with the nearest one and the others."""
    key = str(steps[-1])
    what = f"the key {shown(key)} is not known here"
    more = " and more" if len(known) > KNOWN_KEYS_SHOWN else ""
    listed = ", ".join(known[:KNOWN_KEYS_SHOWN]) + more
    fix = f"{suggestion(key, known)}Known keys: {listed}."
    return Problem(stack_file.UNKNOWN_KEY, what, at, fix=fix)


def unknown_choice(value: object, choices: Sequence[str], at: Where) -> Problem:
    """A value that is none of the choices, with the nearest one and the others."""
    meant = suggestion(value, choices) if isinstance(value, str) else ""
    what = f"{shown(value)} is not one of the choices"
    fix = f"{meant}Choices: {', '.join(choices)}."
    return Problem(stack_file.UNKNOWN_CHOICE, what, at, fix=fix)


def _wrong_type(kind: str, value: object, message: str, at: Where) -> Problem:
    expected = _EXPECTED.get(kind)
    if value is None:
        what, fix = f"{expected or 'a value'} is expected", "Write a value, or remove the key."
        return Problem(stack_file.WRONG_TYPE, what, at, "the key has no value", fix)
    fix = f"Write {expected}." if expected else ""
    if kind == "string_type" and isinstance(value, int | float):
        fix = 'Put it in quotes, such as `"true"` or `"8080"`.'
    elif kind in ("int_type", "bool_type") and isinstance(value, str):
        right = value.isdecimal() if kind == "int_type" else value.lower() in ("true", "false")
        fix = f"Write {shown(value.lower())} without quotes." if right else fix
    elif kind == "tuple_type":
        fix = "Write a list: each entry on its own line after `- `, or `[a, b]`."
    found = f"the text {shown(value)}" if isinstance(value, str) else shown(value)
    what = f"{expected} is expected, not {found}" if expected else message
    return Problem(stack_file.WRONG_TYPE, what, at, fix=fix)


_LIMITS = {
    "greater_than_equal": ("ge", "at least {}"),
    "less_than_equal": ("le", "at most {}"),
    "too_long": ("max_length", "at most {} entries"),
    "too_short": ("min_length", "at least {} entries"),
    "string_too_long": ("max_length", "at most {} characters"),
    "string_too_short": ("min_length", "at least {} characters"),
}


def _out_of_range(
    kind: str, value: object, context: dict[str, Any], message: str, at: Where
) -> Problem:
    if kind == "string_pattern_mismatch":
        what = f"{shown(value)} does not have the expected form"
        fix = "Look the field up in docs/settings.md, and write a text of that form."
        return Problem(stack_file.WRONG_TYPE, what, at, f"the form is {context['pattern']}", fix)
    if kind not in _LIMITS:
        return Problem(stack_file.WRONG_TYPE, message, at)
    name, limit = _LIMITS[kind]
    allowed = limit.format(context[name]).replace(" 1 entries", " one entry")
    allowed = allowed.replace(" 1 characters", " one character")
    found = f"a list of {len(value)}" if isinstance(value, list | tuple) else shown(value)
    what = f"{found} is out of range"
    return Problem(stack_file.OUT_OF_RANGE, what, at, fix=f"{allowed.capitalize()}.")


def known_keys(model: type[Settings], steps: Sequence[Step]) -> list[str]:
    """The keys of the mapping at `steps`, as they are written in YAML."""
    models = [model]
    for step in steps:
        if isinstance(step, str):
            fields = [found.model_fields_by_alias().get(step) for found in models]
            types = [field.annotation for field in fields if field]
            models = [found for kind in types for found in _models(kind)] or models
    return [key for found in models for key in found.model_fields_by_alias()]


def _models(annotation: object) -> Iterator[type[Settings]]:
    """The models inside an annotation such as `tuple[Annotated[Cluster, ...], ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
