"""The `prod-aws` stack: production on AWS; Pulumi refuses to delete what holds data."""

from __future__ import annotations

from stacks.environment import compose as compose_environment
from stacks.settings import Stack


def compose(stack: str, settings: Stack) -> None:
    """Registers the environment, with its keys, buckets, DNS zone and logs protected."""
    compose_environment(stack, settings, protect=True)
