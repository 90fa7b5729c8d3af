"""`{cluster}` in settings: the fields that know it, and any other field where it would stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from components.chart import CLUSTER_NAME

CLUSTER = "{cluster}"
"""The place of a cluster's name in a text."""
Path = tuple[str | int, ...]


class Filled:
    """The mark of a field that knows the placeholder: `Annotated[str, FILLED]`."""


FILLED = Filled()


def filled(text: str) -> str:
    """The text with the template of the add-on provider that becomes the cluster's name."""
    return text.replace(CLUSTER, CLUSTER_NAME)


def unfilled(settings: BaseModel) -> Iterator[Path]:
    """The places of settings where the placeholder would stay as it is.

    Mappings without a model, such as values of charts and payloads, are texts of others.
    """
    for name in type(settings).model_fields:
        field = type(settings).model_fields[name]
        if not knows(field):
            for path in _inside(getattr(settings, name)):
                yield (field.alias or name, *path)


def knows(field: FieldInfo) -> bool:
    """True if a field has the mark, itself or as the type of its items."""
    return any(isinstance(each, Filled) for each in field.metadata) or _marked(field.annotation)


def _marked(annotation: Any) -> bool:
    marks = getattr(annotation, "__metadata__", ())
    if any(isinstance(each, Filled) for each in marks):
        return True
    return any(_marked(each) for each in get_args(annotation))


def _inside(value: Any) -> Iterator[Path]:
    if isinstance(value, BaseModel):
        yield from unfilled(value)
    elif isinstance(value, str) and CLUSTER in value:
        yield ()
    elif isinstance(value, tuple | list):
        for index, each in enumerate(value):
            for path in _inside(each):
                yield (index, *path)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            if isinstance(each, BaseModel):
                for path in unfilled(each):
                    yield (key, *path)
