"""Objects of Flux: a source for each version of a chart, a release for each install and cluster.

They are in the namespace of the Cluster objects, where the kubeconfig of each cluster is, and
where no tenant has rights. Flux acts in a cluster as the deployer of the tenant, an account that
exists nowhere and is bound in the namespaces of the tenant alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from components.delivery.contents import BundleContents, ImageSource
from components.delivery.mirror import Mirror, image_address
from components.mappings import Manifest
from components.store.entry import AppEntry, AppVersion
from components.store.form import Changes
from components.store.install import ChosenApp, DataFate
from components.tenancy.names import TENANT_LABEL, deployer

APP_LABEL = "caas.dev/app"
"""The label of a release with the name of the install."""
CLUSTER_LABEL = "caas.dev/cluster"
"""The label of a release with the name of its cluster."""
TERMS_ANNOTATION = "caas.dev/app-terms"
"""The annotation of a release with what the preview says about it, as JSON."""
OCI = "oci://"
CHART_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
LONGEST = 63
"""Characters of a name: Flux writes it into labels."""
INTERVAL = "10m"
"""The time between two looks of Flux at a chart, and at a release that has not changed."""
TIMEOUT = "10m"
"""The longest time that an install, an upgrade or a rollback waits for pods."""


WAITS_FOR_NOTHING = {"pulumi.com/skipAwait": "true"}
"""The annotation by which Pulumi does not wait: a cluster that does not answer keeps its release,
also a deleted one, and all others go on."""


def source_name(app: str, version: str) -> str:
    """The name of the source of a chart: `internal.prices-2.4.1`."""
    return short(f"{app.replace('/', '.')}-{version}")


def release_name(app: ChosenApp, cluster: str) -> str:
    """The name of a release on the management cluster: `shop.orders-db.orders`."""
    return short(f"{app.tenant}.{app.install.name}.{cluster}")


def short(name: str) -> str:
    """A name that fits into a label; its end is a checksum where it is too long."""
    name = name.lower()
    if len(name) <= LONGEST:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: LONGEST - 9].rstrip('-.')}-{digest}"


def chart_address(entry: AppEntry, mirror: Mirror | None) -> str:
    """The address of a chart; in a mirror it is where images are, so that its digest stays."""
    if mirror is None:
        return entry.chart
    return f"{OCI}{image_address(entry.chart.removeprefix(OCI), mirror)}"


def bundled(contents: BundleContents, apps: Iterable[ChosenApp]) -> BundleContents:
    """The contents of a bundle with the charts of applications, by digest like images.

    Args:
        contents: of the stack without them.
        apps: of all tenants.
    """
    charts = {
        ImageSource(
            f"{app.entry.chart.removeprefix(OCI)}:{app.version.version}@{app.version.digest}",
            app.install.app,
        )
        for app in apps
    }
    silent = (
        f"The images of the application `{name}` are not listed; its chart names them."
        for name in sorted({chart.of for chart in charts})
    )
    images = tuple(sorted({*contents.images, *charts}))
    return replace(contents, images=images, open=(*contents.open, *silent))


def source(
    app: str,
    entry: AppEntry,
    version: AppVersion,
    namespace: str,
    mirror: Mirror | None = None,
) -> list[Manifest]:
    """The OCIRepository of a version of a chart, and before it the Secret of its key.

    Args:
        app: the entry's name.
        entry: the entry.
        version: one that is no draft.
        namespace: of the management cluster.
        mirror: of the stack.
    """
    name = source_name(app, version.version)
    spec: dict[str, Any] = {
        "interval": INTERVAL,
        "url": chart_address(entry, mirror),
        "ref": {"digest": version.digest},
        "layerSelector": {"mediaType": CHART_LAYER, "operation": "copy"},
    }
    before: list[Manifest] = []
    if mirror and mirror.credentials:
        spec["secretRef"] = {"name": mirror.credentials}
    if signed := entry.signature:
        spec["verify"] = {"provider": "cosign"}
        if signed.key:
            spec["verify"]["secretRef"] = {"name": f"{name}-key"}
            before = [_key(f"{name}-key", signed.key, namespace)]
        else:
            identity = {"issuer": signed.issuer, "subject": signed.subject}
            spec["verify"]["matchOIDCIdentity"] = [identity]
    repository = {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "OCIRepository",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }
    return [*before, repository]


def _key(name: str, key: str, namespace: str) -> Manifest:
    """The public key of a signature; Flux reads keys from Secrets only."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "stringData": {"cosign.pub": key},
    }


def release(app: ChosenApp, cluster: str, namespace: str) -> Manifest:
    """The HelmRelease of an install in a cluster.

    Args:
        app: the install.
        cluster: the name of the cluster.
        namespace: of the Cluster objects on the management cluster.
    """
    install = app.install
    labels = {TENANT_LABEL: app.tenant, APP_LABEL: install.name, CLUSTER_LABEL: cluster}
    spec: dict[str, Any] = {
        "interval": INTERVAL,
        "timeout": TIMEOUT,
        "chartRef": {
            "kind": "OCIRepository",
            "name": source_name(install.app, app.version.version),
        },
        "releaseName": install.name,
        "targetNamespace": install.namespace,
        "storageNamespace": install.namespace,
        "serviceAccountName": deployer(app.tenant),
        "kubeConfig": {"secretRef": {"name": f"{cluster}-kubeconfig", "key": "value"}},
        "suspend": install.suspend,
        "maxHistory": 5,
        # Definitions are the platform's: add-ons bring them.
        "install": {"crds": "Skip", "remediation": {"retries": 3}},
        "upgrade": {
            "crds": "Skip",
            "cleanupOnFail": True,
            "remediation": {"retries": 1, "strategy": "rollback", "remediateLastFailure": True},
        },
        "rollback": {"cleanupOnFail": True},
        "driftDetection": {"mode": "enabled"},
        "values": app.values,
    }
    return {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {
            "name": release_name(app, cluster),
            "namespace": namespace,
            "labels": labels,
            "annotations": {TERMS_ANNOTATION: json.dumps(terms(app)), **WAITS_FOR_NOTHING},
        },
        "spec": spec,
    }


def terms(app: ChosenApp) -> dict[str, Any]:
    """The facts of an install that the preview of a later change needs."""
    amounts = app.entry.amounts(app.install.settings)
    stays = app.entry.stays if app.install.data is DataFate.KEEP else None
    form = app.entry.form
    settings = app.entry.settings(app.install.settings)
    return {
        "app": app.install.app,
        "version": app.version.version,
        "settings": settings,
        "takes": {key: float(value) for key, value in amounts.items()},
        "stays": stays.what if stays else "",
        "changes": {
            key: form[key].changes.value
            for key in settings
            if key in form and form[key].changes is not Changes.ALWAYS
        },
    }
