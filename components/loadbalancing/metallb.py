"""MetalLB: addresses for Services where no cloud gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from components.addon import LOAD_BALANCER, METRICS, Addon, Port, SecurityLevel
from components.addon_settings import merged
from components.chart import Chart
from components.facts import ClusterFacts
from components.fields import Settings
from components.finding import Finding
from components.loadbalancing import metallb_rules
from components.loadbalancing.addresses import check_balancer
from components.loadbalancing.metallb_settings import BgpPeer, MetalLBOptions
from components.mappings import Manifest
from components.network.selector import written

NAMESPACE = "metallb-system"
GROUP = "metallb.io"


class MetalLBSettings(MetalLBOptions):
    """MetalLB with pools of addresses, announced by ARP and NDP, or by BGP.

    Without advertisements every pool is announced: to the BGP peers where there are any, otherwise
    in the machines' own network.
    """

    TITLE: ClassVar = "MetalLB"
    SUMMARY: ClassVar = "Gives Services of `type: LoadBalancer` addresses, and announces them."
    EXAMPLE: ClassVar = {"pools": [{"name": "public", "addresses": ["10.100.0.0/24"]}]}

    def addon(self, target: ClusterFacts) -> Addon:
        """One chart, and an object for every setting."""
        frr = (f"DaemonSet {NAMESPACE}/metallb-frr-k8s",) if self.peers else ()
        return Addon(
            "metallb",
            charts=(Chart("metallb", NAMESPACE, merged(self._values(target), self.values)),),
            namespaces={NAMESPACE: SecurityLevel.PRIVILEGED},
            objects=tuple(self._objects()),
            secrets=tuple(
                sorted({peer.password_secret for peer in self.peers if peer.password_secret})
            ),
            provides=(LOAD_BALANCER,) if self.takes_all else (),
            needs=(METRICS,) if target.has("monitoring") else (),
            ports=tuple(self._ports(target)),
            privileges=("the host's network", "raw packets on it (NET_RAW)"),
            ready=(
                f"Deployment {NAMESPACE}/metallb-controller",
                f"DaemonSet {NAMESPACE}/metallb-speaker",
                *frr,
            ),
        )

    def check(self, target: ClusterFacts) -> Iterator[Finding]:
        """The settings that MetalLB would reject in the cluster, and addresses that are not
        free."""
        yield from check_balancer(self, target)
        yield from metallb_rules.check(self, target)

    def _values(self, target: ClusterFacts) -> dict[str, Any]:
        watched = target.has("monitoring")
        monitor = {"enabled": watched}
        return {
            "loadBalancerClass": self.load_balancer_class or "",
            "controller": {"priorityClassName": "system-cluster-critical"},
            "speaker": {
                "priorityClassName": "system-node-critical",
                # kubeadm excludes control-plane machines from load balancing.
                "ignoreExcludeLB": not target.pools,
            },
            # FRR implements BGP; without peers it would only use memory.
            "frrk8s": {"enabled": bool(self.peers)},
            "frr-k8s": {
                "prometheus": {"serviceMonitor": {"enabled": watched and bool(self.peers)}}
            },
            "prometheus": {
                # The operator's Prometheus may read metrics everywhere.
                "rbacPrometheus": False,
                "serviceMonitor": monitor,
                "prometheusRule": monitor,
            },
        }

    def _objects(self) -> Iterator[Manifest]:
        for profile in self.bfd_profiles:
            yield _object("BFDProfile", profile, all_fields=True)
        if self.communities:
            named = [{"name": name, "value": value} for name, value in self.communities.items()]
            yield _manifest("Community", "communities", {"communities": named})
        for pool in self.pools:
            yield _object("IPAddressPool", pool, leave_out={"reserved"})
        for peer in self.peers:
            yield _peer(peer)
        yield from self._advertisements()

    def _advertisements(self) -> Iterator[Manifest]:
        for l2 in self.l2_advertisements:
            yield _object("L2Advertisement", l2)
        for bgp in self.bgp_advertisements:
            yield _object("BGPAdvertisement", bgp)
        if not self.l2_advertisements and not self.bgp_advertisements:
            yield _manifest("BGPAdvertisement" if self.peers else "L2Advertisement", "all", {})

    def _ports(self, target: ClusterFacts) -> Iterator[Port]:
        yield Port(7946, "machines among each other, to notice that one failed")
        yield Port(7946, "machines among each other, to notice that one failed", "UDP")
        for number in sorted({peer.peer_port for peer in self.peers}):
            yield Port(number, "machines to routers, BGP")
        if any(peer.bfd_profile for peer in self.peers):
            yield Port(3784, "machines and routers, BFD", "UDP")
        if target.has("monitoring"):
            yield Port(9120, "Prometheus to controller and speakers")
            if self.peers:
                for number in (9140, 9141):
                    yield Port(number, "Prometheus to FRR-K8s")


def _manifest(kind: str, name: str, spec: Mapping[str, Any], version: str = "v1beta1") -> Manifest:
    return {
        "apiVersion": f"{GROUP}/{version}",
        "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": dict(spec),
    }


def _object(
    kind: str, settings: Settings, *, leave_out: set[str] | None = None, all_fields: bool = False
) -> Manifest:
    """The object of a setting that has its fields, and a name."""
    said = settings.model_dump(mode="json", by_alias=True) if all_fields else written(settings)
    name = str(said.pop("name"))
    return _manifest(kind, name, {k: v for k, v in said.items() if k not in (leave_out or set())})


def _peer(peer: BgpPeer) -> Manifest:
    said = written(peer)
    name = str(said.pop("name"))
    if secret := said.pop("passwordSecret", None):
        said["passwordSecret"] = {"name": secret, "namespace": NAMESPACE}
    return _manifest("BGPPeer", name, said, "v1beta2")
