"""The component of an add-on: in one cluster that Pulumi reaches itself, or in a fleet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, ClassVar, TypeVar, cast

import pulumi

from components.addon_settings import AddonSettings, described
from components.arguments import Arguments
from components.base import Component, ends_program
from components.chart import CLUSTER_NAME
from components.delivery.clusters import DirectCluster, FleetCluster, FleetPlace, TargetCluster
from components.delivery.named import named_parts
from components.delivery.parts import Part, direct_parts, only_name, register
from components.delivery.rules import check_target
from components.facts import InstalledAddon
from components.finding import Finding
from components.problems import Steps
from errors import CaasError, Problem, Where
from errors.components import ADDON_TWICE, CLUSTERS_MIXED
from errors.storage import NO_DEFAULT_STORAGE_CLASS

Value = TypeVar("Value")


@dataclass(frozen=True)
class Share:
    """The part of a delivery to all clusters of a stack that belongs to one add-on.

    Attributes:
        groups: parts that depend on nothing but earlier stages of their group.
        settings: of the add-on, by the name of the cluster.
        before: resources that all parts wait for.
        old_parent: the URN of the component that had the parts as children in earlier versions.
    """

    groups: Sequence[Sequence[Part]]
    settings: Mapping[str, InstalledAddon]
    before: Sequence[pulumi.Resource] = ()
    old_parent: str = ""


Clusters = DirectCluster | FleetCluster | Sequence[FleetCluster]


class AddonComponent(Component):
    """The base of all add-on components.

    The settings model of the add-on describes it, for stack files and components alike. Arguments
    are checked with the facts of the cluster and its add-ons that were made before this one.

    Args:
        name: of the component; the first part of the names of its resources.
        settings: the whole settings, in place of single arguments.
        cluster: an `ExistingCluster`, a `WorkloadCluster`, or a list of `WorkloadCluster`s of one
            management cluster. A `Share` is for stacks.
        opts: resource options.
        arguments: the fields of the settings; a value may be or contain an Output.

    Outputs:
        addon: the key of the add-on in a stack file.
        clusters: the names of the clusters that get it.

    Attributes:
        resources: the Helm releases and objects.

    Raises:
        pulumi.RunError: with the text of the same codes as a stack file, and CAAS-3070 to 3074.
    """

    SETTINGS: ClassVar[type[AddonSettings]]
    KEY: str = ""
    """The key of the add-on in a stack file; of the class, unless it may be several times in a
    cluster."""

    def __init_subclass__(cls) -> None:
        """The key is the name of the class unless it says otherwise."""
        if "KEY" not in cls.__dict__:
            cls.KEY = cls.__name__[0].lower() + cls.__name__[1:]

    def __init__(
        self,
        name: str,
        settings: AddonSettings | None = None,
        *,
        cluster: Clusters | Share,
        opts: pulumi.ResourceOptions | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(name, opts)
        self._arguments: Arguments[AddonSettings] | None = None
        self._settings: dict[str, AddonSettings] = {}
        self.resources: list[pulumi.Resource] = []
        if isinstance(cluster, Share):
            self._register_share(cluster)
        else:
            with ends_program():
                self._register_own(cluster, settings, arguments)
        self.register_outputs({"addon": self.KEY, "clusters": list(self._settings)})

    def value(self, of: Callable[[Any, str], Value]) -> pulumi.Output[list[Value]]:
        """An output that is derived from the settings: one entry for each cluster.

        Args:
            of: gives the entry, from the settings and the name of the cluster.
        """
        arguments = self._arguments
        if arguments is None:
            found = [of(settings, cluster) for cluster, settings in self._settings.items()]
            return pulumi.Output.from_input(found)
        clusters = list(self._settings)
        return arguments.known().apply(lambda known: [of(known, each) for each in clusters])

    def _register_share(self, share: Share) -> None:
        self._settings = {key: cast(AddonSettings, each) for key, each in share.settings.items()}
        options: dict[str, Any] = {}
        if share.old_parent:
            options["aliases"] = [pulumi.Alias(parent=share.old_parent)]
        for group in share.groups:
            self.resources += register(self, group, share.before, options)

    def _register_own(
        self, cluster: Clusters, settings: AddonSettings | None, arguments: Mapping[str, Any]
    ) -> None:
        clusters = _listed(cluster)
        where = f'{type(self).__name__}("{self.name}")'
        self._refuse_mixed(clusters, where)
        given = self._arguments = Arguments(self.SETTINGS, settings, arguments, where)
        self._settings = {each.cluster: given.settings for each in clusters}
        others = {each.cluster: dict(each.installed.addons) for each in clusters}

        def check(
            checked: AddonSettings, concerns: Callable[[Finding], bool] | None = None
        ) -> None:
            for each in clusters:
                facts = each.facts(others[each.cluster] | {self.KEY: checked})
                found = (
                    replace(finding, path=finding.path[1:])
                    for finding in check_target(facts)
                    if finding.code is not NO_DEFAULT_STORAGE_CLASS
                    and not (concerns and concerns(finding))
                )
                refuse(found, given.place, each.cluster)

        def parts(made: AddonSettings) -> list[Part]:
            facts = [each.facts(others[each.cluster] | {self.KEY: made}) for each in clusters]
            place = _fleet(clusters)
            if place is None:
                addon = described(made, facts[0])
                return direct_parts(self.name, addon, only_name(facts[0].name))
            addons = {
                each.name: described(made, replace(each, name=CLUSTER_NAME)) for each in facts
            }
            return named_parts(self.name, addons, place)

        # A finding about a sample says nothing; it is looked for again in the real values.
        check(given.settings, given.is_about_sample if given.outputs else None)
        bodies = given.content(lambda made: {each.name: each.body for each in parts(made)}, check)
        planned = [replace(each, body=bodies[each.name]) for each in parts(given.settings)]
        self._install(clusters, planned)

    def _install(self, clusters: Sequence[TargetCluster], parts: Sequence[Part]) -> None:
        place = _fleet(clusters)
        if place is None:
            (cluster,) = clusters
            before = cluster.installed.resources
            self.resources = register(
                self, parts, list(before), cast(DirectCluster, cluster).options
            )
        else:
            self.resources = register(self, parts, place.after, place.options)
        for cluster in clusters:
            cluster.installed.addons[self.KEY] = self._settings[cluster.cluster]
            cluster.installed.resources += self.resources
            # Without Outputs, or else the Cluster might wait for a value that waits for it.
            if place and self._arguments and not self._arguments.outputs:
                cast(FleetCluster, cluster).wait_for_addons(self.resources)

    def _refuse_mixed(self, clusters: Sequence[TargetCluster], where: str) -> None:
        fleets = [getattr(each, "fleet", None) for each in clusters]
        alone = len(clusters) == 1
        if not alone and (None in fleets or len(set(map(id, fleets))) != 1):
            names = ", ".join(each.cluster for each in clusters) or "no cluster"
            raise CaasError(CLUSTERS_MIXED, f"{where} is for {names}")
        for cluster in clusters:
            if self.KEY in cluster.installed.addons:
                what = f"{where}: `{cluster.cluster}` has a `{self.KEY}` already"
                raise CaasError(ADDON_TWICE, what)


def refuse(findings: Iterable[Finding], place: Callable[[Steps], Where], cluster: str = "") -> None:
    """Raises a CaasError with the code of each finding; none of them is fine.

    Args:
        findings: the problems; their paths begin at the settings.
        place: gives the place of a setting.
        cluster: the cluster that they are about.
    """
    found = []
    for each in findings:
        at = replace(place(each.path), cluster=cluster or None)
        found.append(Problem(each.code, each.what, at, each.why, each.fix))
    if found:
        raise CaasError.of(found)


def component_of(settings: InstalledAddon | None) -> type[AddonComponent]:
    """The component class of an add-on: `Calico` for `CalicoSettings`, in the same folder.

    An add-on without one, such as one of a test, has the base class.
    """
    kind = type(settings)
    package = kind.__module__.rpartition(".")[0] or kind.__module__  # a module without a folder
    found = getattr(import_module(package), kind.__name__.removesuffix("Settings"), None)
    is_component = isinstance(found, type) and issubclass(found, AddonComponent)
    return cast(type[AddonComponent], found) if is_component else AddonComponent


def _listed(cluster: Clusters) -> list[TargetCluster]:
    return list(cluster) if isinstance(cluster, Sequence) else [cluster]


def _fleet(clusters: Sequence[TargetCluster]) -> FleetPlace | None:
    return getattr(clusters[0], "fleet", None)
