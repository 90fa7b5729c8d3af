"""`caas outputs`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from typer import Option

from cli import console, pulumi_cli
from cli.options import Engine, EngineChoice, Format, Output, Stack
from engine.session import Session
from engine.values import is_unknown, without_unknowns
from plane.progress import Silent

EXAMPLES = {
    "./caas outputs prod-aws": "the network, the buckets, the name servers of the DNS zone",
    "./caas outputs prod-aws --output json": "the same for a script",
}


def command(
    stack: Stack = "local",
    output: Output = Format.TABLE,
    show_secrets: Annotated[
        bool, Option("--show-secrets", help="Print secret values instead of [secret].")
    ] = False,
    engine: EngineChoice = Engine.AUTO,
) -> None:
    """Print the outputs of a stack: clusters, networks, buckets, DNS.

    They come from Pulumi's state where the pulumi CLI has applied the stack, and otherwise from the
    program itself. A value that is known only after creation is then shown as
    `<known after creation>`, in JSON as null; its name is listed under `unknown`.
    """
    session = Session(stack, Silent())
    cli = pulumi_cli.choose(engine, session)
    applied = cli.outputs(show_secrets=show_secrets) if cli else None
    found = _of_program(session, show_secrets) if applied is None else applied
    unknown = sorted(name for name, value in found.items() if is_unknown(value))
    if output is Format.JSON:
        source = "program" if applied is None else "state"
        shown = {name: without_unknowns(value) for name, value in found.items()}
        console.document({"source": source, "outputs": shown, "unknown": unknown})
        return
    console.table(("output", "value"), [(name, _text(found[name])) for name in sorted(found)])
    if unknown:
        console.warn(f"Known after creation, by `./caas up {stack}`: {', '.join(unknown)}")


def _of_program(session: Session, show_secrets: bool) -> Mapping[str, Any]:
    recording = session.record()
    return recording.given_outputs if show_secrets else recording.outputs


def _text(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_text(each)}" for key, each in value.items())
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
