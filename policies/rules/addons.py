"""Rules about add-ons: charts and providers, where they come from, and what they run on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.version import InvalidVersion, Version

from catalog import ChartRelease, catalog
from policies.rules.frameworks import CAAS, CLUSTER_API, nsa, pod_security
from policies.rules.rule import ADVISORY, CRITICAL, HIGH, MANDATORY, MEDIUM, Context, Rule
from policies.settings import Parameter
from policies.subjects.charts import CHARTS, DELIVERIES, Chart, mappings, settings
from policies.subjects.cluster import Cluster
from policies.subjects.images import Image
from policies.subjects.resource import Item, Props, section
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


def _known(chart: Chart) -> ChartRelease | None:
    return next((found for found in catalog().charts.values() if found.name == chart.name), None)


def _of_catalog(chart: Chart, context: Context) -> Iterator[str]:
    known = _known(chart)
    if known is None:
        return
    places = (known.repository, *context[MIRRORS])
    if chart.repository.rstrip("/") not in (place.rstrip("/") for place in places):
        said = chart.repository or "nowhere"
        yield f"the chart {chart.name} comes from {said}, not from {known.repository}"
    elif chart.version and chart.version.removeprefix("v") != known.version.removeprefix("v"):
        yield f"the chart {chart.name} has the version {chart.version}, the catalog {known.version}"


def _in_catalog(chart: Chart, _context: Context) -> Iterator[str]:
    if chart.name and not chart.is_local and _known(chart) is None:
        yield f"the chart {chart.name} is not in the catalog"


def _pinned(chart: Chart, _context: Context) -> Iterator[str]:
    if not chart.is_local and not re.fullmatch(r"v?\d+\.\d+\.\d+\S*", chart.version):
        said = chart.version or "no version"
        yield f"the chart {chart.name} has {said}, which is another one tomorrow"


def _over_tls(chart: Chart, _context: Context) -> Iterator[str]:
    if chart.repository and not chart.repository.startswith(SECURE):
        yield f"whoever is between changes the chart: {chart.repository}"
    skipped = section(chart.item.spec, "tlsConfig").get("insecureSkipTLSVerify")
    if skipped is True:
        yield "nobody checks who answers: `insecureSkipTLSVerify` is true"


def _not_retired(chart: Chart, _context: Context) -> Iterator[str]:
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


def _images_pinned(chart: Chart, _context: Context) -> Iterator[str]:
    for path, text in _images(chart.values or {}):
        if Image.of(text).tag == "latest":
            yield f"`{path}` runs whatever `{text}` is on that day"


def _privileges(chart: Chart, _context: Context) -> Iterator[str]:
    for path, key, value, _ in settings(chart.values or {}):
        if value is True and key in ("privileged", "hostNetwork", "hostPID", "hostIPC"):
            yield f"`{path}` is true: its pods get their machine's rights"


def _final(chart: Chart, _context: Context) -> Iterator[str]:
    if chart.is_fleet:
        return
    for path, _key, value, _ in settings(chart.values or {}):
        if isinstance(value, str) and "{{" in value and ".Cluster" in value:
            yield f"`{path}` is a template that only the add-on provider fills in"


def _supported(found: tuple[Chart, Cluster], _context: Context) -> Iterator[str]:
    chart, cluster = found
    known = _known(chart)
    try:
        version = Version(cluster.release)
    except InvalidVersion:
        return
    if known and not known.supports(version):
        yield (
            f"the cluster {cluster.name} runs Kubernetes {version}, "
            f"and the chart {chart.name} supports {known.kubernetes}"
        )


def _provider_version(provider: Item, _context: Context) -> Iterator[str]:
    name = str(provider.metadata.get("name") or "")
    version = str(provider.spec.get("version") or "")
    core = provider.kind.name in ("CoreProvider", "BootstrapProvider", "ControlPlaneProvider")
    known = catalog().modules["cluster-api"] if core else catalog().providers.get(name)
    if not version:
        yield f"the provider {name} has no version: it is the newest of that day"
    elif known and version.removeprefix("v") != known:
        yield f"the provider {name} has the version {version}, the catalog v{known}"


def _fixed(manifest: Item, _context: Context) -> Iterator[str]:
    address = str(manifest.props.get("file") or "")
    if address.startswith("http://"):
        yield f"whoever is between changes the objects: {address}"
    elif MOVING.search(address):
        yield f"the address means something else tomorrow: {address}"


RULES: tuple[Rule[Chart] | Rule[tuple[Chart, Cluster]] | Rule[Item], ...] = (
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
                "repositories that have the catalog's charts too; caas fills in the stack's mirror",
            ),
        ),
    ),
    Rule(
        "charts-are-in-the-catalog",
        "Charts are listed in the catalog, with the Kubernetes that they support.",
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
        "Charts come from where they say.",
        HIGH,
        MANDATORY,
        nsa("Network separation and hardening"),
        "Write an address that begins with https:// or oci://, and let it be checked.",
        CHARTS,
        _over_tls,
    ),
    Rule(
        "charts-are-maintained",
        "No chart is of software that is retired.",
        CRITICAL,
        MANDATORY,
        CAAS,
        "Take what the message names instead.",
        CHARTS,
        _not_retired,
    ),
    Rule(
        "chart-images-are-pinned",
        "The values of a chart name no image that changes.",
        HIGH,
        MANDATORY,
        nsa("Kubernetes Pod security"),
        "Write the release's tag instead of `latest`.",
        CHARTS,
        _images_pinned,
    ),
    Rule(
        "chart-values-give-no-privileges",
        "The values of a chart give its pods no rights on their machine.",
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
        "A chart supports the Kubernetes of every cluster that it goes to.",
        HIGH,
        MANDATORY,
        CAAS,
        "Upgrade the chart first, or keep the cluster on a release that it supports.",
        DELIVERIES,
        _supported,
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
        "Manifests that are fetched by address stay what they are.",
        HIGH,
        MANDATORY,
        nsa("Network separation and hardening"),
        "Write the address of a release.",
        MANIFESTS,
        _fixed,
    ),
)
