"""Controllers of infrastructure providers, for stacks whose machines are not simulated.

An infrastructure whose controller the embedded plane can run has it in its `Provider`. It is built
when a stack needs it, under a separate cache key, so that no part of the plane is built again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from errors import CaasError
from errors.machine import PROVIDER_NOT_EMBEDDED
from plane.binaries.adapted import WEBHOOK_ADDRESS
from plane.binaries.host import Host
from plane.binaries.recipe import STRIP, ManifestSet, ModuleSource, Program, Recipe

if TYPE_CHECKING:
    from components.infrastructure.controller import Controller
    from components.infrastructure.interface import Provider


@dataclass(frozen=True, slots=True)
class ProviderFiles:
    """The paths of a provider's controller.

    Attributes:
        manager: the program.
        manifests: the folder with its `crds/*.yaml` and `webhooks.yaml`.
    """

    manager: Path
    manifests: Path


def controller(provider: Provider) -> Controller:
    """The controller of a provider.

    Raises:
        CaasError: CAAS-2120 the embedded plane can't run it.
    """
    if provider.controller is None:
        what = f"The embedded plane has no controller for the provider `{provider.name}`"
        raise CaasError(PROVIDER_NOT_EMBEDDED, what)
    return provider.controller


def provider_recipe(provider: Provider, host: Host) -> Recipe:
    """The recipe of a provider's controller; CAAS-2120 if there is none."""
    made, name, version = controller(provider), provider.name, provider.release
    stamp = f"{STRIP} -X {made.module}/version.gitVersion=v{version}"
    source = ModuleSource(made.pins, stamp, WEBHOOK_ADDRESS)
    return Recipe(
        f"provider-{name}-{version}-{host.system}-{host.architecture}",
        (Program(f"{name}-manager", source, made.module),),
        (
            ManifestSet(
                name, source, made.module, "config", made.without, definitions=made.definitions
            ),
        ),
    )


def provider_files(provider: Provider, folder: Path) -> ProviderFiles:
    """The files in the folder that the provider's recipe was made in."""
    return ProviderFiles(folder / f"{provider.name}-manager", folder / "manifests" / provider.name)
