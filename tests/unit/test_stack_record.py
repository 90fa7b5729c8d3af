"""The record in a stack's own object: never more than etcd takes."""

from __future__ import annotations

from typing import Any, cast

import pytest

from components.mappings import Manifest
from engine.api import Api
from engine.objects import LARGEST_RECORD, StackObjects


class Server:
    """Keeps what is applied."""

    def __init__(self) -> None:
        self.applied: list[Manifest] = []

    def apply(self, manifest: Manifest) -> Manifest:
        self.applied.append(manifest)
        return manifest


@pytest.mark.parametrize(("count", "kept"), [(1000, True), (LARGEST_RECORD // 16, False)])
def test_digests_that_etcd_would_not_take_are_left_out(count: int, kept: bool) -> None:
    server = Server()
    digests = {f"v1/ConfigMap/clusters/{number}": "0" * 16 for number in range(count)}
    StackObjects(cast(Api, server), "unit", "unit").declare([], digests)
    (record,) = server.applied
    spec: dict[str, Any] = record["spec"]
    assert ("applied" in spec) is kept
