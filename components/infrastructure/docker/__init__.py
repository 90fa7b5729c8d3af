"""Nodes in containers of Docker on this computer: Cluster API's development provider.

Source of the shapes: `infrastructure/docker/api/v1beta2` of sigs.k8s.io/cluster-api/test. The
controller is the one of simulated machines, so the embedded plane has it in any case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from packaging.version import Version
from pydantic import Field

from catalog import Release, catalog
from components.addresses import Cidr
from components.cluster_object import IMAGE
from components.finding import Finding
from components.infrastructure.docker import kernel
from components.infrastructure.docker.rules import check_cluster
from components.infrastructure.groups import overlapping
from components.infrastructure.interface import (
    INFRASTRUCTURE_GROUP,
    ClassParts,
    Infrastructure,
    Placed,
    Template,
)
from components.infrastructure.patches import (
    VERSION,
    Kinds,
    add_template,
    add_variable,
    patch,
    patch_of,
)
from errors.clouds import MACHINES_RANGE_TAKEN

API_VERSION = f"{INFRASTRUCTURE_GROUP}/v1beta2"
NODE_IMAGES = "node-images"
"""The ClusterClass patch that gives machines the published image of their release."""
_KINDS = Kinds(API_VERSION, "DevClusterTemplate", "DevMachineTemplate")
_IMAGE = "/backend/docker/customImage"

ImageReference = Annotated[
    str, Field(min_length=1, max_length=512, pattern=r"^[a-z0-9][\w./:@-]*$")
]


class Docker(Infrastructure):
    """Real nodes in containers of Docker on this computer."""

    IN_CONTAINERS: ClassVar = True
    SIZES: ClassVar = {size: size for size in ("small", "medium", "large", "xlarge")}

    provider: Literal["docker"]
    custom_image: ImageReference | None = None
    """The node image of all machines, in place of the published one of their release;
    `machine.image` of a group takes precedence."""
    subnet: Cidr = Cidr("172.18.0.0/16")
    """The addresses of containers and of load balancers in clusters: Docker's network `kind`."""
    pre_load_images: Annotated[tuple[ImageReference, ...], Field(max_length=100)] = ()
    """Images that Docker has here and that each new machine gets from it, not from a registry."""

    @classmethod
    def releases(cls) -> Sequence[Release]:
        """The releases with a published node image."""
        return tuple(each for each in catalog().releases if each.node_image)

    def class_parts(self) -> ClassParts:
        """Templates of the DevCluster and DevMachine kinds with the Docker backend."""
        own = {"customImage": self.custom_image} if self.custom_image else {}
        loaded = {"preLoadImages": list(self.pre_load_images)} if self.pre_load_images else {}
        machine = Template(
            API_VERSION, "DevMachineTemplate", {"backend": {"docker": {**own, **loaded}}}
        )
        published = () if self.custom_image else (_published(),)
        return ClassParts(
            cluster=Template(API_VERSION, "DevClusterTemplate", {"backend": {"docker": {}}}),
            control_plane_machine=machine,
            worker_machine=machine,
            cert_sans=("localhost", "127.0.0.1"),
            shares_kernel=True,
            kubelet_configuration=kernel.KUBELET,
            files=kernel.FILES,
            pre_kubeadm_commands=kernel.COMMANDS,
            # The image of a group comes last, so it wins.
            patches=(
                *published,
                patch_of(IMAGE, *_KINDS.on_machines(add_variable(_IMAGE, IMAGE))),
            ),
        )

    @property
    def container_subnet(self) -> str:
        """The range of the network of containers."""
        return str(self.subnet)

    def image(self, version: Version) -> str:
        """The node image of a release: the setting's, or the published one by its digest."""
        return self.custom_image or _images().get(version, "")

    def check(self, clusters: Sequence[Placed]) -> Iterator[Finding]:
        """CONTAINERS_HAVE_NONE, NODE_IMAGE_UNKNOWN, MACHINES_RANGE_TAKEN."""
        known = () if self.custom_image else tuple(_images())
        for place, cluster in clusters:
            yield from check_cluster(place, cluster, None if self.custom_image else known)
            for kind, index, cidr in overlapping(cluster, self.subnet.network):
                what = f"the {kind} in `{cidr}` overlap the machines in `{self.subnet}`"
                yield Finding(MACHINES_RANGE_TAKEN, (*place, "network", kind, index), what)


def _images() -> Mapping[Version, str]:
    """The published node image by release."""
    return {each.version: each.node_image for each in catalog().releases if each.node_image}


def _published() -> dict[str, Any]:
    """The patch by which machines start from the published image of their release.

    The digest is the catalog's, so the controller can't choose another one.
    """

    def image(role: str) -> str:
        cases = "".join(
            f'{{{{ if eq {VERSION[role]} "v{version}" }}}}{name}{{{{ end }}}}'
            for version, name in _images().items()
        )
        return f'"{cases}"'

    return patch(
        NODE_IMAGES,
        _KINDS.on_control_plane(add_template(_IMAGE, image("controlPlane"))),
        _KINDS.on_workers(add_template(_IMAGE, image("worker"))),
    )
