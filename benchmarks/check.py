"""`./caas check`: all stacks of this repository, and one of a thousand clusters."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from benchmarks.measure import ROOT, command, row
from benchmarks.stack import write_stack, write_tenants

CLUSTERS = 1000
TENANTS = 50
LIMITS = "promise: under 30 s of processor time, and 1,024 MiB"


def run(folder: Path) -> None:
    """Alone, and compared with the base: then every program runs twice."""
    stacks = len(list((ROOT / "stacks").glob("Pulumi.*.yaml")))
    row("processors", os.cpu_count() or 1, "")
    alone = command("./caas", "check")
    row(f"./caas check, {stacks} stacks", alone.wall, "s", "promise: under 20 s on two processors")
    row(f"./caas check, {stacks} stacks, processor time", alone.cpu, "s")
    compared = command("./caas", "check", "--against", "HEAD")
    row(f"./caas check --against HEAD, {stacks} stacks", compared.wall, "s")
    file = write_stack(folder / "stacks", CLUSTERS, control_plane=3, workers=3)
    large = command("./caas", "check", str(file))
    row(f"./caas check, {CLUSTERS:,} clusters", large.wall, "s", "promise: under 20 s")
    row(f"./caas check, {CLUSTERS:,} clusters, memory", large.memory, "MiB")
    _commit(file.parent)
    file.write_text(file.read_text().replace("version: 1.36.3", "version: 1.37.2"))
    changed = command("./caas", "check", str(file), "--against", "HEAD")
    row(f"./caas check --against HEAD, {CLUSTERS:,} clusters", changed.wall, "s", "under 20 s")
    _with_tenants(folder / "tenants")


def _with_tenants(folder: Path) -> None:
    """Alone, and with a change of every connection."""
    file = write_tenants(folder, CLUSTERS, TENANTS, port=443)
    what = f"./caas check, {CLUSTERS:,} clusters, {TENANTS} tenants"
    for name, arguments in (("", ()), (", every connection changed", ("--against", "HEAD"))):
        if arguments:
            _commit(folder)
            write_tenants(folder, CLUSTERS, TENANTS, port=8443)
        found = command("./caas", "check", str(file), *arguments)
        row(f"{what}{name}", found.cpu, "s", LIMITS)
        row(f"{what}{name}, memory", found.memory, "MiB", LIMITS)


def _commit(folder: Path) -> None:
    who = ("-c", "user.name=benchmark", "-c", "user.email=benchmark@example.com")
    for arguments in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "--message=base")):
        subprocess.run(["git", *who, *arguments], cwd=folder, check=True)
