"""Files of tenants: what they add, what they may not say, places of problems, CODEOWNERS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.code_owners import code_owners
from errors import CaasError, Code
from errors.stack_file import UNKNOWN_KEY, WRONG_TYPE
from errors.tenants import (
    CONNECTION_UNKNOWN,
    PLATFORM_DECIDES,
    SHARES_ABOVE_QUOTA,
    TENANT_FILE_UNKNOWN,
    TENANT_RECEIVER_UNKNOWN,
)
from stacks.settings import as_pulumi_config, from_config, load_file
from tests.unit.test_error_examples import stack, written

SHOP: dict[str, Any] = {
    "name": "shop",
    "people": {"owners": ["oidc:shop-leads"], "members": ["a"]},
    "quota": {"cpu": 12},
    "namespaces": ["web"],
}
OWN = """\
people: { members: [b], viewers: [support] }
namespaces:
  - { name: data, quota: { cpu: 2 } }
connections:
  - { from: web, to: data, ports: [5432] }
"""


def folder(root: Path, own: str, tenant: dict[str, Any] = SHOP, name: str = "shop") -> Path:
    """A stack `prod` with a tenant, and the tenant's file."""
    file = root / "stacks" / "Pulumi.prod.yaml"
    place = root / "stacks" / "tenants" / "prod"
    place.mkdir(parents=True)
    file.write_text(written(stack("openstack") | {"tenants": [tenant]}))
    (place / f"{name}.yaml").write_text(own)
    return file


def test_a_file_adds_to_its_tenant(tmp_path: Path) -> None:
    file = folder(tmp_path, OWN)
    (shop,) = load_file(file).tenants
    assert shop.people.members == ("a", "b")
    assert shop.people.viewers == ("support",)
    assert [each.name for each in shop.namespaces] == ["web", "data"]
    assert len(shop.connections) == 1
    # The pulumi CLI hands over the stack file alone.
    assert from_config(as_pulumi_config(file), file).tenants == (shop,)
    assert "support" not in json.dumps(as_pulumi_config(file))


@pytest.mark.parametrize(
    ("own", "code", "line", "column"),
    [
        ("quota: {cpu: 99}\n", PLATFORM_DECIDES, 1, 1),
        ("people:\n  owners: [me]\n", PLATFORM_DECIDES, 2, 3),
        ("namespaces:\n- {name: x, podSecurity: privileged}\n", PLATFORM_DECIDES, 2, 26),
        ("namespaces:\n- {name: x, quota: {pods: 9}}\n", PLATFORM_DECIDES, 2, 27),
        ("peple: {}\n", UNKNOWN_KEY, 1, 1),
        ("namespaces: 3\n", WRONG_TYPE, 1, 13),
        ("alerts:\n  receivers: [a@example.com]\n", TENANT_RECEIVER_UNKNOWN, 2, 15),
        ("connections:\n- {from: web, to: nowhere, ports: [1]}\n", CONNECTION_UNKNOWN, 2, 19),
    ],
)
def test_problems_are_in_the_file_of_the_tenant(
    tmp_path: Path, own: str, code: Code, line: int, column: int
) -> None:
    with pytest.raises(CaasError) as caught:
        load_file(folder(tmp_path, own))
    (problem,) = caught.value.problems
    where = problem.where
    assert (problem.code, where.line, where.column) == (code, line, column)
    assert where.file == str(tmp_path / "stacks" / "tenants" / "prod" / "shop.yaml")


def test_a_quota_is_kept_by_the_platform(tmp_path: Path) -> None:
    """The file of the tenant has more than its quota, which is in the stack file."""
    file = folder(tmp_path, "namespaces: [{name: data, quota: {cpu: 9}}]\n")
    with pytest.raises(CaasError) as caught:
        load_file(file)
    (problem,) = caught.value.problems
    assert (problem.code, problem.where.file) == (SHARES_ABOVE_QUOTA, str(file))


def test_a_file_of_no_tenant(tmp_path: Path) -> None:
    with pytest.raises(CaasError) as caught:
        load_file(folder(tmp_path, OWN, name="payments"))
    (problem,) = caught.value.problems
    assert problem.code is TENANT_FILE_UNKNOWN


def test_code_owners(tmp_path: Path) -> None:
    assert code_owners(tmp_path) == {}
    folder(tmp_path, OWN)
    (tmp_path / "CODEOWNERS").write_text("* @platform\n")
    (text,) = code_owners(tmp_path).values()
    assert text.splitlines()[0] == "* @platform"
    assert text.splitlines()[2] == "/stacks/tenants/prod/shop.yaml @shop-leads"
    (tmp_path / "CODEOWNERS").write_text(text)
    assert code_owners(tmp_path) == {"CODEOWNERS": text}
    (tmp_path / "stacks/tenants/prod/shop.yaml").unlink()
    assert code_owners(tmp_path) == {"CODEOWNERS": "* @platform\n"}


def test_code_owners_as_the_git_server_names_them(tmp_path: Path) -> None:
    folder(tmp_path, OWN, SHOP | {"codeOwners": ["@example/shop-leads"]})
    (text,) = code_owners(tmp_path).values()
    assert "/stacks/tenants/prod/shop.yaml @example/shop-leads" in text.splitlines()
