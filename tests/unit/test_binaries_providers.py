"""Controllers of infrastructure providers beside the embedded plane's own."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from components.delivery.addon_provider import ADDON_PROVIDER
from components.infrastructure.aws import Aws
from components.infrastructure.controller import Controller
from components.infrastructure.interface import Provider
from components.infrastructure.registry import embedded
from errors import CaasError, machine
from plane import pki, plane
from plane import servers as components
from plane.binaries import Binaries, ProviderFiles, tools
from plane.binaries.host import Host
from plane.binaries.manifests import take
from plane.binaries.providers import provider_recipe
from plane.binaries.recipe import MODULES, Recipe
from plane.plane import Plane
from plane.process import ProcessSpec
from plane.state import State

HOST = Host("linux", "amd64")
PROVIDERS = (*embedded(), ADDON_PROVIDER)
RECIPES = (*(provider_recipe(each, HOST) for each in PROVIDERS), *tools.recipes(HOST))
AWS = dataclasses.replace(
    Aws.PROVIDER, feature_gates={"EKS": True, "EventBridgeInstanceState": False}
)


class TestController:
    @pytest.fixture(autouse=True)
    def no_credentials(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in [each for each in os.environ if each.startswith("AWS_")]:
            monkeypatch.delenv(name)

    def run(self, folder: Path) -> ProcessSpec:
        manager = folder / "manager"
        manager.touch(exist_ok=True)
        os.utime(manager, (1, 1))
        files = {"aws": ProviderFiles(manager, folder)}
        binaries = Binaries(*[manager] * 9, manifests=folder, providers=files)
        site = components.PlaneSite(folder, "127.1.2.3", {}, providers=(AWS,))
        ports = components.preferred_ports(site.components)
        site = dataclasses.replace(site, ports=ports)
        return components.programs(site, binaries)["aws-manager"]

    def test_it_listens_on_the_planes_address_only(self, tmp_path: Path) -> None:
        program = self.run(tmp_path)
        assert program.environment["POD_IP"] == "127.1.2.3"
        assert "--health-addr=127.1.2.3:9481" in program.command
        assert "--diagnostics-address=0" in program.command

    def test_kinds_that_the_plane_lacks_stay_switched_off(self, tmp_path: Path) -> None:
        gates = next(flag for flag in self.run(tmp_path).command if "feature-gates" in flag)
        assert gates.endswith(
            "=EKS=false,EventBridgeInstanceState=false,MachinePool=false,ROSA=false"
        )

    def test_credentials_pass_by_the_environment_and_nothing_else_does(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "se{cret")
        monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "other")
        program = self.run(tmp_path)
        assert program.environment["AWS_SECRET_ACCESS_KEY"] == "se{cret"
        assert "PULUMI_CONFIG_PASSPHRASE" not in program.environment
        assert "se{cret" not in " ".join((*program.command, program.fingerprint))

    def test_settings_of_the_garbage_collector_pass_and_restart_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GOGC", "100")
        before = self.run(tmp_path)
        monkeypatch.setenv("GOGC", "300")
        after = self.run(tmp_path)
        assert after.environment["GOGC"] == "300"
        assert components.suits(after.fingerprint, before.fingerprint)

    def test_new_credentials_replace_the_process_and_none_leave_it_alone(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_CA_BUNDLE", "/somewhere")  # no credentials
        without = self.run(tmp_path).fingerprint
        monkeypatch.setenv("AWS_PROFILE", "one")
        first = self.run(tmp_path).fingerprint
        monkeypatch.setenv("AWS_PROFILE", "two")
        second = self.run(tmp_path).fingerprint
        assert components.suits(first, first)
        assert not components.suits(second, first)
        assert components.suits(without, first)
        assert not components.suits(first, without)
        assert components.without_inherited(second) == without

    def test_a_provider_without_a_controller_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(CaasError) as caught:
            Plane(tmp_path, providers=(Provider("openstack", "capo-system", "v1beta2"),))
        assert caught.value.problems[0].code is machine.PROVIDER_NOT_EMBEDDED

    def test_a_plane_of_before_has_no_ports_for_it_yet(self, tmp_path: Path) -> None:
        pki.ensure(tmp_path / "pki", "127.1.2.3", pki.provider_leaves(["aws-manager"]))
        ports = components.preferred_ports(components.COMPONENTS)
        State("127.1.2.3", ports, {}, "done").write(tmp_path / "plane.json")
        found = Plane(tmp_path, providers=(AWS,)).processes()
        assert found[-1] == plane.ProcessState("aws-manager", None, False, None)


class TestRecipes:
    @pytest.mark.parametrize("recipe", RECIPES, ids=str)
    def test_the_pins_are_the_catalogs_release(self, recipe: Recipe) -> None:
        for program in recipe.programs:
            pins = (program.source.folder / "go.mod").read_text()
            version = recipe.label.removesuffix("-linux-amd64").rpartition("-")[2]
            module = program.package.partition("/cmd/")[0]
            assert f"{module} v{version}" in pins
            assert program.package in pins

    def test_every_folder_of_pins_is_used(self) -> None:
        used = {source.folder for recipe in RECIPES for source in recipe.sources}
        there = {path for path in MODULES.iterdir() if path.is_dir()}
        assert {each.name for each in there - used} == {"kubernetes", "etcd", "cluster-api"}

    def test_a_plug_in_brings_its_controller_with_its_release_and_pins(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / "go.mod").write_text("module lab\n")
        (tmp_path / "go.sum").touch()
        made = Controller("example.com/lab", tmp_path)
        lab = Provider("lab", "lab-system", "v1beta2", version="0.7.0", controller=made)
        recipe = provider_recipe(lab, HOST)
        assert recipe.label == "provider-lab-0.7.0-linux-amd64"
        assert recipe.key.startswith(recipe.label)
        assert [source.folder for source in recipe.sources] == [tmp_path]
        assert Plane(tmp_path / "plane", providers=(lab,)).processes()[-1].name == "lab-manager"

    def test_kubeadm_is_the_newest_of_its_minor(self) -> None:
        assert tools.minors() == ("1.35", "1.36", "1.37")
        recipe = tools.kubeadm_recipe("1.36", HOST)
        assert recipe.label.startswith("kubeadm-1.36.3-")
        release = recipe.programs[0].release
        assert release
        assert release.file == "v1.36.3/bin/linux/amd64/kubeadm"

    def test_etcdutl_comes_out_of_etcds_archive(self) -> None:
        release = tools.etcdutl_recipe(HOST).programs[0].release
        assert release
        assert release.member.endswith("-linux-amd64/etcdutl")

    def test_a_minor_that_is_not_pinned_is_refused(self) -> None:
        with pytest.raises(CaasError) as caught:
            tools.kubeadm_recipe("1.30", HOST)
        assert caught.value.problems[0].code is machine.RELEASE_NOT_PINNED

    def test_the_fix_names_no_minor_without_pinned_modules(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "kubeadm-1.36").mkdir()
        monkeypatch.setattr(tools, "MODULES", tmp_path)
        with pytest.raises(CaasError) as caught:
            tools.kubeadm_recipe("1.37", HOST)
        (problem,) = caught.value.problems
        assert problem.why == "its modules are not pinned"
        assert problem.fix == "Name one of these: 1.36."

    def test_keys_are_of_their_own(self) -> None:
        assert len({recipe.key for recipe in RECIPES}) == len(RECIPES)

    def test_kinds_that_are_not_served_are_not_taken(self, tmp_path: Path) -> None:
        bases = tmp_path / "module" / "config" / "crd" / "bases"
        bases.mkdir(parents=True)
        kinds = ("awsclusters", "awsmachines", "awsmachinepools", "awsmanagedclusters")
        for kind in kinds:
            (bases / f"infrastructure.cluster.x-k8s.io_{kind}.yaml").touch()
        (bases / "controlplane.cluster.x-k8s.io_rosacontrolplanes.yaml").touch()
        (tmp_path / "module" / "config" / "webhook").mkdir()
        (tmp_path / "module" / "config" / "webhook" / "manifests.yaml").touch()
        take(provider_recipe(AWS, HOST).manifests[0], tmp_path / "module", tmp_path / "taken")
        taken = {path.stem.partition("_")[2] for path in (tmp_path / "taken" / "crds").iterdir()}
        assert taken == {"awsclusters", "awsmachines"}
