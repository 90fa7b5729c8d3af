"""The problems of a cluster's add-ons, by code and path in the stack file."""

from __future__ import annotations

from typing import Any

import pytest

from errors import CaasError, Code
from stacks.settings import from_config
from stacks.settings.stack import Stack
from tests.addons.examples import LEAST


def load(addons: dict[str, Any], **cluster: Any) -> Stack:
    """A stack of one simulated cluster with these add-ons."""
    return from_config({"caas:clusters": [{**LEAST, "addons": addons, **cluster}]})


def problems(addons: dict[str, Any], **cluster: Any) -> list[tuple[Code, str]]:
    """The codes, and the paths below the cluster's add-ons."""
    with pytest.raises(CaasError) as caught:
        load(addons, **cluster)
    below = "clusters[0].addons"
    return [
        (problem.code, str(problem.where.path).removeprefix(below).lstrip("."))
        for problem in caught.value.problems
    ]
