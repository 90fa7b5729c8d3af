"""Every add-on that a stack file can name, and which of them a cluster gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog import catalog
from components.addon import Addon, AddonSettings, Target
from components.backup.velero import Velero
from components.basics.cert_manager import CertManager
from components.basics.descheduler import Descheduler
from components.basics.external_dns import ExternalDns
from components.basics.metrics_server import MetricsServer
from components.basics.node_problem_detector import NodeProblemDetector
from components.fields import KubernetesVersion, Settings
from components.ingress.envoy_gateway import EnvoyGateway
from components.ingress.gateway import Gateway
from components.ingress.ingress_nginx import IngressNginx
from components.ingress.issuers import Issuers
from components.ingress.traefik import Traefik
from components.loadbalancer.kube_vip import KubeVip
from components.loadbalancer.metallb import MetalLB
from components.logging.logs import Logs
from components.network.calico import Calico
from components.network.cilium import Cilium
from components.network.flannel import Flannel
from components.network.policies import NetworkPolicies
from components.observability.monitoring import Monitoring
from components.registry.harbor import Harbor
from components.security.admission_addon import AdmissionPolicies
from components.storage.classes import StorageClasses
from components.storage.local_path import LocalPath
from components.storage.longhorn import Longhorn
from components.storage.nfs import Nfs
from components.storage.rook_ceph import RookCeph
from components.storage.snapshots import Snapshots

if TYPE_CHECKING:  # a cluster has add-ons
    from components.cluster.settings import Cluster
    from components.infrastructure.interface import Infrastructure


class Addons(Settings):
    """What is installed in clusters. `calico: {}` installs Calico with its defaults.

    What a cluster says about an add-on takes the place of what the stack says about it; with `null`
    the cluster does not get it.
    """

    # ---- network -------------------------------------------------------------------------------

    calico: Calico | None = None
    """Network plug-in; clusters on a cloud get it where no other is named."""
    cilium: Cilium | None = None
    """Network plug-in by eBPF, with load balancing and Gateways as options."""
    flannel: Flannel | None = None
    """Network plug-in, a small one."""
    network_policies: NetworkPolicies | None = None
    """NetworkPolicies that namespaces begin with."""

    # ---- load balancing ------------------------------------------------------------------------

    metallb: MetalLB | None = None
    """Addresses for Services where no cloud gives them."""
    kube_vip: KubeVip | None = None
    """The same by kube-vip."""

    # ---- ingress -------------------------------------------------------------------------------

    envoy_gateway: EnvoyGateway | None = None
    """Serves the Gateway API with Envoy proxies."""
    traefik: Traefik | None = None
    """Serves Ingresses, those for ingress-nginx too, and the Gateway API."""
    gateway: Gateway | None = None
    """The Gateway that everything in a cluster attaches its routes to."""
    issuers: Issuers | None = None
    """Who makes certificates for host names."""
    ingress_nginx: IngressNginx | None = None
    """Refused: its project has ended."""

    # ---- storage and backup --------------------------------------------------------------------

    storage_classes: StorageClasses | None = None
    """Storage classes of your own."""
    snapshots: Snapshots | None = None
    """Snapshots of volumes."""
    nfs: Nfs | None = None
    """Volumes on NFS servers."""
    rook_ceph: RookCeph | None = None
    """Block, file and object storage on the machines' disks, by Ceph."""
    longhorn: Longhorn | None = None
    """Replicated volumes on the machines' disks."""
    local_path: LocalPath | None = None
    """Volumes in a folder of the machine."""
    velero: Velero | None = None
    """Backups of namespaces and volumes."""

    # ---- registry ------------------------------------------------------------------------------

    harbor: Harbor | None = None
    """A registry of images."""

    # ---- metrics and alerts --------------------------------------------------------------------

    monitoring: Monitoring | None = None
    """Metrics, dashboards and alerts: Prometheus, Alertmanager, Grafana."""

    # ---- logs ----------------------------------------------------------------------------------

    logs: Logs | None = None
    """Logs of containers, nodes, the Kubernetes API and events: searched, archived, forwarded."""

    # ---- security ------------------------------------------------------------------------------

    admission_policies: AdmissionPolicies | None = None
    """The rules of this project, for what is applied by hand too."""

    # ---- basics --------------------------------------------------------------------------------

    cert_manager: CertManager | None = None
    """Makes and renews certificates."""
    metrics_server: MetricsServer | None = None
    """CPU and memory of pods and nodes, for `kubectl top` and autoscaling of pods."""
    external_dns: ExternalDns | None = None
    """Writes records for host names into your DNS."""
    node_problem_detector: NodeProblemDetector | None = None
    """Reports what is wrong with machines as conditions of their nodes."""
    descheduler: Descheduler | None = None
    """Moves pods that would be better off on another machine."""


DEFAULT_NETWORK = "calico"
NETWORKS = (DEFAULT_NETWORK, "cilium", "flannel")
"""The keys of the network plug-ins. Clusters whose machines run pods get the default where none is
named and it is not refused by `calico: null`."""
_CALICO = Calico()
_CERT_MANAGER = CertManager()


def addons_of(
    stack: Addons, cluster: Cluster, infrastructure: Infrastructure, *, management: bool = False
) -> Target:
    """A cluster with its add-ons: those of the stack, its own, and a network.

    Args:
        stack: what the stack says; of the management cluster all that there is.
        cluster: whose own `addons` win.
        infrastructure: what its machines are; where they are simulated, no network is added.
        management: whether it is the management cluster, whose webhooks need certificates.
    """
    labels = cluster.labels.items()
    said = {
        key: settings
        for key, settings in _named(stack).items()
        if settings is None or settings.selector.items() <= labels
    } | _named(cluster.addons)
    found = {key: settings for key, settings in said.items() if settings}
    refused = DEFAULT_NETWORK in said and DEFAULT_NETWORK not in found
    if infrastructure.PROVIDER and not refused and not found.keys() & set(NETWORKS):
        found[DEFAULT_NETWORK] = _CALICO
    if management:
        found.setdefault("certManager", _CERT_MANAGER)
    ordered = {key: found[key] for key in Addons.model_fields_by_alias() if key in found}
    return Target(cluster, infrastructure, ordered, management)


def addons_of_existing(addons: Addons, infrastructure: Infrastructure) -> Target:
    """An existing management cluster with what is said about it; nothing is added.

    It is no cluster of this project: its ranges and its version are not known.
    """
    from components.cluster.settings import Cluster  # noqa: PLC0415 - a cluster has add-ons

    cluster = Cluster(name="management", version=KubernetesVersion(str(catalog().default_release)))
    found = {key: settings for key, settings in _named(addons).items() if settings}
    return Target(cluster, infrastructure, found, management=True)


def _named(addons: Addons) -> dict[str, AddonSettings | None]:
    """What is said about add-ons, by key; None where one is refused."""
    return {
        field.alias or name: getattr(addons, name)
        for name, field in Addons.model_fields.items()
        if name in addons.model_fields_set
    }


def resolved(target: Target) -> list[Addon]:
    """Each add-on of a cluster, in the order of their needs: what provides a role comes first.

    Add-ons that need each other keep the order of `Addons`.
    """
    waiting = [settings.addon(target) for settings in target.addons.values()]
    ordered: list[Addon] = []
    while waiting:
        missing = {role for addon in waiting for role in addon.provides}
        ready = [addon for addon in waiting if not missing & set(addon.needs)] or waiting[:1]
        ordered += ready
        waiting = [addon for addon in waiting if addon not in ready]
    return ordered
