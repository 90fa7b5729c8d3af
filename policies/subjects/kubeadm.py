"""kubeadm's configuration of a machine: flags of the API server, the kubelet, and others.

Read from the templates of Cluster API's kubeadm providers, of every API version, and from what a
cluster changes about them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from components.cluster_object import API_SERVER, KUBELET, DeclaredCluster
from components.mappings import Props, section
from policies.subjects.cluster import arguments
from policies.subjects.cluster import concerns as is_cluster
from policies.subjects.resource import Item
from policies.subjects.subject import Subject, either, objects

CONTROL_PLANE_GROUP = "controlplane.cluster.x-k8s.io"
BOOTSTRAP_GROUP = "bootstrap.cluster.x-k8s.io"
API_SERVER_TITLE = "the API server"
COMPONENTS = {
    API_SERVER_TITLE: "apiServer",
    "the controller manager": "controllerManager",
    "the scheduler": "scheduler",
}
NODES = ("initConfiguration", "joinConfiguration")


@dataclass(frozen=True, slots=True)
class DeclaredProgram:
    """A program and the arguments that it is started with.

    Attributes:
        title: what a message calls it.
        arguments: by name, without dashes.
        is_whole: whether these are all arguments; otherwise they are additions.
    """

    title: str
    arguments: dict[str, str] = field(default_factory=dict)
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class KubeadmControlPlane:
    """A control plane of the kubeadm provider, or the template of some.

    Attributes:
        props: its `spec`, that of a template inside.
    """

    props: Props

    @property
    def components(self) -> Iterator[DeclaredProgram]:
        """API server, controller manager and scheduler."""
        configuration = section(self.props, "kubeadmConfigSpec", "clusterConfiguration")
        for title, key in COMPONENTS.items():
            yield DeclaredProgram(
                title, dict(arguments(section(configuration, key).get("extraArgs")))
            )

    @property
    def api_server(self) -> DeclaredProgram:
        """The API server."""
        return next(self.components)

    @property
    def renewal_days(self) -> object:
        """The number of days before their certificates expire at which machines are replaced; None
        for never."""
        now = section(self.props, "rollout", "before").get("certificatesExpiryDays")
        return now or section(self.props, "rolloutBefore").get("certificatesExpiryDays")


def _spec(item: Item) -> Props:
    """The spec of an object, or of what its template makes."""
    return section(item.spec, "template", "spec") if "template" in item.spec else item.spec


_is_control_plane = objects(
    "KubeadmControlPlane", "KubeadmControlPlaneTemplate", group=CONTROL_PLANE_GROUP, patches=False
)
_is_config = objects("KubeadmConfig", "KubeadmConfigTemplate", group=BOOTSTRAP_GROUP)
_is_any_control_plane = objects(
    "KubeadmControlPlane", "KubeadmControlPlaneTemplate", group=CONTROL_PLANE_GROUP
)


def _control_planes(item: Item) -> Iterator[KubeadmControlPlane]:
    yield KubeadmControlPlane(_spec(item))


def _api_servers(item: Item) -> Iterator[DeclaredProgram]:
    if is_cluster(item.kind):
        # What a cluster says replaces the arguments of its class, all of them.
        if own := dict(arguments(DeclaredCluster(item.props).variable(API_SERVER))):
            yield DeclaredProgram(API_SERVER_TITLE, own, is_whole=not item.kind.is_patch)
    else:
        server = KubeadmControlPlane(_spec(item)).api_server
        yield DeclaredProgram(server.title, server.arguments, is_whole=not item.kind.is_patch)


def _programs(item: Item) -> Iterator[DeclaredProgram]:
    yield from KubeadmControlPlane(_spec(item)).components


def _kubelets(item: Item) -> Iterator[DeclaredProgram]:
    if is_cluster(item.kind):
        cluster = DeclaredCluster(item.props)
        for group in cluster.groups:
            title = f"{group.title}: the kubelet"
            yield DeclaredProgram(title, dict(arguments(group.variable(KUBELET))), is_whole=False)
        return
    spec = _spec(item)
    for node in NODES:
        registration = section(section(spec, "kubeadmConfigSpec") or spec, node, "nodeRegistration")
        yield DeclaredProgram("the kubelet", dict(arguments(registration.get("kubeletExtraArgs"))))


KUBEADM_CONTROL_PLANES = Subject("kubeadm control planes", _is_control_plane, _control_planes)
API_SERVERS = Subject(
    "API servers of clusters and of kubeadm control planes",
    either(is_cluster, _is_any_control_plane),
    _api_servers,
)
PROGRAMS = Subject("programs of kubeadm control planes", _is_control_plane, _programs)
KUBELETS = Subject(
    "kubelets of clusters and of kubeadm's templates",
    either(is_cluster, _is_any_control_plane, _is_config),
    _kubelets,
)
