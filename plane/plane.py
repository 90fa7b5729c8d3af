"""The embedded management plane: a real API server and real Cluster API controllers, as plain
processes of this machine, without Docker and without root."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from errors import CaasError, Where, machine
from plane import pki, process
from plane.binaries.providers import controller
from plane.health import Client
from plane.lock import hold
from plane.progress import Progress
from plane.servers import PlaneSite, preferred_ports, programs, suits
from plane.startup import STRAY_SECONDS, Startup, completeness, end_recorded
from plane.state import State

if TYPE_CHECKING:
    from components.infrastructure.interface import Provider
    from plane.binaries import Binaries

FREE_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True)
class ProcessState:
    """The state of one process of the plane.

    Attributes:
        name: `etcd`, `kube-apiserver`, `kube-controller-manager`, `core-manager`, …
        pid: its process id; None when it does not run.
        running: whether it runs.
        port: where it serves; None before the first start.
    """

    name: str
    pid: int | None
    running: bool
    port: int | None


class Plane:
    """One management plane, kept in one folder.

    Everything listens on a loopback address that belongs to the folder, so several planes run
    beside each other.

    Args:
        directory: where its state, certificates, database and logs are.
        disposable: the database skips fsync: faster, and lost when the machine loses power.
        tuned: give the flags for speed; False only to measure against them.
        providers: infrastructure providers whose controllers run beside the in-memory one; they
            have to be among the binaries that it is started with.
        containers: machines are containers of Docker, which the plane must find.

    Raises:
        CaasError: CAAS-2120 there is no controller of a provider for the embedded plane.
    """

    def __init__(
        self,
        directory: Path,
        *,
        disposable: bool = True,
        tuned: bool = True,
        providers: Sequence[Provider] = (),
        containers: bool = False,
    ) -> None:
        for provider in providers:
            controller(provider)
        self.providers = tuple(providers)
        self.directory = directory.absolute()
        self.disposable = disposable
        self.tuned = tuned
        self.containers = containers

    @property
    def kubeconfig(self) -> Path:
        """The admin's kubeconfig, mode 0600."""
        return self.directory / "kubeconfig"

    @property
    def _state_file(self) -> Path:
        return self.directory / "plane.json"

    @property
    def _mark(self) -> str:
        return str(self.directory.resolve())

    def start(self, binaries: Binaries, progress: Progress) -> bool:
        """Makes the plane run and answer, whatever is missing: everything, or one process.

        Args:
            binaries: what to run.
            progress: gets one step.

        Returns:
            True if anything had to be started.

        Raises:
            CaasError: CAAS-2100 another run is starting or stopping it; CAAS-2101 its folder
                can't be written; CAAS-2102 the disk is full; CAAS-2103 no port is free; CAAS-2104
                a process ended; CAAS-2105 it is not ready in time; CAAS-2106 and CAAS-2107 Cluster
                API's definitions were refused or can't be read.
        """
        if self._is_complete(binaries):
            return False
        with self._writing():
            for folder in (self.directory, self.directory / "logs"):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._check_space()
        with hold(self.directory / "plane.lock", "start the management plane"), self._writing():
            if self._is_complete(binaries):
                return False
            step = progress.step("management plane")
            Startup(self.directory, self._mark, self._site, binaries, step).run()
        return True

    def stop(self) -> None:
        """Stops every process and keeps the data; does nothing when nothing runs.

        Raises:
            CaasError: CAAS-2100 another run is starting or stopping it.
        """
        if not self.directory.is_dir():
            return
        with hold(self.directory / "plane.lock", "stop the management plane"):
            self._end_all()

    def destroy(self) -> None:
        """Stops every process and removes the folder.

        Raises:
            CaasError: CAAS-2100 another run is starting or stopping it.
        """
        if not self.directory.is_dir():
            return
        with hold(self.directory / "plane.lock", "remove the management plane"):
            self._end_all()
            shutil.rmtree(self.directory)

    def processes(self) -> list[ProcessState]:
        """Every process of the plane, in the order of starting."""
        state = State.read(self._state_file)
        found = []
        for each in self._site(state).components:
            record = state.processes.get(each.name)
            running = process.find(record) if record else None
            pid = running.pid if running else None
            port = state.ports.get(each.serves)
            found.append(ProcessState(each.name, pid, running is not None, port))
        return found

    def _site(self, state: State) -> PlaneSite:
        return PlaneSite(
            self.directory,
            state.address,
            state.ports,
            self.disposable,
            self.tuned,
            self.providers,
            self.containers,
        )

    def _is_complete(self, binaries: Binaries) -> bool:
        """True if the plane is the one that was last ready, with all processes alive and
        healthy."""
        state = State.read(self._state_file)
        site = self._site(state)
        if not state.complete or not pki.is_current(site.pki, state.address, site.leaves):
            return False
        if not preferred_ports(site.components).keys() <= state.ports.keys():
            return False
        wanted = programs(site, binaries)
        if state.complete != completeness(wanted, binaries):
            return False
        if not all(
            name in state.processes and suits(each.fingerprint, state.processes[name].fingerprint)
            for name, each in wanted.items()
        ):
            return False
        if not all(process.find(record) for record in state.processes.values()):
            return False
        client = Client(site.pki)
        # The API server goes on saying that it is ready for a while when etcd hangs.
        probes = (f"{site.database}/health", f"{site.server}/readyz")
        ready = all(client.answers(probe) for probe in probes)
        client.close()
        return ready

    def _end_all(self) -> None:
        state = State.read(self._state_file)
        end_recorded(state)
        process.end(process.members(self._mark), STRAY_SECONDS)
        state.complete = ""
        if state.address:
            with self._writing():
                state.write(self._state_file)

    def _check_space(self) -> None:
        free = shutil.disk_usage(self.directory).free
        if free < FREE_BYTES:
            raise CaasError(
                machine.STATE_DISK_FULL,
                f"Only {free // 2**20} MB are free; the plane needs {FREE_BYTES // 2**20} MB.",
                where=Where(file=str(self.directory)),
            )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Turns what the file system refuses into the error that says so."""
        try:
            yield
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            raise CaasError(
                machine.STATE_DISK_FULL if full else machine.STATE_NOT_WRITABLE,
                "The plane's folder can't be written.",
                where=Where(file=str(error.filename or self.directory)),
                why=error.strerror or str(error),
            ) from error
