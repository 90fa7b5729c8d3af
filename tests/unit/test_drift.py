"""Telling who changed what, on objects as an API server writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from engine.objects import Digests, Key, digests
from engine.owners import FieldOwner, Hand, Owners
from engine.plan.objects import ObjectChange, Operation
from errors import Code
from errors.drift import (
    ADDED_BY_HAND,
    CHANGED_BY_HAND,
    NOT_APPLIED_YET,
    OBJECT_DELETED,
    OVERRIDDEN_BY_CONTROLLER,
)
from operations.drift.differences import ABSENT, additions, differences, written
from operations.drift.judge import DriftFinding, Look

Manifest = dict[str, Any]


def manifest(spec: Any, *entries: Manifest, kind: str = "Thing") -> Manifest:
    metadata = {"name": "it", "namespace": "here", "managedFields": list(entries)}
    return {"apiVersion": "example.com/v1", "kind": kind, "metadata": metadata, "spec": spec}


def entry(manager: str, fields: Manifest, **more: Any) -> Manifest:
    return {
        "manager": manager,
        "operation": "Update",
        "apiVersion": "example.com/v1",
        "time": "2026-11-25T07:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:spec": fields},
    } | more


def judged(
    before: Manifest, after: Manifest, applied: Digests | None, secret: Manifest | None = None
) -> list[DriftFinding]:
    """The findings; the stack's digest is `now`."""
    key = Key.of(before)
    look = Look(applied, {str(key): "now"}, {key: secret} if secret else {})
    return list(look.change(ObjectChange(Operation.UPDATE, key, before, after, after)))


def said(findings: Sequence[DriftFinding]) -> list[tuple[Code, str]]:
    return [(each.code, each.path) for each in findings]


KEY = "example.com/v1/Thing/here/it"
SAME = {KEY: "now"}
OTHER = {KEY: "then"}
POOLS = {"f:pools": {'k:{"name":"a"}': {".": {}, "f:name": {}, "f:size": {}}}}


@pytest.mark.parametrize(
    ("manager", "hand", "typed"),
    [
        ("caas", Hand.STACK, False),
        ("pulumi-kubernetes-7c1e9ab3", Hand.STACK, False),
        ("capi-topology", Hand.CONTROLLER, False),
        ("core-manager", Hand.CONTROLLER, False),
        ("manager", Hand.CONTROLLER, False),
        ("clusterctl", Hand.CONTROLLER, False),
        ("argocd-application-controller", Hand.CONTROLLER, False),
        ("cluster-autoscaler", Hand.CONTROLLER, False),
        ("kubectl-edit", Hand.PERSON, True),
        ("OpenAPI-Generator", Hand.PERSON, True),
        ("Mozilla", Hand.PERSON, True),
        ("terraform", Hand.PERSON, False),
    ],
)
def test_whose_hand_a_manager_is(manager: str, hand: Hand, typed: bool) -> None:
    owner = FieldOwner(manager, "", {})
    assert (owner.hand, owner.is_typed) == (hand, typed)


@pytest.mark.parametrize("applied", [SAME, OTHER, None])
def test_who_changed_it_is_in_the_fields(applied: Digests | None) -> None:
    for manager, code in (
        ("kubectl-edit", CHANGED_BY_HAND),
        ("terraform", CHANGED_BY_HAND),
        ("core-manager", OVERRIDDEN_BY_CONTROLLER),
        ("caas", NOT_APPLIED_YET),
    ):
        before = manifest({"size": 2}, entry(manager, {"f:size": {}}))
        (finding,) = judged(before, manifest({"size": 1}), applied)
        assert (finding.code, finding.path, finding.found, finding.wanted) == (
            code,
            "spec.size",
            2,
            1,
        )


@pytest.mark.parametrize(
    ("applied", "code"),
    [(SAME, CHANGED_BY_HAND), (OTHER, NOT_APPLIED_YET), (None, NOT_APPLIED_YET)],
)
def test_what_is_gone_is_told_by_the_last_apply(applied: Digests | None, code: Code) -> None:
    before = manifest({"a": 1}, entry("kubectl-edit", {"f:a": {}}), entry("caas", {"f:b": {}}))
    (finding,) = judged(before, manifest({"a": 1, "b": 2}), applied)
    assert (finding.code, finding.path, finding.found) == (code, "spec.b", ABSENT)
    default = manifest({"mode": "default"})
    assert said(judged(default, manifest({"mode": "mine"}), applied)) == [(code, "spec.mode")]


@pytest.mark.parametrize(("applied", "code"), [(SAME, OBJECT_DELETED), (None, NOT_APPLIED_YET)])
def test_an_object_that_is_not_there(applied: Digests | None, code: Code) -> None:
    wanted = manifest({})
    look = Look(applied, SAME, {})
    change = ObjectChange(Operation.CREATE, Key.of(wanted), None, wanted, wanted)
    assert [each.code for each in look.change(change)] == [code]


def test_a_key_that_was_deleted_is_not_made_anew_lightly() -> None:
    wanted = manifest({}, kind="Secret")
    key = Key.of(wanted)
    change = ObjectChange(Operation.CREATE, key, None, wanted, wanted)
    (finding,) = Look({str(key): "now"}, {}, {}, {key}).change(change)
    assert (finding.code, finding.healed) == (OBJECT_DELETED, False)
    assert "before the next `./caas up local`" in finding.problem("local").remedy
    (pending,) = Look({}, {}, {}, {key}).change(change)
    assert (pending.code, pending.healed) == (NOT_APPLIED_YET, True)


def test_items_of_lists_are_found_by_what_tells_them_apart() -> None:
    before = manifest(
        {"pools": [{"name": "b", "size": 1}, {"name": "a", "size": 9}]},
        entry("caas", {"f:pools": {'k:{"name":"b"}': {".": {}, "f:name": {}, "f:size": {}}}}),
        entry("kubectl-patch", {"f:pools": {'k:{"name":"a"}': {"f:size": {}}}}),
    )
    after = manifest({"pools": [{"name": "a", "size": 1}, {"name": "b", "size": 1}]})
    assert said(judged(before, after, SAME)) == [(CHANGED_BY_HAND, "spec.pools[name=a].size")]
    (difference,) = differences(before, after)
    assert [owner.manager for owner in difference.owners.all] == ["kubectl-patch"]


def test_a_list_that_is_one_value() -> None:
    before = manifest({"list": [1, 2]}, entry("kubectl-edit", {"f:list": {}}))
    assert said(judged(before, manifest({"list": [1]}), SAME)) == [(CHANGED_BY_HAND, "spec.list")]


def test_who_owns_all_of_a_thing_owns_what_is_in_it() -> None:
    before = manifest({"free": {"deep": {"a": 1}}}, entry("kubectl-edit", {"f:free": {}}))
    after = manifest({"free": {"deep": {"a": 2}}})
    assert said(judged(before, after, SAME)) == [(CHANGED_BY_HAND, "spec.free.deep.a")]


def test_what_a_guess_takes_away_from_others_is_nothing() -> None:
    before = manifest({"size": 1, "host": "x"}, entry("core-manager", {"f:host": {}}))
    assert judged(before, manifest({"size": 1}), SAME) == []


def test_entries_of_other_versions_and_of_the_status_say_nothing() -> None:
    before = manifest(
        {"size": 2},
        entry("kubectl-edit", {"f:size": {}}, apiVersion="example.com/v1beta1"),
        entry("kubectl-edit", {"f:size": {}}, subresource="status"),
    )
    assert not Owners.of(before).all
    (finding,) = judged(before, manifest({"size": 1}), SAME)
    assert (finding.code, finding.by) == (CHANGED_BY_HAND, None)


def test_values_of_secrets_are_never_shown() -> None:
    before = manifest({"key": "hush-1"}, entry("kubectl-edit", {"f:key": {}}), kind="Secret")
    after = manifest({"key": "hush-2"}, kind="Secret")
    thing = manifest({"key": "hush-1"}, entry("kubectl-edit", {"f:key": {}}))
    for findings in (
        judged(before, after, SAME),
        judged(thing, manifest({"key": "hush-2"}), SAME, manifest({"key": "[secret]"})),
    ):
        (finding,) = findings
        assert "hush" not in str(finding.as_dict("local")) + str(finding.problem("local"))
        assert "`spec.key` is `[secret]`" in finding.problem("local").what


def test_additions_are_whole_and_of_people_alone() -> None:
    found = manifest(
        {"pools": [{"name": "a", "size": 1}, {"name": "x", "size": 9}], "host": "h", "note": "n"},
        entry("caas", POOLS),
        entry("core-manager", {"f:host": {}}),
        entry("terraform", {"f:other": {}}),
        entry(
            "kubectl-edit",
            {
                "f:note": {},
                "f:size": {},
                "f:pools": {'k:{"name":"x"}': {".": {}, "f:name": {}, "f:size": {}}},
            },
        ),
    )
    found["spec"]["other"] = 1
    desired = manifest({"pools": [{"name": "a", "size": 1}]})
    told = {written(each.path): each.found for each in additions(found, desired)}
    assert told == {"spec.note": "n", "spec.pools[name=x]": {"name": "x", "size": 9}}
    look = Look(SAME, SAME, {})
    assert {each.code for each in look.additions(found, desired)} == {ADDED_BY_HAND}


def test_what_the_stack_sets_as_well_is_no_addition() -> None:
    found = manifest({"note": "n"}, entry("kubectl-edit", {"f:note": {}}))
    assert not list(additions(found, manifest({"note": "n"})))


def test_what_kubectl_notes_for_itself_is_no_addition() -> None:
    name = "kubectl.kubernetes.io/last-applied-configuration"
    found = manifest({}, entry("kubectl-client-side-apply", {}))
    found["metadata"]["annotations"] = {name: "{}", "mine": "x"}
    annotations = {".": {}, f"f:{name}": {}, "f:mine": {}}
    found["metadata"]["managedFields"][0]["fieldsV1"] = {
        "f:metadata": {"f:annotations": annotations}
    }
    (addition,) = additions(found, manifest({}))
    assert written(addition.path) == "metadata.annotations.mine"


def test_paths_are_written_as_they_are_typed() -> None:
    path = ("metadata", "labels", "example.com/tier", "[name=a]", "x")
    assert written(path) == 'metadata.labels["example.com/tier"][name=a].x'


def test_a_digest_changes_with_the_object_and_not_with_its_order() -> None:
    one, same = manifest({"a": 1, "b": 2}), manifest({"b": 2, "a": 1})
    assert digests([one]) == digests([same])
    assert list(digests([one])) == [KEY]
    assert digests([one]) != digests([manifest({"a": 1})])
