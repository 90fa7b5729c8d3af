"""Schedules as cron writes them.

Kubernetes and Velero 1.18 read them with the same library.
Source: https://pkg.go.dev/github.com/robfig/cron/v3
"""

from __future__ import annotations

import re

# Ranges of the five fields of a schedule; names of months and days count as well.
_FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NAMES = {name: at for at, name in enumerate(_MONTHS, 1)} | {
    name: at for at, name in enumerate(_DAYS)
}
_WORDS = re.compile(r"@(yearly|annually|monthly|weekly|daily|midnight|hourly|every ([0-9]+[hms])+)")
_PART = re.compile(r"(?:(\*|\?)|(\w+)(?:-(\w+))?)(?:/([0-9]+))?", re.ASCII)


def is_schedule(text: str) -> bool:
    """True if cron accepts it: five fields, or a word such as `@daily` or `@every 6h`."""
    if _WORDS.fullmatch(text):
        return True
    fields = text.split()
    return len(fields) == len(_FIELDS) and all(
        _is_part(part, *bounds)
        for field, bounds in zip(fields, _FIELDS, strict=True)
        for part in field.split(",")
    )


def _is_part(text: str, lowest: int, highest: int) -> bool:
    match = _PART.fullmatch(text.lower())
    if not match:
        return False
    _, *ends, step = match.groups()
    numbers = [_NAMES.get(end, int(end) if end.isdecimal() else -1) for end in ends if end]
    inside = all(lowest <= number <= highest for number in numbers)
    return inside and numbers == sorted(numbers) and (step is None or int(step) > 0)
