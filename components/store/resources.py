"""The add-on component of this folder; arguments and outputs: `AddonComponent`."""

from __future__ import annotations

from components.delivery.component import AddonComponent
from components.store.flux import FluxSettings


class Flux(AddonComponent):
    """Flux's source and helm controllers in a management cluster, locked down.

    The arguments are the fields of `FluxSettings`.

        Flux("flux", cluster=management)
    """

    SETTINGS = FluxSettings
