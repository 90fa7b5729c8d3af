"""A check as SARIF 2.1.0, which GitHub and others show beside the lines of a change.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import quote

from cli.check.found import StackFinding
from cli.check.report import CheckReport

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def text(report: CheckReport, version: str) -> str:
    """The document; `version` is that of caas."""
    findings = report.findings
    rules = {_rule_id(finding): finding for finding in findings}
    numbers = {name: number for number, name in enumerate(rules)}
    run = {
        "tool": {
            "driver": {
                "name": "caas",
                "semanticVersion": version,
                "rules": [_rule(report, name, finding) for name, finding in rules.items()],
            }
        },
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "the repository"}}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(report, finding, numbers[_rule_id(finding)]) for finding in findings],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule_id(finding: StackFinding) -> str:
    code = finding.problem.code.id
    return f"{code}/{finding.rule}" if finding.rule else code


def _rule(report: CheckReport, name: str, finding: StackFinding) -> dict[str, Any]:
    code = finding.problem.code
    page = report.page(code)
    rule = {
        "id": name,
        "name": code.reason,
        "shortDescription": {"text": code.summary},
        "fullDescription": {"text": code.cause},
        "help": {"text": code.fix},
        "defaultConfiguration": {"level": finding.level},
    }
    return rule | ({"helpUri": page} if page.startswith("https://") else {})


def _result(report: CheckReport, finding: StackFinding, number: int) -> dict[str, Any]:
    problem = finding.problem
    why = f" ({problem.why})" if problem.why else ""
    result: dict[str, Any] = {
        "ruleId": _rule_id(finding),
        "ruleIndex": number,
        "level": finding.level,
        "message": {"text": f"{finding.what}{why}. Fix: {problem.remedy}"},
        "partialFingerprints": {"caas/v1": _fingerprint(report, finding)},
    }
    path = report.path(problem.where)
    if path:
        result["locations"] = [{"physicalLocation": _location(path, finding)}]
    return result


def _location(path: str, finding: StackFinding) -> dict[str, Any]:
    where = finding.problem.where
    artifact: dict[str, Any] = {"uri": quote(path)}
    if not path.startswith("/"):
        artifact["uriBaseId"] = "%SRCROOT%"
    region = {"startLine": where.line or 1}
    if where.column:
        region["startColumn"] = where.column
    return {"artifactLocation": artifact, "region": region}


def _fingerprint(report: CheckReport, finding: StackFinding) -> str:
    """The same for the same finding, wherever its line went."""
    parts = (report.path(finding.problem.where), *finding.identity)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
