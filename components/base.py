"""The base of every component: one type token, child names, labels, outputs."""

from __future__ import annotations

from typing import Any

import pulumi


class Component(pulumi.ComponentResource):
    """A ComponentResource with this project's type token, `caas:index:<Class>`.

    The token is part of every URN: renaming a component class needs an alias.
    Children are named `<component>-<child>`; the last line of a component's `__init__` is
    `self.register_outputs({...})`.
    """

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(f"caas:index:{type(self).__name__}", name, None, opts)
        self.name = name

    def child(self, **options: Any) -> pulumi.ResourceOptions:
        """Options of a child: this component is its parent; `options` are added."""
        return pulumi.ResourceOptions(parent=self, **options)
