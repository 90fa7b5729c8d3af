"""A case of a rule: what passes, what fails, and what is not known yet."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

GONE = object()
"""In place of a value: the key is removed."""


@dataclass(frozen=True)
class R:
    """A resource as a program registers it; `Recorded` of the policies."""

    type: str
    inputs: dict[str, Any] = field(default_factory=dict)
    name: str = "thing"
    protect: bool = False

    @property
    def urn(self) -> str:
        return f"urn:pulumi:prod::caas::{self.type}::{self.name}"

    def put(self, path: str, value: Any) -> R:
        """Another one with a value at a path such as `spec.containers.0.image`."""
        inputs = deepcopy(self.inputs)
        *before, last = path.split("|") if "|" in path else path.split(".")
        at: Any = inputs
        for step in before:
            at = at[int(step)] if step.isdecimal() else at.setdefault(step, {})
        if value is GONE:
            del at[last]
        elif last.isdecimal():
            at[int(last)] = value
        else:
            at[last] = value
        return R(self.type, inputs, self.name, self.protect)

    def of(self, kind: str) -> R:
        """The same as another type."""
        return R(kind, self.inputs, self.name, self.protect)


Given = tuple[R, ...]


@dataclass(frozen=True)
class Case:
    """The expected results of a rule for some resources.

    Attributes:
        good: passes.
        bad: fails, and is the same else.
        says: a part of the message.
        unknown: as the bad one, with a value that is not known; None where none is read.
        parameters: that the rule is given in all of these.
        passes: more that passes.
        fails: more that fails, with a part of the message.
    """

    good: Given
    bad: Given
    says: str
    unknown: Given | None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    passes: tuple[Given, ...] = ()
    fails: tuple[tuple[Given, str], ...] = ()


def case(
    good: R | Given,
    path: str,
    value: Any,
    says: str,
    *,
    passes: tuple[R | Given, ...] = (),
    fails: tuple[tuple[R | Given, str], ...] = (),
    unknown: str = "",
    **parameters: Any,
) -> Case:
    """A case whose bad one has another value at a path of the first resource.

    Args:
        unknown: the path of the value that is not known; else that of the bad one.
    """
    first, *rest = given(good)
    return Case(
        good=(first, *rest),
        bad=(first.put(path, value), *rest),
        says=says,
        unknown=(first.put(unknown or path, UNKNOWN_STRING_VALUE), *rest),
        parameters=parameters,
        passes=tuple(map(given, passes)),
        fails=tuple((given(each), text) for each, text in fails),
    )


def given(resources: R | Given) -> Given:
    return resources if isinstance(resources, tuple) else (resources,)
