"""The contents that a stack takes from the internet, as the command lists them."""

from __future__ import annotations

import json

import pytest

from catalog import catalog
from components.delivery.contents import contents
from components.given_facts import GivenFacts
from components.infrastructure.in_memory import InMemory
from components.infrastructure.registry import infrastructure
from stacks.settings.addons import Addons, addons_of_existing
from tests.addons.examples import cluster, target
from tests.infrastructure.examples import EXAMPLES
from tests.unit.command_line import piped


@pytest.mark.slow
def test_charts_and_images_are_listed_once() -> None:
    done = piped("bundle", "prod-aws", "--output", "json")
    assert done.status == 0, done.err
    found = json.loads(done.out)
    names = [chart["name"] for chart in found["charts"]]
    assert len(names) == len(set(names))
    assert {"tigera-operator", "aws-ebs-csi-driver", "cluster-api-operator"} <= set(names)
    references = [image["reference"] for image in found["images"]]
    assert len(references) == len(set(references))
    assert "registry.k8s.io/kube-apiserver:v1.35.4" in references
    assert catalog().images["rclone"] in references
    assert any("CoreDNS" in line for line in found["open"])
    assert not any("does not list" in line for line in found["open"])
    assert found["packed"] is None


@pytest.mark.slow
def test_every_image_can_be_fetched() -> None:
    """Those of the infrastructure's charts, whose version is the cluster's, and in values."""
    found = json.loads(piped("bundle", "prod-aws", "--output", "json").out)
    references = {image["reference"] for image in found["images"]}
    assert all(":" in reference.rpartition("/")[2] for reference in references)
    assert "public.ecr.aws/ebs-csi-driver/aws-ebs-csi-driver:v1.64.0" in references
    assert {f"registry.k8s.io/kubectl:v{version}" for version in ("1.35.4", "1.36.3")} <= references
    assert catalog().images["velero-plugin-aws"] in references


def test_images_that_machines_are_given_are_listed() -> None:
    said = {"provider": "vsphere", **EXAMPLES["vsphere"].least}
    vsphere = infrastructure("vsphere").model_validate(said)
    found = contents([cluster()], [target({})], vsphere)
    assert catalog().images["kube-vip"] in {image.reference for image in found.images}
    assert any("vsphere-cpi" in line for line in found.open)
    assert not contents([], [], vsphere).images


def test_add_ons_of_an_existing_management_cluster_are_listed() -> None:
    there = addons_of_existing(Addons.model_validate({"certManager": {}}), None)
    found = contents([cluster()], [target({})], InMemory(), there)
    version = str(catalog().default_release)
    assert "cert-manager" in {chart.name for chart in found.charts}
    assert "cluster-api-operator" not in {chart.name for chart in found.charts}
    assert any(f"v{version} there" in line for line in found.open)
    facts = {"version": "1.35.4", "pods": ["10.244.0.0/16"], "services": ["10.96.0.0/12"]}
    given = GivenFacts.model_validate(facts | {"controlPlanes": 3, "workers": 3})
    there = addons_of_existing(Addons.model_validate({"monitoring": {}}), given)
    found = contents([cluster()], [target({})], InMemory(), there)
    assert "registry.k8s.io/kubectl:v1.35.4" in {image.reference for image in found.images}
    assert not any("there." in line for line in found.open)


@pytest.mark.slow
def test_people_get_a_table_with_what_is_open() -> None:
    done = piped("bundle", "local")
    assert done.status == 0, done.err
    assert done.out.startswith("KIND")
    assert "kubeadm config images list" in done.out
    assert "operator" not in done.out


@pytest.mark.slow
def test_a_push_without_a_mirror_is_refused(tmp_path: object) -> None:
    done = piped("bundle", "local", "--push", str(tmp_path))
    assert done.status == 1
    assert "CAAS-2142" in done.err
