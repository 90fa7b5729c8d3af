"""Credentials of pods: a Secret that the settings name, or what their machine gives them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from components.facts import ClusterFacts
from components.finding import Finding
from errors.layers import POD_WITHOUT_IDENTITY

OF_SERVICE_ACCOUNTS = ("eks.amazonaws.com/role-arn", "azure.workload.identity/client-id")
"""Annotations by which a service account stands for a role, where the user has set that up."""


def check(
    target: ClusterFacts,
    cloud: str,
    path: tuple[str | int, ...],
    what: str,
    *values: Mapping[str, Any],
) -> Iterator[Finding]:
    """POD_WITHOUT_IDENTITY, for something that names no Secret with its credentials.

    Args:
        target: the cluster, whose infrastructure knows what pods get from their machine.
        cloud: whose credentials are needed, the name of an infrastructure; `aws` for S3.
        path: the settings that lack the Secret.
        what: what needs credentials, for the message.
        values: the user's own values of charts, which may annotate a service account.
    """
    if target.infrastructure.is_simulated:
        return  # no pods run there
    given = target.infrastructure.IDENTITY_OF_PODS
    annotated = any(each in json.dumps(values, default=str) for each in OF_SERVICE_ACCOUNTS)
    if annotated or (given and given == cloud):
        return
    yield Finding(
        POD_WITHOUT_IDENTITY,
        path,
        f"{what} names no Secret with its credentials",
        why=f"pods of `{target.name}` get none of `{cloud}` from their machines",
        key=True,
    )
