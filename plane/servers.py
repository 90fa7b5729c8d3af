"""The processes of the embedded plane: what each one is run with, as a table.

`always` is what the plane needs to work; `tuned` is what makes it fast on a small machine, and is
left out with `Plane(…, tuned=False)` to measure against. Words in braces are filled in from the
plane: `{address}`, `{ports[…]}`, and the folders `{pki}` and `{data}`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from plane.binaries.providers import controller
from plane.containers import VARIABLES, environment
from plane.pki import Leaf, provider_leaves
from plane.process import ProcessSpec

if TYPE_CHECKING:
    from components.infrastructure.interface import Provider
    from plane.binaries import Binaries


@dataclass(frozen=True, slots=True)
class Server:
    """One process of the plane.

    Attributes:
        name: its name; with underscores it is the binary's field in `Binaries`.
        serves: the name of its main port.
        ports: the port it prefers, by name.
        always: its flags.
        tuned: more flags, for speed.
        disposable: more flags, for data that may be lost with the machine's power.
        environment: its environment.
        inherited: what it gets of the user's environment, by the beginning of the names.
        credentials: which of it are credentials, in the same way.
        provider: the infrastructure provider whose controller it is, `aws`.
    """

    name: str
    serves: str
    ports: Mapping[str, int]
    always: tuple[str, ...]
    tuned: tuple[str, ...] = ()
    disposable: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    inherited: tuple[str, ...] = ()
    credentials: tuple[str, ...] = ()
    provider: str = ""


@dataclass(frozen=True, slots=True)
class PlaneSite:
    """The folder and the addresses of a plane.

    Attributes:
        directory: the plane's folder.
        address: its loopback address.
        ports: port by name.
        disposable: whether etcd may skip fsync.
        tuned: whether the flags for speed are given.
        providers: the infrastructure providers whose controllers run.
        containers: whether machines may be containers of Docker.
    """

    directory: Path
    address: str
    ports: Mapping[str, int]
    disposable: bool = True
    tuned: bool = True
    providers: tuple[Provider, ...] = ()
    containers: bool = False

    @property
    def managers(self) -> tuple[Server, ...]:
        """Cluster API's managers and the providers' controllers: what has webhooks."""
        own = map(_in_containers, MANAGERS) if self.containers else MANAGERS
        return (*own, *provider_managers(self.providers))

    @property
    def components(self) -> tuple[Server, ...]:
        """Every process, in the order of starting."""
        return (*SERVERS, *self.managers)

    @property
    def clients(self) -> tuple[Server, ...]:
        """The servers that use separate kubeconfigs."""
        return (KUBE_CONTROLLER_MANAGER, *self.managers)

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """Certificates beside those of every plane."""
        return provider_leaves(each.name for each in provider_managers(self.providers))

    @property
    def pki(self) -> Path:
        """The folder of certificates and keys."""
        return self.directory / "pki"

    @property
    def server(self) -> str:
        """The API server's URL."""
        return f"https://{self.address}:{self.ports['kube-apiserver']}"

    @property
    def database(self) -> str:
        """The URL of etcd."""
        return f"https://{self.address}:{self.ports['etcd']}"

    def log(self, name: str) -> Path:
        """The log of a process."""
        return self.directory / "logs" / f"{name}.log"


ETCD = Server(
    "etcd",
    serves="etcd",
    ports={"etcd": 2379, "etcd-peer": 2380},
    always=(
        "--name=plane",
        "--data-dir={data}",
        "--listen-client-urls=https://{address}:{ports[etcd]}",
        "--advertise-client-urls=https://{address}:{ports[etcd]}",
        "--client-cert-auth",
        "--trusted-ca-file={pki}/ca.crt",
        "--cert-file={pki}/etcd.crt",
        "--key-file={pki}/etcd.key",
        "--listen-peer-urls=https://{address}:{ports[etcd-peer]}",
        "--initial-advertise-peer-urls=https://{address}:{ports[etcd-peer]}",
        "--initial-cluster=plane=https://{address}:{ports[etcd-peer]}",
        "--peer-client-cert-auth",
        "--peer-trusted-ca-file={pki}/ca.crt",
        "--peer-cert-file={pki}/etcd.crt",
        "--peer-key-file={pki}/etcd.key",
        "--quota-backend-bytes=8589934592",
        "--log-level=warn",
    ),
    disposable=("--unsafe-no-fsync",),
)

KUBE_APISERVER = Server(
    "kube-apiserver",
    serves="kube-apiserver",
    ports={"kube-apiserver": 6443},
    always=(
        "--etcd-servers=https://{address}:{ports[etcd]}",
        "--etcd-cafile={pki}/ca.crt",
        "--etcd-certfile={pki}/etcd-client.crt",
        "--etcd-keyfile={pki}/etcd-client.key",
        "--bind-address={address}",
        "--secure-port={ports[kube-apiserver]}",
        "--tls-cert-file={pki}/kube-apiserver.crt",
        "--tls-private-key-file={pki}/kube-apiserver.key",
        "--client-ca-file={pki}/ca.crt",
        "--anonymous-auth=false",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-account-key-file={pki}/service-account.pub",
        "--service-account-signing-key-file={pki}/service-account.key",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--allow-privileged=true",
        # A loopback address can't be an endpoint, and no client uses a Service for this server.
        "--endpoint-reconciler-type=none",
        # Without it the address of the default route is taken, and a computer may have none. With
        # the reconciler off it is published nowhere: one of RFC 5737, for documentation.
        "--advertise-address=192.0.2.1",
        "--shutdown-delay-duration=0s",
        "--profiling=false",
    ),
    tuned=(
        # One user and a handful of controllers: no fair queuing, only a high bound.
        "--enable-priority-and-fairness=false",
        "--max-requests-inflight=2000",
        "--max-mutating-requests-inflight=1000",
        "--event-ttl=30m",
        "--etcd-count-metric-poll-period=0",
        # What these look after (nodes, volumes) does not exist in the plane.
        "--disable-admission-plugins=TaintNodesByCondition,StorageObjectInUseProtection,"
        "PersistentVolumeClaimResize,DefaultStorageClass,RuntimeClass",
    ),
)

KUBE_CONTROLLER_MANAGER = Server(
    "kube-controller-manager",
    serves="kube-controller-manager",
    ports={"kube-controller-manager": 10257},
    always=(
        "--kubeconfig={pki}/kube-controller-manager.kubeconfig",
        "--bind-address={address}",
        "--secure-port={ports[kube-controller-manager]}",
        "--tls-cert-file={pki}/kube-controller-manager.crt",
        "--tls-private-key-file={pki}/kube-controller-manager.key",
        "--use-service-account-credentials=true",
        "--service-account-private-key-file={pki}/service-account.key",
        "--leader-elect=false",
        "--profiling=false",
        "--controllers=garbage-collector-controller,namespace-controller,"
        "serviceaccount-controller,serviceaccount-token-controller",
    ),
    tuned=("--kube-api-qps=500", "--kube-api-burst=1000"),
)


# Where webhooks and simulated API servers listen.
LISTENS = {"POD_IP": "{address}"}


def _controller_flags(name: str, gates: str) -> tuple[str, ...]:
    """The common flags of managers; each has a webhook port and a health port."""
    return (
        f"--kubeconfig={{pki}}/{name}.kubeconfig",
        f"--webhook-port={{ports[{name}-webhook]}}",
        "--webhook-cert-dir={pki}",
        f"--health-addr={{address}}:{{ports[{name}-health]}}",
        "--diagnostics-address=0",
        "--leader-elect=false",
        f"--feature-gates={gates}",
    )


def _controller_ports(name: str, first: int) -> dict[str, int]:
    return {f"{name}-webhook": first, f"{name}-health": first + 1}


def _manager(
    name: str, first_port: int, gates: str, *flags: str, tuned: tuple[str, ...] = ()
) -> Server:
    """One of Cluster API's managers."""
    return Server(
        name,
        serves=f"{name}-webhook",
        ports=_controller_ports(name, first_port),
        always=(
            *_controller_flags(name, gates),
            "--webhook-cert-name=webhook.crt",
            "--webhook-key-name=webhook.key",
            *flags,
        ),
        tuned=(
            "--kube-api-qps=1000",
            "--kube-api-burst=2000",
            "--clustercache-client-qps=200",
            "--clustercache-client-burst=400",
            *tuned,
        ),
        environment=LISTENS,
    )


MACHINES = "in-memory-manager"
"""The manager of simulated machines, and of those in containers."""
MANAGERS = (
    _manager(
        "core-manager",
        9440,
        "ClusterTopology=true,MachinePool=false",
        "--additional-sync-machine-labels=.*",
    ),
    _manager("bootstrap-manager", 9450, "MachinePool=false"),
    _manager("control-plane-manager", 9460, "ClusterTopology=true,MachinePool=false"),
    _manager(MACHINES, 9470, "ClusterTopology=true,MachinePool=false"),
)

SERVERS = (ETCD, KUBE_APISERVER, KUBE_CONTROLLER_MANAGER)
COMPONENTS = (*SERVERS, *MANAGERS)
FIRST_PROVIDER_PORT = 9480


def preferred_ports(components: Iterable[Server]) -> dict[str, int]:
    """The ports that these would like, by name."""
    return {name: port for each in components for name, port in each.ports.items()}


def _in_containers(manager: Server) -> Server:
    """The manager of machines with the way to Docker, any other as it is."""
    if manager.name != MACHINES:
        return manager
    # As with credentials: a run that is given no other Docker leaves the process alone.
    return replace(manager, inherited=VARIABLES, credentials=VARIABLES)


def provider_managers(providers: Sequence[Provider]) -> tuple[Server, ...]:
    """The controllers of infrastructure providers; CAAS-2120 for one that can't run here.

    They serve only the kinds that the plane has, so its own feature gates go
    before the stack's.
    """
    return tuple(
        _provider_manager(provider, FIRST_PROVIDER_PORT + 10 * index)
        for index, provider in enumerate(providers)
    )


def _provider_manager(provider: Provider, first_port: int) -> Server:
    made = controller(provider)
    name = f"{provider.name}-manager"
    gates = {**provider.feature_gates, **made.gates}
    words = ",".join(f"{gate}={str(on).lower()}" for gate, on in sorted(gates.items()))
    return Server(
        name,
        serves=f"{name}-webhook",
        ports=_controller_ports(name, first_port),
        always=_controller_flags(name, words),
        environment=LISTENS,
        inherited=made.environment,
        credentials=made.credentials,
        provider=provider.name,
    )


def programs(site: PlaneSite, binaries: Binaries) -> dict[str, ProcessSpec]:
    """The programs of a site by name, in start order."""
    return {each.name: _program(each, site, binaries) for each in site.components}


def suits(wanted: str, running: str) -> bool:
    """True if a process with the fingerprint `running` can stay.

    A run without credentials in its environment (a preview, a look at the state) leaves the
    process alone that an earlier run gave some.
    """
    return wanted == running or wanted == without_inherited(running)


def without_inherited(fingerprint: str) -> str:
    """The part of a fingerprint that the user's environment has no influence on."""
    return fingerprint.partition(INHERITED)[0]


def _program(component: Server, site: PlaneSite, binaries: Binaries) -> ProcessSpec:
    binary = _binary(component, binaries)
    templates = component.always
    templates += component.tuned if site.tuned else ()
    templates += component.disposable if site.disposable else ()
    words = {
        "address": site.address,
        "ports": site.ports,
        "pki": site.pki,
        "data": site.directory / "etcd",
    }
    flags = tuple(template.format_map(words) for template in templates)
    own = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(site.directory),
        **{key: value.format_map(words) for key, value in component.environment.items()},
    }
    inherited = _inherited(component.inherited)
    if site.containers and component.inherited == VARIABLES:
        inherited = environment()  # the user's context of Docker too
    fingerprint = _fingerprint(binary, flags, own, site.pki)
    if any(key.startswith(component.credentials) for key in inherited):
        digest = hashlib.sha256(json.dumps(sorted(inherited.items())).encode()).hexdigest()
        fingerprint = f"{fingerprint}{INHERITED}{digest}"
    return ProcessSpec(
        component.name,
        (str(binary), *flags),
        {**own, **_inherited(GO_RUNTIME), **inherited},
        fingerprint,
        site.ports[component.serves],
    )


INHERITED = "+"
GO_RUNTIME = ("GOGC", "GOMEMLIMIT")
"""Settings of Go's garbage collector, which every process takes from the user's environment."""


def _inherited(beginnings: tuple[str, ...]) -> dict[str, str]:
    """The variables of the user's environment whose names begin so."""
    return {key: value for key, value in os.environ.items() if key.startswith(beginnings)}


def _binary(component: Server, binaries: Binaries) -> Path:
    if component.provider:
        return binaries.providers[component.provider].manager
    binary: Path = getattr(binaries, component.name.replace("-", "_"))
    return binary


def _fingerprint(
    binary: Path, flags: tuple[str, ...], environment: Mapping[str, str], pki: Path
) -> str:
    """Changes with the binary, the flags and the certificates they name."""
    status = binary.stat()
    named = [Path(flag.partition("=")[2]) for flag in flags if flag.partition("=")[2]]
    files = [path for path in named if path.parent == pki and path.is_file()]
    content = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    facts = [str(binary), status.st_size, status.st_mtime_ns, flags, dict(environment), content]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
