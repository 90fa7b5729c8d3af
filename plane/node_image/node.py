"""The file system of a node: Debian, the files of kind, and the programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from plane.binaries.adapted import Replacement, edited
from plane.node_image.archive import Layer, layer
from plane.node_image.debian import Steps
from plane.node_image.recipes import KIND

PACKAGES = (
    *("systemd", "conntrack", "iptables", "nftables", "iproute2", "ethtool", "util-linux", "mount"),
    *("kmod", "libseccomp2", "e2fsprogs", "bash", "ca-certificates", "curl", "jq", "procps"),
    *("runc", "socat", "ebtables"),
)
FILES = "images/base/files"
ENTRY = ["/usr/local/bin/entrypoint", "/sbin/init"]
STOP_SIGNAL = "SIGRTMIN+3"
"""The signal at which systemd stops."""
PLACES = {
    "/usr/local/bin": ("containerd", "ctr", "containerd-shim-runc-v2", "crictl"),
    "/usr/bin": ("kubelet", "kubeadm", "kubectl"),
    "/opt/cni/bin": ("bridge", "ptp", "loopback", "host-local", "portmap"),
}
ENTRYPOINT = "usr/local/bin/entrypoint"
CONTAINERD = "etc/containerd/config.toml"
SPEC = "/etc/containerd/cri-base.json"
PRODUCT_FILES = "/kind/bin/mount-product-files.sh"
# systemd would mount the version 1 controllers that the host knows and has not mounted, outside
# the container's own part of them. `undo-mount-hacks.service` of kind takes the copy away again.
_GUARD = """\
    # caas: hide the controllers that are not mounted here
    awk 'NR == 1 || system("test -d /sys/fs/cgroup/" $1) == 0' /proc/cgroups >/kind/mounted-cgroups
    if ! cmp -s /proc/cgroups /kind/mounted-cgroups; then
      umount /proc/cgroups 2>/dev/null || true
      mount --bind /kind/mounted-cgroups /proc/cgroups
    fi
"""
_BEFORE_GUARD = """\
    log_info 'detected cgroupns'
    # we don't need or want the misc controller, see comments on this function
    remove_misc_controller
"""
_FINISH = """\
#!/bin/sh
# What the Dockerfile of kind's base image does after its packages are installed.
set -eu
cd "$1"
find lib/systemd/system/sysinit.target.wants/ -name systemd-tmpfiles-setup.service -delete
rm -f lib/systemd/system/multi-user.target.wants/* etc/systemd/system/*.wants/*
rm -f lib/systemd/system/local-fs.target.wants/* lib/systemd/system/basic.target.wants/*
cd lib/systemd/system/sockets.target.wants && rm -f *udev* *initctl* && cd "$1"
# They set what the kernel has once, for the host as well.
rm -f usr/lib/sysctl.d/50-pid-max.conf usr/lib/sysctl.d/99-protect-links.conf
rm -f etc/sysctl.d/99-sysctl.conf
echo ReadKMsg=no >> etc/systemd/journald.conf
ln -sf /usr/lib/systemd/systemd sbin/init
chroot . systemctl enable kubelet.service containerd.service undo-mount-hacks.service
chroot . systemctl mask systemd-binfmt.service
"""


def changes(pause: str) -> Mapping[str, tuple[Replacement, ...]]:
    """Changes of files of kind, by file; `pause` is the image that pods are held by."""

    def change(file: str, old: str, new: str) -> Replacement:
        return Replacement(KIND, f"{FILES}/{file}", old, new)

    held = 'sandbox_image = "registry.k8s.io/pause:'
    adjusted = "restrict_oom_score_adj = "
    return {
        ENTRYPOINT: (change(ENTRYPOINT, _BEFORE_GUARD, _BEFORE_GUARD + _GUARD),),
        CONTAINERD: (
            change(CONTAINERD, f'{held}3.10"', f'sandbox_image = "{pause}"'),
            # Where containers may not have CAP_SYS_RESOURCE, no score can be lowered.
            change(CONTAINERD, f"{adjusted}false", f"{adjusted}true"),
        ),
    }


def file_system(
    steps: Steps, kind: Path, programs: Mapping[str, Path], images: Sequence[Path], pause: str
) -> tuple[Path, Path]:
    """The layers of a node: the system with the files of kind, and what its release brings.

    Args:
        steps: where to work.
        kind: the source of kind.
        programs: by name.
        images: the folders of /var/lib/containerd.
        pause: the image that pods are held by.
    """
    base, finish = steps.work / "kind.tar", steps.work / "finish.sh"
    with layer(base) as files:
        _add_kind(files, kind / FILES, pause)
        # kubeadm looks for it before a network of pods sets it.
        files.add("/etc/sysctl.d/20-node.conf", b"net.ipv4.ip_forward=1\n")
        files.folder("/etc/kubernetes/manifests")
    finish.write_text(_FINISH)
    finish.chmod(0o755)
    hooks = (f"--customize-hook=tar-in {base} /", f"--customize-hook={finish}")
    system = steps.debian("node", PACKAGES, *hooks, variant="minbase", inputs=(base, finish))
    own = steps.work / "node-files.tar"
    with layer(own) as files:
        spec = json.loads(steps.run("spec", str(programs["ctr"]), "oci", "spec"))
        files.add(SPEC, json.dumps(_base_spec(spec)).encode())
        for folder, names in PLACES.items():
            for name in names:
                files.add(f"{folder}/{name}", programs[name], 0o755)
        for each in images:
            files.tree(each, f"/var/lib/containerd/{each.name}")
    return system, own


def _add_kind(files: Layer, source: Path, pause: str) -> None:
    changed = changes(pause)
    for path in sorted(source.rglob("*")):
        name = str(path.relative_to(source))
        if not path.is_file() or name.startswith("LICENSES") or name.endswith("clean-install"):
            continue
        text = path.read_text()
        for change in changed.get(name, ()):
            text = edited(text, change)
        executable = name.startswith(("kind/bin/", "usr/local/bin/"))
        files.add(f"/{name}", text.encode(), 0o755 if executable else 0o644)


def _base_spec(spec: dict[str, object]) -> dict[str, object]:
    """The start of containers of pods: with the hook of kind, and without limits on resources."""
    process = spec["process"]
    assert isinstance(process, dict)  # noqa: S101 - the specification says so
    process.pop("rlimits", None)
    return spec | {"hooks": {"createContainer": [{"path": PRODUCT_FILES}]}}
