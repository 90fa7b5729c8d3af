"""The text of a stack file: plain values out of YAML, and the line and column of each of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml
from yaml.constructor import SafeConstructor
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from components.fields import shown
from components.problems import Step, Steps
from errors import CaasError, Code, Problem, Where, stack_file
from stacks.settings import scalars

PROJECT = "caas"
PREFIX = f"{PROJECT}:"
LARGEST_FILE_BYTES = 8 * 2**20
DEEPEST = 64
MOST_VALUES = 1_000_000
LONGEST_NUMBER = 40  # characters; longer is no number that a stack file means


# libyaml composes recursively in C, without a limit: `_refuse_deep` has to run before it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_SCALARS = SafeConstructor()
_IMPLICIT: Any = yaml.SafeLoader("")


def settings_path(steps: Sequence[Step]) -> str:
    """A place as messages write it: `clusters[0].labels["example.com/tier"]`."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.replace("_", "").isalnum():
            text += f".{step}" if text else step
        else:
            text += f"[{shown(step).strip('`')!r}]".replace("'", '"')
    return text


@dataclass(frozen=True, slots=True)
class Inserted:
    """Entries of a list that come from another file.

    Attributes:
        at: the list in the settings.
        start: the number of entries before them.
        source: the other file.
        steps: their list in it.
    """

    at: Steps
    start: int
    source: Source
    steps: Steps

    def where(self, steps: Steps, *, key: bool) -> Where | None:
        """The place of a setting, where it is one of these."""
        length = len(self.at)
        index = steps[length] if steps[:length] == self.at and len(steps) > length else None
        if not isinstance(index, int) or index < self.start:
            return None
        below = (*self.steps, index - self.start, *steps[length + 1 :])
        return self.source.place(below, settings_path(below), key=key)


@dataclass
class Source:
    """One stack file.

    Attributes:
        file: as messages show it.
        root: the composed YAML; None when only the name of the file is known.
        problems: what is wrong with the YAML itself, filled by `plain`.
        inserted: settings that come from other files.
    """

    file: str | None
    root: Node | None = None
    problems: list[Problem] = field(default_factory=list)
    inserted: list[Inserted] = field(default_factory=list)
    _values: int = 0

    @property
    def top(self) -> Where:
        """The first value of the file."""
        return self._at(self.root) if self.root else Where(self.file)

    def where(self, steps: Steps, *, key: bool = False) -> Where:
        """The place of a setting, or of the nearest one around it that is in the file.

        Args:
            steps: as in the settings, `("clusters", 0, "version")`.
            key: the key of a mapping is meant, not its value.
        """
        for each in self.inserted:
            if found := each.where(steps, key=key):
                return found
        below = (f"{PREFIX}{steps[0]}", *steps[1:]) if steps else ()
        return self.place(("config", *below), settings_path(steps), key=key)

    def place(self, steps: Steps, path: str = "", *, key: bool = False) -> Where:
        """The same from the top of the file; `path` is how messages write it."""
        node, mark = self.root, None
        for position, step in enumerate(steps):
            found = _child(node, step)
            if found is None:
                break
            name, node = found
            last = position == len(steps) - 1
            mark = (name if key and last and name else node).start_mark
        if mark is None:
            return Where(file=self.file, path=path or None)
        return Where(self.file, mark.line + 1, mark.column + 1, path or None)

    def plain(self, node: Node, steps: Steps = ()) -> object:
        """The value of a node in dictionaries, lists, texts, numbers and truth values."""
        self._values += 1
        if self._values > MOST_VALUES or len(steps) > DEEPEST:
            raise CaasError(
                stack_file.TOO_COMPLEX,
                "its aliases expand without end or to more than a million values",
                where=self._at(node),
            )
        if isinstance(node, MappingNode):
            if node.tag != f"{_TAG}map":
                self._refuse_tag(node)
            return self._mapping(node, steps)
        if isinstance(node, SequenceNode):
            if node.tag != f"{_TAG}seq":
                self._refuse_tag(node)
            return [self.plain(item, (*steps, i)) for i, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: MappingNode, steps: Steps) -> dict[str, object]:
        values: dict[str, object] = {}
        lines: dict[str, int] = {}
        for key, value in _own_pairs(node):
            if not isinstance(key, ScalarNode):
                self._problem(stack_file.UNSUPPORTED_YAML, "a key is a list or mapping", key)
            elif not key.style and not scalars.is_plain_key(key.value):
                self._uncertain(key.value, key)
            elif key.value in values:
                what = f"the key {shown(key.value)} was already written on line {lines[key.value]}"
                self._problem(stack_file.DUPLICATE_KEY, what, key, (*steps, key.value))
            else:
                lines[key.value] = key.start_mark.line + 1
                values[key.value] = self.plain(value, (*steps, key.value))
        for number, merged in enumerate(_merged(node)):
            if number:
                self._problem(stack_file.DUPLICATE_KEY, "the mapping has a second `<<`", merged)
            inherited = self.plain(merged, (*steps, "<<"))
            for part in inherited if isinstance(inherited, list) else [inherited]:
                if isinstance(part, dict):
                    values = part | values
                else:
                    what = "`<<` merges something that is not a mapping"
                    self._problem(stack_file.UNSUPPORTED_YAML, what, merged)
        return values

    def _scalar(self, node: Node) -> object:
        kind, text = node.tag.removeprefix(_TAG), node.value
        known = len(self.problems)
        value = self._as_tagged(node, kind, text)
        if len(self.problems) > known:
            return value
        if cast(ScalarNode, node).style or node.tag != _IMPLICIT.resolve(
            ScalarNode, text, (True, False)
        ):
            return scalars.without_time(value) if isinstance(value, str) else value
        try:
            found = scalars.plain(text, value)
        except scalars.UncertainError:
            self._uncertain(text, node)
            return value if isinstance(value, bool) else text
        return scalars.without_time(found) if isinstance(found, str) else found

    def _uncertain(self, text: str, node: Node) -> None:
        word = scalars.TRUTH.fullmatch(text)
        self.problems.append(
            Problem(
                stack_file.UNCERTAIN_VALUE,
                f"{shown(text)} is not the same for every parser of YAML",
                self._at(node),
                fix=f"Write `true` or `false`, or quote it: `'{text}'`." if word else "",
            )
        )

    def _as_tagged(self, node: Node, kind: str, text: str) -> object:
        """The value of a scalar as YAML 1.1 reads it, of which its tag speaks."""
        if kind in ("str", "timestamp", "value", "merge"):
            return text
        if kind == "null":
            return None
        if kind not in ("int", "float", "bool"):
            self._refuse_tag(node)
            return text
        try:
            if len(text) > LONGEST_NUMBER:
                raise ValueError(text)
            construct = getattr(_SCALARS, f"construct_yaml_{kind}")
            value: object = construct(node)
        except (ValueError, KeyError, IndexError, OverflowError):
            what = f"{shown(text)} cannot be read as {kind}"
            self._problem(stack_file.UNSUPPORTED_YAML, what, node)
            return None
        return value

    def _refuse_tag(self, node: Node) -> None:
        what = f"the tag {shown(node.tag.replace(_TAG, '!!'))} has no meaning here"
        self._problem(stack_file.UNSUPPORTED_YAML, what, node)

    def _problem(self, code: Code, what: str, node: Node, steps: Steps = ()) -> None:
        self.problems.append(
            Problem(code, what, self._at(node, settings_path(_below_config(steps))))
        )

    def _at(self, node: Node, path: str = "") -> Where:
        mark = node.start_mark
        return Where(self.file, mark.line + 1, mark.column + 1, path or None)


@dataclass(frozen=True, slots=True)
class FilePlaces:
    """Places in a file that has no `config`, such as that of a tenant."""

    source: Source

    def where(self, steps: Steps, *, key: bool = False) -> Where:
        """The place of a value, or of its key."""
        return self.source.place(steps, settings_path(steps), key=key)


def _below_config(steps: Steps) -> Steps:
    """Steps from the top of the file as steps of the settings, where they are ours."""
    if len(steps) > 1 and steps[0] == "config" and str(steps[1]).startswith(PREFIX):
        return (str(steps[1]).removeprefix(PREFIX), *steps[2:])
    return steps


def _is_merge(key: Node) -> bool:
    return bool(key.tag == f"{_TAG}merge")


def _own_pairs(node: MappingNode) -> Iterator[tuple[Node, Node]]:
    return ((key, value) for key, value in node.value if not _is_merge(key))


def _merged(node: MappingNode) -> Iterator[Node]:
    return (value for key, value in node.value if _is_merge(key))


def _child(node: Node | None, step: Step, depth: int = 0) -> tuple[Node | None, Node] | None:
    """The key and value of a step down, also through merged mappings."""
    if isinstance(step, int):
        if isinstance(node, SequenceNode) and step < len(node.value):
            return None, node.value[step]
        return None
    if isinstance(node, SequenceNode) and depth:  # a list of merged mappings
        found = (_child(item, step, depth + 1) for item in node.value)
        return next((pair for pair in found if pair), None)
    if not isinstance(node, MappingNode) or depth > DEEPEST:
        return None
    for key, value in _own_pairs(node):
        if isinstance(key, ScalarNode) and key.value == step:
            return key, value
    found = (_child(merged, step, depth + 1) for merged in _merged(node))
    return next((pair for pair in found if pair), None)


def read(path: Path) -> Source:
    """Reads and composes a stack file; it is not empty, and neither too large nor too deep.

    Raises:
        CaasError: FILE_MISSING, FILE_UNREADABLE, NOT_UTF8, FILE_TOO_LARGE, TOO_COMPLEX,
            YAML_SYNTAX, TAB_INDENT or FILE_EMPTY.
    """
    file = str(path)
    text = _decoded(_bytes(path), file)
    try:
        _refuse_deep(text, file)
        root = yaml.compose(text, _LOADER)
    except yaml.reader.ReaderError as error:
        where = _where_in(text, file, error.position)
        what = f"the character U+{_ordinal(error.character):04X} is not allowed"
        raise CaasError(stack_file.NOT_UTF8, what, where=where) from None
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, text, file) from None
    if root is None or (isinstance(root, ScalarNode) and root.tag == f"{_TAG}null"):
        raise CaasError(stack_file.FILE_EMPTY, "the file is empty", where=Where(file))
    return Source(file, root)


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST_FILE_BYTES + 1)
    except FileNotFoundError:
        raise _missing(path) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the name
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        what = "the file cannot be read"
        where = Where(str(path))
        raise CaasError(stack_file.FILE_UNREADABLE, what, where=where, why=why) from None
    if len(data) > LARGEST_FILE_BYTES:
        what = "the file is larger than 8 MiB"
        raise CaasError(stack_file.FILE_TOO_LARGE, what, where=Where(str(path)))
    return data


def stack_name(path: Path) -> str:
    """The name of the stack that a file describes: `local` for `stacks/Pulumi.local.yaml`."""
    return path.name.removeprefix("Pulumi.").removesuffix(".yaml")


def _missing(path: Path) -> CaasError:
    names = sorted(stack_name(found) for found in path.parent.glob("Pulumi.*.yaml"))
    fix = f"The stacks here: {', '.join(names)}." if names else ""
    what = f"there is no stack {shown(stack_name(path))}"
    return CaasError(stack_file.FILE_MISSING, what, where=Where(str(path)), fix=fix)


def _decoded(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        where = _where_in(before, file, len(before))
        what = f"the byte 0x{data[error.start]:02X} is not UTF-8"
        raise CaasError(stack_file.NOT_UTF8, what, where=where) from None


def _where_in(text: str, file: str, position: int) -> Where:
    before = text[:position]
    return Where(file, before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1)


def _ordinal(character: str | int) -> int:
    return character if isinstance(character, int) else ord(character)


def _refuse_deep(text: str, file: str) -> None:
    """Walks the parser's events, which needs no stack, before anything recursive runs."""
    depth = 0
    for event in yaml.parse(text, _LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                mark = event.start_mark
                where = Where(file, mark.line + 1, mark.column + 1) if mark else Where(file)
                raise CaasError(
                    stack_file.TOO_COMPLEX,
                    f"the file is nested more than {DEEPEST} levels deep",
                    where=where,
                )
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


_HINTS = {
    "mapping values are not allowed": "Quote a text that contains `: `, or indent it correctly.",
    "did not find expected": "Check indentation, brackets and quotes of this line and the last.",
    "could not find expected ':'": "Write `key: value`, with a space after the colon.",
    "cannot start any token": "Quote a text that starts with this character.",
    "undefined alias": "Define the anchor `&name` before `*name`, or quote the text.",
    "expected a single document": "Remove the second `---`: a stack file is one document.",
    "unexpected end of stream": "Close the quote or bracket.",
}


def _syntax_error(error: yaml.MarkedYAMLError, text: str, file: str) -> CaasError:
    mark = error.problem_mark or error.context_mark
    where = Where(file, mark.line + 1, mark.column + 1) if mark else Where(file)
    problem = error.problem or error.context or "it cannot be parsed"
    lines = text.splitlines()
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        what = "the line is indented with a tab"
        return CaasError(stack_file.TAB_INDENT, what, where=where)
    what = f"YAML: {shown(problem, 200).strip('`')}"
    fix = next((hint for part, hint in _HINTS.items() if part in problem), "")
    why = error.context if error.problem and error.context else ""
    return CaasError(stack_file.YAML_SYNTAX, what, where=where, why=why, fix=fix)
