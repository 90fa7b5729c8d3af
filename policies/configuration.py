"""The configuration of the whole pack, from a stack file, and as a file for the pulumi CLI."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from typing import Any

from pulumi_policy import EnforcementLevel

from errors import CaasError, Problem, Where
from errors.policy import BAD_POLICY_PARAMETER, UNKNOWN_POLICY
from policies.rules import RULES
from policies.rules.rule import AnyRule
from policies.settings import EXEMPTIONS, UNCONFIGURED, RuleExemption, RuleSettings, read_settings

Steps = tuple[str | int, ...]
LEVEL = "enforcementLevel"


def _place(steps: Steps) -> Where:
    return Where(path=".".join(map(str, steps)))


@dataclass(frozen=True)
class Configuration:
    """Levels, parameters and exemptions of rules.

    Attributes:
        settings: by the rule's name.
        given: what was said, in the form of a file for `--policy-pack-config`.
    """

    settings: Mapping[str, RuleSettings] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        *,
        levels: Mapping[str, str],
        parameters: Mapping[str, Mapping[str, Any]],
        exemptions: Iterable[Mapping[str, Any]],
        on: date,
        where: Callable[[Steps], Where] = _place,
        rules: Iterable[AnyRule] = RULES,
    ) -> Configuration:
        """Reads what a stack file says.

        Args:
            levels: by the rule's name: mandatory, advisory, remediate, disabled.
            parameters: by the rule's name, by their own.
            exemptions: each with `rule`, `resource`, `owner`, `reason` and `expires`.
            on: today.
            where: the place of a step below `caas:policies`, for problems.
            rules: that there are.

        Raises:
            CaasError: CAAS-4010 for a rule that there is not, CAAS-4011 for a bad parameter,
                CAAS-4012 for a bad exemption; all of them at once.
        """
        known = {rule.name: rule for rule in rules}
        config: dict[str, dict[str, Any]] = {}
        places: dict[str, Steps] = {}
        problems: list[Problem] = []

        def entry(name: str, *steps: str | int) -> dict[str, Any]:
            if name not in known and name not in places:
                problems.append(_unknown(name, known, where(steps)))
            places.setdefault(name, steps)
            return config.setdefault(name, {})

        for name, level in levels.items():
            entry(name, "levels", name)[LEVEL] = EnforcementLevel(level).value
        for name, values in parameters.items():
            own = entry(name, "parameters", name)
            for parameter, value in values.items():
                if parameter in (LEVEL, EXEMPTIONS):  # said beside the parameters
                    what = f"there is no parameter `{parameter}`"
                    place = where(("parameters", name, parameter))
                    problems.append(Problem(BAD_POLICY_PARAMETER, what, place))
                else:
                    own[parameter] = value
        for index, exemption in enumerate(exemptions):
            rest = {key: _plain(value) for key, value in exemption.items() if key != "rule"}
            own = entry(str(exemption["rule"]), "exemptions", index)
            own.setdefault(EXEMPTIONS, []).append(rest)
        settings = {
            name: _settings(known[name], given, on, where(places[name]))
            for name, given in config.items()
            if name in known
        }
        problems += [problem for each in settings.values() for problem in each.problems]
        if problems:
            raise CaasError.of(problems)
        return cls(settings, config)

    def of_rule(self, rule: AnyRule) -> RuleSettings:
        """The configuration of a rule."""
        return self.settings.get(rule.name, UNCONFIGURED)

    def level(self, rule: AnyRule) -> EnforcementLevel:
        """The level that counts for a rule."""
        return self.of_rule(rule).level or rule.level

    def expired(self, on: date) -> Iterator[tuple[str, RuleExemption]]:
        """Exemptions that have ended, with the rule's name."""
        for name, settings in self.settings.items():
            for exemption in settings.exemptions:
                if exemption.expires < on:
                    yield name, exemption

    def as_pack_config(self) -> dict[str, Any]:
        """The same for `pulumi preview --policy-pack-config`."""
        return {name: dict(values) for name, values in self.given.items()}


def _settings(rule: AnyRule, given: Mapping[str, Any], on: date, where: Where) -> RuleSettings:
    rest = {key: value for key, value in given.items() if key != LEVEL}
    level = EnforcementLevel(given[LEVEL]) if LEVEL in given else None
    return read_settings(rule.known, rest, on, where, level)


def _unknown(name: str, known: Iterable[str], where: Where) -> Problem:
    close = get_close_matches(name, list(known), n=1)
    fix = f"Did you mean `{close[0]}`? {UNKNOWN_POLICY.fix}" if close else ""
    return Problem(UNKNOWN_POLICY, f"there is no rule `{name}`", where, fix=fix)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


DEFAULT = Configuration()
"""Every rule at its own level, with its own parameters, for everything."""
