"""Controllers of infrastructure providers, for stacks whose machines are not simulated.

Each one that the embedded plane can run is an entry of `CONTROLLERS`, with its modules pinned in
`go/<name>`. It is made when a stack asks for it, under a cache key of its own, so that nothing of
the plane is made again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from catalog import catalog
from embedded.binaries.adapted import WEBHOOK_ADDRESS
from embedded.binaries.host import Host
from embedded.binaries.recipe import MODULES, STRIP, ManifestSet, Program, Recipe, Source
from errors import CaasError
from errors.machine import PROVIDER_NOT_EMBEDDED


@dataclass(frozen=True, slots=True)
class Controller:
    """How a provider's controller is made and run.

    Attributes:
        name: the provider, as in the catalog.
        module: its Go module; the module's root is the program.
        definitions: the definitions that are taken, by the beginning of their file names.
        without: those of them that are left out, by a part of their file names.
        gates: feature gates that hold in the plane, whatever a stack says: the kinds that they
            bring are not taken.
        environment: what the program gets of the user's environment, by the beginning of the
            names; its credentials come this way and no other.
        credentials: which of it are credentials, in the same way.
    """

    name: str
    module: str
    definitions: tuple[str, ...]
    without: str = ""
    gates: Mapping[str, bool] = field(default_factory=dict)
    environment: tuple[str, ...] = ()
    credentials: tuple[str, ...] = ()


CONTROLLERS = {
    each.name: each
    for each in (
        Controller(
            "aws",
            "sigs.k8s.io/cluster-api-provider-aws/v2",
            definitions=(
                "infrastructure.cluster.x-k8s.io_awscluster",
                "infrastructure.cluster.x-k8s.io_awsmachine",
            ),
            without="machinepool",
            gates={"EKS": False, "MachinePool": False, "ROSA": False},
            environment=("AWS_",),
            credentials=(
                "AWS_ACCESS_KEY_ID",
                "AWS_CONFIG_FILE",
                "AWS_CONTAINER_",
                "AWS_PROFILE",
                "AWS_ROLE_ARN",
                "AWS_SHARED_CREDENTIALS_FILE",
                "AWS_WEB_IDENTITY_TOKEN_FILE",
            ),
        ),
    )
}


@dataclass(frozen=True, slots=True)
class ProviderFiles:
    """Where a provider's controller is.

    Attributes:
        manager: the program.
        manifests: the folder with its `crds/*.yaml` and `webhooks.yaml`.
    """

    manager: Path
    manifests: Path


def controller(name: str) -> Controller:
    """The controller of a provider.

    Raises:
        CaasError: CAAS-2120 the embedded plane can't run it.
    """
    try:
        return CONTROLLERS[name]
    except KeyError:
        raise CaasError(
            PROVIDER_NOT_EMBEDDED,
            f"The embedded plane has no controller for the provider `{name}`; "
            f"it has one for: {', '.join(sorted(CONTROLLERS))}",
        ) from None


def provider_recipe(name: str, host: Host) -> Recipe:
    """How the controller of a provider is made; CAAS-2120 where it can't be."""
    made = controller(name)
    version = catalog().providers[name]
    stamp = f"{STRIP} -X {made.module}/version.gitVersion=v{version}"
    source = Source(MODULES / name, stamp, WEBHOOK_ADDRESS)
    return Recipe(
        f"provider-{name}-{version}-{host.system}-{host.architecture}",
        (Program(f"{name}-manager", source, made.module),),
        (
            ManifestSet(
                name, source, made.module, "config", made.without, definitions=made.definitions
            ),
        ),
    )


def provider_files(name: str, folder: Path) -> ProviderFiles:
    """The files in the folder that the provider's recipe was made in."""
    return ProviderFiles(folder / f"{name}-manager", folder / "manifests" / name)
