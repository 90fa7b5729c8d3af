"""The resources that exist on OpenStack before Cluster API: recorded, and on a simulated cloud."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime import mocks

from components.cluster.settings import Cluster
from components.infrastructure.openstack import OpenStack
from engine.program import Resource, run_program
from errors.openstack import QUOTA_TOO_SMALL
from tests.unit.openstack_stacks import EXISTING, HIGHLY_AVAILABLE, MADE, stack_file
from tests.unit.planned import cluster

Record = Callable[..., dict[str, list[Resource]]]


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """Records a stack, and gives its resources by the last part of their type."""

    def run(infrastructure: dict[str, Any], *clusters: dict[str, Any]) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        file = stack_file(tmp_path, infrastructure, *clusters)
        for resource in run_program("cloud", file).resources:
            found.setdefault(resource.type.split(":")[-1], []).append(resource)
        return found

    return run


def named(resources: list[Resource]) -> dict[str, dict[str, Any]]:
    return {resource.inputs["name"]: resource.inputs for resource in resources}


def test_server_groups_keep_machines_apart(record: Record) -> None:
    groups = named(record(MADE, HIGHLY_AVAILABLE)["ServerGroup"])
    assert {name: group["policies"] for name, group in groups.items()} == {
        "cloud.shop.control-plane.strict-spread": "anti-affinity",
        "cloud.shop.pool.general.spread": "soft-anti-affinity",
        "cloud.shop.pool.near.pack": "soft-affinity",
    }


def test_a_control_plane_is_spread_by_itself(record: Record) -> None:
    groups = named(record(MADE, cluster())["ServerGroup"])
    assert list(groups) == ["cloud.shop.control-plane.spread"]


def test_clusters_wait_for_what_they_stand_on(record: Record) -> None:
    found = record(MADE, HIGHLY_AVAILABLE, cluster("other"))
    needed = {
        resource.urn
        for kind in ("Network", "Subnet", "Router", "RouterInterface", "SecGroup", "ServerGroup")
        for resource in found[kind]
        if ".other." not in resource.name
    }
    (shop,) = (each for each in found["Cluster"] if each.inputs["metadata"]["name"] == "shop")
    assert needed <= set(shop.dependencies)
    assert not any(".other." in urn for urn in shop.dependencies)


def test_names_are_known_before_anything_is_made(record: Record) -> None:
    for made in record(MADE, cluster())["Cluster"]:
        variables = made.inputs["spec"]["topology"]["variables"]
        values = {each["name"]: each["value"] for each in variables}
        assert values["openstackFoundation"] == "cloud"


def test_no_security_group_is_open(record: Record) -> None:
    found = record(MADE, HIGHLY_AVAILABLE)
    rules = [resource.inputs for resource in found["SecGroupRule"]]
    assert rules
    assert all("remoteGroupId" in rule and "remoteIpPrefix" not in rule for rule in rules)
    (template,) = found["OpenStackClusterTemplate"]
    managed = template.inputs["spec"]["template"]["spec"]["managedSecurityGroups"]
    assert managed["allowAllInClusterTraffic"] is False
    for rule in managed["clusterNodesSecurityGroupRules"]:
        assert rule["remoteManagedGroups"] == ["controlplane", "worker"]
        assert "remoteIPPrefix" not in rule


def test_names_and_tags(record: Record) -> None:
    found = record(MADE | {"tags": ["team-a"]}, cluster())
    for kind in ("Network", "Subnet", "Router", "SecGroup"):
        (resource,) = found[kind]
        assert resource.inputs["name"] == "cloud"
        assert resource.inputs["tags"] == ["caas", "caas.stack=cloud", "team-a"]
        assert resource.inputs["region"] == "RegionOne"


def test_an_existing_network_makes_none(record: Record) -> None:
    found = record(EXISTING, cluster())
    assert not {"Network", "Subnet", "Router", "RouterInterface"} & set(found)
    (template,) = found["OpenStackClusterTemplate"]
    spec = template.inputs["spec"]["template"]["spec"]
    assert spec["network"] == {"filter": {"name": "machines"}}
    assert spec["subnets"] == [{"filter": {"name": "v4"}}]
    (klass,) = found["ClusterClass"][1:]
    assert "network" not in [patch["name"] for patch in klass.inputs["spec"]["patches"]]


def test_credentials_by_reference_make_none(record: Record) -> None:
    found = record(EXISTING, cluster())
    assert "ApplicationCredential" not in found
    assert not any("openstack" in each.inputs["metadata"]["name"] for each in found["Secret"])
    (template,) = found["OpenStackClusterTemplate"]
    assert template.inputs["spec"]["template"]["spec"]["identityRef"]["name"] == "clouds"
    (given,) = found["ClusterResourceSet"]
    assert given.inputs["spec"]["resources"] == [
        {"kind": "Secret", "name": "cloud-config-of-clusters"}
    ]


def test_credentials_are_restricted_and_never_in_plain(record: Record) -> None:
    found = record(MADE, cluster())
    (credential,) = found["ApplicationCredential"]
    assert credential.inputs["unrestricted"] is False
    assert credential.inputs["roles"] == ["member", "load-balancer_member"]
    secrets = {each.inputs["metadata"]["name"]: each for each in found["Secret"]}
    for name in ("openstack-credentials", "openstack-cloud-config"):
        inputs = secrets[name].inputs
        assert "application_credential" not in str(inputs)
        assert "[secret]" in str(inputs["stringData"])
        assert inputs["metadata"]["labels"]["clusterctl.cluster.x-k8s.io/move"] == "true"


@pytest.mark.slow
def test_what_holds_data_is_protected(tmp_path: Path) -> None:
    file = Path(__file__).parents[2] / "stacks" / "Pulumi.prod-openstack.yaml"
    resources = run_program("prod-openstack", file).resources
    protected = {each.name for each in resources if each.protect}
    assert protected == {
        "prod-openstack-etcd-backups",
        "prod-openstack-logs",
        "prod-openstack-registry",
        "prod-openstack-zone",
    }
    for container in (each for each in resources if each.type.endswith(":Container")):
        assert container.inputs["versioning"] is True
        assert "containerRead" not in container.inputs, "private"


def test_the_outputs_are_exported(tmp_path: Path) -> None:
    file = Path(__file__).parents[2] / "stacks" / "Pulumi.prod-openstack.yaml"
    outputs = run_program("prod-openstack", file).outputs
    assert outputs["containers"]["logs"] == "acme-prod-logs"
    assert set(outputs) == {
        "clusters",
        "containers",
        "dns_zone_id",
        "hostnames",
        "network_id",
        "router_id",
        "security_group_id",
        "subnet_ids",
    }


def test_keys_are_made_or_referred_to(record: Record) -> None:
    text = "ssh-ed25519 AAAA ops"
    (pair,) = record(MADE | {"sshKey": {"publicKey": text}}, cluster())["Keypair"]
    assert (pair.inputs["name"], pair.inputs["publicKey"]) == ("cloud", text)
    found = record(MADE | {"sshKey": {"name": "mine"}}, cluster())
    assert "Keypair" not in found
    for template in found["OpenStackMachineTemplate"]:
        assert template.inputs["spec"]["template"]["spec"]["sshKeyName"] == "mine"


def test_the_sdk_is_imported_only_when_it_is_needed() -> None:
    code = "import sys; from components.infrastructure.openstack import OpenStack as plugin; "
    code += "sys.exit('pulumi_openstack' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


class Cloud(mocks.Mocks):
    """A cloud that answers: everything is made at once, and quotas are as given."""

    def __init__(self, **quota: int) -> None:
        self.quota = quota
        self.made: list[str] = []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self.made.append(args.typ)
        secret = {"secret": "hunter2"} if args.typ.endswith("ApplicationCredential") else {}
        return f"{args.name}-id", args.inputs | secret

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        lists = {"roles": [], "serviceCatalogs": [], "subnets": [], "segments": [], "allTags": []}
        return {"projectId": "p", "id": "external-id"} | lists | self.quota


def built(cloud: Cloud) -> list[dict[str, Any]]:
    """Makes a foundation on that cloud; its Secrets with everything resolved."""
    mocks.set_mocks(cloud, project="caas", stack="cloud", preview=False)
    found: list[dict[str, Any]] = []

    @pulumi.runtime.test
    def program() -> Any:
        settings = OpenStack.model_validate(MADE | {"caCert": "-----BEGIN CERTIFICATE-----\nx"})
        foundation = settings.foundation("cloud", [Cluster.model_validate(HIGHLY_AVAILABLE)])
        assert foundation is not None
        return pulumi.Output.all(*foundation.objects("clusters")).apply(found.extend)

    program()
    return found


def test_the_secrets_hold_what_their_readers_need() -> None:
    cloud = Cloud(instances=-1)
    provider, clusters = built(cloud)
    clouds = yaml.safe_load(provider["stringData"]["clouds.yaml"])["clouds"]["openstack"]
    assert clouds["auth"] == {
        "auth_url": MADE["authUrl"],
        "application_credential_id": "cloud-credential-id",
        "application_credential_secret": "hunter2",
    }
    assert clusters["type"] == "addons.cluster.x-k8s.io/resource-set"
    inner = yaml.safe_load(clusters["stringData"]["cloud-config.yaml"])
    assert (inner["kind"], inner["metadata"]["namespace"]) == ("Secret", "kube-system")
    assert "floating-network-id=external-id" in inner["stringData"]["cloud.conf"]
    assert "hunter2" in inner["stringData"]["clouds.yaml"]
    assert "cacert: /etc/config/cacert" in inner["stringData"]["clouds.yaml"]
    assert "cacert" in inner["stringData"]


def test_a_quota_that_is_too_small_stops_before_anything_is_made() -> None:
    cloud = Cloud(maxTotalInstances=3)
    with pytest.raises(pulumi.RunError, match=QUOTA_TOO_SMALL.id):
        built(cloud)
    assert [each for each in cloud.made if each.startswith("openstack:")] == []
