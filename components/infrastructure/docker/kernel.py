"""The kernel of the host, which nodes in containers share and must not change.

A kubelet writes five of its settings while it starts, unless they are as it wants them; with
`protectKernelDefaults` it refuses to start instead. Here it finds copies: a mount namespace in
which files with the wanted values lie over those of /proc/sys. Only /proc is private there: the
volumes of pods, which the kubelet mounts, are seen by the rest of the node as always.
"""

from __future__ import annotations

from typing import Any

from components.cluster.host_files import HostFile, host_file
from components.cluster.kubelet import KERNEL

_WRAPPER = "/usr/local/sbin/caas-kubelet"
_DROP_IN = "/etc/systemd/system/kubelet.service.d/90-caas-kernel.conf"
_SETTINGS = "\n".join(f"{name} {value}" for name, value in KERNEL.items())
_SCRIPT = f"""\
#!/bin/sh
# Runs a program that finds copies of kernel settings in place of those of the host.
set -eu
copies=/run/caas-kernel
mkdir -p "$copies"
mount --make-private /proc
while read -r name value; do
  setting=/proc/sys/$(echo "$name" | tr . /)
  [ -e "$setting" ] || continue
  echo "$value" > "$copies/$name"
  mount --bind "$copies/$name" "$setting"
done <<END
{_SETTINGS}
END
exec "$@"
"""
# The arguments are those of kubeadm's own drop-in, which kind's images have.
_UNIT = f"""\
[Service]
ExecStart=
ExecStart=/usr/bin/unshare --mount --propagation unchanged {_WRAPPER} /usr/bin/kubelet \
$KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
"""

FILES: tuple[HostFile, ...] = (
    host_file(_WRAPPER, _SCRIPT, "0755"),
    host_file(_DROP_IN, _UNIT, "0644"),
)
COMMANDS = ("systemctl daemon-reload",)

KUBELET: dict[str, Any] = {
    # Hosts with version 1 of cgroups are refused by default since Kubernetes 1.35.
    "failCgroupV1": False,
    # The disk is the host's: pods and images are not removed because it is nearly full.
    "imageGCHighThresholdPercent": 100,
    "evictionHard": dict.fromkeys(
        ("nodefs.available", "nodefs.inodesFree", "imagefs.available"), "0%"
    ),
}
"""The configuration of a kubelet in a container; the last two fields are as kind has them."""
