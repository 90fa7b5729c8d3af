"""The infrastructures that clusters stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.lazy import lazily

if TYPE_CHECKING:
    from components.infrastructure.aws import Aws
    from components.infrastructure.azure import Azure
    from components.infrastructure.docker import Docker
    from components.infrastructure.foundation import Foundation
    from components.infrastructure.gcp import Gcp
    from components.infrastructure.in_memory import InMemory
    from components.infrastructure.openstack import OpenStack
    from components.infrastructure.vsphere import VSphere

__all__ = [
    "Aws",
    "Azure",
    "Docker",
    "Foundation",
    "Gcp",
    "InMemory",
    "OpenStack",
    "VSphere",
]

__getattr__ = lazily(
    __name__,
    {
        "Aws": "aws",
        "Azure": "azure",
        "Docker": "docker",
        "Foundation": "foundation",
        "Gcp": "gcp",
        "InMemory": "in_memory",
        "OpenStack": "openstack",
        "VSphere": "vsphere",
    },
)
