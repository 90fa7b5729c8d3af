"""Objects of add-ons on a real API server, with the definitions of their projects."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from kubectl import Kubectl

from tests.addons import upstream


def define(kubectl: Kubectl, *folders: str) -> None:
    """Installs the definitions of projects; the test is skipped where they are not here."""
    for folder in folders:
        path = (upstream.UPSTREAM / "crds" / folder).resolve()
        if not path.is_dir():
            pytest.skip(f"the definitions of {folder} are not here (../shared/upstream/crds)")
        kubectl("apply", "--server-side", "--force-conflicts", "-f", str(path))
        kubectl("wait", "--for=condition=Established", "-f", str(path), "--timeout=200s")


def refused(kubectl: Kubectl, manifests: Iterable[dict[str, Any]]) -> str:
    """The API server's errors about objects, unknown fields included; nothing is stored."""
    several = [_inside(manifest) for manifest in manifests]
    assert several
    answer = kubectl.run(
        *("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-"),
        text=json.dumps({"apiVersion": "v1", "kind": "List", "items": several}),
    )
    return answer.stderr if answer.returncode else ""


def _inside(manifest: dict[str, Any]) -> dict[str, Any]:
    """The object in a namespace that is there."""
    metadata = dict(manifest["metadata"])
    if "namespace" in metadata:
        metadata["namespace"] = "default"
    return {**manifest, "metadata": metadata}
