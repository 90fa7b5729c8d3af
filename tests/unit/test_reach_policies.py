"""The evaluator of network policies: against a naive one, and by cases of the documentations."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.addon_settings import AddonSettings
from components.network.policies import NetworkPoliciesSettings
from components.network.reach.change import NetworkComparison, NetworkState
from components.network.reach.ends import FlowEnd, outside, place, pods
from components.network.reach.evaluator import Flow, PolicySet
from tests.addons.examples import addon
from tests.unit.reach_reference import Someone, reaches

Manifest = dict[str, Any]


def policy(
    namespace: str, name: str = "p", selector: Manifest | None = None, **spec: Any
) -> Manifest:
    return {
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"podSelector": selector or {}, **spec},
    }


def cluster_policy(
    tier: str, priority: int, subject: Manifest, name: str = "c", **rules: Any
) -> Manifest:
    spec = {"tier": tier, "priority": priority, "subject": subject, **rules}
    return {"kind": "ClusterNetworkPolicy", "metadata": {"name": name}, "spec": spec}


def labelled(**labels: str) -> Manifest:
    return {"matchLabels": labels}


def namespace(name: str) -> Manifest:
    return {"namespaceSelector": labelled(**{"kubernetes.io/metadata.name": name})}


# a world of a few pods, and policies at random

WORLD = [
    Someone("a", "red", (("app", "web"),), (("team", "x"),), "10.0.0.1", (("http", "TCP", 80),)),
    Someone("b", "red", (("app", "db"),), (("team", "x"),), "10.0.0.2", (("http", "TCP", 81),)),
    Someone("c", "blue", (("app", "web"), ("z", "1")), (("team", "y"),), "10.0.1.1", ()),
    Someone("d", "blue", (), (("team", "y"),), "10.0.1.2", (("http", "UDP", 80),)),
    Someone("out", "", (), (), "203.0.113.9", ()),
]
PORTS = (79, 80, 81, 82, 90)


def as_end(one: Someone) -> FlowEnd:
    around = {**dict(one.around), "kubernetes.io/metadata.name": one.namespace}
    return FlowEnd(
        one.name,
        one.namespace,
        one.name if one.namespace else "",
        dict(one.labels),
        around,
        frozenset(one.named),
        (ip_address(one.address),),
    )


def one_of(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


EXPRESSIONS = st.builds(
    lambda key, operator, values: {
        "key": key,
        "operator": operator,
        **({"values": values} if operator.endswith("In") else {}),
    },
    one_of("app", "team", "z"),
    one_of("In", "NotIn", "Exists", "DoesNotExist"),
    st.lists(one_of("web", "db", "x", "1"), min_size=1, max_size=2),
)
SELECTORS = st.one_of(
    st.just({}),
    st.dictionaries(one_of("app", "team"), one_of("web", "db", "x", "y"), max_size=1).map(
        lambda labels: {"matchLabels": labels}
    ),
    st.lists(EXPRESSIONS, min_size=1, max_size=2).map(lambda each: {"matchExpressions": each}),
)
BLOCKS = one_of("10.0.0.0/24", "10.0.1.0/24", "10.0.0.2/32", "0.0.0.0/0", "203.0.113.0/24")
PEERS = st.one_of(
    SELECTORS.map(lambda each: {"podSelector": each}),
    SELECTORS.map(lambda each: {"namespaceSelector": each}),
    st.tuples(SELECTORS, SELECTORS).map(
        lambda each: {"podSelector": each[0], "namespaceSelector": each[1]}
    ),
    st.builds(
        lambda cidr, excluded: {"ipBlock": {"cidr": cidr, "except": excluded}},
        BLOCKS,
        st.lists(BLOCKS, max_size=1),
    ),
)
PORT = st.one_of(
    st.fixed_dictionaries(
        {}, optional={"protocol": one_of("TCP", "UDP"), "port": one_of(79, 80, 81, "http")}
    ),
    st.just({"port": 80, "endPort": 82}),
)
RULES = {
    key: st.fixed_dictionaries(
        {}, optional={key: st.lists(PEERS, max_size=2), "ports": st.lists(PORT, max_size=2)}
    )
    for key in ("from", "to")
}
NETWORK_POLICIES = st.builds(
    lambda name, namespace, spec: policy(namespace, name, **spec),
    one_of("p", "q"),
    one_of("red", "blue"),
    st.fixed_dictionaries(
        {},
        optional={
            "selector": SELECTORS,
            "policyTypes": st.lists(one_of("Ingress", "Egress"), max_size=2, unique=True),
            "ingress": st.lists(RULES["from"], max_size=2),
            "egress": st.lists(RULES["to"], max_size=2),
        },
    ),
)
NAMESPACED = st.one_of(
    SELECTORS.map(lambda each: {"namespaces": each}),
    st.tuples(SELECTORS, SELECTORS).map(
        lambda each: {"pods": {"namespaceSelector": each[0], "podSelector": each[1]}}
    ),
)
NETWORKS = st.lists(BLOCKS, min_size=1, max_size=2).map(lambda each: {"networks": each})
PROTOCOLS = st.one_of(
    one_of("tcp", "udp").flatmap(
        lambda key: one_of(80, 81).map(lambda each: {key: {"destinationPort": {"number": each}}})
    ),
    st.just({"tcp": {"destinationPort": {"range": {"start": 80, "end": 82}}}}),
    st.just({"destinationNamedPort": "http"}),
)


def cluster_rules(key: str, known: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    needed = {"action": one_of("Accept", "Deny", "Pass")}
    rule = st.fixed_dictionaries(
        {**needed, key: st.lists(known, min_size=1, max_size=2)},
        optional={"protocols": st.lists(PROTOCOLS, min_size=1, max_size=2)},
    )
    return st.lists(rule, max_size=2)


CLUSTER_POLICIES = st.builds(
    lambda tier, subject, rules: cluster_policy(tier, 0, subject, **rules),
    one_of("Admin", "Baseline"),
    NAMESPACED,
    st.fixed_dictionaries(
        {},
        optional={
            "ingress": cluster_rules("from", NAMESPACED),
            "egress": cluster_rules("to", st.one_of(NAMESPACED, NETWORKS)),
        },
    ),
)


@st.composite
def policies(draw: st.DrawFn) -> list[Manifest]:
    """Policies of both kinds; priorities are there once, as the order of equal ones is open."""
    clusterwide = draw(st.lists(CLUSTER_POLICIES, max_size=3))
    for each, priority in zip(clusterwide, draw(st.permutations(range(3))), strict=False):
        each["spec"]["priority"] = priority
    return [*draw(st.lists(NETWORK_POLICIES, max_size=3)), *clusterwide]


SLOWLY = [HealthCheck.too_slow]


@settings(max_examples=150, deadline=None, suppress_health_check=SLOWLY)
@given(policies(), one_of(*WORLD), one_of(*WORLD), one_of("TCP", "UDP"), one_of(*PORTS))
@pytest.mark.slow
def test_the_answer_is_that_of_the_naive_evaluator(
    manifests: list[Manifest], source: Someone, target: Someone, protocol: str, port: int
) -> None:
    answer = PolicySet(manifests).verdict(Flow(as_end(source), as_end(target), port, protocol))
    assert answer.allowed == reaches(manifests, source, target, protocol, port), answer


@settings(max_examples=25, deadline=None, suppress_health_check=SLOWLY)
@given(policies(), policies())
@pytest.mark.slow
def test_a_change_names_every_connection_that_differs_and_no_other(
    before: list[Manifest], after: list[Manifest]
) -> None:
    ends = [as_end(each) for each in WORLD]
    states = [NetworkState(PolicySet(each), ends) for each in (before, after)]
    named = {
        (each.opened, each.source, each.destination, protocol, port)
        for each in NetworkComparison().changes(*states)
        for protocol, ranges in each.ports
        for own in ranges
        for port in PORTS
        if port in own
    }
    differing = set()
    for source in WORLD:
        for target in WORLD:
            for protocol in ("TCP", "UDP"):
                for port in PORTS:
                    pair = (source, target, protocol, port)
                    was, will = reaches(before, *pair), reaches(after, *pair)
                    if was != will:
                        differing.add((will, source.name, target.name, protocol, port))
    assert {each for each in named if each[3] != "SCTP"} == differing


# cases of the documentation of Kubernetes, "Network Policies"

CLIENT = FlowEnd("client", "client", "c", {"role": "frontend"}, {"project": "myproject"})
DATABASE = FlowEnd(
    "db",
    "default",
    "db",
    {"role": "db"},
    {"kubernetes.io/metadata.name": "default"},
    frozenset({("postgres", "TCP", 5432)}),
    (ip_address("10.1.0.9"),),
)
NEIGHBOUR = FlowEnd("front", "default", "f", {"role": "frontend"}, {})
EXAMPLE = policy(
    "default",
    "test-network-policy",
    labelled(role="db"),
    policyTypes=["Ingress", "Egress"],
    ingress=[
        {
            "from": [
                {"ipBlock": {"cidr": "172.17.0.0/16", "except": ["172.17.1.0/24"]}},
                {"namespaceSelector": labelled(project="myproject")},
                {"podSelector": labelled(role="frontend")},
            ],
            "ports": [{"protocol": "TCP", "port": 6379}],
        }
    ],
    egress=[
        {
            "to": [{"ipBlock": {"cidr": "10.0.0.0/24"}}],
            "ports": [{"protocol": "TCP", "port": 5978}],
        }
    ],
)
ALONE = FlowEnd("other", "elsewhere", "o", {"role": "frontend"}, {})
BOTH = {"namespaceSelector": labelled(project="myproject"), "podSelector": labelled(role="client")}


@pytest.mark.parametrize(
    ("manifests", "source", "target", "port", "allowed"),
    [
        ([], CLIENT, DATABASE, 6379, True),
        ([EXAMPLE], CLIENT, DATABASE, 6379, True),
        ([EXAMPLE], CLIENT, DATABASE, 6380, False),
        ([EXAMPLE], NEIGHBOUR, DATABASE, 6379, True),
        ([EXAMPLE], ALONE, DATABASE, 6379, False),
        ([EXAMPLE], outside("172.17.0.9"), DATABASE, 6379, True),
        ([EXAMPLE], outside("172.17.1.9"), DATABASE, 6379, False),
        ([EXAMPLE], DATABASE, outside("10.0.0.5"), 5978, True),
        ([EXAMPLE], DATABASE, outside("10.0.1.5"), 5978, False),
        # one entry with two selectors means both, two entries mean either
        ([policy("default", ingress=[{"from": [BOTH]}])], CLIENT, DATABASE, 80, False),
        (
            [policy("default", ingress=[{"from": [{k: v} for k, v in BOTH.items()]}])],
            CLIENT,
            DATABASE,
            80,
            True,
        ),
        # default deny and allow, of each side
        ([policy("default", policyTypes=["Ingress"])], NEIGHBOUR, DATABASE, 80, False),
        ([policy("default", policyTypes=["Ingress"])], DATABASE, CLIENT, 80, True),
        ([policy("default", ingress=[{}])], CLIENT, DATABASE, 80, True),
        ([policy("default", policyTypes=["Egress"])], DATABASE, CLIENT, 80, False),
        ([policy("default", policyTypes=["Egress"])], CLIENT, DATABASE, 80, True),
        ([policy("default", policyTypes=["Egress"], egress=[{}])], DATABASE, CLIENT, 80, True),
        # no policyTypes: ingress always, egress where it has rules
        ([policy("default")], DATABASE, CLIENT, 80, True),
        ([policy("default", egress=[{"ports": [{"port": 1}]}])], DATABASE, CLIENT, 80, False),
        # a range of ports, a named port, the default protocol
        ([policy("default", ingress=[{"ports": [{"port": 32000, "endPort": 32768}]}])],
         CLIENT, DATABASE, 32768, True),
        ([policy("default", ingress=[{"ports": [{"port": 32000, "endPort": 32768}]}])],
         CLIENT, DATABASE, 32769, False),
        ([policy("default", ingress=[{"ports": [{"port": "postgres"}]}])],
         CLIENT, DATABASE, 5432, True),
        ([policy("default", ingress=[{"ports": [{"port": "postgres"}]}])],
         CLIENT, DATABASE, 5433, False),
        ([policy("default", ingress=[{"ports": [{"port": 53, "protocol": "UDP"}]}])],
         CLIENT, DATABASE, 53, False),
        # an empty selector selects all, policies add up, a pod reaches itself
        ([policy("default", ingress=[{"from": [{"namespaceSelector": {}}]}])],
         CLIENT, DATABASE, 80, True),
        ([policy("default", ingress=[{"from": [{"podSelector": {}}]}])],
         CLIENT, DATABASE, 80, False),
        ([policy("default"), policy("default", "q", ingress=[{}])], CLIENT, DATABASE, 80, True),
        ([policy("default", policyTypes=["Ingress", "Egress"])], DATABASE, DATABASE, 80, True),
    ],
)  # fmt: skip
def test_cases_of_the_kubernetes_documentation(
    manifests: list[Manifest], source: FlowEnd, target: FlowEnd, port: int, allowed: bool
) -> None:
    answer = PolicySet(manifests).verdict(Flow(source, target, port))
    assert answer.allowed is allowed, answer


# cases of the documentation of network-policy-api

ALL: Manifest = {"namespaces": {}}
DEFAULT = {"namespaces": labelled(**{"kubernetes.io/metadata.name": "default"})}
DENY = {"action": "Deny", "from": [ALL]}
ACCEPT = {"action": "Accept", "from": [ALL]}
ON = {"action": "Pass", "from": [ALL]}
CLOSED = policy("default", "closed")
OPEN = policy("default", "open", ingress=[{}])
NEWER: Manifest = {"nodes": {}}
ANYWHERE = {"networks": ["0.0.0.0/0"]}
UDP = {"udp": {"destinationPort": {"number": 5432}}}


@pytest.mark.parametrize(
    ("manifests", "allowed"),
    [
        # Admin is not overridden by NetworkPolicies, Baseline is
        ([cluster_policy("Admin", 1, DEFAULT, ingress=[DENY]), OPEN], False),
        ([cluster_policy("Admin", 1, DEFAULT, ingress=[ACCEPT]), CLOSED], True),
        ([cluster_policy("Baseline", 1, DEFAULT, ingress=[DENY]), OPEN], True),
        ([cluster_policy("Baseline", 1, DEFAULT, ingress=[DENY])], False),
        ([cluster_policy("Baseline", 1, DEFAULT, ingress=[ACCEPT]), CLOSED], False),
        # Pass skips the rest of the tier and leaves it to the next
        ([cluster_policy("Admin", 1, DEFAULT, ingress=[ON, DENY]), CLOSED], False),
        ([cluster_policy("Admin", 1, DEFAULT, ingress=[ON, DENY]), OPEN], True),
        ([cluster_policy("Admin", 1, DEFAULT, ingress=[ON, DENY])], True),
        (
            [
                cluster_policy("Admin", 1, DEFAULT, ingress=[ON, DENY]),
                cluster_policy("Baseline", 1, DEFAULT, ingress=[DENY]),
            ],
            False,
        ),
        # lower numbers go first, then the order of rules; rules of the other side say nothing
        (
            [
                cluster_policy("Admin", 2, DEFAULT, "a", ingress=[DENY]),
                cluster_policy("Admin", 1, DEFAULT, "b", ingress=[ACCEPT]),
            ],
            True,
        ),
        ([cluster_policy("Admin", 1, DEFAULT, ingress=[ACCEPT, DENY])], True),
        ([cluster_policy("Admin", 1, DEFAULT, egress=[{"action": "Deny", "to": [ALL]}])], True),
        # both sides have to consent
        ([cluster_policy("Admin", 1, ALL, egress=[{"action": "Deny", "to": [DEFAULT]}])], False),
        # networks match pods of the cluster too
        (
            [
                cluster_policy("Admin", 1, ALL, egress=[{"action": "Deny", "to": [ANYWHERE]}])
            ],
            False,
        ),
        # a peer of a newer version fails closed
        ([cluster_policy("Admin", 1, DEFAULT, ingress=[{**DENY, "from": [NEWER]}])], False),
        ([cluster_policy("Admin", 1, DEFAULT, ingress=[{**ON, "from": [NEWER]}])], False),
        (
            [cluster_policy("Admin", 1, DEFAULT, ingress=[{**ACCEPT, "from": [NEWER]}]), CLOSED],
            False,
        ),
        # protocols
        (
            [
                cluster_policy(
                    "Admin", 1, DEFAULT,
                    ingress=[{**DENY, "protocols": [{"destinationNamedPort": "postgres"}]}],
                )
            ],
            False,
        ),
        (
            [
                cluster_policy(
                    "Admin", 1, DEFAULT,
                    ingress=[{**DENY, "protocols": [UDP]}],
                )
            ],
            True,
        ),
    ],
)  # fmt: skip
def test_cases_of_cluster_network_policies(manifests: list[Manifest], allowed: bool) -> None:
    answer = PolicySet(manifests).verdict(Flow(CLIENT, DATABASE, 5432))
    assert answer.allowed is allowed, answer


def test_pods_with_the_network_of_their_machine() -> None:
    """No selector matches them, and pods of their machine are always open to them."""
    agent = FlowEnd("agent", "kube-system", "a", {}, {}, node="m1", host_network=True)
    near, far = (FlowEnd(f"on-{name}", "default", name, node=name) for name in ("m1", "m2"))
    closed = PolicySet([policy("default", ingress=[{"from": [{"namespaceSelector": {}}]}])])
    assert closed.verdict(Flow(agent, near, 80)).allowed
    assert not closed.verdict(Flow(agent, far, 80)).allowed
    denied = PolicySet([cluster_policy("Admin", 1, ALL, egress=[{"action": "Deny", "to": [ALL]}])])
    assert denied.verdict(Flow(agent, far, 80)).egress.allowed
    assert denied.verdict(Flow(far, agent, 80)).allowed


def test_two_families_of_addresses() -> None:
    """A connection may use either; one that is open is enough."""
    six = policy("default", ingress=[{"from": [{"ipBlock": {"cidr": "fd00::/8"}}]}])
    both = tuple(ip_address(each) for each in ("10.2.0.1", "fd00::1"))
    source = FlowEnd("s", "client", "s", addresses=both)
    target = FlowEnd("t", "default", "t", addresses=both)
    assert PolicySet([six]).verdict(Flow(source, target, 80)).allowed
    only_four = FlowEnd("t", "default", "t", addresses=both[:1])
    assert not PolicySet([six]).verdict(Flow(source, only_four, 80)).allowed


def test_the_deciding_rule_is_named_on_each_side() -> None:
    admin = cluster_policy(
        "Admin", 5, DEFAULT, "guard", ingress=[{**DENY, "name": "all-others"}], egress=[]
    )
    answer = PolicySet([admin, OPEN]).verdict(Flow(CLIENT, DATABASE, 80))
    assert answer.ingress.policies == ("ClusterNetworkPolicy guard",)
    assert answer.ingress.reason == (
        "ClusterNetworkPolicy guard (tier Admin, Deny), ingress rule 1 `all-others`"
    )
    assert answer.egress.reason == "no policy decides about egress of client"
    closed = PolicySet([CLOSED]).verdict(Flow(CLIENT, DATABASE, 80)).ingress
    assert closed.reason == "no ingress rule allows it in NetworkPolicy default/closed"
    opened = PolicySet([CLOSED, OPEN]).verdict(Flow(CLIENT, DATABASE, 80)).ingress
    assert opened.reason == "NetworkPolicy default/open, ingress rule 1"


@pytest.mark.parametrize("first", [DENY, ON])
def test_policies_of_one_priority_that_disagree_are_named(first: Manifest) -> None:
    manifests = [
        cluster_policy("Admin", 1, DEFAULT, "b", ingress=[ACCEPT]),
        cluster_policy("Admin", 1, DEFAULT, "a", ingress=[first]),
    ]
    answer = PolicySet(manifests).verdict(Flow(CLIENT, DATABASE, 80)).ingress
    assert answer.ambiguous == ("ClusterNetworkPolicy b",)


def test_pods_are_read_as_the_api_server_gives_them() -> None:
    namespaces = [{"metadata": {"name": "shop", "labels": {"team": "x"}}}]
    container = {"ports": [{"name": "http", "containerPort": 8080}, {"containerPort": 9}]}
    sidecar = {"restartPolicy": "Always", "ports": [{"name": "m", "containerPort": 9090}]}
    setup = {"ports": [{"name": "never", "containerPort": 1}]}
    spec = {"containers": [container], "initContainers": [sidecar, setup], "nodeName": "m1"}
    status = {"podIPs": [{"ip": "10.0.0.7"}, {"ip": "fd00::7"}], "phase": "Running"}
    metadata = {"name": "web-0", "namespace": "shop", "labels": {"app": "web"}}
    pod = {"metadata": metadata, "spec": spec, "status": status}
    (found,) = pods(namespaces, [pod, {**pod, "status": {"phase": "Succeeded"}}])
    assert (found.title, found.pod, found.node) == ("shop/web-0", "web-0", "m1")
    assert found.namespace_labels == {"team": "x", "kubernetes.io/metadata.name": "shop"}
    assert found.ports == {("http", "TCP", 8080), ("m", "TCP", 9090)}
    assert [str(each) for each in found.addresses] == ["10.0.0.7", "fd00::7"]


def test_policies_of_the_component_network_policies() -> None:
    """Closed but for DNS, and within a namespace where that is wanted."""
    assert issubclass(NetworkPoliciesSettings, AddonSettings)
    settings_ = {"namespaces": ["shop"], "allowWithin": True}
    made = PolicySet(addon("networkPolicies", settings_, others={"calico": {}}).objects)
    shop, other = place("shop"), place("other")
    dns = FlowEnd(
        "dns",
        "kube-system",
        "coredns",
        {"k8s-app": "kube-dns"},
        place("kube-system").namespace_labels,
    )

    def allowed(source: FlowEnd, target: FlowEnd, port: int, protocol: str = "TCP") -> bool:
        return made.verdict(Flow(source, target, port, protocol)).allowed

    assert allowed(shop, shop, 80)
    assert not allowed(shop, other, 80)
    assert not allowed(other, shop, 80)
    assert allowed(shop, dns, 53, "UDP")
    assert not allowed(shop, dns, 54, "UDP")


# words of a change

SHOP, PAY = place("shop-web"), place("pay-api", title="payments/pay-api")
SHUT = [policy(each, "shut", policyTypes=["Ingress", "Egress"]) for each in ("shop-web", "pay-api")]
CONSENT = [
    policy(
        "shop-web", "out",
        egress=[{"to": [namespace("pay-api")],
                 "ports": [{"port": 8443}, {"port": 9000, "endPort": 9001}]}],
    ),
    policy(
        "pay-api", "in",
        ingress=[{"from": [namespace("shop-web")],
                  "ports": [{"port": 8443}]}],
    ),
]  # fmt: skip


def told(before: list[Manifest], after: list[Manifest], *ends: FlowEnd) -> list[str]:
    states = [NetworkState(PolicySet(each), ends or (SHOP, PAY)) for each in (before, after)]
    return [str(each) for each in NetworkComparison().changes(*states)]


def test_a_connection_opens_with_the_consent_of_both() -> None:
    assert told(SHUT, [*SHUT, CONSENT[0]]) == []
    assert told(SHUT, [*SHUT, CONSENT[1]]) == []
    opened = "network: shop-web may now reach payments/pay-api on TCP 8443"
    assert told(SHUT, [*SHUT, *CONSENT]) == [opened]
    closed = "network: shop-web may no longer reach payments/pay-api on TCP 8443"
    assert told([*SHUT, *CONSENT], SHUT) == [closed]
    assert told([*SHUT, *CONSENT], [*reversed(CONSENT), *SHUT]) == []


def test_all_ports_are_told_as_such() -> None:
    closed = "network: shop-web may no longer reach payments/pay-api on every port"
    back = "network: payments/pay-api may no longer reach shop-web on every port"
    within = [
        f"network: {each.title} may no longer reach {each.title} on every port"
        for each in (PAY, SHOP)
    ]
    assert sorted(told([], SHUT)) == sorted([closed, back, *within])
    some = [policy("pay-api", "in", ingress=[{"ports": [{}, {"protocol": "UDP", "port": 53}]}])]
    words = "network: shop-web may now reach payments/pay-api on every TCP port and UDP 53"
    assert words in told(SHUT[1:], [*SHUT[1:], *some])


def test_another_label_of_an_end_changes_what_others_reach() -> None:
    """A rule by label opens to an end that gets the label."""
    by_label = policy("pay-api", ingress=[{"from": [{"namespaceSelector": labelled(team="x")}]}])
    labelled_shop = place("shop-web", {"team": "x"})
    before = NetworkState(PolicySet([by_label]), (SHOP, PAY))
    after = NetworkState(PolicySet([by_label]), (labelled_shop, PAY))
    opened = "network: shop-web may now reach payments/pay-api on every port"
    assert [str(each) for each in NetworkComparison().changes(before, after)] == [opened]
