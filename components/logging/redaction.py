"""Secrets that are taken out of logs before anything else sees them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from components.fields import Settings

BuiltIn = Literal[
    "privateKey",
    "awsAccessKey",
    "awsSecretKey",
    "authorization",
    "bearerToken",
    "jwt",
    "urlPassword",
    "password",
    "apiKey",
    "vendorToken",
]
"""A kind of secret that is known by how it looks."""


class RedactPattern(Settings):
    """A pattern of your own; `%1` in the replacement keeps what its first `()` matched."""

    name: Annotated[str, Field(pattern=r"^[a-zA-Z][A-Za-z0-9-]{0,39}$")]
    """The description of the kind."""
    pattern: Annotated[str, Field(min_length=1, max_length=512)]
    """A pattern of Lua, not a regular expression: `PIN%-%d+`."""
    replacement: Annotated[str, Field(max_length=256)] = ""
    """The replacement text; `[redacted:<name>]` if it is empty."""


class Redact(Settings):
    """The secrets that are redacted in logs."""

    without: Annotated[tuple[BuiltIn, ...], Field(max_length=10)] = ()
    """Built-in kinds that are left in: `privateKey`, `awsAccessKey`, `awsSecretKey`,
    `authorization`, `bearerToken`, `jwt`, `urlPassword`, `password`, `apiKey`, `vendorToken`."""
    patterns: Annotated[tuple[RedactPattern, ...], Field(max_length=50)] = ()
    """Your own, after the built-in ones."""


@dataclass(frozen=True, slots=True)
class RedactionRule:
    """A substitution of Lua.

    Attributes:
        pattern: what is looked for.
        replacement: what stands there instead.
        hint: what every match has in it, in lower case; lines without it are not searched.
        after_name: whether the pattern has two captures, a name, which stays, and its value.
    """

    pattern: str
    replacement: str
    hint: str = ""
    after_name: bool = False


def rules(settings: Redact) -> list[RedactionRule]:
    """The substitutions, in their order; that of private keys is the script's own."""
    own = [
        RedactionRule(each.pattern, each.replacement or f"[redacted:{each.name}]")
        for each in settings.patterns
    ]
    built_in = [
        rule for kind, found in _RULES.items() if kind not in settings.without for rule in found
    ]
    return built_in + own


def _any_case(word: str) -> str:
    """A pattern for a word in either case; what is no letter stays."""
    return "".join(f"[{char.upper()}{char.lower()}]" if char.isalpha() else char for char in word)


def _assigned(
    word: str, kind: BuiltIn, hint: str, value: str = "[^%s\"'&,;}]+"
) -> Iterator[RedactionRule]:
    r"""A value after a name: `name=…`, `name: "…"`, `"name":"…"`, `\"name\":\"…\"`.

    In quotation marks it goes on until they are closed, whatever is in it.
    """
    name = _any_case(word) + r"""[\"']*%s*[:=]%s*"""
    quoted = rf"""({name})(\*["'])%f[^\"'].-[^\]%2"""
    yield RedactionRule(quoted, f"%1%2[redacted:{kind}]%2", hint)
    yield RedactionRule(
        rf"""({name}[\"']*)({value})""", f"[redacted:{kind}]", hint, after_name=True
    )


def _of(kind: BuiltIn, pattern: str, hint: str, keep: str = "", after: str = "") -> RedactionRule:
    return RedactionRule(pattern, f"{keep}[redacted:{kind}]{after}", hint)


_BEARER = "[%w%-._~+/]"
_RULES: dict[BuiltIn, tuple[RedactionRule, ...]] = {
    "awsAccessKey": (
        _of("awsAccessKey", "%f[%w]AKIA" + "[%u%d]" * 16, "akia"),
        _of("awsAccessKey", "%f[%w]ASIA" + "[%u%d]" * 16, "asia"),
    ),
    "awsSecretKey": tuple(
        _assigned("secret_?access_?key", "awsSecretKey", "secret", "[%w/+=]" * 40)
    ),
    "authorization": (
        _of(
            "authorization",
            f"({_any_case('authorization')}[\\\"']*%s*[:=]%s*[\\\"']*{_any_case('basic')}%s+)"
            "[%w+/]+=*",
            "authorization",
            "%1",
        ),
    ),
    "bearerToken": (
        _of(
            "bearerToken",
            f"({_any_case('bearer')}%s+){_BEARER * 16}{_BEARER}*=*",
            "bearer",
            "%1",
        ),
    ),
    "jwt": (_of("jwt", "%f[%w]eyJ[%w_-]+%.eyJ[%w_-]+%.[%w_-]*", "eyj"),),
    "urlPassword": (_of("urlPassword", '(%a[%w+.-]*://[^%s/:@"]*:)[^%s/@"]+@', "://", "%1", "@"),),
    "password": (
        *_assigned("password", "password", "password"),
        *_assigned("passwd", "password", "passwd"),
        *_assigned("passphrase", "password", "passphrase"),
    ),
    "apiKey": (
        *_assigned("api[_-]?key", "apiKey", "key"),
        *_assigned("access_token", "apiKey", "access_token"),
        *_assigned("refresh_token", "apiKey", "refresh_token"),
        *_assigned("client_secret", "apiKey", "client_secret"),
    ),
    "vendorToken": (
        _of("vendorToken", "%f[%w]gh[pousr]_" + "%w" * 30 + "%w*", "gh"),
        _of("vendorToken", "%f[%w]github_pat_[%w_]+", "github_pat_"),
        _of("vendorToken", "%f[%w]glpat%-[%w_-]+", "glpat-"),
        _of("vendorToken", "%f[%w]xox[abeoprs]%-[%w-]+", "xox"),
    ),
}
