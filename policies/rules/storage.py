"""Rules about storage: encrypted, private, kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from components.mappings import Props, entries, number, section, texts
from policies.rules.frameworks import AWS_S3, CAAS, KUBERNETES, cis_aws, nsa
from policies.rules.rule import (
    ADVISORY,
    CRITICAL,
    HIGH,
    LOW,
    MANDATORY,
    MEDIUM,
    Context,
    Rule,
    opened,
)
from policies.settings import Parameter
from policies.subjects.buckets import ACCESS_BLOCK, BUCKETS, NAMES, POLICY, DeclaredBucket
from policies.subjects.charts import ADDONS, HELM, chart_of
from policies.subjects.resource import Item, Kind
from policies.subjects.subject import (
    RegisteredStack,
    StackSubject,
    Subject,
    either,
    itself,
    objects,
    resources,
)

TITLE = "Storage"
EBS = "ebs.csi.aws.com"
EBS_CHART = "aws-ebs-csi-driver"
BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
OPEN_ACLS = ("public-read", "public-read-write", "authenticated-read", "website")
_is_class = objects("StorageClass", group="storage.k8s.io")
_is_chart = either(
    objects("Release", "Chart", group=HELM, patches=False),
    objects("HelmChartProxy", group=ADDONS, patches=False),
)


def _volume_classes(item: Item) -> Iterator[Props]:
    """Classes of EBS volumes: objects, and those in the values of the driver's chart."""
    if _is_class(item.kind):
        if item.props.get("provisioner") == EBS:
            yield item.props
        return
    chart = chart_of(item)
    if chart.name == EBS_CHART:
        yield from entries(chart.values or {}, "storageClasses")


VOLUME_CLASSES = Subject(
    "StorageClasses of EBS, and those in the values of its chart",
    either(_is_class, _is_chart),
    _volume_classes,
)
ACLS = Subject(
    "buckets on AWS, and their ACLs",
    resources("aws", *NAMES, "BucketAcl", "BucketAclV2"),
    itself,
)
ACCESS_BLOCKS = Subject(
    "public access blocks on AWS", resources("aws", "BucketPublicAccessBlock"), itself
)
CONTAINERS = Subject("object containers on OpenStack", resources("openstack", "Container"), itself)
LOGS = Subject(
    "log groups on AWS",
    lambda kind: kind.provider == "aws" and kind.group == "cloudwatch/logGroup",
    itself,
)
CLAIMS = Subject(
    "PersistentVolumes and StorageClasses", objects("PersistentVolume", group="core"), itself
)


def _encrypts(storage_class: Props, _context: Context) -> Iterator[str]:
    parameters = section(storage_class, "parameters")
    if str(parameters.get("encrypted")).lower() != "true":
        name = storage_class.get("name") or section(storage_class, "metadata").get("name", "")
        yield f"volumes of the class `{name}` are not encrypted"


def _encrypt(kind: Kind, props: Any) -> bool:
    if not _is_class(kind) or props.get("provisioner") != EBS:
        return False
    parameters = opened(props, "parameters")
    if str(parameters.get("encrypted")).lower() == "true":
        return False
    parameters["encrypted"] = "true"
    return True


def _production_classes(stack: RegisteredStack) -> Iterator[tuple[Item, Item]]:
    if stack.is_production:
        yield from ((item, item) for item in stack.of("StorageClass"))


def _retains(storage_class: Item, _context: Context) -> Iterator[str]:
    if storage_class.props.get("reclaimPolicy", "Delete") == "Delete":
        yield "the data of a deleted claim is deleted: `reclaimPolicy` is Delete"


def _no_host_volume(volume: Item, _context: Context) -> Iterator[str]:
    if section(volume.spec, "hostPath"):
        yield "the volume is a path of the machine that the pod happens to run on"


def _bucket_encrypted(bucket: DeclaredBucket, _context: Context) -> Iterator[str]:
    if not bucket.is_encrypted:
        yield f"the encryption of the bucket {bucket.name} is not set"


def _bucket_versioned(bucket: DeclaredBucket, _context: Context) -> Iterator[str]:
    if not bucket.is_versioned:
        yield f"objects that are overwritten in the bucket {bucket.name} are lost"


def _bucket_blocked(bucket: DeclaredBucket, _context: Context) -> Iterator[str]:
    if not any(bucket.declared(ACCESS_BLOCK)):
        yield f"no public access block protects the bucket {bucket.name}"


def _bucket_over_tls(bucket: DeclaredBucket, _context: Context) -> Iterator[str]:
    policies = (found.props.get("policy") for found in bucket.declared(POLICY))
    if not any(_denies_plain(policy) for policy in policies):
        yield f"the bucket {bucket.name} answers without encryption: no policy denies it"


def _denies_plain(document: object) -> bool:
    try:
        document = json.loads(document) if isinstance(document, str) else document
    except ValueError:
        return False
    if not isinstance(document, Mapping):
        return False
    return any(
        statement.get("Effect") == "Deny"
        and str(section(statement, "Condition", "Bool").get("aws:SecureTransport")).lower()
        == "false"
        for statement in entries(document, "Statement")
    )


def _private(bucket: Item, _context: Context) -> Iterator[str]:
    if bucket.props.get("acl") in OPEN_ACLS:
        yield f"everyone may read what is in it: the ACL is {bucket.props['acl']}"


def _privatize(_kind: Kind, props: Any) -> bool:
    if props.get("acl") not in OPEN_ACLS:
        return False
    props["acl"] = "private"
    return True


def _complete(block: Item, _context: Context) -> Iterator[str]:
    missing = [name for name in BLOCKS if str(block.props.get(name)).lower() != "true"]
    if missing:
        yield f"{', '.join(missing)} is not true"


def _completed(_kind: Kind, props: Any) -> bool:
    missing = [name for name in BLOCKS if props.get(name) is not True]
    for name in missing:
        props[name] = True
    return bool(missing)


def _not_readable(container: Item, _context: Context) -> Iterator[str]:
    if ".r:*" in str(container.props.get("containerRead") or ""):
        yield "everyone may read what is in it: `containerRead` has `.r:*`"


def _container_versioned(container: Item, _context: Context) -> Iterator[str]:
    versioned = container.props.get("versioning")
    if str(versioned).lower() != "true" and not section(container.props, "versioningLegacy"):
        yield "objects that are overwritten in it are lost: `versioning` is not true"


def _kept(log: Item, context: Context) -> Iterator[str]:
    days = number(log.props.get("retentionInDays"))
    if not days:
        yield "logs are never deleted, and their cost grows"
    elif days < context["days"]:
        yield f"logs are kept for {days} days, fewer than {context['days']}"


def _backed_up(stack: RegisteredStack) -> Iterator[tuple[Item, tuple[Item, bool]]]:
    """Claims of production stacks, with whether Velero has a schedule."""
    if not stack.is_production:
        return
    namespaces = [texts(item.spec, "template", "includedNamespaces") for item in _schedules(stack)]
    for item in (*stack.of("PersistentVolumeClaim"), *stack.of("StatefulSet")):
        if item.kind.name == "StatefulSet" and not entries(item.spec, "volumeClaimTemplates"):
            continue
        covered = any(
            not included or {"*", item.namespace} & set(included) for included in namespaces
        )
        yield item, (item, covered)


def _schedules(stack: RegisteredStack) -> Iterator[Item]:
    for item in stack.of("Schedule"):
        if item.kind.group == "velero.io" and not item.spec.get("paused"):
            yield item


def _has_schedule(found: tuple[Item, bool], _context: Context) -> Iterator[str]:
    if not found[1]:
        yield "no Velero schedule backs up its data"


RULES: tuple[
    Rule[Props] | Rule[Item] | Rule[DeclaredBucket] | Rule[tuple[Item, bool]],
    ...,
] = (
    Rule(
        "storage-classes-encrypt",
        "A StorageClass of EBS makes encrypted volumes.",
        HIGH,
        MANDATORY,
        cis_aws("2.2.1"),
        'Set the parameter `encrypted` of the class to "true".',
        VOLUME_CLASSES,
        _encrypts,
        fix=_encrypt,
    ),
    Rule(
        "production-storage-is-retained",
        "A StorageClass of a production stack keeps the data of claims that are deleted.",
        MEDIUM,
        ADVISORY,
        KUBERNETES,
        "Set `reclaimPolicy: Retain`.",
        StackSubject("StorageClasses of production stacks", _production_classes),
        _retains,
    ),
    Rule(
        "production-data-has-a-schedule",
        "Volumes of a production stack are backed up on a schedule.",
        MEDIUM,
        ADVISORY,
        KUBERNETES,
        "Add a Schedule of Velero that includes the namespace.",
        StackSubject("claims and StatefulSets of production stacks", _backed_up),
        _has_schedule,
    ),
    Rule(
        "volumes-are-not-host-paths",
        "No PersistentVolume is a path of a machine.",
        HIGH,
        MANDATORY,
        nsa("Kubernetes Pod security"),
        "Use a storage driver, or a local volume with its node affinity.",
        CLAIMS,
        _no_host_volume,
    ),
    Rule(
        "buckets-are-encrypted",
        "The encryption of a bucket is configured.",
        MEDIUM,
        MANDATORY,
        AWS_S3,
        "Declare a BucketServerSideEncryptionConfiguration for it.",
        BUCKETS,
        _bucket_encrypted,
    ),
    Rule(
        "buckets-are-versioned",
        "A bucket keeps overwritten objects.",
        MEDIUM,
        MANDATORY,
        AWS_S3,
        "Declare a BucketVersioning with the status Enabled for it.",
        BUCKETS,
        _bucket_versioned,
    ),
    Rule(
        "buckets-block-public-access",
        "A bucket can't be made public by mistake.",
        HIGH,
        MANDATORY,
        cis_aws("2.1.4"),
        "Declare a BucketPublicAccessBlock for it.",
        BUCKETS,
        _bucket_blocked,
    ),
    Rule(
        "buckets-refuse-plain-http",
        "A bucket answers only over TLS.",
        MEDIUM,
        ADVISORY,
        cis_aws("2.1.1"),
        "Declare a BucketPolicy that denies `aws:SecureTransport: false`.",
        BUCKETS,
        _bucket_over_tls,
    ),
    Rule(
        "bucket-acls-are-private",
        "No ACL opens a bucket to everyone.",
        CRITICAL,
        MANDATORY,
        cis_aws("2.1.4"),
        "Set the ACL to `private`.",
        ACLS,
        _private,
        fix=_privatize,
    ),
    Rule(
        "public-access-blocks-are-complete",
        "A public access block blocks all four ways.",
        HIGH,
        MANDATORY,
        cis_aws("2.1.4"),
        f"Set {', '.join(BLOCKS)} to true.",
        ACCESS_BLOCKS,
        _complete,
        fix=_completed,
    ),
    Rule(
        "object-containers-are-private",
        "No object container is open to everyone.",
        CRITICAL,
        MANDATORY,
        CAAS,
        "Remove `.r:*` from `containerRead`.",
        CONTAINERS,
        _not_readable,
    ),
    Rule(
        "object-containers-are-versioned",
        "An object container keeps overwritten objects.",
        MEDIUM,
        ADVISORY,
        CAAS,
        "Set `versioning` to true.",
        CONTAINERS,
        _container_versioned,
    ),
    Rule(
        "logs-are-kept-for-a-while",
        "Logs in the cloud have a retention period.",
        LOW,
        ADVISORY,
        nsa("Audit logging and threat detection"),
        "Set `retentionInDays`.",
        LOGS,
        _kept,
        (Parameter("days", int, 90, "the least number of days"),),
    ),
)
