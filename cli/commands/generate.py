"""`caas generate`."""

from __future__ import annotations

from typing import Annotated

from typer import Option

from cli import console
from errors import CaasError, Problem, Where
from errors.command_line import GENERATED_FILE_STALE

EXAMPLES = {
    "./caas generate": "after a change to the codes, the settings or the command line",
    "./caas generate --verify": "in CI: fails where a document is not up to date",
}


def command(
    verify: Annotated[
        bool, Option("--verify", help="Write nothing; fail where a file would change.")
    ] = False,
) -> None:
    """Write the documents that come from the code.

        A page for each code in docs/errors, what stack files may say in docs/settings.md and, for
    editors, docs/stack.schema.json, the add-ons in docs/addons.md, the policies in
    docs/policies.md, and the list of commands in docs/commands.md.
    """
    from cli.documents import differing, write  # noqa: PLC0415 - `--help` needs none of it

    if verify:
        stale = differing()
        if stale:
            raise CaasError.of(_problem(path) for path in stale)
        console.say("Every generated file is up to date.")
        return
    changed = write()
    for path in changed:
        console.say(path)
    console.say(f"{len(changed)} files changed." if changed else "Nothing changed.")


def _problem(path: str) -> Problem:
    return Problem(GENERATED_FILE_STALE, "The file is not what the code gives", Where(file=path))
