"""The namespace of a stack's clusters, on another management cluster as it was on the first."""

from __future__ import annotations

from components.mappings import Manifest
from engine.api import Api
from engine.managers import our_metadata

OF_ONE_SERVER = "kubernetes.io/metadata.name"
"""The label that every API server sets by itself."""

Metadata = dict[str, dict[str, str]]


def namespace_of(api: Api, name: str) -> Manifest:
    """A namespace as `bring_namespace` makes it elsewhere.

    It has its labels, and the annotations that the stack applied; annotations of other programs
    describe the management cluster on which it is. Its field managers come along.
    """
    live: Manifest = api.get(f"/api/v1/namespaces/{name}") or {"metadata": {}}
    found = live["metadata"]
    ours = our_metadata(live)["annotations"]
    labels = {key: text for key, text in found.get("labels", {}).items() if key != OF_ONE_SERVER}
    annotations = {key: text for key, text in found.get("annotations", {}).items() if key in ours}
    fields = {"managedFields": found["managedFields"]} if "managedFields" in found else {}
    metadata = {"name": name, "labels": labels, "annotations": annotations, **fields}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def bring_namespace(api: Api, saved: Manifest) -> None:
    """Makes a namespace, or gives one that is there what it had elsewhere.

    Only what the stack applied is applied: the next plan would take away all else that is in the
    name of our field manager, such as labels that a person set.

    Args:
        api: the management API server.
        saved: the result of `namespace_of`; backups of older versions have no field managers in it,
            and then all of it is applied.
    """
    metadata = saved["metadata"]
    whole: Metadata = {field: metadata.get(field, {}) for field in ("labels", "annotations")}
    ours = our_metadata(saved) if "managedFields" in metadata else whole
    applied: Metadata = {field: {} for field in whole}
    others: Metadata = {field: {} for field in whole}
    for field, values in whole.items():
        for key, text in values.items():
            (applied if key in ours[field] else others)[field][key] = text
    api.apply({**saved, "metadata": {"name": metadata["name"], **applied}})
    if any(others.values()):
        api.merge(saved, {"metadata": others})
