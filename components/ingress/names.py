"""Names in the settings of ingress and DNS: host names, names of objects.

Source of the patterns: the definitions of the Gateway API.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from components.fields import LONGEST_DOMAIN, SUBDOMAIN, refusal, shown
from components.placeholders import CLUSTER, FILLED
from errors import stack_file

WILDCARD = "*."


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
    FILLED,
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
