"""The wheel that other programs install has every file that its code reads."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("catalog", "components", "errors", "policies")
FOR_DEVELOPERS = ("catalog/kubernetes/reader/",)
"""Folders that only the commands of a checkout read."""
BUILD = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"


def files() -> set[str]:
    """The files of the packages, without what Python and editors leave behind."""
    found = (file for package in PACKAGES for file in (ROOT / package).rglob("*") if file.is_file())
    names = {str(file.relative_to(ROOT)) for file in found if "__pycache__" not in file.parts}
    return {
        name
        for name in names
        if not name.startswith(FOR_DEVELOPERS)
        and not any(part.startswith(".") for part in Path(name).parts)
    }


@pytest.mark.slow
def test_the_wheel_has_every_file_of_its_packages(tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    for name in PACKAGES:
        without = shutil.ignore_patterns("__pycache__", ".*")
        shutil.copytree(ROOT / name, source / name, ignore=without)
    for file in ("pyproject.toml", "LICENSE", *(each.name for each in ROOT.glob("requirements*"))):
        shutil.copy(ROOT / file, source)
    subprocess.run(
        [sys.executable, "-c", BUILD, str(out)],
        cwd=source,
        check=True,
        capture_output=True,
        timeout=300,
    )
    (wheel,) = out.glob("caas-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    assert sorted(files() - packed) == []
