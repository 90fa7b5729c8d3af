"""Bringing a plane up, from whatever state its processes are in; and taking it down in order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import urllib3

from errors import CaasError, Where, machine
from plane import pki, ports, process
from plane.health import Client, wait_for
from plane.process import ProcessSpec
from plane.progress import Step
from plane.registration import register
from plane.servers import (
    ETCD,
    KUBE_APISERVER,
    KUBE_CONTROLLER_MANAGER,
    MACHINES,
    PlaneSite,
    preferred_ports,
    programs,
    suits,
    without_inherited,
)
from plane.state import State

if TYPE_CHECKING:
    from plane.binaries import Binaries

READY_SECONDS = 180.0
# A process of an earlier start that does not answer for so long is taken for stuck.
STUCK_SECONDS = 15.0
# How often a controller may end and be started again within one start.
RESTARTS = 2
STRAY_SECONDS = 1.0
# Seconds between SIGTERM and SIGKILL, in the order of stopping. The API server would wait for
# open watches up to a minute; it holds nothing that etcd does not have.
CONTROLLERS_STOP = 3.0
SERVERS_STOP = {KUBE_APISERVER.name: 3.0, ETCD.name: 5.0}

Chosen = Callable[[str, str], bool]
Probes = Mapping[str, Callable[[], bool]]


def completeness(wanted: Mapping[str, ProcessSpec], binaries: Binaries) -> str:
    """Changes when any process, or what is registered with the API server, has to change."""
    provided = [str(each.manifests) for each in binaries.providers.values()]
    fingerprints = [without_inherited(each.fingerprint) for each in wanted.values()]
    facts = [str(binaries.manifests), *provided, *fingerprints]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


def end_recorded(state: State, chosen: Chosen = lambda *_: True) -> None:
    """Ends and forgets the recorded processes that are chosen by name and fingerprint, in order."""
    controllers = [name for name in state.processes if name not in SERVERS_STOP]
    servers = [([name], grace) for name, grace in SERVERS_STOP.items()]
    for names, grace in ((controllers, CONTROLLERS_STOP), *servers):
        ending = [
            name
            for name in names
            if name in state.processes and chosen(name, state.processes[name].fingerprint)
        ]
        records = [state.processes.pop(name) for name in ending]
        process.end(filter(None, map(process.find, records)), grace)


class Startup:
    """One start of a plane, by the holder of its lock.

    Args:
        directory: the plane's folder.
        mark: what the plane's processes carry.
        place: makes a site out of an address and ports.
        binaries: what to run.
        step: advances by process.
    """

    def __init__(
        self,
        directory: Path,
        mark: str,
        place: Callable[[State], PlaneSite],
        binaries: Binaries,
        step: Step,
    ) -> None:
        self.file = directory / "plane.json"
        self.kubeconfig = directory / "kubeconfig"
        self.mark = mark
        self.place = place
        self.binaries = binaries
        self.step = step
        self.state = State.read(self.file)
        self.components = place(self.state).components
        self.tries = {each.name: RESTARTS for each in place(self.state).clients}
        self.launched: set[str] = set()

    def run(self) -> None:
        """Ends what is not wanted, starts what is missing, and waits until all of it answers."""
        self.state.complete = ""
        self.end_strays()
        self.choose_place()
        self.end_outdated()
        self.save()
        client = Client(self.site.pki)
        try:
            self.bring_up(client)
        except urllib3.exceptions.HTTPError as error:
            self.check_alive([ETCD.name, KUBE_APISERVER.name])
            raise self.not_ready([KUBE_APISERVER.name], str(error)) from error
        finally:
            client.close()
        self.state.complete = completeness(self.wanted, self.binaries)
        self.save()

    def end_strays(self) -> None:
        """Ends processes of this plane that no record knows, then forgets those that ended."""
        alive = {name: process.find(record) for name, record in self.state.processes.items()}
        known = {found.pid for found in alive.values() if found}
        strays = [each for each in process.members(self.mark) if each.pid not in known]
        process.end(strays, STRAY_SECONDS)
        for name, found in alive.items():
            if found is None:
                del self.state.processes[name]

    def choose_place(self) -> None:
        """Keeps the address and the ports, except those that another program uses now."""
        if not self.state.address or self.address_is_lost():
            end_recorded(self.state)
            self.state.address = ports.choose_address(Path(self.mark))
            self.state.ports = {}
        running = [each for each in self.components if each.name in self.state.processes]
        served = {port for each in running for port in each.ports}
        address, kept = self.state.address, self.state.ports
        wanted = {
            name: preferred
            for name, preferred in preferred_ports(self.components).items()
            if name not in served
            and (name not in kept or not ports.comes_free(address, kept[name]))
        }
        rest = {name: port for name, port in kept.items() if name not in wanted}
        self.state.ports = rest | ports.choose_ports(address, wanted, set(rest.values()))
        self.site = self.place(self.state)

    def address_is_lost(self) -> bool:
        """True if another program listens on the ports of the simulated clusters."""
        if MACHINES in self.state.processes:
            return False
        return not all(ports.comes_free(self.state.address, port) for port in ports.FIXED_PORTS)

    def end_outdated(self) -> None:
        """Renews certificates, and ends processes that have to run otherwise from now on."""
        folder, server = self.site.pki, self.site.server
        pki.ensure(folder, self.site.address, self.site.leaves)
        for each in self.site.clients:
            pki.write_kubeconfig(folder / f"{each.name}.kubeconfig", folder, each.name, server)
        pki.write_kubeconfig(self.kubeconfig, folder, "admin", server)
        self.wanted = programs(self.site, self.binaries)
        end_recorded(self.state, self.is_outdated)

    def is_outdated(self, name: str, running: str) -> bool:
        """True if a process with this fingerprint must be restarted or stopped."""
        return name not in self.wanted or not suits(self.wanted[name].fingerprint, running)

    def bring_up(self, client: Client) -> None:
        """Starts the processes in the order of their needs, as much at once as can be."""

        def probe(scheme: str, port: str, path: str) -> Callable[[], bool]:
            url = f"{scheme}://{self.site.address}:{self.site.ports[port]}/{path}"
            return lambda: client.answers(url)

        self.launch(ETCD.name, KUBE_APISERVER.name)
        self.await_ready({ETCD.name: probe("https", ETCD.serves, "health")})
        self.await_ready({KUBE_APISERVER.name: probe("https", KUBE_APISERVER.serves, "readyz")})
        self.launch(KUBE_CONTROLLER_MANAGER.name)
        register(client, self.site, self.binaries, self.step)
        self.launch(*(each.name for each in self.site.managers))
        controller_manager = KUBE_CONTROLLER_MANAGER
        probes = {controller_manager.name: probe("https", controller_manager.serves, "healthz")}
        for each in self.site.managers:
            probes[each.name] = probe("http", f"{each.name}-health", "readyz")
        self.await_ready(probes)

    def launch(self, *names: str) -> None:
        """Starts those that do not run, and records each at once."""
        for name in names:
            if name not in self.state.processes:
                log = self.site.log(name)
                self.state.processes[name] = process.spawn(self.wanted[name], self.mark, log)
                self.launched.add(name)
                self.save()

    def await_ready(self, probes: Probes) -> None:
        """Waits until all answer; one that ran before and does not is started anew."""
        stuck = self.wait({n: ready for n, ready in probes.items() if n not in self.launched}, True)
        end_recorded(self.state, lambda name, _: name in stuck)
        self.launch(*stuck)
        if missing := self.wait(probes):
            raise self.not_ready(missing, f"no answer for {READY_SECONDS:.0f} s")

    def wait(self, probes: Probes, briefly: bool = False) -> list[str]:
        """The names that still do not answer at the limit."""

        def between(missing: list[str]) -> None:
            self.check_alive(list(self.state.processes))
            answering = len(self.state.processes) - len(missing)
            self.step.advance(answering, len(self.components), ", ".join(missing))

        return wait_for(probes, STUCK_SECONDS if briefly else READY_SECONDS, between)

    def check_alive(self, names: list[str]) -> None:
        """Raises for one that ended; a controller is given another try, as Kubernetes would."""
        for name in names:
            record = self.state.processes[name]
            if process.find(record) is not None:
                continue
            if self.tries.get(name, 0) > 0:
                self.tries[name] -= 1
                del self.state.processes[name]
                self.launch(name)
                continue
            log = self.site.log(name)
            raise CaasError(
                machine.PROCESS_EXITED,
                f"{name} ended while the plane was starting.",
                where=Where(file=str(log)),
                why=process.tail(log, record.log_start) or "its log is empty",
            )

    def not_ready(self, names: list[str], why: str) -> CaasError:
        """The error about processes that run but do not answer."""
        log = self.site.log(names[0])
        record = self.state.processes.get(names[0])
        lines = process.tail(log, record.log_start) if record else ""
        return CaasError(
            machine.NOT_READY_IN_TIME,
            f"Not ready: {', '.join(names)}.",
            where=Where(file=str(log)),
            why=f"{why}\n{lines}".strip(),
        )

    def save(self) -> None:
        """Writes the state file."""
        self.state.write(self.file)
