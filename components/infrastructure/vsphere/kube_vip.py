"""kube-vip as a static pod: it holds the address of the Kubernetes API on a control-plane machine.

Source of the shapes: `templates/cluster-template.yaml` of cluster-api-provider-vsphere. A static
pod reads no ConfigMap or Secret (Kubernetes 1.37 refuses it), so everything is in its manifest.
"""

from __future__ import annotations

from typing import Any

import yaml

from catalog import catalog

MANIFEST = "/etc/kubernetes/manifests/kube-vip.yaml"
HOSTS = "/etc/kube-vip.hosts"
PREPARE = "/etc/caas/kube-vip-prepare.sh"
ADMIN = "/etc/kubernetes/admin.conf"
SUPER_ADMIN = "/etc/kubernetes/super-admin.conf"

# On the first machine admin.conf gets its rights only after kubeadm reached the API through the
# very address that kube-vip is to hold; super-admin.conf has them from the start.
_PREPARE_SCRIPT = f"""#!/bin/sh
set -e
if [ -f {MANIFEST} ] && [ -f /run/kubeadm/kubeadm.yaml ]; then
  sed -i 's#path: {ADMIN}#path: {SUPER_ADMIN}#' {MANIFEST}
fi
"""

FILES: tuple[dict[str, Any], ...] = (
    {
        # The pod resolves `kubernetes`, a name of the API server's certificate, to its own machine.
        "path": HOSTS,
        "owner": "root:root",
        "permissions": "0644",
        "content": "127.0.0.1 localhost kubernetes\n",
    },
    {
        "path": PREPARE,
        "owner": "root:root",
        "permissions": "0700",
        "content": _PREPARE_SCRIPT,
    },
)

COMMAND = f"if [ -f {PREPARE} ]; then sh {PREPARE}; fi"
"""Runs before kubeadm."""


def manifest_template(interface: str) -> str:
    """The Go template of the file with the static pod; the address comes from `endpoint`.

    Args:
        interface: the network interface that holds the address; empty for the default route's.
    """
    pod = yaml.safe_dump(_pod(interface), sort_keys=False)
    lines = "".join(f"  {line}\n" for line in pod.splitlines())
    head = f'path: {MANIFEST}\nowner: root:root\npermissions: "0600"\ncontent: |\n'
    return head + lines


def _pod(interface: str) -> dict[str, Any]:
    settings = {
        "vip_arp": "true",
        "port": "6443",
        "vip_interface": interface,
        "vip_subnet": "32",
        "cp_enable": "true",
        "cp_namespace": "kube-system",
        "svc_enable": "false",
        "vip_leaderelection": "true",
        "vip_leasename": "plndr-cp-lock",
        "vip_leaseduration": "15",
        "vip_renewdeadline": "10",
        "vip_retryperiod": "2",
        "address": "{{ .endpoint.host }}",
        "prometheus_server": "127.0.0.1:2112",
    }
    container = {
        "name": "kube-vip",
        "image": catalog().images["kube-vip"],
        "imagePullPolicy": "IfNotPresent",
        "args": ["manager"],
        "env": [{"name": name, "value": value} for name, value in settings.items()],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]},
        },
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
        "volumeMounts": [
            {"name": "kubeconfig", "mountPath": ADMIN, "readOnly": True},
            {"name": "hosts", "mountPath": "/etc/hosts", "readOnly": True},
        ],
    }
    volumes = [
        {"name": "kubeconfig", "hostPath": {"path": ADMIN, "type": "FileOrCreate"}},
        {"name": "hosts", "hostPath": {"path": HOSTS, "type": "File"}},
    ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "kube-vip", "namespace": "kube-system"},
        "spec": {
            "priorityClassName": "system-node-critical",
            "hostNetwork": True,
            "containers": [container],
            "volumes": volumes,
        },
    }
