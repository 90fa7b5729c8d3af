"""`caas registry`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from typer import Argument, Exit, Option

from cli import console
from cli.options import Format, Output, Yes
from components.registry.harbor import ADMIN_PASSWORD, HarborSettings
from engine.inside.step import ClusterWork, problems
from engine.session import Session
from engine.workload import workload_api
from errors import CaasError, Where
from errors.registries import NO_HARBOR
from operations.registry.client import HarborClient
from operations.registry.pull_secrets import PullCopies, PullSecrets
from operations.registry.sync import Sync
from operations.registry.vault import Secrets
from plane.progress import Silent
from stacks.settings.tenant_registries import pull_places, tenants_of, with_projects

ADMIN = "admin"
CHANGES = 2
EXAMPLES = {
    "./caas registry sync tools --stack prod-aws --dry-run": "exit status 2 means changes",
    "./caas registry sync tools --stack prod-aws": "brings `harbor.contents` into Harbor",
}


class RegistryAction(StrEnum):
    """The operations of the command."""

    SYNC = "sync"


def command(
    action: Annotated[RegistryAction, Argument(help="The operation.", show_default=False)],
    cluster: Annotated[
        str, Argument(metavar="CLUSTER", help="Where Harbor runs.", show_default=False)
    ],
    *,
    stack: Annotated[str, Option("--stack", help="The stack of the cluster.")] = "local",
    url: Annotated[
        str, Option("--url", help="Harbor's address, where it is not https://<host> from here.")
    ] = "",
    ca: Annotated[
        Path | None,
        Option("--ca", dir_okay=False, exists=True, help="The certificate of its CA, in PEM."),
    ] = None,
    credentials: Annotated[
        bool, Option("--credentials", help="Also write the passwords of other registries again.")
    ] = False,
    dry_run: Annotated[
        bool, Option("--dry-run", help="Show what would change, and change nothing.")
    ] = False,
    yes: Yes = False,
    output: Output = Format.TABLE,
) -> None:
    """Bring projects, caches, replications and robots into Harbor.

    Compares `harbor.contents` of the cluster, and the projects of tenants, with the contents of
    Harbor. Differences are shown, and changed after a confirmation. No project, registry, robot or
    image is ever deleted. The passwords of new robots go into Secrets in Harbor's namespace. That
    of a tenant's pull robot is copied to the namespaces of the tenant, in clusters that answer.

    Exit status: 0 done, or nothing to do; 1 a problem; 2 of --dry-run: something would change.
    """
    session = Session(stack, Silent())
    settings = _settings(session, cluster)
    with workload_api(session, cluster) as api:
        secrets = Secrets(api, settings.host)
        password = secrets.value(settings.secret, ADMIN_PASSWORD)
        client = HarborClient(url or f"https://{settings.host}", ADMIN, password, ca=ca)
        tenants = tenants_of(session.settings, cluster)
        contents = with_projects(settings.contents, tenants)
        sync = Sync(client, contents, secrets, credentials=credentials)
        copies = PullSecrets(session, secrets, pull_places(session.settings, tenants))
        seen = copies.look()
        wanted = [*(change.what for change in sync.changes()), *seen.words]
        if output is Format.TABLE:
            for line in wanted or ["Harbor is as the stack file says."]:
                console.say(line)
        if dry_run or not wanted:
            if output is Format.JSON:
                console.document({"cluster": cluster, "changes": wanted, "done": False})
            _refuse_unread(seen)
            raise Exit(CHANGES if wanted else 0)
        if not console.confirm(f"Make these {len(wanted)} changes?", yes=yes):
            console.say("Nothing was changed.")
            return
        done = sync.apply(lambda _what: None)
        copied = copies.copy()
        done += copied.words
    if output is Format.JSON:
        console.document({"cluster": cluster, "changes": done, "done": True})
    else:
        console.say(f"{len(done)} changes made.", "green")
    _refuse_unread(copied)


def _refuse_unread(copies: PullCopies) -> None:
    """Reports the clusters whose pull Secrets are not known. Raises CAAS-5076."""
    works = (ClusterWork(name, error=why) for name, why in copies.unread.items())
    if found := list(problems(works)):
        raise CaasError.of(found)


def _settings(session: Session, name: str) -> HarborSettings:
    """The settings of a cluster's Harbor, as the stack file has them."""
    stack = session.settings
    for cluster in stack.all_clusters:
        if cluster.name == name:
            found = stack.target(cluster).addons.get("harbor")
            if isinstance(found, HarborSettings):
                return found
    raise CaasError(NO_HARBOR, f"The cluster `{name}` has no Harbor", where=Where(cluster=name))
