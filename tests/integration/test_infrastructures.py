"""Every infrastructure on the real API server, with the real webhooks and topology controller.

The providers' definitions come from `../shared/upstream/crds`; their controllers do not run. Proven
is that all that a stack registers is accepted, and that Cluster API makes the provider's objects
out of it, with every patch applied.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubectl import Kubectl, eventually

from engine.program import run_program
from engine.values import UnknownValue
from plane.binaries import Binaries
from plane.plane import Plane
from tests.infrastructure.examples import EXAMPLES, write_stack
from tests.infrastructure.expected import (
    CLUSTER,
    CONTROL_PLANE,
    FILES,
    FULL,
    KUBEADM,
    SMALL,
    WORKER,
    looked_up,
)

pytestmark = pytest.mark.plane

CRDS = Path(__file__).resolve().parents[3] / "shared/upstream/crds"
LIMIT_SECONDS = 150
DOMAIN = "cluster.x-k8s.io"
# The contract that a provider keeps, and the version of its kinds that does.
CONTRACTS = {
    "aws": ("v1beta1", "v1beta2"),
    "openstack": ("v1beta2", "v1beta2"),
    "vsphere": ("v1beta2", "v1beta2"),
    "azure": ("v1beta1", "v1beta1"),
    "gcp": ("v1beta1", "v1beta1"),
}
CASES = [(name, full) for name in EXAMPLES for full in (False, True)]
NUMBERS = count(1)
Object = dict[str, Any]


@dataclass
class Applied:
    """A stack that was applied, in a separate namespace.

    Attributes:
        namespace: where.
        objects: what it registers.
        refused: what the API server said, to the dry run or to the real thing.
    """

    namespace: str
    objects: list[Object] = field(default_factory=list)
    refused: str = ""


def definitions(name: str) -> list[Object]:
    """A provider's definitions with its release's labels, without what its controller does."""
    found = []
    contract, version = CONTRACTS[name]
    for path in sorted((CRDS / f"cluster-api-provider-{name}").glob(f"infrastructure.{DOMAIN}_*")):
        kind = path.stem.partition("_")[2]
        if "managed" in kind or "pool" in kind or "rosa" in kind:
            continue
        content = yaml.load(path.read_text(), yaml.CSafeLoader)
        metadata, spec = content["metadata"], content["spec"]
        metadata["labels"] = {f"{DOMAIN}/{contract}": version}
        metadata.pop("creationTimestamp", None)
        spec.pop("conversion", None)
        content.pop("status", None)
        found.append(content)
    return found


def told(value: Any) -> Any:
    """The value as if everything were created that is known only afterwards."""
    if isinstance(value, dict):
        return {
            key: {} if key == "stringData" and isinstance(item, UnknownValue) else told(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [told(item) for item in value]
    return f"after-creation-{next(NUMBERS)}" if isinstance(value, UnknownValue) else value


@pytest.fixture(scope="module")
def kubectl(plane: Plane, binaries: Binaries) -> Kubectl:
    return Kubectl(binaries.kubectl, plane.kubeconfig)


@pytest.fixture(scope="module")
def stacks(
    kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[tuple[str, bool], Applied]]:
    """Every example, applied; Cluster API works on all of them at the same time."""
    folder = tmp_path_factory.mktemp("infrastructures")
    needed = [each for name in CONTRACTS if has_definitions(name) for each in definitions(name)]
    if needed:
        kubectl.apply(*needed)
        names = [each["metadata"]["name"] for each in needed]
        kubectl("wait", "--for=condition=Established", "crd", *names, "--timeout=200s")
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAAS_STATE", str(folder / "state"))
        for name, full in CASES:
            if name in ("in-memory", "docker") or has_definitions(name):
                found[name, full] = applied(kubectl, folder, name, full)
    yield found
    for each in found.values():
        kubectl.run("delete", "clusters", "--all", "-n", each.namespace, "--wait=false")
        kubectl.run("delete", "namespace", each.namespace, "--wait=false")


def has_definitions(name: str) -> bool:
    return (CRDS / f"cluster-api-provider-{name}").is_dir()


def applied(kubectl: Kubectl, folder: Path, name: str, full: bool) -> Applied:
    """Applies an example as `./caas up` does, wave by wave; all but the first are tried before."""
    namespace = f"{name}-{'full' if full else 'small'}-{folder.name[-4:].strip('-')}"
    file = write_stack(folder, name, full=full, namespace=namespace)
    registered = run_program(namespace, file).waves(secrets=True)
    # Kinds of the add-on provider are defined where it runs; `test_addon_delivery` has it.
    waves = [[told(each) for each in w if each["kind"] != "HelmChartProxy"] for w in registered]
    stack = Applied(namespace, [each for wave in waves for each in wave])
    # A dry run makes no class, so that no cluster can be checked against it.
    tried = [each for wave in waves[1:] for each in wave if each["kind"] != "Cluster"]
    for objects, dry in (
        (waves[0], ()),
        (tried, ("--dry-run=server",)),
        *((w, ()) for w in waves[1:]),
    ):
        text = "\n---\n".join(json.dumps(each) for each in objects)
        result = kubectl.run("apply", "--server-side", *dry, "-f", "-", text=text)
        if result.returncode:
            stack.refused += result.stderr
    return stack


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{'full' if case[1] else 'small'}")
def case(
    request: pytest.FixtureRequest, stacks: dict[tuple[str, bool], Applied]
) -> tuple[str, bool, Applied]:
    name, full = request.param
    if (name, full) not in stacks:
        pytest.skip(f"the definitions of {name} are not in {CRDS}")
    return name, full, stacks[name, full]


def test_every_object_is_accepted(case: tuple[str, bool, Applied]) -> None:
    _, _, stack = case
    assert not stack.refused
    assert {"ClusterClass", "Cluster"} <= {each["kind"] for each in stack.objects}


def test_cluster_api_makes_the_providers_objects(
    case: tuple[str, bool, Applied], kubectl: Kubectl
) -> None:
    name, full, stack = case
    cluster = "full" if full else "small"
    path = ("cluster", cluster, "-n", stack.namespace)

    def is_reconciled() -> bool:
        conditions = looked_up(kubectl.get(*path), ("status", "conditions")) or []
        found = {each["type"]: each for each in conditions}
        state = found.get("TopologyReconciled", {})
        assert "patch" not in state.get("message", ""), state["message"]
        return state.get("status") == "True"

    eventually(is_reconciled, LIMIT_SECONDS)
    made = made_of(kubectl, cluster, stack.namespace)
    for group, place, value in (FULL if full else SMALL)[name]:
        wanted = value.format(namespace=stack.namespace) if isinstance(value, str) else value
        assert looked_up(made[group], ("spec", *place)) == wanted, (group, place)
    files = {
        each["path"] for each in looked_up(made[KUBEADM], ("spec", "kubeadmConfigSpec", "files"))
    }
    assert files >= set(FILES.get(name, ()))


def made_of(kubectl: Kubectl, cluster: str, namespace: str) -> dict[str, Object]:
    """The objects that Cluster API cloned from the templates, with the patches in them."""
    place = ("-n", namespace)
    references = kubectl.get("cluster", cluster, *place)["spec"]
    plane = get(kubectl, references["controlPlaneRef"], namespace)
    label = f"{DOMAIN}/cluster-name={cluster}"
    pools = kubectl.get("machinedeployments", *place, "-l", label)["items"]
    by_name = {
        each["metadata"]["labels"][f"topology.{DOMAIN}/deployment-name"]: each for each in pools
    }
    pool = by_name.get("all") or by_name["general"]
    return {
        CLUSTER: get(kubectl, references["infrastructureRef"], namespace),
        KUBEADM: plane,
        CONTROL_PLANE: get(
            kubectl, plane["spec"]["machineTemplate"]["spec"]["infrastructureRef"], namespace
        ),
        WORKER: get(kubectl, pool["spec"]["template"]["spec"]["infrastructureRef"], namespace),
    }


def get(kubectl: Kubectl, reference: dict[str, str], namespace: str) -> Object:
    kind = f"{reference['kind'].lower()}.{reference['apiGroup']}"
    found: Object = kubectl.get(kind, reference["name"], "-n", namespace)
    return found
