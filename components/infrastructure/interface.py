"""The interface of an infrastructure.

An infrastructure is a settings model (what a stack file may say below `infrastructure`) that knows
what Cluster API needs for it. It is found by its name through the entry-point group
`caas.infrastructure`; see `registry`. docs/infrastructure.md tells how to write one.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from packaging.version import Version
from pydantic import Field

from catalog import Release, catalog
from components.addresses import Cidr
from components.chart import CLUSTER_NAME, Chart
from components.cluster.machine import TypeName
from components.cluster.settings import Cluster
from components.cluster_volumes import Volumes
from components.fields import Settings
from components.finding import Finding
from components.infrastructure.controller import Controller
from components.infrastructure.failure_sign import FailureSign
from components.infrastructure.machine_types import MachineType, load_machine_types
from components.infrastructure.prices import Priced, PriceList, load_prices
from components.infrastructure.question import Question, required
from components.mappings import Manifest
from errors import CaasError
from errors.command_line import INFRASTRUCTURE_PACKAGES_MISSING

if TYPE_CHECKING:  # Pulumi is slow to import, and reading a stack file needs none of it
    import pulumi

    from components.infrastructure.foundation import Foundation

INFRASTRUCTURE_GROUP = "infrastructure.cluster.x-k8s.io"

Placed = tuple[tuple[str | int, ...], Cluster]
"""A cluster and its place in the settings: `("clusters", 0)` or `("management", "cluster")`."""


@dataclass(frozen=True, slots=True)
class Template:
    """An object that Cluster API clones: `kind` of `api_version`, with `spec.template.spec`."""

    api_version: str
    kind: str
    spec: dict[str, Any]

    def manifest(self, name: str, namespace: str) -> Manifest:
        """The template as an object."""
        return {
            "apiVersion": self.api_version,
            "kind": self.kind,
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"template": {"spec": self.spec}},
        }


@dataclass(frozen=True, slots=True)
class NodeRegistration:
    """kubeadm's node registration on every machine of this infrastructure."""

    name: str = ""
    cri_socket: str = "unix:///var/run/containerd/containerd.sock"
    kubelet_extra_args: tuple[dict[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ClassParts:
    """The infrastructure's parts of a ClusterClass.

    Attributes:
        cluster: the template of the infrastructure cluster.
        control_plane_machine: the template of control-plane machines.
        worker_machine: the template of worker machines.
        node_registration: kubelet defaults that the infrastructure needs.
        cert_sans: names that the API server's certificate must be valid for, besides the user's.
        etcd_device: the device of the etcd disk on a control-plane machine; empty where the
            infrastructure has no separate disk for etcd.
        files: files of every machine, as of `KubeadmConfigSpec.files`.
        control_plane_files: more files, of control-plane machines only.
        pre_kubeadm_commands: shell commands of every machine, before kubeadm.
        shares_kernel: machines share the kernel of their host, so none of its settings is written
            for them, and the kubelet does not insist on any.
        kubelet_configuration: fields of the KubeletConfiguration that have to be otherwise.
        variables: ClusterClass variables of the infrastructure, `spec.variables[]`.
        patches: ClusterClass patches, `spec.patches[]`: those that put the standard variables of
            `components.cluster.variables` into the infrastructure's templates, and its own.
    """

    cluster: Template
    control_plane_machine: Template
    worker_machine: Template
    node_registration: NodeRegistration = NodeRegistration()
    cert_sans: tuple[str, ...] = ()
    etcd_device: str = ""
    files: tuple[dict[str, Any], ...] = ()
    control_plane_files: tuple[dict[str, Any], ...] = ()
    pre_kubeadm_commands: tuple[str, ...] = ()
    shares_kernel: bool = False
    kubelet_configuration: Mapping[str, Any] = field(default_factory=dict)
    variables: tuple[dict[str, Any], ...] = ()
    patches: tuple[dict[str, Any], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Provider:
    """The Cluster API provider of an infrastructure.

    Attributes:
        name: as Cluster API's operator and clusterctl know it, `aws`; the key in the catalog.
        namespace: where it runs.
        contract: the Cluster API contract that its API version keeps, `v1beta1` or `v1beta2`.
        feature_gates: switched on or off beside its defaults.
        config_secret: the Secret with its variables, in its namespace; empty where it needs none.
        variables: of its components, without secrets; they get a separate Secret.
        version: its release; those of this project's plug-ins are in the catalog.
        url: where its components are published, for one that Cluster API's operator does not know.
        on_control_plane: whether it runs on control-plane machines, whose role makes machines.
        prerequisites: the address of a manifest that has to be there before the provider, where
            neither clusterctl nor Cluster API's operator installs it; a name in braces stands for
            a version of the catalog's `providers`.
        controller: the build of its controller for the embedded plane; None where that can't run
            it.
    """

    name: str
    namespace: str
    contract: str
    feature_gates: Mapping[str, bool] = field(default_factory=dict)
    config_secret: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    url: str = ""
    on_control_plane: bool = False
    prerequisites: str = ""
    controller: Controller | None = None

    @property
    def release(self) -> str:
        """Its `version`, or that of the catalog."""
        return self.version or catalog().providers[self.name]


class Infrastructure(Settings):
    """The base of every infrastructure's settings, and the interface of a plug-in.

    A subclass sets `provider: Literal["<name>"]`, `SIZES` and `PROVIDER`, and gives `class_parts`;
    everything else has a default that says "nothing". Only `foundation` may import a cloud's SDK.
    """

    PROVIDER: ClassVar[Provider | None] = None
    """Its Cluster API provider; None where the embedded plane has it built in."""
    IN_CONTAINERS: ClassVar[bool] = False
    """Its machines are containers of Docker here, which only the embedded plane makes."""
    FAILURE_SIGNS: ClassVar[tuple[FailureSign, ...]] = ()
    """The signs of failures on its provider's objects, which `./caas diagnose` looks for."""
    SIZES: ClassVar[Mapping[str, str]] = {}
    """The infrastructure's machine type for each of `components.cluster.machine.SIZES`."""
    BALANCES_SERVICES: ClassVar[bool] = False
    """The cloud controller handles Services of `type: LoadBalancer`."""
    IDENTITY_OF_MACHINES: ClassVar[str] = ""
    """The infrastructure whose credentials machines of the control plane get from their cloud;
    empty where they get none."""
    IDENTITY_OF_PODS: ClassVar[str] = ""
    """The same of pods on workers, which may be further from the metadata service."""
    DATA: ClassVar[Path | None] = None
    """The folder with `machines.yaml` and `prices.yaml`; None where there are none."""

    provider: str
    machine_types: dict[str, TypeName] = Field(default_factory=dict)
    """Machine types for the sizes `small`, `medium`, `large`, `xlarge`, or sizes of your own."""
    prices: str | None = None
    """A file with your own prices, in the form of the one that comes with the infrastructure."""

    @property
    def name(self) -> str:
        """The name that a stack file uses, `in-memory`; the ClusterClass has it too."""
        return self.provider

    @property
    def is_simulated(self) -> bool:
        """True if its machines run no pods."""
        return self.PROVIDER is None and not self.IN_CONTAINERS

    @property
    def container_subnet(self) -> str:
        """The range of the network of its containers; empty where machines are none."""
        return ""

    @classmethod
    def releases(cls) -> Sequence[Release]:
        """The catalog's releases that its machines can have without further settings."""
        return catalog().releases

    @classmethod
    def questions(cls, management: str) -> Sequence[Question]:
        """The values that a new stack file needs; by default every setting without a default.

        Args:
            management: the name of the stack's own management cluster; empty where it has none.
        """
        return tuple(required(cls))

    @abstractmethod
    def class_parts(self) -> ClassParts:
        """The templates, variables and patches for the ClusterClass; no outputs in them."""

    def cluster_variables(self, cluster: Cluster) -> Mapping[str, Any]:
        """Values of the infrastructure's own variables for a cluster."""
        return {}

    def foundation(
        self,
        name: str,
        clusters: Sequence[Cluster],
        *,
        protect: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> Foundation | None:
        """Makes what Cluster API expects to exist; None where it needs nothing.

        Args:
            name: the stack's name, the first part of everything that is made.
            clusters: every cluster that will stand on it.
            protect: whether Pulumi refuses to delete what holds data.
            opts: of the component.
        """
        return None

    @contextmanager
    def packages(self) -> Iterator[None]:
        """Surrounds imports of the cloud's SDK, which only stacks that use it install.

        Raises CaasError INFRASTRUCTURE_PACKAGES_MISSING.
        """
        try:
            yield
        except ModuleNotFoundError as error:
            what = f"The Python package `{error.name}` of `{self.name}` is not installed"
            fix = (
                "Run `./caas preview` for this stack once, or `.venv/bin/python -m pip install "
                f"--no-deps -r requirements-{self.name}.txt`."
            )
            raise CaasError(INFRASTRUCTURE_PACKAGES_MISSING, what, fix=fix) from error

    def objects(self, namespace: str) -> Sequence[Manifest]:
        """Objects that clusters refer to, such as the provider's identities; never with secrets."""
        return ()

    def failure_domains(self) -> tuple[str, ...]:
        """The zones that the control plane is spread over; empty where they are not known."""
        return ()

    def lets_through(self, protocol: str, port: int) -> bool:
        """True if machines of a cluster can reach each other by a protocol at a port.

        Args:
            protocol: `TCP`, `UDP`, `ESP`, `IP-in-IP`.
            port: its number; 0 of protocols that have none.
        """
        return True

    def service_annotations(self, *, proxy_protocol: bool) -> Mapping[str, str]:
        """Annotations of a Service of `type: LoadBalancer` that the cloud controller reads.

        Args:
            proxy_protocol: whether the load balancer tells callers' addresses that way.
        """
        return {}

    def charts(self) -> Sequence[Chart]:
        """The cloud controller manager and the CSI driver that clusters here need."""
        return ()

    def cluster_volumes(self) -> Volumes:
        """The storage classes that `charts` make, and the drivers of them that take snapshots."""
        return Volumes()

    def filled_in(
        self, stack: str, cluster: str, version: Version, pods: Sequence[Cidr]
    ) -> Mapping[str, str]:
        """The values of the Go templates in the charts' values, for one cluster.

        A management cluster gets the charts before an add-on provider is there to fill them in.

        Args:
            stack: the stack's name.
            cluster: the name of the cluster.
            version: its Kubernetes version.
            pods: its ranges of pods.
        """
        return {CLUSTER_NAME: cluster}

    def image(self, version: Version) -> str:
        """The image that machines of a Kubernetes version start from, in the provider's words."""
        return ""

    def machine_type(self, name: str) -> str:
        """The infrastructure's own name of a machine type: sizes are looked up."""
        return {**self.SIZES, **self.machine_types}.get(name, name)

    def known_machine_types(self) -> Mapping[str, MachineType]:
        """The known machine types by name: their CPUs, memory, architecture."""
        return load_machine_types(self.DATA) if self.DATA else {}

    def price_list(self) -> PriceList | None:
        """The price list; the user's file takes precedence over the built-in one."""
        return load_prices(self.DATA, self.prices, self.price_region)

    @property
    def network_mtu(self) -> int | None:
        """The largest packet between machines, in bytes; None where it is not known."""
        return None

    @property
    def price_region(self) -> str:
        """The region whose prices count; empty where the infrastructure has none."""
        return ""

    def priced(self, clusters: Sequence[Cluster]) -> Sequence[Priced]:
        """The costs of the foundation other than machines, disks and load balancers: NAT,
        addresses."""
        return ()

    def check(self, clusters: Sequence[Placed]) -> Iterator[Finding]:
        """The problems that only this infrastructure can detect; paths begin at the stack's
        settings.

        Args:
            clusters: with their places in the settings.
        """
        yield from ()
