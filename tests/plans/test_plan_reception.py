"""What a planner and a reviewer see of the answers to a plan, and how long the lists are."""

from __future__ import annotations

from typing import Any

import pytest
from liangma.plans.v1 import plans_pb2

from tests.plans.people import (
    ADMIN,
    CITY,
    DISTRICT,
    DISTRICT_MANAGER,
    DISTRICT_PLANNER,
    FAR,
    FIRE,
    FIRE_PLANNER,
    HEAD,
    HYDRANT,
    MANAGER,
    NOTARY,
    PLANNER,
    REVIEWER,
    SUPERVISOR,
    approved,
    drafted,
    furnish,
    submit,
    submitted,
)
from tests.support.house import House, Refused, houses

bare_house = houses("plans")

EVERYBODY = {"authority_ids": [DISTRICT, FIRE, FAR]}


@pytest.fixture
def house(bare_house: House) -> House:
    furnish(bare_house)
    return bare_house


def answer(house: House, made: Any, by: Any, said: str, reason: str = "") -> Any:
    request = {"plan_id": made.plan_id, "answer": f"ANSWER_{said}", "reason": reason}
    return house.call("plans", "AnswerPlan", request, by=by)


def reception(house: House, made: Any, by: Any = PLANNER) -> tuple[int, int, int, int]:
    found = house.call("plans", "GetPlan", {"plan_id": made.plan_id}, by=by).reception
    return found.sent, found.pending, found.received, found.unable


def shown(house: House, method: str = "ListPlans", by: Any = PLANNER, **filters: Any) -> list[str]:
    return [each.name for each in house.call("plans", method, filters, by=by).plans]


def test_the_maker_sees_how_many_have_answered_what(house: House) -> None:
    out = approved(house, scope=EVERYBODY)
    assert (out.reception.sent, out.reception.pending) == (3, 3)
    answer(house, out, DISTRICT_PLANNER, "RECEIVED")
    answer(house, out, FIRE_PLANNER, "UNABLE", "无此类对象")
    for by in (PLANNER, REVIEWER, MANAGER, HEAD, SUPERVISOR, ADMIN):
        assert reception(house, out, by) == (3, 1, 1, 1)
    (listed,) = house.call("plans", "ListPlans", by=PLANNER).plans
    assert (listed.reception.sent, listed.reception.pending) == (3, 1)
    (reviewed,) = house.call("plans", "ListPlansForReview", {"include_reviewed": True}, by=REVIEWER).plans
    assert reviewed.reception == listed.reception


def test_those_it_was_sent_to_do_not_see_what_others_answered(house: House) -> None:
    out = approved(house, scope=EVERYBODY)
    assert not house.call("plans", "GetPlan", {"plan_id": out.plan_id}, by=DISTRICT_PLANNER).HasField("reception")
    (received,) = house.call("plans", "ListReceivedPlans", by=DISTRICT_PLANNER).received_plans
    assert not received.plan.HasField("reception")


def test_answers_count_for_the_approval_they_belong_to(house: House) -> None:
    assert not drafted(house).HasField("reception")
    out = approved(house)
    answer(house, out, DISTRICT_PLANNER, "RECEIVED")
    back = house.call("plans", "WithdrawPlan", {"plan_id": out.plan_id}, by=PLANNER)
    assert not back.HasField("reception")
    submit(house, out)
    house.call("plans", "ApprovePlan", {"plan_id": out.plan_id}, by=REVIEWER)
    assert reception(house, out) == (1, 1, 0, 0)


def test_plans_are_found_by_the_answers_to_them(house: House) -> None:
    drafted(house, name="暂存")
    first, second = approved(house, name="甲", scope=EVERYBODY), approved(house, name="乙")
    approved(house, name="无人", scope={})
    answer(house, first, DISTRICT_PLANNER, "RECEIVED")
    answer(house, first, FIRE_PLANNER, "UNABLE", "无此类对象")
    answer(house, second, DISTRICT_PLANNER, "RECEIVED")
    everything = {"include_reviewed": True}
    for method, by, more in (("ListPlans", PLANNER, {}), ("ListPlansForReview", REVIEWER, everything)):
        assert sorted(shown(house, method, by, answer="ANSWER_RECEIVED", **more)) == ["乙", "甲"]
        assert shown(house, method, by, answer="ANSWER_UNABLE", **more) == ["甲"]
        assert shown(house, method, by, answer="ANSWER_PENDING", **more) == ["甲"]
    house.call("plans", "WithdrawPlan", {"plan_id": second.plan_id}, by=PLANNER)
    assert shown(house, answer="ANSWER_RECEIVED") == ["甲"]


def test_an_authority_off_the_subject_list_cannot_take_a_plan_on_but_can_say_so(house: House) -> None:
    out = approved(house)
    left = {"authority": {"authority_id": DISTRICT, "listed_until": "2025-06-08"}}
    house.call("plans", "UpdateAuthority", left, by=ADMIN)
    with pytest.raises(Refused) as refusal:
        answer(house, out, DISTRICT_PLANNER, "RECEIVED")
    assert (refusal.value.reason, refusal.value.metadata["authority_id"]) == ("NOT_ON_SUBJECT_LIST", DISTRICT)
    unable = answer(house, out, DISTRICT_PLANNER, "UNABLE", "已不在检查主体清单")
    assert unable.answer == plans_pb2.ANSWER_UNABLE


def test_a_list_says_how_long_it_is_whatever_the_page(house: House) -> None:
    for index in range(3):
        approved(house, name=f"计划{index}")
    submitted(house, name="待审")
    lists: tuple[tuple[str, Any, dict[str, Any], int], ...] = (
        ("ListPlans", PLANNER, {"name": "计划"}, 3),
        ("ListPlans", PLANNER, {}, 4),
        ("ListPlans", MANAGER, {}, 3),
        ("ListPlans", FIRE_PLANNER, {}, 0),
        ("ListReceivedPlans", DISTRICT_MANAGER, {}, 3),
        ("ListReceivedPlans", DISTRICT_MANAGER, {"answer": "ANSWER_RECEIVED"}, 0),
        ("ListPlansForReview", REVIEWER, {}, 1),
        ("ListPlansForReview", REVIEWER, {"include_reviewed": True}, 4),
    )
    for method, by, filters, size in lists:
        for page_size in (1, 1000):
            request = {**filters, "page_size": page_size}
            assert house.call("plans", method, request, by=by).total_size == size, (method, filters)


def test_every_directory_says_how_long_it_is(house: House) -> None:
    out = approved(house, scope=EVERYBODY)
    items = [{"matter_id": NOTARY, "item_id": "1"}]
    members = [{"authority_id": CITY, "matter_ids": [NOTARY]}, {"authority_id": FIRE, "matter_ids": [HYDRANT]}]
    for name in ("甲", "乙"):
        house.call("plans", "CreateCheckForm", {"check_form": {"name": name, "items": items}}, by=PLANNER)
        entry = {"trade": name, "lead_id": CITY, "members": members}
        house.call("plans", "CreateJointList", {"joint_list": entry}, by=PLANNER)
    for year in (2025, 2026):
        cap = {"authority_id": CITY, "year": year, "visits": 1}
        house.call("plans", "CreateAnnualCap", {"annual_cap": cap}, by=ADMIN)
    lists: tuple[tuple[str, dict[str, Any], int], ...] = (
        ("ListAuthorities", {}, 5),
        ("ListAuthorities", {"domain": "消防"}, 1),
        ("ListMatters", {}, 3),
        ("ListMatters", {"method": "METHOD_ON_SITE"}, 2),
        ("ListCheckForms", {}, 2),
        ("ListCheckForms", {"name": "甲"}, 1),
        ("ListJointLists", {}, 2),
        ("ListJointLists", {"trade": "乙"}, 1),
        ("ListAnnualCaps", {}, 2),
        ("ListAnnualCaps", {"year": 2026}, 1),
        ("ListReceipts", {"plan_id": out.plan_id}, 3),
        ("ListReceipts", {"plan_id": out.plan_id, "answer": "ANSWER_UNABLE"}, 0),
    )
    for method, filters, size in lists:
        answer = house.call("plans", method, {**filters, "page_size": 1}, by=PLANNER)
        assert answer.total_size == size, (method, filters)


def test_the_tabs_say_how_many_plans_are_made_received_and_to_be_reviewed(house: House) -> None:
    first, _ = approved(house, name="甲"), approved(house, name="乙")
    drafted(house)
    submitted(house)
    answer(house, first, DISTRICT_PLANNER, "RECEIVED")
    made = house.call("plans", "GetPlanCounters", by=PLANNER)
    assert (made.made, made.received, made.received_pending, made.for_review) == (4, 0, 0, 0)
    assert house.call("plans", "GetPlanCounters", by=MANAGER).made == 2
    reviewer = house.call("plans", "GetPlanCounters", by=REVIEWER)
    assert (reviewer.made, reviewer.for_review) == (3, 1)
    received = house.call("plans", "GetPlanCounters", by=DISTRICT_PLANNER)
    assert (received.made, received.received, received.received_pending) == (0, 2, 1)


def test_received_plans_and_those_for_review_have_the_filters_of_the_form(house: House) -> None:
    approved(house, name="甲", source="PLAN_SOURCE_CITY", content_level="CONTENT_LEVEL_KEY")
    joint = {"type": "PLAN_TYPE_CROSS_AGENCY", "joint_domains": ["消防"], "partner_matter_ids": [HYDRANT]}
    second = approved(house, name="乙", **joint)

    def received(**filters: Any) -> list[str]:
        answered = house.call("plans", "ListReceivedPlans", filters, by=DISTRICT_PLANNER)
        return sorted(each.plan.name for each in answered.received_plans)

    def reviewed(**filters: Any) -> list[str]:
        return sorted(shown(house, "ListPlansForReview", REVIEWER, include_reviewed=True, **filters))

    for found in (received, reviewed):
        assert found() == ["乙", "甲"]
        assert found(name="甲") == ["甲"]
        assert found(number=second.number) == ["乙"]
        assert found(year=2024) == []
        assert found(type="PLAN_TYPE_CROSS_AGENCY") == ["乙"]
        assert found(source="PLAN_SOURCE_CITY") == ["甲"]
        assert found(content_level="CONTENT_LEVEL_KEY") == ["甲"]
        assert found(lead_domain="消防") == []
        assert found(matter_id=HYDRANT) == ["乙"]
        assert found(matter_id=NOTARY) == ["乙", "甲"]
        assert found(states=["PLAN_STATE_EXECUTING"]) == []
        assert found(states=["PLAN_STATE_PENDING_EXECUTION"]) == ["乙", "甲"]
    assert shown(house, "ListPlansForReview", REVIEWER) == []
