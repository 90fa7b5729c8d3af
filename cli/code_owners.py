"""The part of CODEOWNERS about files of tenants: their owners approve changes of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from stacks.settings import load_file
from stacks.settings.tenant_files import tenant_files
from stacks.settings.tenants import StackTenant

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""The paths that GitHub and GitLab read; the first that is there counts."""
BEGIN = "# Files of tenants, by `./caas generate`"
END = "# End of the files of tenants"


def code_owners(root: Path) -> dict[str, str]:
    """CODEOWNERS with a line for each file of a tenant, by its path below a checkout.

    Other lines stay as they are. Empty without such files, and without an old part about them.

    Raises:
        CaasError: everything that is wrong with a stack whose tenants have files.
    """
    place = next((each for each in PLACES if (root / each).exists()), "CODEOWNERS")
    file = root / place
    old = file.read_text() if file.exists() else ""
    before, found, rest = old.partition(f"{BEGIN}\n")
    after = rest.partition(f"{END}\n")[2]
    kept = f"{before}{after}"
    lines = list(_lines(root))
    if not lines:
        return {place: kept} if found else {}
    gap = "" if not kept or kept.endswith("\n") else "\n"
    return {place: "\n".join([f"{kept}{gap}{BEGIN}", *lines, END, ""])}


def _lines(root: Path) -> Iterator[str]:
    for stack in sorted((root / "stacks").glob("Pulumi.*.yaml")):
        if files := tenant_files(stack):
            tenants = {each.name: each for each in load_file(stack).tenants}
            for file in files:
                names = " ".join(_names(tenants[file.stem]))
                yield f"/{file.relative_to(root).as_posix()} {names}".rstrip()


def _names(tenant: StackTenant) -> list[str]:
    """The owners as a git server names them: without the prefix of their issuer."""
    if tenant.code_owners:
        return list(tenant.code_owners)
    bare = (each.rpartition(":")[2] for each in tenant.people.owners)
    return [each if "@" in each else f"@{each}" for each in bare if not any(map(str.isspace, each))]
