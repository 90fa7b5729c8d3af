"""The patches of the ClusterClass: the standard variables, and names that begin with the stack.

Templates of patches render YAML; mappings are in braces, so that a part can be left out.
"""

from __future__ import annotations

import json

from components.cluster.machine import Placement
from components.cluster_object import (
    DATA_DISKS,
    ENDPOINT,
    ETCD_DISK,
    IMAGE,
    MACHINE_TYPE,
    PLACEMENT,
    ROOT_DISK,
)
from components.infrastructure.openstack.names import control_plane_group, pool_group
from components.infrastructure.openstack.settings import OpenStackSettings
from components.infrastructure.openstack.templates import (
    API_VERSION,
    CLUSTER_KIND,
    MACHINE_KIND,
    volume,
)
from components.infrastructure.patches import (
    Kinds,
    Patch,
    add_template,
    add_variable,
    has,
    image_of,
    patch,
    patch_if,
    patch_of,
)

FOUNDATION = "openstackFoundation"
"""The variable with the name that everything of the foundation begins with: the stack's."""

VARIABLES = (
    {"name": FOUNDATION, "required": False, "schema": {"openAPIV3Schema": {"type": "string"}}},
)

KINDS = Kinds(API_VERSION, CLUSTER_KIND, MACHINE_KIND)
_UUID = "^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$"


def _named(name: str) -> str:
    """The filter for a resource by its name, which is a template."""
    return f'filter: {{name: "{name}"}}'


_OF_FOUNDATION = _named(f"{{{{ .{FOUNDATION} }}}}")


def patches(settings: OpenStackSettings) -> tuple[Patch, ...]:
    """Every patch of the class, in the order in which they are applied."""
    flavor = add_template("/flavor", _named(f"{{{{ .{MACHINE_TYPE} }}}}"))
    group = add_template("/securityGroups", f"- {_OF_FOUNDATION}")
    key = settings.ssh_key
    return (
        *_endpoint(),
        *(() if settings.network.existing else (_network(),)),
        *_images(settings.images),
        patch_of(MACHINE_TYPE, *KINDS.on_machines(flavor)),
        *_disks(settings),
        *_server_groups(),
        patch_if("securityGroup", has(FOUNDATION), *KINDS.on_machines(group)),
        *((_key_pair(),) if key and key.public_key else ()),
    )


def _endpoint() -> tuple[Patch, ...]:
    """The load balancer of the Kubernetes API: inside the network unless it is public."""
    host = f'{{host: "{{{{ .{ENDPOINT}.host }}}}", port: {{{{ default 6443 .{ENDPOINT}.port }}}}}}'
    paths = {
        "port": "/apiServer/port",
        "public": "/apiServer/enableFloatingIP",
        "allowed": "/apiServer/managedLoadBalancer/allowedCIDRs",
    }
    return (
        *(
            patch_if(
                f"endpoint-{key}",
                has(ENDPOINT, key),
                KINDS.on_cluster(add_variable(path, f"{ENDPOINT}.{key}")),
            )
            for key, path in paths.items()
        ),
        patch_if(
            "endpoint-host",
            has(ENDPOINT, "host"),
            KINDS.on_cluster(add_template("/controlPlaneEndpoint", host)),
        ),
    )


def _network() -> Patch:
    """The network of the foundation, found by the name of the stack."""
    return patch_if(
        "network",
        has(FOUNDATION),
        KINDS.on_cluster(
            add_template("/network", _OF_FOUNDATION),
            add_template("/subnets", f"- {_OF_FOUNDATION}"),
            add_template("/router", _OF_FOUNDATION),
        ),
    )


def _images(pattern: str) -> tuple[Patch, ...]:
    """The image of the Kubernetes version, or the one that a group names by its name or id."""
    by_id = f'id: "{{{{ .{IMAGE} }}}}"'
    by_name = _named(f"{{{{ .{IMAGE} }}}}")
    is_id = f'regexMatch "{_UUID}" .{IMAGE}'
    own = add_template("/image", f"{{{{ if {is_id} }}}}{by_id}{{{{ else }}}}{by_name}{{{{ end }}}}")
    return (
        patch(
            "image-of-version",
            KINDS.on_control_plane(
                add_template("/image", _named(image_of(pattern, "controlPlane")))
            ),
            KINDS.on_workers(add_template("/image", _named(image_of(pattern, "worker")))),
        ),
        patch_of(IMAGE, *KINDS.on_machines(own)),
    )


def _disks(settings: OpenStackSettings) -> tuple[Patch, ...]:
    """The root disk; the etcd disk and the data disks, of the control plane in this order."""
    root = f"{{sizeGiB: {{{{ .{ROOT_DISK}.sizeGiB }}}}, {_volume(f'.{ROOT_DISK}', settings)}}}"
    etcd = _device("etcd", f".{ETCD_DISK}", settings)
    etcd = f'{{{{ if hasKey . "{ETCD_DISK}" }}}}{etcd}{{{{ end }}}}'
    data = f"{{{{ range .{DATA_DISKS} }}}}{_device('data-{{ .name }}', '', settings)}{{{{ end }}}}"
    more = "/additionalBlockDevices"
    return (
        patch_of(ROOT_DISK, *KINDS.on_machines(add_template("/rootVolume", root))),
        patch_if(
            "control-plane-disks",
            f"or {has(ETCD_DISK)} {has(DATA_DISKS)}",
            KINDS.on_control_plane(add_template(more, etcd + data)),
        ),
        patch_if("worker-disks", has(DATA_DISKS), KINDS.on_workers(add_template(more, data))),
    )


def _device(name: str, disk: str, settings: OpenStackSettings) -> str:
    """One entry of additionalBlockDevices."""
    storage = f"{{type: Volume, volume: {{ {_volume(disk, settings)}}}}}"
    return f'- {{name: "{name}", sizeGiB: {{{{ {disk}.sizeGiB }}}}, storage: {storage}}}\n'


def _volume(disk: str, settings: OpenStackSettings) -> str:
    """The type and the zone of the volume of `disk`, as the rest of a mapping in braces."""
    chosen = volume(settings)
    zone = chosen.get("availabilityZone")
    placed = f"availabilityZone: {json.dumps(zone)}" if zone else ""
    kind = f"default {json.dumps(chosen.get('type', ''))} {disk}.type"
    return f'{{{{ with {kind} }}}}type: "{{{{ . }}}}", {{{{ end }}}}{placed}'


def _server_groups() -> tuple[Patch, ...]:
    """The server group of the placement; the foundation made it under the same name."""
    stack, cluster = f"{{{{ .{FOUNDATION} }}}}", "{{ .builtin.cluster.name }}"
    pool = "{{ .builtin.machineDeployment.topologyName }}"
    of_control_plane = control_plane_group(stack, cluster, _placement(Placement.SPREAD))
    of_pool = pool_group(stack, cluster, pool, _placement(Placement.ANY))
    return (
        patch_if(
            "control-plane-server-group",
            _is_placed(Placement.SPREAD),
            KINDS.on_control_plane(add_template("/serverGroup", _named(of_control_plane))),
        ),
        patch_if(
            "worker-server-group",
            _is_placed(Placement.ANY),
            KINDS.on_workers(add_template("/serverGroup", _named(of_pool))),
        ),
    )


def _placement(default: Placement) -> str:
    return f'{{{{ default "{default}" .{PLACEMENT} }}}}'


def _is_placed(default: Placement) -> str:
    wanted = f'(ne (default "{default}" .{PLACEMENT}) "{Placement.ANY}")'
    return f"and {has(FOUNDATION)} {wanted}"


def _key_pair() -> Patch:
    """The key pair of the foundation."""
    return patch_if(
        "key-pair", has(FOUNDATION), *KINDS.on_machines(add_variable("/sshKeyName", FOUNDATION))
    )
