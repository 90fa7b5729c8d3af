"""The values that every part of the foundation on OpenStackSettings is made with."""

from __future__ import annotations

from dataclasses import dataclass, field

import pulumi
from pulumi_openstack import Provider

from components.base import Component
from components.infrastructure.openstack.settings import OpenStackSettings


@dataclass(frozen=True, slots=True)
class OpenStackSite:
    """The place where the foundation is built.

    Attributes:
        stack: the name of the stack; every name begins with it.
        settings: the infrastructure of the stack file.
        component: the parent of every resource.
        provider: the cloud and its region.
        checked: known once the quotas are found large enough; None where they are not checked.
        protect: whether Pulumi refuses to delete what holds data.
    """

    stack: str
    settings: OpenStackSettings
    component: Component
    provider: Provider = field(repr=False)
    checked: pulumi.Output[list[pulumi.Resource]] | None = field(default=None, repr=False)
    protect: bool = False

    @property
    def region(self) -> str:
        """The region of every resource."""
        return self.settings.region

    @property
    def tags(self) -> list[str]:
        """The tags of every resource of the stack."""
        return ["caas", f"caas.stack={self.stack}", *self.settings.tags]

    def options(self, *, data: bool = False) -> pulumi.ResourceOptions:
        """The options of a resource; one that holds `data` may be protected."""
        protect = {"protect": self.protect} if data else {}
        return self.component.child(provider=self.provider, depends_on=self.checked, **protect)

    def invoke_options(self) -> pulumi.InvokeOptions:
        """The options of a read."""
        return pulumi.InvokeOptions(parent=self.component, provider=self.provider)
