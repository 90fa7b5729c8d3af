"""The diagnosis of what providers and controllers report, source by source."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from components.infrastructure.failure_sign import FailureSign
from components.infrastructure.registry import BUILT_IN, infrastructure, infrastructures
from errors import Actor
from errors.registry import find
from operations.diagnosis import Inventory, diagnose
from operations.diagnosis.events import LIMIT, Event, read_events
from operations.diagnosis.inventory import Name
from tests.unit.reported import MACHINE, NOW, Report, reports, scene, sources

SOON = timedelta(minutes=10)
FOR_ALL_CLUSTERS = ("HelmChartProxy", "ClusterResourceSet")
each_report = pytest.mark.parametrize("report", reports(), ids=lambda report: report.id)


def signs(report: Report) -> tuple[FailureSign, ...]:
    """Those of the one infrastructure that the report is about."""
    there = report.file in infrastructures()
    return infrastructure(report.file).FAILURE_SIGNS if there else ()


@each_report
def test_the_report_is_the_only_problem(report: Report) -> None:
    of_one = report.kind not in FOR_ALL_CLUSTERS
    objects = scene(report, others=of_one)
    (found,) = diagnose(objects, signs=signs(report), patience=timedelta(), now=NOW).problems
    assert (found.code.id, found.object.kind) == (report.code, report.kind)
    if of_one:
        assert str(found.chain[0]) == "Cluster shop"
    assert found.problem().remedy


@each_report
def test_what_heals_by_itself_is_progress_at_first(report: Report) -> None:
    soon = diagnose(scene(report, others=False), patience=SOON, now=NOW)  # with every sign
    told = soon.progress if report.progress else soon.problems
    assert [each.code.id for each in told] == [report.code]


def test_each_file_names_its_source() -> None:
    assert {report.file for report in reports()} == set(sources())
    assert all(" v" in source for source in sources().values())


@pytest.mark.parametrize(
    "provider", sorted(each for each in BUILT_IN if infrastructure(each).PROVIDER)
)
def test_each_provider_tells_the_usual_causes_apart(provider: str) -> None:
    codes = {report.code for report in reports() if report.file == provider}
    assert {"CAAS-5080", "CAAS-5081", "CAAS-5084", "CAAS-5086", "CAAS-5098"} <= codes


def test_chain_leads_to_the_provider_s_object() -> None:
    report = next(each for each in reports() if each.kind == "AWSMachine")
    (found,) = diagnose(scene(report), now=NOW).problems
    assert [str(name) for name in found.chain] == [
        "Cluster shop",
        "MachineDeployment shop-pool",
        "MachineSet shop-pool",
        f"Machine {MACHINE}",
        f"AWSMachine {MACHINE}",
    ]
    assert "VcpuLimitExceeded" in found.why


def test_who_acts_is_told_in_text_and_json() -> None:
    codes = {report.code for report in reports()}
    actors = {code.actor for code in map(find, codes) if code}
    assert actors == {Actor.USER, Actor.PLATFORM}
    by_code = {report.code: report for report in reports()}
    for code, actor in (("CAAS-5082", "platform"), ("CAAS-5084", "user")):
        (found,) = diagnose(scene(by_code[code]), now=NOW).problems
        assert f". Fix ({actor}): " in str(found.problem())
        assert found.problem().as_dict()["actor"] == actor


def test_an_event_about_what_is_ready_by_now_counts_no_more() -> None:
    report = next(each for each in reports() if each.kind == "GCPMachine")
    given = report.given | {"status": {"ready": True}}
    assert diagnose(scene(replace(report, given=given), others=False), now=NOW).problems == ()


def test_an_event_of_before_does_not_overrule_the_condition_of_now() -> None:
    """Of two refusals the first has left an event; the condition tells of the second."""
    aws = {report.code: report for report in reports() if report.file == "aws"}
    quota, capacity = aws["CAAS-5082"], aws["CAAS-5083"]
    before = {"event": {"reason": "FailedCreate"}, "message": quota.given["message"]}
    only_event = {key: value for key, value in quota.given.items() if key != "condition"}
    event = scene(replace(quota, given=only_event | before), others=False)
    assert [each.code.id for each in diagnose(event, now=NOW).problems] == ["CAAS-5082"]
    told = scene(capacity, others=False)
    name = next(Name.of(each) for each in told if each["kind"] == "AWSMachine")
    both = Inventory(told.objects, {name: event.events(name)})
    assert [each.code.id for each in diagnose(both, now=NOW).problems] == ["CAAS-5083"]


def test_a_cluster_s_infrastructure_explains_its_machines() -> None:
    """A machine that waits for a cluster without network is not reported as a separate problem."""
    report = next(each for each in reports() if each.kind == "AWSCluster")
    inventory = scene(report)
    for each in inventory:
        if each["kind"] == "KubeadmControlPlane":
            condition = {"type": "Initialized", "status": "False", "reason": "NotInitialized"}
            each["status"]["conditions"].append(
                condition | {"lastTransitionTime": "2026-11-25T08:00:00Z"}
            )
    found = diagnose(inventory, patience=timedelta(), now=NOW).problems
    assert [each.object.kind for each in found] == ["AWSCluster"]


def test_an_add_on_is_told_with_the_clusters_that_it_matches() -> None:
    report = next(each for each in reports() if each.kind == "HelmChartProxy")
    given = report.given | {"status": {"matchingClusters": [{"name": "shop"}]}}
    matching = scene(replace(report, given=given), others=False)
    assert len(diagnose(matching.of_cluster("shop"), now=NOW).problems) == 1
    assert diagnose(matching.of_cluster("other"), now=NOW).problems == ()


def test_events_are_read_with_a_bound_newest_first() -> None:
    class Api:
        query: dict[str, str]

        def list(self, path: str, **query: str) -> list[dict[str, object]]:
            assert path == "/api/v1/namespaces/clusters/events"
            self.query = query
            about = {"kind": "GCPMachine", "name": "shop-0"}
            return [
                {
                    "metadata": {"creationTimestamp": "2026-11-25T07:00:00Z"},
                    "involvedObject": about,
                    "reason": reason,
                    "message": reason,
                    **times,
                }
                for reason, times in (
                    ("old", {"firstTimestamp": "2026-11-25T07:00:00Z", "lastTimestamp": None}),
                    (
                        "new",  # as events.k8s.io keeps it
                        {
                            "eventTime": "2026-11-25T07:00:00.000000Z",
                            "series": {"lastObservedTime": "2026-11-25T08:00:00.000000Z"},
                        },
                    ),
                )
            ]

    api = Api()
    found = read_events(api, "clusters")
    assert [event.reason for event in found] == ["new", "old"]
    assert found[0].since == found[1].since == found[1].last
    assert api.query["limit"] == str(LIMIT)
    assert api.query["fieldSelector"] == "type=Warning"
    assert isinstance(found[0], Event)
