"""Add-ons on their way to a real API server: charts by Helm, objects by Cluster API.

Real: Helm, a repository of charts, the API servers, Cluster API's controller for
ClusterResourceSets, and in one test the add-on provider as a process of a plane. In the others the
test does what a HelmChartProxy says, field by field, with the Helm that it is built from.
"""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubectl import Kubectl, eventually
from lone_server import LoneServer, lone_server
from registries import CHARTS, Helm, chart_repository

import catalog
from components.addon import Addon, SecurityLevel
from components.addon_settings import AddonSettings
from components.chart import Chart
from components.cluster import encryption
from components.cluster.facts_of import facts_of
from components.cluster.settings import Cluster, ControlPlane
from components.delivery import plan as planning
from components.delivery.addon_provider import ADDON_PROVIDER
from components.delivery.direct import DirectAddons
from components.delivery.fleet_objects import object_set, release_proxy
from components.facts import ClusterFacts
from components.infrastructure.in_memory import InMemory
from components.mappings import Manifest
from engine.addon_releases import AddonsState, read_addon_releases
from engine.api import Api
from engine.program import run_program
from plane import pki
from plane.binaries import Binaries, ensure_binaries
from plane.binaries.tools import helm as helm_program
from plane.plane import Plane
from plane.progress import Silent
from stacks.paths import stack_file
from stacks.settings import Stack
from stacks.settings.source import stack_name
from tests.addons.examples import LEAST
from tests.addons.upstream import UPSTREAM

pytestmark = [pytest.mark.plane, pytest.mark.timeout(300)]

DEFINITIONS = UPSTREAM / "crds/cluster-api-addon-provider-helm"
PLACE = "greetings"
NOTE = "{{ not a template }}"
KEY = encryption.new_configuration()


class Greeting(AddonSettings):
    """An add-on of the tests: a chart with a definition, and an instance of it."""

    text: str = "hello"
    others: tuple[str, ...] = ()

    def addon(self, target: ClusterFacts) -> Addon:
        values = {"greeting": f"{self.text} {NOTE}", "cluster": target.name}
        objects = tuple(
            {
                "apiVersion": "tests.caas.dev/v1",
                "kind": "Greeting",
                "metadata": {"name": name, "namespace": PLACE},
                "spec": {"text": self.text},
            }
            for name in ("first", *self.others)
        )
        return Addon(
            "greeting",
            (Chart("greeting", PLACE, values),),
            {PLACE: SecurityLevel.RESTRICTED},
            objects,
            secrets=("login",),
        )


@pytest.fixture(scope="module")
def server(binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoneServer]:
    folder = tmp_path_factory.mktemp("workload")
    with lone_server(binaries, folder, ControlPlane(), KEY) as found:
        eventually(lambda: found.get("/api/v1/namespaces/default")[0] == 200, 60)
        yield found


@pytest.fixture(scope="module")
def kubeconfig(server: LoneServer) -> Path:
    path = server.folder / "kubeconfig"
    pki.write_kubeconfig(path, server.site.pki, "admin", server.site.server)
    return path


@pytest.fixture
def workload(binaries: Binaries, kubeconfig: Path) -> Kubectl:
    return Kubectl(binaries.kubectl, kubeconfig)


@pytest.fixture(scope="module")
def helm(kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    return Helm(helm_program(Silent()), tmp_path_factory.mktemp("helm"), kubeconfig)


@pytest.fixture(scope="module")
def repository(helm: Helm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The chart in two versions, in a repository on the loopback address."""
    folder = tmp_path_factory.mktemp("repository")
    with chart_repository(helm, folder, "1.0.0", "1.1.0") as address:
        yield address


@pytest.fixture
def versions(
    repository: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[functools.partial[None]]:
    """Puts a version of the chart into a catalog of the test's own."""

    def use(version: str) -> None:
        content = yaml.safe_load(catalog.FILE.read_text())
        image = {"name": "quay.io/example/greeting", "tag": "1", "at": "image"}
        content["charts"]["greeting"] = {
            "repository": repository,
            "version": version,
            "kubernetes": ">=1.30",
            "images": [image],
        }
        file = tmp_path / f"{version}.yaml"
        file.write_text(yaml.safe_dump(content))
        monkeypatch.setattr(catalog, "FILE", file)
        catalog.catalog.cache_clear()

    yield functools.partial(use)
    monkeypatch.undo()
    catalog.catalog.cache_clear()


def target(name: str, settings: AddonSettings, **more: Any) -> ClusterFacts:
    cluster = Cluster.model_validate(LEAST | {"name": name} | more)
    return facts_of(cluster, InMemory(), {"greeting": settings})


def cluster_object(name: str, carried: planning.Delivered) -> Manifest:
    metadata = {
        "name": name,
        "namespace": "clusters",
        "labels": carried.labels,
        "annotations": carried.annotations,
    }
    return {"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "Cluster", "metadata": metadata}


def filled_in(helm: Helm, template: str, cluster: Manifest, folder: Path) -> str:
    """The values that the add-on provider renders from `valuesTemplate`, a template with Sprig."""
    chart = folder / "values"
    shutil.copytree(CHARTS / "values", chart, dirs_exist_ok=True)
    (chart / "templates").mkdir(exist_ok=True)
    (chart / "templates/values.yaml").write_text(f"{{{{ with .Values }}}}{template}{{{{ end }}}}")
    values = json.dumps({"Cluster": cluster})
    rendered = helm("template", "values", str(chart), "--values=-", text=values)
    return rendered.partition("templates/values.yaml\n")[2]


def provide(helm: Helm, proxy: Manifest, cluster: Manifest, folder: Path) -> None:
    """Installs or removes the release of a proxy in one cluster, as the add-on provider does."""
    spec = proxy["spec"]
    wanted = spec["clusterSelector"]["matchLabels"].items()
    release = (spec["releaseName"], f"--namespace={spec['namespace']}")
    if not wanted <= cluster["metadata"]["labels"].items():
        helm("uninstall", *release, "--ignore-not-found")
        return
    values = filled_in(helm, spec["valuesTemplate"], cluster, folder)
    source = (f"--repo={spec['repoURL']}", f"--version={spec['version']}", "--values=-")
    create = spec["options"]["install"]["createNamespace"]
    options = ("--install", *(["--create-namespace"] if create else []))
    helm("upgrade", *options, release[0], spec["chartName"], release[1], *source, text=values)


def data(workload: Kubectl) -> dict[str, str]:
    found: dict[str, str] = workload.get("configmap", "greeting", f"--namespace={PLACE}")["data"]
    return found


def test_a_chart_is_installed_upgraded_rolled_back_and_removed(
    helm: Helm, workload: Kubectl, versions: functools.partial[None], tmp_path: Path
) -> None:
    def deliver(version: str, settings: AddonSettings, others: AddonSettings) -> Manifest:
        versions(version)
        # Two clusters of three keep the values of the release, so that `shop` carries its own.
        names = (("shop", settings), ("b", others), ("c", others))
        fleet = planning.plan(target(name, each) for name, each in names)
        (release,) = fleet.releases
        cluster = cluster_object("shop", fleet.clusters["shop"])
        provide(helm, release_proxy(release, "clusters"), cluster, tmp_path)
        return cluster

    shared = Greeting()
    cluster = deliver("1.0.0", shared, shared)
    assert not cluster["metadata"]["annotations"]
    first = {
        "text": f"hello {NOTE}",
        "cluster": "shop",
        "version": "1.0.0",
        "image": "quay.io/example/greeting:1",
    }
    assert data(workload) == first

    cluster = deliver("1.1.0", Greeting(text="good day"), shared)
    assert cluster["metadata"]["annotations"]
    assert data(workload) == first | {"text": f"good day {NOTE}", "version": "1.1.0"}
    history = json.loads(helm("history", "greeting", f"--namespace={PLACE}", "--output=json"))
    assert [each["status"] for each in history] == ["superseded", "deployed"]

    helm("rollback", "greeting", "1", f"--namespace={PLACE}")
    assert data(workload) == first

    fleet = planning.plan([target("shop", shared)])
    proxy = release_proxy(fleet.releases[0], "clusters")
    provide(helm, proxy, cluster_object("shop", planning.Delivered()), tmp_path)
    assert workload.run("get", "configmap", "greeting", f"--namespace={PLACE}").returncode
    assert workload.run("get", "crd", "greetings.tests.caas.dev").returncode == 0


def test_a_direct_release_is_the_same_to_helm(
    helm: Helm,
    workload: Kubectl,
    versions: functools.partial[None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A direct release equals what helm installs from the arguments of Pulumi's Release."""
    versions("1.0.0")

    def compose(stack: str, settings: Stack) -> None:
        DirectAddons("management", target("shop", Greeting()))

    monkeypatch.setattr("stacks.local.compose", compose)
    file = tmp_path / "Pulumi.unit.yaml"
    file.write_text(yaml.safe_dump({"config": {"caas:clusters": []}}))
    resources = run_program("unit", file).resources
    (release,) = (each.inputs for each in resources if each.type.endswith("Release"))
    namespace = f"--namespace={release['namespace']}"
    source = (f"--repo={release['repositoryOpts']['repo']}", f"--version={release['version']}")
    values = json.dumps(release["values"])
    install = ("install", release["name"], release["chart"], namespace, "--create-namespace")
    helm(*install, *source, "--values=-", text=values)
    assert data(workload)["text"] == f"hello {NOTE}"
    assert data(workload)["cluster"] == "shop"
    made = [each.inputs for each in resources if each.is_object]
    assert [each["kind"] for each in made] == ["Namespace", "Greeting"]
    workload.apply(*made)
    helm("uninstall", release["name"], namespace)
    workload("delete", "greeting.tests.caas.dev", "--all", namespace)


def test_every_proxy_of_the_stacks_passes_the_providers_schema(workload: Kubectl) -> None:
    if not DEFINITIONS.is_dir():
        pytest.skip("the add-on provider's definitions are not here (../shared/upstream)")
    workload("apply", "--server-side", "-f", str(DEFINITIONS))
    workload("wait", "--for=condition=Established", "-f", str(DEFINITIONS), "--timeout=200s")
    for file in sorted(stack_file("local").parent.glob("Pulumi.*.yaml")):
        objects = run_program(stack_name(file), file).objects()
        proxies = [each for each in objects if each["kind"] == "HelmChartProxy"]
        inside = [each | {"metadata": {"name": each["metadata"]["name"]}} for each in proxies]
        if inside:
            text = "\n---\n".join(map(json.dumps, inside))
            dry = ("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-")
            workload(*dry, text=text)


def bare_cluster(kubeconfig: Path, namespace: str) -> list[Manifest]:
    """A Cluster of a control plane that is there already, with the way in to it."""
    metadata = {"name": "shop", "namespace": namespace}
    label = {"cluster.x-k8s.io/cluster-name": "shop"}
    return [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "cluster.x-k8s.io/secret",
            "metadata": {"name": "shop-kubeconfig", "namespace": namespace, "labels": label},
            "stringData": {"value": kubeconfig.read_text()},
        },
        {
            "apiVersion": "cluster.x-k8s.io/v1beta2",
            "kind": "Cluster",
            "metadata": metadata,
            "spec": {
                "infrastructureRef": {
                    "apiGroup": "infrastructure.cluster.x-k8s.io",
                    "kind": "DevCluster",
                    "name": "shop",
                }
            },
        },
        {
            "apiVersion": "infrastructure.cluster.x-k8s.io/v1beta2",
            "kind": "DevCluster",
            # The test manages it: "externally managed" in the terms of Cluster API.
            "metadata": metadata | {"annotations": {"cluster.x-k8s.io/managed-by": "tests"}},
            "spec": {
                "backend": {"inMemory": {}},
                "controlPlaneEndpoint": {"host": "127.0.0.1", "port": 6443},
            },
        },
    ]


@pytest.fixture(scope="module")
def delivering(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """A plane that delivers charts, as that of a stack with machines in containers."""
    found = Plane(tmp_path_factory.mktemp("delivering") / "plane", providers=(ADDON_PROVIDER,))
    try:
        found.start(ensure_binaries(Silent(), [ADDON_PROVIDER]), Silent())
        yield found
    finally:
        found.destroy()


@pytest.mark.slow
@pytest.mark.timeout(1500)  # the provider is built where it is not in the cache
def test_the_plane_installs_changes_and_removes_charts(
    delivering: Plane, kubeconfig: Path, workload: Kubectl, versions: functools.partial[None]
) -> None:
    namespace = "delivered"
    management = Kubectl(workload.program, delivering.kubeconfig)
    management("create", "namespace", namespace)
    management.apply(*bare_cluster(kubeconfig, namespace))
    where = ("cluster", "shop", f"--namespace={namespace}")

    def deliver(version: str, settings: AddonSettings) -> None:
        versions(version)
        fleet = planning.plan([target("shop", settings)])
        management.apply(release_proxy(fleet.releases[0], namespace))
        labels = [f"{key}={value}" for key, value in fleet.clusters["shop"].labels.items()]
        management("label", "--overwrite", *where, *labels)

    def state() -> AddonsState:
        found = read_addon_releases(Api(delivering.kubeconfig), namespace)
        assert found
        return found.of(management.get(*where))

    def installed() -> dict[str, str] | None:
        answer = workload.run("get", "configmap", "greeting", f"--namespace={PLACE}", "-ojson")
        return json.loads(answer.stdout)["data"] if answer.returncode == 0 else None

    deliver("1.0.0", Greeting())
    eventually(lambda: state().ready == ("greeting",), 120)
    first = installed()
    assert first
    assert (first["text"], first["cluster"], first["version"]) == (f"hello {NOTE}", "shop", "1.0.0")

    deliver("1.1.0", Greeting(text="bye"))
    eventually(lambda: state().ready == ("greeting",), 120)
    assert installed() == first | {"text": f"bye {NOTE}", "version": "1.1.0"}

    deliver("9.9.9", Greeting())
    eventually(lambda: "9.9.9" in state().message, 120)
    assert "greeting" in state().waiting

    management("label", *where, "chart.caas.dev/greeting-")
    eventually(lambda: installed() is None, 120)


def test_objects_and_secrets_arrive_by_cluster_api(
    plane: Plane, binaries: Binaries, kubeconfig: Path, workload: Kubectl, namespace: str
) -> None:
    management = Kubectl(binaries.kubectl, plane.kubeconfig)
    login = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "login", "namespace": PLACE},
        "stringData": {"password": "from the tests"},
    }
    management("create", "namespace", namespace)
    management.apply(
        *bare_cluster(kubeconfig, namespace),
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "addons.cluster.x-k8s.io/resource-set",
            "metadata": {"name": "login", "namespace": namespace},
            "stringData": {"login.yaml": json.dumps(login)},
        },
    )
    ready = json.dumps({"status": {"initialization": {"provisioned": True}}})
    provider = ("devcluster", "shop", f"--namespace={namespace}", "--subresource=status")
    management("patch", *provider, "--type=merge", f"--patch={ready}")
    workload("apply", "--server-side", "-f", str(CHARTS / "greeting/crds"))

    def deliver(settings: AddonSettings) -> None:
        fleet = planning.plan([target("shop", settings)])
        (found,) = fleet.sets
        texts, resource_set = object_set(found, namespace)
        management.apply(*texts, resource_set)
        labels = [f"{key}={value}" for key, value in fleet.clusters["shop"].labels.items()]
        where = ("cluster", "shop", f"--namespace={namespace}")
        management("label", "--overwrite", *where, *labels)

    def texts() -> dict[str, str]:
        answer = workload.run("get", "greeting", f"--namespace={PLACE}", "--output=json")
        items = json.loads(answer.stdout)["items"] if answer.returncode == 0 else []
        return {each["metadata"]["name"]: each["spec"]["text"] for each in items}

    try:
        deliver(Greeting())
        eventually(lambda: texts() == {"first": "hello"}, 120)
        secret = workload.get("secret", "login", f"--namespace={PLACE}")
        assert secret["data"]["password"]
        labels = workload.get("namespace", PLACE)["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
        deliver(Greeting(text="bye", others=("second",)))
        eventually(lambda: texts() == {"first": "bye", "second": "bye"}, 120)
        # What is no longer among them stays, and the plan says so.
        deliver(Greeting(text="again"))
        eventually(lambda: texts() == {"first": "again", "second": "bye"}, 120)
    finally:
        management("delete", "cluster", "shop", f"--namespace={namespace}", "--wait=false")
