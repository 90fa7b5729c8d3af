"""The values that a new stack file needs from its author, as `./caas new` asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import TypeAdapter

from components.fields import Settings


class Scope(StrEnum):
    """Place of a value in a stack file."""

    INFRASTRUCTURE = "infrastructure"
    """Below `caas:infrastructure`."""
    EVERY_CLUSTER = "every-cluster"
    """In each cluster, the same value."""
    ONE_CLUSTER = "one-cluster"
    """In each cluster, a value that no other cluster has."""


@dataclass(frozen=True, slots=True)
class Question:
    """One value of a new stack file.

    The type of the setting validates the answer, so a question has no rules.

    Attributes:
        path: keys as the stack file writes them, `("network", "name")`.
        text: the question, also the comment behind the value.
        example: a valid answer.
        default: the answer for an empty input; empty if there is none.
        scope: the part of the stack file that `path` begins in.
        is_fixed: `default` is written without a question.
    """

    path: tuple[str, ...]
    text: str
    example: str = ""
    default: Any = ""
    scope: Scope = Scope.INFRASTRUCTURE
    is_fixed: bool = False

    def read(self, model: type[Settings], text: str) -> Any:
        """The value of an answer, as the stack file has it; lists are separated by commas.

        Args:
            model: the settings that `path` begins in.
            text: the answer.

        Raises:
            pydantic.ValidationError: the setting refuses it.
        """
        kind = _type_of(model, self.path)
        plain = _without_annotations(kind)
        value: Any = text.strip()
        if get_origin(plain) is tuple:
            value = [part.strip() for part in text.split(",") if part.strip()]
        elif plain in (int, float):
            value = int(value) if value.isdecimal() else value
        TypeAdapter(kind).validate_python(value)
        return value


_ENDPOINT = ("controlPlane", "endpoint")

PUBLIC_API = (
    Question(
        (*_ENDPOINT, "public"),
        "a load balancer with a public address",
        default=True,
        scope=Scope.EVERY_CLUSTER,
        is_fixed=True,
    ),
    Question(
        (*_ENDPOINT, "allowed"),
        "addresses that may reach the Kubernetes API: your office, your VPN",
        "203.0.113.0/24",
        scope=Scope.EVERY_CLUSTER,
    ),
)
"""The questions about a Kubernetes API that is reached from outside of the cloud's network."""


def api_address(text: str) -> Question:
    """The question for the address of a cluster's Kubernetes API, where no cloud chooses one."""
    return Question((*_ENDPOINT, "host"), text, "192.0.2.10", scope=Scope.ONE_CLUSTER)


def required(model: type[Settings], above: tuple[str, ...] = ()) -> Iterator[Question]:
    """A question for every setting of a model that has no default, in its order."""
    for name, field in model.model_fields_by_alias().items():
        path = (*above, name)
        if not field.is_required() or path == ("provider",):
            continue
        if isinstance(field.annotation, type) and issubclass(field.annotation, Settings):
            yield from required(field.annotation, path)
        else:
            text = " ".join((field.description or name).split()).rstrip(".")
            yield Question(path, text, str((field.examples or [""])[0]))


def _type_of(model: type[Settings], path: tuple[str, ...]) -> Any:
    """The annotated type of a setting; raises KeyError for a path that the model does not have."""
    kind: Any = model
    for key in path:
        plain = _without_annotations(kind)
        if isinstance(plain, type) and issubclass(plain, Settings):
            field = plain.model_fields_by_alias()[key]
            kind = field.annotation
            if field.metadata:
                kind = Annotated[(kind, *field.metadata)]
        else:
            kind = get_args(plain)[1]  # of a dictionary
    return kind


def _without_annotations(kind: Any) -> Any:
    """The type below `Annotated` and `… | None`."""
    if get_origin(kind) is Annotated:
        return _without_annotations(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return _without_annotations(next(one for one in get_args(kind) if one is not type(None)))
    return kind
