"""The kubelet of every machine, hardened: its configuration, and what a group changes of it.

Source: CIS Kubernetes Benchmark, section 4.2. The configuration is a kubeadm patch; flags, which a
group's own settings and extra arguments become, win over it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from components.cluster.host_files import HostFile, as_yaml, host_file
from components.cluster.settings import KubeletOptions

if TYPE_CHECKING:
    from components.infrastructure.interface import ClassParts

PATCHES_DIRECTORY = "/etc/kubernetes/patches"
SYSCTLS = "/etc/sysctl.d/90-kubelet.conf"
CIPHERS = (
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
)
"""Of TLS 1.2, those with forward secrecy and authenticated encryption; 1.3 has no others."""
TLS_MIN_VERSION = "VersionTLS12"

# What `protectKernelDefaults` demands: pkg/kubelet/cm/container_manager_linux.go of Kubernetes.
KERNEL = {
    "vm.overcommit_memory": 1,
    "vm.panic_on_oom": 0,
    "kernel.panic": 10,
    "kernel.panic_on_oops": 1,
    "kernel.keys.root_maxkeys": 1000000,
    "kernel.keys.root_maxbytes": 25000000,
}


def configuration(parts: ClassParts) -> dict[str, Any]:
    """The parts of a KubeletConfiguration that kubeadm leaves open."""
    standard = KubeletOptions()
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "readOnlyPort": 0,
        "streamingConnectionIdleTimeout": str(standard.streaming_idle_timeout),
        "makeIPTablesUtilChains": True,
        "eventRecordQPS": standard.event_record_qps,
        "rotateCertificates": True,
        # Serving certificates signed by the cluster need an approver of the requests.
        "serverTLSBootstrap": standard.server_tls_bootstrap,
        "protectKernelDefaults": standard.protect_kernel_defaults and not parts.shares_kernel,
        "seccompDefault": standard.seccomp_default,
        "podPidsLimit": standard.pod_pids_limit,
        "tlsMinVersion": TLS_MIN_VERSION,
        "tlsCipherSuites": list(CIPHERS),
        **parts.kubelet_configuration,
    }


def files(parts: ClassParts) -> list[HostFile]:
    """The files of every machine: the patch of the configuration, and the kernel settings."""
    patch = f"{PATCHES_DIRECTORY}/kubeletconfiguration0+merge.yaml"
    found = [host_file(patch, as_yaml(configuration(parts)))]
    if not parts.shares_kernel:
        sysctls = "".join(f"{name} = {value}\n" for name, value in KERNEL.items())
        found.append(host_file(SYSCTLS, sysctls, "0644"))
    return found


def commands(parts: ClassParts) -> list[str]:
    """The commands of every machine before kubeadm."""
    return [] if parts.shares_kernel else [f"sysctl --load={SYSCTLS}"]


def arguments(settings: KubeletOptions) -> dict[str, str]:
    """The flags for what a group wants otherwise than the configuration has it."""
    standard = KubeletOptions()
    flags = {
        "streaming-connection-idle-timeout": (
            settings.streaming_idle_timeout,
            standard.streaming_idle_timeout,
        ),
        "event-qps": (settings.event_record_qps, standard.event_record_qps),
        "rotate-server-certificates": (
            settings.server_tls_bootstrap,
            standard.server_tls_bootstrap,
        ),
        "protect-kernel-defaults": (
            settings.protect_kernel_defaults,
            standard.protect_kernel_defaults,
        ),
        "seccomp-default": (settings.seccomp_default, standard.seccomp_default),
        "pod-max-pids": (settings.pod_pids_limit, standard.pod_pids_limit),
    }
    return {name: str(wanted).lower() for name, (wanted, usual) in flags.items() if wanted != usual}
