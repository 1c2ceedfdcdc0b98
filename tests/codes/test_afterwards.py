"""After the visit: results and history, evaluations, complaints, warnings; what the inspected authority may not see."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from liangma.codes.v1 import complaints_pb2, events_pb2, warnings_pb2
from liangma.credit.v1 import events_pb2 as credit
from liangma.tasks.v1 import events_pb2 as tasks

from services.chassis.identity import Principal
from tests.codes import city
from tests.support.house import House, Refused, houses

house = houses("codes")
FAR_SUPERVISOR = Principal("far", "远方", frozenset({"supervisor"}), region="510000")


@pytest.fixture(autouse=True)
def _settled(house: House) -> None:
    city.settle_in(house)


def refused(house: House, method: str, request: dict[str, Any], by: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        house.call("codes", method, request, by=by)
    return caught.value


def visited(house: House, *parts: Any) -> events_pb2.IssuedCode:
    """A verified visit to the shop."""
    (issued,) = city.issue(house, city.inspection(city.SHOP, *parts))
    city.verify(house, issued.text)
    city.scan(house, city.enterprise_code(house), issued.code_id)
    return issued


def result(inspection_id: str, version: int = 1, **changes: Any) -> tasks.Result:
    fact: dict[str, Any] = {
        "inspection_id": inspection_id,
        "version": version,
        "task_id": "task-1",
        "task_number": "渝司专查〔2025〕27号",
        "task_name": "文物经营检查",
        "kind": "DAILY",
        "nature": "FORMAL",
        "authority_id": city.JUSTICE,
        "object_id": city.SHOP,
        "object_name": "渝北小店",
        "matter_ids": [city.MATTER],
        "method": "ON_SITE",
        "finding": "CORRECTED",
        "summary": "账簿不全，已改正",
        "disposal": "ORDER_CORRECTION",
        "adverse": True,
        "inspected_on": "2025-06-09",
    }
    return tasks.Result(**(fact | changes))


def publish(house: House, *args: Any, **changes: Any) -> None:
    found = result(*args, **changes)
    house.announce(tasks.ResultPublished(inspection_id=found.inspection_id, result=found))


def mine(house: House, by: Principal = city.OWNER, **request: Any) -> Any:
    return house.call("codes", "ListMyInspections", request, by=by)


def evaluate(house: House, code_id: str, by: Principal = city.OWNER, **changes: Any) -> Any:
    return house.call("codes", "EvaluateVisit", {"code_id": code_id, "score": 5, "comment": "规范"} | changes, by=by)


def test_the_enterprise_sees_every_inspection_and_its_result(house: House) -> None:
    (waiting,) = city.issue(house)
    house.pass_time(minutes=1)
    issued = visited(house)
    assert [one.state for one in mine(house).inspections] == ["VERIFIED", "CODED"]
    publish(house, issued.inspection_id)
    latest = mine(house).inspections[0]
    assert (latest.state, latest.findings[0].summary, latest.findings[0].authority_name) == (
        "PUBLISHED",
        "账簿不全，已改正",
        "重庆市司法局",
    )
    assert mine(house).inspections[1].inspection_id == waiting.inspection_id
    assert not mine(house, city.FARMER).inspections
    assert refused(house, "ListMyInspections", {"object_id": city.SHOP}, city.FARMER).reason == "NOT_THE_OBJECT"


def test_an_off_site_inspection_appears_with_its_result(house: House) -> None:
    publish(house, "off-site", method="DOCUMENTARY")
    (one,) = mine(house).inspections
    assert (one.method, one.code_id, one.state, list(one.authority_ids)) == (
        "DOCUMENTARY",
        "",
        "PUBLISHED",
        [city.JUSTICE],
    )


def test_a_joint_inspection_has_a_result_per_authority_and_corrections_replace(house: House) -> None:
    issued = visited(house, city.part(), city.part(city.FARMING, city.OTHER_TEAM))
    publish(house, issued.inspection_id)
    publish(house, issued.inspection_id, authority_id=city.FARMING)
    corrected = result(issued.inspection_id, 2, summary="更正：无问题")
    house.announce(tasks.ResultCorrected(inspection_id=issued.inspection_id, result=corrected, reason="笔误"))
    publish(house, issued.inspection_id)
    (one,) = mine(house).inspections
    assert [(found.authority_id, found.summary) for found in one.findings] == [
        (city.JUSTICE, "更正：无问题"),
        (city.FARMING, "账簿不全，已改正"),
    ]


def test_results_of_test_tasks_are_not_shown(house: House) -> None:
    publish(house, "practice", nature="TEST")
    assert not mine(house).inspections


def test_the_history_goes_on_page_by_page(house: House) -> None:
    for n in range(3):
        publish(house, f"i{n}")
        house.pass_time(minutes=1)
    first = mine(house, page_size=2)
    second = mine(house, page_size=2, page_token=first.page.next_page_token)
    assert [one.inspection_id for one in (*first.inspections, *second.inspections)] == ["i2", "i1", "i0"]


def test_the_inspector_at_the_door_sees_credit_risk_and_history(house: House) -> None:
    publish(house, "earlier")
    rating = credit.ObjectRating(
        object_id=city.SHOP,
        version=2,
        public_rating="B",
        risk_class="C",
        industry=[credit.IndustryRating(domain="司法", rating="A", score=91)],
    )
    house.announce(credit.RatingChanged(batch_id="b", ratings=[rating]))
    seen = city.scan(house, city.enterprise_code(house))
    assert (seen.public_rating, seen.risk_class, seen.industry_ratings[0].rating) == ("B", "C", "A")
    assert [one.inspection_id for one in seen.history] == ["earlier"]


def test_each_authority_of_a_joint_visit_is_evaluated_once(house: House) -> None:
    issued = visited(house, city.part(), city.part(city.FARMING, city.OTHER_TEAM))
    assert refused(house, "EvaluateVisit", {"code_id": issued.code_id, "score": 5}, city.OWNER).violations == {
        "authority_id": "NOT_ON_THE_CODE"
    }
    evaluate(house, issued.code_id, authority_id=city.JUSTICE, score=2)
    evaluate(house, issued.code_id, authority_id=city.FARMING)
    request = {"code_id": issued.code_id, "authority_id": city.JUSTICE, "score": 1}
    again = refused(house, "EvaluateVisit", request, city.OWNER)
    assert (again.code, again.reason) == (grpc.StatusCode.ALREADY_EXISTS, "ALREADY_EVALUATED")
    facts = house.announced("codes", events_pb2.EvaluationSubmitted)
    assert [(fact.authority_id, fact.score, fact.inspection_id) for fact in facts] == [
        (city.JUSTICE, 2, issued.inspection_id),
        (city.FARMING, 5, issued.inspection_id),
    ]
    assert list(mine(house).inspections[0].evaluated) == sorted([city.JUSTICE, city.FARMING])


def test_an_evaluation_waits_for_the_visit_and_keeps_to_the_scale(house: House) -> None:
    (issued,) = city.issue(house)
    request = {"code_id": issued.code_id, "score": 5}
    assert refused(house, "EvaluateVisit", request, city.OWNER).reason == "VISIT_NOT_STARTED"
    city.verify(house, issued.text)
    assert refused(house, "EvaluateVisit", request | {"score": 6}, city.OWNER).violations == {"score": "RANGE"}
    assert refused(house, "EvaluateVisit", request | {"comment": "x" * 2001}, city.OWNER).violations == {
        "comment": "LENGTH"
    }
    assert refused(house, "EvaluateVisit", {"code_id": issued.code_id}, city.OWNER).violations == {"score": "REQUIRED"}
    assert refused(house, "EvaluateVisit", request, city.FARMER).reason == "NOT_THE_OBJECT"
    assert house.announced("codes", events_pb2.EvaluationSubmitted) == []
    assert evaluate(house, issued.code_id).authority_id == city.JUSTICE


def test_who_evaluated_is_known_to_supervisors_and_the_author_only(house: House) -> None:
    issued = visited(house)
    evaluation = evaluate(house, issued.code_id)
    request = {"evaluation_id": evaluation.evaluation_id}
    assert house.call("codes", "GetEvaluation", request, by=city.SUPERVISOR).created_by == "boss"
    assert house.call("codes", "GetEvaluation", request, by=city.OWNER).score == 5
    assert refused(house, "GetEvaluation", request, city.INSPECTOR).reason == "ROLE_NEEDED"
    assert refused(house, "GetEvaluation", request, city.FARMER).code is grpc.StatusCode.NOT_FOUND
    assert refused(house, "GetEvaluation", request, FAR_SUPERVISOR).code is grpc.StatusCode.NOT_FOUND
    assert refused(house, "ListEvaluations", {}, city.MANAGER).reason == "ROLE_NEEDED"
    assert len(house.call("codes", "ListEvaluations", {}, by=city.SUPERVISOR).evaluations) == 1
    assert len(house.call("codes", "ListEvaluations", {}, by=city.OWNER).evaluations) == 1
    assert not house.call("codes", "ListEvaluations", {}, by=FAR_SUPERVISOR).evaluations
    assert not house.call("codes", "ListEvaluations", {"max_score": 3}, by=city.SUPERVISOR).evaluations


def test_the_authority_sees_figures_and_comments_nobody_can_be_told_by(house: House) -> None:
    request = {"authority_id": city.JUSTICE}
    for n, score in enumerate((5, 4, 4, 1)):
        evaluate(house, visited(house).code_id, score=score, comment=f"意见{4 - n}")
    summary = house.call("codes", "GetEvaluationSummary", request, by=city.MANAGER)
    assert (summary.count, summary.praise_rate, list(summary.comments)) == (4, 0.75, [])
    assert [(one.score, one.count) for one in summary.scores] == [(1, 1), (2, 0), (3, 0), (4, 2), (5, 1)]
    evaluate(house, visited(house).code_id, comment="意见0")
    summary = house.call("codes", "GetEvaluationSummary", request, by=city.SUPERVISOR)
    assert list(summary.comments) == ["意见0", "意见1", "意见2", "意见3", "意见4"]
    assert refused(house, "GetEvaluationSummary", request, city.OTHER_MANAGER).reason == "NOT_YOURS"
    earlier = house.call("codes", "GetEvaluationSummary", request | {"until": "2025-06-01"}, by=city.MANAGER)
    assert (earlier.count, earlier.praise_rate) == (0, 0)


def complaint(**changes: Any) -> dict[str, Any]:
    told = {"authority_id": city.JUSTICE, "kind": "COMPLAINT_KIND_NO_CODE", "text": "两人未亮码即要求检查"}
    return {"complaint": told | changes}


def test_a_complaint_reaches_the_supervisor_and_never_the_authority(house: House) -> None:
    evidence = city.photo(house, by=city.OWNER)
    request = complaint(attachments=[evidence], happened_on="2025-06-08")
    filed = house.call("codes", "FileComplaint", request, by=city.OWNER)
    assert (filed.object_id, filed.state) == (city.SHOP, complaints_pb2.COMPLAINT_STATE_FILED)
    (fact,) = house.announced("codes", events_pb2.ComplaintFiled)
    assert (fact.authority_id, fact.kind) == (city.JUSTICE, "NO_CODE")
    for method in ("GetComplaint", "ListComplaints"):
        assert refused(house, method, {"complaint_id": "x"} if method[0] == "G" else {}, city.MANAGER).reason == (
            "ROLE_NEEDED"
        )
    (seen,) = house.call("codes", "ListComplaints", {"kind": "COMPLAINT_KIND_NO_CODE"}, by=city.SUPERVISOR).complaints
    assert (seen.created_by, seen.attachments[0].name) == ("boss", "现场.png")
    assert not house.call("codes", "ListComplaints", {}, by=city.FARMER).complaints
    assert not house.call("codes", "ListComplaints", {}, by=FAR_SUPERVISOR).complaints


def test_a_complaint_is_answered_once_and_the_enterprise_reads_the_answer(house: House) -> None:
    filed = house.call("codes", "FileComplaint", complaint(), by=city.OWNER)
    request = {"complaint_id": filed.complaint_id, "answer": "已责令改正"}
    assert refused(house, "HandleComplaint", request, city.OWNER).reason == "ROLE_NEEDED"
    assert refused(house, "HandleComplaint", request, FAR_SUPERVISOR).code is grpc.StatusCode.NOT_FOUND
    handled = house.call("codes", "HandleComplaint", request, by=city.SUPERVISOR)
    assert (handled.state, handled.handled_by) == (complaints_pb2.COMPLAINT_STATE_HANDLED, "sun")
    assert refused(house, "HandleComplaint", request, city.SUPERVISOR).reason == "COMPLAINT_HANDLED"
    read = house.call("codes", "GetComplaint", {"complaint_id": filed.complaint_id}, by=city.OWNER)
    assert (read.answer, read.handled_by, read.updated_by) == ("已责令改正", "", "")


@pytest.mark.parametrize(
    ("changes", "violations"),
    [
        ({"authority_id": "", "text": ""}, {"complaint.authority_id": "REQUIRED", "complaint.text": "REQUIRED"}),
        ({"kind": "COMPLAINT_KIND_UNSPECIFIED"}, {"complaint.kind": "REQUIRED"}),
        ({"text": "x" * 4001}, {"complaint.text": "LENGTH"}),
        ({"happened_on": "2025-06-10"}, {"complaint.happened_on": "RANGE"}),
        ({"happened_on": "昨天"}, {"complaint.happened_on": "FORMAT"}),
        (
            {"attachments": [{"sha256": "0" * 64, "name": "a"}]},
            {"complaint.attachments[0].sha256": "UNKNOWN_ATTACHMENT"},
        ),
    ],
)
def test_a_complaint_names_what_is_wrong_with_it(
    house: House, changes: dict[str, Any], violations: dict[str, str]
) -> None:
    assert refused(house, "FileComplaint", complaint(**changes), city.OWNER).violations == violations


def test_a_complaint_is_about_somebody_known_and_ones_own_code(house: House) -> None:
    (issued,) = city.issue(house)
    filed = house.call("codes", "FileComplaint", complaint(code_id=issued.code_id), by=city.OWNER)
    assert filed.code_id == issued.code_id
    assert refused(house, "FileComplaint", complaint(authority_id="nobody"), city.OWNER).code is (
        grpc.StatusCode.NOT_FOUND
    )
    assert refused(house, "FileComplaint", complaint(code_id=issued.code_id), city.FARMER).code is (
        grpc.StatusCode.NOT_FOUND
    )
    assert refused(house, "FileComplaint", complaint(object_id=city.SHOP), city.FARMER).reason == "NOT_THE_OBJECT"


def test_a_warning_is_handled_once_with_a_note_by_its_supervisor(house: House) -> None:
    city.issue(house, city.inspection(), city.inspection())
    (found,) = house.call("codes", "ListWarnings", {"kind": "WARNING_KIND_DUPLICATE"}, by=city.SUPERVISOR).warnings
    assert (found.state, found.authority_id, found.object_name) == (
        warnings_pb2.WARNING_STATE_OPEN,
        city.JUSTICE,
        "渝北小店",
    )
    assert found.message == "重庆市司法局2025年度对渝北小店的现场检查已安排2次（重复检查）"
    request = {"warning_id": found.warning_id, "note": "已约谈"}
    assert refused(house, "HandleWarning", {"warning_id": found.warning_id}, city.SUPERVISOR).violations == {
        "note": "REQUIRED"
    }
    assert refused(house, "HandleWarning", request, city.MANAGER).reason == "ROLE_NEEDED"
    assert refused(house, "HandleWarning", request, FAR_SUPERVISOR).code is grpc.StatusCode.NOT_FOUND
    assert refused(house, "GetWarning", {"warning_id": found.warning_id}, FAR_SUPERVISOR).code is (
        grpc.StatusCode.NOT_FOUND
    )
    assert refused(house, "HandleWarning", request | {"etag": "9"}, city.SUPERVISOR).code is grpc.StatusCode.ABORTED
    handled = house.call("codes", "HandleWarning", request | {"etag": found.etag}, by=city.SUPERVISOR)
    assert (handled.state, handled.note, handled.handled_by, handled.etag) == (
        warnings_pb2.WARNING_STATE_HANDLED,
        "已约谈",
        "sun",
        "2",
    )
    assert refused(house, "HandleWarning", request, city.SUPERVISOR).reason == "WARNING_HANDLED"
    assert house.call("codes", "GetWarning", {"warning_id": found.warning_id}, by=city.SUPERVISOR) == handled
    assert not house.call("codes", "ListWarnings", {"state": "WARNING_STATE_OPEN"}, by=city.SUPERVISOR).warnings
    assert not house.call("codes", "ListWarnings", {}, by=FAR_SUPERVISOR).warnings
