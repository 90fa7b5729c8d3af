"""The components of this folder; arguments and outputs of all: `AddonComponent`."""

from __future__ import annotations

import pulumi

from components.delivery.component import AddonComponent
from components.registry.harbor import HarborSettings


class Harbor(AddonComponent):
    """Harbor, a registry of images.

    The arguments are the fields of `HarborSettings`.

    Outputs:
        url: the address of the registry.

        Harbor("registry", cluster=shop, host="registry.example.com")
    """

    SETTINGS = HarborSettings

    @property
    def url(self) -> pulumi.Output[str]:
        """The address of the registry; of several with different hosts the first."""

        def of(settings: HarborSettings, _cluster: str) -> str:
            return f"https://{settings.host}"

        return self.value(of).apply(lambda found: found[0])
