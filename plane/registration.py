"""Makes Cluster API's kinds and webhooks known to the plane's API server."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from errors import CaasError, Where, machine
from plane import manifests
from plane.health import Client
from plane.pki import ca_bundle
from plane.progress import Step
from plane.servers import MANAGERS, PlaneSite, Server, provider_managers

if TYPE_CHECKING:
    from plane.binaries import Binaries

DEFINITION = "CustomResourceDefinition"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1"
# The object that remembers, in the cluster itself, what was registered there.
MEMORY = f"{DEFINITIONS}/stacks.caas.dev"
REGISTERED = "caas.dev/registered"
WORKERS = 8
SERVED_SECONDS = 60.0
POLL = 0.1
OK, CREATED = 200, 201
DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def register(client: Client, site: PlaneSite, binaries: Binaries, step: Step) -> None:
    """Applies what is not registered yet, and waits until every kind is served.

    Args:
        client: reaches the API server.
        site: where the API server and the webhooks are.
        binaries: has the manifests.
        step: advances by object.

    Raises:
        CaasError: CAAS-2106 the API server refuses an object; CAAS-2107 a file can't be read;
            CAAS-2105 a kind is not served in time.
    """
    folders = manifest_folders(site, binaries)
    bundle = ca_bundle(site.pki)
    wanted = manifests.digest(folders, bundle)
    if _registered(client, site) == wanted:
        return
    objects = manifests.load(folders, bundle)
    step.advance(0, len(objects), "Cluster API's kinds")
    with ThreadPoolExecutor(WORKERS) as pool:
        for done, _ in enumerate(pool.map(lambda each: _apply(client, site, each), objects), 1):
            step.advance(done, len(objects))
    _wait_until_discovered(client, site, objects)
    memory = manifests.stack_definition()
    memory["metadata"]["annotations"] = {REGISTERED: wanted}
    _apply(client, site, memory)


def manifest_folders(site: PlaneSite, binaries: Binaries) -> list[manifests.ManifestFolder]:
    """The manifests of every controller of the plane."""
    found = []
    for each in MANAGERS:
        name, url = each.name.removesuffix("-manager"), _url(site, each)
        found.append(manifests.ManifestFolder(name, binaries.manifests / name, url))
    pairs = zip(site.providers, provider_managers(site.providers), strict=True)
    for provider, each in pairs:
        folder = binaries.providers[provider.name].manifests
        found.append(
            manifests.ManifestFolder(provider.name, folder, _url(site, each), provider.contract)
        )
    return found


def _url(site: PlaneSite, component: Server) -> str:
    return f"https://{site.address}:{site.ports[component.serves]}"


def _registered(client: Client, site: PlaneSite) -> str | None:
    status, body = client.get(site.server + MEMORY)
    if status != OK:
        return None
    found = body["metadata"].get("annotations", {}).get(REGISTERED)
    return str(found) if found else None


def _apply(client: Client, site: PlaneSite, content: Mapping[str, Any]) -> None:
    kind, name = content["kind"], content["metadata"]["name"]
    place = DEFINITIONS if kind == DEFINITION else f"{WEBHOOKS}/{kind.lower()}s"
    status, body = client.apply(f"{site.server}{place}/{name}", content)
    if status not in (OK, CREATED):
        raise CaasError(
            machine.REGISTRATION_REFUSED,
            "The API server refuses the object.",
            where=Where(object=f"{kind}/{name}"),
            why=str(body.get("message", status)),
        )


def _wait_until_discovered(
    client: Client, site: PlaneSite, objects: list[manifests.Object]
) -> None:
    """Waits until the API server tells of every kind: the managers look once, and exit if not.

    Discovery lists a kind only some time after it is established.
    """
    wanted = {
        (spec["group"], version["name"], spec["names"]["plural"])
        for spec in (each["spec"] for each in objects if each["kind"] == DEFINITION)
        for version in spec["versions"]
        if version["served"]
    }
    end = time.monotonic() + SERVED_SECONDS
    while missing := wanted - _discovered(client, site):
        if time.monotonic() > end:
            raise CaasError(
                machine.NOT_READY_IN_TIME,
                f"The API server does not serve all kinds after {SERVED_SECONDS:.0f} s.",
                where=Where(file=str(site.log("kube-apiserver"))),
                why="not served: " + ", ".join(sorted("/".join(kind) for kind in missing)),
            )
        time.sleep(POLL)


def _discovered(client: Client, site: PlaneSite) -> set[tuple[str, str, str]]:
    """Group, version and plural of every kind that the API server tells of."""
    _, body = client.get(f"{site.server}/apis", accept=DISCOVERY)
    return {
        (group["metadata"]["name"], version["version"], resource["resource"])
        for group in body.get("items", [])
        for version in group["versions"]
        for resource in version.get("resources", [])
    }
