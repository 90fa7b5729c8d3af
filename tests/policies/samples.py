"""Good resources for the cases of rules; each is without any violation."""

from __future__ import annotations

import json
from typing import Any

import yaml

from tests.policies.case import R
from tests.policies.clusters import TYPE as CLUSTER_TYPE
from tests.policies.clusters import props as cluster_props

DEPLOYMENT_TYPE = "kubernetes:apps/v1:Deployment"
SELECTOR = {"app": "shop"}
INFRASTRUCTURE = "kubernetes:infrastructure.cluster.x-k8s.io/v1beta2"


def obj(token: str, name: str = "thing", namespace: str = "shop", **content: Any) -> R:
    """An object of Kubernetes; `apps/v1:Deployment`."""
    api_version, _, kind = token.partition(":")
    metadata = {"name": name, "namespace": namespace, "labels": {}}
    api_version = api_version.removeprefix("core/")
    inputs = {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}
    return R(f"kubernetes:{token}", inputs, name)


def container(**changes: Any) -> dict[str, Any]:
    return {
        "name": "app",
        "image": "registry.k8s.io/pause:3.10.1",
        "ports": [{"containerPort": 8080}],
        "env": [{"name": "LANG", "value": "C"}],
        "args": ["--verbose"],
        "resources": {
            "requests": {"cpu": "10m", "memory": "16Mi"},
            "limits": {"memory": "64Mi"},
        },
        "readinessProbe": {"httpGet": {"path": "/", "port": 8080}},
        "securityContext": {
            "privileged": False,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"], "add": []},
        },
        **changes,
    }


def pod_spec(**changes: Any) -> dict[str, Any]:
    return {
        "automountServiceAccountToken": False,
        "hostNetwork": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
            "sysctls": [],
        },
        "topologySpreadConstraints": [
            {
                "topologyKey": "kubernetes.io/hostname",
                "maxSkew": 1,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": SELECTOR},
            }
        ],
        "containers": [container()],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
        **changes,
    }


def template() -> dict[str, Any]:
    return {"metadata": {"labels": dict(SELECTOR)}, "spec": pod_spec()}


DEPLOYMENT = obj(
    "apps/v1:Deployment",
    spec={"replicas": 2, "selector": {"matchLabels": SELECTOR}, "template": template()},
)
POD = obj("core/v1:Pod", spec=pod_spec())
JOB = obj("batch/v1:Job", spec={"activeDeadlineSeconds": 600, "template": template()}).put(
    "spec.template.spec.restartPolicy", "Never"
)
CRON_JOB = obj(
    "batch/v1:CronJob",
    spec={"schedule": "0 0 * * *", "jobTemplate": {"spec": JOB.inputs["spec"]}},
)
BUDGET = obj(
    "policy/v1:PodDisruptionBudget",
    spec={"minAvailable": 1, "selector": {"matchLabels": SELECTOR}},
)
TEMPLATE = "spec.template.spec"
CONTAINER = f"{TEMPLATE}.containers.0"
SECURITY = f"{CONTAINER}.securityContext"

CLUSTER = R(CLUSTER_TYPE, cluster_props(), "shop")
PLANE = "spec.topology.controlPlane"
POOL = "spec.topology.workers.machineDeployments.0"


def in_config_map(*resources: R) -> R:
    """A ConfigMap that delivers objects, as a ClusterResourceSet wants it."""
    text = yaml.safe_dump_all([each.inputs for each in resources])
    return obj("core/v1:ConfigMap", "delivered", data={"objects.yaml": text})


def aws(kind: str, name: str = "thing", **inputs: Any) -> R:
    return R(f"aws:{kind}", inputs, name)


def openstack(kind: str, name: str = "thing", **inputs: Any) -> R:
    return R(f"openstack:{kind}", inputs, name)


def document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def machine_template(**spec: Any) -> R:
    content = {
        "instanceType": "m7i.large",
        "imageLookupFormat": "capa-ami-{{.BaseOS}}-?{{.K8sVersion}}-*",
        "imageLookupOrg": "819546954734",
        "instanceMetadataOptions": {"httpTokens": "required"},
        "publicIP": False,
        "rootVolume": {"size": 50, "encrypted": True},
        **spec,
    }
    kind = "infrastructure.cluster.x-k8s.io/v1beta2:AWSMachineTemplate"
    return obj(kind, spec={"template": {"spec": content}})


def release(**inputs: Any) -> R:
    return R(
        "kubernetes:helm.sh/v3:Release",
        {
            "chart": "cert-manager",
            "version": "v1.21.2",
            "repositoryOpts": {"repo": "https://charts.jetstack.io"},
            "namespace": "cert-manager",
            "values": {"replicaCount": 2, "image": {"tag": "v1.21.2"}},
            **inputs,
        },
        "cert-manager",
    )


def proxy(**spec: Any) -> R:
    values = {"controller": {"hostNetwork": False, "region": "eu", "password": "{{ .Values }}"}}
    return obj(
        "addons.cluster.x-k8s.io/v1alpha1:HelmChartProxy",
        spec={
            "chartName": "aws-ebs-csi-driver",
            "version": "2.64.0",
            "repoURL": "https://kubernetes-sigs.github.io/aws-ebs-csi-driver",
            "clusterSelector": {"matchLabels": {"caas.dev/infrastructure": "in-memory"}},
            "reconcileStrategy": "Continuous",
            "valuesTemplate": yaml.safe_dump(values),
            **spec,
        },
    )
