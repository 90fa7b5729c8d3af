"""The common inputs of the foundation's parts: names, tags, options."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.infrastructure.aws.policies import Account
from components.infrastructure.aws.settings import AwsSettings
from components.infrastructure.aws.variables import STACK_TAG


@dataclass(frozen=True, slots=True)
class Site:
    """The place where the foundation is built.

    Attributes:
        stack: the stack's name; every name begins with it.
        settings: of the infrastructure.
        component: the parent of everything.
        provider: the region and account.
        protect: whether Pulumi refuses to delete what holds data.
    """

    stack: str
    settings: AwsSettings
    component: Component
    provider: aws.Provider = field(repr=False)
    protect: bool = False

    @property
    def account(self) -> Account:
        """For the names of resources in policies."""
        settings = self.settings
        return Account(self.stack, settings.partition, settings.region, settings.account)

    def name(self, *parts: str) -> str:
        """`<stack>-<parts>`."""
        return "-".join((self.stack, *parts))

    def tags(self, name: str, more: dict[str, str] | None = None) -> dict[str, str]:
        """The tags of a resource: the user's, the stack's, its name, and `more`."""
        own = {"Name": name, STACK_TAG: self.stack, "app.kubernetes.io/managed-by": "caas"}
        return self.settings.tags | own | (more or {})

    def options(self, *, data: bool = False, **options: Any) -> pulumi.ResourceOptions:
        """Options of a resource; `data` says that it holds data, and may be protected."""
        if data and self.protect:
            options["protect"] = True
        return self.component.child(provider=self.provider, **options)
