"""Permissions: documents of AWS IAM, and roles of Kubernetes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from components.mappings import Props, entries, section, texts
from policies.subjects.resource import Item
from policies.subjects.subject import Subject, objects, resources

POLICIES = ("Policy", "RolePolicy", "UserPolicy", "GroupPolicy")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of an IAM document that allows something.

    Attributes:
        props: as AWS spells it: Action, Resource, Principal, Condition.
    """

    props: Props

    @property
    def actions(self) -> list[str]:
        """The actions, `ec2:RunInstances`; `*` where everything but some is meant."""
        return texts(self.props, "Action") or (["*"] if "NotAction" in self.props else [])

    @property
    def resources(self) -> list[str]:
        """The resources; `*` where everything but some is meant."""
        return texts(self.props, "Resource") or (["*"] if "NotResource" in self.props else [])

    @property
    def principals(self) -> list[str]:
        """The principals."""
        principal = self.props.get("Principal")
        if isinstance(principal, Mapping):
            return [text for key in principal for text in texts(principal, key)]
        return [principal] if isinstance(principal, str) else []

    @property
    def is_conditional(self) -> bool:
        """True if it applies only under a condition."""
        return bool(section(self.props, "Condition"))


def statements(document: object) -> Iterator[Statement]:
    """The permissions of a document; none if it is not JSON, which AWS itself reports."""
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            return
    if not isinstance(document, Mapping):
        return
    single = section(document, "Statement")
    for props in [single] if single else entries(document, "Statement"):
        if props.get("Effect") == "Allow":
            yield Statement(props)


def _granted(item: Item) -> Iterator[Statement]:
    if item.kind.group.startswith("iam/"):
        yield from statements(item.props.get("policy"))
    for inline in entries(item.props, "inlinePolicies"):
        yield from statements(inline.get("policy"))


def _trusted(item: Item) -> Iterator[Statement]:
    key = "assumeRolePolicy" if item.kind.name == "Role" else "policy"
    yield from statements(item.props.get(key))


GRANTS = Subject("IAM policies", resources("aws", *POLICIES, "Role"), _granted)
TRUST = Subject(
    "trust of roles, and policies of buckets, keys and queues",
    lambda kind: (
        kind.provider == "aws"
        and (
            kind.group == "iam/role"
            or kind.name in ("BucketPolicy", "KeyPolicy", "QueuePolicy", "TopicPolicy")
            or kind.group == "kms/key"
        )
    ),
    _trusted,
)


def _rules(item: Item) -> Iterator[Props]:
    yield from entries(item.props, "rules")


ROLE_RULES = Subject(
    "Roles and ClusterRoles", objects("Role", "ClusterRole", group="rbac."), _rules
)
BINDINGS = Subject(
    "RoleBindings and ClusterRoleBindings",
    objects("RoleBinding", "ClusterRoleBinding", group="rbac."),
    lambda item: (item,),
)
