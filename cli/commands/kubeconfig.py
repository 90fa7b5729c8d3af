"""`caas kubeconfig`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from cli import console
from embedded.progress import Silent
from embedded.session import Session
from embedded.workload import kubeconfig_of
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
    text = kubeconfig_of(Session(stack, Silent()), cluster)
    if out is None:
        console.say(text.rstrip("\n"))
    else:
        write_private(out, text)
        console.say(f"export KUBECONFIG={out.resolve()}")
