"""Encryption of Secrets in etcd: the key, its file on machines, and the kube-apiserver flags.

The key is made once, in an immutable Secret: a machine that got another one could read nothing
that is stored, so nothing may ever write it anew. Keys are rotated by naming another Secret.
"""

from __future__ import annotations

import base64
import json
import secrets
from typing import Any

from components.cluster.control_plane_settings import Encryption
from components.cluster.host_files import DIRECTORY, secret_file
from components.cluster_object import ENCRYPTION

FILE = "encryption.yaml"
KEY_BYTES = 32  # what secretbox (XSalsa20 and Poly1305) takes
MOVE_LABEL = "clusterctl.cluster.x-k8s.io/move"


def secret_name(cluster: str) -> str:
    """The name of the Secret that is made for a cluster."""
    return f"{cluster}-encryption"


def configuration(key: bytes) -> dict[str, Any]:
    """An EncryptionConfiguration with one key; what was stored before it can still be read."""
    own = {"name": "key1", "secret": base64.b64encode(key).decode()}
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [
            {
                "resources": ["secrets"],
                "providers": [{"secretbox": {"keys": [own]}}, {"identity": {}}],
            }
        ],
    }


def new_configuration() -> str:
    """The content of a new Secret, with a random key."""
    # JSON is YAML, and has one spelling.
    return json.dumps(configuration(secrets.token_bytes(KEY_BYTES)))


def variable(settings: Encryption) -> str | None:
    """The value of the variable; None where the Secret made for the cluster is used."""
    if not settings.enabled:
        return ""
    return settings.secret


def patch_file() -> dict[str, Any]:
    """The file for a ClusterClass patch; its Secret has the cluster's name in its own."""
    # Backquotes: the text becomes part of a JSON string before the template is read.
    name = (
        f"{{{{ if hasKey . `{ENCRYPTION}` }}}}{{{{ .{ENCRYPTION} }}}}"
        f"{{{{ else }}}}{secret_name('{{ .builtin.cluster.name }}')}{{{{ end }}}}"
    )
    return secret_file(FILE, name)


ENABLED_IF = (
    f'{{{{ if not (hasKey . "{ENCRYPTION}") }}}}true'
    f'{{{{ else if ne .{ENCRYPTION} "" }}}}true{{{{ end }}}}'
)
"""The condition of a cluster's patch: the variable is not empty."""


def arguments(settings: Encryption) -> dict[str, str]:
    """The kube-apiserver flags that enable the audit log."""
    return {"encryption-provider-config": f"{DIRECTORY}/{FILE}"} if settings.enabled else {}
