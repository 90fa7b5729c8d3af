"""What a rule is: a row of a table, and the policy that Pulumi runs for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from pulumi_policy import (
    EnforcementLevel,
    PolicyComplianceFramework,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
)
from pulumi_policy.proxy import UnknownValueError

from policies.rules.cluster import Cluster, Group

PAGE = "docs/policies.md"

Part = TypeVar("Part")

KUBERNETES = PolicyComplianceFramework(
    name="Kubernetes documentation", reference="https://kubernetes.io/docs/"
)
CLUSTER_API = PolicyComplianceFramework(
    name="Cluster API book", reference="https://cluster-api.sigs.k8s.io/"
)


def itself(cluster: Cluster) -> Iterator[Cluster]:
    """The cluster as the one part of itself."""
    yield cluster


def control_plane(cluster: Cluster) -> Iterator[Group]:
    """Its control plane."""
    yield cluster.control_plane


def pools(cluster: Cluster) -> Iterator[Group]:
    """Its worker pools."""
    yield from cluster.pools


def groups(cluster: Cluster) -> Iterator[Group]:
    """Its control plane and its worker pools."""
    yield cluster.control_plane
    yield from cluster.pools


def cis(*sections: str) -> PolicyComplianceFramework:
    """Sections of the CIS Kubernetes Benchmark, `4.2.1`."""
    return PolicyComplianceFramework(
        name="CIS Kubernetes Benchmark",
        version="1.10",
        reference="https://www.cisecurity.org/benchmark/kubernetes",
        specification=", ".join(sections),
    )


@dataclass(frozen=True)
class Rule(Generic[Part]):
    """One rule about clusters.

    Attributes:
        name: unique, in kebab case; a configuration of the pack refers to it.
        description: what must be so, one sentence.
        severity: how bad it is when it is not so.
        level: mandatory stops an apply, advisory does not.
        framework: who says so.
        remediation: what to write in the stack file.
        parts: what of a cluster is looked at, one by one: the cluster, its groups, its pools.
        find: what is wrong with a part on a day, a sentence each.
    """

    name: str
    description: str
    severity: Severity
    level: EnforcementLevel
    framework: PolicyComplianceFramework
    remediation: str
    parts: Callable[[Cluster], Iterable[Part]]
    find: Callable[[Part, date], Iterator[str]]

    @property
    def page(self) -> str:
        """Where the rule is explained, relative to the repository."""
        return f"{PAGE}#{self.name}"

    def policy(self, on: date) -> ResourceValidationPolicy:
        """The rule as Pulumi runs it, with `on` as today.

        A value that is not known yet hides nothing else: the other parts are looked at all the
        same, then the UnknownValueError goes on to the engine, which reports it as advice.
        """

        def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
            cluster = Cluster.of(args.resource_type, args.props)
            if cluster is None:
                return
            unknown: UnknownValueError | None = None
            for part in self.parts(cluster):
                try:
                    for message in self.find(part, on):
                        report(message, None)
                except UnknownValueError as error:
                    unknown = unknown or error
            if unknown:
                raise unknown

        return ResourceValidationPolicy(
            name=self.name,
            description=self.description,
            validate=validate,
            enforcement_level=self.level,
            severity=self.severity,
            framework=self.framework,
            remediation_steps=self.remediation,
            url=self.page,
        )
