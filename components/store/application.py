"""An application of the store as a component: installed by Flux, as a tenant's deployer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.arguments import Arguments
from components.base import Component, ends_program
from components.delivery.clusters import FleetCluster
from components.delivery.component import refuse
from components.delivery.mirror import Mirror
from components.finding import Finding
from components.manifest import core_object
from components.mappings import Manifest
from components.problems import Steps
from components.store.entry import AppEntry
from components.store.install import (
    AppInstall,
    ChosenApp,
    check_cluster,
    check_settings,
    chosen,
)
from components.store.objects import release, source
from components.store.shelf import recommended
from errors import CaasError, Where


@dataclass(frozen=True)
class AppPlaces:
    """The place of an install of a stack, whose file has been checked.

    Attributes:
        clusters: the names of the clusters.
        namespace: of the Cluster objects.
        after: the sources of charts.
    """

    clusters: Sequence[str]
    namespace: str
    after: Sequence[pulumi.Resource]


class AppChart(Component):
    """The chart of a version of an entry, fetched and verified by Flux on the management cluster.

    Installs of the same version share it.

    Args:
        name: of the component.
        app: the entry's name, as installs name it.
        entry: the entry.
        version: a version of it that is no draft.
        namespace: of the Cluster objects.
        mirror: the source of charts and images that replaces the internet.
        opts: resource options.

    Outputs:
        chart: the address of the chart.
    """

    def __init__(
        self,
        name: str,
        *,
        app: str,
        entry: AppEntry,
        version: str,
        namespace: str,
        mirror: Mirror | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(f"chart-{name}", opts)
        found = entry.version(version)
        assert found  # noqa: S101 - of a ChosenApp
        self.resources: list[pulumi.Resource] = []
        for manifest in source(app, entry, found, namespace, mirror):
            kind = manifest["kind"].lower()
            options = self.child(depends_on=list(self.resources))
            self.resources.append(core_object(f"chart-{name}-{kind}", manifest, options))
        self.register_outputs({"chart": entry.chart})


@dataclass(frozen=True)
class _Choice:
    """The entry of an install of a program of one's own.

    Attributes:
        tenant: the tenant.
        entry: the entry; None for one of the recommended shelf.
        domains: of the tenant.
        where: the component, for messages.
    """

    tenant: str
    entry: AppEntry | None
    domains: Sequence[str]
    where: str

    def __call__(self, install: AppInstall, place: Callable[[Steps], Where]) -> ChosenApp:
        """The install with its entry. Raises CaasError with the code of what is wrong."""
        found = chosen(self.tenant, install, self.entry or recommended(install.app))
        if isinstance(found, Finding):
            raise CaasError(found.code, found.what, where=place(found.path), why=found.why)
        return found


class Application(Component):
    """An application of the store, in a namespace of a tenant.

        Application(
            "orders-cache", app="valkey", entry=entry, tenant="shop", namespace="shop-data",
            set={"replicas": 2, "users": "cache-users"}, cluster=lab,
        )

    The management cluster runs Flux, and the tenant's namespaces know its deployer: `Tenant` has
    `deployer` for it.

    Args:
        name: of the component, and of the install.
        tenant: the tenant.
        cluster: a `WorkloadCluster`, or a list of them. `AppPlaces` is for stacks.
        chosen_app: an install of a stack, in place of the arguments.
        entry: the entry; without it `app` names one of the recommended shelf.
        domains: of the tenant; host names of its settings are below them.
        opts: resource options.
        arguments: the fields of `AppInstall`; a value may be or contain an Output.

    Outputs:
        version: the version of the chart.
        clusters: the names of the clusters.

    Raises:
        pulumi.RunError: with the text of the same codes as a stack file.
    """

    def __init__(
        self,
        name: str,
        *,
        tenant: str = "",
        cluster: FleetCluster | Sequence[FleetCluster] | AppPlaces,
        chosen_app: ChosenApp | None = None,
        entry: AppEntry | None = None,
        domains: Sequence[str] = (),
        opts: pulumi.ResourceOptions | None = None,
        **arguments: Any,
    ) -> None:
        place = None if isinstance(cluster, AppPlaces) else _listed(cluster)[0].fleet
        super().__init__(name, place.options_of(opts) if place else opts)
        self.resources: list[pulumi.Resource] = []
        with ends_program():
            if isinstance(cluster, AppPlaces):
                assert chosen_app  # noqa: S101 - of a stack
                found = chosen_app
                named = {each: release(found, each, cluster.namespace) for each in cluster.clusters}
                self._register(cluster, named)
            else:
                choose = _Choice(tenant, entry, domains, f'Application("{name}")')
                found = self._own(choose, _listed(cluster), {"name": name, **arguments})
        self.register_outputs({"version": found.version.version})

    def _own(
        self, choose: _Choice, clusters: Sequence[FleetCluster], given: Mapping[str, Any]
    ) -> ChosenApp:
        """Registers the chart and the releases of a program of one's own."""
        place = clusters[0].fleet
        checked = Arguments(AppInstall, None, given, choose.where)

        def check(install: AppInstall) -> None:
            app = choose(install, checked.place)
            refuse(check_settings(app, choose.domains), checked.place)
            for each in clusters:
                refuse(check_cluster(app, each.facts(each.installed.addons)), checked.place)

        def make(install: AppInstall) -> dict[str, Manifest]:
            app = choose(install, checked.place)
            return {each.cluster: release(app, each.cluster, place.namespace) for each in clusters}

        if not checked.outputs:
            check(checked.settings)
        found = choose(checked.settings, checked.place)
        chart = AppChart(
            self.name,
            app=found.install.app,
            entry=found.entry,
            version=found.version.version,
            namespace=place.namespace,
            mirror=place.mirror,
            opts=self.child(depends_on=list(place.after)),
        )
        names = [each.cluster for each in clusters]
        content = checked.content(make, check)
        self._register(AppPlaces(names, place.namespace, chart.resources), content)
        return found

    def _register(self, places: AppPlaces, releases: Mapping[str, Manifest]) -> None:
        for name in places.clusters:
            options = self.child(depends_on=list(places.after))
            made = core_object(f"{self.name}-{name}", releases[name], options)
            self.resources.append(made)


def _listed(cluster: FleetCluster | Sequence[FleetCluster]) -> list[FleetCluster]:
    return list(cluster) if isinstance(cluster, Sequence) else [cluster]
