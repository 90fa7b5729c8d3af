"""Localized messages of vCenter's faults, and texts and conditions of vSphere's provider."""

from __future__ import annotations

from components.infrastructure.failure_sign import DELETION_FAILED, FailureSign
from errors import cloud_failures as codes

MACHINE = "VirtualMachineProvisioned"
BALANCER = "LoadBalancerReady"

SIGNS = (
    FailureSign(
        codes.CREDENTIALS_REFUSED,
        r"incorrect user name or password|ServerFaultCode: NotAuthenticated",
    ),
    FailureSign(
        codes.PERMISSION_MISSING,
        r"Permission to perform this operation was denied|\bNoPermission\b",
    ),
    FailureSign(
        codes.CAPACITY_EXHAUSTED,
        r"resource pool are insufficient|No host is compatible|nsufficient (memory|CPU) resources",
    ),
    FailureSign(
        codes.IMAGE_NOT_FOUND,
        r"unable to find template by name",
    ),
    FailureSign(
        codes.OBJECT_MISSING,
        r"unable to (find network|get (folder|resource pool|datastore|default datastore))",
    ),
    FailureSign(
        codes.STORAGE_EXHAUSTED,
        r"not enough space|[Ii]nsufficient disk space|no compatible datastores found",
    ),
    FailureSign(
        codes.CLOUD_UNREACHABLE,
        condition="VCenterAvailable",
        reason=r"VCenterUnreachable",
    ),
    FailureSign(
        codes.ADDRESSES_EXHAUSTED,
        condition=MACHINE,
        reason=r"WaitingFor(Static)?IPA(ddress|llocation)",
        what="An address is waited for",
        is_progress=True,
    ),
    FailureSign(
        codes.INSTANCE_GONE,
        condition=MACHINE,
        reason=r"NotFoundByBIOSUUID",
    ),
    FailureSign(
        codes.INSTANCE_GONE,
        r"VM .*(was|has been) deleted",
    ),
    FailureSign(
        codes.CLOUD_DELETION_FAILED,
        condition=f"{MACHINE}|{BALANCER}",
        reason=DELETION_FAILED,
    ),
    FailureSign(
        codes.LOAD_BALANCER_NOT_READY,
        condition=BALANCER,
        reason=r"\w*Failed|Creating",
    ),
    FailureSign(
        codes.MACHINE_REFUSED,
        condition=MACHINE,
        reason=r"(VMProvision|Task)?Failed|NotProvisioned",
    ),
)
