"""`caas kubeconfig`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from cli import console
from engine.session import Session
from engine.workload import kubeconfig_of, oidc_kubeconfig_of
from plane.progress import Silent
from stacks.private import write_private

EXAMPLES = {
    "./caas kubeconfig shop > shop.kubeconfig": "to a file (it holds credentials: use `umask 077`)",
    "./caas kubeconfig shop --out shop.kubeconfig": "to a file that only you can read",
    "./caas kubeconfig shop --oidc > shop.kubeconfig": "for people who log in; no secret is in it",
}


def command(
    cluster: Annotated[str, Argument(metavar="CLUSTER", help="The cluster's name.")],
    stack: Annotated[str, Option("--stack", help="The stack it belongs to.")] = "local",
    out: Annotated[
        Path | None, Option("--out", dir_okay=False, help="A file, made with mode 0600.")
    ] = None,
    oidc: Annotated[
        bool, Option("--oidc", help="Without a credential: people log in at the cluster's issuer.")
    ] = False,
) -> None:
    """Get the credentials of a cluster.

    Prints a kubeconfig with an administrator's client certificate, or writes it to a file. With
    --oidc it holds no secret and may be handed to everybody: its tokens come
    from the plug-in `kubectl oidc-login` and the cluster's first issuer, with its first audience as
    the client.
    """
    find = oidc_kubeconfig_of if oidc else kubeconfig_of
    text = find(Session(stack, Silent()), cluster)
    if out is None:
        console.say(text.rstrip("\n"))
    else:
        write_private(out, text)
        console.say(f"export KUBECONFIG={out.resolve()}")
