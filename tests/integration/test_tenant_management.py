"""Rights of a tenant's people on the management cluster: what the API server answers about them.

Real: the objects of the program, and the authorizer of an API server.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubectl import eventually
from lone_server import LoneServer, lone_server

from components.cluster import encryption
from components.cluster.settings import ControlPlane
from components.mappings import Manifest
from engine.program import run_program
from plane.binaries import Binaries
from tests.unit.test_error_examples import stack, written

pytestmark = [pytest.mark.plane, pytest.mark.slow, pytest.mark.timeout(600)]

RBAC = "rbac.authorization.k8s.io"
PATHS = {"Role": "roles", "RoleBinding": "rolebindings"}
LEADS = ("lab-leads",)
LAB: dict[str, Any] = {
    "name": "lab",
    "people": {"owners": ["lab-leads"], "viewers": ["user:ann"]},
    "clusters": ["lab-one", "lab-two"],
    "leavingClusters": ["lab-two"],
}
GONE = {
    "name": "gone",
    "people": {"owners": ["gone-leads"]},
    "clusters": ["gone-one"],
    "leavingClusters": ["gone-one"],
}


def rights(folder: Path) -> list[Manifest]:
    """The Roles and RoleBindings of the program of a stack."""
    config = stack("openstack")
    names = ("lab-one", "lab-two", "gone-one", "orders")
    config["clusters"] = [config["clusters"][0] | {"name": name} for name in names]
    config["tenants"] = [LAB, GONE]
    file = folder / "Pulumi.shop.yaml"
    file.write_text(written(config))
    objects = run_program("shop", file).objects()
    return [each for each in objects if each["kind"] in PATHS]


class Rights:
    """The authorizer of a server.

    Args:
        server: the server.
        place: the namespace of the Clusters.
    """

    def __init__(self, server: LoneServer, place: str) -> None:
        self.server, self.place = server, place

    def allow(
        self, verb: str, name: str, *groups: str, resource: str = "clusters", user: str = "a"
    ) -> bool:
        """The answer to a SubjectAccessReview."""
        group = "cluster.x-k8s.io" if resource == "clusters" else ""
        about = {"verb": verb, "group": group, "resource": resource, "name": name}
        about["namespace"] = self.place
        spec = {"user": user, "groups": groups, "resourceAttributes": about}
        version, kind = "authorization.k8s.io/v1", "SubjectAccessReview"
        review = {"apiVersion": version, "kind": kind, "spec": spec}
        status, answer = self.server.post(f"/apis/{version}/subjectaccessreviews", review)
        assert status == 201, answer
        return bool(answer["status"]["allowed"])


@pytest.fixture(scope="module")
def people(binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rights]:
    """A server with the rights of two tenants."""
    folder = tmp_path_factory.mktemp("management")
    made = rights(folder)
    assert len(made) == 4
    (place,) = {each["metadata"]["namespace"] for each in made}
    key = encryption.new_configuration()
    with lone_server(binaries, folder / "server", ControlPlane(), key) as found:
        eventually(lambda: found.get("/api/v1/namespaces/kube-system")[0] == 200, 60)
        assert found.post("/api/v1/namespaces", {"metadata": {"name": place}})[0] == 201
        for each in made:
            path = f"/apis/{RBAC}/v1/namespaces/{place}/{PATHS[each['kind']]}"
            status, answer = found.post(path, each)
            assert status == 201, answer
        asked = Rights(found, place)
        eventually(lambda: asked.allow("get", "lab-one", *LEADS), 60)
        yield asked


@pytest.mark.parametrize("verb", ["get", "list", "watch"])
def test_people_read_the_cluster_that_is_theirs(people: Rights, verb: str) -> None:
    """By its name; and nothing else, least of all its kubeconfig."""
    assert people.allow(verb, "lab-one", *LEADS)
    assert people.allow(verb, "lab-one", user="ann")
    assert not people.allow(verb, "lab-one", "others")
    for name in ("lab-two", "orders", "gone-one", ""):
        assert not people.allow(verb, name, *LEADS)
    for name in ("lab-one-kubeconfig", ""):
        assert not people.allow(verb, name, *LEADS, resource="secrets")


@pytest.mark.parametrize("verb", ["create", "update", "patch", "delete", "deletecollection"])
def test_people_change_no_cluster(people: Rights, verb: str) -> None:
    assert not people.allow(verb, "lab-one", *LEADS)


@pytest.mark.parametrize("name", ["gone-one", "lab-one", "orders", ""])
def test_the_only_cluster_that_leaves_leaves_no_right(people: Rights, name: str) -> None:
    """A rule without names would be about every cluster."""
    for verb in ("get", "list", "watch"):
        assert not people.allow(verb, name, "gone-leads")
