"""Label selectors, as Kubernetes writes them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from components.fields import LabelKey, LabelValue, Settings


class Operator(StrEnum):
    """The comparison of a label in an expression."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


class Expression(Settings):
    """One comparison of a label."""

    key: LabelKey
    operator: Operator
    values: Annotated[tuple[LabelValue, ...], Field(max_length=100)] = ()
    """The values for `In` and `NotIn`; empty for the others."""


class Selector(Settings):
    """Selects by labels: everything in it must hold."""

    match_labels: Annotated[dict[LabelKey, LabelValue], Field(max_length=50)] = Field(
        default_factory=dict
    )
    """Labels with their values."""
    match_expressions: Annotated[tuple[Expression, ...], Field(max_length=50)] = ()
    """Comparisons of labels."""


Selectors = Annotated[tuple[Selector, ...], Field(max_length=50)]
"""Selects what one of them selects."""


def written(settings: Settings) -> dict[str, Any]:
    """Settings whose keys are those of an object, as the object has them; defaults left out."""
    return settings.model_dump(mode="json", by_alias=True, exclude_defaults=True)
