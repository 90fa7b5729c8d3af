"""Error codes of Azure's Resource Manager, and conditions of its provider.

Its messages hold the codes as `ERROR CODE: CODE`.
"""

from __future__ import annotations

from components.infrastructure.failure_sign import DELETION_FAILED, FailureSign
from errors import cloud_failures as codes

NETWORK = "NetworkInfrastructureReady|VNetReady|SubnetsReady|RouteTablesReady|NATGatewaysReady"
BALANCER = "LoadBalancersReady"

SIGNS = (
    FailureSign(
        codes.CREDENTIALS_REFUSED,
        r"\bAADSTS\d+|\b(InvalidAuthenticationToken|AuthenticationFailed|ExpiredAuthenticationToken)\b",
    ),
    FailureSign(
        codes.CREDENTIALS_REFUSED,
        r"invalid_client",
    ),
    FailureSign(
        codes.ORGANIZATION_REFUSES,
        r"\bRequestDisallowedByPolicy\b",
    ),
    FailureSign(
        codes.THROTTLED,
        r"\bTooManyRequests\b",
    ),
    FailureSign(
        codes.QUOTA_EXCEEDED,
        r"\bQuotaExceeded\b|exceeding approved \S+ \S*\s*quota|\bOperationNotAllowed\b.*[Qq]uota",
    ),
    FailureSign(
        codes.PERMISSION_MISSING,
        r"\b(LinkedAuthorizationFailed|AuthorizationFailed)\b",
    ),
    FailureSign(
        codes.CAPACITY_EXHAUSTED,
        r"\b(Zonal|Overconstrained|OverconstrainedZonal)?Allocation(Failed|Request)\b",
    ),
    FailureSign(
        codes.IMAGE_NOT_FOUND,
        r"\b(Platform|Gallery)?ImageNotFound\b|[Ii]mage '\S+' (was )?not found",
    ),
    FailureSign(
        codes.MACHINE_TYPE_UNAVAILABLE,
        r"\b(SkuNotAvailable|VMSizeNotSupported)\b|resource sku with name|vm size \S+ .*not",
    ),
    FailureSign(
        codes.ADDRESSES_EXHAUSTED,
        r"\bSubnetIsFull\b",
    ),
    FailureSign(
        codes.OBJECT_MISSING,
        r"\b(Parent)?Resource(Group)?NotFound\b|\bNetcfgInvalidSubnet\b",
    ),
    FailureSign(
        codes.INSTANCE_GONE,
        r"VM .*(was|has been) deleted",
    ),
    FailureSign(
        codes.CLOUD_DELETION_FAILED,
        condition=f"VMRunning|{BALANCER}|{NETWORK}",
        reason=DELETION_FAILED,
    ),
    FailureSign(
        codes.NETWORK_FAILED,
        condition=NETWORK,
        status="False|Unknown",
        reason=r"\w*Failed",
    ),
    FailureSign(
        codes.LOAD_BALANCER_NOT_READY,
        condition=BALANCER,
        reason=r"\w*Failed|Creating",
    ),
    FailureSign(
        codes.MACHINE_REFUSED,
        condition="VMRunning",
        reason=r"(VMProvision|Task)?Failed",
    ),
    FailureSign(
        codes.MACHINE_REFUSED,
        r"failed to reconcile Azure",
    ),
)
