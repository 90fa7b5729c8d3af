"""A stack on AWS, recorded: what the foundation registers, and what the rules find."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from components.infrastructure.aws import Aws
from engine.program import Recording, Resource, run_program
from errors import CaasError, Code

Settings = dict[str, Any]
REGION = "eu-central-1"
VPC, SUBNET = "vpc-0123456789abcdef0", "subnet-0123456789abcde"


def infrastructure(**settings: Any) -> Settings:
    return {"provider": "aws", "region": REGION, "account": "123456789012"} | settings


def aws(**settings: Any) -> Aws:
    """The plug-in with these settings."""
    return Aws.model_validate(infrastructure(**settings))


def cluster(name: str = "shop", **settings: Any) -> Settings:
    return {"name": name, "version": "1.36.3"} | settings


def existing(*kinds: str, **more: Any) -> Settings:
    """A VPC with a subnet of each kind, `private-a`, `public-b`."""
    subnets = [
        {
            "id": f"{SUBNET}{number}0",
            "zone": REGION + kind[-1],
            "public": kind.startswith("public"),
        }
        for number, kind in enumerate(kinds)
    ]
    return {"existing": {"vpcId": VPC, "subnets": subnets} | more}


def write(folder: Path, *clusters: Settings, management: Any = None, **settings: Any) -> Path:
    """The stack file of these clusters on AWS with these settings."""
    config: Settings = {"caas:infrastructure": infrastructure(**settings)}
    config["caas:clusters"] = list(clusters)
    if management:
        config["caas:management"] = management
    file = folder / "Pulumi.unit.yaml"
    file.write_text(yaml.safe_dump({"config": config}))
    return file


def record(folder: Path, *clusters: Settings, **settings: Any) -> Recording:
    """The resources that the stack registers."""
    return run_program("unit", write(folder, *clusters, **settings))


def found(folder: Path, *clusters: Settings, **settings: Any) -> list[tuple[Code, str]]:
    """The problems of the stack: codes and places."""
    try:
        record(folder, *clusters, **settings)
    except CaasError as error:
        return [(problem.code, str(problem.where.path)) for problem in error.problems]
    return []


def of_type(recording: Recording, kind: str) -> list[Resource]:
    """The resources of a type of AWS, `ec2/subnet:Subnet`."""
    return [each for each in recording.resources if each.type == f"aws:{kind}"]


def statements(recording: Recording) -> Iterator[tuple[Resource, Settings]]:
    """Every statement of every policy of IAM."""
    for kind in ("iam/policy:Policy", "iam/rolePolicy:RolePolicy"):
        for resource in of_type(recording, kind):
            for statement in json.loads(resource.inputs["policy"])["Statement"]:
                yield resource, statement
