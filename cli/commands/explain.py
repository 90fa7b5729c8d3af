"""`caas explain`."""

from __future__ import annotations

from dataclasses import asdict
from difflib import get_close_matches
from typing import Annotated, Any

from typer import Argument

from cli import console
from cli.options import Format, Output
from errors import CaasError, Code
from errors.command_line import UNKNOWN_CODE
from errors.registry import all_codes, find

EXAMPLES = {
    "./caas explain CAAS-2103": "what a code means, and what to do about it",
    "./caas explain PortUnavailable": "the same, by its reason",
    "./caas explain": "every code in one line",
}


def command(
    code: Annotated[
        str | None, Argument(metavar="CODE", help="CAAS-2103, 2103 or its reason.")
    ] = None,
    output: Output = Format.TABLE,
) -> None:
    """Explain a CAAS code: its cause, and the fix.

    Every problem that caas reports carries a code, which keeps its meaning from release to
    release. Without a code, all of them are listed.
    """
    if code is None:
        _list(output)
        return
    found = find(code) or _nothing(code)
    if output is Format.JSON:
        console.document(_as_dict(found))
        return
    console.say(f"{found.id} {found.reason}", "bold")
    console.say(found.summary)
    example = found.texts.example
    for title, text in (("Cause", found.cause), ("Fix", found.fix), ("Example", example)):
        console.say()
        console.say(title, "bold")
        console.say(text)
    if found.actor:
        console.say(f"\nWho acts: {found.actor.words}.")
    if found.retired:
        console.say(f"\nNot raised since {found.retired}.")


def _list(output: Format) -> None:
    codes = all_codes()
    if output is Format.JSON:
        console.document([_as_dict(code) for code in codes])
        return
    rows = [(code.id, code.reason, code.summary) for code in codes]
    console.table(("Code", "Reason", "Summary"), rows)


def _as_dict(code: Code) -> dict[str, Any]:
    return {"code": code.id, **asdict(code.texts), "page": code.page}


def _nothing(text: str) -> Code:
    codes = all_codes()
    words = {code.id.lower(): code for code in codes}
    words |= {f"{code.number:04d}": code for code in codes}
    words |= {code.reason.lower(): code for code in codes}
    near = get_close_matches(text.strip().lower(), words, n=1, cutoff=0.6)
    fix = f"Did you mean {words[near[0]].id} ({words[near[0]].reason})?" if near else ""
    raise CaasError(UNKNOWN_CODE, f"There is no code '{text}'", fix=fix)
