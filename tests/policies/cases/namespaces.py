"""Cases of rules about namespaces, tenants, services, roles, claims."""

from __future__ import annotations

from tests.policies.case import Case, case
from tests.policies.samples import CLUSTER, DEPLOYMENT, in_config_map, obj

NAMESPACE = obj("core/v1:Namespace", "blue").put(
    "metadata.labels",
    {"caas.dev/tenant": "blue", "pod-security.kubernetes.io/enforce": "restricted"},
)
QUOTA = obj(
    "core/v1:ResourceQuota",
    namespace="blue",
    spec={"hard": {"limits.cpu": "4", "limits.memory": "8Gi"}},
)
LIMITS = obj(
    "core/v1:LimitRange", namespace="blue", spec={"limits": [{"default": {"memory": "1Gi"}}]}
)
DENY = obj(
    "networking.k8s.io/v1:NetworkPolicy",
    namespace="blue",
    spec={"podSelector": {}, "policyTypes": ["Ingress"]},
)
POOL = obj("metallb.io/v1beta1:IPAddressPool", "blue", spec={"addresses": ["192.0.2.0/28"]})
OTHER_POOL = obj("metallb.io/v1beta1:IPAddressPool", "red", spec={"addresses": ["192.0.2.32/28"]})
SOME = {"matchExpressions": [{"key": "app", "operator": "Exists"}]}
RBAC = "rbac.authorization.k8s.io"
PLAIN = obj("core/v1:Namespace", "tools")
SERVICE = obj(
    "core/v1:Service", spec={"type": "ClusterIP", "externalIPs": [], "ports": [{"port": 80}]}
)
INGRESS = obj(
    "networking.k8s.io/v1:Ingress",
    spec={
        "tls": [{"hosts": ["shop.example.com"]}],
        "defaultBackend": {"service": {"name": "a", "port": {"number": 80}}},
    },
)
CASES: dict[str, Case] = {
    "namespaces-enforce-pod-security": case(
        NAMESPACE,
        "metadata.labels",
        {},
        "the namespace blue has no level of Pod Security",
        passes=(obj("core/v1:Namespace", "kube-system"),),
        fails=(
            (
                NAMESPACE.put(
                    "metadata.labels", {"pod-security.kubernetes.io/enforce": "privileged"}
                ),
                "lets every pod do everything: privileged",
            ),
        ),
    ),
    "tenants-have-a-quota": case(
        (QUOTA, NAMESPACE),
        "spec.hard",
        {"pods": "10"},
        "no ResourceQuota bounds cpu and memory",
        unknown="metadata.namespace",
        passes=((PLAIN,), (NAMESPACE, in_config_map(QUOTA))),
        fails=(((NAMESPACE,), "no ResourceQuota"),),
    ),
    "tenants-have-limits": case(
        (LIMITS, NAMESPACE), "spec.limits", [], "no LimitRange gives them one"
    ),
    "tenants-are-isolated": case(
        (DENY, NAMESPACE),
        "spec.ingress",
        [{"from": []}],
        "no NetworkPolicy denies",
        fails=(
            ((DENY.put("spec.podSelector.matchLabels", {"a": "b"}), NAMESPACE), "NetworkPolicy"),
            ((DENY.put("spec.podSelector", SOME), NAMESPACE), "NetworkPolicy"),
            ((DENY.put("spec.policyTypes", ["Egress"]), NAMESPACE), "NetworkPolicy"),
        ),
    ),
    "address-pools-are-apart": case(
        (POOL, OTHER_POOL),
        "spec.addresses",
        ["nonsense", "192.0.2.20 - 192.0.2.40"],
        "192.0.2.32/28 of the pool red overlaps 192.0.2.20 - 192.0.2.40 of blue",
        passes=((POOL, OTHER_POOL.put("spec.addresses", ["2001:db8::/64"])), (POOL,)),
        fails=(((POOL, in_config_map(POOL.put("metadata.name", "red"))), "of the pool red"),),
    ),
    "services-claim-no-external-addresses": case(
        SERVICE, "spec.externalIPs", ["192.0.2.1"], "`externalIPs` is set"
    ),
    "load-balancers-are-limited": case(
        SERVICE,
        "spec.type",
        "LoadBalancer",
        "every address may connect",
        passes=(
            SERVICE.put("spec.type", "LoadBalancer").put(
                "spec.loadBalancerSourceRanges", ["203.0.113.0/24"]
            ),
        ),
    ),
    "services-open-no-node-ports": case(
        SERVICE,
        "spec.type",
        "NodePort",
        "a port on every machine",
        passes=(SERVICE.put("spec.type", "NodePort").put("metadata.namespace", "kube-system"),),
    ),
    "ingresses-are-encrypted": case(INGRESS, "spec.tls", [], "`tls` is not set"),
    "rbac-names-what-it-allows": case(
        obj(
            "rbac.authorization.k8s.io/v1:ClusterRole",
            rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
        ),
        "rules.0",
        {"apiGroups": [""], "resources": ["*"], "verbs": ["*"]},
        "everything on every resource of core",
        unknown="rules",
    ),
    "rbac-grants-no-escalation": case(
        obj(
            "rbac.authorization.k8s.io/v1:Role",
            rules=[{"apiGroups": [RBAC], "resources": ["roles"], "verbs": ["get"]}],
        ),
        "rules.0.verbs",
        ["bind"],
        "gain any permission: bind",
    ),
    "nobody-is-cluster-admin": case(
        obj(
            "rbac.authorization.k8s.io/v1:ClusterRoleBinding",
            roleRef={"apiGroup": RBAC, "kind": "ClusterRole", "name": "view"},
            subjects=[{"apiGroup": RBAC, "kind": "User", "name": "ada"}],
        ),
        "roleRef.name",
        "cluster-admin",
        "User ada may do everything",
    ),
    "strangers-have-no-roles": case(
        obj(
            "rbac.authorization.k8s.io/v1:RoleBinding",
            roleRef={"apiGroup": RBAC, "kind": "ClusterRole", "name": "view"},
            subjects=[{"apiGroup": RBAC, "kind": "User", "name": "ada"}],
        ),
        "subjects.0.name",
        "system:anonymous",
        "unauthenticated callers get a role",
    ),
    "volumes-are-not-host-paths": case(
        obj(
            "core/v1:PersistentVolume",
            spec={
                "capacity": {"storage": "1Gi"},
                "accessModes": ["ReadWriteOnce"],
                "nfs": {"server": "nfs.example.com", "path": "/a"},
            },
        ),
        "spec",
        {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "hostPath": {"path": "/a"},
        },
        "happens to run on",
    ),
    "config-maps-hold-no-secrets": case(
        obj("core/v1:ConfigMap", data={"level": "debug"}),
        "data",
        {"adminPassword": "hunter2"},
        "`adminPassword` is a secret",
        passes=(
            obj("core/v1:ConfigMap", data={"password": "", "token": "{{ .token }}", "a": "x"}),
            obj("core/v1:ConfigMap", data={"passwordPolicy": "strict"}),
        ),
        fails=(
            (
                obj(
                    "core/v1:ConfigMap",
                    data={"ca": "-----BEGIN RSA PRIVATE KEY-----\nMIIE"},
                ),
                "`ca` is a secret",
            ),
        ),
    ),
}
CLAIM = obj("core/v1:PersistentVolumeClaim", spec={"storageClassName": "gp3"})
SCHEDULE = obj(
    "velero.io/v1:Schedule", namespace="velero", spec={"template": {"includedNamespaces": ["shop"]}}
)
CLASS = obj("storage.k8s.io/v1:StorageClass", provisioner="ebs.csi.aws.com").put(
    "parameters.encrypted", "true"
)
CASES |= {
    "production-data-has-a-schedule": case(
        (SCHEDULE, CLAIM, CLUSTER),
        "spec.template.includedNamespaces",
        ["another"],
        "no Velero schedule backs up its data",
        passes=(
            (CLAIM,),
            (DEPLOYMENT.of("kubernetes:apps/v1:StatefulSet"), CLUSTER),
            (SCHEDULE.put("spec.template", {}), CLAIM, CLUSTER),
        ),
        fails=(((SCHEDULE.put("spec.paused", True), CLAIM, CLUSTER), "no Velero schedule"),),
    ),
    "production-storage-is-retained": case(
        (CLASS.put("reclaimPolicy", "Retain"), CLUSTER),
        "reclaimPolicy",
        "Delete",
        "the data of a deleted claim",
        passes=((CLASS,),),
    ),
}
