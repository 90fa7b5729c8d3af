"""`./caas new`: a stack file from a few answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError
from typer import Argument, Option

from catalog import catalog
from cli import console
from cli.app import INTERRUPTED
from components.fields import ClusterName, KubernetesVersion, shown
from components.infrastructure.registry import DEFAULT, infrastructure, infrastructures
from components.problems import suggestion
from errors import CaasError, Problem, Where
from errors.command_line import (
    STACK_FILE_EXISTS,
    STACK_FILE_NOT_WRITABLE,
    VALUE_MISSING,
    VALUE_REFUSED,
)
from stacks.new_stack import MANAGEMENT, Asked, NewStack
from stacks.paths import CHECKOUT, has_module, stack_file
from stacks.settings.load import load_file
from stacks.settings.stack import ManagementMode

EXAMPLES = {
    "./caas new mine": "prompts for everything, and writes stacks/Pulumi.mine.yaml",
    "./caas new mine --infrastructure in-memory --cluster orders": "simulated, on this machine",
    "./caas new prod --infrastructure aws --set region=eu-central-1 --set account=123456789012 "
    "--set controlPlane.endpoint.allowed=203.0.113.0/24": "without questions, for scripts",
}
NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")

Reader = Callable[[str], Any]


def command(
    stack: Annotated[str, Argument(metavar="STACK", help="The name of the new stack.")],
    *,
    infrastructure: Annotated[
        str,
        Option(metavar="NAME", help="The machines: in-memory, docker, aws, openstack, vsphere, …"),
    ] = "",
    management: Annotated[
        ManagementMode | None,
        Option(help="Where Cluster API runs; the default depends on the infrastructure."),
    ] = None,
    cluster: Annotated[str, Option(metavar="NAME", help="The name of the cluster.")] = "",
    kubernetes: Annotated[
        str, Option(metavar="VERSION", help="The Kubernetes version of the cluster.")
    ] = "",
    control_plane: Annotated[
        int | None, Option(min=1, max=9, help="The number of control-plane machines.")
    ] = None,
    workers: Annotated[int | None, Option(min=0, help="The number of workers.")] = None,
    values: Annotated[
        list[str] | None,
        Option("--set", metavar="KEY=VALUE", help="A value of the infrastructure; repeatable."),
    ] = None,
) -> None:
    """Write the file of a new stack.

    On a terminal it prompts for every value that is not given as an option; elsewhere a missing
    value is an error. An existing file is never changed. The required values depend on the
    infrastructure.
    """
    file = _free_file(stack)
    given = _pairs(values or [])
    try:
        provider = _value(
            f"Infrastructure ({', '.join(sorted(infrastructures()))})",
            infrastructure,
            DEFAULT,
            _known,
            "--infrastructure in-memory",
        )
        mode = management or _usual_mode(provider)
        new = NewStack(
            stack,
            provider,
            mode,
            _value("Name of the cluster", cluster, "orders", _cluster_name),
            _value("Kubernetes version", kubernetes, usual_version(provider), _version),
            _value("Control-plane machines", _text(control_plane), "3", _count),
            _value("Workers", _text(workers), "2", _count),
        )
        new = replace(new, answers=_answers(new, given))
    except KeyboardInterrupt:
        console.warn("\nInterrupted; nothing was written.")
        raise typer.Exit(INTERRUPTED) from None
    _check(new)
    _write(file, new.text())
    _say_what_is_next(new, file)


def _free_file(stack: str) -> Path:
    """The path of the new file. Raises STACK_FILE_EXISTS and VALUE_REFUSED."""
    if not NAME.fullmatch(stack):
        what = f"{shown(stack)} cannot be the name of a stack"
        fix = "Use lower-case letters, digits and hyphens, at most 63: `prod-eu`."
        raise CaasError(VALUE_REFUSED, what, fix=fix)
    file = stack_file(stack)
    if file.exists() or file.is_symlink():
        what = f"the stack {shown(stack)} has a file"
        raise CaasError(STACK_FILE_EXISTS, what, where=Where(file=str(file)))
    if has_module(stack):
        what = f"`{stack}` is the name of a module in stacks/"
        raise CaasError(VALUE_REFUSED, what, fix="Choose another name, such as `mine`.")
    return file


def _pairs(values: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for each in values:
        key, equals, value = each.partition("=")
        if not equals or not key:
            what = f"{shown(each)} is not KEY=VALUE"
            raise CaasError(VALUE_REFUSED, what, fix="Write `--set region=eu-central-1`.")
        pairs[key] = value
    return pairs


def _value(question: str, given: str, default: str, read: Reader, option: str = "") -> Any:
    """An option, or an answer; the default where it cannot be asked for and is not needed."""
    if given:
        return read(given)
    if console.can_ask():
        return _asked(question, default, read)
    if option:
        raise CaasError(VALUE_MISSING, f"{question}: no value is given", fix=f"Add `{option}`.")
    return read(default)


def _asked(question: str, default: str, read: Reader) -> Any:
    """The answer to a question, asked until it is valid."""
    while True:
        text = console.ask(question, default)
        if text is None:
            raise CaasError(VALUE_MISSING, f"{question}: the input ended before an answer")
        try:
            return read(text)
        except CaasError as error:
            console.problems(error.problems)


def _known(name: str) -> str:
    if name in infrastructures():
        return name
    known = sorted(infrastructures())
    fix = f"{suggestion(name, known)}There are {', '.join(known)}."
    raise CaasError(VALUE_REFUSED, f"there is no infrastructure {shown(name)}", fix=fix)


def _cluster_name(text: str) -> str:
    if text == MANAGEMENT:
        what = f"`{MANAGEMENT}` is the name of the management cluster"
        raise CaasError(VALUE_REFUSED, what, fix="Choose another name, such as `orders`.")
    _validated("the name of the cluster", ClusterName, text, "orders")
    return text


def _version(text: str) -> str:
    _validated("the Kubernetes version", KubernetesVersion, text, usual_version(DEFAULT))
    known = [str(version) for version in catalog().kubernetes_versions]
    if text not in known:
        what = f"Kubernetes {shown(text)} is not in the catalog"
        raise CaasError(VALUE_REFUSED, what, fix=f"There are {', '.join(known)}.")
    return text


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text):
        what = f"{shown(text)} is not a number of machines"
        raise CaasError(VALUE_REFUSED, what, fix="Write a whole number, such as 3.")
    return int(text)


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


def _validated(name: str, kind: Any, text: str, example: str) -> None:
    try:
        TypeAdapter(kind).validate_python(text)
    except ValidationError as error:
        raise _refused(name, text, error, example) from None


def _refused(name: str, text: str, error: ValidationError, example: str) -> CaasError:
    details = error.errors(include_url=False)[0]
    why = str(details.get("ctx", {}).get("what") or details["msg"])
    fix = f"Write it like this: {example}" if example else ""
    return CaasError(VALUE_REFUSED, f"{shown(text)} is not valid as {name}", why=why, fix=fix)


def _usual_mode(provider: str) -> ManagementMode:
    """On this machine where machines are simulated, else a management cluster of the stack."""
    if infrastructure(provider).PROVIDER is None:
        return ManagementMode.EMBEDDED
    return ManagementMode.SELF_MANAGED


def usual_version(provider: str) -> str:
    """The newest release of the newest minor but one: it has had its first corrections."""
    versions = [release.version for release in infrastructure(provider).releases()]
    newest = max(versions)
    return str(max(version for version in versions if version.minor < newest.minor))


def _answers(new: NewStack, given: dict[str, str]) -> dict[str, Any]:
    """A value for every question. Raises VALUE_MISSING and VALUE_REFUSED, all that there are."""
    questions = list(new.questions())
    found = [_unknown(key, questions) for key in given.keys() - {each.key for each in questions}]
    answers: dict[str, Any] = {}
    for asked in questions:
        question = asked.question

        def read(text: str, asked: Asked = asked) -> Any:
            try:
                return new.read(asked, text)
            except ValidationError as error:
                example = asked.question.example
                raise _refused(f"`{asked.key}`", text, error, example) from None

        text = given.get(asked.key, "" if console.can_ask() else str(question.default))
        try:
            if text:
                answers[asked.key] = read(text)
            elif console.can_ask() and not found:
                answers[asked.key] = _asked(_question(asked), str(question.default), read)
            else:
                found.append(_missing(asked))
        except CaasError as error:
            found += error.problems
    if found:
        raise CaasError.of(found)
    return answers


def _question(asked: Asked) -> str:
    question = asked.question
    text = question.text[:1].upper() + question.text[1:]
    of = f" (cluster `{asked.cluster}`)" if asked.cluster else ""
    example = f", for example {question.example}" if question.example else ""
    return f"{text}{of}{'' if question.default else example}"


def _unknown(key: str, questions: Sequence[Asked]) -> Problem:
    keys = [each.key for each in questions]
    fix = f"{suggestion(key, keys)}This stack takes {', '.join(keys) or 'none'}."
    return Problem(VALUE_REFUSED, f"--set has no key {shown(key)}", fix=fix)


def _missing(asked: Asked) -> Problem:
    example = asked.question.example or "…"
    what = f"`{asked.key}` is missing: {asked.question.text}"
    return Problem(VALUE_MISSING, what, fix=f"Add `--set {asked.key}={example}`.")


def _check(new: NewStack) -> None:
    """Reads the text as a stack file; its problems have no place yet, so none is shown."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"Pulumi.{new.name}.yaml"
        file.write_text(new.text(), encoding="utf-8")
        try:
            load_file(file)
        except CaasError as error:
            places = (Where(path=problem.where.path) for problem in error.problems)
            raise CaasError.of(
                replace(problem, where=where)
                for problem, where in zip(error.problems, places, strict=True)
            ) from None


def _write(file: Path, text: str) -> None:
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        what = "the file was made in the meantime"
        raise CaasError(STACK_FILE_EXISTS, what, where=Where(file=str(file))) from None
    except OSError as error:
        raise CaasError(
            STACK_FILE_NOT_WRITABLE,
            "the stack file cannot be written",
            where=Where(file=str(file)),
            why=error.strerror or str(error),
        ) from error


def _say_what_is_next(new: NewStack, file: Path) -> None:
    shown_file = file.relative_to(CHECKOUT) if file.is_relative_to(CHECKOUT) else file
    console.say(f"Wrote {shown_file}: the cluster `{new.cluster}`, Kubernetes {new.version}.")
    last = "bootstrap" if new.mode is ManagementMode.SELF_MANAGED else "up"
    console.say(f"Next: ./caas preview {new.name}, then ./caas {last} {new.name}")
    if new.mode is not ManagementMode.EMBEDDED:
        guide = Path("docs/infrastructure") / f"{new.provider}.md"
        if (CHECKOUT / guide).exists():
            console.say(f"Prerequisites: {guide}")
