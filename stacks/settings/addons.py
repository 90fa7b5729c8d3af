"""Every add-on that a stack file can name, and which of them a cluster gets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from components.addon_settings import AddonSettings
from components.backup.velero import VeleroSettings
from components.cluster.facts_of import facts_of
from components.cluster.settings import Cluster
from components.facts import ClusterFacts
from components.fields import Settings
from components.given_facts import GivenFacts, facts_without
from components.infrastructure.interface import Infrastructure
from components.ingress.envoy_gateway import EnvoyGatewaySettings
from components.ingress.gateway import GatewaySettings
from components.ingress.ingress_nginx import IngressNginxSettings
from components.ingress.issuers import IssuersSettings
from components.ingress.traefik import TraefikSettings
from components.loadbalancing.kube_vip import KubeVipSettings
from components.loadbalancing.metallb import MetalLBSettings
from components.logging.logs import LogsSettings
from components.network.calico import CalicoSettings
from components.network.cilium import CiliumSettings
from components.network.flannel import FlannelSettings
from components.network.policies import NetworkPoliciesSettings
from components.observability.monitoring import MonitoringSettings
from components.registry.harbor import HarborSettings
from components.security.admission_addon import AdmissionPoliciesSettings
from components.storage.classes import StorageClassesSettings
from components.storage.local_path import LocalPathSettings
from components.storage.longhorn import LonghornSettings
from components.storage.nfs import NfsSettings
from components.storage.rook_ceph import RookCephSettings
from components.storage.snapshots import SnapshotsSettings
from components.store.flux import FluxSettings
from components.system.cert_manager import CertManagerSettings
from components.system.descheduler import DeschedulerSettings
from components.system.external_dns import ExternalDnsSettings
from components.system.metrics_server import MetricsServerSettings
from components.system.node_problem_detector import NodeProblemDetectorSettings
from stacks.settings.tenants import (
    NO_APPS,
    AppFacts,
    StackTenant,
    TenantDefaults,
    tenant_addons,
)


class Addons(Settings):
    """The add-ons of clusters. `calico: {}` installs Calico with its defaults.

    The settings of an add-on in a cluster take the place of those in the stack; with `null`
    the cluster does not get it.
    """

    # ---- network -------------------------------------------------------------------------------

    calico: CalicoSettings | None = None
    """Network plug-in; clusters on a cloud get it where no other is named."""
    cilium: CiliumSettings | None = None
    """Network plug-in by eBPF, with load balancing and Gateways as options."""
    flannel: FlannelSettings | None = None
    """Network plug-in, a small one."""
    network_policies: NetworkPoliciesSettings | None = None
    """NetworkPolicies that namespaces begin with."""

    # ---- load balancing ------------------------------------------------------------------------

    metallb: MetalLBSettings | None = None
    """Addresses for Services where no cloud gives them."""
    kube_vip: KubeVipSettings | None = None
    """The same by kube-vip."""

    # ---- ingress -------------------------------------------------------------------------------

    envoy_gateway: EnvoyGatewaySettings | None = None
    """Serves the Gateway API with Envoy proxies."""
    traefik: TraefikSettings | None = None
    """Serves Ingresses, those for ingress-nginx too, and the Gateway API."""
    gateway: GatewaySettings | None = None
    """The Gateway that everything in a cluster attaches its routes to."""
    issuers: IssuersSettings | None = None
    """The certificate authorities of host names."""
    ingress_nginx: IngressNginxSettings | None = None
    """Refused: its project has ended."""

    # ---- storage and backup --------------------------------------------------------------------

    storage_classes: StorageClassesSettings | None = None
    """Storage classes of your own."""
    snapshots: SnapshotsSettings | None = None
    """Snapshots of volumes."""
    nfs: NfsSettings | None = None
    """Volumes on NFS servers."""
    rook_ceph: RookCephSettings | None = None
    """Block, file and object storage on the machines' disks, by Ceph."""
    longhorn: LonghornSettings | None = None
    """Replicated volumes on the machines' disks."""
    local_path: LocalPathSettings | None = None
    """Volumes in a folder of the machine."""
    velero: VeleroSettings | None = None
    """Backups of namespaces and volumes."""

    # ---- registry ------------------------------------------------------------------------------

    harbor: HarborSettings | None = None
    """A registry of images."""

    # ---- metrics and alerts --------------------------------------------------------------------

    monitoring: MonitoringSettings | None = None
    """Metrics, dashboards and alerts: Prometheus, Alertmanager, Grafana."""

    # ---- logs ----------------------------------------------------------------------------------

    logs: LogsSettings | None = None
    """Logs of containers, nodes, the Kubernetes API and events: searched, archived, forwarded."""

    # ---- security ------------------------------------------------------------------------------

    admission_policies: AdmissionPoliciesSettings | None = None
    """The rules of this project, for what is applied by hand too."""

    # ---- applications --------------------------------------------------------------------------

    flux: FluxSettings | None = None
    """Of the management cluster: installs the applications of tenants."""

    # ---- basics --------------------------------------------------------------------------------

    cert_manager: CertManagerSettings | None = None
    """Makes and renews certificates."""
    metrics_server: MetricsServerSettings | None = None
    """CPU and memory of pods and nodes, for `kubectl top` and autoscaling of pods."""
    external_dns: ExternalDnsSettings | None = None
    """Writes records for host names into your DNS."""
    node_problem_detector: NodeProblemDetectorSettings | None = None
    """Reports what is wrong with machines as conditions of their nodes."""
    descheduler: DeschedulerSettings | None = None
    """Moves pods that would be better off on another machine."""


DEFAULT_NETWORK = "calico"
NETWORKS = (DEFAULT_NETWORK, "cilium", "flannel")
"""The keys of the network plug-ins. Clusters whose machines run pods get the default where none is
named and it is not refused by `calico: null`."""
_CALICO = CalicoSettings()
_CERT_MANAGER = CertManagerSettings()
_TENANT_DEFAULTS = TenantDefaults()


class ClusterSettings(Cluster):
    """One workload cluster."""

    addons: Addons = Addons()
    """The add-ons of this cluster: additional ones, overrides, or `null` to leave one out."""
    discard: tuple[Literal["snapshots", "rookCeph", "longhorn", "logs"], ...] = ()
    """Add-ons that may be removed from this cluster together with the data that they hold."""


PlacedSettings = tuple[tuple[str | int, ...], ClusterSettings]
"""A cluster and its place in a stack file: `("clusters", 0)` or `("management", "cluster")`."""


def addons_of(
    stack: Addons,
    cluster: ClusterSettings,
    infrastructure: Infrastructure,
    *,
    management: bool = False,
    tenants: Sequence[StackTenant] = (),
    defaults: TenantDefaults = _TENANT_DEFAULTS,
    apps: AppFacts = NO_APPS,
) -> ClusterFacts:
    """A cluster with its add-ons: those of the stack, its own, a network, and its tenants.

    Args:
        stack: what the stack says; of the management cluster all that there is.
        cluster: whose own `addons` win.
        infrastructure: what its machines are; where they are simulated, no network is added.
        management: whether it is the management cluster, whose webhooks need certificates.
        tenants: of the stack.
        defaults: of tenants.
        apps: the applications of tenants.
    """
    labels = cluster.labels.items()
    said = {
        key: settings
        for key, settings in _named(stack).items()
        if settings is None or settings.selector.items() <= labels
    } | _named(cluster.addons)
    found = {key: settings for key, settings in said.items() if settings}
    refused = DEFAULT_NETWORK in said and DEFAULT_NETWORK not in found
    if not (infrastructure.is_simulated or refused) and not found.keys() & set(NETWORKS):
        found[DEFAULT_NETWORK] = _CALICO
    if management:
        found.setdefault("certManager", _CERT_MANAGER)
    ordered: dict[str, AddonSettings] = {
        key: found[key] for key in Addons.model_fields_by_alias() if key in found
    }
    ordered |= tenant_addons(tenants, defaults, cluster, apps)
    return facts_of(cluster, infrastructure, ordered, management=management)


def addons_of_existing(addons: Addons, given: GivenFacts | None) -> ClusterFacts:
    """An existing management cluster with the add-ons of the stack file; none is added.

    Args:
        addons: `management.addons`.
        given: `management.facts`; without them an add-on that reads a fact raises MissingFactError.
    """
    found = {key: settings for key, settings in _named(addons).items() if settings}
    if given is None:
        return facts_without("management", found)
    return given.facts("management", found, management=True)


def _named(addons: Addons) -> dict[str, AddonSettings | None]:
    """The settings of add-ons by key; None for an add-on that is disabled."""
    return {
        field.alias or name: getattr(addons, name)
        for name, field in Addons.model_fields.items()
        if name in addons.model_fields_set
    }
