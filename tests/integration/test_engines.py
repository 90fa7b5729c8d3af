"""Both engines on one stack: field managers, membership, and what stays when it leaves the file.

Pulumi's Kubernetes provider is played by the requests that it sends: server-side apply under the
field manager that an object's annotation names, or under a random name as it does without one.
`test_pulumi.py` runs the provider itself, where there is a pulumi CLI.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from stand import Settings, Stand, stand_on

from components.manifest import FIELD_MANAGER, MEMBER_LABEL, STACK_LABEL
from components.mappings import Manifest
from engine import program, session
from engine.api import APPLY, Api, RefusedError
from engine.objects import Key, Objects
from engine.plan.objects import Operation
from engine.plan.words import sentences
from errors import CaasError
from errors.program import CLAIMED_BY_ANOTHER_STACK
from operations.drift.judge import find_drift
from plane.plane import Plane

pytestmark = [pytest.mark.plane, pytest.mark.timeout(600)]

RANDOM = "pulumi-kubernetes-1a2b3c4d"
POOLS = [{"name": "general", "replicas": 1}, {"name": "batch", "replicas": 1}]


def cluster(name: str = "shop", **settings: object) -> Settings:
    """A paused cluster: Cluster API makes no machine of it."""
    known = {"version": "1.36.1", "controlPlane": {"replicas": 1}, "paused": True}
    return {"name": name, **known, "workerPools": POOLS, "labels": {"tier": "gold"}} | settings


@pytest.fixture
def stand(plane: Plane, tmp_path: Path) -> Iterator[Stand]:
    with stand_on(plane, tmp_path, f"test-{uuid.uuid4().hex[:8]}") as found:
        yield found


def provider_applies(api: Api, manifest: Manifest, *, manager: str = "") -> None:
    """Applies as the provider does: without force, under the manager of the annotation."""
    annotations = manifest["metadata"]["annotations"]
    query = {"fieldManager": manager or annotations["pulumi.com/patchFieldManager"]}
    api.request("PATCH", api.path(manifest), manifest, content_type=APPLY, **query)


def provider_makes_all(stand: Stand, manager: str = RANDOM) -> None:
    for manifest in stand.session().record().objects(secrets=True):
        provider_applies(stand.api, manifest, manager=manager)


def of_kind(objects: Objects, kind: str) -> Manifest:
    (found,) = (each for key, each in objects.items() if key.kind == kind)
    return found


def managers(manifest: Manifest) -> set[str]:
    entries = manifest["metadata"]["managedFields"]
    found = {each["manager"] for each in entries if not each.get("subresource")}
    return {each for each in found if each.startswith((FIELD_MANAGER, "pulumi-"))}


@pytest.mark.parametrize("both", [False, True], ids=["by pulumi", "by both"])
def test_what_the_other_engine_set_is_removed_and_announced(stand: Stand, both: bool) -> None:
    stand.write(clusters=[cluster()])
    provider_makes_all(stand)
    if both:
        for manifest in stand.session().record().objects(secrets=True):
            if manifest["kind"] != "Secret":
                stand.api.apply(manifest)

    stand.write(clusters=[cluster(workerPools=POOLS[:1], labels={})])
    (told,) = sentences(stand.plan().clusters)
    assert "pool `batch`: deleted" in told
    stand.apply()
    live = stand.session().members.live()
    found = of_kind(live, "Cluster")
    pools = found["spec"]["topology"]["workers"]["machineDeployments"]
    assert [pool["name"] for pool in pools] == ["general"]
    assert "tier" not in found["metadata"]["labels"]
    assert stand.plan().is_empty
    for manifest in live.values():
        assert managers(manifest) == {FIELD_MANAGER}, Key.of(manifest)


def test_the_provider_changes_what_was_applied_in_process(stand: Stand) -> None:
    stand.write(clusters=[cluster()])
    stand.apply()
    stand.write(clusters=[cluster(workerPools=POOLS[:1], labels={"tier": "silver"})])
    manifest = of_kind(stand.session().plan().objects.desired, "Cluster")
    with pytest.raises(RefusedError, match=FIELD_MANAGER):
        provider_applies(stand.api, manifest, manager=RANDOM)
    provider_applies(stand.api, manifest)
    found = of_kind(stand.session().members.live(), "Cluster")
    assert found["metadata"]["labels"]["tier"] == "silver"
    assert len(found["spec"]["topology"]["workers"]["machineDeployments"]) == 1
    assert stand.plan().is_empty


def test_a_key_stays_and_is_taken_again(stand: Stand) -> None:
    stand.write(clusters=[cluster()])
    stand.apply()
    before = of_kind(stand.session().members.live(), "Secret")
    older = {"metadata": {"annotations": {"caas.dev/retain-on-delete": None}}}
    for change in ({}, older):  # as this version made it, and as those before
        stand.api.merge(before, change)
        stand.write(clusters=[])
        plan = stand.up(120)
        assert all(change.key.kind != "Secret" for change in plan.objects.changes)
        assert stand.plan().is_empty
        session = stand.session()
        assert not find_drift(session, session.plan(lenient=True))
        stand.write(clusters=[cluster()])
        stand.apply()
        assert stand.plan().is_empty
        after = of_kind(stand.session().members.live(), "Secret")
        assert after["metadata"]["uid"] == before["metadata"]["uid"]
        assert after["data"] == before["data"]


Place = Callable[[str, str, list[Settings]], session.Session]


@pytest.fixture
def place(plane: Plane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A stack `prod` of a project, in a namespace of a management cluster that others use too."""
    monkeypatch.setenv("CAAS_STACKS", str(tmp_path))
    monkeypatch.setenv("CAAS_STATE", str(tmp_path / "state"))
    name = f"prod-{uuid.uuid4().hex[:6]}"
    made: list[session.Session] = []

    def stack(project: str, namespace: str, clusters: list[Settings]) -> session.Session:
        for module in (program, session):
            monkeypatch.setattr(module, "project_name", lambda: project)
        writer = Stand(plane, tmp_path, name)
        writer.write(
            management={
                "mode": "existing",
                "namespace": namespace,
                "kubeconfig": str(plane.kubeconfig),
            },
            clusters=clusters,
        )
        found = writer.session()
        assert found.members.owner_of({"metadata": {}}) == ""
        made.append(found)
        return found

    yield stack
    for each in made:
        each.delete_clusters()


def apply(found: session.Session) -> None:
    found.apply(found.plan(), lambda change: None)


@pytest.mark.parametrize("project", ["shop", "caas"])
def test_a_stack_of_the_same_name_is_left_alone(place: Place, project: str) -> None:
    suffix = uuid.uuid4().hex[:6]
    apply(place("caas", f"theirs-{suffix}", [cluster("webshop")]))
    ours = place(project, f"ours-{suffix}", [cluster()])
    plan = ours.plan()
    assert {change.operation for change in plan.objects.changes} == {Operation.CREATE}
    assert {key.name for key in plan.objects.live} == set()
    assert not ours.fleet().clusters
    apply(ours)
    assert [each["metadata"]["name"] for each in ours.fleet().clusters] == ["shop"]
    ours.remove_objects()
    theirs = place("caas", f"theirs-{suffix}", [cluster("webshop")])
    assert theirs.plan().is_empty
    assert [each["metadata"]["name"] for each in theirs.fleet().clusters] == ["webshop"]


def test_an_object_of_another_project_is_not_taken(place: Place) -> None:
    namespace = f"both-{uuid.uuid4().hex[:6]}"
    apply(place("shop", namespace, [cluster("webshop")]))
    with pytest.raises(CaasError) as caught:
        place("caas", namespace, [cluster()]).plan()
    assert {problem.code for problem in caught.value.problems} == {CLAIMED_BY_ANOTHER_STACK}
    assert "shop.prod" in str(caught.value)


def test_what_an_older_version_applied_is_adopted_where_the_file_names_it(place: Place) -> None:
    namespace = f"older-{uuid.uuid4().hex[:6]}"
    first = place("caas", namespace, [cluster("named"), cluster("unnamed")])
    apply(first)
    live = first.members.live()
    for manifest in live.values():
        first.api.merge(manifest, {"metadata": {"labels": {MEMBER_LABEL: None}}})
    now = place("caas", namespace, [cluster("named")])
    plan = now.plan()
    assert {change.operation for change in plan.objects.changes} == {Operation.UPDATE}
    assert [each["metadata"]["name"] for each in now.fleet().clusters] == ["named"]
    apply(now)
    kept = now.members.live()
    assert all(MEMBER_LABEL in each["metadata"]["labels"] for each in kept.values())
    assert {key.name for key in kept if key.kind == "Cluster"} == {"named"}
    left = now.api.get(now.api.path(live[next(key for key in live if key.name == "unnamed")]))
    assert left
    assert left["metadata"]["labels"][STACK_LABEL] == now.stack
    assert "deletionTimestamp" not in left["metadata"]
    now.api.delete(left)
