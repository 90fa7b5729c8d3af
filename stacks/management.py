"""The location of a stack's management cluster."""

from __future__ import annotations

import os
from pathlib import Path

from stacks.paths import state_directory
from stacks.settings.stack import Management, ManagementMode

OWN_KUBECONFIG = "self.kubeconfig"
"""Of a self-managed stack's management cluster, in the stack's folder, from the moment it answers;
what is installed on the cluster goes there, also while the embedded plane still manages it."""

BOOTSTRAP = "bootstrap"
"""The folder of the bootstrapping plane in the stack's folder, until the bootstrap is over."""


def is_bootstrapped(directory: Path) -> bool:
    """True if a self-managed stack has its management cluster; before that it has a plane.

    Args:
        directory: the stack's folder.
    """
    return (directory / "kubeconfig").exists() and not (directory / BOOTSTRAP).exists()


def kubeconfig(stack: str, management: Management) -> Path:
    """The kubeconfig of the management cluster; it need not exist yet.

    Of an embedded or self-managed one it is in the stack's folder: the embedded plane's until
    `./caas bootstrap` hands over, the management cluster's own from then on. Of an existing one it
    is the file of the settings, or the one that kubectl would take.
    """
    if management.mode is not ManagementMode.EXISTING:
        return state_directory(stack) / "kubeconfig"
    if management.kubeconfig:
        return Path.cwd() / Path(management.kubeconfig).expanduser()
    first = os.environ.get("KUBECONFIG", "").split(os.pathsep)[0]
    return Path(first) if first else Path.home() / ".kube" / "config"


def own_kubeconfig(stack: str) -> Path:
    """The kubeconfig of a self-managed stack's cluster; it need not exist yet."""
    return state_directory(stack) / OWN_KUBECONFIG
