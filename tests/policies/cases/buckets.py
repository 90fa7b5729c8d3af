"""Cases of rules about buckets, and what a stack declares about them."""

from __future__ import annotations

from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from tests.policies.case import Case, R, case
from tests.policies.samples import CLUSTER, aws, document, openstack

BUCKET = aws("s3/bucket:Bucket", "logs", bucket="logs")
ENCRYPTION = aws(
    "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    bucket="logs",
)
VERSIONING = aws(
    "s3/bucketVersioning:BucketVersioning",
    bucket="logs",
    versioningConfiguration={"status": "Enabled"},
)
BLOCK = aws("s3/bucketPublicAccessBlock:BucketPublicAccessBlock", bucket="logs")
PLAIN = document(Effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}})
BUCKET_POLICY = aws("s3/bucketPolicy:BucketPolicy", bucket="logs", policy=PLAIN)
CASES: dict[str, Case] = {
    "buckets-are-encrypted": case(
        (ENCRYPTION, BUCKET),
        "bucket",
        "another",
        "the encryption of the bucket logs is not set",
        passes=((BUCKET.put("serverSideEncryptionConfiguration", {"rule": {}}),),),
    ),
    "buckets-are-versioned": case(
        (VERSIONING, BUCKET),
        "versioningConfiguration.status",
        "Suspended",
        "are lost",
        passes=((BUCKET.put("versioning", {"enabled": True}),),),
    ),
    "buckets-block-public-access": case(
        (BLOCK, BUCKET), "bucket", "another", "no public access block protects the bucket logs"
    ),
    "buckets-refuse-plain-http": case(
        (BUCKET_POLICY, BUCKET),
        "policy",
        document(Effect="Deny"),
        "answers without encryption",
        fails=(((BUCKET_POLICY.put("policy", "not JSON"), BUCKET), "no policy denies it"),),
    ),
    "production-data-is-protected": Case(
        (R(BUCKET.type, BUCKET.inputs, "logs", protect=True), CLUSTER),
        (BUCKET, CLUSTER),
        "logs holds data",
        (BUCKET, CLUSTER.put("metadata.labels.tier", UNKNOWN_STRING_VALUE)),
        passes=((BUCKET, CLUSTER.put("metadata.labels.tier", "dev")), (BUCKET,)),
        fails=(((openstack("dns/zone:Zone", "zone"), CLUSTER), "zone holds data"),),
    ),
}
