"""Running the unmodified Pulumi program in this process, and recording what it registers.

Without the pulumi CLI the program runs on Pulumi's own test monitor. Nothing is applied here: the
result is the list of resources, and from it the Kubernetes objects in the order of their
dependencies.
"""

from __future__ import annotations

import runpy
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import mocks, rpc
from pulumi.runtime.proto import resource_pb2

from components.manifest import Manifest
from embedded.objects import Key
from errors import NOWHERE, CaasError, Where
from errors.program import PROGRAM_FAILED
from stacks.paths import CHECKOUT
from stacks.settings import PROJECT, as_pulumi_config

KUBERNETES = "kubernetes:"
PROVIDER = "pulumi:providers:"


@dataclass(frozen=True, slots=True)
class Resource:
    """One registered resource, as the engine would have got it."""

    urn: str
    type: str
    name: str
    inputs: dict[str, Any]
    parent: str
    dependencies: tuple[str, ...]
    custom: bool
    protect: bool

    @property
    def is_object(self) -> bool:
        """Whether it is an object on the management cluster."""
        return self.type.startswith(KUBERNETES) and "kind" in self.inputs


@dataclass(slots=True)
class Recording:
    """Everything that a run registered, in the order of registration."""

    resources: list[Resource] = field(default_factory=list)

    def waves(self) -> list[list[Manifest]]:
        """The Kubernetes objects in groups; each group depends only on earlier ones."""
        resources = {resource.urn: resource for resource in self.resources}
        depth: dict[str, int] = {}
        for resource in self.resources:  # a resource is registered after what it depends on
            before = [depth.get(urn, -1) for urn in (*resource.dependencies, resource.parent)]
            own = 1 if resource.is_object else 0
            depth[resource.urn] = max(before, default=-1) + own
        groups: dict[int, list[Manifest]] = {}
        for urn, level in depth.items():
            if resources[urn].is_object:
                groups.setdefault(level, []).append(resources[urn].inputs)
        return [sorted(groups[level], key=Key.of) for level in sorted(groups)]

    def objects(self) -> list[Manifest]:
        """The Kubernetes objects, dependencies first."""
        return [manifest for wave in self.waves() for manifest in wave]


class _Recorder(mocks.MockMonitor):
    """The test monitor, keeping whole requests; outputs of a resource are its inputs."""

    def __init__(self, recording: Recording) -> None:
        super().__init__(_NoFunctions())
        self.recording = recording

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the engine's protocol
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type != "pulumi:pulumi:Stack" and not request.type.startswith(PROVIDER):
            self.recording.resources.append(_resource(request, urn))
        # Providers need an id to be referred to; of other resources only creation would tell it.
        known = f"{request.name}-id" if request.type.startswith(PROVIDER) else ""
        return resource_pb2.RegisterResourceResponse(urn=urn, id=known, object=request.object)


class _NoFunctions(mocks.Mocks):
    """Nothing is known that a cloud would have to be asked for."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return None, args.inputs

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        return {}, None


def _resource(request: resource_pb2.RegisterResourceRequest, urn: str) -> Resource:
    return Resource(
        urn=urn,
        type=request.type,
        name=request.name,
        inputs=_plain(rpc.deserialize_properties(request.object)),
        parent=request.parent,
        dependencies=tuple(sorted(request.dependencies)),
        custom=request.custom,
        protect=bool(request.protect),
    )


def _plain(value: Any) -> Any:
    """The value as it was given: the engine's protocol keeps no order and has only doubles."""
    if isinstance(value, dict):
        return {key: _plain(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


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
    pulumi.runtime.set_all_config(as_pulumi_config(file))
    mocks.set_mocks(
        mocks=_NoFunctions(),
        project=PROJECT,
        stack=stack,
        preview=True,
        monitor=_Recorder(recording),
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
        what = f"The program failed: {type(error).__name__}"
        raise CaasError(PROGRAM_FAILED, what, where=_place(error), why=str(error)) from error
    return recording


def _place(error: BaseException) -> Where:
    """The line of this checkout that raised it, as near to the cause as can be told."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(CHECKOUT) and "site-packages" not in frame.filename
    ]
    return Where(frames[-1].filename, frames[-1].lineno) if frames else NOWHERE
