"""Amazon Web Services: virtual machines of EC2 behind network load balancers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.lazy import lazily

if TYPE_CHECKING:
    from components.infrastructure.aws.foundation import AwsFoundation
    from components.infrastructure.aws.plugin import Aws

__all__ = [
    "Aws",
    "AwsFoundation",
]

__getattr__ = lazily(
    __name__,
    {
        "Aws": "plugin",
        "AwsFoundation": "foundation",
    },
)
