"""OpenStack: Cluster API's provider for it, and the foundation by pulumi-openstack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.lazy import lazily

if TYPE_CHECKING:
    from components.infrastructure.openstack.foundation import OpenStackFoundation
    from components.infrastructure.openstack.plugin import OpenStack

__all__ = [
    "OpenStack",
    "OpenStackFoundation",
]

__getattr__ = lazily(
    __name__,
    {
        "OpenStack": "plugin",
        "OpenStackFoundation": "foundation",
    },
)
