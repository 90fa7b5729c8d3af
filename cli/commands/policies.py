"""`caas policies`."""

from __future__ import annotations

import json
from typing import Annotated, Any

import yaml
from typer import BadParameter, Option

from cli import console
from cli.options import Format, Output, Stack
from cli.policies import configuration, today
from components.security.admission_policies import AdmissionAction, admission_policies
from engine.session import Session
from plane.progress import Silent
from policies import Configuration
from policies.rules import RULES

EXAMPLES = {
    "./caas policies": "every rule, and its level in the local stack",
    "./caas policies prod-aws --pack-config > policies.json": "for the pulumi CLI: "
    "`pulumi preview --policy-pack policies --policy-pack-config policies.json`",
    "./caas policies prod-aws --admission deny > admission.yaml": "for a cluster: "
    "`kubectl apply --server-side -f admission.yaml`",
}
STYLES = {"mandatory": "red", "remediate": "red", "advisory": "yellow", "disabled": "dim"}


def command(
    stack: Stack = "local",
    output: Output = Format.TABLE,
    pack_config: Annotated[
        bool, Option("--pack-config", help="Write the file for pulumi's --policy-pack-config.")
    ] = False,
    admission: Annotated[
        AdmissionAction | None,
        Option("--admission", help="Write the policies for the API server of a cluster."),
    ] = None,
) -> None:
    """Show the rules that `preview` and `up` check, with their levels.

    A stack file sets levels, parameters and exemptions under `caas:policies`. The same goes to the
    pulumi CLI as a file, and the rules that hold in a cluster to its API server, as
    ValidatingAdmissionPolicies with their bindings.
    """
    if pack_config and admission:
        raise BadParameter("write --pack-config and --admission to separate files")
    session = Session(stack, Silent())
    configured = configuration(session.settings, session.file)
    if pack_config:
        console.say(json.dumps(configured.as_pack_config(), indent=2))
    elif admission:
        console.say(
            yaml.dump_all(
                _admission(admission, configured), Dumper=yaml.CSafeDumper, sort_keys=False
            )
        )
    elif output is Format.JSON:
        console.document({"policies": _rows(configured)})
    else:
        _show(_rows(configured))


def _admission(action: AdmissionAction, configured: Configuration) -> list[dict[str, Any]]:
    return admission_policies(
        action,
        levels={rule.name: configured.level(rule).value for rule in RULES},
        parameters={name: each.parameters or {} for name, each in configured.settings.items()},
    )


def _rows(configured: Configuration) -> list[dict[str, Any]]:
    return [
        {
            "name": rule.name,
            "level": configured.level(rule).value,
            "severity": rule.severity.value,
            "description": rule.description,
            "framework": rule.framework.name,
            "section": rule.framework.specification,
            "page": rule.page,
            "exemptions": [
                exemption.model_dump(mode="json") | {"ended": exemption.expires < today()}
                for exemption in configured.of_rule(rule).exemptions
            ],
        }
        for rule in RULES
    ]


def _show(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        console.say(f"{row['level']:<9}  {row['name']}", STYLES[row["level"]])
        console.say(f"           {row['description']}", "dim")
        for exemption in row["exemptions"]:
            until = "ended on" if exemption["ended"] else "until"
            console.say(
                f"           exempt: {exemption['resource']} {until} {exemption['expires']}, "
                f"{exemption['owner']}: {exemption['reason']}"
            )
    console.say(f"{len(rows)} rules; docs/policies.md explains each.")
