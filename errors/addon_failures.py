"""Codes 5140 to 5159: add-ons that the management cluster delivers to running clusters."""

from errors.model import Actor, Code

ADDON_VALUES_INVALID = Code(
    5140,
    "AddOnValuesInvalid",
    "The values of an add-on can't be worked out for a cluster.",
    "The template of the HelmChartProxy refers to something that the Cluster does not have, or is "
    "no YAML once it is filled in.",
    "Correct the values in the stack file and run `./caas up STACK`.",
    "HelmReleaseProxySpecsUpToDate is False (ValueParsingFailed)",
    actor=Actor.USER,
)

ADDON_INSTALL_FAILED = Code(
    5141,
    "AddOnInstallFailed",
    "An add-on can't be installed or upgraded in a cluster.",
    "The chart can't be fetched, refuses its values, is refused by the cluster's API server, or "
    "its pods did not become ready in time.",
    "Do what the reason asks for; `helm status RELEASE -n NAMESPACE` in the cluster tells more. "
    "Correct values in the stack file and run `./caas up STACK`.",
    "HelmReleaseReady is False (HelmInstallOrUpgradeFailed)",
    actor=Actor.USER,
)

ADDON_PENDING = Code(
    5142,
    "AddOnPending",
    "The installation of an add-on does not come to its end.",
    "The release waits for its pods, or the add-on provider was interrupted in the middle of an "
    "upgrade and Helm still holds the lock of the release.",
    "Look at the pods of the add-on. If none is on its way, release the lock: `helm rollback "
    "RELEASE -n NAMESPACE` in the cluster.",
    "Helm release is in a pending state: pending-upgrade",
    actor=Actor.PLATFORM,
)

ADDON_CLUSTER_UNREACHABLE = Code(
    5143,
    "AddOnClusterUnreachable",
    "The add-on provider can't get at a cluster.",
    "The cluster's kubeconfig Secret is missing or not readable, or the cluster is gone.",
    "Look whether `CLUSTER-kubeconfig` is there on the management cluster; the control plane "
    "writes it again when it is deleted.",
    "ClusterAvailable is False (GetKubeconfigFailed)",
    actor=Actor.PLATFORM,
)

ADDON_CREDENTIALS_MISSING = Code(
    5144,
    "AddOnCredentialsMissing",
    "The credentials or the certificate authority of an add-on's registry can't be read.",
    "The Secret that the HelmChartProxy names does not exist or lacks the key.",
    "Make the Secret with the key that the reason names on the management cluster.",
    "ClusterAvailable is False (GetCredentialsFailed)",
    actor=Actor.USER,
)

ADDON_SELECTION_FAILED = Code(
    5145,
    "AddOnSelectionFailed",
    "The clusters that get an add-on can't be worked out.",
    "The selector of the HelmChartProxy is not a valid one.",
    "Correct the add-on's selector in the stack file and run `./caas up STACK`.",
    "HelmReleaseProxySpecsUpToDate is False (ClusterSelectionFailed)",
    actor=Actor.USER,
)

ADDON_REMOVAL_FAILED = Code(
    5146,
    "AddOnRemovalFailed",
    "An add-on can't be removed from a cluster.",
    "Its deletion hooks fail, its objects are kept by finalizers, or the cluster does not answer.",
    "Do what the reason asks for. Of a cluster that is gone for good, remove the finalizer of the "
    "HelmReleaseProxy.",
    "HelmReleaseReady is False (HelmReleaseDeletionFailed)",
    actor=Actor.PLATFORM,
)

RESOURCE_SET_UNREADABLE = Code(
    5147,
    "ResourceSetUnreadable",
    "What a ClusterResourceSet delivers can't be read.",
    "A Secret or a ConfigMap that it names does not exist, or the Secret has not the type "
    "`addons.cluster.x-k8s.io/resource-set`, which can't be changed afterwards.",
    "Make it, or delete the Secret and make it again with that type; `./caas up STACK` does it for "
    "those of the stack.",
    "Secret type of resource credentials is not supported",
    actor=Actor.USER,
)

RESOURCE_SET_NOT_APPLIED = Code(
    5148,
    "ResourceSetNotApplied",
    "A ClusterResourceSet can't be applied to a cluster.",
    "The cluster's API server refuses an object, does not know its kind yet, or does not answer.",
    "The log of core-manager names the object. Correct it in the stack file and run `./caas up "
    "STACK`.",
    "ResourcesApplied is False (NotApplied)",
    actor=Actor.USER,
)
