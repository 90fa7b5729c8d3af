"""The frameworks that require a rule."""

from __future__ import annotations

from pulumi_policy import PolicyComplianceFramework

KUBERNETES = PolicyComplianceFramework(
    name="Kubernetes documentation", reference="https://kubernetes.io/docs/"
)
CLUSTER_API = PolicyComplianceFramework(
    name="Cluster API book", reference="https://cluster-api.sigs.k8s.io/"
)
CAAS = PolicyComplianceFramework(
    name="This project", reference="https://www.pulumi.com/docs/insights/policy/"
)
AWS_IAM = PolicyComplianceFramework(
    name="AWS, security best practices in IAM",
    reference="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
)
AWS_S3 = PolicyComplianceFramework(
    name="AWS, security best practices for S3",
    reference="https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html",
)
SUPPORT = PolicyComplianceFramework(
    name="Kubernetes patch releases", reference="https://kubernetes.io/releases/patch-releases/"
)


def cis(*sections: str) -> PolicyComplianceFramework:
    """Sections of the CIS Kubernetes Benchmark, `4.2.1`."""
    return PolicyComplianceFramework(
        name="CIS Kubernetes Benchmark",
        version="1.10",
        reference="https://www.cisecurity.org/benchmark/kubernetes",
        specification=", ".join(sections),
    )


def cis_aws(*sections: str) -> PolicyComplianceFramework:
    """Sections of the CIS AWS Foundations Benchmark, `5.2`."""
    return PolicyComplianceFramework(
        name="CIS AWS Foundations Benchmark",
        version="3.0.0",
        reference="https://www.cisecurity.org/benchmark/amazon_web_services",
        specification=", ".join(sections),
    )


def nsa(chapter: str) -> PolicyComplianceFramework:
    """A chapter of the hardening guide of NSA and CISA."""
    return PolicyComplianceFramework(
        name="NSA/CISA Kubernetes Hardening Guidance",
        version="1.2",
        reference="https://media.defense.gov/2022/Aug/29/2003066362/-1/-1/0/"
        "CTR_KUBERNETES_HARDENING_GUIDANCE_1.2_20220829.PDF",
        specification=chapter,
    )


def pod_security(level: str) -> PolicyComplianceFramework:
    """A level of the Pod Security Standards: `Baseline`, `Restricted`."""
    return PolicyComplianceFramework(
        name="Pod Security Standards",
        reference="https://kubernetes.io/docs/concepts/security/pod-security-standards/",
        specification=level,
    )
