"""What a stack takes from the internet, as the command lists it."""

from __future__ import annotations

import json

from catalog import catalog
from tests.unit.command_line import piped


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
    assert found["packed"] is None


def test_people_get_a_table_with_what_is_open() -> None:
    done = piped("bundle", "local")
    assert done.status == 0, done.err
    assert done.out.startswith("KIND")
    assert "kubeadm config images list" in done.out
    assert "operator" not in done.out


def test_a_push_without_a_mirror_is_refused(tmp_path: object) -> None:
    done = piped("bundle", "local", "--push", str(tmp_path))
    assert done.status == 1
    assert "CAAS-2142" in done.err
