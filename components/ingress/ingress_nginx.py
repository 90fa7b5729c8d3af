"""ingress-nginx, which is refused: its project has ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from components.addon import Addon
from components.addon_settings import AddonSettings
from components.facts import ClusterFacts
from components.finding import Finding
from errors.addons import RETIRED_ADDON


class IngressNginxSettings(AddonSettings):
    """ingress-nginx, which is refused: its project ended in March 2026."""

    TITLE: ClassVar = "ingress-nginx"
    SUMMARY: ClassVar = "Refused: the project is archived and gets no fixes."

    def check(self, target: ClusterFacts) -> Iterator[Finding]:
        """RETIRED_ADDON, always."""
        yield Finding(
            RETIRED_ADDON,
            (),
            "ingress-nginx is not installed",
            why="its repository is read-only since 2026-03-24, and a heap overflow of May 2026 "
            "in nginx was never fixed in it",
            fix="Write `traefik: {nginxAnnotations: true}`, which serves the same Ingresses, or "
            "turn them into HTTPRoutes with ingress2gateway; see docs/ingress.md.",
            key=True,
        )

    def addon(self, target: ClusterFacts) -> Addon:
        """Nothing: `check` refuses it."""
        return Addon("ingressNginx")
