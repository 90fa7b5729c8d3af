"""MetalLB: addresses for Services where no cloud gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.addon import (
    LOAD_BALANCER,
    METRICS,
    Addon,
    Manifest,
    Port,
    SecurityLevel,
    Target,
    merged,
)
from components.chart import Chart
from components.fields import Settings
from components.finding import Finding
from components.loadbalancer import metallb_rules
from components.loadbalancer.addresses import Announced, LoadBalancer, check_balancer
from components.loadbalancer.metallb_settings import (
    AddressPool,
    BfdProfile,
    BgpAdvertisement,
    BgpPeer,
    CommunityValue,
    L2Advertisement,
    Name,
)
from components.network.selector import written

NAMESPACE = "metallb-system"
GROUP = "metallb.io"
LoadBalancerClass = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9./_-]*[A-Za-z0-9])?$")]


class MetalLB(LoadBalancer):
    """MetalLB with pools of addresses, announced by ARP and NDP, or by BGP.

    Without advertisements every pool is announced: to the BGP peers where there are any, otherwise
    in the machines' own network.
    """

    TITLE: ClassVar = "MetalLB"
    SUMMARY: ClassVar = "Gives Services of `type: LoadBalancer` addresses, and announces them."
    EXAMPLE: ClassVar = {"pools": [{"name": "public", "addresses": ["10.100.0.0/24"]}]}

    pools: Annotated[tuple[AddressPool, ...], Field(min_length=1, max_length=100)]
    """The addresses; checked against everything else in the stack."""
    l2_advertisements: Annotated[tuple[L2Advertisement, ...], Field(max_length=100)] = ()
    """Pools that one machine answers for, and another when it fails."""
    bgp_advertisements: Annotated[tuple[BgpAdvertisement, ...], Field(max_length=100)] = ()
    """Pools that routers send to all machines."""
    peers: Annotated[tuple[BgpPeer, ...], Field(max_length=100)] = ()
    """The routers."""
    bfd_profiles: Annotated[tuple[BfdProfile, ...], Field(max_length=100)] = ()
    """How fast broken paths are noticed."""
    communities: Annotated[dict[Name, CommunityValue], Field(max_length=100)] = Field(
        default_factory=dict
    )
    """Names for BGP communities, `{no-advertise: "65535:65282"}`."""
    load_balancer_class: Annotated[LoadBalancerClass, Field(max_length=253)] | None = None
    """Only Services with this `spec.loadBalancerClass` are answered; without it, all that name
    none."""

    @property
    def takes_all(self) -> bool:
        """Whether it answers Services that name no class."""
        return self.load_balancer_class is None

    def announced(self) -> Iterator[Announced]:
        """The addresses of all pools."""
        for number, pool in enumerate(self.pools):
            for index, one in enumerate(pool.addresses):
                yield Announced(("pools", number, "addresses", index), one, pool.reserved)

    def addon(self, target: Target) -> Addon:
        """One chart, and an object for everything that is said."""
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
            ports=tuple(self._ports()),
            privileges=("the host's network", "raw packets on it (NET_RAW)"),
            ready=(
                f"Deployment {NAMESPACE}/metallb-controller",
                f"DaemonSet {NAMESPACE}/metallb-speaker",
                *frr,
            ),
        )

    def check(self, target: Target) -> Iterator[Finding]:
        """What MetalLB would refuse in the cluster, and addresses that are not free."""
        yield from check_balancer(self, target)
        yield from metallb_rules.check(self)

    def _values(self, target: Target) -> dict[str, Any]:
        watched = target.has("monitoring")
        monitor = {"enabled": watched}
        return {
            "loadBalancerClass": self.load_balancer_class or "",
            "controller": {"priorityClassName": "system-cluster-critical"},
            "speaker": {
                "priorityClassName": "system-node-critical",
                # kubeadm excludes control-plane machines from load balancing.
                "ignoreExcludeLB": not target.cluster.worker_pools,
            },
            # FRR speaks BGP; without peers it would only take memory.
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

    def _ports(self) -> Iterator[Port]:
        yield Port(7946, "machines among each other, to notice that one failed")
        yield Port(7946, "machines among each other, to notice that one failed", "UDP")
        for number in sorted({peer.peer_port for peer in self.peers}):
            yield Port(number, "machines to routers, BGP")
        if any(peer.bfd_profile for peer in self.peers):
            yield Port(3784, "machines and routers, BFD", "UDP")


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
