"""Rules about workloads: what they run, how much they take, and how they survive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catalog.admission import known_registries
from components.mappings import Props, entries, number, section
from policies.rules.frameworks import CAAS, KUBERNETES, cis, nsa
from policies.rules.rule import ADVISORY, HIGH, LOW, MANDATORY, MEDIUM, Context, Rule, opened
from policies.settings import Parameter
from policies.subjects.images import Image
from policies.subjects.pods import (
    ALL_CONTAINERS,
    JOB_OBJECTS,
    PLACES,
    REPLICATED,
    REPLICATED_PODS,
    SERVING,
    WHOLE_CONTAINERS,
    WHOLE_PODS,
    Container,
    Pod,
    pod_of,
)
from policies.subjects.resource import Item, Kind
from policies.subjects.retired import retired_image
from policies.subjects.subject import RegisteredStack, StackSubject

TITLE = "Workloads"
FROM_KNOWN = "images-come-from-known-registries"
REGISTRIES = "registries"
SIDECAR_ROLES = ("containers", "initContainers")
PAIR = 2


def _pinned(container: Container, context: Context) -> Iterator[str]:
    if not container.image:
        return
    image = Image.of(container.image)
    if not image.is_pinned:
        yield f"{container.title} runs the image that `{container.image}` refers to at the time"
    elif context["digests"] and not image.digest:
        yield f"{container.title} runs `{container.image}`, which names no digest"


def _listed(container: Container, context: Context) -> Iterator[str]:
    image = Image.of(container.image)
    if container.image and not any(image.is_from(place) for place in context[REGISTRIES]):
        yield f"{container.title} runs `{container.image}`, of a registry that is not listed"


def _not_retired(container: Container, _context: Context) -> Iterator[str]:
    if found := retired_image(container.image):
        yield f"{container.title} runs {found.name}, {found.why} since {found.since}"


def _asks(container: Container, _context: Context) -> Iterator[str]:
    requests = section(container.props, "resources", "requests")
    limits = section(container.props, "resources", "limits")
    missing = [name for name in ("cpu", "memory") if name not in requests and name not in limits]
    if missing and container.role in SIDECAR_ROLES:
        yield f"{container.title} requests no {' and no '.join(missing)}"


def _limited(container: Container, _context: Context) -> Iterator[str]:
    limits = section(container.props, "resources", "limits")
    if "memory" not in limits and container.role in SIDECAR_ROLES:
        yield f"{container.title} may take all memory of its machine"


def _probed(container: Container, _context: Context) -> Iterator[str]:
    probed = any(section(container.props, f"{kind}Probe") for kind in ("readiness", "liveness"))
    if container.role == "containers" and not probed:
        yield f"{container.title} has no probe that detects a hang"


def _spread(pod: Pod, _context: Context) -> Iterator[str]:
    apart = section(pod.spec, "affinity", "podAntiAffinity")
    if pod.replicas >= PAIR and not apart and not entries(pod.spec, "topologySpreadConstraints"):
        yield f"all {pod.replicas} pods may be on one machine"


def _own_account(pod: Pod, _context: Context) -> Iterator[str]:
    account = pod.spec.get("serviceAccountName") or pod.spec.get("serviceAccount") or "default"
    if account == "default" and pod.spec.get("automountServiceAccountToken") is not False:
        yield "the pod gets a token of the API from the default service account"


def _take_token(kind: Kind, props: Any) -> bool:
    """True if the account is the namespace's own, which has no role."""
    for key in PLACES[kind.name]:
        props = opened(props, key)
    named = props.get("serviceAccountName") or props.get("serviceAccount") or "default"
    if named != "default" or props.get("automountServiceAccountToken") is not None:
        return False
    props["automountServiceAccountToken"] = False
    return True


def _own_namespace(pod: Pod, _context: Context) -> Iterator[str]:
    if pod.namespace == "default":
        yield "it runs in the namespace `default`, which has neither quota nor isolation"


def _ends(job: Pod, _context: Context) -> Iterator[str]:
    spec = job.item.spec
    if job.item.kind.name == "CronJob":
        spec = section(spec, "jobTemplate", "spec")
    deadlines = (number(part.get("activeDeadlineSeconds")) for part in (spec, job.spec))
    if not any(deadlines):
        yield "it has no deadline: `activeDeadlineSeconds` is not set"


def _budgets(stack: RegisteredStack) -> Iterator[tuple[Item, tuple[Pod, bool]]]:
    selectors = [
        (budget.namespace, section(budget.spec, "selector"))
        for budget in stack.of("PodDisruptionBudget")
    ]
    for item in stack.of(*REPLICATED):
        pod = pod_of(item)
        labels = section(item.spec, "template", "metadata", "labels")
        covered = any(
            namespace == item.namespace and _selects(selector, labels)
            for namespace, selector in selectors
        )
        yield item, (pod, covered)


def _selects(selector: Props, labels: Props) -> bool:
    """True if a selector matches these labels; one with expressions counts as a match."""
    wanted = section(selector, "matchLabels")
    return all(labels.get(key) == wanted[key] for key in wanted)


def _has_budget(found: tuple[Pod, bool], _context: Context) -> Iterator[str]:
    pod, covered = found
    if pod.replicas >= PAIR and not covered:
        yield f"a drain may take all {pod.replicas} pods away at once"


RULES: tuple[Rule[Container] | Rule[Pod] | Rule[tuple[Pod, bool]], ...] = (
    Rule(
        "images-are-pinned",
        "Images have the tag of a release, or a digest.",
        HIGH,
        MANDATORY,
        nsa("Kubernetes Pod security"),
        "Write the release's tag, or better its digest, instead of `latest`.",
        ALL_CONTAINERS,
        _pinned,
        (Parameter("digests", bool, False, "true if a digest is required"),),
    ),
    Rule(
        FROM_KNOWN,
        "Images come from registries that are listed.",
        MEDIUM,
        ADVISORY,
        nsa("Kubernetes Pod security"),
        "Take the image from a listed registry, or add its place to the parameter `registries`.",
        ALL_CONTAINERS,
        _listed,
        (
            Parameter(
                REGISTRIES,
                tuple[str, ...],
                known_registries(),
                "hosts, or hosts with the first part of a path",
            ),
        ),
    ),
    Rule(
        "images-are-maintained",
        "No image contains retired software.",
        HIGH,
        MANDATORY,
        CAAS,
        "Use the replacement that catalog/retired.yaml names.",
        ALL_CONTAINERS,
        _not_retired,
    ),
    Rule(
        "containers-ask-for-resources",
        "Containers request CPU and memory.",
        MEDIUM,
        ADVISORY,
        nsa("Kubernetes Pod security"),
        "Set `resources.requests` for cpu and memory.",
        WHOLE_CONTAINERS,
        _asks,
    ),
    Rule(
        "containers-have-a-memory-limit",
        "Containers have a limit of memory.",
        MEDIUM,
        ADVISORY,
        nsa("Kubernetes Pod security"),
        "Set `resources.limits.memory`.",
        WHOLE_CONTAINERS,
        _limited,
    ),
    Rule(
        "containers-are-probed",
        "Long-running containers have a probe.",
        LOW,
        ADVISORY,
        KUBERNETES,
        "Set a `readinessProbe` or a `livenessProbe`.",
        SERVING,
        _probed,
    ),
    Rule(
        "replicas-are-spread",
        "Replicas are spread over several machines.",
        MEDIUM,
        ADVISORY,
        KUBERNETES,
        "Set `topologySpreadConstraints` or a `podAntiAffinity`.",
        REPLICATED_PODS,
        _spread,
    ),
    Rule(
        "replicas-have-a-budget",
        "Workloads with several replicas have a disruption budget.",
        MEDIUM,
        ADVISORY,
        KUBERNETES,
        "Add a PodDisruptionBudget that selects them.",
        StackSubject("Deployments and StatefulSets of a stack", _budgets),
        _has_budget,
    ),
    Rule(
        "pods-get-no-token-unasked",
        "A pod of the default service account gets no token of the API.",
        MEDIUM,
        ADVISORY,
        cis("5.1.5", "5.1.6"),
        "Set `automountServiceAccountToken: false`, or name a `serviceAccountName`.",
        WHOLE_PODS,
        _own_account,
        fix=_take_token,
    ),
    Rule(
        "workloads-have-a-namespace",
        "Nothing runs in the namespace `default`.",
        LOW,
        ADVISORY,
        cis("5.7.4"),
        "Name a namespace.",
        WHOLE_PODS,
        _own_namespace,
    ),
    Rule(
        "jobs-end",
        "A job has a deadline.",
        LOW,
        ADVISORY,
        KUBERNETES,
        "Set `activeDeadlineSeconds`.",
        JOB_OBJECTS,
        _ends,
    ),
)
