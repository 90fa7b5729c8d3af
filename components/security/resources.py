"""The components of this folder; arguments and outputs of all: `AddonComponent`."""

from __future__ import annotations

from components.delivery.component import AddonComponent
from components.security.admission_addon import AdmissionPoliciesSettings


class AdmissionPolicies(AddonComponent):
    """The rules of this project as ValidatingAdmissionPolicies.

    The arguments are the fields of `AdmissionPoliciesSettings`.

        AdmissionPolicies("admission", cluster=shop)
    """

    SETTINGS = AdmissionPoliciesSettings
