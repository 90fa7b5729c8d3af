"""An entry of the application store: the content of `app.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, Self

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version
from pydantic import Field, field_validator

from components import addon as roles
from components.addon_settings import merged
from components.fields import LABEL, Count, KubernetesVersion, Settings, WebAddress, shown
from components.store.amounts import Amount
from components.store.form import FormField, chart_values, numbers
from components.tenancy.settings import ConnectionProtocol

EntryName = Annotated[str, Field(pattern=f"^{LABEL}$", max_length=40)]
ChartVersion = Annotated[
    str, Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$", max_length=40)
]
"""A version of a chart, as it is tagged in its registry."""
Sentence = Annotated[str, Field(min_length=1, max_length=300)]
Word = Annotated[str, Field(min_length=1, max_length=60)]


class AppState(StrEnum):
    """The state of a version of an entry."""

    DRAFT = "draft"
    LISTED = "listed"
    DEPRECATED = "deprecated"
    WITHDRAWN = "withdrawn"


class AppRole(StrEnum):
    """A role that something in the cluster must have."""

    VOLUMES = roles.VOLUMES
    CERTIFICATES = roles.CERTIFICATES
    GATEWAY_API = roles.GATEWAY_API
    LOAD_BALANCER = roles.LOAD_BALANCER
    METRICS = roles.METRICS
    POSTGRESQL = "postgresql-operator"


class Sender(StrEnum):
    """The pods that reach a port of an application."""

    ITSELF = "itself"
    NAMESPACE = "namespace"


class ChineseText(Settings):
    """Title and summary in Chinese."""

    title: Word
    """The title."""
    summary: Sentence
    """The summary."""


class ChartSignature(Settings):
    """The signature that a chart must have: of an identity, or by a key. Checked by cosign's rules
    at each fetch."""

    issuer: Annotated[str, Field(min_length=1, max_length=300)] | None = None
    """Of a keyless signature: a regular expression of the issuer of the signer's identity."""
    subject: Annotated[str, Field(min_length=1, max_length=300)] | None = None
    """Of a keyless signature: a regular expression of the identity."""
    key: Annotated[str, Field(pattern="^-----BEGIN PUBLIC KEY-----", max_length=2000)] | None = None
    """Of a signature by a key: the public key, as PEM."""


class AppTakes(Settings):
    """The resources that an install takes, as arithmetic on its form: `replicas * 250m`."""

    cpu: Annotated[str, Field(max_length=200)] = "0"
    """CPUs that its containers request."""
    memory: Annotated[str, Field(max_length=200)] = "0"
    """Memory that its containers request."""
    storage: Annotated[str, Field(max_length=200)] = "0"
    """Storage of its volumes."""
    pods: Annotated[str, Field(max_length=200)] = "1"
    """The number of its pods."""


class AppPort(Settings):
    """A port that the pods of an application open."""

    port: Annotated[Count, Field(ge=1, le=65535)]
    """The port of the pods."""
    protocol: ConnectionProtocol = ConnectionProtocol.TCP
    """The protocol."""
    source: Annotated[Sender, Field(alias="from")] = Sender.NAMESPACE
    """The pods that reach it: `itself`, or all of the `namespace`. The Gateway and the connections
    of the tenant reach it as the tenant's namespaces say."""
    what: Word
    """The purpose."""


class StayingData(Settings):
    """Something that stays when an install is removed."""

    what: Word
    """The thing, in words: `the volumes of the data`."""
    delete_with: Annotated[dict[str, Any], Field(min_length=1)] | None = None
    """Values of the chart that let it go with the install, for `data: delete`; without them it
    always stays."""


class AppLinks(Settings):
    """Pages about running it."""

    runbook: WebAddress | None = None
    """The page for the day that it is down."""
    dashboard: WebAddress | None = None
    """The dashboard."""


class AppVersion(Settings):
    """A version of an entry."""

    version: ChartVersion
    """The version of the chart, a tag of its registry."""
    digest: Annotated[str, Field(pattern="^sha256:[0-9a-f]{64}$")] | None = None
    """The digest of the chart's manifest, as `crane digest` prints it. Only a draft lacks it."""
    runs: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    """The version of the application in it."""
    state: AppState = AppState.DRAFT
    """`draft`: not for installs. `listed`. `deprecated`: runs on, and new installs have to name it.
    `withdrawn`: runs on, and is not for new installs."""
    since: date | None = None
    """The day of its state."""
    use_instead: Annotated[str, Field(max_length=80)] | None = None
    """Of a deprecated one: the version or entry to use."""
    reason: Sentence | None = None
    """The reason for its state; a withdrawn one has one."""
    form: Annotated[dict[str, FormField], Field(max_length=50)] | None = None
    """Its form, where it differs from that of the entry."""
    fixed: dict[str, Any] | None = None
    """Its fixed values, where they differ."""
    takes: AppTakes | None = None
    """Its resources, where they differ."""


class AppEntry(Settings):
    """An entry of the store: an application that tenants install with a few settings."""

    title: Word
    """The display name."""
    summary: Sentence
    """The purpose, one sentence."""
    chinese: ChineseText | None = None
    """Title and summary in Chinese."""
    icon: Annotated[str, Field(pattern=r"^[a-z0-9-]+\.(svg|png)$", max_length=60)] | None = None
    """A file beside `app.yaml`."""
    categories: Annotated[
        tuple[Annotated[str, Field(pattern=f"^{LABEL}$", max_length=40)], ...],
        Field(min_length=1, max_length=10),
    ]
    """Words to find it by: `database`, `messaging`."""
    owner: Word
    """The team that looks after the entry."""
    home: WebAddress
    """The home page of the application."""
    licence: Annotated[str, Field(pattern=r"^[A-Za-z0-9.+-]+( (OR|AND) [A-Za-z0-9.+-]+)*$")]
    """The licence of the application, as SPDX writes it."""
    chart: Annotated[str, Field(pattern=r"^oci://[a-z0-9][a-z0-9.:/_-]*[a-z0-9]$", max_length=300)]
    """The address of the chart: `oci://ghcr.io/example/charts/app`."""
    signature: ChartSignature | None = None
    """The signature that the chart must have."""
    kubernetes: Annotated[str, Field(max_length=100)] = ""
    """The range of Kubernetes versions: `>=1.30`; empty for all."""
    needs: tuple[AppRole, ...] = ()
    """Roles that something in the cluster must have."""
    takes: AppTakes = AppTakes()
    """The resources that an install takes."""
    form: Annotated[dict[str, FormField], Field(max_length=50)] = Field(default_factory=dict)
    """The values that a tenant may set, by their names."""
    fixed: dict[str, Any] = Field(default_factory=dict)
    """Values of the chart that no tenant changes."""
    ports: Annotated[tuple[AppPort, ...], Field(max_length=20)] = ()
    """Ports that its pods open. They carry the label `app.kubernetes.io/instance`."""
    stays: StayingData | None = None
    """The data that stays when an install is removed."""
    links: AppLinks = AppLinks()
    """Pages about running it."""
    versions: Annotated[tuple[AppVersion, ...], Field(min_length=1, max_length=200)]
    """Its versions."""

    @field_validator("kubernetes")
    @classmethod
    def _range(cls, text: str) -> str:
        try:
            SpecifierSet(text)
        except InvalidSpecifier:
            raise ValueError(f"{shown(text)} is no range of versions, such as `>=1.30`") from None
        return text

    def version(self, wanted: str) -> AppVersion | None:
        """A version by its name; None where the entry does not have it."""
        return next((each for each in self.versions if each.version == wanted), None)

    @property
    def newest(self) -> AppVersion | None:
        """The newest listed version; None where there is none."""
        listed = [each for each in self.versions if each.state is AppState.LISTED]
        return max(listed, key=lambda each: ordered(each.version), default=None)

    def of(self, version: AppVersion) -> Self:
        """The entry with what differs in a version."""
        own = {key: getattr(version, key) for key in ("form", "fixed", "takes")}
        return self.model_copy(update={key: each for key, each in own.items() if each is not None})

    @property
    def specifiers(self) -> SpecifierSet:
        """Its range of Kubernetes versions."""
        return SpecifierSet(self.kubernetes)

    def supports(self, kubernetes: KubernetesVersion) -> bool:
        """True for a version of Kubernetes in its range."""
        return kubernetes in self.specifiers

    def settings(self, given: Mapping[str, object]) -> dict[str, object]:
        """The settings of an install, those of the form's defaults among them."""
        defaults = {name: field.default for name, field in self.form.items()}
        return {name: value for name, value in defaults.items() if value is not None} | dict(given)

    def values(self, given: Mapping[str, object], *, delete_data: bool = False) -> dict[str, Any]:
        """The chart's values of an install; fixed ones win.

        Args:
            given: what the tenant sets.
            delete_data: whether data goes with the install.
        """
        values = merged(chart_values(self.form, self.settings(given)), self.fixed)
        going = self.stays.delete_with if self.stays and delete_data else None
        return merged(values, going or {})

    def amounts(self, given: Mapping[str, object]) -> dict[str, Fraction]:
        """The resources of an install by the keys of a quota; sizes in bytes."""
        known = numbers(self.form, self.settings(given))
        texts = self.takes.model_dump()
        return {key: Amount(text).value(known) for key, text in texts.items()}

    def inconsistencies(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Places, and why what stands there makes no sense."""
        yield from self._of_signature()
        yield from _of_content((), self)
        seen: set[str] = set()
        for index, each in enumerate(self.versions):
            at = ("versions", index)
            if each.version in seen:
                yield (*at, "version"), f"{shown(each.version)} is there twice"
            seen.add(each.version)
            if each.state is not AppState.DRAFT and each.digest is None:
                yield (*at, "state"), f"a {each.state.value} version has a `digest`"
            if each.state is AppState.DEPRECATED and not each.use_instead:
                yield (*at, "state"), "a deprecated version says what to `useInstead`"
            if each.state is AppState.WITHDRAWN and not each.reason:
                yield (*at, "state"), "a withdrawn version has a `reason`"
            if (each.form, each.takes) != (None, None):
                yield from _of_content(at, self.of(each))

    def _of_signature(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        found = self.signature
        if found and (found.key is None) == (None in (found.issuer, found.subject)):
            yield ("signature",), "it has a `key`, or `issuer` and `subject`"


def ordered(version: str) -> Version:
    """A version of a chart in an order."""
    number, _, before = version.partition("-")
    return Version(f"{number}.dev0" if before else number)


def _of_content(
    at: tuple[str | int, ...], entry: AppEntry
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The contradictions in the form and the amounts of an entry."""
    for name, field in entry.form.items():
        if why := field.inconsistency():
            yield (*at, "form", name), why
            return
    known = numbers(entry.form, dict.fromkeys(entry.form, 1))
    for key, text in entry.takes.model_dump().items():
        try:
            Amount(text).value(known)
        except ValueError as error:
            yield (*at, "takes", key), f"{shown(text)}: {error}"
