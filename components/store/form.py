"""The form of an application: every value that a tenant may set, with its limits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any

from pydantic import Field, field_validator

from components.fields import SUBDOMAIN, Settings, shown
from components.store.amounts import number

Scalar = bool | int | str
ValuePath = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$", max_length=253)]
LONGEST_TEXT = 253


class FieldType(StrEnum):
    """The type of a value of the form."""

    COUNT = "count"
    SIZE = "size"
    CPU = "cpu"
    TEXT = "text"
    FLAG = "flag"
    CHOICE = "choice"
    HOST = "host"


class Changes(StrEnum):
    """The changes that a value may see after the install."""

    ALWAYS = "always"
    GROWS = "grows"
    NEVER = "never"


PATTERNS = {
    FieldType.SIZE: r"[1-9][0-9]*(Mi|Gi|Ti)",
    FieldType.CPU: r"[1-9][0-9]*m?",
    FieldType.HOST: SUBDOMAIN,
}
EXPECTED = {
    FieldType.COUNT: "a whole number",
    FieldType.SIZE: "a size such as `10Gi`",
    FieldType.CPU: "CPUs such as `2` or `500m`",
    FieldType.TEXT: "a text of one line",
    FieldType.FLAG: "`true` or `false`",
    FieldType.CHOICE: "one of the choices",
    FieldType.HOST: "a host name",
}
AMOUNTS = (FieldType.COUNT, FieldType.SIZE, FieldType.CPU)


class FormField(Settings):
    """A value that a tenant may set."""

    title: Annotated[str, Field(min_length=1, max_length=120)]
    """The purpose of the value, a few words."""
    type: FieldType
    """`count`, `size` (`10Gi`), `cpu` (`500m`), `text`, `flag`, `choice`, or `host`, a name below
    the domains of the tenant."""
    default: Scalar | None = None
    """The value where a tenant sets none; without it the tenant has to."""
    least: Scalar | None = None
    """The smallest value."""
    most: Scalar | None = None
    """The largest value."""
    choices: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    """The choices of the type `choice`."""
    pattern: Annotated[str, Field(max_length=200)] | None = None
    """A regular expression that the whole of a `text` matches."""
    at: Annotated[tuple[ValuePath, ...], Field(min_length=1, max_length=20)]
    """The chart's values that get it: `persistence.size`, or a list of them."""
    changes: Changes = Changes.ALWAYS
    """`always`; `grows`: it may never get smaller; `never`: it stays as it was at the install."""

    @field_validator("at", mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        return (given,) if isinstance(given, str) else given

    def fault(self, value: object) -> str:
        """The reason why a value is refused; empty for a good one."""
        if not self._is_of_type(value):
            return f"{shown(value)} is not {EXPECTED[self.type]}"
        if self.type is FieldType.CHOICE and value not in self.choices:
            return f"{shown(value)} is none of {', '.join(self.choices)}"
        if self.pattern and not re.fullmatch(self.pattern, str(value)):
            return f"{shown(value)} does not match `{self.pattern}`"
        if self.type in AMOUNTS:
            if self.least is not None and number(str(value)) < number(str(self.least)):
                return f"{shown(value)} is less than `{self.least}`"
            if self.most is not None and number(str(value)) > number(str(self.most)):
                return f"{shown(value)} is more than `{self.most}`"
        return ""

    def inconsistency(self) -> str:
        """The reason why the field itself makes no sense; empty for a good one."""
        return self._misplaced() or next(filter(None, self._bad_values()), "")

    def _misplaced(self) -> str:
        is_amount = self.type in AMOUNTS
        wrong = {
            "`choices` belong to the type `choice`, which has some": (
                (self.type is FieldType.CHOICE) != bool(self.choices)
            ),
            "`pattern` belongs to the type `text`": (
                bool(self.pattern) and self.type is not FieldType.TEXT
            ),
            "`least` and `most` belong to numbers and sizes": (
                not is_amount and (self.least, self.most) != (None, None)
            ),
            "only numbers and sizes grow": not is_amount and self.changes is Changes.GROWS,
        }
        return next((why for why, is_wrong in wrong.items() if is_wrong), "")

    def _bad_values(self) -> Iterator[str]:
        """The reasons why its pattern, limits and default are refused."""
        try:
            re.compile(self.pattern or "")
        except re.error:
            yield f"{shown(self.pattern)} is no regular expression"
            return
        for each in (self.least, self.most):
            if each is not None and not self._is_of_type(each):
                yield f"{shown(each)} is not {EXPECTED[self.type]}"
                return
        if self.default is not None:
            yield self.fault(self.default)

    def limits(self) -> tuple[Scalar, ...]:
        """The values at the ends of what is allowed, each once."""
        ends: tuple[Scalar | None, ...] = (self.least, self.most)
        if self.type is FieldType.CHOICE:
            ends = self.choices
        elif self.type is FieldType.FLAG:
            ends = (False, True)
        return tuple(dict.fromkeys(each for each in ends if each is not None))

    def _is_of_type(self, value: object) -> bool:
        if self.type is FieldType.FLAG:
            return isinstance(value, bool)
        if self.type is FieldType.COUNT:
            return isinstance(value, int) and not isinstance(value, bool)
        if self.type is FieldType.CPU and isinstance(value, int) and not isinstance(value, bool):
            return value > 0
        if not isinstance(value, str) or len(value) > LONGEST_TEXT:
            return False
        # Charts may fill in values as templates, and such a text would run in them.
        plain = value.isprintable() and "{{" not in value
        return plain and bool(re.fullmatch(PATTERNS.get(self.type, ".*"), value))


def fault_of_change(changes: Changes, old: object, new: object) -> str:
    """The reason why a change after the install is refused; empty for a good one."""
    if old == new or changes is Changes.ALWAYS:
        return ""
    if changes is Changes.NEVER:
        return f"it stays {shown(old)} from the install on"
    return "it can only grow" if number(str(new)) < number(str(old)) else ""


Form = Mapping[str, FormField]


def numbers(form: Form, settings: Mapping[str, object]) -> dict[str, Fraction]:
    """The settings that are numbers, for the expressions of an entry; flags are 0 and 1."""
    found = {
        name: number(str(settings[name]))
        for name, field in form.items()
        if field.type in AMOUNTS and name in settings
    }
    flags = {name for name, field in form.items() if field.type is FieldType.FLAG}
    return found | {name: Fraction(int(bool(settings.get(name)))) for name in flags}


def chart_values(form: Form, settings: Mapping[str, object]) -> dict[str, Any]:
    """The chart's values that settings of the form make."""
    values: dict[str, Any] = {}
    for name, value in settings.items():
        for path in form[name].at:
            *above, last = path.split(".")
            inside = values
            for key in above:
                inside = inside.setdefault(key, {})
            inside[last] = value
    return values
