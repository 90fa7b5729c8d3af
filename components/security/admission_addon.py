"""The rules of `policies/` in clusters, as an add-on."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from catalog.admission import admission_rules
from components.addon import Addon, AddonSettings, Target
from components.security.admission_policies import (
    SYSTEM_NAMESPACES,
    SYSTEM_PARAMETER,
    Action,
    admission_policies,
)

OF_OPERATORS = ("calico-apiserver", "calico-system")
"""Namespaces that an add-on's operator makes."""


class AdmissionPolicies(AddonSettings):
    """What is applied by hand meets the same rules as what a stack file declares.

    Namespaces of the system and of the cluster's add-ons are left alone: their charts are checked
    before they are delivered.
    """

    TITLE: ClassVar = "Policies at admission"
    SUMMARY: ClassVar = "The rules of this project as ValidatingAdmissionPolicies of the cluster."

    action: Action = Action.WARN
    """What the API server does with what a mandatory rule refuses: `deny`, `warn` or `audit`."""
    parameters: Annotated[dict[str, dict[str, Any]], Field(max_length=200)] = Field(
        default_factory=dict
    )
    """Parameters of rules, by the rule's name and their own; docs/policies.md has them."""
    namespaces: Annotated[tuple[str, ...], Field(max_length=200)] = ()
    """More namespaces that are left alone."""

    def addon(self, target: Target) -> Addon:
        """A policy and a binding for each rule; no pod and no webhook."""
        system = self._system(target)
        parameters = {
            rule.name: {SYSTEM_PARAMETER: system, **self.parameters.get(rule.name, {})}
            for rule in admission_rules()
        }
        manifests = admission_policies(self.action, parameters=parameters)
        return Addon("admissionPolicies", objects=tuple(manifests), ready=("the API server",))

    def _system(self, target: Target) -> list[str]:
        others = (each for each in target.addons.values() if each is not self)
        owned = {name for settings in others for name in settings.addon(target).namespaces}
        return sorted({*SYSTEM_NAMESPACES, *OF_OPERATORS, *self.namespaces, *owned})
