"""Error codes of EC2, Elastic Load Balancing and STS, and conditions of AWS's provider.

Its messages hold the codes as `api error CODE: …`; AWS documents them and keeps them stable.
"""

from __future__ import annotations

from components.infrastructure.failure_sign import DELETION_FAILED, FailureSign
from errors import cloud_failures as codes

NETWORK = (
    "VpcReady|SecondaryCidrsReady|SubnetsReady|InternetGatewayReady|CarrierGatewayReady"
    "|EgressOnlyInternetGatewayReady|NatGatewaysReady|RouteTablesReady|VpcEndpointsReadyCondition"
    "|ClusterSecurityGroupsReady"
)

SIGNS = (
    FailureSign(
        codes.CREDENTIALS_REFUSED,
        r"\b(AuthFailure|InvalidClientTokenId|UnrecognizedClientException|ExpiredToken(Exception)?)\b",
    ),
    FailureSign(
        codes.CREDENTIALS_REFUSED,
        r"\b(RequestExpired|SignatureDoesNotMatch|InvalidAccessKeyId|NoCredentialProviders)\b",
    ),
    FailureSign(
        codes.CREDENTIALS_REFUSED,
        r"failed to (refresh cached|retrieve) credentials",
    ),
    FailureSign(
        codes.ORGANIZATION_REFUSES,
        r"explicit deny in a (service|resource) control policy",
    ),
    FailureSign(
        codes.THROTTLED,
        r"\b(RequestLimitExceeded|Throttling(Exception)?|TooManyRequests(Exception)?)\b",
    ),
    FailureSign(
        codes.QUOTA_EXCEEDED,
        r"(?<!Request)LimitExceeded\b|\bMaxSpotInstanceCountExceeded\b|\bTooManyLoadBalancers\b",
    ),
    FailureSign(
        codes.PERMISSION_MISSING,
        r"\b(UnauthorizedOperation|AccessDenied(Exception)?)\b|is not authorized to perform",
    ),
    FailureSign(
        codes.CAPACITY_EXHAUSTED,
        r"\bInsufficient(Instance|Host|ReservedInstance)?Capacity(OnOutpost)?\b|\bSpotMaxPriceTooLow\b",
    ),
    FailureSign(
        codes.IMAGE_NOT_FOUND,
        r"\bInvalidAMIID\.\w+|found no AMIs",
    ),
    FailureSign(
        codes.MACHINE_TYPE_UNAVAILABLE,
        r"\bInvalidInstanceType\b|instance type .*(not supported|does not exist|empty for type)",
    ),
    FailureSign(
        codes.MACHINE_TYPE_UNAVAILABLE,
        r"[Ii]nvalid (value .* for )?(Instance|instance)\s?[Tt]ype",
    ),
    FailureSign(
        codes.ADDRESSES_EXHAUSTED,
        r"\bInsufficientFreeAddressesInSubnet\b|\bInsufficientAddressCapacity\b",
    ),
    FailureSign(
        codes.OBJECT_MISSING,
        r"\bInvalid(SubnetID|VpcID|Group|GroupId|SecurityGroupID|RouteTableID|KeyPair)\.NotFound\b",
    ),
    FailureSign(
        codes.OBJECT_MISSING,
        r"no (public )?subnets available",
    ),
    FailureSign(
        codes.CREDENTIALS_REFUSED,
        condition="PrincipalCredentialRetrieved|PrincipalUsageAllowed",
        status="False|Unknown",
        what="The credentials can't be used",
    ),
    FailureSign(
        codes.INSTANCE_STOPPED,
        condition="InstanceReady",
        reason=r"InstanceStopped",
    ),
    FailureSign(
        codes.INSTANCE_GONE,
        condition="InstanceReady",
        reason=r"InstanceTerminated|InstanceNotFound",
    ),
    FailureSign(
        codes.CLOUD_DELETION_FAILED,
        condition=f"InstanceReady|LoadBalancerReady|{NETWORK}",
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
        condition="LoadBalancerReady",
        reason=r"WaitForDNSName\w*|\w*Failed",
    ),
    FailureSign(
        codes.MACHINE_REFUSED,
        condition="InstanceReady",
        reason=r"(InstanceProvision)?Failed",
    ),
    FailureSign(
        codes.MEMBER_NOT_ATTACHED,
        condition="ELBAttached",
        reason=r"\w+(Failed|Error)",
    ),
)
