"""Extra arguments: what kubeadm and caas set themselves, and what makes a cluster insecure.

What kubeadm sets is in cmd/kubeadm/app/phases/controlplane/manifests.go of Kubernetes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from components.cluster.settings import Cluster, ExtraArg, KubeletOptions
from components.finding import Finding
from errors import stack_rules

CERTIFICATES = "kubeadm makes the certificates and keys"
KUBECONFIGS = "kubeadm writes the kubeconfigs"
ETCD = "kubeadm connects the API server with its own etcd"
ADDRESSES = "kubeadm sets the addresses of each machine"
NETWORK = "`network` of the cluster sets it"
ELECTION = "several control-plane machines need one leader"
FRONT_PROXY = "kubeadm sets up the aggregation layer"
CLOUD = "the infrastructure of the stack sets it"
LOGIN = "`controlPlane.authentication` sets it"


def _words(value: str) -> set[str]:
    return {word.strip() for word in value.split(",")}


def _is_true(value: str) -> bool:
    return value.strip().lower() in ("true", "1", "t", "")


def _is_false(value: str) -> bool:
    return value.strip().lower() in ("false", "0", "f")


def _allows_all(value: str) -> bool:
    return "AlwaysAllow" in _words(value)


def _lacks_rbac(value: str) -> bool:
    return _allows_all(value) or not {"Node", "RBAC"} <= _words(value)


def _opens_port(value: str) -> bool:
    return value.strip() != "0"


def _always(_value: str) -> bool:
    return True


Insecure = dict[str, tuple[Callable[[str], bool], str]]
_OLD_TLS: Insecure = {
    "tls-min-version": (
        lambda value: value in ("VersionTLS10", "VersionTLS11"),
        "TLS before 1.2 is broken",
    )
}
_ANONYMOUS: Insecure = {
    "anonymous-auth": (_is_true, "requests without authentication are accepted")
}


@dataclass(frozen=True)
class _Component:
    owned: dict[str, str] = field(default_factory=dict)
    insecure: Insecure = field(default_factory=dict)


def _all(reason: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), reason)


API_SERVER = _Component(
    owned=_all(
        CERTIFICATES,
        "client-ca-file tls-cert-file tls-private-key-file cert-dir kubelet-client-certificate "
        "kubelet-client-key kubelet-certificate-authority service-account-key-file "
        "service-account-signing-key-file",
    )
    | _all(ETCD, "etcd-servers etcd-cafile etcd-certfile etcd-keyfile etcd-prefix")
    | _all(ADDRESSES, "advertise-address bind-address secure-port")
    | _all(NETWORK, "service-cluster-ip-range")
    | _all(
        FRONT_PROXY,
        "requestheader-username-headers requestheader-group-headers "
        "requestheader-extra-headers-prefix requestheader-client-ca-file "
        "requestheader-allowed-names proxy-client-cert-file proxy-client-key-file",
    )
    | _all("machines join with bootstrap tokens", "enable-bootstrap-token-auth")
    | _all("kube-proxy and the network add-on need it", "allow-privileged")
    # With a configuration file the API server refuses each of these.
    | _all(
        LOGIN,
        "authentication-config anonymous-auth oidc-issuer-url oidc-client-id oidc-username-claim "
        "oidc-username-prefix oidc-groups-claim oidc-groups-prefix oidc-required-claim "
        "oidc-ca-file oidc-signing-algs",
    )
    | _all("`controlPlane.encryption` sets it", "encryption-provider-config")
    | _all("`controlPlane.audit` sets it", "audit-policy-file audit-log-path")
    | _all("`controlPlane.admission` sets it", "admission-control-config-file")
    | _all(CLOUD, "cloud-provider cloud-config"),
    insecure=_OLD_TLS
    | {
        "authorization-mode": (_lacks_rbac, "without Node and RBAC anyone may do anything"),
        "insecure-port": (_opens_port, "it serves the API without authentication"),
        "insecure-bind-address": (_always, "it serves the API without authentication"),
        "token-auth-file": (_always, "tokens in a file never expire and cannot be revoked"),
        "basic-auth-file": (_always, "passwords in a file never expire"),
        "service-account-lookup": (_is_false, "tokens of deleted service accounts stay valid"),
        "disable-admission-plugins": (
            lambda value: bool(
                _words(value) & {"NodeRestriction", "PodSecurity", "ServiceAccount"}
            ),
            "it switches off a plugin that protects the cluster",
        ),
        "enable-admission-plugins": (
            lambda value: "AlwaysAdmit" in _words(value) or "NodeRestriction" not in _words(value),
            "it replaces kubeadm's list, so it must name NodeRestriction",
        ),
    },
)
_CLIENT = _all(KUBECONFIGS, "kubeconfig authentication-kubeconfig authorization-kubeconfig") | _all(
    ELECTION, "leader-elect"
)
CONTROLLER_MANAGER = _Component(
    owned=_CLIENT
    | _all(
        CERTIFICATES,
        "client-ca-file requestheader-client-ca-file root-ca-file cluster-signing-cert-file "
        "cluster-signing-key-file service-account-private-key-file",
    )
    | _all(NETWORK, "cluster-cidr service-cluster-ip-range")
    | _all("Cluster API sets it", "cluster-name")
    | _all(CLOUD, "cloud-provider cloud-config"),
    insecure=_OLD_TLS
    | {
        "use-service-account-credentials": (
            _is_false,
            "all controllers would share the rights of one",
        )
    },
)
SCHEDULER = _Component(owned=_CLIENT, insecure=_OLD_TLS)
KUBELET = _Component(
    owned=_all(KUBECONFIGS, "kubeconfig bootstrap-kubeconfig config")
    | _all(CERTIFICATES, "client-ca-file tls-cert-file tls-private-key-file cert-dir")
    | _all("`labels` of the machines sets it", "node-labels")
    | _all("`taints` of the machines sets it", "register-with-taints")
    | _all("Cluster API finds the node by its name", "hostname-override provider-id")
    | _all("the machine image sets it", "container-runtime-endpoint")
    | _all(CLOUD, "cloud-provider cloud-config"),
    insecure=_OLD_TLS
    | _ANONYMOUS
    | {
        "authorization-mode": (_allows_all, "anyone may run commands in every pod"),
        "read-only-port": (_opens_port, "it serves pods and their settings to anyone"),
        "rotate-certificates": (_is_false, "the machine drops out when its certificate expires"),
    },
)
PROGRAMS = {
    "kube-apiserver": API_SERVER,
    "kube-controller-manager": CONTROLLER_MANAGER,
    "kube-scheduler": SCHEDULER,
    "kubelet": KUBELET,
}
"""The flags of each program that a stack file may not set."""


def check(cluster: Cluster) -> Iterator[Finding]:
    """OWNED_ARGUMENT, INSECURE_ARGUMENT and DUPLICATE_ARGUMENT."""
    kubeadm = cluster.control_plane.kubeadm
    for component, options, name in (
        (API_SERVER, kubeadm.api_server, "apiServer"),
        (CONTROLLER_MANAGER, kubeadm.controller_manager, "controllerManager"),
        (SCHEDULER, kubeadm.scheduler, "scheduler"),
    ):
        for finding in _arguments(component, options.extra_args):
            yield finding.below("controlPlane", "kubeadm", name, "extraArgs")
    yield from _kubelet(cluster.control_plane.kubelet, "controlPlane")
    for index, pool in enumerate(cluster.worker_pools):
        yield from _kubelet(pool.kubelet, "workerPools", index)


def _kubelet(options: KubeletOptions, *group: str | int) -> Iterator[Finding]:
    for finding in _arguments(KUBELET, options.extra_args):
        yield finding.below(*group, "kubelet", "extraArgs")


def _arguments(component: _Component, arguments: Sequence[ExtraArg]) -> Iterator[Finding]:
    seen = set()
    for index, argument in enumerate(arguments):
        name, value = argument.name, argument.value
        if name in seen:
            what = f"the argument `{name}` is written twice"
            yield Finding(stack_rules.DUPLICATE_ARGUMENT, (index, "name"), what)
        seen.add(name)
        if name in component.owned:
            what = f"the argument `{name}` may not be set"
            path, why = (index, "name"), component.owned[name]
            yield Finding(stack_rules.OWNED_ARGUMENT, path, what, why)
        insecure, why = component.insecure.get(name, (None, ""))
        if insecure and insecure(value):
            what = f"the argument `{name}={value[:60]}` makes the cluster insecure"
            yield Finding(stack_rules.INSECURE_ARGUMENT, (index, "value"), what, why)
