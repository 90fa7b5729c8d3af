"""Arguments of a component: plain values, and Pulumi Outputs anywhere in their structure.

A settings model takes plain values only, and a preview does not know an Output. So the model is
made with sample values in place of the Outputs: once with a first sample of each, and once for each
Output with another one. Whatever differs between the manifests that are made of them depends on
that Output, and only that becomes an Output again; everything else stays a plain value. As soon as
the values are known, the settings are validated and checked with them, and make the manifests anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

import pulumi
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from components import problems
from components.base import ends_program
from components.fields import Settings
from components.finding import Finding
from components.problems import Step, Steps
from errors import CaasError, Where
from errors.components import ARGUMENTS_TWICE, OUTPUT_DECIDES, OUTPUT_NOT_USABLE

Model = TypeVar("Model", bound=Settings)
Content = Mapping[str, Any]
Pair = tuple[Any, Any]

_TEXTS = (
    ("sample-{0}", "other-{0}"),
    ("sample-{0}.invalid", "other-{0}.invalid"),
    ("https://sample-{0}.invalid/a", "https://other-{0}.invalid/a"),
    ("sample-{0}@mail.invalid", "other-{0}@mail.invalid"),
    ("sample-{0}.invalid:6379", "other-{0}.invalid:6379"),
    # Class E, which nothing uses; ranges of two Outputs do not overlap.
    ("240.{0}.0.1", "240.{0}.0.2"),
    ("240.{0}.0.0/24", "240.{0}.1.0/24"),
    ("2001:db8:{0}::/64", "2001:db8:{0}:1::/64"),
    ("arn:aws:iam::{0:012}:role/a", "arn:aws:iam::{0:012}:role/b"),
    ("arn:aws:kms:eu-central-1:{0:012}:key/a", "arn:aws:kms:eu-central-1:{0:012}:key/b"),
    ("eu-central-1", "eu-central-2"),
    ("+49151000{0:05}", "+49152000{0:05}"),
    ("5m", "10m"),
    ("10Gi", "20Gi"),
    ("10%", "20%"),
    ("0 3 * * *", "0 4 * * *"),
)
_NUMBERS = ((1, 2), (3, 5), (100, 200), (1400, 1500), (64512, 64513), (0.5, 0.6), (False, True))


class Arguments(Generic[Model]):
    """The arguments of a component, validated by its settings model.

    Args:
        model: the settings model.
        settings: the whole settings; then nothing else may be given.
        given: the arguments by name, as Python or a stack file spells it; Outputs may stand
            anywhere in them.
        where: the component, for messages.

    Attributes:
        settings: with samples in place of Outputs.
        outputs: the Outputs, in the order of the arguments.

    Raises:
        CaasError: the codes of a stack file for a plain value that is wrong; OUTPUT_NOT_USABLE for
            an Output at a place that accepts none of the samples; ARGUMENTS_TWICE.
    """

    def __init__(
        self,
        model: type[Model],
        settings: Model | None,
        given: Mapping[str, Any],
        where: str,
    ) -> None:
        if settings is not None and given:
            what = f"{where} has `settings` and the arguments {', '.join(sorted(given))}"
            raise CaasError(ARGUMENTS_TWICE, what)
        self._model = model
        self._where = where
        self._given = dict(given)
        found = list(_outputs(self._given, ()))
        self.outputs: list[pulumi.Output[Any]] = [output for _, output in found]
        self._places = [place for place, _ in found]
        if settings is not None:
            self.settings, self._others = settings, []
            return
        pairs = self._samples()
        self.settings = self._valid([first for first, _ in pairs])
        self._others = [
            self._valid([pair[number == index] for number, pair in enumerate(pairs)])
            for index in range(len(pairs))
        ]

    def content(
        self, make: Callable[[Model], Content], check: Callable[[Model], None]
    ) -> dict[str, Any]:
        """The manifests of the settings, with Outputs where they depend on one.

        Args:
            make: makes the manifests out of settings.
            check: raises a CaasError for settings that do not fit; it is called again as soon as
                the values of the Outputs are known.

        Raises:
            CaasError: what `check` raises for plain values. pulumi.RunError, when the values are
                known: the text of the code for a value that is wrong, or OUTPUT_DECIDES.
        """
        base = make(self.settings)
        if not self.outputs:
            return dict(base)
        variants = [make(other) for other in self._others]
        if any(each.keys() != base.keys() for each in variants):
            what = f"an Output of {self._where} determines the set of resources"
            raise CaasError(OUTPUT_DECIDES, what)

        def known(values: Sequence[Any]) -> Content:
            with ends_program():
                settings = self._valid(values)
                check(settings)
                real = make(settings)
                for path in _changes(base, variants, real, ()):
                    raise CaasError(
                        OUTPUT_DECIDES,
                        f"an Output of {self._where} affects more than its own field",
                        why=f"{'.'.join(map(str, path))} is different with its value",
                    )
            return real

        # Each Output below keeps the secrets of those that it depends on, and no others.
        made = pulumi.Output.unsecret(pulumi.Output.all(*self.outputs).apply(known))
        return {
            key: self._tree(value, [each[key] for each in variants], made, (key,))
            for key, value in base.items()
        }

    def plain(self) -> Model:
        """The settings of a component that takes no Outputs. Raises OUTPUT_NOT_USABLE."""
        if self.outputs:
            places = ", ".join(str(self.place(place)) for place in self._places)
            raise CaasError(OUTPUT_NOT_USABLE, f"{places} can't be an Output")
        return self.settings

    def known(self) -> pulumi.Output[Model]:
        """The settings with the values of the Outputs."""
        if not self.outputs:
            return pulumi.Output.from_input(self.settings)
        return pulumi.Output.all(*self.outputs).apply(self._valid)

    def is_about_sample(self, finding: Finding) -> bool:
        """True if a finding is about a sample: its path leads into or around an Output.

        Paths of findings begin at the add-on's key.
        """
        here = list(finding.path[1:])
        spelled = [[_key(step) for step in place] for place in self._places]
        return bool(here) and any(
            here[: len(place)] == place or place[: len(here)] == here for place in spelled
        )

    def place(self, path: Steps) -> Where:
        """The place of a setting, for messages."""
        return _Places(self._where).where(path)

    def _tree(
        self, base: Any, variants: list[Any], made: pulumi.Output[Content], path: Steps
    ) -> Any:
        concerned = [number for number, each in enumerate(variants) if each != base]
        if not concerned:
            return base
        if steps := _common(base, variants):
            parts = {
                step: self._tree(base[step], [each[step] for each in variants], made, (*path, step))
                for step in steps
            }
            return parts if isinstance(base, Mapping) else list(parts.values())
        outputs = [self.outputs[number] for number in concerned]
        return pulumi.Output.all(made, *outputs).apply(lambda found: _at(found[0], path))

    def _valid(self, values: Sequence[Any]) -> Model:
        """The settings with values in place of the Outputs."""
        try:
            return self._model.model_validate(self._filled(values))
        except ValidationError as error:
            places = _Places(self._where)
            raise CaasError.of(problems.of(error, self._model, places)) from None

    def _filled(self, values: Sequence[Any]) -> Any:
        return _replaced(self._given, dict(zip(self._places, values, strict=True)), ())

    def _errors(self, values: Sequence[Any]) -> list[ErrorDetails]:
        try:
            self._model.model_validate(self._filled(values))
        except ValidationError as error:
            return error.errors(include_url=False)
        return []

    def _samples(self) -> list[Pair]:
        """A pair of values for each Output that its place in the model accepts."""
        chosen: list[Pair] = [_candidates(number)[0] for number in range(len(self.outputs))]
        for number in range(len(chosen)):
            fewest = 10**6
            for pair in (*_candidates(number), *self._choices(chosen, number)):
                tried = [*chosen[:number], pair, *chosen[number + 1 :]]
                first = [each[0] for each in tried]
                other = [*first[:number], pair[1], *first[number + 1 :]]
                count = len(self._errors(first)) + len(self._errors(other))
                if count < fewest:
                    chosen, fewest = tried, count
        first = [pair[0] for pair in chosen]
        for details in self._errors(first):
            if any(details["input"] == sample for sample in first):
                place = ".".join(map(str, details["loc"]))
                raise CaasError(
                    OUTPUT_NOT_USABLE,
                    f"`{place}` of {self._where} can't be an Output",
                    why=str(details["msg"]),
                )
        return chosen

    def _choices(self, chosen: list[Pair], number: int) -> Iterator[Pair]:
        """A pair out of the choices of an enumeration, as pydantic lists them."""
        values = [pair[0] for pair in chosen]
        values[number] = f"sample-{number}"
        for details in self._errors(values):
            if details["input"] == values[number] and "expected" in details.get("ctx", {}):
                choices = re.findall(r"'([^']+)'", str(details["ctx"]["expected"]))
                yield choices[0], choices[-1]


class _Places:
    """Places of problems in a component's arguments."""

    def __init__(self, where: str) -> None:
        self._where = where

    def where(self, steps: Steps, *, key: bool = False) -> Where:
        """The place, with the argument's path."""
        spelled = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
        return Where(path=f"{self._where}{spelled}")


def _candidates(number: int) -> list[Pair]:
    texts: list[Pair] = [
        (first.format(number + 1), second.format(number + 1)) for first, second in _TEXTS
    ]
    lists: list[Pair] = [([first], [second]) for first, second in texts]
    mapping: list[Pair] = [({"sample": first}, {"sample": second}) for first, second in texts[:2]]
    return [*texts, *_NUMBERS, *lists, *mapping]


def _outputs(value: Any, path: Steps) -> Iterator[tuple[Steps, pulumi.Output[Any]]]:
    if isinstance(value, pulumi.Output):
        yield path, value
    for step, item in _items(value):
        yield from _outputs(item, (*path, step))


def _items(value: Any) -> Iterator[tuple[Step, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, list | tuple):
        yield from enumerate(value)


def _replaced(value: Any, values: Mapping[Steps, Any], path: Steps) -> Any:
    if path in values:
        return values[path]
    if isinstance(value, Mapping):
        return {key: _replaced(item, values, (*path, key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(item, values, (*path, step)) for step, item in enumerate(value)]
    return value


def _common(base: Any, variants: Sequence[Any]) -> list[Step]:
    """The keys or positions that all of them have, and no others; none for other values."""
    steps = [step for step, _ in _items(base)]
    same = all(
        isinstance(each, Mapping) == isinstance(base, Mapping)
        and [step for step, _ in _items(each)] == steps
        for each in variants
    )
    return steps if same else []


def _changes(base: Any, variants: Sequence[Any], real: Any, path: Steps) -> Iterator[Steps]:
    """The places where the manifests of the real values differ and no sample does."""
    if all(each == base for each in variants):
        if real != base:
            yield path
        return
    steps = _common(base, variants)
    if steps and not _common(base, [*variants, real]):
        yield path
        return
    for step in steps:
        others = [each[step] for each in variants]
        yield from _changes(base[step], others, real[step], (*path, step))


def _at(content: Any, path: Steps) -> Any:
    for step in path:
        content = content[step]
    return content


def _key(step: Step) -> Step:
    """A step as findings spell it: as in a stack file."""
    if isinstance(step, int):
        return step
    first, *others = step.split("_")
    return first + "".join(part.capitalize() for part in others)
