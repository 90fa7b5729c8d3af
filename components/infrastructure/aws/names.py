"""Names of what a stack makes on AWS: always the same for the same stack file."""

from __future__ import annotations

import hashlib

LONGEST_ROLE = 64
HASH = 8


def key_alias(stack: str) -> str:
    """The alias of the key that a stack makes, in KMS."""
    return f"alias/{stack}-data"


def bounded(name: str, limit: int = LONGEST_ROLE) -> str:
    """The name, its end replaced by a hash where it is longer than AWS allows."""
    if len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:HASH]
    return f"{name[: limit - HASH - 1]}-{digest}"
