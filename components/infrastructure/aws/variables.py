"""The ClusterClass variables that only AWS has; the foundation gives their values."""

from __future__ import annotations

from typing import Any

NETWORK = "awsNetwork"
"""The VPC and its subnets, and the security group of the API's load balancer."""
MACHINES = "awsMachines"
"""Names of what machines refer to: roles, the key, placement groups, the stack."""
STACK_TAG = "caas.dev/stack"
"""The tag of everything that a stack makes, directly or through Cluster API."""

_STRING: dict[str, Any] = {"type": "string"}
_NETWORK = {
    "type": "object",
    "required": ["vpcId", "subnets"],
    "properties": {
        "vpcId": _STRING,
        "subnets": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "availabilityZone", "isPublic"],
                "properties": {
                    "id": _STRING,
                    "availabilityZone": _STRING,
                    "isPublic": {"type": "boolean"},
                },
            },
        },
        "apiSecurityGroup": _STRING,
    },
}
_MACHINES = {
    "type": "object",
    "required": ["stack", "key", "controlPlaneProfile", "nodeProfile"],
    "properties": {
        "stack": _STRING,
        "key": _STRING,
        "controlPlaneProfile": _STRING,
        "nodeProfile": _STRING,
        "controlPlaneGroup": _STRING,
        "poolGroups": {"type": "object", "additionalProperties": _STRING},
    },
}
DEFINITIONS: tuple[dict[str, Any], ...] = tuple(
    {"name": name, "required": True, "schema": {"openAPIV3Schema": schema}}
    for name, schema in ((NETWORK, _NETWORK), (MACHINES, _MACHINES))
)
