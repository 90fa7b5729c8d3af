"""The `staging` stack: as production is, on OpenStack, and managed by a cluster that is there."""

from stacks.environment import compose

__all__ = ["compose"]
