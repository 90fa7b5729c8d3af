"""Applications of tenants by the real Flux: install, upgrade, rollback, drift, rights, removal.

Real: Flux's source and helm controllers, a registry, two API servers with RBAC, charts by digest.
The registry of the test speaks plain HTTP, which no stack can ask for: `insecure` is added here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flux import flux
from kubectl import Kubectl, eventually
from lone_server import LoneServer, lone_server
from registries import CHARTS, Helm, image_registry

from components.cluster import encryption
from components.cluster.settings import ControlPlane
from components.mappings import Manifest
from components.store.entry import AppEntry
from components.store.install import AppInstall, ChosenApp, chosen
from components.store.objects import release, release_name, source, source_name
from components.tenancy.access import deployer_binding, roles
from engine.api import Api
from engine.apps import read_apps
from errors import Code
from errors.app_failures import (
    APP_BEYOND_RIGHTS,
    APP_CLUSTER_UNREACHABLE,
    APP_FAILED,
    CHART_NOT_VERIFIED,
)
from errors.store import ENTRY_BEYOND_TENANT, ENTRY_NOT_RENDERED
from operations.app_gate import AppGate
from plane import pki
from plane.binaries import Binaries
from plane.binaries.tools import FluxFiles, crane
from plane.binaries.tools import flux as flux_files
from plane.binaries.tools import helm as helm_program
from plane.progress import Silent

pytestmark = [pytest.mark.plane, pytest.mark.slow, pytest.mark.timeout(1500)]

HUB, SPACE, OTHER = "clusters", "web", "pay-api"
VERSIONS = ("1.0.0", "1.1.0", "2.0.0")
ARRIVAL = 120.0
"""Seconds that Flux may take, on two cores that are shared."""
CHART = "oci://{registry}/charts/application"


@pytest.fixture(scope="module")
def files() -> FluxFiles:
    return flux_files(Silent())


@pytest.fixture(scope="module")
def servers(
    binaries: Binaries, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[LoneServer]]:
    """The API servers of a management cluster and of a workload cluster."""
    key = encryption.new_configuration()
    with (
        lone_server(binaries, tmp_path_factory.mktemp("hub"), ControlPlane(), key) as hub,
        lone_server(binaries, tmp_path_factory.mktemp("shop"), ControlPlane(), key) as shop,
    ):
        for each in (hub, shop):
            eventually(lambda each=each: each.get("/api/v1/namespaces/default")[0] == 200, 60)
        yield [hub, shop]


def admin(server: LoneServer) -> Path:
    path = server.folder / "kubeconfig"
    pki.write_kubeconfig(path, server.site.pki, "admin", server.site.server)
    return path


def namespace(name: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


@dataclass
class Scene:
    """Both clusters, the registry and the entry of the chart.

    Attributes:
        hub: the management cluster.
        shop: the workload cluster.
        entry: with a digest for each version.
    """

    hub: Kubectl
    shop: Kubectl
    entry: AppEntry

    def app(self, name: str, entry: AppEntry | None = None, **more: Any) -> ChosenApp:
        install = AppInstall.model_validate(
            {"app": "application", "name": name, "in": SPACE} | more
        )
        found = chosen("shop", install, entry or self.entry)
        assert isinstance(found, ChosenApp)
        return found

    def apply(self, app: ChosenApp) -> None:
        """Applies the objects of an install, as a stack registers them."""
        sources = source(app.install.app, app.entry, app.version, HUB)
        for each in sources:
            if each["kind"] == "OCIRepository":
                each["spec"]["insecure"] = True
        self.hub.apply(*sources, release(app, "shop", HUB))

    def status(self, app: ChosenApp) -> dict[str, Any]:
        name = release_name(app, "shop")
        found = self.hub.get("helmrelease", name, f"--namespace={HUB}").get("status", {})
        return dict(found)

    def condition(self, app: ChosenApp, kind: str) -> tuple[str, str]:
        conditions = self.status(app).get("conditions", ())
        found = [each for each in conditions if each["type"] == kind]
        return (found[0]["status"], found[0]["message"]) if found else ("", "")

    def runs(self, app: ChosenApp) -> bool:
        history = self.status(app).get("history") or [{}]
        ready = self.condition(app, "Ready")[0] == "True"
        return ready and history[0].get("chartVersion", "").startswith(app.version.version)

    def state(self, app: ChosenApp) -> tuple[str, str, Code | None]:
        """The install as `./caas apps` shows it: state, version that runs, code."""
        states = read_apps(Api(self.hub.kubeconfig), HUB)
        (found,) = (each for each in states if each.view.name == app.install.name)
        return found.state, found.running, found.problem.code if found.problem else None

    def data(self, name: str) -> dict[str, str] | None:
        done = self.shop.run("get", "configmap", name, f"--namespace={SPACE}", "-o", "json")
        return json.loads(done.stdout)["data"] if done.returncode == 0 else None

    def remove(self, app: ChosenApp, wait: bool = True) -> None:
        name = release_name(app, "shop")
        self.hub("delete", "helmrelease", name, f"--namespace={HUB}", f"--wait={str(wait).lower()}")

    def look(self, app: ChosenApp) -> None:
        """Lets Flux look at a release now."""
        name = release_name(app, "shop")
        now = f"reconcile.fluxcd.io/requestedAt={time.time_ns()}"
        self.hub("annotate", "--overwrite", "helmrelease", name, f"--namespace={HUB}", now)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """A registry with the chart in all versions, and the digest of each."""
    folder = tmp_path_factory.mktemp("registry")
    helm, program = Helm(helm_program(Silent()), folder), crane(Silent())
    with image_registry(program, folder / "log") as address:
        digests = {}
        for version in VERSIONS:
            chart = str(CHARTS / "application")
            helm("package", chart, f"--version={version}", f"--destination={folder}")
            archive = str(folder / f"application-{version}.tgz")
            said = helm("push", archive, f"oci://{address}/charts", "--plain-http")
            digests[version] = said.partition("Digest: ")[2].split()[0]
        yield address, digests


@pytest.fixture(scope="module")
def scene(
    binaries: Binaries,
    files: FluxFiles,
    servers: list[LoneServer],
    registry: tuple[str, dict[str, str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Scene]:
    hub, shop = (Kubectl(binaries.kubectl, admin(each)) for each in servers)
    for each in files.definitions:
        hub("apply", "--server-side", "-f", str(each))
    hub("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "shop-kubeconfig", "namespace": HUB},
        "stringData": {"value": shop.kubeconfig.read_text()},
    }
    hub.apply(namespace(HUB), namespace("flux-system"))
    hub.apply(kubeconfig)
    shop.apply(namespace(SPACE), namespace(OTHER), *roles())
    shop.apply(deployer_binding("shop", HUB, SPACE, {}))
    address, digests = registry
    listed = [
        {"version": version, "digest": digest, "state": "listed"}
        for version, digest in digests.items()
    ]
    with flux(files, hub.kubeconfig, tmp_path_factory.mktemp("flux")):
        yield Scene(hub, shop, entry(address, listed))


def entry(address: str, versions: list[dict[str, str]], **more: Any) -> AppEntry:
    text = {"title": "Text", "type": "text", "default": "hello", "at": "text"}
    beyond = {"title": "Beyond", "type": "text", "default": "", "at": "beyond"}
    return AppEntry.model_validate(
        {
            "title": "Application",
            "summary": "A chart of the tests.",
            "categories": ["test"],
            "owner": "tests",
            "home": "https://example.com",
            "licence": "MIT",
            "chart": CHART.format(registry=address),
            "form": {"text": text, "beyond": beyond},
            "versions": versions,
        }
        | more
    )


def test_installed_upgraded_rolled_back_put_right_and_removed(scene: Scene) -> None:
    first = scene.app("orders", version="1.0.0")
    scene.apply(first)
    eventually(lambda: scene.runs(first), ARRIVAL)
    assert scene.data("orders") == {"text": "hello", "version": "1.0.0"}
    assert scene.state(first) == ("ready", "1.0.0", None)

    second = scene.app("orders", version="1.1.0", set={"text": "good day"})
    scene.apply(second)
    eventually(lambda: scene.runs(second), ARRIVAL)
    assert scene.data("orders") == {"text": "good day", "version": "1.1.0"}

    broken = scene.app("orders", version="2.0.0", set={"text": "good day"})
    scene.apply(broken)
    eventually(lambda: scene.condition(broken, "Remediated")[0] == "True", ARRIVAL)
    assert "rollback" in scene.condition(broken, "Remediated")[1].lower()
    assert scene.data("orders") == {"text": "good day", "version": "1.1.0"}
    assert scene.condition(broken, "Ready")[0] == "False"
    assert scene.state(broken) == ("rolled back", "1.1.0", APP_FAILED)

    scene.apply(second)
    eventually(lambda: scene.runs(second), ARRIVAL)
    patch = json.dumps({"data": {"text": "by hand"}})
    scene.shop("patch", "configmap", "orders", f"--namespace={SPACE}", "--patch", patch)
    scene.look(second)
    eventually(lambda: (scene.data("orders") or {}).get("text") == "good day", ARRIVAL)

    scene.remove(second)
    assert scene.data("orders") is None
    assert scene.data("orders-data") == {"kept": "true"}


@pytest.mark.parametrize(
    ("beyond", "refused"),
    [
        ("role", "clusterroles.rbac.authorization.k8s.io"),
        ("elsewhere", f'in the namespace "{OTHER}"'),
    ],
)
def test_an_application_can_do_no_more_than_its_tenant(
    scene: Scene, beyond: str, refused: str
) -> None:
    app = scene.app(f"beyond-{beyond}", version="1.0.0", set={"beyond": beyond})
    scene.apply(app)
    eventually(lambda: "forbidden" in scene.condition(app, "Released")[1], ARRIVAL)
    message = scene.condition(app, "Released")[1]
    assert f"system:serviceaccount:{HUB}:shop-deployer" in message
    assert refused in message
    assert scene.state(app)[2] is APP_BEYOND_RIGHTS
    assert scene.shop.run("get", "clusterrole", f"{app.install.name}-everything").returncode
    assert scene.shop.run("get", "configmap", app.install.name, f"--namespace={OTHER}").returncode
    scene.remove(app)


def test_an_unsigned_chart_is_refused(scene: Scene, registry: tuple[str, dict[str, str]]) -> None:
    key = (
        "-----BEGIN PUBLIC KEY-----\n"
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEE9kjXjEiCHVSfgWyHBbUKsSgNkc6\n"
        "Kd1lPz8uNQJBTWy4NKL5mDlPPuyp2bYGmkqWv0Ev7pLRQMGM2n4VYYRnzQ==\n"
        "-----END PUBLIC KEY-----\n"
    )
    address, digests = registry
    listed = [{"version": "1.0.0", "digest": digests["1.0.0"], "state": "listed"}]
    app = scene.app("signed", entry(address, listed, signature={"key": key}), app="signed")
    scene.apply(app)
    name = source_name("signed", "1.0.0")

    def fault() -> str:
        found = scene.hub.get("ocirepository", name, f"--namespace={HUB}").get("status", {})
        conditions = found.get("conditions", ())
        return " ".join(each["message"] for each in conditions if each["status"] == "False")

    eventually(lambda: "verif" in fault(), ARRIVAL)
    assert scene.data("signed") is None
    assert scene.state(app)[2] is CHART_NOT_VERIFIED
    scene.remove(app, wait=False)


def test_a_cluster_that_does_not_answer_blocks_nobody(scene: Scene) -> None:
    app = scene.app("lonely", version="1.0.0")
    scene.apply(app)
    eventually(lambda: scene.runs(app), ARRIVAL)
    try:
        server = json.dumps(
            {"stringData": {"value": _unreachable(scene.shop.kubeconfig.read_text())}}
        )
        scene.hub("patch", "secret", "shop-kubeconfig", f"--namespace={HUB}", "--patch", server)
        scene.remove(app, wait=False)
        name = release_name(app, "shop")
        time.sleep(5)
        place = (f"--namespace={HUB}",)
        assert scene.hub.get("helmrelease", name, *place)["metadata"]["deletionTimestamp"]
        assert scene.state(app) == ("leaving", "1.0.0", APP_CLUSTER_UNREACHABLE)
        patch = json.dumps({"spec": {"suspend": True}})
        scene.hub("patch", "helmrelease", name, *place, "--type=merge", "--patch", patch)
        eventually(
            lambda: scene.hub.run("get", "helmrelease", name, *place).returncode != 0, ARRIVAL
        )
    finally:
        back = json.dumps({"stringData": {"value": scene.shop.kubeconfig.read_text()}})
        scene.hub("patch", "secret", "shop-kubeconfig", f"--namespace={HUB}", "--patch", back)
    assert scene.data("lonely") == {"text": "hello", "version": "1.0.0"}


@pytest.mark.parametrize(
    ("fixed", "digest", "refused"),
    [
        ({}, "", ()),
        ({"beyond": "role"}, "", (ENTRY_BEYOND_TENANT,)),
        ({}, f"sha256:{'0' * 64}", (ENTRY_NOT_RENDERED,)),
    ],
)
def test_the_gate_renders_charts_by_digest(
    registry: tuple[str, dict[str, str]],
    fixed: dict[str, str],
    digest: str,
    refused: tuple[Code, ...],
) -> None:
    address, digests = registry
    listed = {"version": "1.0.0", "digest": digest or digests["1.0.0"], "state": "listed"}
    found = entry(address, [listed, {"version": "9.9.9"}], fixed=fixed)
    gate = AppGate(helm_program(Silent()), plain_http=True)
    problems = list(gate.problems("application", found))
    assert tuple(each.code for each in problems) == refused
    assert all(each.where.object == "application 1.0.0" for each in problems)


def _unreachable(kubeconfig: str) -> str:
    """A kubeconfig whose server is a port that nothing listens on."""
    lines = [
        "    server: https://127.0.0.1:9" if line.strip().startswith("server:") else line
        for line in kubeconfig.splitlines()
    ]
    return "\n".join(lines)
