"""Annual plans as a client meets them, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from liangma.plans.v1 import events_pb2, plans_pb2

from services.chassis.identity import NOBODY, Principal
from tests.plans.people import (
    ADMIN,
    ARCHIVE,
    CITY,
    COLLEAGUE,
    DISTRICT,
    DISTRICT_MANAGER,
    DISTRICT_PLANNER,
    ENTERPRISE,
    FAR,
    FIRE,
    FIRE_PLANNER,
    HEAD,
    HYDRANT,
    MANAGER,
    NOTARY,
    OTHER_REVIEWER,
    PLANNER,
    REVIEWER,
    SUPERVISOR,
    UNLISTED,
    approved,
    drafted,
    furnish,
    official,
    person,
    plan,
    sheet,
    submit,
    submitted,
)
from tests.support.house import House, Refused, houses

bare_house = houses("plans")

INVALID = grpc.StatusCode.INVALID_ARGUMENT
FORBIDDEN = grpc.StatusCode.PERMISSION_DENIED
ABSENT = grpc.StatusCode.NOT_FOUND
NOT_NOW = grpc.StatusCode.FAILED_PRECONDITION
STALE = grpc.StatusCode.ABORTED


@pytest.fixture
def house(bare_house: House) -> House:
    furnish(bare_house)
    return bare_house


def call(house: House, method: str, made: Any, by: Principal, **more: Any) -> Any:
    return house.call("plans", method, {"plan_id": made.plan_id} | more, by=by)


def refused(house: House, method: str, made: Any, by: Principal, **more: Any) -> Refused:
    with pytest.raises(Refused) as refusal:
        call(house, method, made, by, **more)
    return refusal.value


def state(house: House, made: Any, by: Principal = PLANNER) -> str:
    name: str = plans_pb2.PlanState.Name(call(house, "GetPlan", made, by).state)
    return name.removeprefix("PLAN_STATE_")


def numbers(answer: Any) -> list[str]:
    return [each.number for each in answer.plans]


def states_announced(house: House) -> list[str]:
    return [fact.state for fact in house.announced("plans", events_pb2.PlanStateChanged)]


def test_a_plan_keeps_every_field_of_the_form(house: House) -> None:
    asked = plan(
        type="PLAN_TYPE_CROSS_AGENCY",
        joint_domains=["消防"],
        partner_matter_ids=[HYDRANT],
        scope={"authority_ids": [FIRE], "regions": ["500103"]},
    )
    made = house.call("plans", "CreatePlan", {"plan": asked}, by=PLANNER)
    got = call(house, "GetPlan", made, PLANNER)
    assert got == made
    for name, value in asked.items():
        kept = getattr(got, name)
        if isinstance(value, (str, int)) and not name.endswith(("level", "type", "source")):
            assert kept == value, name
    assert got.content_level == 1
    assert got.type == plans_pb2.PLAN_TYPE_CROSS_AGENCY
    assert got.source == plans_pb2.PLAN_SOURCE_SELF
    assert list(got.methods) == [1]
    assert list(got.joint_domains) == ["消防"]
    assert list(got.partner_matter_ids) == [HYDRANT]
    assert (list(got.scope.authority_ids), list(got.scope.regions)) == ([FIRE], ["500103"])
    assert got.attachments[0].name == "通知.pdf"
    assert got.regional_ratios[0].ratio == pytest.approx(0.1)
    assert (got.state, got.created_by, got.authority_id) == (plans_pb2.PLAN_STATE_DRAFT, "planner", CITY)
    assert got.create_time.ToDatetime(tzinfo=UTC) == house.now


def test_who_takes_a_short_name_over_counts_on(house: House) -> None:
    drafted(house)
    left = {"authority": {"authority_id": CITY, "listed_until": "2025-06-09"}}
    house.call("plans", "UpdateAuthority", left, by=ADMIN)
    came = {"authority_id": FAR, "short_name": "渝司", "listed_from": "2025-06-10"}
    house.call("plans", "UpdateAuthority", {"authority": came}, by=ADMIN)
    house.pass_time(days=1)
    successor = person("successor", FAR, "planner")
    entry = plan(scope={}, regional_ratios=[])
    assert house.call("plans", "CreatePlan", {"plan": entry}, by=successor).number == "渝司专查计划〔2025〕2号"


def test_numbers_count_by_authority_and_year(house: House) -> None:
    assert drafted(house).number == "渝司专查计划〔2025〕1号"
    assert drafted(house).number == "渝司专查计划〔2025〕2号"
    assert drafted(house, year=2026, starts_on="2026-01-01", ends_on="2026-02-01").number == "渝司专查计划〔2026〕1号"
    fire = plan(lead_domain="消防", matter_ids=[HYDRANT])
    assert house.call("plans", "CreatePlan", {"plan": fire}, by=FIRE_PLANNER).number == "渝消专查计划〔2025〕1号"


def test_a_refused_plan_takes_no_number(house: House) -> None:
    with pytest.raises(Refused):
        drafted(house, name="")
    assert drafted(house).number.endswith("〕1号")


def test_a_repeated_request_makes_one_plan(house: House) -> None:
    request = {"plan": plan(), "request_id": "r-1"}
    first = house.call("plans", "CreatePlan", request, by=PLANNER)
    assert house.call("plans", "CreatePlan", request, by=PLANNER) == first
    assert len(house.call("plans", "ListPlans", by=PLANNER).plans) == 1


def test_a_repeated_deletion_is_answered_as_the_first(house: House) -> None:
    made = drafted(house)
    for _ in range(2):
        call(house, "DeletePlan", made, PLANNER, request_id="r-2")
    assert refused(house, "DeletePlan", made, PLANNER).code is ABSENT


def test_a_draft_may_be_incomplete_and_says_on_submission_what_it_lacks(house: House) -> None:
    draft = {"year": 2025, "name": "草稿", "lead_domain": "司法", "type": "PLAN_TYPE_CROSS_AGENCY"}
    made = house.call("plans", "CreatePlan", {"plan": draft}, by=PLANNER)
    refusal = refused(house, "SubmitPlan", made, PLANNER, reviewer_id="reviewer")
    assert refusal.code is INVALID
    assert refusal.violations == {
        f"plan.{name}": "REQUIRED"
        for name in ("content_level", "methods", "starts_on", "ends_on", "matter_ids", "joint_domains")
    }
    assert state(house, made) == "DRAFT"


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"year": 1999, "starts_on": "1999-01-01", "ends_on": "1999-01-02"}, "plan.year", "RANGE"),
        ({"name": ""}, "plan.name", "REQUIRED"),
        ({"starts_on": "2025-02-30"}, "starts_on", "FORMAT"),
        ({"lead_domain": "消防", "matter_ids": [HYDRANT]}, "plan.lead_domain", "NOT_OWN_DOMAIN"),
        ({"matter_ids": ["nothing"]}, "plan.matter_ids[0]", "UNKNOWN_MATTER"),
        ({"matter_ids": [HYDRANT]}, "plan.matter_ids[0]", "MATTER_DOMAIN"),
        ({"matter_ids": [ARCHIVE]}, "plan.matter_ids[0]", "METHOD_NOT_ALLOWED"),
        ({"scope": {"authority_ids": [UNLISTED]}}, "plan.scope.authority_ids[0]", "NOT_ON_SUBJECT_LIST"),
        ({"scope": {"authority_ids": ["nobody"]}}, "plan.scope.authority_ids[0]", "NOT_ON_SUBJECT_LIST"),
    ],
)
def test_a_malformed_plan_is_refused_by_field_and_rule(
    house: House, change: dict[str, Any], field: str, rule: str
) -> None:
    with pytest.raises(Refused) as refusal:
        drafted(house, **change)
    assert refusal.value.code is INVALID
    assert refusal.value.violations == {field: rule}


def test_an_authority_off_the_subject_list_can_plan_nothing(house: House) -> None:
    outsider = person("outsider", UNLISTED, "planner")
    with pytest.raises(Refused) as refusal:
        house.call("plans", "CreatePlan", {"plan": plan(scope={})}, by=outsider)
    assert (refusal.value.code, refusal.value.reason) == (NOT_NOW, "NOT_ON_SUBJECT_LIST")


def test_an_authority_that_left_the_subject_list_can_neither_submit_nor_approve(house: House) -> None:
    draft, pending = drafted(house), submitted(house)
    left = {"authority": {"authority_id": CITY, "listed_until": "2025-06-08"}}
    house.call("plans", "UpdateAuthority", left, by=ADMIN)
    assert refused(house, "SubmitPlan", draft, PLANNER, reviewer_id="reviewer").reason == "NOT_ON_SUBJECT_LIST"
    assert refused(house, "ApprovePlan", pending, REVIEWER).reason == "NOT_ON_SUBJECT_LIST"
    assert state(house, pending) == "PENDING_REVIEW"


def test_a_plan_cannot_be_approved_for_an_authority_that_left_the_subject_list(house: House) -> None:
    pending = submitted(house)
    left = {"authority": {"authority_id": DISTRICT, "listed_until": "2025-06-08"}}
    house.call("plans", "UpdateAuthority", left, by=ADMIN)
    refusal = refused(house, "ApprovePlan", pending, REVIEWER)
    assert (refusal.reason, refusal.metadata["authority_id"]) == ("NOT_ON_SUBJECT_LIST", DISTRICT)


def test_who_belongs_to_no_known_authority_cannot_plan(house: House) -> None:
    for nobody in (person("x", "", "planner"), person("y", "11500000MB9999999X", "planner")):
        with pytest.raises(Refused) as refusal:
            house.call("plans", "CreatePlan", {"plan": plan()}, by=nobody)
        assert (refusal.value.code, refusal.value.reason) == (FORBIDDEN, "NO_AUTHORITY")


@pytest.mark.parametrize("by", [NOBODY, ENTERPRISE, REVIEWER, MANAGER])
def test_only_planners_make_plans(house: House, by: Principal) -> None:
    with pytest.raises(Refused) as refusal:
        house.call("plans", "CreatePlan", {"plan": plan()}, by=by)
    assert refusal.value.code in (FORBIDDEN, grpc.StatusCode.UNAUTHENTICATED)


def test_a_plan_goes_from_draft_to_those_in_its_scope(house: House) -> None:
    pending = submitted(house)
    assert (pending.state, pending.reviewer_id) == (plans_pb2.PLAN_STATE_PENDING_REVIEW, "reviewer")
    out = call(house, "ApprovePlan", pending, REVIEWER)
    assert out.state == plans_pb2.PLAN_STATE_PENDING_EXECUTION
    assert out.review_time.ToDatetime(tzinfo=UTC) == house.now
    (fact,) = house.announced("plans", events_pb2.PlanApproved)
    assert (fact.plan_id, fact.number, fact.year) == (out.plan_id, out.number, 2025)
    assert (fact.authority_id, fact.type, fact.content_level) == (CITY, "OWN_AGENCY", "GENERAL")
    assert (list(fact.scope), list(fact.matter_ids), list(fact.methods)) == ([DISTRICT], [NOTARY], ["ON_SITE"])
    assert (fact.starts_on, fact.ends_on, fact.approved_at) == ("2025-01-01", "2025-12-31", "2025-06-09T01:00:00Z")
    assert str(fact.version) == out.etag
    assert states_announced(house) == ["DRAFT", "PENDING_REVIEW", "PENDING_EXECUTION"]


def test_an_approval_may_say_why_and_names_who_it_waits_for(house: House) -> None:
    pending = submitted(house)
    assert pending.reviewer_name == REVIEWER.name
    said = {"note": "同意，按季度实施"}
    assert refused(house, "ApprovePlan", pending, REVIEWER, note="好" * 1001).violations == {"note": "LENGTH"}
    assert call(house, "ApprovePlan", pending, REVIEWER, **said).reviewer_name == REVIEWER.name
    steps = call(house, "ListPlanHistory", pending, PLANNER).steps
    assert [step.note for step in steps if step.action == "APPROVED"] == ["同意，按季度实施"]


def test_a_scope_of_regions_reaches_the_listed_authorities_of_the_plans_domains_below(house: House) -> None:
    own = approved(house, scope={"regions": ["500000"]})
    receipts = call(house, "ListReceipts", own, PLANNER).receipts
    assert [receipt.authority_id for receipt in receipts] == [DISTRICT]
    joint = approved(
        house,
        type="PLAN_TYPE_CROSS_AGENCY",
        joint_domains=["消防"],
        partner_matter_ids=[HYDRANT],
        scope={"regions": ["500000"], "authority_ids": [FAR]},
    )
    receipts = call(house, "ListReceipts", joint, PLANNER).receipts
    assert [receipt.authority_id for receipt in receipts] == sorted([DISTRICT, FIRE, FAR])
    assert receipts[-1].authority_name == "四川省司法厅"
    fact = house.announced("plans", events_pb2.PlanApproved)[-1]
    assert list(fact.matter_ids) == [NOTARY, HYDRANT]


def test_the_reviewer_is_none_of_the_authors(house: House) -> None:
    made = drafted(house)
    assert refused(house, "SubmitPlan", made, PLANNER, reviewer_id="planner").reason == "REVIEWER_IS_AUTHOR"
    assert refused(house, "SubmitPlan", made, COLLEAGUE, reviewer_id="colleague").reason == "REVIEWER_IS_AUTHOR"
    house.call("plans", "UpdatePlan", {"plan": {"plan_id": made.plan_id, "remarks": "改"}}, by=COLLEAGUE)
    refusal = refused(house, "SubmitPlan", made, PLANNER, reviewer_id="colleague")
    assert (refusal.code, refusal.reason) == (NOT_NOW, "REVIEWER_IS_AUTHOR")


def test_only_the_named_reviewer_knows_of_a_plan_under_review_and_may_review_it(house: House) -> None:
    pending = submitted(house)
    for_review = house.call("plans", "ListPlansForReview", by=REVIEWER)
    assert numbers(for_review) == [pending.number]
    assert not house.call("plans", "ListPlansForReview", by=OTHER_REVIEWER).plans
    assert call(house, "GetPlan", pending, REVIEWER).number == pending.number
    for method, more in (("GetPlan", {}), ("ApprovePlan", {}), ("RejectPlan", {"reason": "不"})):
        assert refused(house, method, pending, OTHER_REVIEWER, **more).code is ABSENT
    for stranger in (MANAGER, HEAD, DISTRICT_PLANNER, SUPERVISOR, ADMIN, ENTERPRISE):
        assert refused(house, "GetPlan", pending, stranger).code is ABSENT
    refusal = refused(house, "ApprovePlan", pending, COLLEAGUE)
    assert (refusal.code, refusal.reason) == (FORBIDDEN, "NOT_THE_REVIEWER")


def test_a_reviewer_of_another_authority_cannot_review_even_if_named(house: House) -> None:
    """What the token says of an account decides, whatever the register says."""
    made = drafted(house)
    stranger = person("stranger", FIRE, "reviewer")
    entry = official(stranger, "REVIEWER", authority_id=CITY)
    house.call("plans", "RegisterOfficial", {"official": entry}, by=ADMIN)
    call(house, "SubmitPlan", made, PLANNER, reviewer_id="stranger")
    assert refused(house, "ApprovePlan", made, stranger).code is ABSENT
    assert not house.call("plans", "ListPlansForReview", by=stranger).plans


def test_an_invisible_plan_and_none_at_all_look_the_same(house: House) -> None:
    pending = submitted(house)
    hidden = refused(house, "GetPlan", pending, OTHER_REVIEWER)
    with pytest.raises(Refused) as none:
        house.call("plans", "GetPlan", {"plan_id": "0"}, by=OTHER_REVIEWER)
    assert (hidden.code, hidden.reason, hidden.zh.replace(pending.plan_id, "0")) == (
        none.value.code,
        none.value.reason,
        none.value.zh,
    )


def test_reviewers_find_again_what_they_have_decided(house: House) -> None:
    first, second, third = submitted(house), submitted(house), submitted(house)
    call(house, "ApprovePlan", first, REVIEWER)
    call(house, "RejectPlan", second, REVIEWER, reason="任务时间超期")
    assert numbers(house.call("plans", "ListPlansForReview", by=REVIEWER)) == [third.number]
    everything = house.call("plans", "ListPlansForReview", {"include_reviewed": True}, by=REVIEWER)
    assert len(everything.plans) == 3


def test_a_rejected_plan_says_why_and_is_mended_and_submitted_again(house: House) -> None:
    pending = submitted(house)
    rejected = call(house, "RejectPlan", pending, REVIEWER, reason="任务时间超期")
    assert rejected.rejection_reason == "任务时间超期"
    assert refused(house, "ApprovePlan", rejected, REVIEWER).metadata["possible"] == "edit,delete,submit"
    mended = {"plan_id": rejected.plan_id, "ends_on": "2025-11-30"}
    house.call("plans", "UpdatePlan", {"plan": mended}, by=PLANNER)
    again = submit(house, rejected)
    assert (again.rejection_reason, again.ends_on) == ("", "2025-11-30")
    assert call(house, "ApprovePlan", again, REVIEWER).state == plans_pb2.PLAN_STATE_PENDING_EXECUTION


def test_a_rejection_needs_a_reason(house: House) -> None:
    assert refused(house, "RejectPlan", submitted(house), REVIEWER).violations == {"reason": "REQUIRED"}


def test_a_plan_under_review_can_be_taken_back_changed_and_deleted(house: House) -> None:
    pending = submitted(house)
    assert refused(house, "DeletePlan", pending, PLANNER).reason == "PLAN_STATE_FORBIDS"
    back = call(house, "WithdrawPlan", pending, PLANNER)
    assert (back.state, back.reviewer_id) == (plans_pb2.PLAN_STATE_DRAFT, "")
    assert refused(house, "GetPlan", pending, REVIEWER).code is ABSENT
    call(house, "DeletePlan", pending, PLANNER)
    assert refused(house, "GetPlan", pending, PLANNER).code is ABSENT
    assert not house.call("plans", "ListPlans", by=PLANNER).plans
    assert states_announced(house)[-1] == "DELETED"
    assert drafted(house).number.endswith("〕2号")


def test_an_approved_plan_without_tasks_can_be_taken_back_from_those_it_was_sent_to(house: House) -> None:
    out = approved(house)
    call(house, "AnswerPlan", out, DISTRICT_PLANNER, answer="ANSWER_RECEIVED")
    refusal = house_update_refused(house, out)
    assert (refusal.code, refusal.metadata["possible"]) == (NOT_NOW, "withdraw,answer")
    call(house, "WithdrawPlan", out, PLANNER)
    assert not house.call("plans", "ListReceivedPlans", by=DISTRICT_PLANNER).received_plans
    assert refused(house, "GetPlan", out, DISTRICT_PLANNER).code is ABSENT
    house.call("plans", "UpdatePlan", {"plan": {"plan_id": out.plan_id, "remarks": "改"}}, by=PLANNER)
    submit(house, out)
    call(house, "ApprovePlan", out, REVIEWER)
    (received,) = house.call("plans", "ListReceivedPlans", by=DISTRICT_PLANNER).received_plans
    assert received.receipt.answer == plans_pb2.ANSWER_PENDING
    assert received.plan.remarks == "改"


def house_update_refused(house: House, made: Any) -> Refused:
    with pytest.raises(Refused) as refusal:
        house.call("plans", "UpdatePlan", {"plan": {"plan_id": made.plan_id, "name": "改"}}, by=PLANNER)
    return refusal.value


def test_an_update_changes_only_what_it_names(house: House) -> None:
    made = drafted(house)
    changed = house.call("plans", "UpdatePlan", {"plan": {"plan_id": made.plan_id, "name": "新名"}}, by=PLANNER)
    assert (changed.name, changed.objects, changed.etag) == ("新名", made.objects, "2")
    cleared = {"plan": {"plan_id": made.plan_id}, "update_mask": "remarks,attachments"}
    changed = house.call("plans", "UpdatePlan", cleared, by=PLANNER)
    assert (changed.remarks, list(changed.attachments), changed.name) == ("", [], "新名")
    with pytest.raises(Refused) as refusal:
        house.call("plans", "UpdatePlan", {"plan": {"plan_id": made.plan_id}, "update_mask": "nothing"}, by=PLANNER)
    assert refusal.value.violations == {"update_mask": "UNKNOWN_FIELD"}


def test_the_year_of_a_plan_is_fixed_and_what_the_platform_sets_is_passed_over(house: House) -> None:
    made = drafted(house)
    made.state, made.authority_id, made.number = plans_pb2.PLAN_STATE_COMPLETED, FIRE, "我号"
    same = house.call("plans", "UpdatePlan", plans_pb2.UpdatePlanRequest(plan=made), by=PLANNER)
    assert (same.state, same.authority_id, same.number) == (1, CITY, "渝司专查计划〔2025〕1号")
    with pytest.raises(Refused) as refusal:
        house.call("plans", "UpdatePlan", {"plan": {"plan_id": made.plan_id, "year": 2026}}, by=PLANNER)
    assert refusal.value.violations == {"plan.year": "FIXED"}


def test_a_stale_etag_is_refused_and_names_the_version_that_stands(house: House) -> None:
    made = drafted(house)
    house.call("plans", "UpdatePlan", {"plan": {"plan_id": made.plan_id, "name": "二"}}, by=COLLEAGUE)
    for method, more in (("SubmitPlan", {"reviewer_id": "reviewer"}), ("DeletePlan", {}), ("WithdrawPlan", {})):
        refusal = refused(house, method, made, PLANNER, etag=made.etag, **more)
        assert (refusal.code, refusal.metadata["etag"]) == (STALE, "2")
    update = {"plan": {"plan_id": made.plan_id, "name": "三"}, "etag": "1"}
    with pytest.raises(Refused) as late:
        house.call("plans", "UpdatePlan", update, by=PLANNER)
    assert late.value.code is STALE
    assert house.call("plans", "UpdatePlan", update | {"etag": "2"}, by=PLANNER).name == "三"


def test_a_plan_of_another_authority_is_not_the_callers_to_change(house: House) -> None:
    out = approved(house)
    assert refused(house, "WithdrawPlan", out, DISTRICT_PLANNER).code is FORBIDDEN
    assert refused(house, "WithdrawPlan", out, FIRE_PLANNER).code is ABSENT
    assert refused(house, "DeletePlan", drafted(house), FIRE_PLANNER).code is ABSENT


def test_a_received_plan_is_answered_once_and_its_maker_sees_the_answer(house: House) -> None:
    out = approved(house)
    (received,) = house.call("plans", "ListReceivedPlans", by=DISTRICT_MANAGER).received_plans
    assert (received.plan.number, received.receipt.answer) == (out.number, plans_pb2.ANSWER_PENDING)
    house.pass_time(days=1)
    receipt = call(house, "AnswerPlan", out, DISTRICT_PLANNER, answer="ANSWER_RECEIVED")
    assert (receipt.authority_name, receipt.answered_by) == ("渝中区司法局", "district-planner")
    assert receipt.answer_time.ToDatetime(tzinfo=UTC) == house.now
    (seen,) = call(house, "ListReceipts", out, PLANNER).receipts
    assert seen == receipt
    (fact,) = house.announced("plans", events_pb2.PlanReceived)
    assert (fact.plan_id, fact.authority_id, fact.answer) == (out.plan_id, DISTRICT, "RECEIVED")
    refusal = refused(house, "AnswerPlan", out, DISTRICT_PLANNER, answer="ANSWER_UNABLE", reason="人手不足")
    assert (refusal.code, refusal.reason) == (NOT_NOW, "ALREADY_ANSWERED")


def test_who_cannot_carry_a_plan_out_says_why_and_may_think_better_of_it(house: House) -> None:
    out = approved(house)
    assert refused(house, "AnswerPlan", out, DISTRICT_PLANNER).violations == {"answer": "REQUIRED"}
    assert refused(house, "AnswerPlan", out, DISTRICT_PLANNER, answer="ANSWER_PENDING").violations == {
        "answer": "CHOICE"
    }
    refusal = refused(house, "AnswerPlan", out, DISTRICT_PLANNER, answer="ANSWER_UNABLE")
    assert refusal.violations == {"reason": "REQUIRED"}
    unable = call(house, "AnswerPlan", out, DISTRICT_PLANNER, answer="ANSWER_UNABLE", reason="无此类对象")
    assert unable.reason == "无此类对象"
    shown = house.call("plans", "ListReceivedPlans", {"answer": "ANSWER_UNABLE"}, by=DISTRICT_PLANNER)
    assert len(shown.received_plans) == 1
    assert not house.call(
        "plans", "ListReceivedPlans", {"answer": "ANSWER_PENDING"}, by=DISTRICT_PLANNER
    ).received_plans
    received = call(house, "AnswerPlan", out, DISTRICT_PLANNER, answer="ANSWER_RECEIVED")
    assert (received.answer, received.reason) == (plans_pb2.ANSWER_RECEIVED, "")


def test_only_those_it_was_sent_to_answer_a_plan(house: House) -> None:
    out = approved(house)
    assert refused(house, "AnswerPlan", out, FIRE_PLANNER, answer="ANSWER_RECEIVED").code is ABSENT
    assert refused(house, "AnswerPlan", out, PLANNER, answer="ANSWER_RECEIVED").code is ABSENT
    assert refused(house, "ListReceipts", out, FIRE_PLANNER).code is ABSENT


def test_a_receiving_authority_sees_its_own_receipt_alone_and_no_history(house: House) -> None:
    out = approved(house, scope={"authority_ids": [DISTRICT, FIRE]})
    (own,) = call(house, "ListReceipts", out, DISTRICT_MANAGER).receipts
    assert own.authority_id == DISTRICT
    assert len(call(house, "ListReceipts", out, SUPERVISOR).receipts) == 2
    assert len(call(house, "ListReceipts", out, PLANNER, answer="ANSWER_PENDING").receipts) == 2
    assert refused(house, "ListPlanHistory", out, DISTRICT_MANAGER).code is FORBIDDEN
    assert len(call(house, "ListPlanHistory", out, SUPERVISOR).steps) == 3


def test_the_history_tells_who_did_what_when(house: House) -> None:
    pending = submitted(house)
    call(house, "RejectPlan", pending, REVIEWER, reason="超期")
    house.pass_time(hours=1)
    house.call("plans", "UpdatePlan", {"plan": {"plan_id": pending.plan_id, "name": "改"}}, by=COLLEAGUE)
    steps = call(house, "ListPlanHistory", pending, PLANNER).steps
    assert [(step.action, step.by, step.note) for step in steps] == [
        ("CREATED", "planner", ""),
        ("SUBMITTED", "planner", "reviewer"),
        ("REJECTED", "reviewer", "超期"),
        ("EDITED", "colleague", ""),
    ]
    assert steps[-1].at.ToDatetime(tzinfo=UTC) == house.now


def test_a_plan_names_who_made_edited_and_reviewed_it(house: House) -> None:
    made = drafted(house)
    assert (made.creator_name, made.editor_name, made.reviewer_name) == ("planner", "", "")
    assert not made.HasField("edit_time")
    house.pass_time(hours=1)
    edited_at = house.now
    house.call("plans", "UpdatePlan", {"plan": {"plan_id": made.plan_id, "name": "改"}}, by=COLLEAGUE)
    house.pass_time(hours=1)
    submit(house, made)
    out = call(house, "ApprovePlan", made, REVIEWER)
    (received,) = house.call("plans", "ListReceivedPlans", by=DISTRICT_PLANNER).received_plans
    (listed,) = house.call("plans", "ListPlans", by=PLANNER).plans
    for seen in (out, listed, received.plan, call(house, "GetPlan", made, DISTRICT_MANAGER)):
        assert (seen.creator_name, seen.editor_name, seen.reviewer_name) == ("planner", "colleague", "reviewer")
        assert seen.edit_time.ToDatetime(tzinfo=UTC) == edited_at


def test_lists_show_the_own_authoritys_plans_by_filters_page_by_page(house: House) -> None:
    for index in range(5):
        drafted(house, name=f"计划{index}", source="PLAN_SOURCE_CITY" if index % 2 else "PLAN_SOURCE_SELF")
        house.pass_time(minutes=1)
    approved(house, name="另一个", matter_ids=[NOTARY])
    fire = plan(lead_domain="消防", matter_ids=[HYDRANT])
    house.call("plans", "CreatePlan", {"plan": fire}, by=FIRE_PLANNER)

    def shown(**filters: Any) -> list[str]:
        return [each.name for each in house.call("plans", "ListPlans", filters, by=PLANNER).plans]

    assert shown() == ["另一个", "计划4", "计划3", "计划2", "计划1", "计划0"]
    assert shown(order_by="name", name="计划") == [f"计划{index}" for index in range(5)]
    assert shown(source="PLAN_SOURCE_CITY", order_by="create_time") == ["计划1", "计划3"]
    assert shown(states=["PLAN_STATE_PENDING_EXECUTION"]) == ["另一个"]
    assert shown(number="〔2025〕3号") == ["计划2"]
    assert shown(name="%") == []
    assert shown(year=2024) == []
    assert len(shown(matter_id=NOTARY, lead_domain="司法", year=2025, type="PLAN_TYPE_OWN_AGENCY")) == 6
    assert shown(content_level="CONTENT_LEVEL_KEY") == []
    assert shown(matter_id=HYDRANT) == []
    first = house.call("plans", "ListPlans", {"page_size": 4}, by=PLANNER)
    rest = house.call("plans", "ListPlans", {"page_size": 4, "page_token": first.page.next_page_token}, by=PLANNER)
    assert [each.name for each in (*first.plans, *rest.plans)] == shown()
    assert not rest.page.next_page_token


def test_a_list_says_by_what_it_can_be_ordered(house: House) -> None:
    with pytest.raises(Refused) as refusal:
        house.call("plans", "ListPlans", {"order_by": "secret"}, by=PLANNER)
    assert refusal.value.violations == {"order_by": "CHOICE"}


def test_others_of_the_authority_list_what_is_approved(house: House) -> None:
    drafted(house)
    submitted(house)
    out = approved(house)
    for by in (MANAGER, HEAD, OTHER_REVIEWER):
        assert numbers(house.call("plans", "ListPlans", by=by)) == [out.number]
    assert len(house.call("plans", "ListPlans", by=REVIEWER).plans) == 2
    assert call(house, "GetPlan", out, MANAGER) == call(house, "GetPlan", out, SUPERVISOR)
    assert not house.call("plans", "ListPlans", by=DISTRICT_PLANNER).plans


def test_the_counters_are_of_the_own_authority_whatever_the_filter(house: House) -> None:
    drafted(house)
    submitted(house)
    approved(house)
    house.now = datetime(2026, 1, 5, 1, tzinfo=UTC)
    drafted(house, year=2026, starts_on="2026-01-01", ends_on="2026-12-31")
    figures = house.call("plans", "GetPlanCounters", by=MANAGER)
    assert (figures.year, figures.total, figures.draft) == (2026, 1, 1)
    assert (figures.earlier_pending_execution, figures.earlier_executing) == (1, 0)
    figures = house.call("plans", "GetPlanCounters", {"year": 2025}, by=PLANNER)
    assert (figures.total, figures.draft, figures.pending_review, figures.pending_execution) == (3, 1, 1, 1)
    assert house.call("plans", "GetPlanCounters", by=FIRE_PLANNER).total == 0


def test_the_sheet_shows_what_the_list_shows(house: House) -> None:
    made = drafted(house, name="=1+1")
    answer = house.call("plans", "ExportPlans", {"year": 2025}, by=PLANNER)
    assert answer.content_type.endswith("spreadsheetml.sheet")
    head, row = sheet(answer.data)
    cells = dict(zip(head, row, strict=True))
    assert (cells["计划编号"], cells["计划名称"], cells["状态"]) == (made.number, "=1+1", "暂存")
    assert (cells["检查方式"], cells["计划类型"], cells["内容分级"]) == ("实地检查", "本机构", "一般")
