"""Writes the names of each minor of the catalog: `python -m catalog.kubernetes [MINOR ...]`.

They are read from the source of the module k8s.io/kubernetes, which the Go proxy serves: flags and
admission plugins by the program in `reader/`, which follows the code that defines them; feature
gates and API versions from the lists that Kubernetes keeps of itself. Nothing of it is compiled.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from packaging.version import Version

from catalog import catalog
from catalog.kubernetes import FOLDER, minor_of

MODULE = "k8s.io/kubernetes"
GATES = "test/compatibility_lifecycle/reference/versioned_feature_list.yaml"
DISCOVERY = "api/discovery"
READER = FOLDER / "reader"
HEAD = """\
# Names that Kubernetes {minor} knows. Written by `python -m catalog.kubernetes`; do not edit.
# Source: {module} v{version} of the Go module proxy.
"""


def main() -> None:
    """Writes the files of the minors that are named; without any, of all."""
    newest = {minor_of(version): version for version in catalog().kubernetes_versions}
    with tempfile.TemporaryDirectory(prefix="caas-names-") as folder:
        program = Path(folder) / "reader"
        _go(READER, "build", "-o", str(program), ".")
        for minor in sys.argv[1:] or newest:
            _write(minor, newest[minor], program, Path(folder) / minor)


def _write(minor: str, version: Version, program: Path, work: Path) -> None:
    work.mkdir()
    source = _module(version, work)
    found = json.loads(_run(work, str(program)))
    document = {
        "flags": found["flags"],
        "admissionPlugins": {
            "on": sorted(name for name, on in found["plugins"].items() if on),
            "off": sorted(name for name, on in found["plugins"].items() if not on),
        },
        "featureGates": _gates(source / GATES, version, found["clientGates"]),
        "apis": sorted(_apis(source / DISCOVERY)),
    }
    text = yaml.dump(document, sort_keys=False, default_flow_style=None, width=100)
    head = HEAD.format(minor=minor, module=MODULE, version=version)
    (FOLDER / f"{minor}.yaml").write_text(head + text)
    sys.stdout.write(f"{minor}: {version}\n")


def _module(version: Version, work: Path) -> Path:
    """Makes a module that needs this version of Kubernetes; gives the folder of its source."""
    (work / "go.mod").write_text("module caas.invalid/names\n")
    found = json.loads(_go(work, "mod", "download", "-json", f"{MODULE}@v{version}"))
    # Kubernetes keeps its own libraries beside it, and the proxy serves them as v0.
    asked = json.loads(_go(work, "mod", "edit", "-json", found["GoMod"]))
    libraries = (each["Old"]["Path"] for each in asked["Replace"] or ())
    served = f"v0.{version.minor}.{version.micro}"
    replaced = (f"-replace={name}={name}@{served}" for name in libraries)
    _go(work, "mod", "edit", f"-require={MODULE}@v{version}", *replaced)
    return Path(found["Dir"])


def _gates(
    file: Path, version: Version, more: Mapping[str, Sequence[bool]]
) -> dict[str, list[str]]:
    """The feature gates by default and lock, as they are in a version.

    Args:
        file: the list of Kubernetes itself.
        version: the release.
        more: the default and the lock of those of its client library.
    """
    states = {"AllAlpha": (False, False), "AllBeta": (False, False)}
    states |= {name: (on, locked) for name, (on, locked) in more.items()}
    for gate in yaml.safe_load(file.read_text()):
        specs: list[dict[str, Any]] = [
            spec for spec in gate["versionedSpecs"] if Version(spec["version"]) <= version
        ]
        if specs:
            last = max(specs, key=lambda spec: Version(spec["version"]))
            states[gate["name"]] = last["default"], last["lockToDefault"]
    kinds = {"on": (True, False), "off": (False, False)}
    kinds |= {"lockedOn": (True, True), "lockedOff": (False, True)}
    return {
        kind: sorted(name for name, found in states.items() if found == state)
        for kind, state in kinds.items()
    }


def _apis(folder: Path) -> set[str]:
    """The API versions, from the names of the documents about them: `apis__batch__v1.json`."""
    parts = [file.stem.split("__") for file in folder.glob("api*__*.json")]
    return {"/".join(part[1:]) for part in parts if part[0] == "api" or len(part) > 2}  # noqa: PLR2004


def _go(folder: Path, *arguments: str) -> str:
    return _run(folder, "go", *arguments)


def _run(folder: Path, *command: str) -> str:
    environment = {**os.environ, "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0", "GOWORK": "off"}
    return subprocess.run(
        command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


main()
