"""Names that change with what they stand for; free of Pulumi, which is slow to import."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def content_name(prefix: str, content: Mapping[str, Any]) -> str:
    """A name that changes with the content, for templates that Kubernetes keeps immutable."""
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return f"{prefix}-{digest[:8]}"
