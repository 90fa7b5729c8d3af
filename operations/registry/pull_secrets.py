"""Pull Secrets of tenants: the password of a robot, in the namespaces that pull with it.

The default ServiceAccount of each namespace names the Secret, so that pods need not.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from components.tenancy.names import TENANT_LABEL
from engine.api import Api
from engine.inside.parallel import NO_TIME, side_by_side
from engine.session import Session
from engine.workload import quick_api
from operations.registry.vault import DOCKER, DOCKER_KEY, Secrets
from stacks.settings.tenant_registries import PULL, PULL_SECRET, PullPlace


@dataclass(slots=True)
class PullCopies:
    """The result of a look, or of a copy.

    Attributes:
        changes: in words, by cluster.
        unread: the reason for each cluster that was not reached.
    """

    changes: dict[str, list[str]] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> list[str]:
        """The changes, in the order of clusters."""
        return [what for _, found in sorted(self.changes.items()) for what in found]


class PullSecrets:
    """The pull Secrets of the tenants of a stack.

    Args:
        session: the stack.
        vault: the Secrets beside Harbor.
        places: the namespaces that pull, by cluster.
    """

    def __init__(
        self, session: Session, vault: Secrets, places: Mapping[str, Sequence[PullPlace]]
    ) -> None:
        self._session, self._vault, self._places = session, vault, places

    def look(self) -> PullCopies:
        """The Secrets that would be written."""
        return self._each(write=False)

    def copy(self) -> PullCopies:
        """Writes the Secrets that differ; the robots are there."""
        return self._each(write=True)

    def _each(self, *, write: bool) -> PullCopies:
        found = PullCopies()
        if not self._places:
            return found
        tenants = {each.tenant for places in self._places.values() for each in places}
        texts = {name: self._vault.pull_secret(f"robot-{name}-{PULL}") for name in tenants}
        management = self._session.api

        def bring(cluster: str) -> None:
            with quick_api(management, self._session.namespace, cluster) as api:
                for place in self._places[cluster]:
                    text = texts[place.tenant]
                    missing = [*_missing(api, place, text)]
                    if missing:
                        what = f"copy pull secret of {place.tenant} to {place.namespace}"
                        found.changes.setdefault(cluster, []).append(f"{what} in {cluster}")
                    for manifest in missing if write else ():
                        api.apply(manifest)

        failed, late = side_by_side(self._places, bring, lambda done, total, name: None)
        found.unread = failed | dict.fromkeys(late, NO_TIME)
        return found


def _missing(api: Api, place: PullPlace, text: str | None) -> Iterator[dict[str, object]]:
    """The objects of a namespace that are not as they should be.

    Args:
        api: of the cluster.
        place: the namespace.
        text: the content of the Secret; None where the robot is not made yet.
    """
    base = f"/api/v1/namespaces/{place.namespace}"
    if api.get(base) is None:
        return  # the next sync, after `up`
    known = api.get(f"{base}/secrets/{PULL_SECRET}") or {}
    encoded = base64.b64encode((text or "").encode()).decode()
    if text is None or known.get("data", {}).get(DOCKER_KEY) != encoded:
        labels = {TENANT_LABEL: place.tenant}
        yield {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": PULL_SECRET, "namespace": place.namespace, "labels": labels},
            "type": DOCKER,
            "data": {DOCKER_KEY: encoded},
        }
    account = api.get(f"{base}/serviceaccounts/default") or {}
    if {"name": PULL_SECRET} not in account.get("imagePullSecrets", ()):
        yield {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "default", "namespace": place.namespace},
            "imagePullSecrets": [{"name": PULL_SECRET}],
        }
