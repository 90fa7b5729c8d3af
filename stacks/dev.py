"""The `dev` stack: one small cluster on OpenStack, under a management cluster that is there."""

from stacks.environment import compose

__all__ = ["compose"]
