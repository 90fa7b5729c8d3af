"""Docker on this computer, for stacks whose machines are its containers."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from packaging.version import Version

from errors import CaasError
from errors.containers import (
    CONTAINER_RANGE_DIFFERS,
    CONTAINER_RANGE_TAKEN,
    DOCKER_ON_ANOTHER_HOST,
    DOCKER_TOO_OLD,
    DOCKER_UNREACHABLE,
)

if TYPE_CHECKING:  # slow to import, and most stacks need none of it
    from docker import DockerClient

NETWORK = "kind"
"""The network of all containers; Cluster API's provider takes it for granted."""
LABEL = "caas.dev/made-by"
"""The label of what is made here in Docker."""
CLUSTER_LABEL = "io.x-k8s.kind.cluster"
"""The label that the provider gives to containers, with the name of their cluster."""
VARIABLES = ("DOCKER_",)
"""The beginning of the names of the variables that say where Docker is."""
OLDEST_API = Version("1.40")
TIMEOUT = 20
"""Seconds that one request may take."""
DESKTOP = "Docker Desktop"
HERE = ("", "localhost", "127.0.0.1", "::1")
MTU = "com.docker.network.driver.mtu"
_LOCAL = ("unix", "npipe", "fd")


def environment() -> dict[str, str]:
    """The variables by which a program finds the Docker that the `docker` command uses.

    Programs other than that command know nothing of contexts.
    """
    found = {key: value for key, value in os.environ.items() if key.startswith(VARIABLES)}
    if found.get("DOCKER_HOST"):
        return found
    from docker.context import ContextAPI  # noqa: PLC0415 - slow, see above

    context = ContextAPI.get_context(found.get("DOCKER_CONTEXT"))
    if context is None or context.Name == "default" or not context.Host:
        return found
    return found | {"DOCKER_HOST": str(context.Host)}


@contextmanager
def connected() -> Iterator[DockerClient]:
    """A client of Docker, known to be usable.

    Raises:
        CaasError: CAAS-2150 it can't be reached; CAAS-2151 its API is too old; CAAS-2152 its
            containers can't be reached from here.
    """
    import docker  # noqa: PLC0415 - slow, see above
    from docker.errors import DockerException  # noqa: PLC0415
    from requests.exceptions import RequestException  # noqa: PLC0415

    found = environment()
    where = found.get("DOCKER_HOST") or "the default socket"
    try:
        client = docker.from_env(environment=found, timeout=TIMEOUT)
    except (DockerException, RequestException) as error:
        what = f"Docker can't be reached at {where}"
        raise CaasError(DOCKER_UNREACHABLE, what, why=str(error)) from error
    try:
        _check(client, found.get("DOCKER_HOST", ""))
        yield client
    except (DockerException, RequestException) as error:
        what = f"Docker at {where} does not do what was asked"
        raise CaasError(DOCKER_UNREACHABLE, what, why=str(error)) from error
    finally:
        client.close()


def _check(client: DockerClient, host: str) -> None:
    version = str(client.version()["ApiVersion"])
    if Version(version) < OLDEST_API:
        what = f"Docker's API has version {version}, and {OLDEST_API} is needed"
        raise CaasError(DOCKER_TOO_OLD, what)
    if reason := elsewhere(host, client.info().get("OperatingSystem", ""), platform.system()):
        raise CaasError(DOCKER_ON_ANOTHER_HOST, f"Containers can't be reached here: {reason}")


def elsewhere(host: str, operating_system: str, system: str) -> str:
    """The reason why containers are on another network; empty if they are on this one.

    Args:
        host: the address of Docker; empty for the default socket.
        operating_system: the one that Docker reports.
        system: the one of this computer, as `platform.system` has it.
    """
    if operating_system == DESKTOP:
        return "Docker Desktop runs them in a virtual machine"
    if system != "Linux":
        return f"on {system} they run in a virtual machine"
    address = urlsplit(host)
    if address.scheme not in ("", *_LOCAL) and (address.hostname or "") not in HERE:
        return f"they run on {address.hostname}"
    return ""


def prepare(subnet: str) -> bool:
    """Makes the network of containers where it is missing; True if it was.

    Its packets are as large as those of Docker's own network. Containers get addresses of its
    first half; those of load balancers come from the second.

    Args:
        subnet: its range.

    Raises:
        CaasError: as `connected`; CAAS-2153 the network has another range; CAAS-2154 another
            network has this one.
    """
    from docker.errors import APIError  # noqa: PLC0415 - slow, see above
    from docker.types import IPAMConfig, IPAMPool  # noqa: PLC0415

    with connected() as client:
        if there := client.networks.list(filters={"name": f"^{NETWORK}$"}):
            _check_range(there[0].attrs, subnet)
            return False
        usual = client.networks.list(filters={"name": "^bridge$"})
        options = (usual[0].attrs.get("Options") or {}) if usual else {}
        containers = str(next(ip_network(subnet).subnets()))
        pool = IPAMPool(subnet=subnet, iprange=containers)
        try:
            client.networks.create(
                NETWORK,
                driver="bridge",
                ipam=IPAMConfig(pool_configs=[pool]),
                labels={LABEL: "caas"},
                options={MTU: options[MTU]} if MTU in options else {},
            )
        except APIError as error:
            if "overlap" not in str(error):
                raise
            what = f"Another network of Docker has addresses of {subnet}"
            raise CaasError(CONTAINER_RANGE_TAKEN, what, why=str(error.explanation)) from error
        return True


def _check_range(network: dict[str, Any], subnet: str) -> None:
    found = [each.get("Subnet", "") for each in (network.get("IPAM") or {}).get("Config") or ()]
    if subnet not in found:
        what = f"Docker's network `{NETWORK}` has {', '.join(found) or 'no range'}, not {subnet}"
        raise CaasError(CONTAINER_RANGE_DIFFERS, what)


def leave() -> None:
    """Removes the network if it was made here and no container is in it. Raises as `connected`."""
    with connected() as client:
        for network in client.networks.list(filters={"label": f"{LABEL}=caas"}):
            network.reload()
            if not network.attrs.get("Containers"):
                network.remove()
