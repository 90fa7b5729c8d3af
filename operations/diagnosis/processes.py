"""The plane's own processes: while one is dead, nothing that its clusters say can be trusted."""

from __future__ import annotations

from errors import CaasError, Problem, Where
from errors.program import API_SERVER_UNREACHABLE
from errors.runtime import PROCESS_NOT_RUNNING
from plane.plane import Plane


def dead_processes(plane: Plane, stack: str) -> list[Problem]:
    """A problem for each process of the plane that should run and does not.

    Raises:
        CaasError: CAAS-3011 when none runs: the plane is stopped, which is no failure of it.
    """
    processes = plane.processes()
    if not any(process.running for process in processes):
        raise CaasError(
            API_SERVER_UNREACHABLE,
            f"The management plane of the stack `{stack}` is not running",
            where=Where(file=str(plane.kubeconfig)),
        )
    return [
        Problem(
            PROCESS_NOT_RUNNING,
            f"`{process.name}` of the management plane does not run",
            Where(file=str(plane.directory / "logs" / f"{process.name}.log")),
            fix=f"Run `./caas setup {stack}` to start it; the log has the reason of its exit.",
        )
        for process in processes
        if not process.running
    ]
