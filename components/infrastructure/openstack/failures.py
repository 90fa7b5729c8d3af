"""Answers of Nova, Neutron and Octavia, and conditions of OpenStack's provider.

Its messages hold the HTTP status (`but got 401 instead`) and the text of the service.
"""

from __future__ import annotations

from components.infrastructure.failure_sign import DELETION_FAILED, FailureSign
from errors import cloud_failures as codes

NETWORK = "NetworkReady|RouterReady|SecurityGroupsReady"
BALANCER = "APIEndpointReady"

SIGNS = (
    FailureSign(
        codes.CREDENTIALS_REFUSED,
        r"but got 401 instead|Authentication failed",
    ),
    FailureSign(
        codes.THROTTLED,
        r"but got 429 instead",
    ),
    FailureSign(
        codes.QUOTA_EXCEEDED,
        r"Quota exceeded|Quota has been met|\bVolumeSizeExceedsAvailableQuota\b",
    ),
    FailureSign(
        codes.PERMISSION_MISSING,
        r"but got 403 instead",
    ),
    FailureSign(
        codes.CAPACITY_EXHAUSTED,
        r"No valid host was found",
    ),
    FailureSign(
        codes.IMAGE_NOT_FOUND,
        r"no images were found|[Ii]mage \S+ could not be found",
    ),
    FailureSign(
        codes.MACHINE_TYPE_UNAVAILABLE,
        r"no flavors were found|[Ff]lavor \S+ could not be found",
    ),
    FailureSign(
        codes.ADDRESSES_EXHAUSTED,
        r"No more IP addresses available|\bIpAddressGenerationFailure\b",
    ),
    FailureSign(
        codes.OBJECT_MISSING,
        r"[Ff]ailed to find (network|router)|unable to find network",
    ),
    FailureSign(
        codes.OBJECT_MISSING,
        r"[Ff]ailed to (validate|get cluster) subnets",
    ),
    FailureSign(
        codes.STORAGE_EXHAUSTED,
        r"[Vv]olume \S+ is in error state|volume \S+ did not become available",
    ),
    FailureSign(
        codes.CREDENTIALS_REFUSED,
        condition="OpenStackAuthenticationSucceeded",
    ),
    FailureSign(
        codes.INSTANCE_STOPPED,
        condition="InstanceReady",
        reason=r"InstanceStopped",
    ),
    FailureSign(
        codes.INSTANCE_GONE,
        condition="InstanceReady",
        reason=r"InstanceDeleted|InstanceNotFound",
    ),
    FailureSign(
        codes.INSTANCE_GONE,
        r"The server was unexpectedly deleted",
    ),
    FailureSign(
        codes.INSTANCE_IN_ERROR,
        condition="InstanceReady",
        reason=r"InstanceStateError",
    ),
    FailureSign(
        codes.CLOUD_DELETION_FAILED,
        condition=f"InstanceReady|{BALANCER}|{NETWORK}",
        reason=DELETION_FAILED,
    ),
    FailureSign(
        codes.NETWORK_FAILED,
        condition=NETWORK,
        status="False|Unknown",
        reason=r"\w*Failed|OpenStackError",
    ),
    FailureSign(
        codes.LOAD_BALANCER_NOT_READY,
        condition=BALANCER,
        reason=r"\w*Failed",
    ),
    FailureSign(
        codes.MACHINE_REFUSED,
        condition="InstanceReady",
        reason=r"((InstanceCreate|PortCreate|Dependency)?Failed)|InvalidMachineSpec|OpenStackError",
    ),
    FailureSign(
        codes.MACHINE_REFUSED,
        r"^Failed to create (instance|server)",
    ),
    FailureSign(
        codes.MEMBER_NOT_ATTACHED,
        condition="APIServerIngressReadyCondition",
        reason=r"\w+(Failed|Error)",
    ),
)
