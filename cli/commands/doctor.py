"""`caas doctor`."""

from __future__ import annotations

from typing import Annotated

from typer import Argument, Exit

from cli import console
from cli.checks import CheckLevel, CheckResult, findings
from cli.options import Format, Output
from plane.progress import Silent

EXAMPLES = {
    "./caas doctor": "before the first `up`, and after a failure",
    "./caas doctor laptop": "also whether Docker can run the nodes of this stack",
    "./caas doctor --output json": "the same for a script; exit status 1 when a check fails",
}
STYLES = {CheckLevel.OK: "green", CheckLevel.WARN: "yellow", CheckLevel.FAIL: "bold red"}


Checked = Annotated[
    str | None,
    Argument(metavar="STACK", help="A stack, for checks of the machine that it needs."),
]


def command(stack: Checked = None, output: Output = Format.TABLE) -> None:
    """Check whether this machine is fit for the plane.

    With a stack whose machines are containers it also checks Docker, and whether memory and disk
    suffice for its nodes.

    Each check reports ok, warn (it works, with a limit that is named) or fail (the embedded plane
    can't run here), with a code and what to do. Nothing is changed.
    """
    from rich.text import Text  # noqa: PLC0415 - `--help` needs none of it

    found = dict(findings()) | (_of_stack(stack) if stack else {})
    failed = [name for name, finding in found.items() if finding.level is CheckLevel.FAIL]
    if output is Format.JSON:
        checks = [_as_dict(name, finding) for name, finding in found.items()]
        console.document({"ok": not failed, "checks": checks})
    else:
        rows = [
            (
                Text(finding.level, style=STYLES[finding.level]),
                name,
                finding.what,
                finding.code.id if finding.code else "",
                finding.remedy,
            )
            for name, finding in found.items()
        ]
        console.table(("State", "Check", "Found", "Code", "What to do"), rows)
    if failed:
        raise Exit(1)


def _of_stack(stack: str) -> dict[str, CheckResult]:
    """The checks that depend on a stack. Raises what its file has wrong."""
    from cli.container_checks import container_checks  # noqa: PLC0415 - as above
    from engine.session import Session  # noqa: PLC0415 - as above

    session = Session(stack, Silent())
    settings = session.settings
    return container_checks(settings.clusters) if session.in_containers else {}


def _as_dict(name: str, finding: CheckResult) -> dict[str, str | None]:
    return {
        "check": name,
        "state": finding.level,
        "what": finding.what,
        "code": finding.code.id if finding.code else None,
        "fix": finding.remedy or None,
    }
