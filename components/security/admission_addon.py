"""The rules of `policies/` in clusters, as an add-on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import Field

from catalog.admission import AdmissionRule, admission_rules
from components.addon import Addon
from components.addon_settings import AddonSettings
from components.facts import ClusterFacts
from components.finding import Finding
from components.security.admission_policies import (
    SYSTEM_NAMESPACES,
    SYSTEM_PARAMETER,
    AdmissionAction,
    admission_policies,
)
from errors.policy import BAD_POLICY_PARAMETER, UNKNOWN_POLICY

OF_OPERATORS = ("calico-apiserver", "calico-system", "cilium-secrets")
"""Namespaces that an add-on's operator or chart makes."""
PRIVILEGED = "privileged"
"""The parameter that names namespaces which need no level of Pod Security."""


class AdmissionPoliciesSettings(AddonSettings):
    """Admission policies: objects that are applied manually meet the same rules as a stack file.

    Rules about what pods may do on their machine, and about Pod Security, leave the namespaces of
    the system and of the cluster's add-ons alone: their charts are checked before they are
    delivered.
    """

    TITLE: ClassVar = "Policies at admission"
    SUMMARY: ClassVar = "The rules of this project as ValidatingAdmissionPolicies of the cluster."

    action: AdmissionAction = AdmissionAction.WARN
    """The action of the API server on a violation of a mandatory rule: `deny`, `warn` or
    `audit`."""
    parameters: Annotated[dict[str, dict[str, Any]], Field(max_length=200)] = Field(
        default_factory=dict
    )
    """Parameters of rules that hold at admission, by the rule's name and their own;
    docs/policies.md has them."""
    namespaces: Annotated[tuple[str, ...], Field(max_length=200)] = ()
    """More namespaces that are left alone."""

    def check(self, target: ClusterFacts) -> Iterator[Finding]:
        """UNKNOWN_POLICY, BAD_POLICY_PARAMETER."""
        rules = {rule.name: rule for rule in admission_rules()}
        for name, given in self.parameters.items():
            rule = rules.get(name)
            if rule is None:
                what = f"no rule `{name}` is checked at admission"
                fix = "Write the name of a rule that docs/policies.md marks as `also at admission`."
                yield Finding(UNKNOWN_POLICY, ("parameters", name), what, fix=fix, key=True)
                continue
            for parameter, value in given.items():
                if wrong := _wrong(rule, parameter, value):
                    path = ("parameters", name, parameter)
                    yield Finding(BAD_POLICY_PARAMETER, path, f"`{parameter}` {wrong}")

    def addon(self, target: ClusterFacts) -> Addon:
        """A policy and a binding for each rule; no pod and no webhook."""
        system = self._system(target)
        parameters = {
            rule.name: _left_alone(rule, system) | self.parameters.get(rule.name, {})
            for rule in admission_rules()
        }
        manifests = admission_policies(self.action, parameters=parameters)
        return Addon("admissionPolicies", objects=tuple(manifests), ready=("the API server",))

    def _system(self, target: ClusterFacts) -> list[str]:
        others = (each for each in target.addons.values() if each is not self)
        owned = {name for settings in others for name in settings.addon(target).namespaces}
        return sorted({*SYSTEM_NAMESPACES, *OF_OPERATORS, *self.namespaces, *owned})


def _left_alone(rule: AdmissionRule, system: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {SYSTEM_PARAMETER: system}
    if PRIVILEGED in rule.parameters:
        found[PRIVILEGED] = sorted({*rule.parameters[PRIVILEGED], *system})
    return found


def _wrong(rule: AdmissionRule, parameter: str, value: object) -> str:
    """The error in a parameter; the API server would reject the expression with it."""
    system = {} if rule.holds_in_system else {SYSTEM_PARAMETER: list(SYSTEM_NAMESPACES)}
    known = system | dict(rule.parameters)
    if parameter not in known:
        return f"is no parameter of `{rule.name}` at admission"
    if isinstance(known[parameter], bool):
        return "" if isinstance(value, bool) else "is neither true nor false"
    is_list = isinstance(value, list) and all(isinstance(each, str) for each in value)
    return "" if is_list else "is no list of texts"
