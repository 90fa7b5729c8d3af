"""The value types of stack files: names, ranges, durations, percentages, versions.

Each type refuses a bad value with a `ValueError` that carries a code of `errors.stack_file`; the
loader turns it into a `CaasError` with its place in the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from ipaddress import ip_address
from typing import Annotated, Any, ClassVar

from packaging.version import Version
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from errors import Code, stack_file


class Settings(BaseModel):
    """The base of every settings model: frozen, unknown keys refused, camelCase in YAML."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        use_attribute_docstrings=True,
    )

    def __hash__(self) -> int:
        """A hash that never fails: pydantic copies a default deeply, per use, if its hash fails.

        Equal settings are of one type. They are compared field by field, and seldom put into sets.
        """
        return hash(type(self))

    @classmethod
    def model_fields_by_alias(cls) -> dict[str, FieldInfo]:
        """The fields by their keys in YAML."""
        return {field.alias or name: field for name, field in cls.model_fields.items()}


def refusal(code: Code, what: str, *, why: str = "", fix: str = "") -> PydanticCustomError:
    """The error that a validator raises, so that the loader finds its code again."""
    return PydanticCustomError(code.reason, "{what}", {"what": what, "why": why, "fix": fix})


HUGE = 10**30  # beyond this a number says nothing to a reader


def shown(value: object, limit: int = 60) -> str:
    """A value as an error message shows it: as YAML spells it, and cut when it is long."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None or isinstance(value, bool):
        return {None: "`null`", True: "`true`", False: "`false`"}[value]
    if isinstance(value, int) and abs(value) >= HUGE:
        return "a huge number"
    text = str(value) or '""'
    text = "".join(char if char.isprintable() else "\ufffd" for char in text[: limit + 1])
    return f"`{text[:limit]}…`" if len(text) > limit else f"`{text}`"


Flag = Annotated[bool, Strict()]
"""`true` or `false`; never a word that happens to look like one."""
Count = Annotated[int, Strict()]
"""A whole number; never a text that holds one."""


class Value:
    """The base of the value types: made from YAML, printed into JSON, described for editors."""

    __slots__ = ()
    schema: ClassVar[dict[str, Any]]

    @classmethod
    def read(cls, value: object) -> Any:
        """The value that `value`, as YAML reads it, stands for."""
        raise NotImplementedError

    def as_json(self) -> int | str:
        """The value as Kubernetes objects and JSON hold it."""
        return str(self)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: object) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.read,
            serialization=core_schema.plain_serializer_function_ser_schema(
                cls.as_json, when_used="json"
            ),
            json_schema_input_schema=core_schema.any_schema(),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: object, _handler: object) -> dict[str, Any]:
        return dict(cls.schema)


SECONDS = {"h": 3600, "m": 60, "s": 1}
LONGEST_SECONDS = 2**31 - 1  # Kubernetes keeps timeouts as 32-bit seconds


@dataclass(frozen=True, order=True, slots=True)
class Duration(Value):
    """A length of time, in whole seconds: `5m`, `1h30m`, `300s`."""

    seconds: int

    schema: ClassVar[dict[str, Any]] = {
        "type": "string",
        "pattern": r"^([0-9]+(\.[0-9]+)?[hms])+$",
        "maxLength": 32,
        "examples": ["5m", "1h30m", "300s"],
    }

    @classmethod
    def read(cls, value: object) -> Duration:
        """A duration in the spelling of Kubernetes."""
        if isinstance(value, cls):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            fix = f"Write `{value}s` for seconds." if 0 <= value <= LONGEST_SECONDS else ""
            what = f"{shown(value)} has no unit"
            raise refusal(stack_file.BAD_DURATION, what, fix=fix)
        text = value if isinstance(value, str) else ""
        if len(text) > cls.schema["maxLength"] or not re.fullmatch(
            r"(?:[0-9]+(?:\.[0-9]+)?[hms])+", text, re.ASCII
        ):
            raise refusal(stack_file.BAD_DURATION, f"{shown(value)} is not a duration")
        parts = re.findall(r"([0-9.]+)([hms])", text)
        total = sum((Decimal(number) * SECONDS[unit] for number, unit in parts), Decimal(0))
        if total > LONGEST_SECONDS or total != int(total):
            why = "longer than 68 years" if total > LONGEST_SECONDS else "not in whole seconds"
            raise refusal(stack_file.BAD_DURATION, f"the duration `{text}` is {why}")
        return cls(int(total))

    def __str__(self) -> str:
        hours, rest = divmod(self.seconds, 3600)
        minutes, seconds = divmod(rest, 60)
        parts = ((hours, "h"), (minutes, "m"), (seconds, "s"))
        return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


@dataclass(frozen=True, slots=True)
class IntOrPercent(Value):
    """A count of machines, or a share of them: `1`, `25%`."""

    value: int | str

    schema: ClassVar[dict[str, Any]] = {
        "anyOf": [
            {"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
            {"type": "string", "pattern": r"^(100|[1-9]?[0-9])%$"},
        ],
        "examples": [1, "25%"],
    }

    def __post_init__(self) -> None:
        value = self.value
        count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31
        share = isinstance(value, str) and re.fullmatch(r"(100|[1-9]?[0-9])%", value)
        if not (count or share):
            what = f"{shown(value)} is neither a count nor a percentage"
            raise refusal(stack_file.BAD_INT_OR_PERCENT, what)

    @classmethod
    def read(cls, value: object) -> IntOrPercent:
        """A count or a percentage as YAML reads it."""
        if isinstance(value, cls):
            return value
        if not isinstance(value, int | str):
            what = f"{shown(value)} is neither a count nor a percentage"
            raise refusal(stack_file.BAD_INT_OR_PERCENT, what)
        return cls(value)

    def of(self, total: int, round_up: bool) -> int:
        """The number of machines out of `total`; Kubernetes rounds surge up, unavailable down."""
        if isinstance(self.value, int):
            return self.value
        hundredths = total * int(self.value.removesuffix("%"))
        return -(-hundredths // 100) if round_up else hundredths // 100

    def as_json(self) -> int | str:
        """The value as Kubernetes objects hold it."""
        return self.value

    def __str__(self) -> str:
        return str(self.value)


class KubernetesVersion(Version, Value):
    """A Kubernetes release, `1.36.3`; compares and hashes as `packaging.version.Version`."""

    schema: ClassVar[dict[str, Any]] = {
        "type": "string",
        "pattern": r"^v?[0-9]+\.[0-9]+\.[0-9]+$",
        "examples": ["1.36.3"],
    }

    def __init__(self, version: str) -> None:
        text = version.removeprefix("v")
        if not re.fullmatch(r"[0-9]{1,3}\.[0-9]{1,4}\.[0-9]{1,4}", text, re.ASCII):
            raise refusal(stack_file.BAD_VERSION, f"{shown(version)} is not a Kubernetes version")
        super().__init__(text)

    @classmethod
    def read(cls, value: object) -> KubernetesVersion:
        """A version as YAML reads it; a number means that its patch is missing."""
        if isinstance(value, cls):
            return value
        if isinstance(value, Version):
            return cls(str(value))
        if isinstance(value, int | float) and not isinstance(value, bool):
            what = f"the version {shown(value)} was read as a number"
            raise refusal(stack_file.VERSION_IS_NUMBER, what)
        if not isinstance(value, str):
            raise refusal(stack_file.BAD_VERSION, f"{shown(value)} is not a Kubernetes version")
        return cls(value)


LABEL = r"[a-z]([-a-z0-9]*[a-z0-9])?"
QUALIFIED = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
ARGUMENT = r"[a-z][a-z0-9-]{0,63}"
LONGEST_DOMAIN = 253


def _name(kind: str, limit: int) -> Callable[[str], str]:
    pattern = re.compile(LABEL, re.ASCII)

    def check(text: str) -> str:
        if len(text) > limit:
            what = f"the {kind} name {shown(text)} has {len(text)} characters, at most {limit} fit"
            raise refusal(stack_file.BAD_NAME, what)
        if not pattern.fullmatch(text):
            raise refusal(stack_file.BAD_NAME, f"{shown(text)} is not a {kind} name")
        return text

    return check


def _is_domain(text: str) -> bool:
    return len(text) <= LONGEST_DOMAIN and bool(re.fullmatch(SUBDOMAIN, text, re.ASCII))


def _label_key(text: str) -> str:
    domain, slash, name = text.rpartition("/")
    if (slash and not _is_domain(domain)) or not re.fullmatch(QUALIFIED, name, re.ASCII):
        raise refusal(stack_file.BAD_LABEL_KEY, f"{shown(text)} is not a key")
    return text


def _label_value(text: str) -> str:
    if text and not re.fullmatch(QUALIFIED, text, re.ASCII):
        raise refusal(stack_file.BAD_LABEL_VALUE, f"{shown(text)} is not a label value")
    return text


def _argument(text: str) -> str:
    if not re.fullmatch(ARGUMENT, text, re.ASCII):
        fix = f"Write `{text.lstrip('-')}`." if re.fullmatch(f"-+{ARGUMENT}", text) else ""
        raise refusal(stack_file.BAD_ARGUMENT, f"{shown(text)} is not an argument's name", fix=fix)
    return text


def _domain(text: str) -> str:
    if not _is_domain(text):
        raise refusal(stack_file.BAD_DOMAIN, f"{shown(text)} is not a DNS domain")
    return text


def _cert_san(text: str) -> str:
    try:
        ip_address(text)
    except ValueError:
        host = text.removeprefix("*.")
        looks_like_address = re.fullmatch(r"[0-9.]+", host)
        if looks_like_address or not _is_domain(host):
            what = f"{shown(text)} is neither a DNS name nor an IP address"
            raise refusal(stack_file.BAD_CERT_SAN, what) from None
    return text


def _text(pattern: str, limit: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$", "maxLength": limit})


ClusterName = Annotated[str, AfterValidator(_name("cluster", 40)), _text(LABEL, 40)]
PoolName = Annotated[str, AfterValidator(_name("pool", 20)), _text(LABEL, 20)]
Namespace = Annotated[str, AfterValidator(_name("namespace", 63)), _text(LABEL, 63)]
LabelKey = Annotated[str, AfterValidator(_label_key), _text(rf"({SUBDOMAIN}/)?{QUALIFIED}", 317)]
LabelValue = Annotated[str, AfterValidator(_label_value), _text(rf"({QUALIFIED})?", 63)]
Domain = Annotated[str, AfterValidator(_domain), _text(SUBDOMAIN, 253)]
CertSan = Annotated[
    str, AfterValidator(_cert_san), WithJsonSchema({"type": "string", "maxLength": 253})
]
WebAddress = Annotated[str, Field(pattern=r"^https?://[^\s/]\S*$", max_length=512)]
"""An address of the web, with what follows the host."""
ArgumentName = Annotated[str, AfterValidator(_argument), _text(ARGUMENT, 64)]
ObjectName = Annotated[str, Field(pattern=f"^{SUBDOMAIN}$", max_length=253)]
"""The name of a Kubernetes object."""
Quantity = Annotated[str, Field(pattern=r"^[1-9][0-9]*(Mi|Gi|Ti)$", max_length=16)]
"""A size, `20Gi`."""
Path = Annotated[str, Field(pattern=r"^/[\w./-]*$", max_length=1024)]
"""A path on a machine or a server."""
