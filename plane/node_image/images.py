"""Images of the control plane and of the load balancer, from programs and Debian packages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from plane.node_image.archive import ArchiveImage, layer
from plane.node_image.debian import Steps

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
OF_PROXY = ("iptables", "nftables", "conntrack", "kmod")
OF_BALANCER = ("haproxy", "busybox-static")
TABLES = tuple(
    f"{family}{command}"
    for family in ("iptables", "ip6tables")
    for command in ("", "-save", "-restore")
)
SHELL = ("sh", "cp", "cat", "mkdir")
BALANCER_SOURCE = "infrastructure/docker/internal/loadbalancer/const.go"
BALANCER_CONFIG = "/usr/local/etc/haproxy/haproxy.cfg"
# Cluster API's own settings ask for more connections than a limit of open files may allow.
_BALANCER = b"""\
#!/usr/local/bin/sh
exec /usr/sbin/haproxy -n 4000 "$@"
"""
_NOTHING_YET = b"""\
defaults
  mode tcp
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend none
  bind 127.0.0.1:65535
"""


def of_cluster(
    steps: Steps, references: list[str], programs: Mapping[str, Path]
) -> list[ArchiveImage]:
    """The images that kubeadm wants; each has one program, which is named as the image is."""
    found = []
    for reference in references:
        name = reference.rpartition("/")[2].partition(":")[0]
        layers = [_program(steps, name, programs[name])]
        if name == "kube-proxy":
            layers.insert(0, steps.debian("proxy", OF_PROXY))
            layers.insert(1, tables(steps))
        entrypoint = [f"/usr/local/bin/{name}"]
        config = {"Env": [PATH], "Entrypoint": entrypoint}
        found.append(ArchiveImage(reference, tuple(layers), config))
    return found


def balancer(steps: Steps, cluster_api: Path) -> ArchiveImage:
    """The load balancer that Cluster API starts before control planes.

    Args:
        steps: where to work.
        cluster_api: the source of its test module, which names the image.
    """
    text = (cluster_api / BALANCER_SOURCE).read_text()
    named = dict(re.findall(r'^\s*(\w+) = "(.+)"$', text, re.MULTILINE))
    repository, tag = named["DefaultImageRepository"], named["DefaultImageTag"]
    own = steps.work / "balancer-files.tar"
    with layer(own) as files:
        for name in SHELL:
            files.link(f"/usr/local/bin/{name}", "/bin/busybox")
        files.add("/usr/local/sbin/haproxy", _BALANCER, 0o755)
        files.add(BALANCER_CONFIG, _NOTHING_YET)
    packages = steps.debian("balancer", OF_BALANCER)
    command = ["haproxy", "-W", "-db", "-f", BALANCER_CONFIG]
    config = {"Env": [PATH], "Entrypoint": command, "StopSignal": "SIGUSR1"}
    return ArchiveImage(f"{repository}/{named['Image']}:{tag}", (packages, own), config)


def _program(steps: Steps, name: str, program: Path) -> Path:
    target = steps.work / f"{name}.tar"
    with layer(target) as files:
        files.add(f"/usr/local/bin/{name}", program, 0o755)
    return target


def tables(steps: Steps) -> Path:
    """The names that the scripts of the package would give to its one program."""
    target = steps.work / "tables.tar"
    with layer(target) as files:
        for name in TABLES:
            files.link(f"/usr/local/sbin/{name}", "/usr/sbin/xtables-nft-multi")
    return target
