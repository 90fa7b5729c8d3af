"""Mirrors of charts and images, for clusters that cannot reach the internet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from catalog import ChartImage, ChartRelease, catalog
from components.addon_settings import merged
from components.chart import Chart
from components.fields import Flag, Settings
from components.registry.hosts import RegistryHost
from components.registry.hosts import RegistryMirror as HostMirror

Address = Annotated[
    str, Field(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]+)?(/[-a-z0-9._]+)*$")
]
ChartAddress = Annotated[str, Field(pattern=r"^(oci|https)://[^\s]+[^\s/]$", max_length=500)]


class Mirror(Settings):
    """One registry and one chart repository of your own, in place of all others."""

    registry: Address
    """The registry of images: `harbor.example.com/mirror`; `quay.io/metallb/speaker` is then pulled
    from `harbor.example.com/mirror/quay.io/metallb/speaker`."""
    charts: ChartAddress
    """The repository of charts: `oci://harbor.example.com/charts`."""
    downloads: Flag = False
    """Allows downloads by pods from the internet: certificates of Let's Encrypt, databases of
    scanners. Without it such settings are refused."""
    credentials: Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")] | None = None
    """A Secret of the management cluster, in the namespace of the clusters, whose key `config.json`
    is a login to the chart repository as `docker login` writes it."""


PUBLIC = tuple(sorted({*catalog().registries, "gcr.io"}))
"""The registries that images of the catalog, and those that charts don't name, come from."""


def hosts(mirror: Mirror) -> Iterator[RegistryHost]:
    """The registry settings of machines for images that no chart's values name: the images of
    Kubernetes, and those that operators choose. The registries themselves are not asked, but for
    one that has the mirror: what is in the mirror already would be looked for in it once more."""
    server, _, path = mirror.registry.partition("/")
    for name in PUBLIC:
        if name == server:
            continue
        url = "/".join(part for part in (f"https://{server}/v2", path, name) if part)
        yield RegistryHost(name=name, mirrors=(HostMirror(url=url),), fallback=False)


def repository(release: ChartRelease, mirror: Mirror | None) -> str:
    """The repository of a chart."""
    return mirror.charts if mirror else release.repository


def image_address(image: str, mirror: Mirror) -> str:
    """The address in the mirror of an image, `quay.io/metallb/speaker:v1`.

    The port of a registry is written with a dash: a name in a registry has no colon.
    """
    registry, slash, path = image.partition("/")
    return f"{mirror.registry}/{registry.replace(':', '-')}{slash}{path}"


def mirrored(chart: Chart, mirror: Mirror | None) -> Chart:
    """The chart with images of the mirror, wherever its values name one; user's values win.

    An image that an add-on names itself, as the catalog does, is not a user's value.
    """
    if mirror is None:
        return chart
    ours: dict[str, Any] = {}
    named: dict[str, Any] = {}
    for image in catalog().charts[chart.name].images:
        if image.at:
            ours = merged(ours, _set(image, mirror))
            if _names(chart.values, image):
                named = merged(named, _set(image, mirror))
    return replace(chart, values=merged(merged(ours, chart.values), named))


def _names(values: Mapping[str, Any], image: ChartImage) -> bool:
    """True if values name an image as the catalog does, in keys `repository` and `tag`."""
    found: Any = values
    for key in image.at.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return isinstance(found, Mapping) and found.get("repository") == image.name


def _set(image: ChartImage, mirror: Mirror) -> dict[str, Any]:
    """The values that take an image from the mirror."""
    address = image_address(image.name, mirror)
    found: Any
    if image.form == "whole":
        found = f"{address}:{image.tag}" if image.tag else address
    elif image.form == "registry":
        host, _, path = address.partition("/")
        found = {"registry": host, "repository": path}
    elif image.form == "image":
        found = {"image": address}
    else:
        found = {"repository": address}
    for key in reversed(image.at.split(".")):
        found = {key: found}
    return dict(found)
