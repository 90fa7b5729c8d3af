"""The ClusterClass patches of AWS: from variables to its templates.

Patches are applied in their order, each on what the ones before it made. Their value templates are
Go templates with the functions of sprig, and give YAML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.cluster.kinds import WORKER_CLASS
from components.cluster_object import (
    DATA_DISKS,
    ENDPOINT,
    ETCD_DISK,
    IMAGE,
    MACHINE_TYPE,
    ROOT_DISK,
    SPOT,
)
from components.infrastructure.aws.objects import API_VERSION
from components.infrastructure.aws.variables import MACHINES, NETWORK, STACK_TAG

CLUSTER = {
    "apiVersion": API_VERSION,
    "kind": "AWSClusterTemplate",
    "matchResources": {"infrastructureCluster": True},
}
_MACHINE = {"apiVersion": API_VERSION, "kind": "AWSMachineTemplate"}
_WORKERS = {"machineDeploymentClass": {"names": [WORKER_CLASS]}}
CONTROL_PLANE = _MACHINE | {"matchResources": {"controlPlane": True}}
WORKER = _MACHINE | {"matchResources": _WORKERS}
MACHINE = _MACHINE | {"matchResources": {"controlPlane": True} | _WORKERS}
SPEC = "/spec/template/spec"

Change = tuple[str, Mapping[str, str]]
"""A path below the template's spec, and where its value is from."""


def _volume(disk: str, indent: str = "") -> str:
    """A volume, the variable `disk` says which; always encrypted."""
    lines = (
        f"size: {{{{ {disk}.sizeGiB }}}}",
        f'type: {{{{ default "gp3" {disk}.type }}}}',
        "encrypted: true",
        f"encryptionKey: {{{{ $.{MACHINES}.key }}}}",
    )
    return "".join(f"{indent}{line}\n" for line in lines)


_ETCD_VOLUME = f"""\
{{{{- if .{ETCD_DISK} }}}}
- deviceName: /dev/sdb
{_volume(f".{ETCD_DISK}", "  ")}{{{{- end }}}}
"""
# From /dev/sdc on (99 is `c`): the etcd disk has its name whether or not there is one.
_DATA_VOLUMES = f"""\
{{{{- range $index, $disk := .{DATA_DISKS} }}}}
- deviceName: {{{{ printf "/dev/sd%c" (add 99 $index) }}}}
{_volume("$disk", "  ")}{{{{- end }}}}
"""


def _variable(name: str) -> dict[str, str]:
    return {"variable": name}


def _template(text: str) -> dict[str, str]:
    return {"template": text}


def _has(variable: str, field: str = "") -> str:
    """The condition that a variable, or a field of one that is required, is set."""
    return f'hasKey .{variable} "{field}"' if field else f'hasKey . "{variable}"'


def _patch(
    name: str, selector: Mapping[str, Any], changes: Sequence[Change], condition: str = ""
) -> dict[str, Any]:
    enabled = {"enabledIf": f"{{{{ if {condition} }}}}true{{{{ end }}}}"} if condition else {}
    return {
        "name": name,
        **enabled,
        "definitions": [
            {
                "selector": dict(selector),
                "jsonPatches": [
                    {"op": "add", "path": f"{SPEC}/{path}", "valueFrom": dict(value)}
                    for path, value in changes
                ],
            }
        ],
    }


_POOL = ".builtin.machineDeployment.topologyName"
_TAG = f"additionalTags/{STACK_TAG.replace('/', '~1')}"
PATCHES: tuple[dict[str, Any], ...] = (
    _patch(
        "awsNetwork",
        CLUSTER,
        (
            ("network/vpc", _template("id: {{ .awsNetwork.vpcId }}")),
            ("network/subnets", _variable(f"{NETWORK}.subnets")),
            (_TAG, _variable(f"{MACHINES}.stack")),
        ),
    ),
    # With a separate group the provider keeps the rules: it would allow all addresses where
    # it finds no NAT gateway.
    _patch(
        "awsApiSecurityGroup",
        CLUSTER,
        (
            (
                "network/securityGroupOverrides",
                _template("apiserver-lb: {{ .awsNetwork.apiSecurityGroup }}"),
            ),
        ),
        _has(NETWORK, "apiSecurityGroup"),
    ),
    _patch(
        "awsPublicEndpoint",
        CLUSTER,
        (("controlPlaneLoadBalancer/scheme", _template("internet-facing")),),
        f"and ({_has(ENDPOINT)}) .{ENDPOINT}.public",
    ),
    _patch(MACHINE_TYPE, MACHINE, (("instanceType", _variable(MACHINE_TYPE)),), _has(MACHINE_TYPE)),
    _patch(IMAGE, MACHINE, (("ami", _template(f"id: {{{{ .{IMAGE} }}}}")),), _has(IMAGE)),
    _patch(
        ROOT_DISK, MACHINE, (("rootVolume", _template(_volume(f".{ROOT_DISK}"))),), _has(ROOT_DISK)
    ),
    _patch(
        "awsControlPlane",
        CONTROL_PLANE,
        (
            ("iamInstanceProfile", _variable(f"{MACHINES}.controlPlaneProfile")),
            ("rootVolume/encryptionKey", _variable(f"{MACHINES}.key")),
        ),
    ),
    _patch(
        "awsWorker",
        WORKER,
        (
            ("iamInstanceProfile", _variable(f"{MACHINES}.nodeProfile")),
            ("rootVolume/encryptionKey", _variable(f"{MACHINES}.key")),
        ),
    ),
    _patch(
        "awsControlPlaneDisks",
        CONTROL_PLANE,
        (("nonRootVolumes", _template(_ETCD_VOLUME + _DATA_VOLUMES)),),
        f"or ({_has(ETCD_DISK)}) ({_has(DATA_DISKS)})",
    ),
    _patch(DATA_DISKS, WORKER, (("nonRootVolumes", _template(_DATA_VOLUMES)),), _has(DATA_DISKS)),
    _patch(
        "awsControlPlaneGroup",
        CONTROL_PLANE,
        (("placementGroupName", _variable(f"{MACHINES}.controlPlaneGroup")),),
        _has(MACHINES, "controlPlaneGroup"),
    ),
    _patch(
        "awsPoolGroup",
        WORKER,
        (("placementGroupName", _template(f"{{{{ index .{MACHINES}.poolGroups {_POOL} }}}}")),),
        f"and ({_has(MACHINES, 'poolGroups')}) (hasKey .{MACHINES}.poolGroups {_POOL})",
    ),
    _patch(
        SPOT,
        WORKER,
        (
            (
                "spotMarketOptions",
                _template(
                    f"{{{{ if .{SPOT}.maxPrice }}}}maxPrice: {{{{ .{SPOT}.maxPrice | quote }}}}"
                    "{{ else }}{}{{ end }}"
                ),
            ),
        ),
        _has(SPOT),
    ),
)
