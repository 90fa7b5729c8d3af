"""Volumes that can be moved: those for whose driver Velero finds a snapshot class."""

from __future__ import annotations

from typing import Any

import pytest

from components.storage.snapshots import IS_DEFAULT, OF_VELERO
from errors import CaasError
from errors.storage import VOLUME_NOT_MOVABLE
from operations.volumes.checks import movable
from operations.volumes.claims import Claim

DRIVER = "ebs.csi.aws.com"
CLAIM = Claim("data", "1Gi", "gp3", "pvc-1", DRIVER)
PLAIN: dict[str, Any] = {"metadata": {"name": "a"}, "driver": DRIVER}
OTHER = {"metadata": {"name": "b"}, "driver": "nfs.csi.k8s.io"}


def marked(kind: str, key: str, value: str = "true") -> dict[str, Any]:
    return {"metadata": {"name": "c", kind: {key: value}}, "driver": DRIVER}


class Server:
    """The API of a cluster with these snapshot classes."""

    def __init__(self, *classes: dict[str, Any]) -> None:
        self.classes = list(classes)

    def list(self, path: str, **_query: str) -> list[dict[str, Any]]:
        assert path.endswith("/volumesnapshotclasses")
        return self.classes


@pytest.mark.parametrize(
    ("classes", "good"),
    [
        ([], False),
        ([OTHER], False),
        ([PLAIN, OTHER], True),
        ([PLAIN, PLAIN], False),
        ([PLAIN, marked("labels", OF_VELERO)], True),
        ([PLAIN, marked("labels", OF_VELERO, "")], True),
        ([PLAIN, marked("annotations", IS_DEFAULT)], True),
    ],
)
def test_velero_has_to_know_which_class(classes: list[dict[str, Any]], good: bool) -> None:
    api: Any = Server(*classes)
    if good:
        movable(api, [CLAIM], "shop", "orders")
        return
    with pytest.raises(CaasError) as caught:
        movable(api, [CLAIM], "shop", "orders")
    assert [problem.code for problem in caught.value.problems] == [VOLUME_NOT_MOVABLE]
