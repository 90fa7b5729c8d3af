"""A plan on the screen, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from cli.policies import today
from components.estimate import Estimate
from engine.plan.clouds import cloud_groups
from engine.plan.objects import ObjectChange, Operation
from engine.plan.plan import Plan
from engine.plan.words import sentences
from engine.program import Recording
from engine.values import unknowns
from errors import CaasError
from policies import Configuration, Violation, check
from policies.configuration import DEFAULT

SIGNS = {Operation.CREATE: "+", Operation.UPDATE: "~", Operation.DELETE: "-"}


def show_words(plan: Plan, say: Callable[[str], None]) -> None:
    """The changes of clusters, one line each."""
    for line in summary(plan):
        say(line)


def summary(plan: Plan) -> list[str]:
    """The changes of clusters and their add-ons, one sentence each."""
    addons = [str(change) for change in plan.addons]
    apps = [str(change) for change in plan.apps]
    named = addons or apps
    words = sentences(plan.clusters, 0 if named else len(plan.objects.changes))
    data = [str(change) for change in plan.data]
    tenants = [str(change) for change in plan.tenants]
    approvals = [str(each) for each in plan.approvals]
    pending = [str(each) for each in plan.pending]
    undelivered = [plan.undelivered] if plan.undelivered else []
    return [*words, *addons, *data, *tenants, *apps, *approvals, *pending, *undelivered]


def show_clouds(plan: Plan, say: Callable[[str], None]) -> None:
    """The resources that the pulumi CLI creates: the number of each type, by component."""
    groups = cloud_groups(plan.recording)
    for group in groups:
        number = len(group.resources)
        of = f" of {group.component}" if group.component else ""
        say(f"{number} cloud resource{'s' * (number > 1)}{of}")
        for line in group.lines():
            say(f"    {line}")
    if groups:
        say("The pulumi CLI makes these; `pulumi preview` shows which of them would change.")


def violations(run: Plan | Recording, rules: Configuration = DEFAULT) -> list[Violation]:
    """The policy findings about the resources of a plan or a run, with the stack's
    configuration."""
    recording = run.recording if isinstance(run, Plan) else run
    return check(recording.resources, today(), configuration=rules)


def judged(run: Plan | Recording, rules: Configuration = DEFAULT) -> list[Violation]:
    """The advisory findings of policies. Raises CAAS-4001 for what they refuse."""
    found = violations(run, rules)
    refused = [violation.problem() for violation in found if violation.is_mandatory]
    if refused:
        raise CaasError.of(refused)
    return found


def title(change: ObjectChange) -> str:
    """One object in a line, `~ Cluster clusters/shop`, and whether it is known completely."""
    key = change.key
    place = f"{key.namespace}/" if key.namespace else ""
    missing = unknowns(change.after or {})
    values = "a value is" if missing == 1 else f"{missing} values are"
    later = f" ({values} known after creation)" if missing else ""
    return f"{SIGNS[change.operation]} {key.kind} {place}{key.name}{later}"


def as_dict(plan: Plan, violations: Iterable[Violation], found: Estimate) -> dict[str, Any]:
    """For `--output json`."""
    return {
        "offline": plan.offline or None,
        "policies": [violation.problem().as_dict() for violation in violations],
        "changes": not plan.is_empty or plan.is_unfinished,
        "clusters": [change.as_dict() for change in plan.clusters],
        "addons": [change.as_dict() for change in plan.addons],
        "tenants": [change.as_dict() for change in plan.tenants],
        "apps": [change.as_dict() for change in plan.apps],
        "approvals": [each.as_dict() for each in plan.approvals],
        "data": [change.as_dict() for change in plan.data],
        "pending": [each.as_dict() for each in plan.pending],
        "summary": summary(plan),
        "objects": [
            {
                "operation": change.operation.value,
                "apiVersion": change.key.api_version,
                "kind": change.key.kind,
                "namespace": change.key.namespace,
                "name": change.key.name,
                "knownAfterCreation": unknowns(change.after or {}),
                "diff": change.diff() if change.operation is Operation.UPDATE else "",
            }
            for change in plan.objects.changes
        ],
        "resources": [each for group in cloud_groups(plan.recording) for each in group.as_dicts()],
        "estimate": found.as_dict(),
    }
