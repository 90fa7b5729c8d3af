"""Rules about add-ons: charts and providers, where they come from, and what they run on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.version import InvalidVersion, Version

from catalog import ChartRelease, catalog
from components.cluster_object import DeclaredCluster
from components.mappings import Props, section
from policies.rules.frameworks import CAAS, CLUSTER_API, nsa, pod_security
from policies.rules.rule import ADVISORY, CRITICAL, HIGH, MANDATORY, MEDIUM, Context, Rule
from policies.settings import Parameter
from policies.subjects.charts import (
    BACKUPS,
    CHARTS,
    DELIVERIES,
    Backups,
    InstalledChart,
    mappings,
    settings,
)
from policies.subjects.images import Image
from policies.subjects.resource import Item
from policies.subjects.retired import retired_chart, retired_image
from policies.subjects.subject import Subject, itself, objects

TITLE = "Add-ons"
OF_CATALOG = "charts-are-of-the-catalog"
MIRRORS = "mirrors"
OPERATOR = "operator.cluster.x-k8s.io"
PROVIDERS = Subject(
    "Cluster API's providers",
    objects(
        "CoreProvider",
        "BootstrapProvider",
        "ControlPlaneProvider",
        "InfrastructureProvider",
        "AddonProvider",
        group=OPERATOR,
    ),
    itself,
)
MANIFESTS = Subject("manifests by address", objects("ConfigFile", group="yaml"), itself)
MOVING = re.compile(r"/(?:main|master|latest|HEAD|nightly|edge)(?:/|$)")
SECURE = ("https://", "oci://")


def _known(chart: InstalledChart) -> ChartRelease | None:
    return next((found for found in catalog().charts.values() if found.name == chart.name), None)


def _of_catalog(chart: InstalledChart, context: Context) -> Iterator[str]:
    known = _known(chart)
    if known is None:
        return
    places = (known.repository, *context[MIRRORS])
    if chart.repository.rstrip("/") not in (place.rstrip("/") for place in places):
        said = chart.repository or "nowhere"
        yield f"the chart {chart.name} comes from {said}, not from {known.repository}"
    elif chart.version and chart.version.removeprefix("v") != known.version.removeprefix("v"):
        yield f"the chart {chart.name} has the version {chart.version}, the catalog {known.version}"


def _in_catalog(chart: InstalledChart, _context: Context) -> Iterator[str]:
    if chart.name and not chart.is_local and _known(chart) is None:
        yield f"the chart {chart.name} is not in the catalog"


def _pinned(chart: InstalledChart, _context: Context) -> Iterator[str]:
    if not chart.is_local and not re.fullmatch(r"v?\d+\.\d+\.\d+\S*", chart.version):
        said = chart.version or "no version"
        yield f"the chart {chart.name} has {said}, which can be another version tomorrow"


def _over_tls(chart: InstalledChart, _context: Context) -> Iterator[str]:
    if chart.repository and not chart.repository.startswith(SECURE):
        yield f"an intermediary on the network can change the chart: {chart.repository}"
    skipped = section(chart.item.spec, "tlsConfig").get("insecureSkipTLSVerify")
    if skipped is True:
        yield "the server's certificate is not verified: `insecureSkipTLSVerify` is true"


def _not_retired(chart: InstalledChart, _context: Context) -> Iterator[str]:
    if found := retired_chart(chart.name, chart.repository):
        yield f"{found.name} is {found.why} since {found.since}; take {found.instead}"
        return
    for path, image in _images(chart.values or {}):
        if gone := retired_image(image):
            yield f"`{path}`: {gone.name} is {gone.why} since {gone.since}; take {gone.instead}"


def _images(values: Props) -> Iterator[tuple[str, str]]:
    """Images in values: a text called image, or registry, repository and tag side by side."""
    for path, key, value, _ in settings(values):
        if key == "image" and isinstance(value, str) and value and "{{" not in value:
            yield path, value
    for path, found in mappings(values):
        repository = found.get("repository")
        if isinstance(repository, str) and repository and "{{" not in repository:
            registry = found.get("registry")
            name = f"{registry}/{repository}" if registry else repository
            tag, digest = found.get("tag"), found.get("digest")
            name = f"{name}:{tag}" if tag else name
            yield path, f"{name}@{digest}" if digest else name


def _images_pinned(chart: InstalledChart, _context: Context) -> Iterator[str]:
    for path, text in _images(chart.values or {}):
        if Image.of(text).tag == "latest":
            yield f"`{path}` runs the image that `{text}` refers to at the time"


def _privileges(chart: InstalledChart, _context: Context) -> Iterator[str]:
    for path, key, value, _ in settings(chart.values or {}):
        if value is True and key in ("privileged", "hostNetwork", "hostPID", "hostIPC"):
            yield f"`{path}` is true: its pods get access to their machine"


def _final(chart: InstalledChart, _context: Context) -> Iterator[str]:
    if chart.is_fleet:
        return
    for path, _key, value, _ in settings(chart.values or {}):
        if isinstance(value, str) and "{{" in value and ".Cluster" in value:
            yield f"`{path}` is a template that only the add-on provider fills in"


def _supported(found: tuple[InstalledChart, DeclaredCluster], _context: Context) -> Iterator[str]:
    chart, cluster = found
    known = _known(chart)
    try:
        version = Version(cluster.version)
    except InvalidVersion:
        return
    if known and not known.supports(version):
        yield (
            f"the cluster {cluster.name} runs Kubernetes {version}, "
            f"and the chart {chart.name} supports {known.kubernetes}"
        )


def _backups_apart(found: Backups, _context: Context) -> Iterator[str]:
    if len(found.clusters) > 1:
        yield (
            f"the schedule {found.schedule} of {', '.join(found.clusters)} writes to one folder, "
            f"{found.place}: their backups have the same names, and one of them fails"
        )


def _provider_version(provider: Item, _context: Context) -> Iterator[str]:
    name = str(provider.metadata.get("name") or "")
    version = str(provider.spec.get("version") or "")
    core = provider.kind.name in ("CoreProvider", "BootstrapProvider", "ControlPlaneProvider")
    known = catalog().modules["cluster-api"] if core else catalog().providers.get(name)
    if not version:
        yield f"the provider {name} has no version: the newest at the time is installed"
    elif known and version.removeprefix("v") != known:
        yield f"the provider {name} has the version {version}, the catalog v{known}"


def _fixed(manifest: Item, _context: Context) -> Iterator[str]:
    address = str(manifest.props.get("file") or "")
    if address.startswith("http://"):
        yield f"an intermediary on the network can change the objects: {address}"
    elif MOVING.search(address):
        yield f"the content of the address can change: {address}"


RULES: tuple[
    Rule[InstalledChart]
    | Rule[tuple[InstalledChart, DeclaredCluster]]
    | Rule[Item]
    | Rule[Backups],
    ...,
] = (
    Rule(
        OF_CATALOG,
        "A chart of the catalog has its version, and comes from its repository.",
        HIGH,
        MANDATORY,
        CAAS,
        "Take the version and the repository from catalog/versions.yaml, or change them there.",
        CHARTS,
        _of_catalog,
        (
            Parameter(
                MIRRORS,
                tuple[str, ...],
                (),
                "further repositories of the catalog's charts; caas adds the stack's mirror",
            ),
        ),
    ),
    Rule(
        "charts-are-in-the-catalog",
        "Charts are listed in the catalog, with the Kubernetes releases that they support.",
        MEDIUM,
        ADVISORY,
        CAAS,
        "Add the chart to catalog/versions.yaml.",
        CHARTS,
        _in_catalog,
    ),
    Rule(
        "charts-have-a-version",
        "A chart has a version, and not a range of them.",
        HIGH,
        MANDATORY,
        CAAS,
        "Write the version in full.",
        CHARTS,
        _pinned,
    ),
    Rule(
        "charts-come-over-tls",
        "Charts are fetched over TLS from a verified server.",
        HIGH,
        MANDATORY,
        nsa("Network separation and hardening"),
        "Write an address that begins with https:// or oci://, without `insecureSkipTLSVerify`.",
        CHARTS,
        _over_tls,
    ),
    Rule(
        "charts-are-maintained",
        "No chart installs retired software.",
        CRITICAL,
        MANDATORY,
        CAAS,
        "Use the replacement that the message names.",
        CHARTS,
        _not_retired,
    ),
    Rule(
        "chart-images-are-pinned",
        "The values of a chart name no image by a tag that moves.",
        HIGH,
        MANDATORY,
        nsa("Kubernetes Pod security"),
        "Write the release's tag instead of `latest`.",
        CHARTS,
        _images_pinned,
    ),
    Rule(
        "chart-values-give-no-privileges",
        "The values of a chart give its pods no access to their machine.",
        HIGH,
        ADVISORY,
        pod_security("Baseline"),
        "Remove the value, or exempt the chart.",
        CHARTS,
        _privileges,
    ),
    Rule(
        "release-values-are-filled-in",
        "The values of a release hold no template of the add-on provider.",
        HIGH,
        MANDATORY,
        CAAS,
        "Write the value itself; only a HelmChartProxy has templates.",
        CHARTS,
        _final,
    ),
    Rule(
        "charts-support-their-clusters",
        "A chart supports the Kubernetes release of every cluster that gets it.",
        HIGH,
        MANDATORY,
        CAAS,
        "Upgrade the chart first, or keep the cluster on a release that it supports.",
        DELIVERIES,
        _supported,
    ),
    Rule(
        "backups-of-clusters-are-apart",
        "Clusters with the same schedule of backups have separate folders.",
        MEDIUM,
        ADVISORY,
        CAAS,
        'Set `prefix: "{cluster}"` of the location, or give schedules other names in each cluster. '
        "Backups that are there already stay in the old folder: keep it as a location with "
        "`readOnly: true`.",
        BACKUPS,
        _backups_apart,
    ),
    Rule(
        "providers-are-of-the-catalog",
        "Cluster API's providers have the catalog's versions.",
        HIGH,
        MANDATORY,
        CLUSTER_API,
        "Take the version from catalog/versions.yaml, or change it there.",
        PROVIDERS,
        _provider_version,
    ),
    Rule(
        "manifests-are-fixed",
        "Manifests are fetched over TLS, from addresses whose content does not change.",
        HIGH,
        MANDATORY,
        nsa("Network separation and hardening"),
        "Write the address of a release.",
        MANIFESTS,
        _fixed,
    ),
)
