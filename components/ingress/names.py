"""What ingress and DNS settings are made of: host names, names of objects, what containers ask for.

Source of the patterns: the definitions of the Gateway API, and
https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field, WithJsonSchema

from components.fields import LONGEST_DOMAIN, SUBDOMAIN, Settings, refusal, shown
from errors import stack_file

WILDCARD = "*."
CLUSTER = "{cluster}"
"""What a host name has where the name of the cluster belongs."""


def _hostname(text: str) -> str:
    host = text.removeprefix(WILDCARD).replace(CLUSTER, "cluster")
    if len(text) > LONGEST_DOMAIN or not re.fullmatch(SUBDOMAIN, host, re.ASCII) or "." not in host:
        raise refusal(stack_file.BAD_DOMAIN, f"{shown(text)} is not a host name with its domain")
    return text


def _object_name(text: str) -> str:
    if len(text) > LONGEST_DOMAIN or not re.fullmatch(SUBDOMAIN, text, re.ASCII):
        raise refusal(stack_file.BAD_NAME, f"{shown(text)} is not a name of a Kubernetes object")
    return text


Hostname = Annotated[
    str,
    AfterValidator(_hostname),
    WithJsonSchema(
        {"type": "string", "pattern": r"^(\*\.)?[-a-z0-9.{}]+$", "maxLength": LONGEST_DOMAIN}
    ),
]
"""A host name with its domain, `shop.example.com`; `*.example.com` for all one label below. A label
may be `{cluster}`, or have it inside."""
ObjectName = Annotated[
    str,
    AfterValidator(_object_name),
    WithJsonSchema({"type": "string", "pattern": f"^{SUBDOMAIN}$", "maxLength": LONGEST_DOMAIN}),
]
"""The name of an object in Kubernetes, of a Secret for one."""
Quantity = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?(m|[kMGTP]|[KMGTP]i)?$", max_length=20)]
"""An amount as Kubernetes writes it: `250m`, `512Mi`."""


class Resources(Settings):
    """What each pod asks for. Its memory is also its limit; its CPU has none."""

    cpu: Quantity = "100m"
    """CPU that is reserved for it."""
    memory: Quantity = "256Mi"
    """Memory that is reserved for it, and that it is ended for taking more of."""

    def requirements(self) -> dict[str, Any]:
        """As a container has them."""
        return {
            "requests": {"cpu": self.cpu, "memory": self.memory},
            "limits": {"memory": self.memory},
        }
