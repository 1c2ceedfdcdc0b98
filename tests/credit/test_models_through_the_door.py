"""Industry models: drafted by one, approved by another, one active per domain, tried on history before."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from liangma.credit.v1 import events_pb2, models_pb2

from services.chassis.identity import Principal
from tests.credit.people import (
    ADMIN,
    CITY,
    DISTRICT,
    DOMAIN,
    FIRM,
    INSPECTOR,
    MODEL,
    PLANNER,
    PLANNING_HEAD,
    REVIEWER,
    SHOP,
    activate,
    person,
    publish,
)
from tests.support.house import House, Refused, houses

house = houses("credit")


def draft(house: House, by: Principal = PLANNER, **changes: Any) -> Any:
    return house.call("credit", "CreateIndustryModel", {"model": MODEL | changes}, by=by)


def approve(house: House, model_id: str, by: Principal = REVIEWER, **more: Any) -> Any:
    return house.call("credit", "ApproveIndustryModel", {"model_id": model_id} | more, by=by)


def state(model: Any) -> str:
    return models_pb2.ModelState.Name(model.state).removeprefix("MODEL_STATE_")


def test_a_draft_is_numbered_within_its_domain(house: House) -> None:
    assert [draft(house).model_version, draft(house).model_version] == [1, 2]
    assert draft(house, domain="消防").model_version == 1
    made = draft(house)
    assert (state(made), made.authority_id, made.created_by, made.etag) == ("DRAFT", CITY, "planner", "1")


def test_only_what_its_maker_may_choose_is_read(house: House) -> None:
    made = draft(house, state="MODEL_STATE_ACTIVE", authorityId=DISTRICT, approvedBy="me", modelVersion=9)
    assert (state(made), made.authority_id, made.approved_by, made.model_version) == ("DRAFT", CITY, "", 1)


@pytest.mark.parametrize("field", ["domain", "name", "indicators", "thresholds"])
def test_a_missing_field_is_named(house: House, field: str) -> None:
    with pytest.raises(Refused) as refusal:
        house.call(
            "credit", "CreateIndustryModel", {"model": {k: v for k, v in MODEL.items() if k != field}}, by=PLANNER
        )
    assert refusal.value.violations == {f"model.{field}": "REQUIRED"}


def test_weights_that_do_not_add_up_are_refused(house: House) -> None:
    with pytest.raises(Refused) as refusal:
        draft(house, indicators=MODEL["indicators"][:1])
    assert refusal.value.violations == {"model.indicators": "WEIGHTS"}


@pytest.mark.parametrize(
    ("changes", "violations"),
    [
        ({"domain": "领" * 101}, {"model.domain": "LENGTH"}),
        ({"name": "名" * 201}, {"model.name": "LENGTH"}),
        ({"thresholds": {"a": "NaN", "b": 2, "c": 1}}, {"model.thresholds": "ORDER"}),
    ],
)
def test_a_bad_model_is_refused_by_field(house: House, changes: Any, violations: dict[str, str]) -> None:
    with pytest.raises(Refused) as refusal:
        draft(house, **changes)
    assert refusal.value.violations == violations


def test_a_second_person_of_the_authority_approves(house: House) -> None:
    made = approve(house, draft(house).model_id)
    assert (state(made), made.approved_by) == ("ACTIVE", "reviewer")


def test_the_maker_does_not_approve_even_with_the_role(house: House) -> None:
    with pytest.raises(Refused) as refusal:
        approve(house, draft(house).model_id, by=PLANNING_HEAD)
    assert refusal.value.reason == "MAKER_APPROVES"


def test_another_authority_neither_approves_nor_edits(house: House) -> None:
    made = draft(house)
    outsider = person("outsider", "reviewer", "planner", authority=DISTRICT)
    for method, request in (
        ("ApproveIndustryModel", {"model_id": made.model_id}),
        ("DeleteIndustryModel", {"model_id": made.model_id}),
        ("UpdateIndustryModel", {"model": MODEL | {"modelId": made.model_id}}),
    ):
        with pytest.raises(Refused) as refusal:
            house.call("credit", method, request, by=outsider)
        assert refusal.value.reason == "NOT_YOURS"


def test_a_later_version_retires_the_former(house: House) -> None:
    first, second = approve(house, draft(house).model_id), draft(house)
    approve(house, second.model_id)
    listed = house.call("credit", "ListIndustryModels", {"domain": DOMAIN}, by=INSPECTOR).models
    assert {model.model_id: state(model) for model in listed} == {
        first.model_id: "RETIRED",
        second.model_id: "ACTIVE",
    }


def test_an_older_draft_may_replace_a_newer_version(house: House) -> None:
    older, newer = draft(house), draft(house)
    approve(house, newer.model_id)
    assert state(approve(house, older.model_id)) == "ACTIVE"
    active = house.call("credit", "ListIndustryModels", {"state": "MODEL_STATE_ACTIVE"}, by=INSPECTOR).models
    assert [model.model_id for model in active] == [older.model_id]


def test_a_draft_is_edited_and_dropped_and_what_rates_is_not(house: House) -> None:
    made = draft(house)
    edited = house.call(
        "credit", "UpdateIndustryModel", {"model": MODEL | {"modelId": made.model_id, "name": "新名"}}, by=PLANNER
    )
    assert (edited.name, edited.etag) == ("新名", "2")
    approve(house, made.model_id)
    for method, request in (
        ("UpdateIndustryModel", {"model": MODEL | {"modelId": made.model_id}}),
        ("DeleteIndustryModel", {"model_id": made.model_id}),
        ("ApproveIndustryModel", {"model_id": made.model_id}),
    ):
        with pytest.raises(Refused) as refusal:
            house.call("credit", method, request, by=ADMIN)
        assert (refusal.value.reason, refusal.value.metadata["state"]) == ("NOT_DRAFT", "ACTIVE")
    dropped = draft(house)
    house.call("credit", "DeleteIndustryModel", {"model_id": dropped.model_id}, by=PLANNER)
    with pytest.raises(Refused) as refusal:
        house.call("credit", "GetIndustryModel", {"model_id": dropped.model_id}, by=PLANNER)
    assert refusal.value.code is grpc.StatusCode.NOT_FOUND


def test_the_domain_of_a_model_stays(house: House) -> None:
    made = draft(house)
    with pytest.raises(Refused) as refusal:
        house.call(
            "credit", "UpdateIndustryModel", {"model": MODEL | {"modelId": made.model_id, "domain": "消防"}}, by=PLANNER
        )
    assert refusal.value.violations == {"model.domain": "IMMUTABLE"}


def test_a_stale_etag_is_refused(house: House) -> None:
    made = draft(house)
    changed = {"model": MODEL | {"modelId": made.model_id, "name": "新名"}, "etag": made.etag}
    house.call("credit", "UpdateIndustryModel", changed, by=PLANNER)
    with pytest.raises(Refused) as refusal:
        approve(house, made.model_id, etag=made.etag)
    assert (refusal.value.code, refusal.value.reason) == (grpc.StatusCode.ABORTED, "STALE_ETAG")


def test_activation_rates_what_was_published_before(house: House) -> None:
    publish(house)
    publish(house, "i2", object_id=SHOP, finding="NO_PROBLEM", adverse=False)
    activate(house)
    assert house.announced("credit", events_pb2.RatingChanged) == []
    house.fire("credit", "renew_ratings")
    (fact,) = house.announced("credit", events_pb2.RatingChanged)
    assert {rating.object_id: rating.industry[0].score for rating in fact.ratings} == {FIRM: 53.0, SHOP: 88.0}
    history = house.call("credit", "GetRating", {"object_id": FIRM}, by=INSPECTOR).history
    assert history[0].cause_id == house.call("credit", "ListIndustryModels", {}, by=INSPECTOR).models[0].model_id


def test_a_model_is_tried_on_history_without_changing_anything(house: House) -> None:
    activate(house)
    publish(house)
    publish(house, "i2", object_id=SHOP, finding="NO_PROBLEM", adverse=False)
    kinder = draft(house, thresholds={"a": 50, "b": 20, "c": 10})
    before = len(house.announced("credit", events_pb2.RatingChanged))
    tried = house.call("credit", "BacktestIndustryModel", {"model_id": kinder.model_id}, by=PLANNER)
    assert (tried.objects, tried.mean_score) == (2, 70.5)
    assert [(count.grade, count.count) for count in tried.distribution] == [(1, 2), (2, 0), (3, 0), (4, 0)]
    assert {(move.before, move.after, move.count) for move in tried.moves} == {(1, 1, 1), (3, 1, 1)}
    assert len(house.announced("credit", events_pb2.RatingChanged)) == before


def test_a_test_on_an_empty_history_is_empty(house: House) -> None:
    tried = house.call("credit", "BacktestIndustryModel", {"model_id": draft(house).model_id}, by=PLANNER)
    assert (tried.objects, tried.mean_score, list(tried.moves)) == (0, 0.0, [])


def test_an_inspector_makes_no_models(house: House) -> None:
    with pytest.raises(Refused) as refusal:
        draft(house, by=INSPECTOR)
    assert refusal.value.code is grpc.StatusCode.PERMISSION_DENIED
