"""Unquoted values of a stack file: one reading, the one of Pulumi's engine.

The engine reads YAML with Go's `gopkg.in/yaml.v3`, this project with PyYAML, which follows an older
version of YAML. Where the two differ, a value is refused, so that a stack is the same through both.

Source: `resolve.go` of gopkg.in/yaml.v3 3.0.1, and `UnmarshalYAML` of
`sdk/go/common/resource/config/object.go` of Pulumi.
"""

from __future__ import annotations

import math
import re
from datetime import date

Plain = bool | int | float | str | None

WORDS: dict[str, Plain] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
TRUTH = re.compile("yes|no|on|off", re.IGNORECASE)
"""The YAML 1.1 spellings of `true` and `false`."""
INTEGER = re.compile(r"[-+]?(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
TIME = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([Tt ].*)?", re.DOTALL)
DAY = re.compile(r"\d{4}-\d\d-\d\d")
DAY_AS_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?: 00:00:00 \+0000 UTC|T00:00:00Z)")
SMALLEST, LARGEST = -(2**63), 2**64 - 1
LONGEST = 40
"""Characters of a number; what is longer is no number that a stack file means."""


class UncertainError(ValueError):
    """A value that other readers of YAML take for something else, or can't take at all."""


def plain(text: str, other: object) -> Plain:
    """The value of an unquoted text.

    Args:
        text: as it is written.
        other: what a reader of YAML 1.1 takes it for.

    Raises:
        UncertainError: where the engine takes it for something else.
    """
    found = _reading(text)
    if isinstance(found, float) and not math.isfinite(found):
        raise UncertainError(text)
    if (type(found), found) != (type(other), other):
        raise UncertainError(text)
    return found


def without_time(text: str) -> str:
    """A text; of a day, to which the engine has added the time of day, only the day."""
    found = DAY_AS_TIME.fullmatch(text)
    return found[1] if found and _is_day(found[1]) else text


def is_plain_key(text: str) -> bool:
    """True if an unquoted key of a mapping is the same text for the engine."""
    if TIME.fullmatch(text):  # the engine would add the time of day
        return False
    try:
        found = _reading(text)
    except UncertainError:
        return False
    # The engine writes a whole number anew, `010` as `8`.
    return isinstance(found, str) or (type(found) is int and str(found) == text)


def _reading(text: str) -> Plain:
    """The value of an unquoted text in Go's YAML reader; a date stays a text."""
    if text in WORDS:
        return WORDS[text]
    if text[:1] == ".":
        return _float(text)
    if text[:1] not in "0123456789+-":
        return text
    if TIME.fullmatch(text):
        return _day(text)
    digits = text.replace("_", "")
    if len(digits) > LONGEST and FLOAT.fullmatch(digits):
        raise UncertainError(text)
    if INTEGER.fullmatch(digits):
        number = _integer(digits)
        if SMALLEST <= number < 2**63 or (0 <= number <= LARGEST and digits[0] != "+"):
            return number
    return _float(digits, text)


def _integer(digits: str) -> int:
    sign, number = (-1 if digits[0] == "-" else 1), digits.lstrip("+-")
    if re.fullmatch("0[0-7]+", number):
        return sign * int(number, 8)
    return sign * int(number, 0)


def _float(digits: str, text: str = "") -> float | str:
    if FLOAT.fullmatch(digits) and math.isfinite(found := float(digits)):
        return found
    return text or digits


def _day(text: str) -> str:
    """A day as it is written. Raises UncertainError for one that is written short, or a time."""
    if DAY_AS_TIME.fullmatch(text):
        return text
    if not DAY.fullmatch(text):
        raise UncertainError(text)
    return text


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
