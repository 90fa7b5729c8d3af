"""Registry settings of machines: mirrors, certificates, credentials; files before kubeadm runs.

containerd reads `/etc/containerd/certs.d/<registry>/hosts.toml` at every pull, where its
configuration has `config_path = "/etc/containerd/certs.d"`; images of image-builder have it.
Source: https://github.com/containerd/containerd/blob/main/docs/hosts.md
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field

from components.cluster.host_files import HostFile, host_file
from components.fields import SUBDOMAIN, Flag, ObjectName, Settings
from components.finding import Finding
from errors.registries import DUPLICATE_REGISTRY_HOST, EMPTY_REGISTRY_HOST

DIRECTORY = "/etc/containerd/certs.d"
CREDENTIALS = "/var/lib/kubelet/config.json"
"""The kubelet's file with registry credentials for all pods of its machine.

Source: https://kubernetes.io/docs/concepts/containers/images/#config-json
"""
CREDENTIALS_KEY = ".dockerconfigjson"
EVERY = "*"
_DOCKER_HUB, _DOCKER_SERVER = "docker.io", "registry-1.docker.io"
_HOST = rf"^(\*|{SUBDOMAIN}(:[0-9]{{1,5}})?|\[[0-9a-fA-F:]+\](:[0-9]{{1,5}})?)$"
Certificate = Annotated[str, Field(pattern=r"^-----BEGIN CERTIFICATE-----", max_length=65536)]


class RegistryMirror(Settings):
    """A registry that replaces another one."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s\"\\]+$", max_length=512)]
    """Its address. With a path below `/v2`, as of a cache of Harbor,
    `https://harbor.example.com/v2/hub`, that path is used as it is."""
    ca: Certificate | None = None
    """The certificate of the CA that signed its own, in PEM; it is no secret."""
    push: Flag = False
    """Pushes images to it too."""


class RegistryHost(Settings):
    """A registry as in the names of images, and its mirrors."""

    name: Annotated[str, Field(pattern=_HOST, max_length=253)]
    """`docker.io`, `registry.example.com:5000`, or `*` for every registry that is not listed."""
    mirrors: Annotated[tuple[RegistryMirror, ...], Field(max_length=10)] = ()
    """The mirrors in order."""
    fallback: Flag = True
    """Falls back to the registry itself if no mirror answers."""
    ca: Certificate | None = None
    """The certificate of the CA that signed the registry's own, in PEM; it is no secret."""


class Registries(Settings):
    """Registry settings of a cluster's machines; a change replaces all of its machines."""

    hosts: Annotated[tuple[RegistryHost, ...], Field(max_length=50)] = ()
    """Mirrors and certificates, by registry."""
    credentials: ObjectName | None = None
    """A Secret of the type `kubernetes.io/dockerconfigjson` beside the Cluster, on the management
    cluster: every pod of the machines may pull with it. It has to be there first."""

    def check(self) -> Iterator[Finding]:
        """DUPLICATE_REGISTRY_HOST, EMPTY_REGISTRY_HOST."""
        seen: set[str] = set()
        for index, host in enumerate(self.hosts):
            if host.name in seen:
                what = f"`{host.name}` is there twice"
                yield Finding(DUPLICATE_REGISTRY_HOST, ("hosts", index, "name"), what)
            seen.add(host.name)
            every_ca = host.name == EVERY and host.ca is not None
            if not host.mirrors and (host.ca is None or every_ca or not host.fallback):
                what = f"`{host.name}` has no mirror"
                yield Finding(EMPTY_REGISTRY_HOST, ("hosts", index), what)

    def files(self) -> list[HostFile]:
        """The files of every machine, in the order of the settings."""
        found = [file for host in self.hosts for file in _host_files(host)]
        if self.credentials:
            source = {"secret": {"name": self.credentials, "key": CREDENTIALS_KEY}}
            owned = {"path": CREDENTIALS, "owner": "root:root", "permissions": "0600"}
            found.append(owned | {"contentFrom": source})
        return found


def _host_files(host: RegistryHost) -> Iterator[HostFile]:
    folder = f"{DIRECTORY}/{'_default' if host.name == EVERY else host.name}"
    certificates: dict[str, str] = {}
    lines = list(_server(host, folder, certificates))
    for index, mirror in enumerate(host.mirrors):
        capabilities = ["pull", "resolve", *(["push"] if mirror.push else [])]
        lines += ["", f"[host.{json.dumps(mirror.url)}]"]
        lines.append(f"  capabilities = {json.dumps(capabilities)}")
        if _has_own_path(mirror.url):
            lines.append("  override_path = true")
        if mirror.ca:
            path = f"{folder}/mirror-{index}.crt"
            certificates[path] = mirror.ca
            lines.append(f"  ca = {json.dumps(path)}")
    text = "\n".join(lines).strip() + "\n"
    yield host_file(f"{folder}/hosts.toml", text, "0644")
    for path, certificate in certificates.items():
        yield host_file(path, certificate, "0644")


def _server(host: RegistryHost, folder: str, certificates: dict[str, str]) -> Iterator[str]:
    """The last host: the registry itself, or the first mirror again."""
    if not host.fallback:
        last = host.mirrors[0]
        yield f"server = {json.dumps(last.url)}"
        if _has_own_path(last.url):
            yield "override_path = true"
        if last.ca:
            yield f"ca = {json.dumps(f'{folder}/mirror-0.crt')}"
        return
    if host.name != EVERY:
        server = _DOCKER_SERVER if host.name == _DOCKER_HUB else host.name
        yield f"server = {json.dumps(f'https://{server}')}"
    if host.ca:
        path = f"{folder}/ca.crt"
        certificates[path] = host.ca
        yield f"ca = {json.dumps(path)}"


def _has_own_path(url: str) -> bool:
    """True if an address has the `/v2` that containerd would add."""
    return "v2" in urlsplit(url).path.split("/")
