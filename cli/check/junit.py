"""A check as JUnit XML, which every CI server shows: a suite for each stack, a case for each
finding; advice is a case that passes and says something."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from cli.check.found import StackFinding
from cli.check.report import CheckReport

UNSPEAKABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""The characters that XML 1.0 cannot contain."""


def text(report: CheckReport) -> str:
    """The document."""
    suites = [(each.stack, each.findings) for each in report.stacks]
    if report.beside:
        suites.append(("removed", tuple(report.beside)))
    total = sum(len(findings) or 1 for _, findings in suites)
    root = ElementTree.Element(
        "testsuites", name="caas check", tests=str(total), failures=str(report.errors), errors="0"
    )
    for name, findings in suites:
        _suite(root, report, name, findings)
    ElementTree.indent(root)
    return ElementTree.tostring(root, "unicode", xml_declaration=True) + "\n"


def _suite(
    root: ElementTree.Element, report: CheckReport, name: str, findings: tuple[StackFinding, ...]
) -> None:
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=name,
        tests=str(len(findings) or 1),
        failures=str(sum(not finding.advice for finding in findings)),
        errors="0",
        skipped="0",
    )
    if not findings:
        ElementTree.SubElement(suite, "testcase", name="no findings", classname=name, time="0")
    for finding in findings:
        _case(suite, report, name, finding)


def _case(
    suite: ElementTree.Element, report: CheckReport, name: str, finding: StackFinding
) -> None:
    problem = finding.problem
    title = " ".join(filter(None, (problem.code.id, finding.rule, problem.where.cluster)))
    case = ElementTree.SubElement(suite, "testcase", name=title, classname=name, time="0")
    where = report.place(problem.where)
    parts = (where, problem.why, f"Fix: {problem.remedy}", report.page(problem.code))
    details = _speakable("\n".join(part for part in parts if part))
    if finding.advice:
        ElementTree.SubElement(case, "system-out").text = f"{_speakable(finding.what)}\n{details}"
        return
    failure = ElementTree.SubElement(
        case, "failure", message=_speakable(finding.what), type=problem.code.id
    )
    failure.text = details


def _speakable(words: str) -> str:
    return UNSPEAKABLE.sub("\N{REPLACEMENT CHARACTER}", words)
