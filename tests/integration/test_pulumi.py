"""The same stack through the pulumi CLI, where it is on the PATH."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.manifest import FIELD_MANAGER
from components.mappings import Manifest
from engine.api import MERGE, Api
from tests.integration.test_as_a_user import STACK, processes, run, write

pytestmark = [
    pytest.mark.plane,
    pytest.mark.pulumi,
    pytest.mark.skipif(not shutil.which("pulumi"), reason="the pulumi CLI is not on the PATH"),
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a separate stack; the user's backend is not used."""
    for name in ("PULUMI_BACKEND_URL", "PULUMI_ACCESS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "stacks").mkdir()
    write(tmp_path, STACK)
    yield tmp_path
    run(tmp_path, "destroy", "--yes")


def test_both_engines_work_on_the_same_stack(home: Path) -> None:
    made = run(home, "up", "--engine", "pulumi")
    assert made.status == 0, made.err
    assert (home / "state" / "local" / "pulumi").is_dir()
    unchanged = run(home, "preview", "--output", "json")
    assert json.loads(unchanged.out)["changes"] is False

    bigger = json.loads(json.dumps(STACK))
    bigger["caas:clusters"][0]["workerPools"][0]["replicas"] = 2
    write(home, bigger)
    grown = run(home, "up", "--engine", "in-process")
    assert grown.status == 0, grown.err
    again = run(home, "up", "--engine", "pulumi")
    assert again.status == 0, again.err
    assert "Nothing to change" in again.out

    assert run(home, "destroy", "--yes").status == 0
    assert not processes(home)


def test_the_cli_takes_over_what_was_made_without_it(home: Path) -> None:
    made = run(home, "up", "--engine", "in-process")
    assert made.status == 0, made.err
    taken = run(home, "up", "--engine", "pulumi")
    assert taken.status == 0, taken.err
    assert "imported" in taken.err, "the keys of encryption, which nobody may make anew"
    again = run(home, "up", "--engine", "pulumi")
    assert again.status == 0, again.err
    assert "unchanged" in again.err


CLUSTERS = "/apis/cluster.x-k8s.io/v1beta2/namespaces/clusters/clusters"
SECRETS = "/api/v1/namespaces/clusters/secrets"


def settings(*names: str, pools: tuple[str, ...] = ("general", "batch")) -> dict[str, Any]:
    """The stack with these clusters, each with these pools."""
    stack: dict[str, Any] = copy.deepcopy(STACK)
    (model,) = stack["caas:clusters"]
    workers = [{"name": pool, "replicas": 1} for pool in pools]
    stack["caas:clusters"] = [model | {"name": name, "workerPools": workers} for name in names]
    return stack


def up(home: Path, engine: str, stack: dict[str, Any]) -> str:
    """Applies a stack and gives what was shown."""
    write(home, stack)
    done = run(home, "up", "--engine", engine, "--timeout", "600")
    assert done.status == 0, done.err
    return done.err + done.out


def api(home: Path) -> Api:
    return Api(home / "state" / "local" / "kubeconfig")


def there(home: Path, path: str, name: str) -> Manifest:
    found = api(home).get(f"{path}/{name}")
    assert found, f"{path}/{name}"
    return found


def pools_of(cluster: Manifest) -> list[str]:
    return [each["name"] for each in cluster["spec"]["topology"]["workers"]["machineDeployments"]]


def test_clusters_leave_and_come_again(home: Path) -> None:
    up(home, "pulumi", settings("one", "two"))
    key = there(home, SECRETS, "two-encryption")
    up(home, "pulumi", settings("one"))
    assert api(home).get(f"{CLUSTERS}/two") is None
    assert there(home, SECRETS, "two-encryption")["data"] == key["data"]
    assert not json.loads(run(home, "preview", "--output", "json").out)["changes"]

    up(home, "pulumi", settings("one", "two"))
    assert there(home, SECRETS, "two-encryption")["metadata"]["uid"] == key["metadata"]["uid"]
    up(home, "in-process", settings("one"))
    up(home, "pulumi", settings("one", "two"))
    assert there(home, SECRETS, "two-encryption")["data"] == key["data"]


def test_one_field_manager_a_change_by_hand_and_another_kubeconfig(home: Path) -> None:
    up(home, "in-process", settings("one"))
    up(home, "pulumi", settings("one", pools=("general",)))
    cluster = there(home, CLUSTERS, "one")
    assert pools_of(cluster) == ["general"]
    managers = {each["manager"] for each in cluster["metadata"]["managedFields"]}
    assert FIELD_MANAGER in managers
    assert not any(each.startswith("pulumi") for each in managers)

    label = {"metadata": {"labels": {"caas.dev/infrastructure": "by-hand"}}}
    api(home).request("PATCH", f"{CLUSTERS}/one", label, content_type=MERGE)
    up(home, "pulumi", settings("one", pools=("general",)))
    mended = there(home, CLUSTERS, "one")
    assert mended["metadata"]["labels"]["caas.dev/infrastructure"] == "in-memory"

    kubeconfig = home / "state" / "local" / "kubeconfig"
    text = kubeconfig.read_text()
    (server,) = {line for line in text.splitlines() if line.strip().startswith("server:")}
    kubeconfig.write_text(text.replace(server, f"{server}/"))
    told = up(home, "pulumi", settings("one", pools=("general", "batch")))
    assert "replace" not in told
    after = there(home, CLUSTERS, "one")
    assert after["metadata"]["uid"] == cluster["metadata"]["uid"]
    assert pools_of(after) == ["general", "batch"]
