"""Published images of nodes in the catalog."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from catalog import Release, catalog
from plane.binaries.recipe import MODULES

PUBLISHED = [release for release in catalog().releases if release.node_image]


def test_each_minor_has_a_release_with_an_image() -> None:
    assert {release.minor for release in PUBLISHED} == {
        release.minor for release in catalog().releases
    }


@pytest.mark.parametrize("release", PUBLISHED, ids=lambda release: str(release.version))
def test_an_image_is_named_by_its_release_and_digest(release: Release) -> None:
    pattern = rf"kindest/node:v{release.version}@sha256:[0-9a-f]{{64}}"
    assert re.fullmatch(pattern, release.node_image)


@pytest.mark.slow
def test_the_images_are_those_that_cluster_api_knows() -> None:
    go = shutil.which("go")
    if not go:
        pytest.skip("there is no Go to read the module of Cluster API with")
    found = subprocess.run(
        [go, "mod", "download", "-json", "sigs.k8s.io/cluster-api/test"],
        cwd=MODULES / "cluster-api",
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    mapper = Path(json.loads(found.stdout)["Dir"]) / "infrastructure/kind/mapper.go"
    text = mapper.read_text()
    assert [each.node_image for each in PUBLISHED if f'"{each.node_image}"' not in text] == []
