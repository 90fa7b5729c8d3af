"""OpenStack: Cluster API's provider for it, and what pulumi-openstack makes beforehand."""

from components.infrastructure.openstack.plugin import OpenStack

__all__ = ["OpenStack"]
