"""Flux on the management cluster: fetches charts, and installs the applications of tenants."""

from __future__ import annotations

from typing import Any, ClassVar

from components.addon import APPLICATIONS, Addon, SecurityLevel
from components.addon_settings import AddonSettings, merged
from components.chart import Chart
from components.facts import ClusterFacts
from components.pods import Resources

NAMESPACE = "flux-system"
NO_ACCOUNT = "nobody"
"""The account of releases that name none: it exists nowhere, so they may do nothing."""
OTHERS = (
    "imageAutomationController",
    "imageReflectionController",
    "kustomizeController",
    "notificationController",
)
"""Controllers of the chart that applications do not need."""


class FluxSettings(AddonSettings):
    """Flux's source and helm controllers, locked down."""

    TITLE: ClassVar = "Flux"
    SUMMARY: ClassVar = "Installs the applications of tenants from the management cluster."

    source_controller: Resources = Resources(cpu="100m", memory="256Mi")
    """The resources of what fetches charts."""
    helm_controller: Resources = Resources(cpu="200m", memory="512Mi")
    """The resources of what installs them; for more than 200 installs add 1Mi for each."""

    def addon(self, target: ClusterFacts) -> Addon:
        """One chart in a separate namespace."""
        return Addon(
            "flux",
            charts=(Chart("flux2", NAMESPACE, merged(self._values(target), self.values)),),
            namespaces={NAMESPACE: SecurityLevel.RESTRICTED},
            provides=(APPLICATIONS,),
            privileges=(
                "reads Secrets and impersonates service accounts of the management cluster",
            ),
            ready=tuple(
                f"Deployment {NAMESPACE}/{each}"
                for each in ("source-controller", "helm-controller")
            ),
        )

    def _values(self, target: ClusterFacts) -> dict[str, Any]:
        return {
            "multitenancy": {
                "enabled": True,  # no reference leaves its namespace
                "defaultServiceAccount": NO_ACCOUNT,
                "privileged": False,
            },
            # Only the platform writes Flux's objects.
            "rbac": {"createAggregation": False},
            "prometheus": {"podMonitor": {"create": target.has("monitoring")}},
            "sourceController": {"resources": self.source_controller.requirements()},
            "helmController": {"resources": self.helm_controller.requirements()},
            **{name: {"create": False} for name in OTHERS},
        }
