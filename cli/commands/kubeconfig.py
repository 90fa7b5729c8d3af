"""`caas kubeconfig`."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from cli import console
from embedded.progress import Silent
from embedded.session import Session
from errors import CaasError, Where
from errors.program import CLUSTER_NOT_FOUND, KUBECONFIG_NOT_READY
from stacks.private import write_private

EXAMPLES = {
    "./caas kubeconfig shop > shop.kubeconfig": "to a file (make it yours alone: umask 077)",
    "./caas kubeconfig shop --out shop.kubeconfig": "to a file that only you can read",
}


def command(
    cluster: Annotated[str, Argument(metavar="CLUSTER", help="The cluster's name.")],
    stack: Annotated[str, Option("--stack", help="The stack it belongs to.")] = "local",
    out: Annotated[
        Path | None, Option("--out", dir_okay=False, help="A file, made with mode 0600.")
    ] = None,
) -> None:
    """Get the credentials of a cluster.

    Prints a kubeconfig with an administrator's client certificate, or writes it to a file.
    """
    session = Session(stack, Silent())
    states = {state.name: state for state in session.fleet().states()}
    if cluster not in states:
        raise CaasError(
            CLUSTER_NOT_FOUND,
            f"The stack `{stack}` has no cluster `{cluster}`",
            fix=f"One of: {', '.join(sorted(states)) or 'none yet; run ./caas up'}.",
        )
    namespace = states[cluster].namespace
    path = f"/api/v1/namespaces/{namespace}/secrets/{cluster}-kubeconfig"
    secret = session.api.get(path)
    if secret is None:
        raise CaasError(
            KUBECONFIG_NOT_READY,
            f"The cluster `{cluster}` has no kubeconfig yet",
            where=Where(cluster=cluster),
        )
    text = base64.b64decode(secret["data"]["value"]).decode()
    if out is None:
        console.say(text.rstrip("\n"))
    else:
        write_private(out, text)
        console.say(f"export KUBECONFIG={out.resolve()}")
