"""Reaching a management cluster that is no plane: an existing one, or the stack's own."""

from __future__ import annotations

from pathlib import Path

from engine.api import Api
from errors import CaasError, Where
from errors.program import KUBECONFIG_MISSING, NOT_BOOTSTRAPPED
from stacks.management import is_bootstrapped, kubeconfig
from stacks.settings.stack import Management, ManagementMode

ADVICE = "Check that the address in the kubeconfig is reached from here, and that the cluster runs."


def connect(stack: str, management: Management) -> Api:
    """The API server of an existing or a self-managed management cluster.

    While a bootstrap goes on it is that of the bootstrapping plane, for looking at.

    Raises:
        CaasError: CAAS-3023 or CAAS-3025 without a kubeconfig, CAAS-3024 when it can't be used.
    """
    file = kubeconfig(stack, management)
    if file.exists():
        return Api(file, context=management.context, advice=ADVICE)
    if management.mode is ManagementMode.SELF_MANAGED:
        raise not_bootstrapped(stack)
    raise CaasError(
        KUBECONFIG_MISSING,
        f"The stack `{stack}` uses an existing management cluster, and its kubeconfig is not there",
        where=Where(file=str(file)),
    )


def why_offline(stack: str, management: Management, directory: Path) -> str:
    """The reason for a missing management cluster; empty if there is one."""
    if management.mode is ManagementMode.SELF_MANAGED:
        missing = f"the management cluster is not made yet; `./caas bootstrap {stack}` does it"
        return "" if is_bootstrapped(directory) else missing
    file = kubeconfig(stack, management)
    return "" if file.exists() else f"there is no kubeconfig {file}"


def not_bootstrapped(stack: str) -> CaasError:
    """CAAS-3025."""
    return CaasError(
        NOT_BOOTSTRAPPED,
        f"The stack `{stack}` has no management cluster yet",
        fix=f"Run `./caas bootstrap {stack}`; interrupted, it goes on.",
    )
