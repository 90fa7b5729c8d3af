"""ingress-nginx, which is refused: its project has ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from components.addon import Addon, AddonSettings, Target
from components.finding import Finding
from errors.addons import RETIRED_ADDON


class IngressNginx(AddonSettings):
    """ingress-nginx, which is refused: its project ended in March 2026."""

    TITLE: ClassVar = "ingress-nginx"
    SUMMARY: ClassVar = "Refused: the project has ended, and nobody mends its faults."

    def check(self, target: Target) -> Iterator[Finding]:
        """RETIRED_ADDON, always."""
        yield Finding(
            RETIRED_ADDON,
            (),
            "ingress-nginx is not installed",
            why="its repository is read-only since 2026-03-24, and a heap overflow of May 2026 "
            "in nginx was never mended in it",
            fix="Write `traefik: {nginxAnnotations: true}`, which serves the same Ingresses, or "
            "turn them into HTTPRoutes with ingress2gateway; docs/ingress.md tells how.",
            key=True,
        )

    def addon(self, target: Target) -> Addon:
        """Nothing: `check` refuses it."""
        return Addon("ingressNginx")
