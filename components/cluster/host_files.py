"""Files on machines, as a KubeadmConfigSpec has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import yaml

DIRECTORY = "/etc/kubernetes/caas"
"""The folder of the API server's configuration files."""

HostFile = dict[str, Any]


def host_file(path: str, content: str, permissions: str = "0600") -> HostFile:
    """A file with this content, of root."""
    return {"path": path, "owner": "root:root", "permissions": permissions, "content": content}


def yaml_file(name: str, content: Mapping[str, Any]) -> HostFile:
    """A configuration file of the API server."""
    return host_file(f"{DIRECTORY}/{name}", as_yaml(content))


def as_yaml(content: Mapping[str, Any]) -> str:
    """The content of a file; written once, because it is slow and most clusters are alike."""
    return _written(json.dumps(content))


@lru_cache
def _written(content: str) -> str:
    return yaml.dump(json.loads(content), Dumper=yaml.CSafeDumper, sort_keys=False, width=1000)


def secret_file(name: str, secret: str) -> HostFile:
    """A configuration file of the API server, whose content is `name` of a Secret."""
    return {
        "path": f"{DIRECTORY}/{name}",
        "owner": "root:root",
        "permissions": "0600",
        "contentFrom": {"secret": {"name": secret, "key": name}},
    }
