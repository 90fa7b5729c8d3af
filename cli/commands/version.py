"""`caas version`."""

from __future__ import annotations

import platform
import tomllib
from importlib import metadata
from pathlib import Path

from cli import console
from cli.options import Format, Output

EXAMPLES = {
    "./caas version": "for a bug report",
    "./caas version --output json": "the same for a script",
}
ROOT = Path(__file__).resolve().parents[2]


def caas_version() -> str:
    """The version of this checkout, from pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def command(output: Output = Format.TABLE) -> None:
    """Show the versions of caas and of the programs that it runs.

    The modules are those of the embedded plane; catalog/versions.yaml pins them.
    """
    from catalog import catalog  # noqa: PLC0415 - `caas --version` needs none of it

    known = catalog()
    versions = {
        "caas": caas_version(),
        "python": platform.python_version(),
        "pulumi": metadata.version("pulumi"),
        **known.modules,
    }
    releases = [str(version) for version in known.kubernetes_versions]
    if output is Format.JSON:
        console.document({**versions, "kubernetesVersions": releases})
        return
    rows = [*versions.items(), ("clusters may run", ", ".join(releases))]
    console.table(("What", "Version"), rows)
