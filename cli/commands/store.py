"""`caas store`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from typer import Argument, BadParameter, Option

from cli import console
from cli.options import Format, Output
from cli.progress import drawn
from components.store.entry import AppEntry, AppState
from components.store.form import FormField
from components.store.shelf import nearest
from engine.session import Session
from errors import CaasError, Problem
from errors.store import STORE_ENTRY_NOT_FOUND
from operations.app_gate import AppGate
from plane.binaries.tools import helm
from plane.progress import Silent
from stacks.settings.shelves import Shelves

EXAMPLES = {
    "./caas store list": "every entry of the recommended shelf",
    "./caas store list --stack prod-aws": "and those of the shelves of a stack",
    "./caas store search database": "entries with a word in title, summary or categories",
    "./caas store show valkey": "the form of an entry, its versions, and what it needs",
    "./caas store check --stack prod-aws": "every problem of all entries, before a merge",
    "./caas store check --render --stack prod-aws": "and of their charts",
}


class StoreAction(StrEnum):
    """The operations of the command."""

    LIST = "list"
    SHOW = "show"
    SEARCH = "search"
    CHECK = "check"


def command(
    action: Annotated[StoreAction, Argument(help="The operation.")] = StoreAction.LIST,
    name: Annotated[
        str, Argument(metavar="NAME", help="An entry to show, or a word to search for.")
    ] = "",
    *,
    stack: Annotated[str, Option("--stack", help="The stack, whose shelves count too.")] = "local",
    render: Annotated[
        bool, Option("--render", help="For a check: fetch and render the charts, too.")
    ] = False,
    output: Output = Format.TABLE,
) -> None:
    """Show the applications of the store, and check their entries.

    The recommended shelf comes with caas; `caas:store` of a stack file names more. `list` and
    `search` show each entry with its newest listed version, `show` the form that tenants fill in.
    `check` reads every entry, and ends with an error if one has a problem. With `--render` it also
    fetches the chart of each version that is no draft, renders it with the limits of its form on
    every Kubernetes minor, and refuses objects that tenants may not write.
    """
    if bool(name) != (action in (StoreAction.SHOW, StoreAction.SEARCH)):
        raise BadParameter(f"`{action.value}` takes {'no' if name else 'a'} NAME")
    session = Session(stack, Silent())
    shelves = Shelves(session.settings.store, session.file.parent)
    if action is StoreAction.SHOW:
        _show(name, _found(name, shelves), output)
        return
    entries = shelves.all()
    if action is StoreAction.CHECK:
        if render:
            _render(entries)
        _checked(entries, output)
        return
    found = {key: each for key, each in entries.items() if _has(name.lower(), key, each)}
    if output is Format.JSON:
        console.document({"entries": [_as_dict(*item) for item in found.items()]})
    elif found:
        rows = [_row(*item) for item in found.items()]
        console.table(("NAME", "TITLE", "VERSION", "CATEGORIES", "SUMMARY"), rows)
    else:
        console.say("The store has no such entry." if name else "The store has no entries.")


def _found(name: str, shelves: Shelves) -> AppEntry:
    entry = shelves.find(name)
    if entry is None:
        fix = nearest(name, shelves.known())
        raise CaasError(STORE_ENTRY_NOT_FOUND, f"The store has no `{name}`", fix=fix)
    return entry


def _has(word: str, name: str, entry: AppEntry) -> bool:
    chinese = (entry.chinese.title, entry.chinese.summary) if entry.chinese else ()
    texts = (name, entry.title, entry.summary, *entry.categories, *chinese)
    return any(word in text.lower() for text in texts)


def _row(name: str, entry: AppEntry) -> tuple[str, ...]:
    newest = entry.newest
    version = newest.version if newest else f"({entry.versions[-1].state.value})"
    return name, entry.title, version, ", ".join(entry.categories), entry.summary


def _render(entries: Mapping[str, AppEntry]) -> None:
    """Raises CaasError with every problem of the charts."""
    with drawn() as progress:
        gate = AppGate(helm(progress))
        step = progress.step("render charts")
        found: list[Problem] = []
        for number, (name, entry) in enumerate(entries.items()):
            step.advance(number, len(entries), name)
            found += gate.problems(name, entry)
    if found:
        raise CaasError.of(found)


def _checked(entries: Mapping[str, AppEntry], output: Format) -> None:
    drafts = [
        {"entry": name, "version": each.version, "reason": each.reason or ""}
        for name, entry in entries.items()
        for each in entry.versions
        if each.state is AppState.DRAFT
    ]
    if output is Format.JSON:
        console.document({"entries": len(entries), "drafts": drafts, "problems": []})
        return
    console.say(f"{len(entries)} entries without a problem.", "green")
    for each in drafts:
        console.say(f"draft: {each['entry']} {each['version']}. {each['reason']}".rstrip())


def _show(name: str, entry: AppEntry, output: Format) -> None:
    if output is Format.JSON:
        console.document(_as_dict(name, entry))
        return
    console.say(f"{entry.title} ({name})", "bold")
    console.say(entry.summary)
    facts = {
        "home": entry.home,
        "licence": entry.licence,
        "owner": entry.owner,
        "chart": entry.chart,
        "signed": _signed(entry),
        "Kubernetes": entry.kubernetes or "all versions",
        "needs": ", ".join(entry.needs) or "nothing",
        "ports": "; ".join(f"{each.port} ({each.what})" for each in entry.ports) or "none",
        "stays": entry.stays.what if entry.stays else "nothing",
    }
    for key, text in facts.items():
        console.say(f"{key}: {text}")
    console.say()
    rows = [(key, *_limits(field), field.title) for key, field in entry.form.items()]
    console.table(("SETTING", "TYPE", "DEFAULT", "LIMITS", "CHANGES", "PURPOSE"), rows)
    console.say()
    versions = [
        (each.version, each.runs or "-", each.state.value, each.reason or each.use_instead or "")
        for each in entry.versions
    ]
    console.table(("VERSION", "RUNS", "STATE", "NOTE"), versions)


def _signed(entry: AppEntry) -> str:
    if entry.signature is None:
        return "no"
    return "by a key" if entry.signature.key else f"by {entry.signature.subject}"


def _limits(field: FormField) -> tuple[str, ...]:
    default = "(needed)" if field.default is None else str(field.default)
    bounds = (field.least, field.most)
    ends = ["" if each is None else str(each) for each in bounds]
    limits = ", ".join(field.choices) or (" to ".join(ends) if any(ends) else "-")
    return field.type.value, default, limits, field.changes.value


def _as_dict(name: str, entry: AppEntry) -> dict[str, Any]:
    newest = entry.newest
    return {
        "name": name,
        "newest": newest.version if newest else None,
        **entry.model_dump(mode="json", by_alias=True, exclude_none=True),
    }
