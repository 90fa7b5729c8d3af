"""cert-manager: makes certificates and renews them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.addon import CERTIFICATES, Addon, AddonSettings, SecurityLevel, Target, merged
from components.chart import Chart
from components.fields import Count

NAMESPACE = "cert-manager"
_BUDGET = {"enabled": True, "minAvailable": 1}


class CertManager(AddonSettings):
    """cert-manager with its definitions, highly available."""

    TITLE: ClassVar = "cert-manager"
    SUMMARY: ClassVar = "Makes Certificates from Issuers, and renews them in time."

    replicas: Annotated[Count, Field(ge=1, le=5)] = 2
    """How many controllers and injectors run; one of each works, the others wait for it to fail."""
    webhook_replicas: Annotated[Count, Field(ge=1, le=5)] = 3
    """How many webhooks run; without one no Certificate can be written."""

    def addon(self, target: Target) -> Addon:
        """One chart; its definitions stay when it goes, and with them every certificate."""
        return Addon(
            "certManager",
            charts=(Chart("cert-manager", NAMESPACE, merged(self._values(target), self.values)),),
            namespaces={NAMESPACE: SecurityLevel.RESTRICTED},
            provides=(CERTIFICATES,),
            ready=tuple(
                f"Deployment {NAMESPACE}/{name}"
                for name in ("cert-manager", "cert-manager-webhook", "cert-manager-cainjector")
            ),
        )

    def _values(self, target: Target) -> dict[str, Any]:
        budget = {"podDisruptionBudget": _BUDGET}
        return {
            "crds": {"enabled": True, "keep": True},
            "replicaCount": self.replicas,
            "webhook": {"replicaCount": self.webhook_replicas, **budget},
            "cainjector": {"replicaCount": self.replicas, **budget},
            **budget,
        }
