"""Amazon Web Services: virtual machines of EC2 behind network load balancers."""

from components.infrastructure.aws.settings import Aws

__all__ = ["Aws"]
