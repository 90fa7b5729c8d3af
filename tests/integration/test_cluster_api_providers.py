"""Objects for the Cluster API operator pass the schemas of its CustomResourceDefinitions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from kubectl import Kubectl

from components.cluster import cluster_api
from components.infrastructure.registry import infrastructure
from plane.binaries import Binaries
from plane.plane import Plane
from tests.infrastructure.examples import WITH_PROVIDER

pytestmark = pytest.mark.plane

DEFINITIONS = (
    Path(__file__).resolve().parents[2].parent / "shared/upstream/crds/cluster-api-operator"
)


@pytest.fixture(scope="module")
def operator(plane: Plane, binaries: Binaries) -> Kubectl:
    if not DEFINITIONS.is_dir():
        pytest.skip("the operator's definitions are not here (../shared/upstream)")
    kubectl = Kubectl(binaries.kubectl, plane.kubeconfig)
    kubectl("apply", "--server-side", "-f", str(DEFINITIONS))
    kubectl("wait", "--for=condition=Established", "-f", str(DEFINITIONS), "--timeout=200s")
    return kubectl


@pytest.mark.parametrize("name", WITH_PROVIDER)
def test_the_operator_accepts_every_provider(operator: Kubectl, name: str) -> None:
    plugin: Any = infrastructure(name).model_construct(provider=name)
    for manifest in cluster_api.providers(plugin):
        inside = {**manifest, "metadata": {**manifest["metadata"], "namespace": "default"}}
        answer = operator.run(
            *("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-"),
            text=json.dumps(inside),
        )
        assert answer.returncode == 0, answer.stderr
