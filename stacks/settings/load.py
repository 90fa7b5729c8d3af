"""Reading a stack file: every problem of it at once, each with its code and place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

import catalog
from components import problems
from components.fields import KubernetesVersion, shown
from components.infrastructure.interface import Infrastructure
from components.infrastructure.registry import DEFAULT, infrastructures
from components.placeholders import CLUSTER
from components.problems import Steps
from errors import CaasError, Problem, Where, stack_file
from stacks.settings import rules
from stacks.settings.addons import ClusterSettings
from stacks.settings.rules import apps, tenants
from stacks.settings.scalars import without_time
from stacks.settings.source import DEEPEST, PREFIX, PROJECT, Source, read
from stacks.settings.stack import Stack, stack_model
from stacks.settings.tenant_files import merged

PULUMI_KEYS = ("config", "environment", "encryptionsalt", "secretsprovider", "encryptedkey")

FLAGS: dict[object, bool] = {"true": True, "false": False}
SETTINGS = tuple(Stack.model_fields_by_alias())

Config = dict[str, object]


def load_file(path: Path) -> Stack:
    """The settings of a stack file, `stacks/Pulumi.<stack>.yaml`.

    Raises:
        CaasError: with every problem of the file, in its order: codes 1001 to 1079.
    """
    return load(read(path))


def load(source: Source) -> Stack:
    """The settings of a stack file that is read already; errors as `load_file`."""
    source = Source(source.file, source.root)  # its problems are found anew
    return _validated(_own(_config(source), source), source)


def from_config(values: Mapping[str, object], file: Path | None = None) -> Stack:
    """The settings out of the configuration that the Pulumi engine hands over.

    Args:
        values: by key with its prefix, `caas:clusters`; structures as they are, or as JSON. Keys of
            other projects are left alone.
        file: the stack file, which gives problems their line and column.

    Raises:
        CaasError: with every problem of the values.
    """
    source = _positions(file)
    return _validated(
        _own({key: _unpacked(value) for key, value in values.items()}, source), source
    )


def as_pulumi_config(file: Path | Source) -> dict[str, str]:
    """The `config` of a stack file as `pulumi.runtime.set_all_config` takes it.

    Structures become JSON. Encrypted values are left out: only the Pulumi engine can read them.

    Args:
        file: the stack file, read already or not.

    Raises:
        CaasError: when the file cannot be read; its settings are not checked.
    """
    known = file if isinstance(file, Source) else read(file)
    source = Source(known.file, known.root)
    config = _config(source)
    if source.problems:
        raise CaasError.of(source.problems)
    return {key: _packed(value) for key, value in config.items() if not _is_secure(value)}


def _config(source: Source) -> Config:
    """The mapping below `config`."""
    if source.root is None:
        return {}
    values = source.plain(source.root)
    if not isinstance(values, dict):
        what = f"the file holds {'a list' if isinstance(values, list) else shown(values)}"
        raise CaasError(stack_file.NOT_A_MAPPING, what, where=source.top)
    for key in values:
        if key not in PULUMI_KEYS:
            at = source.place((key,), key, key=True)
            source.problems.append(_foreign_key(key, at))
    config = values.get("config")
    if config is not None and not isinstance(config, dict):
        what = f"`config` is {shown(config)}"
        raise CaasError(stack_file.NOT_A_MAPPING, what, where=source.place(("config",), "config"))
    return config or {}


def _foreign_key(key: str, at: Where) -> Problem:
    if key.startswith(PREFIX) or key in SETTINGS:
        wanted = key if key.startswith(PREFIX) else f"{PREFIX}{key}"
        fix = f"Write `{wanted}`, indented below `config:`."
        what = f"the key {shown(key)} belongs below `config`"
        return Problem(stack_file.UNKNOWN_KEY, what, at, fix=fix)
    return problems.unknown_key((key,), PULUMI_KEYS, at)


def _own(config: Config, source: Source) -> Config:
    """The settings of this project, without their prefix; other projects' are left alone."""
    own: Config = {}
    for key, value in config.items():
        project, colon, name = key.partition(":")
        at = source.place(("config", key), key, key=True)
        if not colon:
            what = f"the key {shown(key)} has no prefix"
            fix = f"Write `{PREFIX}{problems.nearest(key, SETTINGS) or key}`."
            source.problems.append(Problem(stack_file.BAD_CONFIG_KEY, what, at, fix=fix))
        elif project == PROJECT:
            own[name] = value
        elif problems.nearest(project, [PROJECT]) and name in SETTINGS:
            what = f"the prefix of {shown(key)} is not `{PREFIX}`"
            fix = f"Write `{PREFIX}{name}`."
            source.problems.append(Problem(stack_file.BAD_CONFIG_KEY, what, at, fix=fix))
    return own


def _validated(values: Config, source: Source) -> Stack:
    values = merged(values, source)
    secure: list[Steps] = []
    placeholders: list[Steps] = []
    _search(values, (), secure, placeholders)
    if secure:
        raise CaasError.of([*source.problems, *(_secure_value(source, at) for at in secure)])
    found = list(source.problems)
    model = _model(values, source, found)
    try:
        stack = model.model_validate(values)
        if source.file:
            stack.read_from(Path(source.file).parent)
        clusters = list(enumerate(stack.clusters))
        infrastructure: Infrastructure | None = stack.infrastructure
    except ValidationError as error:
        found += problems.of(error, model, source)
        stack, clusters = Stack(), list(_readable(values))
        infrastructure = _infrastructure(values, model)
    known = catalog.catalog().kubernetes_versions
    findings = [*rules.check(clusters, _listed(values), known)]
    findings += rules.registries.check(stack.registries)
    if placeholders:
        findings += rules.check_placeholders(clusters, stack.management)
    if infrastructure:
        findings += rules.check_infrastructure(
            infrastructure, clusters, stack.management, stack.addons, stack.mirror
        )
        findings += tenants.check(stack)
        if not findings:
            findings += apps.check(stack, found)
    for finding in findings:
        at = source.where(finding.path, key=finding.key)
        found.append(Problem(finding.code, finding.what, at, finding.why, finding.fix))
    if found:
        raise CaasError.of(sorted(found, key=lambda each: _place(each, source)))
    return stack


def _model(values: Config, source: Source, found: list[Problem]) -> type[Stack]:
    """The model for the infrastructure that the file names; a name that is not there is found."""
    given = values.get("infrastructure")
    name = given.get("provider", DEFAULT) if isinstance(given, dict) else DEFAULT
    if isinstance(name, str) and name not in infrastructures():
        at = source.where(("infrastructure", "provider"))
        choices = sorted(infrastructures())
        found.append(problems.unknown_choice(name, choices, at))
        values["infrastructure"] = {"provider": DEFAULT}
        name = DEFAULT
    return stack_model(name if isinstance(name, str) else DEFAULT)


def _infrastructure(values: Config, model: type[Stack]) -> Infrastructure | None:
    """The infrastructure's settings, when they are valid by themselves."""
    try:
        return model.model_validate(
            {"infrastructure": values.get("infrastructure", {})}
        ).infrastructure
    except ValidationError:
        return None


def _readable(values: Config) -> Iterator[tuple[int, ClusterSettings]]:
    """The clusters that are valid by themselves, in a stack that is not."""
    clusters = values.get("clusters")
    for index, value in enumerate(clusters if isinstance(clusters, list) else ()):
        try:
            yield index, ClusterSettings.model_validate(value)
        except ValidationError:
            continue  # its problems are already in those of the stack


def _listed(values: Config) -> tuple[KubernetesVersion, ...]:
    """`kubernetesVersions`, when it is valid by itself."""
    listed = values.get("kubernetesVersions", ())
    try:
        return Stack.model_validate({"kubernetesVersions": listed}).kubernetes_versions
    except ValidationError:
        return ()


def _place(problem: Problem, source: Source) -> tuple[bool, str, int, int]:
    """The order of problems: the stack file's first."""
    where = problem.where
    return where.file != source.file, where.file or "", where.line or 0, where.column or 0


def _is_secure(value: object) -> bool:
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("secure"), str)


def _search(value: object, steps: Steps, secure: list[Steps], placeholders: list[Steps]) -> None:
    """Finds encrypted values, and texts with `{cluster}`, in one walk over all values."""
    if len(steps) > DEEPEST:
        return
    if isinstance(value, str):
        if CLUSTER in value:
            placeholders.append(steps)
    elif _is_secure(value):
        secure.append(steps)
    elif isinstance(value, dict):
        for key, item in value.items():
            _search(item, (*steps, str(key)), secure, placeholders)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _search(item, (*steps, index), secure, placeholders)


def _secure_value(source: Source, steps: Steps) -> Problem:
    what = f"`{steps[-1] if steps else 'config'}` holds an encrypted value"
    return Problem(stack_file.SECURE_VALUE, what, source.where(steps))


def _positions(file: Path | None) -> Source:
    """The positions of a file's values; only its name if it cannot be read."""
    name = str(file) if file else None
    try:
        source = read(file) if file else Source(name)
        if source.root:
            source.plain(source.root)
    except CaasError:
        return Source(name)
    return Source(name, source.root)


def _unpacked(value: object) -> object:
    """A value as the engine hands it over: structures are JSON texts, and flags are words."""
    if not isinstance(value, str):
        return value
    if not value.lstrip().startswith(("[", "{")):
        return FLAGS.get(value, value)
    try:
        return without_times(json.loads(value))
    except (ValueError, RecursionError):
        return value  # then it is a text, which no structured setting accepts


def without_times(value: object) -> object:
    """A value whose days are days again; the engine makes them times."""
    if isinstance(value, dict):
        return {key: without_times(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_times(item) for item in value]
    return without_time(value) if isinstance(value, str) else value


def _packed(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
