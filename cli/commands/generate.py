"""`caas generate`."""

from __future__ import annotations

import os
import sys
from typing import Annotated

from typer import Option

from cli import console
from errors import CaasError, Problem, Where
from errors.command_line import GENERATED_FILE_STALE
from errors.registry import modules

EXAMPLES = {
    "./caas generate": "after a change to the codes, the settings or the command line",
    "./caas generate --verify": "in CI: fails where a document is not up to date",
}


def command(
    verify: Annotated[
        bool, Option("--verify", help="Write nothing; fail where a file would change.")
    ] = False,
) -> None:
    """Write the files that come from the code and from errors/areas.

    The constants and the index of the codes, the keys of stack files in docs/settings.md and, for
    editors, docs/stack.schema.json, the add-ons in docs/addons.md, the policies in
    docs/policies.md, the list of commands in docs/commands.md, and where tenants have files, their
    lines in CODEOWNERS.
    """
    from cli.documents import differing, write  # noqa: PLC0415 - `--help` needs none of it

    # The program uses the constants, so it can't be imported before they are up to date.
    constants = modules()
    if not verify and write(wanted=constants):
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606
    if verify:
        stale = differing(wanted=constants) or differing()
        if stale:
            raise CaasError.of(_problem(path) for path in stale)
        console.say("Every generated file is up to date.")
        return
    changed = write()
    for path in changed:
        console.say(path)
    console.say(f"{len(changed)} files changed." if changed else "Nothing changed.")


def _problem(path: str) -> Problem:
    return Problem(
        GENERATED_FILE_STALE, "The file is not up to date with the code", Where(file=path)
    )
