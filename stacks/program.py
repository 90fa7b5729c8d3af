"""From the engine's configuration to a composition: what `__main__.py` runs."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import cast

import pulumi

from errors import CaasError
from stacks.paths import stack_file
from stacks.settings import PROJECT, Stack, from_config

Composition = Callable[[str, Stack], None]


def run() -> None:
    """Reads the settings of the current stack and registers what it is made of.

    Raises:
        pulumi.RunError: the engine shows its text without a traceback; the cause is the
            CaasError of a bad stack file.
    """
    stack = pulumi.get_stack()
    try:
        settings = from_config(_configuration(), stack_file(stack))
        composition(stack)(stack, settings)
    except CaasError as error:
        raise pulumi.RunError(str(error)) from error


def composition(stack: str) -> Composition:
    """The `compose` of `stacks/<stack>.py`; stacks without a module of their own are like local."""
    name = f"stacks.{stack.replace('-', '_')}"
    known = importlib.util.find_spec(name) is not None
    module = importlib.import_module(name if known else "stacks.local")
    return cast(Composition, module.compose)


def _configuration() -> dict[str, object]:
    """The stack's configuration under this project's prefix; structured values are JSON text."""
    config = pulumi.Config(PROJECT)
    given = (key.removeprefix(f"{PROJECT}:") for key in pulumi.runtime.get_config_env())
    keys = {*Stack.model_fields_by_alias(), *given}
    values = {key: config.get(key) for key in sorted(keys)}
    return {f"{PROJECT}:{key}": value for key, value in values.items() if value is not None}
