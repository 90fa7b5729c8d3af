"""Cases of rules about charts, providers, storage classes and money."""

from __future__ import annotations

from typing import Any

import yaml

from tests.policies.case import GONE, Case, R, case
from tests.policies.cases.namespaces import CLASS
from tests.policies.samples import CLUSTER, machine_template, obj, openstack, proxy, release

RELEASE = release()
PROXY = proxy()
OCI = release(chart="oci://quay.io/jetstack/charts/unlisted", repositoryOpts={}, version="1.2.3")
VALUES = "spec.valuesTemplate"
PROVIDER = obj(
    "operator.cluster.x-k8s.io/v1alpha2:InfrastructureProvider", "aws", spec={"version": "v2.13.0"}
)
CORE = obj(
    "operator.cluster.x-k8s.io/v1alpha2:CoreProvider", "cluster-api", spec={"version": "v1.14.2"}
)
CONFIG = R("kubernetes:yaml/v2:ConfigFile", {"file": "https://example.com/v1.2.3/install.yaml"})
IN_FLEET = CLUSTER.put("metadata.labels", {"tier": "production", "caas.dev/infrastructure": "aws"})
CLOUD = proxy(
    chartName="aws-cloud-controller-manager",
    version="0.0.11",
    clusterSelector={"matchLabels": {"caas.dev/infrastructure": "aws"}},
)


def written(**values: object) -> str:
    return yaml.safe_dump(values)


def velero(**location: object) -> dict[str, Any]:
    """Values of a Velero with one location and one schedule."""
    store = {"name": "main", "provider": "aws", "bucket": "backups", "default": True}
    return {
        "configuration": {"backupStorageLocation": [store | location]},
        "schedules": {"nightly": {"schedule": "0 3 * * *", "template": {"ttl": "720h0m0s"}}},
    }


SHARING = (CLUSTER, CLUSTER.put("metadata.name", "blog"))
VELERO = proxy(
    chartName="velero",
    clusterSelector={"matchLabels": {"tier": "production"}},
    valuesTemplate=written(**velero(prefix="{{ .Cluster.metadata.name }}")),
)
CASES: dict[str, Case] = {
    "charts-are-of-the-catalog": case(
        RELEASE,
        "version",
        "v1.20.0",
        "the version v1.20.0, the catalog v1.21.2",
        passes=(PROXY, OCI, RELEASE.put("version", "1.21.2")),
        fails=(
            (RELEASE.put("repositoryOpts.repo", "https://example.com"), "from https://example.com"),
            (PROXY.put("spec.version", "2.0.0"), "the catalog 2.64.0"),
            (RELEASE.of("kubernetes:helm.sh/v4:Chart").put("version", "v1.0.0"), "v1.0.0"),
        ),
    ),
    "charts-are-in-the-catalog": case(
        RELEASE,
        "chart",
        "redis",
        "the chart redis is not in the catalog",
        passes=(PROXY, RELEASE.put("chart", "./charts/own")),
        fails=((OCI, "the chart unlisted"),),
    ),
    "charts-have-a-version": case(
        RELEASE,
        "version",
        GONE,
        "has no version",
        unknown="version",
        passes=(PROXY, OCI),
        fails=((PROXY.put("spec.version", "^2.0.0"), "has ^2.0.0"),),
    ),
    "charts-come-over-tls": case(
        RELEASE,
        "repositoryOpts.repo",
        "http://charts.jetstack.io",
        "an intermediary on the network can change the chart",
        passes=(PROXY, OCI),
        fails=((PROXY.put("spec.tlsConfig", {"insecureSkipTLSVerify": True}), "is not verified"),),
    ),
    "charts-are-maintained": case(
        RELEASE,
        "chart",
        "ingress-nginx",
        "ingress-nginx is archived by its project since March 2026; take Envoy Gateway",
        passes=(PROXY,),
        fails=(
            *(
                (RELEASE.put("chart", chart), name)
                for chart, name in (
                    ("minio", "MinIO"),
                    ("promtail", "Promtail"),
                    ("kaniko", "kaniko"),
                    ("hnc", "Hierarchical Namespace Controller"),
                    ("kubeapps", "Kubeapps"),
                    ("kubernetes-dashboard", "Kubernetes Dashboard"),
                )
            ),
            (RELEASE.put("chart", "oci://registry-1.docker.io/bitnamicharts/redis"), "Bitnami"),
            (PROXY.put("spec.repoURL", "https://charts.bitnami.com/bitnami"), "Bitnami"),
            (RELEASE.put("values", {"image": {"repository": "minio/minio"}}), "`image`: MinIO"),
            (
                RELEASE.put("values", {"a": {"image": "docker.io/bitnami/redis:8"}}),
                "`a.image`: Bitnami",
            ),
        ),
    ),
    "chart-images-are-pinned": case(
        RELEASE,
        "values",
        {"image": {"registry": "quay.io", "repository": "a/b", "tag": "latest"}},
        "runs the image that `quay.io/a/b:latest` refers to",
        passes=(
            PROXY,
            PROXY.put(VALUES, "a: {{ if .x }}\n- "),
            RELEASE.put("values", {"image": {"repository": "a/b", "digest": "sha256:00"}}),
        ),
        fails=((PROXY.put(VALUES, written(sidecar={"image": "a:latest"})), "sidecar.image"),),
    ),
    "chart-values-give-no-privileges": case(
        PROXY,
        VALUES,
        written(node={"securityContext": {"privileged": True}}),
        "`node.securityContext.privileged` is true",
        fails=((RELEASE.put("values", {"hostNetwork": True}), "`hostNetwork` is true"),),
    ),
    "chart-values-hold-no-secrets": case(
        PROXY,
        VALUES,
        written(auth={"adminPassword": "hunter2"}),
        "the value `auth.adminPassword` is a secret",
        passes=(
            RELEASE.put("values", {"auth": {"existingSecret": "a", "passwordKey": "b"}}),
            RELEASE.put("values", {"password": "[secret]", "token": None, "secret": True}),
            RELEASE.put("values", {"existingSecretAdminPassword": "harbor"}),
            RELEASE.put("values", {"auth": {"client_secret": "$__file{/etc/secret}"}}),
            PROXY.put(VALUES, ""),
        ),
        fails=(
            (RELEASE.put("values", {"users": [{"apiKey": "abc"}]}), "`users[0].apiKey`"),
            (RELEASE.put("values", {"s3": {"secret-key": "abc"}}), "`s3.secret-key`"),
            (RELEASE.put("values", {"existingSecretPassword": "Hunter 2"}), "a secret"),
        ),
    ),
    "release-values-are-filled-in": case(
        RELEASE,
        "values",
        {"tag": "{{ .Cluster.metadata.name }}"},
        "`tag` is a template that only the add-on provider fills in",
        passes=(
            PROXY.put(VALUES, written(name="{{ .Cluster.metadata.name }}")),
            RELEASE.put("values", {"format": "{{ .Values.name }}"}),
        ),
    ),
    "charts-support-their-clusters": case(
        (IN_FLEET, CLOUD),
        "spec.topology.version",
        "v1.34.1",
        "the cluster shop runs Kubernetes 1.34.1",
        passes=(
            (CLUSTER.put("spec.topology.version", "v1.34.1"), CLOUD),
            (IN_FLEET.put("spec.topology.version", "latest"), CLOUD),
        ),
    ),
    "backups-of-clusters-are-apart": case(
        (VELERO, *SHARING),
        VALUES,
        written(**velero(prefix="all")),
        "the schedule nightly of shop, blog writes to one folder, backups/all",
        passes=(
            (VELERO.put(VALUES, written(**velero(prefix="all"))), SHARING[0]),
            (VELERO.put(VALUES, written(**velero(prefix="all") | {"schedules": {}})), *SHARING),
        ),
        fails=(
            (
                (VELERO.put(VALUES, written(**velero())), *SHARING),
                "writes to one folder, backups/:",
            ),
        ),
    ),
    "charts-stay-up-to-date": case(
        PROXY, "spec.reconcileStrategy", "InstallOnce", "don't get a newer version"
    ),
    "upgrades-are-not-forced": case(
        PROXY,
        "spec.options",
        {"upgrade": {"force": True}},
        "deletes objects that it can't change",
        fails=((RELEASE.put("forceUpdate", True), "deletes objects"),),
    ),
    "releases-are-awaited": case(RELEASE, "skipAwait", True, "`skipAwait` is true"),
    "providers-are-of-the-catalog": case(
        PROVIDER,
        "spec.version",
        "v2.12.0",
        "the provider aws has the version v2.12.0, the catalog v2.13.0",
        passes=(CORE,),
        fails=(
            (CORE.put("spec.version", "v1.13.0"), "the catalog v1.14.2"),
            (CORE.put("spec.version", GONE), "has no version"),
        ),
    ),
    "manifests-are-fixed": case(
        CONFIG,
        "file",
        "https://raw.githubusercontent.com/a/b/main/install.yaml",
        "the content of the address can change",
        fails=(
            (CONFIG.put("file", "http://example.com/v1/a.yaml"), "an intermediary on the network"),
        ),
        passes=(CONFIG.put("file", "manifests/own.yaml"),),
    ),
    "storage-classes-encrypt": case(
        CLASS,
        "parameters.encrypted",
        "false",
        "volumes of the class `thing` are not encrypted",
        passes=(
            CLASS.put("provisioner", "cinder.csi.openstack.org").put("parameters", {}),
            PROXY.put(
                VALUES,
                written(storageClasses=[{"name": "a", "parameters": {"encrypted": "true"}}]),
            ),
            RELEASE.put("values", {"storageClasses": [{"name": "a"}]}),
        ),
        fails=(
            (
                PROXY.put(VALUES, written(storageClasses=[{"name": "gp3"}])),
                "volumes of the class `gp3`",
            ),
        ),
    ),
}

MACHINES = {"machinePrices": {"m7i.large": 100, "m7i.xlarge": 200}, "monthlyCeiling": 700}
WORKER = "worker-1"
KUBERNETES_CLASS = obj(
    "cluster.x-k8s.io/v1beta2:ClusterClass",
    CLUSTER.inputs["spec"]["topology"]["classRef"]["name"],
    spec={
        "controlPlane": {"machineInfrastructure": {"templateRef": {"name": WORKER}}},
        "workers": {"machineDeployments": [{"infrastructure": {"templateRef": {"name": WORKER}}}]},
    },
)
TEMPLATE = R(
    machine_template().type, machine_template().put("metadata.name", WORKER).inputs, WORKER
)
STACK = (CLUSTER, KUBERNETES_CLASS, TEMPLATE)
LARGER = [{"name": "machineType", "value": "m7i.xlarge"}]
CASES |= {
    "stack-costs-within-ceiling": case(
        STACK,
        "spec.topology.variables",
        LARGER,
        "cost up to 1,200 a month, more than 700",
        passes=((openstack("dns/zone:Zone"),),),
        fails=(
            (
                (
                    CLUSTER.put(
                        "spec.topology.variables",
                        [{"name": "machineType", "value": "x"}],
                    ),
                ),
                "there is no price of x",
            ),
            ((CLUSTER,), "there is no price of the class's type"),
        ),
        **MACHINES,
    ),
    "stack-has-few-machines": case(
        STACK, "spec.topology.controlPlane.replicas", 30, "it may have 33 machines", most=6
    ),
}
