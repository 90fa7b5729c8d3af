"""Reasons and texts of the Compute Engine API; Google Cloud's provider reports them as events."""

from __future__ import annotations

from components.infrastructure.failure_sign import FailureSign
from errors import cloud_failures as codes

SIGNS = (
    FailureSign(
        codes.CREDENTIALS_REFUSED,
        r"invalid_grant|invalid_client|could not find default credentials|googleapi: Error 401",
    ),
    FailureSign(
        codes.ORGANIZATION_REFUSES,
        r"\bconstraints/[\w./]+|Constraint .* violated",
    ),
    FailureSign(
        codes.THROTTLED,
        r"rateLimitExceeded",
    ),
    FailureSign(
        codes.QUOTA_EXCEEDED,
        r"QUOTA_EXCEEDED|quotaExceeded|Quota '\S+' exceeded",
    ),
    FailureSign(
        codes.PERMISSION_MISSING,
        r"Required '\S+' permission|googleapi: Error 403",
    ),
    FailureSign(
        codes.CAPACITY_EXHAUSTED,
        r"ZONE_RESOURCE_POOL_EXHAUSTED|does not have enough resources available",
    ),
    FailureSign(
        codes.IMAGE_NOT_FOUND,
        r"/images/\S+' was not found",
    ),
    FailureSign(
        codes.MACHINE_TYPE_UNAVAILABLE,
        r"/machineTypes/\S+' was not found|Machine type with name '\S+' does not exist",
    ),
    FailureSign(
        codes.ADDRESSES_EXHAUSTED,
        r"IP_SPACE_EXHAUSTED",
    ),
    FailureSign(
        codes.OBJECT_MISSING,
        r"/(networks|subnetworks)/\S+' was not found",
    ),
    FailureSign(
        codes.INSTANCE_STOPPED,
        r"instance state \w+ is unexpected",
    ),
    FailureSign(
        codes.MACHINE_REFUSED,
        r"^Reconcile error - ",
    ),
)
