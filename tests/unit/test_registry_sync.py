"""The contents of Harbor in a stack file, applied to a simulated Harbor."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cli import app
from cli.commands import registry as registry_command
from components.registry.contents import Contents
from errors import CaasError, Code, registries
from operations.registry.client import HarborClient
from operations.registry.sync import Login, Sync
from operations.registry.vault import Secrets
from plane import pki
from tests.unit import aws_stack
from tests.unit.fake_harbor import PASSWORD, FakeHarbor, serving

HUB = {"name": "hub", "kind": "docker-hub", "url": "https://hub.docker.com", "secret": "dockerhub"}
FULL: dict[str, Any] = {
    "registries": [HUB, {"name": "other", "kind": "harbor", "url": "https://h.example.com"}],
    "projects": [
        {"name": "cache", "cacheOf": "hub", "public": True, "scan": False},
        {
            "name": "shop",
            "quota": "50Gi",
            "refuse": "high",
            "retention": {"newest": 10, "days": 30, "tags": "v*"},
            "robots": [{"name": "ci", "push": True}, {"name": "pull", "days": None}],
        },
    ],
    "replications": [
        {"name": "offsite", "registry": "other", "direction": "push", "images": "shop/**"},
        {"name": "nightly", "registry": "other", "schedule": "0 0 3 * * *", "into": "mirror"},
    ],
}


class Drawer:
    """Passwords in memory."""

    def __init__(self) -> None:
        self.logins = {"dockerhub": Login("shop", "hub-password")}

    def login(self, secret: str) -> Login:
        return self.logins[secret]

    def has_pull_secret(self, secret: str) -> bool:
        return secret in self.logins

    def keep_pull_secret(self, secret: str, login: Login) -> None:
        self.logins[secret] = login


@pytest.fixture
def harbor() -> Iterator[FakeHarbor]:
    with serving(FakeHarbor()) as found:
        yield found


@pytest.fixture
def drawer() -> Drawer:
    return Drawer()


def sync(
    harbor: FakeHarbor, drawer: Drawer, contents: dict[str, Any], *, credentials: bool = False
) -> Sync:
    client = HarborClient(harbor.url, "admin", PASSWORD)
    wanted = Contents.model_validate(contents)
    return Sync(client, wanted, drawer, credentials=credentials)


def applied(harbor: FakeHarbor, drawer: Drawer, contents: dict[str, Any]) -> list[str]:
    return sync(harbor, drawer, contents).apply(lambda _what: None)


def planned(harbor: FakeHarbor, drawer: Drawer, contents: dict[str, Any]) -> list[str]:
    return [change.what for change in sync(harbor, drawer, contents).changes()]


def changed(**projects: Any) -> dict[str, Any]:
    """`FULL` with another project `shop`."""
    cache, shop = FULL["projects"]
    return FULL | {"projects": [cache, shop | projects]}


ALL = [
    "create registry hub",
    "create registry other",
    "create project cache",
    "create project shop",
    "set retention of shop",
    "create robot robot$shop+ci",
    "create robot robot$shop+pull",
    "create replication offsite",
    "create replication nightly",
]


def test_everything_is_made_once(harbor: FakeHarbor, drawer: Drawer) -> None:
    assert planned(harbor, drawer, FULL) == ALL
    assert not harbor.writes  # planning changes nothing
    assert applied(harbor, drawer, FULL) == ALL
    written = list(harbor.writes)
    assert applied(harbor, drawer, FULL) == []
    assert planned(harbor, drawer, FULL) == []
    assert harbor.writes == written


def test_what_is_made(harbor: FakeHarbor, drawer: Drawer) -> None:
    applied(harbor, drawer, FULL)
    hub, other = harbor.registries.values()
    assert hub["credential"] == {"type": "basic", "access_key": "shop"}
    assert "hub-password" in harbor.secrets
    cache, shop = harbor.projects.values()
    assert cache["registry_id"] == hub["id"]
    assert cache["metadata"] == {"public": "true", "auto_scan": "false", "prevent_vul": "false"}
    assert shop["metadata"]["severity"] == "high"
    assert [each["hard"]["storage"] for each in harbor.quotas.values()] == [-1, 50 << 30]
    (retention,) = harbor.retentions.values()
    assert [(each["template"], each["params"]) for each in retention["rules"]] == [
        ("latestPushedK", {"latestPushedK": 10}),
        ("nDaysSinceLastPush", {"nDaysSinceLastPush": 30}),
        ("nDaysSinceLastPull", {"nDaysSinceLastPull": 30}),
    ]
    assert retention["scope"] == {"level": "project", "ref": shop["project_id"]}
    ci, pull = harbor.robots.values()
    rights = {(each["resource"], each["action"]) for each in ci["permissions"][0]["access"]}
    assert {("repository", "push"), ("repository", "pull")} <= rights
    assert (ci["duration"], pull["duration"]) == (365, -1)
    assert drawer.logins["robot-shop-ci"].username == "robot$shop+ci"
    assert drawer.logins["robot-shop-ci"].password in harbor.secrets
    offsite, nightly = harbor.replications.values()
    assert offsite["dest_registry"] == {"id": other["id"]}
    assert offsite["trigger"] == {"type": "event_based"}
    assert not offsite["replicate_deletion"]
    assert nightly["src_registry"] == {"id": other["id"]}
    assert nightly["trigger"]["trigger_settings"] == {"cron": "0 0 3 * * *"}
    assert nightly["dest_namespace"] == "mirror"


@pytest.mark.parametrize(
    ("contents", "wanted"),
    [
        (changed(public=True), ["update project shop"]),
        (changed(quota="1Ti"), ["set quota of shop to 1Ti"]),
        (changed(quota=None), ["set quota of shop to none"]),
        (changed(retention={"newest": 5}), ["set retention of shop"]),
        (changed(retention=None), ["remove retention of shop"]),
        (changed(robots=[{"name": "ci"}]), ["update robot robot$shop+ci"]),
        (changed(robots=[]), []),
        (FULL | {"registries": [HUB | {"url": "https://x.example.com"}, FULL["registries"][1]]},
         ["update registry hub"]),
        (FULL | {"replications": [FULL["replications"][0] | {"images": "a/**"}]},
         ["update replication offsite"]),
        (FULL | {"replications": [FULL["replications"][0] | {"deletions": True}]},
         ["update replication offsite"]),
        (FULL | {"replications": [FULL["replications"][0] | {"direction": "pull"}]},
         ["update replication offsite"]),
        (FULL | {"registries": [HUB | {"url": "https://hub.docker.com/"}, FULL["registries"][1]]},
         []),
        (FULL | {"projects": []}, []),
    ],
)  # fmt: skip
def test_only_differences_are_written(
    harbor: FakeHarbor, drawer: Drawer, contents: dict[str, Any], wanted: list[str]
) -> None:
    applied(harbor, drawer, FULL)
    projects = len(harbor.projects)
    assert applied(harbor, drawer, contents) == wanted
    assert planned(harbor, drawer, contents) == []
    assert len(harbor.projects) == projects


def test_what_others_made_stays(harbor: FakeHarbor, drawer: Drawer) -> None:
    applied(harbor, drawer, {"projects": [{"name": "theirs"}]})
    applied(harbor, drawer, FULL)
    assert "theirs" in {each["name"] for each in harbor.projects.values()}


def test_a_robot_whose_secret_is_lost_gets_a_new_password(
    harbor: FakeHarbor, drawer: Drawer
) -> None:
    applied(harbor, drawer, FULL)
    old = drawer.logins.pop("robot-shop-ci")
    assert applied(harbor, drawer, FULL) == ["renew password of robot robot$shop+ci"]
    assert drawer.logins["robot-shop-ci"].password != old.password


def test_passwords_of_registries_are_written_when_asked_for(
    harbor: FakeHarbor, drawer: Drawer
) -> None:
    applied(harbor, drawer, FULL)
    drawer.logins["dockerhub"] = Login("shop", "another")
    assert planned(harbor, drawer, FULL) == []  # Harbor never returns a stored password
    sync(harbor, drawer, FULL, credentials=True).apply(lambda _what: None)
    assert "another" in harbor.secrets
    drawer.logins["dockerhub"] = Login("someone-else", "third")
    assert applied(harbor, drawer, FULL) == ["update registry hub"]


@pytest.mark.slow
def test_more_projects_than_fit_on_a_page(harbor: FakeHarbor, drawer: Drawer) -> None:
    many = {"projects": [{"name": f"p{number}"} for number in range(130)]}
    assert len(applied(harbor, drawer, many)) == 130
    assert planned(harbor, drawer, many) == []


def test_interrupted_and_run_again(harbor: FakeHarbor, drawer: Drawer) -> None:
    def stop(what: str) -> None:
        if what.startswith("create robot"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sync(harbor, drawer, FULL).apply(stop)
    assert applied(harbor, drawer, FULL) == ALL[5:]


def refused(code: Code, act: Callable[[], object]) -> CaasError:
    with pytest.raises(CaasError) as caught:
        act()
    assert [problem.code for problem in caught.value.problems] == [code]
    return caught.value


def test_a_project_does_not_become_a_cache(harbor: FakeHarbor, drawer: Drawer) -> None:
    applied(harbor, drawer, FULL)
    contents = changed(cacheOf="hub")
    refused(registries.HARBOR_UNCHANGEABLE, lambda: planned(harbor, drawer, contents))


def test_a_project_does_not_become_a_cache_of_what_is_made_first(
    harbor: FakeHarbor, drawer: Drawer
) -> None:
    applied(harbor, drawer, {"projects": [{"name": "shop"}]})
    contents = {"registries": [HUB], "projects": [{"name": "shop", "cacheOf": "hub"}]}
    refused(registries.HARBOR_UNCHANGEABLE, lambda: planned(harbor, drawer, contents))


def test_deletions_are_replicated_where_that_is_wanted(harbor: FakeHarbor, drawer: Drawer) -> None:
    offsite = FULL["replications"][0] | {"deletions": True}
    applied(harbor, drawer, FULL | {"replications": [offsite]})
    (made,) = harbor.replications.values()
    assert made["replicate_deletion"]


def test_a_registry_keeps_its_kind(harbor: FakeHarbor, drawer: Drawer) -> None:
    applied(harbor, drawer, FULL)
    contents = FULL | {"registries": [HUB | {"kind": "quay"}]}
    refused(registries.HARBOR_UNCHANGEABLE, lambda: planned(harbor, drawer, contents))


def test_a_wrong_password(harbor: FakeHarbor) -> None:
    client = HarborClient(harbor.url, "admin", "wrong")
    error = refused(registries.HARBOR_LOGIN, lambda: client.list("/projects"))
    assert "wrong" not in str(error)


def test_nobody_answers(harbor: FakeHarbor) -> None:
    client = HarborClient("http://127.0.0.1:9", "admin", PASSWORD, timeout=5)
    refused(registries.HARBOR_UNREACHABLE, lambda: client.list("/projects"))


def test_a_private_ca_counts_whatever_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, others = tmp_path / "ours", tmp_path / "others"
    for folder in (ours, others):
        pki.ensure(folder, "127.0.0.1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(others / "ca.crt"))
    with serving(FakeHarbor(), certificate=ours / "webhook") as harbor:
        client = HarborClient(harbor.url, "admin", PASSWORD, ca=ours / "ca.crt")
        assert client.list("/projects") == []
        stranger = HarborClient(harbor.url, "admin", PASSWORD)
        refused(registries.HARBOR_UNREACHABLE, lambda: stranger.list("/projects"))


def test_another_address_is_not_followed_with_the_password(harbor: FakeHarbor) -> None:
    harbor.elsewhere = "https://elsewhere.example.com/"
    client = HarborClient(harbor.url, "admin", PASSWORD)
    error = refused(registries.HARBOR_UNREACHABLE, lambda: client.list("/projects"))
    assert "elsewhere.example.com" in str(error)


def test_harbor_says_no(harbor: FakeHarbor) -> None:
    client = HarborClient(harbor.url, "admin", PASSWORD)
    client.create("/projects", {"project_name": "a", "metadata": {}, "storage_limit": -1})
    error = refused(
        registries.HARBOR_REFUSED,
        lambda: client.create(
            "/projects", {"project_name": "a", "metadata": {}, "storage_limit": -1}
        ),
    )
    assert "a already exists" in str(error)
    refused(registries.HARBOR_REFUSED, lambda: client.replace("/projects/99", {"metadata": {}}))
    harbor.broken = True
    refused(registries.HARBOR_REFUSED, lambda: client.list("/projects"))


# ---- the command ---------------------------------------------------------------------------------


class Cluster:
    """The API of a cluster as far as Secrets go."""

    def __init__(self, secrets: dict[str, Any]) -> None:
        self.secrets = secrets

    def get(self, path: str) -> Any:
        return self.secrets.get(path.rpartition("/")[2])

    def apply(self, manifest: dict[str, Any]) -> None:
        self.secrets[manifest["metadata"]["name"]] = manifest


def secret(**values: str) -> dict[str, Any]:
    return {"data": {key: base64.b64encode(text.encode()).decode() for key, text in values.items()}}


def test_secrets_of_a_cluster() -> None:
    api = Cluster(
        {"dockerhub": secret(username="shop", password="p"), "half": secret(username="s")}
    )
    opened: Any = api
    vault = Secrets(opened, "r.example.com")
    assert vault.login("dockerhub") == Login("shop", "p")
    assert "p" not in repr(Login("shop", "p")).replace("shop", "")
    for name in ("half", "missing"):
        refused(registries.HARBOR_SECRET_MISSING, partial(vault.login, name))
    vault.keep_pull_secret("robot", Login("robot$a", "pw"))
    made = api.secrets["robot"]
    assert made["type"] == "kubernetes.io/dockerconfigjson"
    content = json.loads(made["stringData"][".dockerconfigjson"])
    assert content["auths"]["r.example.com"]["username"] == "robot$a"
    assert vault.has_pull_secret("robot")


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack on AWS with Harbor in a workload cluster and in the management cluster."""
    monkeypatch.setenv("CAAS_STACKS", str(tmp_path))
    monkeypatch.setenv("CAAS_STATE", str(tmp_path / "state"))
    harbor = {
        "host": "r.example.com",
        "expose": "loadBalancer",
        "tlsSecret": "tls",
        "contents": {"projects": [{"name": "shop"}]},
    }
    tools, root = (aws_stack.cluster(name, addons={"harbor": harbor}) for name in ("tools", "root"))
    aws_stack.write(
        tmp_path,
        tools,
        aws_stack.cluster(),
        management={"mode": "self-managed", "cluster": root},
        controllerCluster="root",
    )


@pytest.mark.usefixtures("stack")
def test_the_command(
    harbor: FakeHarbor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    api = Cluster({"harbor": secret(HARBOR_ADMIN_PASSWORD=PASSWORD)})

    @contextmanager
    def opened(_session: object, _name: str) -> Iterator[Cluster]:
        yield api

    monkeypatch.setattr(registry_command, "workload_api", opened)
    line = ["registry", "sync", "tools", "--stack", "unit", "--url", harbor.url]
    assert app.main([*line, "--dry-run"]) == 2
    assert capsys.readouterr().out == "create project shop\n"
    assert app.main(["registry", "sync", "root", *line[3:], "--dry-run"]) == 2
    assert capsys.readouterr().out == "create project shop\n"
    assert not harbor.writes
    assert app.main([*line, "--yes", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["changes"] == ["create project shop"]
    assert app.main([*line, "--dry-run"]) == 0
    assert app.main(["registry", "sync", "shop", "--stack", "unit"]) == 1
    assert registries.NO_HARBOR.id in capsys.readouterr().err
