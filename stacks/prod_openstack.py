"""The `prod-openstack` stack: production on OpenStack; what holds data is protected."""

from stacks import environment
from stacks.settings import Stack


def compose(stack: str, settings: Stack) -> None:
    """Registers the stack; Pulumi refuses to delete its containers and its DNS zone."""
    environment.compose(stack, settings, protect=True)
