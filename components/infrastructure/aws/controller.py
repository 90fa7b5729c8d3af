"""The provider's controller in the embedded plane."""

from __future__ import annotations

from pathlib import Path

from components.infrastructure.controller import Controller

CONTROLLER = Controller(
    "sigs.k8s.io/cluster-api-provider-aws/v2",
    Path(__file__).parent / "go",
    definitions=(
        "infrastructure.cluster.x-k8s.io_awscluster",
        "infrastructure.cluster.x-k8s.io_awsmachine",
    ),
    without="machinepool",
    gates={"EKS": False, "MachinePool": False, "ROSA": False},
    environment=("AWS_",),
    credentials=(
        "AWS_ACCESS_KEY_ID",
        "AWS_CONFIG_FILE",
        "AWS_CONTAINER_",
        "AWS_PROFILE",
        "AWS_ROLE_ARN",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
    ),
)
