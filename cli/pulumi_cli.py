"""The pulumi CLI, where it is on the PATH: the same program through Pulumi's own engine.

Without a backend of the user's, the state is kept in the stack's folder beside the plane. The
configuration is a copy of the stack file there, because `pulumi stack init` writes a salt into the
file that it is given, and reformats it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from cli.options import Engine
from components.manifest import ADOPTED
from engine.objects import Key
from engine.plan.clouds import short_type
from engine.program import Resource
from engine.session import Session
from errors import CaasError
from errors.program import PULUMI_FAILED, PULUMI_NEEDED, PULUMI_NOT_FOUND
from stacks.paths import CHECKOUT
from stacks.private import write_private
from stacks.settings import PROJECT


def choose(engine: Engine, session: Session) -> PulumiCli | None:
    """The pulumi CLI where it shall be used; None where caas applies by itself.

    Raises CAAS-3021 where it was asked for and is not there.
    """
    executable = None if engine is Engine.IN_PROCESS else shutil.which("pulumi")
    if executable:
        return PulumiCli(executable, session)
    if engine is Engine.PULUMI:
        raise CaasError(PULUMI_NOT_FOUND, "There is no `pulumi` on the PATH")
    return None


def require(foreign: Sequence[Resource]) -> None:
    """Raises CAAS-3022 for resources that only the pulumi CLI can make."""
    if foreign:
        kinds = Counter(short_type(resource.type) for resource in foreign)
        listed = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common(5))
        more = " and others" if len(kinds) > 5 else ""  # noqa: PLR2004 - as many as are listed
        raise CaasError(
            PULUMI_NEEDED,
            f"{len(foreign)} resources of the stack need the pulumi CLI, and it is not used",
            why=f"{listed}{more}; nothing was applied",
        )


def require_for_destroy(session: Session) -> None:
    """Raises CAAS-3022 when there is no pulumi CLI and only that can delete what it has made."""
    kept = made_by_pulumi(session)
    if kept and not shutil.which("pulumi"):
        raise CaasError(
            PULUMI_NEEDED,
            f"{len(kept)} resources of the stack were made by the pulumi CLI, which is not there",
            why=f"{', '.join(sorted(set(map(short_type, kept)))[:5])}; nothing was deleted",
        )


def made_by_pulumi(session: Session) -> list[str]:
    """Types of what the local backend knows and is no Kubernetes object.

    Its checkpoint is read without the CLI, so that a folder is never removed that is still needed.
    """
    backend = session.directory / "pulumi" / ".pulumi" / "stacks"
    found: list[str] = []
    for file in backend.glob(f"**/{session.stack}.json"):
        try:
            latest = json.loads(file.read_text())["checkpoint"]["latest"] or {}
        except (OSError, ValueError, LookupError):
            found.append("pulumi:unreadable:State")  # better to ask the CLI than to lose it
            continue
        resources = latest.get("resources") or ()
        found += [each["type"] for each in resources if _is_foreign(each)]
    return found


def _is_foreign(resource: dict[str, Any]) -> bool:
    kind = str(resource.get("type"))
    if not resource.get("custom") or kind.startswith("pulumi:"):
        return False
    return not kind.startswith("kubernetes:") or kind.startswith("kubernetes:helm.sh/")


class PulumiCli:
    """The pulumi CLI for one stack.

    Args:
        executable: the program.
        session: the stack.
    """

    def __init__(self, executable: str, session: Session) -> None:
        self._executable = executable
        self._session = session
        self._folder = session.directory / "pulumi"
        self._adopted = ""

    def up(
        self,
        targets: Sequence[str] = (),
        adopted: Sequence[Key] = (),
        *,
        refresh: bool = False,
    ) -> None:
        """Runs `pulumi up`.

        Args:
            targets: only resources that match one of them, where there are any.
            adopted: what is there already, and is imported where Pulumi's state does not have it.
            refresh: look at every object first, so that what was changed by hand is put right.

        Raises:
            CaasError: CAAS-3020 when it fails.
        """
        self._adopted = ",".join(f"{key.namespace}/{key.name}" for key in adopted)
        chosen = (f"--target={target}" for target in targets)
        looked = ("--refresh",) if refresh else ()
        self._run("up", "--yes", "--skip-preview", *looked, *chosen)

    def destroy(self) -> None:
        """Runs `pulumi destroy` where something would be left without it.

        That is where the user's own backend knows the stack, or the local one knows resources of a
        cloud; else the local backend goes with the stack's folder. Raises CAAS-3020 when it fails.
        """
        if self._is_known() if _has_backend() else made_by_pulumi(self._session):
            self._run("destroy", "--yes", "--skip-preview")

    def outputs(self, *, show_secrets: bool = False) -> dict[str, Any] | None:
        """The outputs of the last `pulumi up`; None for a stack that was never applied by the CLI.

        Args:
            show_secrets: whether secret values are shown; Pulumi writes `[secret]` otherwise.
        """
        shown = ("--show-secrets",) if show_secrets else ()
        command = [self._executable, "stack", "output", "--json", *shown]
        command += ["--stack", self._session.stack, "--non-interactive", "--cwd", str(CHECKOUT)]
        environment = {**os.environ, **self.environment(), "PULUMI_SKIP_UPDATE_CHECK": "true"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        try:
            found = json.loads(done.stdout) if done.returncode == 0 else None
        except ValueError:
            return None
        return found or None

    def environment(self) -> dict[str, str]:
        """The variables that the CLI needs in addition to the environment: none, or the local
        backend."""
        if _has_backend():
            return {}
        own = {"PULUMI_BACKEND_URL": f"file://{self._folder}"}
        given = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")
        if not any(name in os.environ for name in given):
            own["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(self._passphrase())
        return own

    def _is_known(self) -> bool:
        command = [self._executable, "stack", "--stack", self._session.stack, "--show-name"]
        found = subprocess.run(command, cwd=CHECKOUT, capture_output=True, check=False)
        return found.returncode == 0

    def _run(self, *arguments: str) -> None:
        stack = ("--stack", self._session.stack, "--non-interactive")
        if _has_backend():
            self._call(*arguments, *stack, "--cwd", str(CHECKOUT))
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self._configuration()
        self._call(*arguments, *stack, "--cwd", str(CHECKOUT), "--config-file", str(file))

    def _configuration(self) -> Path:
        """A copy of the stack file with the salt of the local backend, which is made if needed."""
        workspace = self._folder / "workspace"
        workspace.mkdir(exist_ok=True)
        (workspace / "Pulumi.yaml").write_text(f"name: {PROJECT}\nruntime: python\n")
        file = workspace / f"Pulumi.{self._session.stack}.yaml"
        self._call("stack", "select", "--create", self._session.stack, "--cwd", str(workspace))
        made = yaml.safe_load(file.read_text()) if file.exists() else None
        salt = (made or {}).get("encryptionsalt")
        text = self._session.file.read_text()
        if salt and "encryptionsalt:" not in text:
            text += f"\nencryptionsalt: {salt}\n"
        write_private(file, text)
        return file

    def _call(self, *arguments: str) -> None:
        """Runs the CLI with its output on standard error, where progress goes."""
        command = [self._executable, *arguments]
        environment = {
            **os.environ,
            **self.environment(),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            ADOPTED: self._adopted,
        }
        sys.stderr.flush()
        with _leave_interrupts_to_the_child() as interrupted:
            status = subprocess.run(
                command, env=environment, stdout=sys.stderr, check=False
            ).returncode
        if interrupted:
            raise KeyboardInterrupt
        if status != 0:
            raise CaasError(
                PULUMI_FAILED,
                f"`pulumi {arguments[0]}` ended with status {status}",
                why="the reason is in its output above",
            )

    def _passphrase(self) -> Path:
        file = self._folder / "passphrase"
        if not file.exists():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(file, secrets.token_urlsafe(32))
        return file


@contextmanager
def _leave_interrupts_to_the_child() -> Iterator[list[int]]:
    """Ctrl-C reaches the CLI as well, which cancels the update and keeps its state in order."""
    caught: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: caught.append(number))
    try:
        yield caught
    finally:
        signal.signal(signal.SIGINT, before)


def _has_backend() -> bool:
    """True if a backend for Pulumi's state is configured."""
    if os.environ.get("PULUMI_BACKEND_URL") or os.environ.get("PULUMI_ACCESS_TOKEN"):
        return True
    home = Path(os.environ.get("PULUMI_HOME", Path.home() / ".pulumi"))
    try:
        return bool(json.loads((home / "credentials.json").read_text()).get("current"))
    except (OSError, ValueError):
        return False
