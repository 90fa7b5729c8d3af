"""Rules about identity: who may do what, and by which keys."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from components.mappings import Props, entries, section, texts
from policies.rules.frameworks import AWS_IAM, CAAS, cis, cis_aws
from policies.rules.rule import (
    ADVISORY,
    CRITICAL,
    HIGH,
    MANDATORY,
    MEDIUM,
    Context,
    Rule,
)
from policies.settings import Parameter
from policies.subjects.permissions import BINDINGS, GRANTS, ROLE_RULES, TRUST, Statement
from policies.subjects.resource import Item, Kind
from policies.subjects.subject import Subject, itself, objects, resources

TITLE = "Identity"
READING = ("Describe", "List", "Get", "BatchGet", "Search", "Lookup", "View")
UNSCOPED = (
    "ssm:UpdateInstanceInformation",
    "ssmmessages:*",
    "ec2messages:*",
)
"""Actions that can't be limited to a resource.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/
"""
STRANGERS = ("system:anonymous", "system:unauthenticated")
ACCESS_KEYS = Subject("access keys of IAM users", resources("aws", "AccessKey"), itself)
USER_POLICIES = Subject(
    "policies of IAM users", resources("aws", "UserPolicy", "UserPolicyAttachment"), itself
)
KEYS = Subject("KMS keys", lambda kind: kind.provider == "aws" and kind.group == "kms/key", itself)
APPLICATION_CREDENTIALS = Subject(
    "application credentials on OpenStack", resources("openstack", "ApplicationCredential"), itself
)
STATIC_IDENTITIES = Subject(
    "static identities of the AWS provider", objects("AWSClusterStaticIdentity"), itself
)


def _names_actions(statement: Statement, _context: Context) -> Iterator[str]:
    for action in statement.actions:
        if action == "*" or action.endswith(":*"):
            yield f"it allows {'everything' if action == '*' else f'everything of {action[:-2]}'}"


def _reads(action: str) -> bool:
    return action.partition(":")[2].startswith(READING)


def _names_resources(statement: Statement, context: Context) -> Iterator[str]:
    if "*" not in statement.resources or statement.is_conditional:
        return
    for action in statement.actions:
        known = any(fnmatchcase(action, pattern) for pattern in context["unscopedActions"])
        if not known and not _reads(action):
            yield f"it allows {action} on every resource"


def _has_key(_key: Item, _context: Context) -> Iterator[str]:
    yield "a user gets a key that does not expire"


def _is_of_a_user(_policy: Item, _context: Context) -> Iterator[str]:
    yield "a user gets permissions directly"


def _names_its_caller(statement: Statement, _context: Context) -> Iterator[str]:
    if "*" in statement.principals and not statement.is_conditional:
        yield f"any principal may {', '.join(statement.actions) or 'use it'}"


def _rotates(key: Item, _context: Context) -> Iterator[str]:
    symmetric = key.props.get("customerMasterKeySpec", "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT"
    if symmetric and str(key.props.get("enableKeyRotation")).lower() != "true":
        yield "the key is never rotated: `enableKeyRotation` is not true"


def _rotate(_kind: Kind, props: Any) -> bool:
    symmetric = props.get("customerMasterKeySpec", "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT"
    if not symmetric or props.get("enableKeyRotation") is True:
        return False
    props["enableKeyRotation"] = True
    return True


def _restricted(credential: Item, _context: Context) -> Iterator[str]:
    if str(credential.props.get("unrestricted")).lower() == "true":
        yield "the credential can create further ones"


def _restrict(_kind: Kind, props: Any) -> bool:
    if props.get("unrestricted") is not True:
        return False
    props["unrestricted"] = False
    return True


def _is_static(_identity: Item, _context: Context) -> Iterator[str]:
    yield "clusters are created with a key that does not expire"


def _names_both(rule: Props, _context: Context) -> Iterator[str]:
    if "*" in texts(rule, "verbs") and "*" in texts(rule, "resources"):
        groups = ", ".join(group or "core" for group in texts(rule, "apiGroups"))
        yield f"it allows everything on every resource of {groups}"


def _no_escalation(rule: Props, _context: Context) -> Iterator[str]:
    verbs = {"escalate", "bind", "impersonate"} & set(texts(rule, "verbs"))
    if texts(rule, "resourceNames"):
        verbs.discard("bind")  # it names the roles that may be bound
    if verbs:
        yield f"it lets its subjects gain any permission: {', '.join(sorted(verbs))}"


def _not_admin(binding: Item, context: Context) -> Iterator[str]:
    if section(binding.props, "roleRef").get("name") != "cluster-admin":
        return
    for subject in entries(binding.props, "subjects"):
        if subject.get("name") not in context["subjects"]:
            yield f"{subject.get('kind')} {subject.get('name')} may do everything"


def _no_strangers(binding: Item, _context: Context) -> Iterator[str]:
    for subject in entries(binding.props, "subjects"):
        if subject.get("name") in STRANGERS:
            yield f"unauthenticated callers get a role: {subject.get('name')}"


RULES: tuple[Rule[Statement] | Rule[Item] | Rule[Props], ...] = (
    Rule(
        "iam-actions-are-named",
        "An IAM policy names the actions that it allows.",
        HIGH,
        MANDATORY,
        cis_aws("1.16"),
        "Write the actions that are needed instead of `*`.",
        GRANTS,
        _names_actions,
    ),
    Rule(
        "iam-resources-are-named",
        "An IAM policy names the resources that may be changed.",
        HIGH,
        MANDATORY,
        AWS_IAM,
        "Write the resources instead of `*`, or add a condition; actions without resources "
        "belong into the parameter `unscopedActions`.",
        GRANTS,
        _names_resources,
        (
            Parameter(
                "unscopedActions",
                tuple[str, ...],
                UNSCOPED,
                "patterns of actions that can't be limited to a resource",
            ),
        ),
    ),
    Rule(
        "users-have-no-access-keys",
        "No IAM user has an access key.",
        CRITICAL,
        MANDATORY,
        cis_aws("1.14"),
        "Let machines and people assume roles, whose keys expire.",
        ACCESS_KEYS,
        _has_key,
    ),
    Rule(
        "users-have-no-policies",
        "Permissions belong to roles and groups, not to users.",
        MEDIUM,
        MANDATORY,
        cis_aws("1.15"),
        "Attach the policy to a group or a role.",
        USER_POLICIES,
        _is_of_a_user,
    ),
    Rule(
        "trust-names-its-caller",
        "Roles, buckets and keys name the principals that may use them.",
        CRITICAL,
        MANDATORY,
        AWS_IAM,
        "Name the account, role or service instead of `*`, or add a condition.",
        TRUST,
        _names_its_caller,
    ),
    Rule(
        "kms-keys-rotate",
        "Keys of KMS are rotated every year.",
        MEDIUM,
        MANDATORY,
        cis_aws("3.6"),
        "Set `enableKeyRotation` to true.",
        KEYS,
        _rotates,
        fix=_rotate,
    ),
    Rule(
        "application-credentials-are-restricted",
        "An application credential can't make further ones.",
        HIGH,
        MANDATORY,
        CAAS,
        "Set `unrestricted` to false.",
        APPLICATION_CREDENTIALS,
        _restricted,
        fix=_restrict,
    ),
    Rule(
        "clusters-use-roles-not-keys",
        "Cluster API uses a role on AWS, not a static key.",
        MEDIUM,
        ADVISORY,
        AWS_IAM,
        "Use an AWSClusterControllerIdentity or an AWSClusterRoleIdentity.",
        STATIC_IDENTITIES,
        _is_static,
    ),
    Rule(
        "rbac-names-what-it-allows",
        "A role names its verbs and resources.",
        HIGH,
        ADVISORY,
        cis("5.1.3"),
        "Write the verbs and resources that are needed instead of `*`.",
        ROLE_RULES,
        _names_both,
    ),
    Rule(
        "rbac-grants-no-escalation",
        "No role lets its subjects gain permissions of other roles.",
        HIGH,
        ADVISORY,
        cis("5.1.8"),
        "Remove the verbs `escalate`, `bind` and `impersonate`.",
        ROLE_RULES,
        _no_escalation,
    ),
    Rule(
        "nobody-is-cluster-admin",
        "Only listed subjects are bound to cluster-admin.",
        HIGH,
        ADVISORY,
        cis("5.1.1"),
        "Bind a role that allows what is needed, or add the subject to the parameter `subjects`.",
        BINDINGS,
        _not_admin,
        (Parameter("subjects", tuple[str, ...], ("system:masters",), "names that may be bound"),),
    ),
    Rule(
        "strangers-have-no-roles",
        "Unauthenticated callers have no role.",
        CRITICAL,
        MANDATORY,
        cis("5.1.1", "1.2.1"),
        "Remove the subject from the binding.",
        BINDINGS,
        _no_strangers,
    ),
)
