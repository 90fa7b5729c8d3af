"""Rules about money: what the machines of a stack may cost in a month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from components.cluster_object import MACHINE_TYPE, DeclaredCluster, DeclaredGroup
from components.mappings import Props, entries, section
from policies.rules.frameworks import CAAS
from policies.rules.rule import ADVISORY, MANDATORY, MEDIUM, Context, Rule
from policies.settings import Parameter
from policies.subjects.machines import machine_spec, machine_type
from policies.subjects.resource import Item
from policies.subjects.subject import RegisteredStack, StackSubject, is_machine

TITLE = "Money"
CEILING = "stack-costs-within-ceiling"
MONTHLY_CEILING = "monthlyCeiling"
MACHINE_PRICES = "machinePrices"


@dataclass(frozen=True, slots=True)
class FleetMachines:
    """The machines of a stack.

    Attributes:
        counts: how many there may be of each machine type; the autoscaler's most.
    """

    counts: dict[str, int]

    @property
    def total(self) -> int:
        """The largest number of machines."""
        return sum(self.counts.values())


def _fleet(stack: RegisteredStack) -> Iterator[tuple[Item, FleetMachines]]:
    counts: dict[str, int] = {}
    templates = {
        str(item.metadata.get("name")): machine_type(machine_spec(item))
        for item in stack.every()
        if is_machine(item.kind)
    }
    classes = {str(item.metadata.get("name")): item for item in stack.of("ClusterClass")}
    for item in stack.clusters:
        cluster = DeclaredCluster(item.props)
        of = classes.get(cluster.class_name)
        plane = section(of.spec, "controlPlane", "machineInfrastructure") if of else {}
        _count(counts, cluster.control_plane, templates.get(_template(plane), ""))
        workers = entries(of.spec, "workers", "machineDeployments") if of else []
        worker = section(workers[0], "infrastructure") if workers else {}
        for pool in cluster.pools:
            _count(counts, pool, templates.get(_template(worker), ""))
    if counts:
        yield stack.clusters[0], FleetMachines(counts)


def _template(part: Props) -> str:
    return str(section(part, "templateRef").get("name") or "")


def _count(counts: dict[str, int], group: DeclaredGroup, default: str) -> None:
    kind = str(group.variable(MACHINE_TYPE) or default or "the class's type")
    counts[kind] = counts.get(kind, 0) + group.most


def _affordable(fleet: FleetMachines, context: Context) -> Iterator[str]:
    ceiling, prices = context[MONTHLY_CEILING], context[MACHINE_PRICES]
    if not ceiling:
        return
    unpriced = sorted(kind for kind in fleet.counts if kind not in prices)
    if unpriced:
        yield f"its cost is unknown: there is no price of {', '.join(unpriced)}"
    costs = sum(count * prices.get(kind, 0.0) for kind, count in fleet.counts.items())
    if costs > ceiling:
        yield f"its machines cost up to {costs:,.0f} a month, more than {ceiling:,.0f}"


def _few(fleet: FleetMachines, context: Context) -> Iterator[str]:
    if context["most"] and fleet.total > context["most"]:
        yield f"it may have {fleet.total} machines, more than {context['most']}"


MACHINES = StackSubject("the machines of all clusters of a stack", _fleet)
RULES: tuple[Rule[FleetMachines], ...] = (
    Rule(
        CEILING,
        "The machines of a stack cost no more than its ceiling.",
        MEDIUM,
        MANDATORY,
        CAAS,
        "Use fewer or smaller machines, lower `autoscaling.max`, or raise the ceiling.",
        MACHINES,
        _affordable,
        (
            Parameter(
                MONTHLY_CEILING,
                float,
                0.0,
                "the highest cost of all machines in a month; 0: no limit",
            ),
            Parameter(
                MACHINE_PRICES,
                dict[str, float],
                {},
                "the cost of a machine in a month, by type; caas adds its price list",
            ),
        ),
    ),
    Rule(
        "stack-has-few-machines",
        "A stack has no more machines than the parameter allows.",
        MEDIUM,
        ADVISORY,
        CAAS,
        "Use fewer machines, lower `autoscaling.max`, or raise the parameter.",
        MACHINES,
        _few,
        (Parameter("most", int, 0, "the largest number of machines of all clusters; 0: no limit"),),
    ),
)
