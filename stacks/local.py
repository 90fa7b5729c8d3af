"""The `local` stack, and every stack that has no module of its own."""

from stacks.environment import compose

__all__ = ["compose"]
