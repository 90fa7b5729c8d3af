"""Cases of rules about clusters: their releases, their machines, their control planes."""

from __future__ import annotations

from typing import Any

from tests.policies.case import GONE, Case, R, case
from tests.policies.clusters import argument
from tests.policies.samples import CLUSTER, PLANE, POOL, obj

TOPOLOGY = "spec.topology"
TIER = "metadata.labels.tier"
SURGE = f"{POOL}.rollout.strategy.rollingUpdate.maxSurge"
UNAVAILABLE = f"{POOL}.rollout.strategy.rollingUpdate.maxUnavailable"
POOLS = f"{TOPOLOGY}.workers.machineDeployments"
DEVELOPMENT = CLUSTER.put(TIER, "dev")


def labelled(**labels: str) -> R:
    return CLUSTER.put("metadata.labels", {"tier": "production", **labels})


def variables(**values: Any) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def overrides(**values: Any) -> dict[str, Any]:
    return {"overrides": variables(**values)}


BACKED_UP = CLUSTER.put(
    "metadata.labels",
    {"tier": "production", "caas.dev/infrastructure": "aws", "caas.dev/etcd-snapshots": "s-1"},
)


def taint(effect: str) -> dict[str, str]:
    return {"key": "kind", "value": "web", "effect": effect}


TAINTED = BACKED_UP.put(f"{POOL}.variables", overrides(taints=[taint("NoSchedule")])).put(
    f"{POOLS}.1.variables", overrides(taints=[taint("NoExecute")])
)
CLASS = obj(
    "cluster.x-k8s.io/v1beta2:ClusterClass",
    spec={"kubernetesVersions": ["v1.35.4", "v1.36.3", "v1.37.2"]},
)
SPREAD = CLUSTER.put(f"{POOL}.failureDomain", "a").put(f"{POOLS}.1.failureDomain", "b")

CASES: dict[str, Case] = {
    "cluster-is-a-topology": case(
        CLUSTER,
        TOPOLOGY,
        GONE,
        "not a v1beta2 Cluster",
        unknown=TOPOLOGY,
        fails=(
            (CLUSTER.of("kubernetes:cluster.x-k8s.io/v1beta1:Cluster"), "not a v1beta2 Cluster"),
            (CLUSTER.of("kubernetes:cluster.x-k8s.io/v1alpha4:Cluster"), "not a v1beta2 Cluster"),
            (CLUSTER.of("kubernetes:cluster.x-k8s.io/v1beta1:ClusterPatch"), "not a v1beta2"),
        ),
    ),
    "release-is-in-the-catalog": case(
        CLUSTER,
        f"{TOPOLOGY}.version",
        "v1.36.2",
        "1.36.2 is not in the catalog: 1.35.4",
        fails=(
            (CLUSTER.put(f"{TOPOLOGY}.version", "latest"), "latest is not in the catalog"),
            (CLUSTER.put(f"{TOPOLOGY}.version", ""), "of no version"),
        ),
    ),
    "release-is-supported": case(
        CLUSTER, f"{TOPOLOGY}.version", "v1.35.4", "last fixes on 2027-02-28"
    ),
    "release-has-time-left": case(
        CLUSTER,
        f"{TOPOLOGY}.version",
        "v1.35.4",
        "gets its last fixes on 2027-02-28",
        days=120,
        passes=(CLUSTER.put(f"{TOPOLOGY}.version", "v1.37.2"),),
    ),
    "upgrades-have-a-path": case(
        CLASS,
        "spec.kubernetesVersions",
        ["v1.35.4", "v1.37.2"],
        "no release of 1.36 is listed",
        passes=(CLASS.put("spec.kubernetesVersions", GONE),),
    ),
    "clusters-are-not-paused": case(CLUSTER, "spec.paused", True, "it is paused"),
    "control-plane-is-odd": case(
        CLUSTER,
        f"{PLANE}.replicas",
        4,
        "has 4 machines",
        passes=(CLUSTER.put(f"{PLANE}.replicas", 5.0),),
        fails=((CLUSTER.put(f"{PLANE}.replicas", 2.0), "has 2 machines"),),
    ),
    "production-control-plane-is-redundant": case(
        CLUSTER,
        f"{PLANE}.replicas",
        1,
        "has 1, fewer than 3",
        passes=(DEVELOPMENT.put(f"{PLANE}.replicas", 1),),
        fails=((CLUSTER.put(f"{PLANE}.replicas", GONE), "has 1, fewer than 3"),),
    ),
    "control-plane-is-not-spot": case(
        CLUSTER,
        f"{PLANE}.variables",
        overrides(spot={}),
        "may reclaim",
        fails=((CLUSTER.put(f"{TOPOLOGY}.variables", variables(spot={})), "may reclaim"),),
        passes=(CLUSTER.put(f"{POOL}.variables", overrides(spot={})),),
    ),
    "production-control-plane-is-spread": case(
        CLUSTER,
        f"{PLANE}.variables",
        overrides(placement="any"),
        "may be on one host",
        passes=(
            CLUSTER.put(f"{PLANE}.variables", overrides(placement="spread")),
            DEVELOPMENT.put(f"{PLANE}.variables", overrides(placement="any")),
        ),
    ),
    "production-has-workers": case(
        CLUSTER,
        f"{TOPOLOGY}.workers",
        {},
        "no worker",
        passes=(
            DEVELOPMENT.put(f"{TOPOLOGY}.workers", {}),
            CLUSTER.put(f"{POOL}.replicas", GONE).put(f"{POOLS}.1.replicas", GONE),
        ),
        fails=((CLUSTER.put(f"{POOL}.replicas", 0).put(f"{POOLS}.1.replicas", 0), "no worker"),),
    ),
    "clusters-take-pods": case(
        BACKED_UP,
        f"{TOPOLOGY}.workers",
        {},
        "no machine of shop accepts pods without tolerations",
        passes=(
            CLUSTER.put("metadata|labels|caas.dev/infrastructure", "in-memory").put(
                f"{TOPOLOGY}.workers", {}
            ),
            TAINTED.put(f"{POOLS}.1.variables", overrides(taints=[taint("PreferNoSchedule")])),
            BACKED_UP.put(f"{TOPOLOGY}.workers", {}).put(
                f"{PLANE}.variables", overrides(taints=[])
            ),
        ),
        fails=(
            (TAINTED, "each of its pools is tainted or has no machine"),
            (BACKED_UP.put(f"{POOL}.replicas", 0).put(f"{POOLS}.1.replicas", 0), "no machine"),
        ),
    ),
    "production-workers-are-redundant": case(
        CLUSTER.put(f"{POOLS}.1.replicas", 0),
        f"{POOL}.replicas",
        1,
        "one worker machine",
        passes=(CLUSTER.put(f"{POOL}.replicas", GONE), DEVELOPMENT.put(f"{POOL}.replicas", 1)),
    ),
    "production-workers-span-zones": case(
        SPREAD,
        f"{POOL}.failureDomain",
        "b",
        "all worker pools of a production cluster are in b",
        passes=(CLUSTER, CLUSTER.put(POOLS, [{"name": "one", "failureDomain": "a"}])),
    ),
    "machines-are-health-checked": case(
        CLUSTER,
        f"{PLANE}.healthCheck",
        {"enabled": False},
        "control plane: unhealthy",
        fails=((CLUSTER.put(f"{POOL}.healthCheck", GONE), "pool `general`: unhealthy"),),
    ),
    "pools-can-roll": case(
        CLUSTER.put(SURGE, 0).put(UNAVAILABLE, 1),
        UNAVAILABLE,
        0,
        "pool `general`: no machine may be added",
        passes=(
            DEVELOPMENT.put(UNAVAILABLE, "100%"),
            CLUSTER.put(SURGE, "1%").put(UNAVAILABLE, 0),
            CLUSTER.put(SURGE, 0).put(UNAVAILABLE, "50%"),
            CLUSTER.put(SURGE, "0%").put(UNAVAILABLE, "49%"),
            CLUSTER.put(SURGE, 0).put(UNAVAILABLE, 0).put(f"{POOL}.replicas", 0),
        ),
        fails=(
            (CLUSTER.put(SURGE, "0%").put(UNAVAILABLE, "0%"), "no machine may be added"),
            (CLUSTER.put(UNAVAILABLE, 2), "all 2 machines away"),
            (CLUSTER.put(UNAVAILABLE, "100%"), "all 2 machines away"),
        ),
    ),
    "production-drains-end": case(
        CLUSTER,
        f"{PLANE}.deletion",
        {"nodeDrainTimeoutSeconds": 0},
        "control plane: a drain",
        passes=(DEVELOPMENT.put(f"{POOL}.deletion", GONE),),
        fails=((CLUSTER.put(f"{POOL}.deletion", GONE), "pool `general`: a drain"),),
    ),
    "production-etcd-is-saved": case(
        BACKED_UP,
        "metadata.labels",
        {"tier": "production", "caas.dev/infrastructure": "aws"},
        "no schedule of etcd snapshots",
        passes=(CLUSTER, DEVELOPMENT),
    ),
    "cluster-ranges-are-apart": case(
        CLUSTER,
        "spec.clusterNetwork.services.cidrBlocks",
        ["192.168.128.0/20"],
        "the range 192.168.0.0/16 of pods overlaps 192.168.128.0/20 of services",
        passes=(CLUSTER.put("spec.clusterNetwork.pods.cidrBlocks", ["nonsense", "fd00::/48"]),),
    ),
    "pools-are-bounded": case(
        CLUSTER,
        f"{POOL}.replicas",
        500,
        "pool `general`: up to 500 machines",
        fails=(
            (
                CLUSTER.put(
                    f"{POOL}.metadata",
                    {
                        "annotations": {
                            "cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size": "900"
                        }
                    },
                ),
                "up to 900 machines",
            ),
        ),
    ),
    "machines-are-not-oversize": case(
        CLUSTER,
        f"{POOL}.variables",
        overrides(machineType="m7i.metal-24xl"),
        "m7i.metal-24xl matches",
        passes=(CLUSTER.put(f"{POOL}.variables", overrides(machineType="m7i.large")),),
    ),
    "disks-are-not-oversize": case(
        CLUSTER,
        f"{POOL}.variables",
        overrides(rootDisk={"sizeGiB": 4096}),
        "pool `general`: a disk has 4096 GiB",
        fails=(
            (
                CLUSTER.put(
                    f"{POOL}.variables", overrides(dataDisks=[{"name": "a", "sizeGiB": 9000}])
                ),
                "9000 GiB",
            ),
        ),
    ),
    "kubelets-are-closed": case(
        CLUSTER,
        f"{POOL}.variables",
        overrides(kubeletExtraArgs=argument("anonymous-auth", "true")),
        "pool `general`: the kubelet",
        passes=(
            CLUSTER.put(f"{POOL}.variables", overrides(kubeletExtraArgs=argument("max-pods", "9"))),
            CLUSTER.put(
                f"{POOL}.variables", overrides(kubeletExtraArgs=argument("anonymous-auth", "false"))
            ),
        ),
        fails=(
            *(
                (
                    CLUSTER.put(
                        f"{POOL}.variables", overrides(kubeletExtraArgs=argument(name, value))
                    ),
                    f"--{name}={value}",
                )
                for name, value in (
                    ("anonymous-auth", ""),
                    ("authorization-mode", "AlwaysAllow"),
                    ("read-only-port", "10255"),
                )
            ),
            (
                CLUSTER.put(
                    f"{TOPOLOGY}.variables",
                    variables(kubeletExtraArgs=argument("anonymous-auth", "true")),
                ),
                "control plane: the kubelet",
            ),
        ),
    ),
    "api-server-is-closed": case(
        CLUSTER,
        f"{TOPOLOGY}.variables",
        variables(apiServerExtraArgs=argument("anonymous-auth", "1")),
        "--anonymous-auth=1",
        passes=(
            CLUSTER.put(
                f"{TOPOLOGY}.variables",
                variables(apiServerExtraArgs=argument("authorization-mode", "Node,RBAC")),
            ),
        ),
        fails=tuple(
            (
                CLUSTER.put(
                    f"{TOPOLOGY}.variables", variables(apiServerExtraArgs=argument(name, value))
                ),
                f"--{name}={value}",
            )
            for name, value in (
                ("authorization-mode", "Node,RBAC,AlwaysAllow"),
                ("authorization-mode", "RBAC"),
                ("token-auth-file", "/tokens"),
            )
        ),
    ),
}
