"""Running the unmodified Pulumi program in this process, and recording what it registers.

Without the pulumi CLI the program runs on Pulumi's own test monitor. Nothing is applied here: the
result is the list of resources, and from it the Kubernetes objects in the order of their
dependencies.
"""

from __future__ import annotations

import asyncio
import runpy
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import mocks
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import ROOT
from pulumi.runtime.stack import Stack

from components.base import ProgramEndedError
from components.mappings import Manifest
from engine.objects import CONTENT, Key
from engine.values import plain
from errors import NOWHERE, CaasError, Where
from errors.program import PROGRAM_FAILED
from stacks.paths import CHECKOUT, project_name
from stacks.program import LOADED
from stacks.settings import Source, as_pulumi_config
from stacks.settings import Stack as SettingsOfStack

KUBERNETES = "kubernetes:"
PROVIDER = "pulumi:providers:"
STACK = "pulumi:pulumi:Stack"
ON_THE_SPOT = "get can only be used with classes decorated"
"""The SDK's error for a function without a result that is not called as an output."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One registered resource, as the engine would have got it.

    Attributes:
        inputs: its properties as they may be shown: `[secret]` for secrets, and a marker for what
            is known only after creation.
        ignored: properties whose changes the engine ignores.
        aliases: URNs that it had in earlier versions of the program.
        given: its properties with the secrets in them; None where there are none.
    """

    urn: str
    type: str
    name: str
    inputs: dict[str, Any]
    parent: str
    dependencies: tuple[str, ...]
    custom: bool
    protect: bool
    ignored: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    given: dict[str, Any] | None = field(default=None, repr=False, compare=False)

    @property
    def is_object(self) -> bool:
        """True if it is an object on the management cluster."""
        return self.type.startswith(KUBERNETES) and "kind" in self.inputs

    @property
    def is_foreign(self) -> bool:
        """True if only the pulumi CLI can create it: a cloud resource or a Helm release."""
        return self.custom and not self.is_object

    @property
    def is_made_once(self) -> bool:
        """True if an existing object is not changed."""
        return self.is_object and not CONTENT.isdisjoint(self.ignored)


@dataclass(slots=True)
class Recording:
    """Everything that a run registered.

    Attributes:
        resources: in the order of registration.
        outputs: of the stack, as they may be shown: see `Resource.inputs`.
        given_outputs: the same with the secrets in them.
    """

    resources: list[Resource] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    given_outputs: dict[str, Any] = field(default_factory=dict, repr=False)

    def waves(self, *, secrets: bool = False) -> list[list[Manifest]]:
        """The Kubernetes objects in groups; each group depends only on earlier ones.

        Args:
            secrets: with their secret values; only for what is sent to an API server.
        """
        resources = {resource.urn: resource for resource in self.resources}
        depth: dict[str, int] = {}
        for resource in self.resources:  # a resource is registered after what it depends on
            before = [depth.get(urn, -1) for urn in (*resource.dependencies, resource.parent)]
            own = 1 if resource.is_object else 0
            depth[resource.urn] = max(before, default=-1) + own
        groups: dict[int, list[Manifest]] = {}
        for urn, level in depth.items():
            if (resource := resources[urn]).is_object:
                shown = resource.inputs
                groups.setdefault(level, []).append(resource.given or shown if secrets else shown)
        return [sorted(groups[level], key=Key.of) for level in sorted(groups)]

    def objects(self, *, secrets: bool = False) -> list[Manifest]:
        """The Kubernetes objects, dependencies first; `secrets` as of `waves`."""
        return [manifest for wave in self.waves(secrets=secrets) for manifest in wave]

    def with_secrets(self) -> dict[Key, Manifest]:
        """The objects that have secrets, as they may be shown."""
        found = (each for each in self.resources if each.is_object and each.given is not None)
        return {Key.of(each.inputs): each.inputs for each in found}

    def made_once(self) -> frozenset[Key]:
        """The objects that are left alone where they exist."""
        return frozenset(Key.of(each.inputs) for each in self.resources if each.is_made_once)

    def foreign(self) -> list[Resource]:
        """The resources that only the pulumi CLI can create, by type and name."""
        found = (resource for resource in self.resources if resource.is_foreign)
        return sorted(found, key=lambda resource: (resource.type, resource.urn))


class _Recorder(mocks.MockMonitor):
    """The test monitor, keeping whole requests; outputs of a resource are its inputs."""

    def __init__(self, recording: Recording) -> None:
        super().__init__(_Nothing())
        self.recording = recording
        self.asked: list[str] = []

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """The URN as Pulumi's engine makes it: with the types of all ancestors but the stack's.

        The test monitor keeps only the type of the immediate parent.
        """
        above = parent.split("::")[2] if parent else STACK
        kept = type_ if above == STACK else f"{above}${type_}"
        return "::".join((f"urn:pulumi:{pulumi.get_stack()}", pulumi.get_project(), kept, name))

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the engine's protocol
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type != STACK and not request.type.startswith(PROVIDER):
            found = replace(_resource(request, urn), aliases=self._aliases(request))
            self.recording.resources.append(found)
        # Providers need an id to be referred to; of other resources only creation would tell it.
        known = f"{request.name}-id" if request.type.startswith(PROVIDER) else ""
        return resource_pb2.RegisterResourceResponse(urn=urn, id=known, object=request.object)

    def _aliases(self, request: Any) -> tuple[str, ...]:
        """The URNs of the aliases that a resource is registered with."""
        return tuple(
            alias.urn
            or self.make_urn(
                "" if alias.spec.noParent else alias.spec.parentUrn or request.parent,
                alias.spec.type or request.type,
                alias.spec.name or request.name,
            )
            for alias in request.aliases
        )

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the engine's protocol
        """Of the stack they are what `pulumi stack output` prints."""
        if f"::{STACK}::" in request.urn:
            shown, given = plain(request.outputs)
            self.recording.outputs, self.recording.given_outputs = shown, given
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 - the engine's protocol
        """Of what exists already only its id is known."""
        urn = self.make_urn(request.parent, request.type, request.name)
        known = request.properties
        return resource_pb2.ReadResourceResponse(urn=urn, id=request.id, properties=known)

    def Invoke(self, request: Any) -> Any:  # noqa: N802 - the engine's protocol
        """Nothing is known that a cloud would have to be asked for."""
        self.asked.append(request.tok)
        return resource_pb2.ResourceInvokeResponse(unknown=True)


class _Nothing(mocks.Mocks):
    """The mocks that the test monitor requires; the recorder answers all calls itself."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return None, args.inputs

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        return {}, None


def _resource(request: resource_pb2.RegisterResourceRequest, urn: str) -> Resource:
    shown, given = plain(request.object)
    return Resource(
        urn=urn,
        type=request.type,
        name=request.name,
        inputs=shown,
        parent=request.parent,
        dependencies=tuple(sorted(request.dependencies)),
        custom=request.custom,
        protect=bool(request.protect),
        ignored=tuple(request.ignoreChanges),
        given=None if given is shown else given,
    )


def run_program(
    stack: str, file: Path | Source, settings: SettingsOfStack | None = None
) -> Recording:
    """Runs `__main__.py` for one stack and records what it registers.

    Args:
        stack: the stack's name.
        file: the stack file, read already or not.
        settings: what it says, where it is loaded already; else the program loads it.

    Raises:
        CaasError: everything that is wrong with the stack file, or CAAS-3001 when the program
            itself fails.
    """
    loaded = LOADED.set(settings)
    try:
        return record(CHECKOUT / "__main__.py", stack, as_pulumi_config(file))
    finally:
        LOADED.reset(loaded)


def record(
    program: Path | Callable[[], None],
    stack: str,
    config: Mapping[str, str],
    *,
    project: str = "",
    preview: bool = True,
) -> Recording:
    """Runs any Pulumi program in this process and records what it registers.

    Args:
        program: a file, or a function.
        stack: the stack's name.
        config: the configuration, `caas:clusters`; structures are JSON texts.
        project: the name of the program's project; without it the one of `Pulumi.yaml`.
        preview: whether values that only creation tells are unknown.

    Raises:
        CaasError: the error of a component, or CAAS-3001 when the program itself fails.
    """
    recording = Recording()
    recorder = _Recorder(recording)
    pulumi.runtime.set_all_config(dict(config))
    mocks.set_mocks(
        mocks=_Nothing(),
        project=project or project_name(),
        stack=stack,
        preview=preview,
        monitor=recorder,
    )

    def main() -> None:
        if isinstance(program, Path):
            runpy.run_path(str(program), run_name="__main__")
        else:
            program()

    @pulumi.runtime.test
    def run() -> None:
        # The error that ends a program is raised below; tasks that failed with it say nothing new.
        asyncio.get_event_loop().set_exception_handler(lambda loop, context: None)
        ROOT.set(None)  # the stack of an earlier run already has its outputs
        Stack(main)

    try:
        run()
    except (Exception, SystemExit) as error:  # a composition may raise anything
        cause = error.error if isinstance(error, ProgramEndedError) else error.__cause__ or error
        if isinstance(cause, CaasError):
            raise cause from None
        raise _failed(error, recorder.asked) from error
    return recording


def _failed(error: BaseException, asked: Sequence[str]) -> CaasError:
    if asked and isinstance(error, AssertionError) and ON_THE_SPOT in str(error):
        functions = ", ".join(sorted(set(asked)))
        return CaasError(
            PROGRAM_FAILED,
            f"The program invokes functions of a cloud in their direct form: {functions}",
            where=_place(error),
            why="a preview has no credentials, so its answer can't be known",
            fix="Call the function whose name ends in `_output`; its answer may be unknown.",
        )
    what = f"The program failed: {type(error).__name__}"
    return CaasError(PROGRAM_FAILED, what, where=_place(error), why=str(error))


def _place(error: BaseException) -> Where:
    """The line of this checkout that raised it, as near to the cause as can be told."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(CHECKOUT) and "site-packages" not in frame.filename
    ]
    return Where(frames[-1].filename, frames[-1].lineno) if frames else NOWHERE
