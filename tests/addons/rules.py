"""The findings of the rules of add-ons."""

from __future__ import annotations

from typing import Any

from components.delivery.rules import check_target
from components.finding import Finding
from errors import Code
from tests.addons.examples import target


def findings(key: str, settings: dict[str, Any], **cluster: Any) -> list[Finding]:
    """The findings about an add-on in a simulated cluster; `others` are more add-ons."""
    others = cluster.pop("others", {})
    return list(check_target(target({key: settings} | others, **cluster)))


def found(key: str, settings: dict[str, Any], **cluster: Any) -> list[tuple[Code, str]]:
    """The codes of what is wrong, and the places below `addons`."""
    return [(each.code, spelled(each)) for each in findings(key, settings, **cluster)]


def spelled(finding: Finding) -> str:
    """The place of a finding, `metallb.pools.0.addresses.1`."""
    return ".".join(map(str, finding.path))
