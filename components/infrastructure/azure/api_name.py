"""Access of Azure machines to the Kubernetes API by its name.

Azure's internal load balancer never leads a machine back to itself, so a control-plane machine
must reach its own API server directly: the name is written into /etc/hosts, as the provider's
template for private clusters does. A first machine has its own API server from the start, one that
joins only afterwards. With a public endpoint workers keep to the private address of the load
balancer: their own public addresses are not among those that may reach the API.
"""

from __future__ import annotations

from typing import Any

from components.cluster_object import ENDPOINT
from components.infrastructure.azure.network import DEFAULT, VARIABLE, Ranges
from components.infrastructure.patches import (
    Patch,
    add_template,
    has,
    on_control_plane_config,
    on_worker_config,
    patch,
    patch_if,
)

SCRIPT = "/etc/caas/api-name.sh"
NAME = "/etc/caas/api-name"
"""Holds two words: the private address of the API, and its name."""
JOINS = "/run/kubeadm/kubeadm-join-config.yaml"

_SCRIPT = f"""#!/bin/sh
set -e
[ -f {NAME} ] || exit 0
read -r address name <{NAME}
[ "$1" = local ] && address=127.0.0.1
[ "$1" = first ] && [ ! -f {JOINS} ] && address=127.0.0.1
sed -i "/ $name\\$/d" /etc/hosts
echo "$address $name" >>/etc/hosts
"""
FILES: tuple[dict[str, Any], ...] = (
    {"path": SCRIPT, "owner": "root:root", "permissions": "0700", "content": _SCRIPT},
)
COMMAND = f"sh {SCRIPT} first"
"""Runs before kubeadm, on every machine."""

_PUBLIC = has(ENDPOINT, "public")
_ADDRESS = (
    f"{{{{ if {has(ENDPOINT, 'host')} }}}}{{{{ .{ENDPOINT}.host }}}}"
    f"{{{{ else if {has(VARIABLE)} }}}}{{{{ .{VARIABLE}.api }}}}"
    f"{{{{ else }}}}{Ranges(DEFAULT).api}{{{{ end }}}}"
)
"""The private address of the API."""


def public_name(location: str, suffix: str) -> str:
    """The Go template of the name of a public endpoint."""
    return f"{{{{ .builtin.cluster.name }}}}-{suffix}.{location}.cloudapp.azure.com"


def address() -> str:
    """The Go template of the API's private address."""
    return _ADDRESS


def patches(location: str, suffix: str) -> tuple[Patch, ...]:
    """Those that write the name; the script and its command are in every machine already.

    Args:
        location: Azure's.
        suffix: that makes public names unique in it.
    """
    public = f"{_ADDRESS} {public_name(location, suffix)}"
    private = f"{_ADDRESS} apiserver.{{{{ .builtin.cluster.name }}}}.capz.io"
    either = f"{{{{ if {_PUBLIC} }}}}{public}{{{{ else }}}}{private}{{{{ end }}}}"
    own = add_template("/kubeadmConfigSpec/files/-", _file(either))
    after = add_template("/kubeadmConfigSpec/postKubeadmCommands", f"- sh {SCRIPT} local\n")
    return (
        patch("apiName", on_control_plane_config(own, after)),
        patch_if(
            "apiNameOfWorkers", _PUBLIC, on_worker_config(add_template("/files/-", _file(public)))
        ),
    )


def _file(content: str) -> str:
    return f'path: {NAME}\nowner: root:root\npermissions: "0644"\ncontent: "{content}\\n"\n'
