"""Running the unmodified Pulumi program in this process, and recording what it registers.

Without the pulumi CLI the program runs on Pulumi's own test monitor. Nothing is applied here: the
result is the list of resources, and from it the Kubernetes objects in the order of their
dependencies.
"""

from __future__ import annotations

import runpy
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import mocks
from pulumi.runtime.proto import resource_pb2

from components.manifest import Manifest
from embedded.objects import Key
from embedded.values import plain
from errors import NOWHERE, CaasError, Where
from errors.program import PROGRAM_FAILED
from stacks.paths import CHECKOUT
from stacks.settings import PROJECT, as_pulumi_config

KUBERNETES = "kubernetes:"
PROVIDER = "pulumi:providers:"
ON_THE_SPOT = "get can only be used with classes decorated"
"""What the SDK says when a function that has no answer yet is not called as an output."""


CONTENT = {"data", "stringData", "spec"}
"""What an object is about; who ignores changes of it wants it made once, and then left alone."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One registered resource, as the engine would have got it.

    Attributes:
        inputs: its properties as they may be shown: `[secret]` for secrets, and a marker for what
            is known only after creation.
        ignored: properties whose changes the engine ignores.
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
    given: dict[str, Any] | None = field(default=None, repr=False, compare=False)

    @property
    def is_object(self) -> bool:
        """Whether it is an object on the management cluster."""
        return self.type.startswith(KUBERNETES) and "kind" in self.inputs

    @property
    def is_foreign(self) -> bool:
        """Whether only the pulumi CLI can make it: of a cloud, a Helm release."""
        return self.custom and not self.is_object

    @property
    def is_made_once(self) -> bool:
        """Whether it is an object that is left alone when it exists."""
        return self.is_object and not CONTENT.isdisjoint(self.ignored)


@dataclass(slots=True)
class Recording:
    """Everything that a run registered, in the order of registration."""

    resources: list[Resource] = field(default_factory=list)

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
        """What only the pulumi CLI can make, by type and name."""
        found = (resource for resource in self.resources if resource.is_foreign)
        return sorted(found, key=lambda resource: (resource.type, resource.urn))


class _Recorder(mocks.MockMonitor):
    """The test monitor, keeping whole requests; outputs of a resource are its inputs."""

    def __init__(self, recording: Recording) -> None:
        super().__init__(_Nothing())
        self.recording = recording
        self.asked: list[str] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the engine's protocol
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type != "pulumi:pulumi:Stack" and not request.type.startswith(PROVIDER):
            self.recording.resources.append(_resource(request, urn))
        # Providers need an id to be referred to; of other resources only creation would tell it.
        known = f"{request.name}-id" if request.type.startswith(PROVIDER) else ""
        return resource_pb2.RegisterResourceResponse(urn=urn, id=known, object=request.object)

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
    """What the test monitor wants to have; the recorder answers everything itself."""

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


def run_program(stack: str, file: Path) -> Recording:
    """Runs `__main__.py` for one stack and records what it registers.

    Args:
        stack: the stack's name.
        file: the stack file.

    Raises:
        CaasError: everything that is wrong with the stack file, or CAAS-3001 when the program
            itself fails.
    """
    recording = Recording()
    recorder = _Recorder(recording)
    pulumi.runtime.set_all_config(as_pulumi_config(file))
    mocks.set_mocks(
        mocks=_Nothing(),
        project=PROJECT,
        stack=stack,
        preview=True,
        monitor=recorder,
    )

    @pulumi.runtime.test
    def program() -> None:
        runpy.run_path(str(CHECKOUT / "__main__.py"), run_name="__main__")

    try:
        program()
    except (Exception, SystemExit) as error:  # a composition may raise anything
        cause = error.__cause__ if isinstance(error, pulumi.RunError) else error
        if isinstance(cause, CaasError):
            raise cause from None
        raise _failed(error, recorder.asked) from error
    return recording


def _failed(error: BaseException, asked: Sequence[str]) -> CaasError:
    if asked and isinstance(error, AssertionError) and ON_THE_SPOT in str(error):
        return CaasError(
            PROGRAM_FAILED,
            f"The program asks a cloud on the spot: {', '.join(sorted(set(asked)))}",
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
