"""Buckets on AWS, and what else of a stack is about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from components.mappings import section
from policies.subjects.resource import Item
from policies.subjects.subject import RegisteredStack, StackSubject

NAMES = ("Bucket", "BucketV2")


def _about(*names: str) -> tuple[str, ...]:
    return (*names, *(f"{name}V2" for name in names))


ENCRYPTION = _about("BucketServerSideEncryptionConfiguration")
VERSIONING = _about("BucketVersioning")
ACCESS_BLOCK = ("BucketPublicAccessBlock",)
POLICY = ("BucketPolicy",)


@dataclass(frozen=True, slots=True)
class DeclaredBucket:
    """A bucket with what is declared about it.

    Attributes:
        item: the bucket.
        stack: where it is declared.
    """

    item: Item
    stack: RegisteredStack

    @property
    def name(self) -> str:
        """Its name in AWS; in the program where AWS chooses one."""
        return str(self.item.props.get("bucket") or self.item.name)

    def declared(self, names: tuple[str, ...]) -> Iterator[Item]:
        """The declarations about it of these types.

        Raises an UnknownValueError where it is not known yet which bucket something is about.
        """
        for found in self.stack.of(*names, provider="aws"):
            if found.props.get("bucket") in (self.name, self.item.name):
                yield found

    @property
    def is_encrypted(self) -> bool:
        """True if its encryption is configured."""
        own = section(self.item.props, "serverSideEncryptionConfiguration")
        return bool(own) or any(self.declared(ENCRYPTION))

    @property
    def is_versioned(self) -> bool:
        """True if overwritten objects are kept."""
        if str(section(self.item.props, "versioning").get("enabled")).lower() == "true":
            return True
        return any(
            section(found.props, "versioningConfiguration").get("status") == "Enabled"
            for found in self.declared(VERSIONING)
        )


def _buckets(stack: RegisteredStack) -> Iterator[tuple[Item, DeclaredBucket]]:
    for item in stack.of(*NAMES, provider="aws"):
        if item.kind.group.startswith("s3/"):
            yield item, DeclaredBucket(item, stack)


BUCKETS = StackSubject("buckets on AWS of a stack", _buckets)
