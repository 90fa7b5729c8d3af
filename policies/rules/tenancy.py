"""Rules about tenants: what one may take, and who reaches whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from catalog.namespaces import privileged_namespaces
from components.mappings import entries, section, texts
from policies.rules.frameworks import cis, nsa, pod_security
from policies.rules.rule import ADVISORY, HIGH, MANDATORY, MEDIUM, Context, Rule
from policies.settings import Parameter
from policies.subjects.resource import Item
from policies.subjects.subject import RegisteredStack, StackSubject, Subject, itself, objects

TITLE = "Tenancy"
ENFORCE = "pod-security.kubernetes.io/enforce"
LEVELS = ("baseline", "restricted")
TENANT = "caas.dev/tenant"
OTHER_TENANT_LABELS = ("capsule.clastix.io/tenant",)
NAMESPACES = Subject("Namespaces", objects("Namespace", group="core", patches=False), itself)
TENANT_LABELS = Parameter(
    "labels",
    tuple[str, ...],
    (TENANT, *OTHER_TENANT_LABELS),
    "labels of which a tenant's namespace has one",
)


@dataclass(frozen=True, slots=True)
class Tenancy:
    """A namespace, and whether something is in it.

    Attributes:
        namespace: the namespace.
        is_there: whether what a rule asks for is in it.
    """

    namespace: Item
    is_there: bool

    def belongs_to_tenant(self, context: Context) -> bool:
        """True if it belongs to a tenant."""
        labels = section(self.namespace.metadata, "labels")
        return any(label in labels for label in context[TENANT_LABELS.name])


def _with(kind: str, wanted: Callable[[Item], bool]) -> StackSubject[Tenancy]:
    """Namespaces, and whether an object of a kind that is as wanted is in them."""

    def parts(stack: RegisteredStack) -> Iterator[tuple[Item, Tenancy]]:
        there = {item.namespace for item in stack.of(kind) if wanted(item)}
        for item in stack.of("Namespace"):
            yield item, Tenancy(item, str(item.metadata.get("name") or "") in there)

    return StackSubject(f"Namespaces of tenants, and their {kind} objects", parts)


def _bounds(quota: Item) -> bool:
    """True if a quota limits memory and CPU."""
    names = " ".join(section(quota.spec, "hard"))
    return "cpu" in names and "memory" in names


def _limits(limits: Item) -> bool:
    """True if containers without limits get limits."""
    return any(
        section(limit, "default") or section(limit, "max")
        for limit in entries(limits.spec, "limits")
    )


def _denies(policy: Item) -> bool:
    """True if a policy allows no traffic that another one does not allow."""
    selector = section(policy.spec, "podSelector")
    everything = not any(selector.get(key) for key in ("matchLabels", "matchExpressions"))
    types = texts(policy.spec, "policyTypes") or ["Ingress"]
    return everything and "Ingress" in types and not entries(policy.spec, "ingress")


def _enforces(namespace: Item, context: Context) -> Iterator[str]:
    level = section(namespace.metadata, "labels").get(ENFORCE)
    name = str(namespace.metadata.get("name") or "")
    if level in LEVELS or name in context["privileged"]:
        return
    said = f"lets every pod do everything: {level}" if level else "has no level of Pod Security"
    yield f"the namespace {name} {said}"


def _has_quota(tenancy: Tenancy, context: Context) -> Iterator[str]:
    if tenancy.belongs_to_tenant(context) and not tenancy.is_there:
        yield "its tenant may use the whole cluster: no ResourceQuota bounds cpu and memory"


def _has_limits(tenancy: Tenancy, context: Context) -> Iterator[str]:
    if tenancy.belongs_to_tenant(context) and not tenancy.is_there:
        yield "containers without a limit get none: no LimitRange gives them one"


def _is_isolated(tenancy: Tenancy, context: Context) -> Iterator[str]:
    if tenancy.belongs_to_tenant(context) and not tenancy.is_there:
        yield "every other tenant can reach its pods: no NetworkPolicy denies what is not allowed"


RULES: tuple[Rule[Item] | Rule[Tenancy], ...] = (
    Rule(
        "namespaces-enforce-pod-security",
        "A namespace enforces a level of Pod Security.",
        HIGH,
        MANDATORY,
        pod_security("Baseline"),
        f"Label it `{ENFORCE}: restricted`, or `baseline`; name privileged namespaces in "
        "the parameter `privileged`.",
        NAMESPACES,
        _enforces,
        (
            Parameter(
                "privileged",
                tuple[str, ...],
                privileged_namespaces(),
                "namespaces that may be privileged",
            ),
        ),
    ),
    Rule(
        "tenants-have-a-quota",
        "A tenant's namespace has a quota.",
        HIGH,
        MANDATORY,
        nsa("Kubernetes Pod security"),
        "Add a ResourceQuota with `requests.cpu` and `limits.memory`.",
        _with("ResourceQuota", _bounds),
        _has_quota,
        (TENANT_LABELS,),
    ),
    Rule(
        "tenants-have-limits",
        "Containers in a tenant's namespace have default limits.",
        MEDIUM,
        ADVISORY,
        nsa("Kubernetes Pod security"),
        "Add a LimitRange with defaults.",
        _with("LimitRange", _limits),
        _has_limits,
        (TENANT_LABELS,),
    ),
    Rule(
        "tenants-are-isolated",
        "A tenant's namespace accepts only traffic that a policy allows.",
        HIGH,
        MANDATORY,
        cis("5.3.2"),
        "Add a NetworkPolicy that selects all pods, with the type Ingress and no rule.",
        _with("NetworkPolicy", _denies),
        _is_isolated,
        (TENANT_LABELS,),
    ),
)
