"""Patterns of Lua: what is wrong with one, told before Fluent Bit meets it.

Source: the grammar of patterns in the Lua 5.1 manual, 5.4.1, which LuaJIT keeps.
"""

from __future__ import annotations

import re

CLASSES = "acdlpsuwxzACDLPSUWXZ"
MOST_CAPTURES = 32
_FOREIGN = (
    (r"\\[A-Za-z.]", "`\\` has no meaning in a Lua pattern", "`\\d` is `%d`, `\\.` is `%.`"),
    (r"\{\d", "`{n}` has no meaning in a Lua pattern", "repeat what it follows, or write `+`"),
    (r"\(\?", "`(?` has no meaning in a Lua pattern", "write two patterns"),
    (r"(?<!%)\|", "`|` has no meaning in a Lua pattern", "write two patterns, or `%|` for itself"),
)
"""The syntax of regular expressions that Lua patterns lack, with replacements."""


def fault(pattern: str) -> str:
    """The error in a pattern; empty if Lua accepts it and it always matches a character."""
    for foreign, what, instead in _FOREIGN:
        if re.search(foreign, pattern):
            return f"{what}: {instead}"
    reader = _Reader(pattern)
    try:
        reader.read()
    except _PatternError as error:
        return str(error)
    if not reader.consumes:
        return "it matches the empty string"
    return ""


def captures(pattern: str) -> int:
    """The number of captures of a valid pattern."""
    reader = _Reader(pattern)
    reader.read()
    return reader.captures


def fault_of_replacement(replacement: str, count: int) -> str:
    """The error in a replacement for a pattern with this number of captures."""
    for match in re.finditer(r"%(.?)", replacement):
        digit = match[1]
        if digit == "%":
            continue
        if not re.fullmatch("[0-9]", digit, re.ASCII):
            return "`%` stands before something else than a digit; `%%` is the sign itself"
        # Without captures the whole match is the first.
        if int(digit) > max(count, 1):
            return f"the pattern has no capture `%{digit}`"
    return ""


class _PatternError(Exception):
    pass


class _Reader:
    """Reads a pattern once, from its start to its end."""

    def __init__(self, pattern: str) -> None:
        self.rest = pattern.removeprefix("^")
        self.captures = 0
        self.consumes = False
        self.open: list[int] = []

    def read(self) -> None:
        while self.rest:
            self._item()
        if self.open:
            raise _PatternError("a `(` is not closed")

    def _take(self, count: int = 1) -> str:
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def _item(self) -> None:
        if self.rest == "$":
            self._take()
        elif self.rest[0] == "(":
            self._take()
            self.captures += 1
            self.open.append(self.captures)
            if self.captures > MOST_CAPTURES:
                raise _PatternError(f"it has more than {MOST_CAPTURES} captures")
        elif self.rest[0] == ")":
            self._take()
            if not self.open:
                raise _PatternError("a `)` has no `(`")
            self.open.pop()
        else:
            self._single()

    def _single(self) -> None:
        if self.rest.startswith("%b"):
            if len(self._take(4)) < len("%bxy"):
                raise _PatternError("`%b` needs two characters")
            self.consumes = True
            return
        if self.rest.startswith("%f"):
            self._take(2)
            if not self.rest.startswith("["):
                raise _PatternError("`%f` needs a set, `%f[%w]`")
            self._set()
            return
        if re.match("%[0-9]", self.rest, re.ASCII):
            number = int(self._take(2)[1])
            if not 1 <= number <= self.captures or number in self.open:
                raise _PatternError(f"there is no capture `%{number}` before it")
            return
        if self.rest[0] == "[":
            self._set()
        else:
            self._character()
        if self.rest[:1] in ("*", "?", "-"):
            self._take()
            return
        self.consumes = True
        if self.rest[:1] == "+":
            self._take()

    def _character(self) -> None:
        if self._take() != "%":
            return
        escaped = self._take()
        if not escaped:
            raise _PatternError("it ends in `%`")
        if escaped.isascii() and escaped.isalpha() and escaped not in CLASSES:
            raise _PatternError(f"`%{escaped}` is no class")

    def _set(self) -> None:
        self._take()
        if self.rest.startswith("^"):
            self._take()
        first = True
        while first or not self.rest.startswith("]"):
            if not self.rest:
                raise _PatternError("a `[` is not closed")
            self._character()
            first = False
        self._take()
