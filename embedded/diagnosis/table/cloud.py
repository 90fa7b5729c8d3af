"""What providers report on their own objects, in the words of each infrastructure.

Providers pass the infrastructure's answer on: in the message of a condition, or, where they have no
conditions, as Google Cloud's, in an event. So it is recognized by the codes of the infrastructures
themselves, which their documentation keeps stable:

- AWS: the error codes of EC2, Elastic Load Balancing and STS, as `api error CODE: …`;
- OpenStack: the HTTP status (`but got 401 instead`) and the text of nova, neutron and octavia;
- vSphere: the localized messages of vCenter's faults, and the provider's own texts;
- Azure: the error codes of Resource Manager, as `ERROR CODE: CODE`;
- Google Cloud: the reasons and the texts of the Compute Engine API.
"""

from __future__ import annotations

from embedded.diagnosis.row import CLOUD, Row, staying
from embedded.diagnosis.signs import Sign, condition, says
from errors import Code
from errors import cloud_failures as codes

UNREACHABLE = (
    r"dial tcp|no such host|connection refused|no route to host|i/o timeout|TLS handshake timeout",
    r"x509: ",
)
CREDENTIALS = (
    r"\b(AuthFailure|InvalidClientTokenId|UnrecognizedClientException|ExpiredToken(Exception)?)\b",
    r"\b(RequestExpired|SignatureDoesNotMatch|InvalidAccessKeyId|NoCredentialProviders)\b",
    r"failed to (refresh cached|retrieve) credentials",
    r"but got 401 instead|Authentication failed",
    r"incorrect user name or password|ServerFaultCode: NotAuthenticated",
    r"\bAADSTS\d+|\b(InvalidAuthenticationToken|AuthenticationFailed|ExpiredAuthenticationToken)\b",
    r"invalid_grant|invalid_client|could not find default credentials|googleapi: Error 401",
)
ORGANIZATION = (
    r"explicit deny in a (service|resource) control policy",
    r"\bRequestDisallowedByPolicy\b",
    r"\bconstraints/[\w./]+|Constraint .* violated",
)
THROTTLED = (
    r"\b(RequestLimitExceeded|Throttling(Exception)?|TooManyRequests(Exception)?)\b",
    r"but got 429 instead|rateLimitExceeded",
)
QUOTA = (
    r"(?<!Request)LimitExceeded\b|\bMaxSpotInstanceCountExceeded\b|\bTooManyLoadBalancers\b",
    r"Quota exceeded|Quota has been met|\bVolumeSizeExceedsAvailableQuota\b",
    r"\bQuotaExceeded\b|exceeding approved \S+ \S*\s*quota|\bOperationNotAllowed\b.*[Qq]uota",
    r"QUOTA_EXCEEDED|quotaExceeded|Quota '\S+' exceeded",
)
PERMISSION = (
    r"\b(UnauthorizedOperation|AccessDenied(Exception)?)\b|is not authorized to perform",
    r"but got 403 instead",
    r"Permission to perform this operation was denied|\bNoPermission\b",
    r"\b(LinkedAuthorizationFailed|AuthorizationFailed)\b",
    r"Required '\S+' permission|googleapi: Error 403",
)
CAPACITY = (
    r"\bInsufficient(Instance|Host|ReservedInstance)?Capacity(OnOutpost)?\b|\bSpotMaxPriceTooLow\b",
    r"No valid host was found",
    r"resource pool are insufficient|No host is compatible|nsufficient (memory|CPU) resources",
    r"\b(Zonal|Overconstrained|OverconstrainedZonal)?Allocation(Failed|Request)\b",
    r"ZONE_RESOURCE_POOL_EXHAUSTED|does not have enough resources available",
)
IMAGE = (
    r"\bInvalidAMIID\.\w+|found no AMIs",
    r"no images were found|[Ii]mage \S+ could not be found",
    r"unable to find template by name",
    r"\b(Platform|Gallery)?ImageNotFound\b|[Ii]mage '\S+' (was )?not found",
    r"/images/\S+' was not found",
)
MACHINE_TYPE = (
    r"\bInvalidInstanceType\b|instance type .*(not supported|does not exist|empty for type)",
    r"[Ii]nvalid (value .* for )?(Instance|instance)\s?[Tt]ype",
    r"no flavors were found|[Ff]lavor \S+ could not be found",
    r"\b(SkuNotAvailable|VMSizeNotSupported)\b|resource sku with name|vm size \S+ .*not",
    r"/machineTypes/\S+' was not found|Machine type with name '\S+' does not exist",
)
ADDRESSES = (
    r"\bInsufficientFreeAddressesInSubnet\b|\bInsufficientAddressCapacity\b",
    r"No more IP addresses available|\bIpAddressGenerationFailure\b",
    r"\bSubnetIsFull\b",
    r"IP_SPACE_EXHAUSTED",
)
MISSING = (
    r"\bInvalid(SubnetID|VpcID|Group|GroupId|SecurityGroupID|RouteTableID|KeyPair)\.NotFound\b",
    r"no (public )?subnets available",
    r"[Ff]ailed to find (network|router)|[Ff]ailed to (validate|get cluster) subnets",
    r"unable to (find network|get (folder|resource pool|datastore|default datastore))",
    r"\b(Parent)?Resource(Group)?NotFound\b|\bNetcfgInvalidSubnet\b",
    r"/(networks|subnetworks)/\S+' was not found",
)
STORAGE = (
    r"not enough space|[Ii]nsufficient disk space|no compatible datastores found",
    r"[Vv]olume \S+ is in error state|volume \S+ did not become available",
)
ANSWERS: tuple[tuple[tuple[str, ...], Code, str], ...] = (
    (CREDENTIALS, codes.CREDENTIALS_REFUSED, "The infrastructure refuses the credentials"),
    (UNREACHABLE, codes.CLOUD_UNREACHABLE, "The infrastructure can't be reached"),
    (ORGANIZATION, codes.ORGANIZATION_REFUSES, "A policy of the organization refuses"),
    (THROTTLED, codes.THROTTLED, "The infrastructure limits the calls"),
    (QUOTA, codes.QUOTA_EXCEEDED, "A quota is used up"),
    (PERMISSION, codes.PERMISSION_MISSING, "The provider lacks a permission"),
    (CAPACITY, codes.CAPACITY_EXHAUSTED, "The infrastructure has no room"),
    (IMAGE, codes.IMAGE_NOT_FOUND, "There is no image"),
    (MACHINE_TYPE, codes.MACHINE_TYPE_UNAVAILABLE, "There is no such machine type"),
    (ADDRESSES, codes.ADDRESSES_EXHAUSTED, "There is no free address"),
    (MISSING, codes.OBJECT_MISSING, "Something that the stack file names does not exist"),
    (STORAGE, codes.STORAGE_EXHAUSTED, "There is no room for a disk"),
)
"""What infrastructures answer, most telling first: a quota of OpenStack's comes as a 403, too."""


def _cloud(sign: Sign, code: Code, what: str, *, grace: bool = False, always: bool = False) -> Row:
    only = (lambda subject: True) if always else staying
    return Row(CLOUD, sign, code, f"{what}, says {{object}}", only=only, grace=grace)


NETWORKS = (
    "VpcReady|SecondaryCidrsReady|SubnetsReady|InternetGatewayReady|CarrierGatewayReady"
    "|EgressOnlyInternetGatewayReady|NatGatewaysReady|RouteTablesReady|VpcEndpointsReadyCondition"
    "|ClusterSecurityGroupsReady|NetworkReady|RouterReady|SecurityGroupsReady"
    "|NetworkInfrastructureReady|VNetReady|NATGatewaysReady"
)
"""Conditions of AWSCluster, OpenStackCluster and AzureCluster."""

BALANCERS = "LoadBalancerReady|APIEndpointReady|LoadBalancersReady"
MACHINES = "InstanceReady|VMRunning|VirtualMachineProvisioned"
REFUSED = (
    r"(InstanceProvision|InstanceCreate|PortCreate|Dependency|VMProvision|Task)?Failed"
    r"|InvalidMachineSpec|OpenStackError|NotProvisioned"
)

ROWS = (
    *(
        _cloud(
            says("|".join(patterns)),
            code,
            what,
            grace=code is codes.THROTTLED,
            always=True,
        )
        for patterns, code, what in ANSWERS
    ),
    _cloud(
        condition("OpenStackAuthenticationSucceeded", "False"),
        codes.CREDENTIALS_REFUSED,
        "The infrastructure refuses the credentials",
    ),
    _cloud(
        condition("PrincipalCredentialRetrieved|PrincipalUsageAllowed", "False|Unknown"),
        codes.CREDENTIALS_REFUSED,
        "The credentials can't be used",
    ),
    _cloud(
        condition("VCenterAvailable", "False", "VCenterUnreachable"),
        codes.CLOUD_UNREACHABLE,
        "The infrastructure can't be reached",
    ),
    _cloud(
        condition("VirtualMachineProvisioned", "False", "WaitingFor(Static)?IPA(ddress|llocation)"),
        codes.ADDRESSES_EXHAUSTED,
        "An address is waited for",
        grace=True,
    ),
    _cloud(
        condition(MACHINES, "False", "InstanceStopped"),
        codes.INSTANCE_STOPPED,
        "The machine was stopped in the infrastructure",
    ),
    _cloud(
        says(r"instance state \w+ is unexpected"),
        codes.INSTANCE_STOPPED,
        "The machine was stopped in the infrastructure",
    ),
    _cloud(
        condition(
            MACHINES,
            "False",
            "InstanceTerminated|InstanceDeleted|InstanceNotFound|NotFoundByBIOSUUID",
        ),
        codes.INSTANCE_GONE,
        "The machine does not exist any more in the infrastructure",
    ),
    _cloud(
        says("The server was unexpectedly deleted|VM .*(was|has been) deleted"),
        codes.INSTANCE_GONE,
        "The machine does not exist any more in the infrastructure",
    ),
    _cloud(
        condition(MACHINES, "False", "InstanceStateError"),
        codes.INSTANCE_IN_ERROR,
        "The infrastructure could not start the machine",
    ),
    _cloud(
        condition(
            f"{MACHINES}|{BALANCERS}|{NETWORKS}", "False", "Delet\\w+Failed|\\w+DeleteFailed"
        ),
        codes.CLOUD_DELETION_FAILED,
        "The infrastructure does not delete what is no longer needed",
        always=True,
    ),
    _cloud(
        condition(NETWORKS, "False|Unknown", r"\w*Failed|OpenStackError"),
        codes.NETWORK_FAILED,
        "The network of {cluster} can't be made",
    ),
    _cloud(
        condition(BALANCERS, "False", r"WaitForDNSName\w*|LoadBalancerFailed|\w*Failed|Creating"),
        codes.LOAD_BALANCER_NOT_READY,
        "The load balancer of {cluster} is not ready",
        grace=True,
    ),
    _cloud(
        condition(MACHINES, "False", REFUSED),
        codes.MACHINE_REFUSED,
        "The infrastructure does not make the machine",
    ),
    _cloud(
        says("^Reconcile error - |failed to reconcile Azure|^Failed to create (instance|server)"),
        codes.MACHINE_REFUSED,
        "The infrastructure does not make what is asked for",
    ),
    _cloud(
        condition("ELBAttached|APIServerIngressReadyCondition", "False", r"\w+(Failed|Error)"),
        codes.MEMBER_NOT_ATTACHED,
        "The machine is not behind the load balancer",
        grace=True,
    ),
)
