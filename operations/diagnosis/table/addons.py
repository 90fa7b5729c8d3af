"""Signs of add-ons: Helm charts and sets of objects."""

from __future__ import annotations

from errors import Code
from errors import addon_failures as codes
from operations.diagnosis.row import Row, staying
from operations.diagnosis.signs import condition, unapplied

CHART, RELEASE = "HelmChartProxy", "HelmReleaseProxy"


def _release(kind: str, reason: str, code: Code, what: str, *, grace: bool = False) -> Row:
    return Row(RELEASE, condition(kind, "False", reason), code, what, only=staying, grace=grace)


ROWS = (
    Row(
        CHART,
        condition("HelmReleaseProxySpecsUpToDate", "False", "ValueParsingFailed"),
        codes.ADDON_VALUES_INVALID,
        "The values of {object} can't be computed",
    ),
    Row(
        CHART,
        condition("HelmReleaseProxySpecsUpToDate", "False", "ClusterSelectionFailed"),
        codes.ADDON_SELECTION_FAILED,
        "The clusters of {object} can't be computed",
    ),
    Row(
        CHART,
        condition("HelmReleaseProxySpecsUpToDate", "False", "HelmReleaseProxyCreationFailed"),
        codes.ADDON_INSTALL_FAILED,
        "{object} can't be delivered",
    ),
    Row(
        CHART,
        condition("HelmReleaseProxySpecsUpToDate", "False", "HelmReleaseProxyDeletionFailed"),
        codes.ADDON_REMOVAL_FAILED,
        "{object} can't be removed from a cluster",
    ),
    Row(
        RELEASE,
        condition("HelmReleaseReady", "False", "HelmReleaseDeletionFailed|HelmReleaseGetFailed"),
        codes.ADDON_REMOVAL_FAILED,
        "{object} can't be removed from {cluster}",
    ),
    _release(
        "ClusterAvailable",
        "GetCredentialsFailed|GetCACertificateFailed",
        codes.ADDON_CREDENTIALS_MISSING,
        "The credentials of {object} for its chart can't be read",
    ),
    _release(
        "ClusterAvailable",
        "GetKubeconfigFailed|GetClusterFailed",
        codes.ADDON_CLUSTER_UNREACHABLE,
        "{object} can't access {cluster}",
        grace=True,
    ),
    _release(
        "HelmReleaseReady",
        "HelmInstallOrUpgradeFailed",
        codes.ADDON_INSTALL_FAILED,
        "{object} can't be installed or upgraded in {cluster}",
    ),
    _release(
        "HelmReleaseReady",
        "HelmReleasePending|PreparingToHelmInstall",
        codes.ADDON_PENDING,
        "{object} is being installed in {cluster}",
        grace=True,
    ),
    Row(
        "ClusterResourceSet",
        condition("ResourcesApplied", "False", "WrongSecretType|InternalError"),
        codes.RESOURCE_SET_UNREADABLE,
        "The resources of {object} can't be read",
        only=staying,
        grace=True,
    ),
    Row(
        "ClusterResourceSetBinding",
        unapplied,
        codes.RESOURCE_SET_NOT_APPLIED,
        "A resource of a ClusterResourceSet is not applied to {cluster}",
        grace=True,
    ),
)
