"""From the code to the published result, and everything that is refused on the way."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from liangma.sampling.v1 import events_pb2 as sampling
from liangma.tasks.v1 import events_pb2 as facts
from liangma.tasks.v1 import inspections_pb2 as ins

from services.chassis.identity import Principal
from tests.support.house import House, Refused
from tests.tasks import city


def refused(house: House, method: str, inspection: Any, by: Principal, **fields: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        house.call("tasks", method, {"inspection_id": inspection.inspection_id, **fields}, by=by)
    return caught.value


@pytest.fixture
def visit(house: House) -> tuple[House, Any]:
    task, (inspection,) = city.dispatched(house)
    city.visited(house, task, inspection)
    return house, inspection


def test_no_code_no_inspection(house: House) -> None:
    task, (inspection,) = city.dispatched(house)
    for is_coded in (False, True):
        if is_coded:
            city.code(house, task.task_id, inspection.inspection_id)
        answer = refused(house, "RecordInspection", inspection, city.FIRST, **city.CLEAN)
        assert answer.reason == "NO_CODE_NO_INSPECTION"
        assert answer.metadata["possible"] == "verify,except"
    city.verify(house, inspection.inspection_id)
    recorded = city.record(house, inspection.inspection_id)
    assert recorded.state == ins.INSPECTION_STATE_RECORDED


def test_nothing_is_recorded_before_dispatch(house: House) -> None:
    task = city.create(house)
    city.add(house, task.task_id, city.SHOP)
    city.assign(house, task.task_id, "50000001", "50000002")
    (inspection,) = city.inspections(house, task.task_id)
    assert refused(house, "RecordInspection", inspection, city.FIRST, **city.CLEAN).reason == "NOT_DISPATCHED"


def test_an_intercepted_visit_may_not_take_place_and_is_replaced_or_cancelled(house: House) -> None:
    task, (inspection,) = city.dispatched(house)
    city.intercept(house, task.task_id, inspection.inspection_id)
    answer = refused(house, "RecordInspection", inspection, city.FIRST, **city.CLEAN)
    assert answer.metadata["state"] == "INTERCEPTED"
    now = city.inspection(house, inspection.inspection_id)
    assert list(now.possible) == ["replace", "merge", "cancel"]
    request = {"inspection_id": inspection.inspection_id, "reason": "达到年度频次上限"}
    cancelled = house.call("tasks", "CancelInspection", request, by=city.MANAGER)
    assert cancelled.state == ins.INSPECTION_STATE_CANCELLED
    assert [f.cause for f in house.announced("tasks", facts.InspectionsCancelled)] == ["CANCELLED"]
    assert len(house.announced("tasks", facts.TaskCompleted)) == 1


def test_a_code_that_is_refused_when_it_is_decided_anew_is_gone(house: House) -> None:
    task, (inspection,) = city.dispatched(house)
    id = inspection.inspection_id
    city.code(house, task.task_id, id)
    city.intercept(house, task.task_id, id, revoked=city.code_id(id))
    now = city.inspection(house, id)
    assert (now.state, now.HasField("code")) == (ins.INSPECTION_STATE_INTERCEPTED, False)
    assert now.interception.revoked_code_id == city.code_id(id)
    assert list(now.possible) == ["replace", "merge", "cancel"]
    assert refused(house, "RecordInspection", now, city.FIRST, **city.CLEAN).metadata["state"] == "INTERCEPTED"


def test_an_earlier_refusal_that_comes_late_takes_no_newer_code_away(house: House) -> None:
    task, (inspection,) = city.dispatched(house)
    city.code(house, task.task_id, inspection.inspection_id)
    city.intercept(house, task.task_id, inspection.inspection_id)
    city.intercept(house, task.task_id, inspection.inspection_id, revoked="an earlier one")
    assert city.inspection(house, inspection.inspection_id).state == ins.INSPECTION_STATE_CODED


def test_word_of_a_revoked_code_that_comes_after_its_refusal_brings_it_not_back(house: House) -> None:
    task, (inspection,) = city.dispatched(house)
    id = inspection.inspection_id
    city.intercept(house, task.task_id, id, revoked=city.code_id(id))
    city.code(house, task.task_id, id)
    now = city.inspection(house, id)
    assert (now.state, now.HasField("code")) == (ins.INSPECTION_STATE_INTERCEPTED, False)


def test_an_exception_lets_the_record_in_and_is_told(house: House) -> None:
    task, (inspection,) = city.dispatched(house)
    city.code(house, task.task_id, inspection.inspection_id)
    city.refuse_scan(house, inspection.inspection_id)
    now = city.inspection(house, inspection.inspection_id)
    assert (now.state, now.visit.reason) == (ins.INSPECTION_STATE_EXCEPTED, "负责人拒绝扫码")
    city.record(house, inspection.inspection_id)
    (told,) = house.announced("tasks", facts.RecordedWithoutVerification)
    assert (told.exception, told.authority_id) == ("REFUSED_TO_SCAN", city.JUSTICE)


def test_off_site_no_code_is_needed(house: House) -> None:
    _, (inspection,) = city.dispatched(house, method="METHOD_DOCUMENTARY", on_site_reason=None)
    done = city.finish(house, inspection.inspection_id)
    assert done.state == ins.INSPECTION_STATE_PUBLISHED
    notice = house.call("tasks", "GetNotice", {"inspection_id": inspection.inspection_id}, by=city.MANAGER)
    assert notice.data.startswith(b"%PDF-")


def test_facts_of_unknown_inspections_are_passed_over(house: House) -> None:
    city.code(house, "t", "nothing")
    city.intercept(house, "t", "nothing")
    city.verify(house, "nothing")
    city.refuse_scan(house, "nothing")


# who may


def test_who_inspects_records(visit: tuple[House, Any]) -> None:
    house, inspection = visit
    stranger = city.inspector("50000003")
    assert refused(house, "RecordInspection", inspection, stranger, **city.CLEAN).reason == "NOT_ON_TEAM"
    assert refused(house, "RecordInspection", inspection, city.THIRD, **city.CLEAN).reason == "NOT_YOURS"
    manager = refused(house, "RecordInspection", inspection, city.MANAGER, **city.CLEAN)
    assert manager.code is grpc.StatusCode.PERMISSION_DENIED


def test_an_expert_neither_records_nor_signs(house: House) -> None:
    task = city.create(house)
    city.add(house, task.task_id, city.SHOP)
    city.assign(house, task.task_id, "50000001", "50000002", city.EXPERT)
    city.approve_scheme(house, task.task_id)
    city.dispatch(house, task.task_id)
    (inspection,) = city.inspections(house, task.task_id)
    city.visited(house, task, inspection)
    expert = city.inspector(city.EXPERT)
    assert refused(house, "RecordInspection", inspection, expert, **city.CLEAN).reason == "EXPERT_SIGNS_NOTHING"
    city.record(house, inspection.inspection_id)
    assert refused(house, "SignInspection", inspection, expert).reason == "EXPERT_SIGNS_NOTHING"
    assert city.sign(house, inspection.inspection_id).state == ins.INSPECTION_STATE_SIGNED


@pytest.mark.parametrize("change", [{"valid_until": "2025-06-08"}, {"retired": True}])
def test_a_certificate_that_no_longer_holds_stops_the_record_at_once(visit: tuple[House, Any], change: Any) -> None:
    house, inspection = visit
    lapsed = city.certified("50000002", city.JUSTICE, version=2, **change)
    house.announce(sampling.InspectorChanged(batch_id="b3", inspectors=[lapsed]))
    answer = refused(house, "RecordInspection", inspection, city.FIRST, **city.CLEAN)
    assert (answer.reason, answer.metadata["invalid"]) == ("TOO_FEW_INSPECTORS", "50000002")


def test_a_record_must_be_complete_and_consistent(visit: tuple[House, Any]) -> None:
    house, inspection = visit
    half = {"finding": "FINDING_NO_PROBLEM", "items": city.items()[:2]}
    assert refused(house, "RecordInspection", inspection, city.FIRST, **half).violations == {"items": "INCOMPLETE"}
    clash = {"finding": "FINDING_NO_PROBLEM", "items": city.items(problem=1)}
    assert refused(house, "RecordInspection", inspection, city.FIRST, **clash).violations == {
        "finding": "CONTRADICTION"
    }
    nothing = refused(house, "RecordInspection", inspection, city.FIRST)
    assert nothing.violations == {"finding": "REQUIRED"}
    early = refused(house, "RecordInspection", inspection, city.FIRST, **city.CLEAN, inspected_on="2025-06-10")
    assert early.violations == {"inspected_on": "PERIOD"}


# signatures


def test_both_sign_and_the_object_s_person_signs(visit: tuple[House, Any]) -> None:
    house, inspection = visit
    city.record(house, inspection.inspection_id)
    first = house.call("tasks", "SignInspection", {"inspection_id": inspection.inspection_id}, by=city.FIRST)
    assert first.state == ins.INSPECTION_STATE_RECORDED
    assert refused(house, "SignInspection", inspection, city.FIRST).reason == "SIGNED_ALREADY"
    assert refused(house, "ReviewInspection", inspection, city.REVIEWER, decision=1).metadata["state"] == "RECORDED"
    house.call("tasks", "SignInspection", {"inspection_id": inspection.inspection_id}, by=city.SECOND)
    request = {"inspection_id": inspection.inspection_id, "name": "张三"}
    signed = house.call("tasks", "SignForObject", request, by=city.OWNER)
    assert signed.state == ins.INSPECTION_STATE_SIGNED
    assert signed.parts[0].object_signature.signed_by == city.OWNER.subject
    assert refused(house, "SignInspection", inspection, city.SECOND).metadata["possible"] == "review"


def test_a_refusal_to_sign_is_noted_with_a_reason_by_an_inspector_only(visit: tuple[House, Any]) -> None:
    house, inspection = visit
    city.record(house, inspection.inspection_id)
    refusal = {"name": "张三", "refused": True}
    assert refused(house, "SignForObject", inspection, city.FIRST, **refusal).violations == {"reason": "REQUIRED"}
    with_reason = refusal | {"reason": "对结果有异议"}
    assert refused(house, "SignForObject", inspection, city.OWNER, **with_reason).code.name == "PERMISSION_DENIED"
    house.call("tasks", "SignForObject", {"inspection_id": inspection.inspection_id, **with_reason}, by=city.FIRST)
    for member in (city.FIRST, city.SECOND):
        signed = house.call("tasks", "SignInspection", {"inspection_id": inspection.inspection_id}, by=member)
    assert signed.state == ins.INSPECTION_STATE_SIGNED
    assert signed.parts[0].object_signature.refused


def test_an_enterprise_signs_for_nobody_else(visit: tuple[House, Any]) -> None:
    house, inspection = visit
    city.record(house, inspection.inspection_id)
    other = Principal(subject="x", roles=frozenset({"enterprise"}), object=city.CAFE)
    assert refused(house, "SignForObject", inspection, other, name="李四").reason == "NOT_YOURS"


def test_a_new_record_needs_new_signatures(visit: tuple[House, Any]) -> None:
    house, inspection = visit
    city.record(house, inspection.inspection_id)
    house.call("tasks", "SignInspection", {"inspection_id": inspection.inspection_id}, by=city.FIRST)
    again = city.record(house, inspection.inspection_id, by=city.SECOND, **city.PENDING)
    assert list(again.parts[0].signatures) == []


# review and publication


def test_recorder_and_reviewer_differ(visit: tuple[House, Any]) -> None:
    house, inspection = visit
    city.record(house, inspection.inspection_id)
    city.sign(house, inspection.inspection_id)
    both = Principal(subject=city.SECOND.subject, roles=frozenset({"reviewer", "inspector"}), authority=city.JUSTICE)
    answer = refused(house, "ReviewInspection", inspection, both, decision="REVIEW_DECISION_APPROVED")
    assert answer.reason == "REVIEWER_TOOK_PART"
    stranger = city.PARTNER_REVIEWER
    assert refused(house, "ReviewInspection", inspection, stranger, decision=1).reason == "NOT_YOURS"


def test_a_returned_record_is_entered_and_signed_again(visit: tuple[House, Any]) -> None:
    house, inspection = visit
    city.record(house, inspection.inspection_id)
    city.sign(house, inspection.inspection_id)
    back = {"decision": "REVIEW_DECISION_RETURNED"}
    assert refused(house, "ReviewInspection", inspection, city.REVIEWER, **back).violations == {"reason": "REQUIRED"}
    request = {"inspection_id": inspection.inspection_id, "reason": "照片缺失", **back}
    returned = house.call("tasks", "ReviewInspection", request, by=city.REVIEWER)
    assert returned.state == ins.INSPECTION_STATE_RETURNED
    assert refused(house, "PublishInspection", inspection, city.REVIEWER).metadata["state"] == "RETURNED"
    assert city.finish(house, inspection.inspection_id).state == ins.INSPECTION_STATE_PUBLISHED


def test_approval_and_publication_are_two_steps(visit: tuple[House, Any]) -> None:
    house, inspection = visit
    city.record(house, inspection.inspection_id)
    city.sign(house, inspection.inspection_id)
    assert refused(house, "PublishInspection", inspection, city.REVIEWER).metadata["possible"] == "review"
    city.review(house, inspection.inspection_id)
    assert house.announced("tasks", facts.ResultPublished) == []
    city.publish(house, inspection.inspection_id, by=city.MANAGER)
    (published,) = house.announced("tasks", facts.ResultPublished)
    result = published.result
    assert (result.finding, result.adverse, result.version, result.domain) == ("NO_PROBLEM", False, 1, "司法")
    assert (result.object_name, result.method, result.nature) == ("重庆市雾霆娱乐中心", "ON_SITE", "FORMAL")
    assert refused(house, "PublishInspection", inspection, city.MANAGER).metadata["possible"] == "correct"


def test_a_correction_keeps_the_earlier_version(visit: tuple[House, Any]) -> None:
    house, inspection = visit
    city.finish(house, inspection.inspection_id, **city.PENDING)
    change = city.CLEAN | {"reason": "复核无误，原认定有误"}
    request = {"inspection_id": inspection.inspection_id, **change}
    corrected = house.call("tasks", "CorrectResult", request, by=city.REVIEWER)
    versions = corrected.parts[0].versions
    assert [(v.version, v.record.finding) for v in versions] == [
        (1, ins.FINDING_PROBLEM_PENDING),
        (2, ins.FINDING_NO_PROBLEM),
    ]
    (fact,) = house.announced("tasks", facts.ResultCorrected)
    assert (fact.result.version, fact.result.adverse, fact.reason) == (2, False, "复核无误，原认定有误")
    again = refused(house, "CorrectResult", inspection, city.REVIEWER, **change)
    assert again.reason == "REVIEWER_TOOK_PART"


# joint


def test_in_a_joint_inspection_each_authority_goes_its_own_way_and_all_make_it_complete(house: House) -> None:
    task, (inspection,) = city.dispatched_joint(house)
    (out,) = house.announced("tasks", facts.InspectionsDispatched)
    assert out.code_kind == "JOINT"
    city.code(house, task.task_id, inspection.inspection_id, kind="JOINT")
    city.verify(house, inspection.inspection_id)
    ours = city.finish(house, inspection.inspection_id)
    assert ours.state == ins.INSPECTION_STATE_VERIFIED
    assert [part.state for part in ours.parts] == [ins.PART_STATE_PUBLISHED, ins.PART_STATE_OPEN]
    assert house.announced("tasks", facts.TaskCompleted) == []
    entry = {"finding": "FINDING_NO_PROBLEM", "items": city.items(city.HYGIENE)}
    assert refused(house, "RecordInspection", inspection, city.THIRD, **city.CLEAN).violations
    city.record(house, inspection.inspection_id, by=city.THIRD, **entry)
    assert refused(house, "SignForObject", inspection, city.OWNER, name="张三").violations == {
        "authority_id": "REQUIRED"
    }
    city.sign(house, inspection.inspection_id, city.THIRD, city.FOURTH)
    city.review(house, inspection.inspection_id, by=city.PARTNER_REVIEWER)
    done = city.publish(house, inspection.inspection_id, by=city.PARTNER_REVIEWER)
    assert done.state == ins.INSPECTION_STATE_PUBLISHED
    assert {p.result.authority_id for p in house.announced("tasks", facts.ResultPublished)} == {
        city.JUSTICE,
        city.MARKET,
    }
    assert len(house.announced("tasks", facts.TaskCompleted)) == 1


# reading


def test_an_inspector_finds_their_own_inspections(house: House) -> None:
    _, (inspection,) = city.dispatched(house)
    mine = house.call("tasks", "ListInspections", {"certificate": "me"}, by=city.SECOND).inspections
    assert [i.inspection_id for i in mine] == [inspection.inspection_id]
    others = house.call("tasks", "ListInspections", {"certificate": "me"}, by=city.inspector("50000003")).inspections
    assert list(others) == []


def test_an_enterprise_reads_its_own_once_they_are_sent_out(house: House) -> None:
    task = city.create(house)
    city.add(house, task.task_id, city.SHOP, city.CAFE)
    assert list(house.call("tasks", "ListInspections", {}, by=city.OWNER).inspections) == []
    city.assign(house, task.task_id, "50000001", "50000002")
    city.approve_scheme(house, task.task_id)
    city.dispatch(house, task.task_id)
    (own,) = house.call("tasks", "ListInspections", {}, by=city.OWNER).inspections
    assert (own.object.object_id, list(own.history)) == (city.SHOP, [])
    other = next(i for i in city.inspections(house, task.task_id) if i.object.object_id == city.CAFE)
    assert refused(house, "GetInspection", other, city.OWNER).code is grpc.StatusCode.PERMISSION_DENIED
    assert refused(house, "GetInspection", other, city.PARTNER).code is grpc.StatusCode.PERMISSION_DENIED


def test_inspections_are_exported_to_excel(visit: tuple[House, Any]) -> None:
    import io

    import openpyxl

    house, inspection = visit
    city.finish(house, inspection.inspection_id, **city.PENDING)
    file = house.call("tasks", "ExportInspections", {"state": "INSPECTION_STATE_PUBLISHED"}, by=city.MANAGER)
    (sheet,) = openpyxl.load_workbook(io.BytesIO(file.data)).worksheets
    row = [cell.value for cell in sheet[2]]
    assert row[2] == city.SHOP
    assert "发现问题待后续处理" in row
