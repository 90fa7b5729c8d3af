"""The base of every component: one type token, child names, labels, outputs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pulumi

from errors import CaasError

INDEX = "caas:index:"
"""Begins the type token of every component."""


def root_urn(kind: str, name: str) -> str:
    """The URN of a component that is a direct child of the stack."""
    project = f"{pulumi.get_stack()}::{pulumi.get_project()}"
    return f"urn:pulumi:{project}::{INDEX}{kind}::{name}"


class ProgramEndedError(pulumi.RunError):
    """Ends the program with the text of codes instead of a traceback.

    Attributes:
        error: the problems with their codes.
    """

    def __init__(self, error: CaasError) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def ends_program() -> Iterator[None]:
    """Turns a CaasError into the end of the program."""
    try:
        yield
    except CaasError as error:
        raise ProgramEndedError(error) from error


class Component(pulumi.ComponentResource):
    """A ComponentResource with this project's type token, `caas:index:<Class>`.

    The token is part of every URN: renaming a component class needs an alias.
    Children are named `<component>-<child>`; the last line of a component's `__init__` is
    `self.register_outputs({...})`.
    """

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(f"{INDEX}{type(self).__name__}", name, None, opts)
        self.name = name

    def child(self, **options: Any) -> pulumi.ResourceOptions:
        """Options of a child: this component is its parent; `options` are added."""
        return pulumi.ResourceOptions(parent=self, **options)
