"""cert-manager: makes certificates and renews them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.addon import CERTIFICATES, GATEWAY_API, METRICS, Addon, SecurityLevel
from components.addon_settings import AddonSettings, merged
from components.chart import Chart
from components.facts import ClusterFacts
from components.fields import Count, Flag
from components.ingress.classes import classes, has_tenants
from components.pods import BUDGET, CRITICAL, Resources, spread

NAMESPACE = "cert-manager"
Nameserver = Annotated[str, Field(pattern=r"^(\S+:[0-9]{1,5}|https://\S+)$", max_length=259)]


class CertManagerSettings(AddonSettings):
    """cert-manager with its definitions, highly available."""

    TITLE: ClassVar = "cert-manager"
    SUMMARY: ClassVar = "Makes Certificates from Issuers, and renews them in time."

    replicas: Annotated[Count, Field(ge=1, le=5)] = 2
    """The number of controllers and of injectors; one of each is active."""
    webhook_replicas: Annotated[Count, Field(ge=1, le=5)] = 3
    """The number of webhooks; without one, no Certificate can be written."""
    resources: Resources = Resources(cpu="50m", memory="512Mi")
    """The resources of each controller and injector; they keep every Secret's name in memory."""
    webhook_resources: Resources = Resources(cpu="25m", memory="128Mi")
    """The resources of each webhook."""
    nameservers: Annotated[tuple[Nameserver, ...], Field(max_length=5)] = ()
    """The DNS servers for DNS01 self checks, `192.0.2.53:53`; needed if the cluster's DNS hides
    public records."""
    approve: Flag = True
    """Approves every request itself; `false` where an approver of your own does."""

    def addon(self, target: ClusterFacts) -> Addon:
        """One chart; its definitions stay when it goes, and with them every certificate."""
        watched = target.has("monitoring")
        gateways = classes(target)
        return Addon(
            "certManager",
            charts=(Chart("cert-manager", NAMESPACE, merged(self._values(target), self.values)),),
            namespaces={NAMESPACE: SecurityLevel.RESTRICTED},
            provides=(CERTIFICATES,),
            # It ends where it shall look at Gateways and they are not defined.
            needs=(*((GATEWAY_API,) if gateways else ()), *((METRICS,) if watched else ())),
            ready=tuple(
                f"Deployment {NAMESPACE}/{name}"
                for name in ("cert-manager", "cert-manager-webhook", "cert-manager-cainjector")
            ),
        )

    def _values(self, target: ClusterFacts) -> dict[str, Any]:
        values: dict[str, Any] = {
            "crds": {"enabled": True, "keep": True},
            "global": {"priorityClassName": CRITICAL},
            "replicaCount": self.replicas,
            "webhook": {
                "replicaCount": self.webhook_replicas,
                **_pods("webhook", self.webhook_resources),
            },
            "cainjector": {
                "replicaCount": self.replicas,
                **_pods("cainjector", self.resources),
            },
            **_pods("controller", self.resources),
            "prometheus": {"servicemonitor": {"enabled": target.has("monitoring")}},
        }
        if self.nameservers:
            values["dns01RecursiveNameservers"] = ",".join(self.nameservers)
            values["dns01RecursiveNameserversOnly"] = True
        if not self.approve:
            values["disableAutoApproval"] = True
        if classes(target):
            values["config"] = _configuration(has_tenants(target))
        return values


def _pods(component: str, resources: Resources) -> dict[str, Any]:
    labels = {
        "app.kubernetes.io/instance": "cert-manager",
        "app.kubernetes.io/component": component,
    }
    return {
        "podDisruptionBudget": {"enabled": True, **BUDGET},
        "resources": resources.requirements(),
        "topologySpreadConstraints": spread(labels),
    }


def _configuration(sets: bool) -> dict[str, Any]:
    """Certificates for the listeners of Gateways, and of tenants' ListenerSets, still an alpha."""
    found: dict[str, Any] = {
        "apiVersion": "controller.config.cert-manager.io/v1alpha1",
        "kind": "ControllerConfiguration",
        "gatewayAPI": {"enabled": True},
    }
    if sets:
        found["gatewayAPI"]["enableListenerSet"] = True
        found["featureGates"] = {"ListenerSets": True}
    return found
