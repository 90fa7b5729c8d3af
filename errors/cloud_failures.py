"""Codes 5080 to 5099: what infrastructures refuse or fail to deliver to running clusters."""

from errors.model import Actor, Code

CREDENTIALS_REFUSED = Code(
    5080,
    "CloudCredentialsRefused",
    "The infrastructure refuses the credentials of its provider.",
    "The key was rotated, deleted or has expired, the Secret that holds it has another one, or the "
    "clock of the management cluster is wrong. Nothing of the cluster is reconciled meanwhile.",
    "Write working credentials where the provider reads them (the page of the infrastructure says "
    "where), then restart the provider's controller if it reads them from its environment.",
    "api error AuthFailure: AWS was not able to validate the provided access credentials",
    actor=Actor.PLATFORM,
)

PERMISSION_MISSING = Code(
    5081,
    "CloudPermissionMissing",
    "The provider's credentials are good, but may not do what the cluster needs.",
    "The role or the user lacks a permission, or has it in another project, resource group or "
    "region only.",
    "Give the role the permission that the message names; on AWS the foundation's policies have "
    "all that is needed, so compare with them.",
    "api error UnauthorizedOperation: You are not authorized to perform this operation.",
    actor=Actor.PLATFORM,
)

QUOTA_EXCEEDED = Code(
    5082,
    "CloudQuotaExceeded",
    "A quota of the account or the project is used up.",
    "The account may not have more processors, machines, addresses, volumes or load balancers of "
    "this kind in this region. What is there goes on; what is missing is tried again by itself.",
    "Ask for a higher quota, or delete what nobody uses. Until then make the pool smaller in the "
    "stack file and run `./caas up STACK`.",
    "api error VcpuLimitExceeded: You have requested more vCPU capacity than your current limit",
    actor=Actor.PLATFORM,
)

CAPACITY_EXHAUSTED = Code(
    5083,
    "CloudCapacityExhausted",
    "The infrastructure has no room for a machine of this type in this zone.",
    "It is not a quota: the zone or the hypervisors are full at the moment. The provider tries "
    "again by itself.",
    "Wait, or let the pool use another zone (`failureDomain`) or another machine type in the stack "
    "file. On infrastructure of your own, add hypervisors or free some.",
    "api error InsufficientInstanceCapacity: We currently do not have sufficient capacity",
    actor=Actor.PLATFORM,
)

IMAGE_NOT_FOUND = Code(
    5084,
    "CloudImageNotFound",
    "There is no image for the machine's release.",
    "No image was built or shared for this Kubernetes version and region, its name differs from "
    "what the class looks up, or it was deleted.",
    "Build or share the image of the version, or write a version in the stack file that has one, "
    "then run `./caas up STACK`.",
    'found no AMIs with name "capa-ami-ubuntu-24.04-v1.36.9*"',
    actor=Actor.USER,
)

MACHINE_TYPE_UNAVAILABLE = Code(
    5085,
    "CloudMachineTypeUnavailable",
    "The infrastructure has no such machine type here.",
    "The type is misspelled, is not offered in this region or zone, is not open to this "
    "subscription, or does not fit the architecture of the image.",
    "Write another machine type for the control plane or the pool, or another zone, in the stack "
    "file, then run `./caas up STACK`.",
    "api error Unsupported: Your requested instance type is not supported in your requested zone",
    actor=Actor.USER,
)

ADDRESSES_EXHAUSTED = Code(
    5086,
    "CloudAddressesExhausted",
    "There is no free address for a machine.",
    "The subnet or the pool of addresses is used up, by machines, load balancers or leftovers; "
    "rollouts need addresses for the new machines before the old ones go.",
    "Delete leftovers, or give the cluster a larger subnet or pool. A pool with `maxSurge: 0` "
    "needs no further address while it is rolled out.",
    "api error InsufficientFreeAddressesInSubnet: The specified subnet does not have enough free "
    "addresses",
    actor=Actor.PLATFORM,
)

OBJECT_MISSING = Code(
    5087,
    "CloudObjectMissing",
    "A network, subnet, security group, folder or datastore that the cluster uses does not exist.",
    "The stack file names another one, or one of another region or project, or it was deleted by "
    "hand.",
    "Correct the name or the id in the stack file; make what was deleted again with `./caas up "
    "STACK` if the foundation made it.",
    "api error InvalidSubnetID.NotFound: The subnet ID 'subnet-1' does not exist",
    actor=Actor.USER,
)

LOAD_BALANCER_NOT_READY = Code(
    5088,
    "LoadBalancerNotReady",
    "The load balancer of a cluster's API server is not ready.",
    "The infrastructure is slow to make it, refuses to, or its name does not resolve from where "
    "the management cluster runs. No machine is made before.",
    "Look at the load balancer in the infrastructure's console and at the reason here. Where only "
    "its name does not resolve, look at the DNS servers of the management cluster.",
    "LoadBalancerReady is False (WaitForDNSNameResolve)",
    actor=Actor.PLATFORM,
)

NETWORK_FAILED = Code(
    5089,
    "ClusterNetworkFailed",
    "The network of a cluster can't be made.",
    "The infrastructure refuses a network, a subnet, a router, a gateway or a security group; the "
    "reason is its own.",
    "Do what the reason asks for; the provider then goes on by itself.",
    "NatGatewaysReady is False (NatGatewaysReconciliationFailed)",
    actor=Actor.PLATFORM,
)

MEMBER_NOT_ATTACHED = Code(
    5090,
    "ControlPlaneMemberNotAttached",
    "A control-plane machine is not behind the load balancer.",
    "The infrastructure refuses to add it, or the machine has no address yet. Requests reach the "
    "other control-plane machines only; with a single one, none.",
    "Do what the reason asks for. Where it goes on, delete the Machine: another one takes its "
    "place.",
    "ELBAttached is False (ELBAttachFailed)",
    actor=Actor.PLATFORM,
)

INSTANCE_STOPPED = Code(
    5091,
    "InstanceStopped",
    "A machine was stopped in the infrastructure.",
    "Someone stopped it in the console, or the infrastructure did for maintenance. Its node does "
    "not answer.",
    "Start it in the infrastructure's console, or delete the Machine: its owner makes a new one.",
    "aws ec2 stop-instances",
    actor=Actor.PLATFORM,
)

INSTANCE_GONE = Code(
    5092,
    "InstanceGone",
    "A machine does not exist any more in the infrastructure.",
    "Someone deleted it in the console, a spot machine was taken back, or it ended right after its "
    "start, as with an encryption key that its role may not use.",
    "Delete the Machine (`kubectl delete machine NAME`), unless a health check already does: its "
    "owner makes a new one. Look in the infrastructure's log for who deleted it.",
    "aws ec2 terminate-instances",
    actor=Actor.PLATFORM,
)

INSTANCE_IN_ERROR = Code(
    5093,
    "InstanceInError",
    "The infrastructure has the machine in the state ERROR.",
    "OpenStack could not start the server: most often no hypervisor has room (`No valid host was "
    "found`), or its volume or port failed. The provider does not try again with this server.",
    "Read the fault with `openstack server show NAME -c fault`; put it right, then delete the "
    "Machine: its owner makes a new one.",
    "InstanceReady is False (InstanceStateError)",
    actor=Actor.PLATFORM,
)

STORAGE_EXHAUSTED = Code(
    5094,
    "CloudStorageExhausted",
    "There is no room for a machine's disk.",
    "The datastore is full, no datastore fits the storage policy, or the volume could not be made.",
    "Free the datastore or add one, or write another datastore, policy or disk size in the stack "
    "file.",
    "There is not enough space on the file system for the selected operation.",
    actor=Actor.PLATFORM,
)

CLOUD_UNREACHABLE = Code(
    5095,
    "CloudUnreachable",
    "The provider's controller can't reach the infrastructure's API.",
    "The address is wrong or does not resolve, a firewall or a proxy is between, the API is down, "
    "or its certificate is not trusted.",
    "Try the address of the message from where the provider's controller runs; correct the "
    "endpoint or its certificate authority in the stack file.",
    "VCenterAvailable is False (VCenterUnreachable)",
    actor=Actor.PLATFORM,
)

THROTTLED = Code(
    5096,
    "CloudThrottled",
    "The infrastructure's API limits how often it is called.",
    "Too many clusters, or others in the same account, ask at once. The provider slows down and "
    "goes on, later than it should.",
    "Wait; if it stays, ask for a higher limit, or spread the clusters over several accounts.",
    "api error RequestLimitExceeded: Request limit exceeded.",
    actor=Actor.PLATFORM,
)

ORGANIZATION_REFUSES = Code(
    5097,
    "OrganizationPolicyRefuses",
    "A policy of the organization forbids what the cluster needs.",
    "A service control policy, an Azure policy or an organization constraint refuses the call, "
    "whatever the provider's own permissions are.",
    "Show the message to who owns the policy: either the policy gets an exception, or the stack "
    "file gets what the policy asks for, as a region, a tag or a machine type.",
    "RequestDisallowedByPolicy: Resource 'shop-0' was disallowed by policy.",
    actor=Actor.PLATFORM,
)

MACHINE_REFUSED = Code(
    5098,
    "CloudMachineRefused",
    "The infrastructure refuses to make a machine, for a reason that has no code of its own.",
    "A value that the stack file gives the machine does not suit the infrastructure, or the "
    "infrastructure has a fault; the reason is its own.",
    "Correct what the reason names in the stack file and run `./caas up STACK`.",
    "InstanceReady is False (InstanceProvisionFailed)",
    actor=Actor.USER,
)

CLOUD_DELETION_FAILED = Code(
    5099,
    "CloudDeletionFailed",
    "The infrastructure does not delete what belonged to a cluster or a machine.",
    "Something else still uses it, as a load balancer that a Service made or a network interface "
    "made by hand, or termination protection is on.",
    "Delete what the reason names in the infrastructure's console; the provider then goes on by "
    "itself.",
    "InstanceReady is False (DeletingFailed)",
    actor=Actor.PLATFORM,
)
