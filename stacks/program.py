"""From the engine's configuration to a composition: what `__main__.py` runs."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from contextvars import ContextVar
from typing import cast

import pulumi

from errors import CaasError
from stacks.paths import stack_file
from stacks.settings import PROJECT, Stack, from_config
from stacks.settings.stack import ManagementMode

Composition = Callable[[str, Stack], None]

LOADED: ContextVar[Stack | None] = ContextVar("LOADED", default=None)
"""The settings of the stack, where the program runs in a process that has loaded them already."""


def run() -> None:
    """Reads the settings of the current stack and registers what it is made of.

    Raises:
        pulumi.RunError: the engine shows its text without a traceback; the cause is the
            CaasError of a bad stack file.
    """
    stack = pulumi.get_stack()
    try:
        settings = LOADED.get() or from_config(_configuration(), stack_file(stack))
        composition(stack, settings)(stack, settings)
    except CaasError as error:
        raise pulumi.RunError(str(error)) from error


OF_MODE = {
    ManagementMode.EMBEDDED: "local",
    ManagementMode.EXISTING: "staging",
    ManagementMode.SELF_MANAGED: "prod_aws",
}
"""The module that composes the stacks of a kind, under whatever name."""


def composition(stack: str, settings: Stack) -> Composition:
    """The `compose` of `stacks/<stack>.py`, or that of the stack's kind.

    The module of a stack is passed over when the stack file has another `management.mode` by now
    than its `MODE`. A copy of a stack file is composed like the original.
    """
    mode = settings.management.mode
    name = f"stacks.{stack.replace('-', '_')}"
    if importlib.util.find_spec(name) is not None:
        module = importlib.import_module(name)
        if getattr(module, "MODE", mode) is mode:
            return cast(Composition, module.compose)
    return cast(Composition, importlib.import_module(f"stacks.{OF_MODE[mode]}").compose)


def _configuration() -> dict[str, object]:
    """The stack's configuration under this project's prefix; structured values are JSON text."""
    config = pulumi.Config(PROJECT)
    given = (key.removeprefix(f"{PROJECT}:") for key in pulumi.runtime.get_config_env())
    keys = {*Stack.model_fields_by_alias(), *given}
    values = {key: config.get(key) for key in sorted(keys)}
    return {f"{PROJECT}:{key}": value for key, value in values.items() if value is not None}
