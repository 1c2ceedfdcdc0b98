"""A repair from its application to its decision: who may do what when, what the clock says, what a grant undoes."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from liangma.credit.v1 import events_pb2, repairs_pb2
from liangma.plans.v1 import events_pb2 as plans

from services.chassis.identity import Principal
from tests.credit.people import (
    ADMIN,
    CITY,
    DISTRICT,
    DISTRICT_OFFICER,
    ENTERPRISE,
    FIRM,
    HEAD,
    INSPECTOR,
    OFFICER,
    OTHER_ENTERPRISE,
    PUBLIC,
    STREET,
    SUPERVISOR,
    SYSTEM,
    accepted,
    activate,
    apply,
    correct,
    disclosed,
    disclosed_result,
    documents,
    know_authorities,
    next_days,
    person,
    publish,
    upload,
)
from tests.support.house import House, Refused, houses

house = houses("credit")

OTHER = "REPAIR_DOCUMENT_KIND_OTHER"


def applied(house: House, **more: Any) -> Any:
    publish(house)
    return apply(house, disclosed_result(house).disclosure_id, **more)


def do(house: House, method: str, repair: Any, by: Principal = OFFICER, **more: Any) -> Any:
    return house.call("credit", method, {"repair_id": repair.repair_id} | more, by=by)


def supplement(house: House, repair: Any, by: Principal = ENTERPRISE, **more: Any) -> Any:
    request = {"statement": "见附件", "documents": [{"kind": OTHER, "attachment": upload(house, "照片")}]}
    return do(house, "SubmitSupplement", repair, by, **(request | more))


def state(repair: Any) -> str:
    return repairs_pb2.RepairState.Name(repair.state).removeprefix("REPAIR_STATE_")


def channel(repair: Any) -> str:
    return repairs_pb2.RepairChannel.Name(repair.channel).removeprefix("REPAIR_CHANNEL_")


def refused(code: grpc.StatusCode, reason: str) -> Any:
    return pytest.raises(Refused, match=f"{code.name} {reason}")


def industry_score(house: House) -> float:
    (made,) = house.call("credit", "GetRating", {"object_id": FIRM}, by=INSPECTOR).industry
    return float(made.score)


# applying


def test_an_enterprise_applies_for_its_own_result(house: House) -> None:
    know_authorities(house)
    repair = applied(house)
    assert (state(repair), channel(repair), repair.number) == ("APPLIED", "ONLINE", "渝司信修〔2025〕1号")
    assert (repair.inspection_id, repair.object_id, repair.authority_id) == ("i1", FIRM, CITY)
    assert (repair.applied_by, repair.etag, repair.due_on, repair.days_left) == ("boss", "1", "", 0)
    assert len(repair.documents) == 4


def test_an_officer_enters_a_paper_application(house: House) -> None:
    publish(house)
    disclosure_id = disclosed_result(house).disclosure_id
    assert channel(apply(house, disclosure_id, by=OFFICER, channel="REPAIR_CHANNEL_PAPER")) == "PAPER"


def test_the_one_stop_system_applies_and_reads_what_becomes_of_it(house: House) -> None:
    repair = applied(house, by=SYSTEM, external_number="XF-1")
    assert channel(repair) == "ONE_STOP"
    found = house.call("credit", "ListRepairs", {"external_number": "XF-1"}, by=SYSTEM).repairs
    assert [each.repair_id for each in found] == [repair.repair_id]


def test_the_one_stop_system_is_told_what_changed_since_it_last_asked(house: House) -> None:
    repair = applied(house, by=SYSTEM, external_number="XF-1")
    publish(house, "i2")
    apply(house, disclosed_result(house, "i2").disclosure_id, by=SYSTEM, external_number="XF-2")
    house.pass_time(hours=1)
    since = house.now.strftime("%Y-%m-%dT%H:%M:%SZ")

    def changed(**more: Any) -> list[tuple[str, str, str]]:
        request = {"updatedFrom": since, "orderBy": "update_time"} | more
        found = house.call("credit", "ListRepairs", request, by=SYSTEM).repairs
        return [(each.external_number, state(each), each.reason) for each in found]

    assert changed() == []
    do(house, "AcceptRepair", repair)
    assert changed() == [("XF-1", "ACCEPTED", "")]
    house.pass_time(minutes=1)
    do(house, "RefuseRepair", repair, reason="材料不实")
    assert changed() == [("XF-1", "REFUSED", "材料不实")]
    assert len(changed(updatedFrom="2025-06-09T00:00:00Z")) == 2
    newest_first = changed(updatedFrom="2025-06-09T00:00:00Z", orderBy="update_time desc")
    assert [number for number, *_ in newest_first] == ["XF-1", "XF-2"]


def test_a_system_sees_and_supplements_only_what_it_handed_in(house: House) -> None:
    another = person("another-system", "system")
    repair = applied(house, by=SYSTEM, external_number="XF-1")
    do(house, "AcceptRepair", repair)
    do(house, "RequestSupplement", repair, supplement="整改照片")
    assert house.call("credit", "ListRepairs", {}, by=another).repairs == []
    with refused(grpc.StatusCode.NOT_FOUND, "NO_SUCH_THING"):
        do(house, "GetRepair", repair, by=another)
    with pytest.raises(Refused) as refusal:
        supplement(house, repair, by=another)
    assert refusal.value.code is grpc.StatusCode.PERMISSION_DENIED
    assert state(supplement(house, repair, by=SYSTEM)) == "SUPPLEMENTED"


def test_the_one_stop_system_gives_its_own_number(house: House) -> None:
    with pytest.raises(Refused) as refusal:
        applied(house, by=SYSTEM)
    assert refusal.value.violations == {"external_number": "REQUIRED"}


@pytest.mark.parametrize("kind", ["APPLICATION_FORM", "IDENTITY", "PLEDGE", "PROOF_OF_CORRECTION"])
def test_each_of_the_four_documents_is_required(house: House, kind: str) -> None:
    with pytest.raises(Refused) as refusal:
        applied(house, documents=documents(house, kind))
    assert refusal.value.violations == {"documents": f"MISSING_{kind}"}


def test_a_document_that_was_not_uploaded_is_named(house: House) -> None:
    brought = documents(house)
    brought[2]["attachment"] = {"sha256": "0" * 64, "name": "承诺书.pdf"}
    with pytest.raises(Refused) as refusal:
        applied(house, documents=brought)
    assert refusal.value.violations == {"documents[2]": "NOT_UPLOADED"}


def test_a_statement_has_an_end(house: House) -> None:
    with pytest.raises(Refused) as refusal:
        applied(house, statement="字" * 2001)
    assert refusal.value.violations == {"statement": "LENGTH"}


def test_a_number_in_the_other_system_has_an_end(house: House) -> None:
    with pytest.raises(Refused) as refusal:
        applied(house, by=SYSTEM, external_number="9" * 201)
    assert refusal.value.violations == {"external_number": "LENGTH"}


def test_each_role_applies_in_its_own_way(house: House) -> None:
    for by, wanted in ((ENTERPRISE, "PAPER"), (OFFICER, "ONLINE"), (SYSTEM, "PAPER")):
        with refused(grpc.StatusCode.PERMISSION_DENIED, "WRONG_CHANNEL"):
            applied(house, by=by, channel=f"REPAIR_CHANNEL_{wanted}", external_number="x")


def test_nobody_applies_for_anothers_object(house: House) -> None:
    with refused(grpc.StatusCode.PERMISSION_DENIED, "NOT_YOURS"):
        applied(house, by=OTHER_ENTERPRISE)
    with refused(grpc.StatusCode.PERMISSION_DENIED, "NOT_YOURS"):
        applied(house, by=DISTRICT_OFFICER)


def test_only_what_harms_credit_is_repaired(house: House) -> None:
    publish(house, adverse=False, finding="NO_PROBLEM")
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "NOT_ADVERSE"):
        apply(house, disclosed_result(house).disclosure_id)


def test_only_results_are_repaired(house: House) -> None:
    publish(house)
    (task,) = disclosed(house, kind="DISCLOSURE_KIND_TASK")
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "NOT_ADVERSE"):
        apply(house, task.disclosure_id, by=SYSTEM, external_number="x")


def test_what_was_never_disclosed_is_not_repaired(house: House) -> None:
    with refused(grpc.StatusCode.NOT_FOUND, "NO_SUCH_THING"):
        apply(house, "x")


def test_one_application_at_a_time(house: House) -> None:
    repair = applied(house)
    with refused(grpc.StatusCode.ALREADY_EXISTS, "APPLIED_ALREADY"):
        apply(house, repair.disclosure_id)
    do(house, "DeclineRepair", repair, reason="材料不全")
    assert state(apply(house, repair.disclosure_id)) == "APPLIED"


def test_of_many_that_apply_at_once_one_gets_through(house: House) -> None:
    publish(house)
    disclosure_id = disclosed_result(house).disclosure_id
    brought = documents(house)

    def attempt(_: int) -> str:
        try:
            return state(apply(house, disclosure_id, documents=brought))
        except Refused as refusal:
            return refusal.reason

    with ThreadPoolExecutor(6) as pool:
        outcomes = sorted(pool.map(attempt, range(6)))
    assert outcomes == ["APPLIED"] + ["APPLIED_ALREADY"] * 5


def test_a_repeated_request_returns_the_first_answer(house: House) -> None:
    publish(house)
    request: dict[str, Any] = {"request_id": "once", "documents": documents(house)}
    first = apply(house, disclosed_result(house).disclosure_id, **request)
    assert apply(house, first.disclosure_id, **request) == first


def test_what_a_street_inspected_is_repaired_by_the_district(house: House) -> None:
    know_authorities(house)
    repair = applied_for_street(house)
    assert (repair.authority_id, repair.number) == (DISTRICT, "渝中司信修〔2025〕1号")
    do(house, "AcceptRepair", repair, by=DISTRICT_OFFICER)
    do(house, "GrantRepair", repair, by=DISTRICT_OFFICER)
    assert disclosed(house, kind="DISCLOSURE_KIND_RESULT") == []


def test_a_street_never_decides_itself(house: House) -> None:
    house.announce(plans.AuthorityChanged(authority_id=STREET, version=1, name="某街道办事处", level="STREET"))
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "BELOW_COUNTY"):
        applied_for_street(house)
    know_authorities(house, version=2)
    assert apply(house, disclosed_result(house).disclosure_id).authority_id == DISTRICT


def applied_for_street(house: House) -> Any:
    publish(house, authority_id=STREET)
    return apply(house, disclosed_result(house).disclosure_id)


# the clock


def test_acceptance_starts_seven_working_days(house: House) -> None:
    repair = accepted(house)
    assert (state(repair), repair.accepted_on, repair.due_on, repair.days_left) == (
        "ACCEPTED",
        "2025-06-09",
        "2025-06-18",
        7,
    )


def test_days_of_waiting_for_a_supplement_do_not_count(house: House) -> None:
    repair = accepted(house)
    next_days(house, 2)
    asked = do(house, "RequestSupplement", repair, supplement="整改照片", respond_by="2025-06-20")
    assert (state(asked), asked.due_on, asked.days_left) == ("SUPPLEMENT_REQUESTED", "", 6)
    next_days(house, 5)
    brought = supplement(house, repair)
    assert (state(brought), brought.due_on, brought.days_left) == ("SUPPLEMENTED", "2025-06-24", 6)
    (kept,) = brought.supplements
    assert (kept.requested_on, kept.submitted_on, kept.respond_by) == ("2025-06-11", "2025-06-16", "2025-06-20")
    assert len(kept.documents) == 1


def test_the_deadline_is_explained_day_by_day(house: House) -> None:
    repair = accepted(house)
    next_days(house, 1)
    do(house, "RequestSupplement", repair, supplement="整改照片")
    next_days(house, 1)
    supplement(house, repair)
    explained = do(house, "ExplainDeadline", repair, by=ENTERPRISE)
    reasons = [
        (day.day[5:], day.number, repairs_pb2.DayReason.Name(day.reason).removeprefix("DAY_REASON_"))
        for day in explained.days
    ]
    assert reasons[:6] == [
        ("06-09", 0, "ACCEPTANCE"),
        ("06-10", 0, "SUPPLEMENT"),
        ("06-11", 0, "SUPPLEMENT"),
        ("06-12", 1, "WORKDAY"),
        ("06-13", 2, "WORKDAY"),
        ("06-14", 0, "WEEKEND"),
    ]
    assert (explained.due_on, explained.allowed, explained.days_used, explained.days_left) == ("2025-06-20", 7, 0, 7)
    assert "七个工作日" in explained.rule
    assert [(each.year, each.published) for each in explained.calendars] == [(2025, True)]


def test_the_explanation_names_the_calendar_of_each_year(house: House) -> None:
    house.pass_time(days=365 + 204)  # 2026-12-30; 2027 is not published
    explained = do(house, "ExplainDeadline", accepted(house))
    assert [(each.year, each.published) for each in explained.calendars] == [(2026, True), (2027, False)]
    assert "国务院办公厅" in explained.calendars[0].note
    assert "尚未发布" in explained.calendars[1].note
    assert {day.provisional for day in explained.days if day.day > "2027"} == {True}


def test_before_acceptance_there_is_no_deadline_to_explain(house: House) -> None:
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "NOT_ACCEPTED_YET"):
        do(house, "ExplainDeadline", applied(house))


def test_a_decided_repair_keeps_its_count(house: House) -> None:
    repair = accepted(house)
    next_days(house, 1)
    do(house, "RefuseRepair", repair, reason="材料不实")
    next_days(house, 100)
    assert do(house, "GetRepair", repair).days_left == 6
    assert do(house, "ExplainDeadline", repair).days_used == 1


def test_reminders_come_three_days_and_one_day_before_and_when_it_is_too_late(house: House) -> None:
    repair = accepted(house)
    for _ in range(15):
        house.fire("credit", "tend_repairs")
        house.fire("credit", "tend_repairs")
        next_days(house, 1)
    facts = house.announced("credit", events_pb2.RepairReminded)
    assert [fact.days_left for fact in facts] == [3, 1, -1]
    assert {(fact.repair_id, fact.authority_id, fact.due_on) for fact in facts} == {
        (repair.repair_id, CITY, "2025-06-18")
    }
    assert {(fact.number, fact.inspection_id, fact.object_id, fact.object_name) for fact in facts} == {
        (repair.number, "i1", FIRM, "甲公司")
    }
    reminded = [reminder.reminded_on for reminder in do(house, "GetRepair", repair).reminders]
    assert reminded == ["2025-06-13", "2025-06-17", "2025-06-19"]


def test_an_overdue_repair_is_shown_and_its_decision_marked_late(house: House) -> None:
    repair = accepted(house)
    assert house.call("credit", "ListRepairs", {"overdue": True}, by=OFFICER).repairs == []
    next_days(house, 10)
    (late,) = house.call("credit", "ListRepairs", {"overdue": True}, by=OFFICER).repairs
    assert (late.repair_id, late.overdue, late.days_left) == (repair.repair_id, True, 0)
    granted = do(house, "GrantRepair", repair)
    assert (granted.late, granted.overdue) == (True, False)


def test_a_provisional_deadline_moves_when_the_notice_comes(house: House) -> None:
    house.pass_time(days=(365 + 200))  # 2026-12-26, a Saturday; 2027 is not published
    repair = accepted(house)
    assert (repair.due_on, repair.due_provisional) == ("2027-01-05", True)
    calendar = house.settings.calendar
    calendar.mkdir(parents=True)
    (calendar / "2027.json").write_text(json.dumps({"2027-01-01": False}))
    house.fire("credit", "tend_repairs")
    moved = do(house, "GetRepair", repair)
    assert (moved.due_on, moved.due_provisional) == ("2027-01-06", False)


# deciding


def test_a_granted_repair_undoes_what_the_public_sees_and_what_the_score_lost(house: House) -> None:
    activate(house)
    repair = accepted(house)
    assert industry_score(house) == 53.0
    granted = do(house, "GrantRepair", repair, remark="已整改到位")
    assert (state(granted), granted.reason, granted.decided_by, granted.late) == (
        "GRANTED",
        "已整改到位",
        "officer",
        False,
    )
    assert disclosed(house, kind="DISCLOSURE_KIND_RESULT") == []
    with refused(grpc.StatusCode.NOT_FOUND, "NO_SUCH_THING"):
        house.call("credit", "GetDisclosure", {"disclosure_id": repair.disclosure_id}, by=PUBLIC)
    assert industry_score(house) == 88.0
    explained = house.call("credit", "ExplainScore", {"object_id": FIRM, "domain": "司法"}, by=ENTERPRISE)
    assert "已修复" in explained.terms[1].evidence[0].note


def test_a_grant_is_announced_and_the_history_stays(house: House) -> None:
    repair = accepted(house)
    do(house, "GrantRepair", repair)
    (decided,) = house.announced("credit", events_pb2.RepairDecided)
    assert (decided.repair_id, decided.decision, decided.inspection_id, decided.authority_id) == (
        repair.repair_id,
        "GRANTED",
        "i1",
        CITY,
    )
    (withdrawn,) = house.announced("credit", events_pb2.DisclosureWithdrawn)
    assert (withdrawn.disclosure_id, withdrawn.kind, withdrawn.reason) == (repair.disclosure_id, "RESULT", "REPAIR")
    answer = house.call("credit", "ListDisclosureHistory", {"disclosure_id": repair.disclosure_id}, by=SUPERVISOR)
    assert [(entry.revision, entry.action) for entry in answer.revisions] == [(1, "DISCLOSED"), (1, "WITHDRAWN")]
    assert answer.disclosure.withdrawal_reason == "REPAIR"
    assert answer.revisions[0].facts["summary"] == "未按规定公示收费标准"


def test_a_granted_repair_is_not_applied_for_again(house: House) -> None:
    repair = accepted(house)
    do(house, "GrantRepair", repair)
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "NOT_DISCLOSED"):
        apply(house, repair.disclosure_id)


def test_a_correction_of_a_repaired_result_brings_it_back_to_nobody(house: House) -> None:
    activate(house)
    repair = accepted(house)
    do(house, "GrantRepair", repair)
    correct(house)
    assert disclosed(house, kind="DISCLOSURE_KIND_RESULT") == []
    assert industry_score(house) == 88.0
    assert len(house.announced("credit", events_pb2.DisclosurePublished)) == 2  # the result and its task, once each


def test_a_refused_repair_says_why_and_may_be_applied_for_again(house: House) -> None:
    repair = accepted(house)
    refusal = do(house, "RefuseRepair", repair, reason="尚未整改")
    assert (state(refusal), refusal.reason) == ("REFUSED", "尚未整改")
    (decided,) = house.announced("credit", events_pb2.RepairDecided)
    assert decided.decision == "REFUSED"
    assert house.announced("credit", events_pb2.DisclosureWithdrawn) == []
    assert state(apply(house, repair.disclosure_id)) == "APPLIED"


@pytest.mark.parametrize("method", ["DeclineRepair", "RefuseRepair"])
def test_saying_no_needs_a_reason(house: House, method: str) -> None:
    with pytest.raises(Refused) as refusal:
        do(house, method, applied(house), reason=" ")
    assert refusal.value.violations == {"reason": "REQUIRED"}


def test_a_site_check_that_finds_no_correction_stands_in_the_way(house: House) -> None:
    repair = accepted(house)
    found: dict[str, Any] = {"checkers": ["李某", "王某"], "note": "仍未公示", "corrected": False}
    checked = do(house, "RecordSiteCheck", repair, **found, attachments=[upload(house, "照片")])
    (check,) = checked.site_checks
    assert (check.checked_on, check.recorded_by, list(check.checkers)) == ("2025-06-09", "officer", ["李某", "王某"])
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "NOT_CORRECTED"):
        do(house, "GrantRepair", repair)
    do(house, "RecordSiteCheck", repair, checkers=["李某"], note="已公示", corrected=True)
    assert state(do(house, "GrantRepair", repair)) == "GRANTED"


@pytest.mark.parametrize(
    ("changes", "violations"),
    [
        ({"checkers": []}, {"checkers": "REQUIRED"}),
        ({"note": ""}, {"note": "REQUIRED"}),
        ({"checked_on": "2025-06-10"}, {"checked_on": "RANGE"}),
        ({"checked_on": "今天"}, {"checked_on": "FORMAT"}),
        ({"attachments": [{"sha256": "zz"}]}, {"attachments[0]": "NOT_UPLOADED"}),
    ],
)
def test_a_bad_site_check_is_refused_by_field(
    house: House, changes: dict[str, Any], violations: dict[str, str]
) -> None:
    with pytest.raises(Refused) as refusal:
        do(house, "RecordSiteCheck", accepted(house), **({"checkers": ["李某"], "note": "已改"} | changes))
    assert refusal.value.violations == violations


def test_while_a_supplement_is_awaited_nothing_is_decided(house: House) -> None:
    repair = accepted(house)
    do(house, "RequestSupplement", repair, supplement="照片", respond_by="2025-06-12")
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "WRONG_REPAIR_STATE") as refusal:
        do(house, "GrantRepair", repair)
    assert refusal.value.metadata == {
        "state": "SUPPLEMENT_REQUESTED",
        "possible": "submit_supplement,record_site_check,refuse",
    }
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "SUPPLEMENT_AWAITED"):
        do(house, "RefuseRepair", repair, reason="未补充")
    next_days(house, 4)
    assert state(do(house, "RefuseRepair", repair, reason="未补充")) == "REFUSED"


def test_a_supplement_day_that_cannot_be_is_refused(house: House) -> None:
    repair = accepted(house)
    for day, rule in (("2025-06-09", "RANGE"), ("soon", "FORMAT")):
        with pytest.raises(Refused) as refusal:
            do(house, "RequestSupplement", repair, supplement="照片", respond_by=day)
        assert refusal.value.violations == {"respond_by": rule}


def test_who_may_bring_a_supplement(house: House) -> None:
    repair = accepted(house)
    do(house, "RequestSupplement", repair, supplement="照片")
    for by in (OTHER_ENTERPRISE, DISTRICT_OFFICER, SYSTEM):
        with refused(grpc.StatusCode.PERMISSION_DENIED, "NOT_YOURS"):
            supplement(house, repair, by=by)
    assert state(supplement(house, repair, by=OFFICER)) == "SUPPLEMENTED"


@pytest.mark.parametrize(
    ("method", "more"),
    [
        ("AcceptRepair", {}),
        ("DeclineRepair", {"reason": "x"}),
        ("RequestSupplement", {"supplement": "x"}),
        ("RecordSiteCheck", {"checkers": ["x"], "note": "x"}),
        ("GrantRepair", {}),
        ("RefuseRepair", {"reason": "x"}),
    ],
)
def test_only_an_officer_of_the_authority_that_inspected_handles_it(
    house: House, method: str, more: dict[str, Any]
) -> None:
    repair = applied(house)
    with refused(grpc.StatusCode.PERMISSION_DENIED, "NOT_YOURS"):
        do(house, method, repair, by=DISTRICT_OFFICER, **more)
    for by in (ENTERPRISE, INSPECTOR, SUPERVISOR, HEAD, ADMIN):
        with refused(grpc.StatusCode.PERMISSION_DENIED, "ROLE_NEEDED"):
            do(house, method, repair, by=by, **more)
    assert state(do(house, "GetRepair", repair)) == "APPLIED"


def test_a_wrong_state_names_itself_and_what_is_possible(house: House) -> None:
    repair = applied(house)
    for method, more in (
        ("RequestSupplement", {"supplement": "x"}),
        ("RecordSiteCheck", {"checkers": ["x"], "note": "x"}),
        ("GrantRepair", {}),
        ("RefuseRepair", {"reason": "x"}),
    ):
        with refused(grpc.StatusCode.FAILED_PRECONDITION, "WRONG_REPAIR_STATE") as refusal:
            do(house, method, repair, **more)
        assert refusal.value.metadata == {"state": "APPLIED", "possible": "accept,decline"}
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "WRONG_REPAIR_STATE"):
        supplement(house, repair)


def test_a_stale_etag_is_refused_and_changes_nothing(house: House) -> None:
    repair = applied(house)
    do(house, "AcceptRepair", repair, etag=repair.etag)
    with refused(grpc.StatusCode.ABORTED, "STALE_ETAG"):
        do(house, "GrantRepair", repair, etag=repair.etag)
    assert state(do(house, "GetRepair", repair)) == "ACCEPTED"


def test_of_two_decisions_at_once_one_stands(house: House) -> None:
    repair = accepted(house)

    def decide(method: str) -> str:
        try:
            more: dict[str, Any] = {"reason": "x"} if method == "RefuseRepair" else {}
            return state(do(house, method, repair, **more))
        except Refused as refusal:
            return refusal.code.name

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(decide, ["GrantRepair", "RefuseRepair"] * 2))
    decided = [outcome for outcome in outcomes if outcome in ("GRANTED", "REFUSED")]
    assert len(decided) == 1
    facts = house.announced("credit", events_pb2.RepairDecided)
    assert [fact.decision for fact in facts] == decided


# void


def test_a_correction_that_clears_the_result_voids_its_repair(house: House) -> None:
    repair = accepted(house)
    correct(house, adverse=False, finding="NO_PROBLEM")
    voided = do(house, "GetRepair", repair, by=ENTERPRISE)
    assert state(voided) == "VOID"
    assert "更正" in voided.reason
    assert len(disclosed(house, kind="DISCLOSURE_KIND_RESULT")) == 1


# seeing


def test_who_sees_a_repair(house: House) -> None:
    repair = applied(house)
    for by in (ENTERPRISE, OFFICER, HEAD, SUPERVISOR, ADMIN):
        assert do(house, "GetRepair", repair, by=by).repair_id == repair.repair_id
        assert len(house.call("credit", "ListRepairs", {}, by=by).repairs) == 1
    for by in (OTHER_ENTERPRISE, DISTRICT_OFFICER, SYSTEM, person("nobody", "enterprise")):
        with refused(grpc.StatusCode.NOT_FOUND, "NO_SUCH_THING"):
            do(house, "GetRepair", repair, by=by)
        assert house.call("credit", "ListRepairs", {}, by=by).repairs == []


def test_repairs_are_found_by_what_they_are(house: House) -> None:
    first = accepted(house)
    publish(house, "i2")
    second = apply(house, disclosed_result(house, "i2").disclosure_id)

    def found(**filters: Any) -> list[str]:
        return [each.repair_id for each in house.call("credit", "ListRepairs", filters, by=SUPERVISOR).repairs]

    assert found() == [second.repair_id, first.repair_id]
    assert found(order_by="create_time") == [first.repair_id, second.repair_id]
    assert found(states=["REPAIR_STATE_ACCEPTED"]) == [first.repair_id]
    assert found(disclosure_id=second.disclosure_id) == [second.repair_id]
    assert found(due_until="2025-06-18") == [first.repair_id]
    assert found(due_until="2025-06-17") == []
    assert found(authority_id=DISTRICT) == []
    assert len(found(object_id=FIRM, page_size=1)) == 1
