"""Quotas: what a stack needs, and what is too small; nothing of a cloud is asked."""

from __future__ import annotations

from components.cluster.settings import Cluster
from components.infrastructure.machine_types import MachineType
from components.infrastructure.openstack.quota import WORDS, addresses, needed, quota_problems
from errors.openstack import QUOTA_TOO_SMALL
from tests.unit.planned import cluster

TYPES = {"medium": MachineType("medium", 4, 16)}


def stack(**settings: object) -> list[Cluster]:
    return [Cluster.model_validate(cluster(**settings))]


def test_enough_is_no_problem() -> None:
    need = needed(stack(), TYPES)
    assert list(quota_problems(need, need)) == []
    assert list(quota_problems(dict.fromkeys(need, -1), need)) == []
    assert list(quota_problems(dict.fromkeys(need), need)) == []
    assert list(quota_problems({}, need)) == []


def test_one_too_few_is_one_problem_each() -> None:
    need = needed(stack(), TYPES)
    problems = list(quota_problems({item: least - 1 for item, least in need.items()}, need))
    assert {problem.code for problem in problems} == {QUOTA_TOO_SMALL}
    assert len(problems) == sum(least > 0 for least in need.values())
    assert all(str(need[item]) in " ".join(p.what for p in problems) for item in ("instances",))


def test_everything_has_a_word() -> None:
    assert set(needed(stack(), TYPES)) == set(WORDS)


def test_need_counts_rollouts_autoscaling_and_disks() -> None:
    pool = {
        "name": "general",
        "autoscaling": {"min": 1, "max": 4},
        "machine": {"disk": {"sizeGiB": 20}, "dataDisks": [{"name": "a", "sizeGiB": 30}]},
    }
    need = needed(stack(workerPools=[pool]), TYPES)
    assert need["instances"] == (1 + 1) + (4 + 1)
    assert need["cores"] == 4 * need["instances"]
    assert need["memoryMiB"] == 16 * 1024 * need["instances"]
    assert need["volumes"] == 2 * 2 + 5 * 2, "root and etcd disk; root and data disk"
    assert need["gigabytes"] == 2 * (50 + 10) + 5 * (20 + 30)
    assert (need["serverGroups"], need["serverGroupMembers"]) == (1, 2)


def test_unknown_flavors_count_as_machines_only() -> None:
    need = needed(stack(), {})
    assert (need["cores"], need["instances"]) == (0, 5)


def test_addresses_leave_room_for_load_balancers() -> None:
    assert addresses(stack()) == 5 + 3 + 5
