"""One resource as the rules see it, and the Kubernetes objects that are inside of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import yaml

from components.mappings import Props, entries, section

PATCH = "Patch"
LIST = "List"


@dataclass(frozen=True, slots=True)
class Kind:
    """The parts of a type token.

    Attributes:
        provider: `kubernetes`, `aws`.
        group: an API group of Kubernetes, `core` for its own; else the module, `ec2/instance`.
        version: of a Kubernetes API; else empty.
        name: `Deployment`, without `Patch`.
        is_patch: whether the resource changes a foreign object, and shows only a part.
    """

    provider: str
    group: str
    version: str
    name: str
    is_patch: bool = False

    @classmethod
    def of(cls, token: str) -> Kind:
        """Reads `kubernetes:apps/v1:Deployment` or `aws:ec2/instance:Instance`."""
        return _kind(token)

    @property
    def is_kubernetes(self) -> bool:
        """True if it is a Kubernetes object."""
        return self.provider == "kubernetes"


@lru_cache(maxsize=4096)
def _kind(token: str) -> Kind:
    provider, _, rest = token.partition(":")
    module, _, name = rest.partition(":")
    if provider != "kubernetes":
        return Kind(provider, module, "", name)
    group, _, version = module.partition("/")
    plain = name.removesuffix(PATCH)
    return Kind(provider, group, version, plain, is_patch=plain != name)


@dataclass(frozen=True, slots=True)
class Item:
    """A resource, or an object inside of one.

    Attributes:
        kind: its type.
        props: its properties; not known values raise when they are read.
        urn: of the resource.
        name: of the resource, in the program.
        protect: whether Pulumi refuses to delete it.
        within: where in the resource it is, `cron-job.yaml: `; empty for the resource itself.
    """

    kind: Kind
    props: Props
    urn: str = ""
    name: str = ""
    protect: bool = False
    within: str = ""

    @property
    def metadata(self) -> Props:
        """The metadata of an object."""
        return section(self.props, "metadata")

    @property
    def namespace(self) -> str:
        """The namespace of an object; empty where it has none."""
        return str(self.metadata.get("namespace") or "")

    @property
    def object_name(self) -> str:
        """The name of an object, `Kind/name`."""
        return f"{self.kind.name}/{self.metadata.get('name', '')}"

    @property
    def spec(self) -> Props:
        """The spec of an object."""
        return section(self.props, "spec")


def expanded(item: Item) -> Iterator[Item]:
    """The item, and the objects in it: of a list, and the manifests in a ConfigMap."""
    yield item
    if not item.kind.is_kubernetes:
        return
    if item.kind.name == "ConfigMap" and item.kind.group == "core":
        for key in section(item.props, "data"):
            yield from _in_config_map(item, key)
    elif item.kind.name.endswith(LIST) and "items" in item.props:
        for manifest in entries(item.props, "items"):
            yield from _inside(item, manifest, "")


def _in_config_map(item: Item, key: str) -> Iterator[Item]:
    text = section(item.props, "data").get(key)
    if isinstance(text, str) and "apiVersion" in text:
        for manifest in _manifests(text):
            yield from _inside(item, manifest, f"{key}: ")


def _inside(item: Item, manifest: Props, within: str) -> Iterator[Item]:
    api_version, kind = manifest.get("apiVersion"), manifest.get("kind")
    if not isinstance(api_version, str) or not isinstance(kind, str):
        return
    group, slash, version = api_version.partition("/")
    token = f"{group}/{version}" if slash else f"core/{group}"
    inside = Kind.of(f"kubernetes:{token}:{kind}")
    yield Item(inside, manifest, item.urn, item.name, item.protect, item.within + within)


@lru_cache(maxsize=1024)
def _manifests(text: str) -> tuple[Props, ...]:
    """The objects in a text; none where it is something else, a template for one."""
    try:
        documents = [each for each in yaml.load_all(text, yaml.CSafeLoader) if each is not None]
    except (yaml.YAMLError, ValueError):  # ValueError: the thirtieth of February
        return ()
    if all(isinstance(each, dict) and "metadata" in each for each in documents):
        return tuple(documents)
    return ()
