"""Takes custom resource definitions and webhooks out of a module's `config` folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from plane.binaries.faults import writing
from plane.binaries.recipe import ManifestSet


def take(manifests: ManifestSet, module: Path, target: Path) -> None:
    """Copies `crds/*.yaml` and `webhooks.yaml` of one controller from `module` to `target`."""
    config = module / manifests.folder
    with writing(target):
        (target / "crds").mkdir(parents=True)
        for definition in sorted((config / "crd" / "bases").glob("*.yaml")):
            if _is_wanted(definition.name, manifests):
                shutil.copyfile(definition, target / "crds" / definition.name)
        webhooks = config / "webhook" / "manifests.yaml"
        if webhooks.exists():  # Flux has none
            shutil.copyfile(webhooks, target / "webhooks.yaml")


def _is_wanted(file: str, manifests: ManifestSet) -> bool:
    if manifests.without and manifests.without in file:
        return False
    return not manifests.definitions or file.startswith(manifests.definitions)
