"""What must be done before a task goes out, and how it ends."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from liangma.codes.v1 import events_pb2 as codes
from liangma.tasks.v1 import events_pb2 as facts
from liangma.tasks.v1 import inspections_pb2 as ins
from liangma.tasks.v1 import tasks_pb2 as pb

from services.tasks.model.effectiveness import Evaluation
from services.tasks.model.inspection import Inspection
from services.tasks.model.part import Member, Part
from services.tasks.model.participant import Participant
from services.tasks.model.task import Task
from tests.support.house import House, Refused
from tests.tasks import city

PAPER = {"sha256": "a" * 64, "name": "批准文件.pdf"}
FILING = {"basis": "市政府第1号文件", "content": "安全生产", "scope": "全市娱乐场所", "approvals": [PAPER]}


def refused(house: House, method: str, request: dict[str, Any], by: Any = city.MANAGER) -> Refused:
    with pytest.raises(Refused) as caught:
        house.call("tasks", method, request, by=by)
    return caught.value


def test_everything_that_is_missing_is_named_at_once(house: House) -> None:
    task = city.create(house, kind="TASK_KIND_SPECIAL")
    answer = refused(house, "DispatchTask", {"task_id": task.task_id})
    assert (answer.reason, answer.metadata["missing"]) == ("NOT_READY", "objects,approved_scheme,filing")
    city.add(house, task.task_id, city.SHOP)
    answer = refused(house, "DispatchTask", {"task_id": task.task_id})
    assert answer.metadata["missing"] == "inspectors,approved_scheme,filing"
    assert house.announced("tasks", facts.InspectionsDispatched) == []


def test_the_head_of_the_lead_approves_the_scheme(house: House) -> None:
    task = city.create(house)
    request = {"task_id": task.task_id}
    early = refused(house, "ApproveScheme", request, city.HEAD)
    assert early.metadata["possible"] == "submit_scheme"
    house.call("tasks", "SubmitScheme", request | {"content": "方案一"}, by=city.MANAGER)
    assert refused(house, "ApproveScheme", request).code is grpc.StatusCode.PERMISSION_DENIED
    stranger = city.person("authority_head", city.MARKET)
    assert refused(house, "ApproveScheme", request, stranger).reason == "NOT_YOURS"
    rejected = house.call("tasks", "RejectScheme", request | {"reason": "不够具体"}, by=city.HEAD)
    assert (rejected.scheme.state, rejected.scheme.reason) == (pb.SCHEME_STATE_REJECTED, "不够具体")
    assert refused(house, "ApproveScheme", request, city.HEAD).metadata["state"] == "REJECTED"
    approved = city.approve_scheme(house, task.task_id)
    assert (approved.scheme.state, approved.scheme.decided_by) == (pb.SCHEME_STATE_APPROVED, city.HEAD.subject)
    again = refused(house, "SubmitScheme", request | {"content": "方案三"})
    assert again.metadata["state"] == "APPROVED"
    assert [e.action for e in approved.history if e.action.startswith("SCHEME")] == [
        "SCHEME_SUBMITTED",
        "SCHEME_REJECTED",
        "SCHEME_SUBMITTED",
        "SCHEME_APPROVED",
    ]


@pytest.mark.parametrize(
    ("filing", "field"),
    [
        ({"content": "c", "scope": "s", "approvals": [PAPER]}, "filing.basis"),
        (FILING | {"approvals": []}, "filing.approvals"),
        (FILING | {"approvals": [], "secret": True}, "filing.secret_reason"),
        (FILING | {"approvals": [{"sha256": "x"}]}, "filing.approvals[0].sha256"),
    ],
)
def test_a_filing_is_complete(house: House, filing: dict[str, Any], field: str) -> None:
    task = city.create(house, kind="TASK_KIND_SPECIAL")
    assert field in refused(house, "FileTask", {"task_id": task.task_id, "filing": filing}).violations


def test_a_secret_filing_says_why_instead_of_showing_papers(house: House) -> None:
    task = city.create(house, kind="TASK_KIND_SPECIAL")
    secret = FILING | {"approvals": [], "secret": True, "secret_reason": "依法保密"}
    filed = house.call("tasks", "FileTask", {"task_id": task.task_id, "filing": secret}, by=city.MANAGER)
    assert (filed.filing.filed_by, filed.filing.secret) == (city.MANAGER.subject, True)


def test_only_special_tasks_are_filed(house: House) -> None:
    task = city.create(house)
    assert refused(house, "FileTask", {"task_id": task.task_id, "filing": FILING}).reason == "WRONG_MODE"


def test_an_instant_task_begins_on_the_spot_without_a_scheme(house: House) -> None:
    task = city.create(house, kind="TASK_KIND_INSTANT")
    bare = {"task_id": task.task_id, "objects": [{"object_id": city.SHOP}]}
    assert refused(house, "AddObjects", bare).violations == {"objects[0].lead_kind": "REQUIRED"}
    city.add(house, task.task_id, city.SHOP, lead_kind="LEAD_KIND_REPORT", lead_detail="群众举报")
    city.assign(house, task.task_id, "50000001", "50000002")
    assert city.dispatch(house, task.task_id).state == pb.TASK_STATE_EXECUTING


def test_a_cancelled_task_takes_what_is_not_recorded_with_it(house: House) -> None:
    task, (first, second) = city.dispatched(house, city.SHOP, city.CAFE)
    city.visited(house, task, first)
    city.record(house, first.inspection_id)
    request = {"task_id": task.task_id}
    assert refused(house, "CancelTask", request).violations == {"reason": "REQUIRED"}
    gone = house.call("tasks", "CancelTask", request | {"reason": "上级要求"}, by=city.MANAGER)
    assert (gone.state, gone.cancel_reason) == (pb.TASK_STATE_CANCELLED, "上级要求")
    (fact,) = house.announced("tasks", facts.TaskCancelled)
    assert list(fact.inspection_ids) == [second.inspection_id]
    assert city.inspection(house, first.inspection_id).state == ins.INSPECTION_STATE_RECORDED
    assert refused(house, "DispatchTask", request).metadata == {
        "state": "CANCELLED",
        "verb": "dispatch",
        "possible": "",
    }


def test_a_thousand_inspections_go_out_in_facts_of_five_hundred(house: House) -> None:
    from liangma.sampling.v1 import events_pb2 as sampling

    task = city.create(house, kind="TASK_KIND_RANDOM")
    for part in (1, 2, 3):
        objects = [
            sampling.DrawnObject(object_id=f"o{part}-{n}", stratum="A", rank=n, name="企业", region="500105")
            for n in range(1, 401)
        ]
        house.announce(
            sampling.ObjectsDrawn(draw_id="d", task_id=task.task_id, round=1, part=part, parts=3, objects=objects)
        )
        teams = [
            sampling.DrawnTeam(object_id=o.object_id, authority_id=city.JUSTICE, certificates=["50000001", "50000002"])
            for o in objects
        ]
        house.announce(sampling.InspectorsDrawn(inspectors_draw_id=f"i{part}", task_id=task.task_id, teams=teams))
    city.approve_scheme(house, task.task_id)
    city.dispatch(house, task.task_id)
    out = house.announced("tasks", facts.InspectionsDispatched)
    assert [len(fact.inspections) for fact in out] == [500, 500, 200]
    assert len({i.inspection_id for fact in out for i in fact.inspections}) == 1200


# test tasks


def test_a_test_task_vanishes_with_all_that_hangs_on_it(house: House) -> None:
    task, (inspection,) = city.dispatched(house, nature="TASK_NATURE_TEST", test_term="TEST_TERM_HOURS_48")
    city.visited(house, task, inspection)
    city.finish(house, inspection.inspection_id)
    judged = codes.EvaluationSubmitted(
        evaluation_id="e", inspection_id=inspection.inspection_id, authority_id=city.JUSTICE, score=5
    )
    house.announce(judged)
    house.pass_time(hours=47)
    house.fire("tasks", "purge_test_tasks")
    assert city.task_of(house, task.task_id).state == pb.TASK_STATE_COMPLETED
    house.pass_time(hours=1)
    house.fire("tasks", "purge_test_tasks")
    for method, request in (
        ("GetTask", {"task_id": task.task_id}),
        ("GetInspection", {"inspection_id": inspection.inspection_id}),
    ):
        assert refused(house, method, request).code is grpc.StatusCode.NOT_FOUND
    (purged,) = house.announced("tasks", facts.TaskPurged)
    assert list(purged.inspection_ids) == [inspection.inspection_id]
    with house.work("tasks") as work:
        kinds = (Task, Participant, Inspection, Part, Member, Evaluation)
        assert [work.count(kind) for kind in kinds] == [0] * len(kinds)


@pytest.mark.parametrize(("term", "hours"), [("HOURS_24", 24), ("HOURS_48", 48), ("DAYS_7", 168)])
def test_each_term_of_a_test_task_ends_to_the_minute_also_after_a_downtime(house: House, term: str, hours: int) -> None:
    early, late = (city.create(house, nature="TASK_NATURE_TEST", test_term=f"TEST_TERM_{term}") for _ in range(2))
    house.pass_time(hours=hours, minutes=-1)
    house.fire("tasks", "purge_test_tasks")
    assert city.task_of(house, early.task_id).number == early.number
    house.pass_time(days=30)
    house.fire("tasks", "purge_test_tasks")
    assert {purged.task_id for purged in house.announced("tasks", facts.TaskPurged)} == {early.task_id, late.task_id}


def test_formal_tasks_are_never_purged(house: House) -> None:
    task = city.create(house)
    house.pass_time(days=400)
    house.fire("tasks", "purge_test_tasks")
    assert city.task_of(house, task.task_id).number == task.number


# handed on


def test_a_special_inspection_is_handed_on_to_districts_once(house: House) -> None:
    task = city.create(house, kind="TASK_KIND_SPECIAL")
    house.call("tasks", "FileTask", {"task_id": task.task_id, "filing": FILING}, by=city.MANAGER)
    request = {"task_id": task.task_id, "authority_ids": [city.DISTRICT]}
    (child,) = house.call("tasks", "DistributeTask", request, by=city.MANAGER).tasks
    assert (child.authority_id, child.number, child.parent_task_id) == (
        city.DISTRICT,
        "渝中司专查〔2025〕1号",
        task.task_id,
    )
    assert child.filing.basis == FILING["basis"]
    assert list(house.call("tasks", "DistributeTask", request, by=city.MANAGER).tasks) == []
    city_level = {"task_id": task.task_id, "authority_ids": [city.JUSTICE]}
    assert refused(house, "DistributeTask", city_level).reason == "NOT_BELOW"
    unclaimed = {"task_id": task.task_id, "authority_ids": [city.MARKET]}
    assert refused(house, "DistributeTask", unclaimed).reason == "MATTER_NOT_CLAIMED"


def test_only_special_tasks_are_handed_on(house: House) -> None:
    task = city.create(house)
    request = {"task_id": task.task_id, "authority_ids": [city.DISTRICT]}
    assert refused(house, "DistributeTask", request).reason == "WRONG_MODE"


# surveys


@pytest.fixture
def survey(house: House) -> tuple[House, Any, Any]:
    task = city.create(house, kind="TASK_KIND_SPECIAL", survey=True)
    house.call("tasks", "FileTask", {"task_id": task.task_id, "filing": FILING}, by=city.MANAGER)
    city.assign(house, task.task_id, "50000001", "50000002")
    city.approve_scheme(house, task.task_id)
    city.dispatch(house, task.task_id)
    (gatherer,) = city.inspections(house, task.task_id)
    city.code(house, task.task_id, gatherer.inspection_id, kind="SURVEY")
    return house, task, gatherer


def discover(house: House, gatherer: Any, by: Any = city.FIRST, **object: str) -> Any:
    request = {"inspection_id": gatherer.inspection_id, "object": object}
    return house.call("tasks", "DiscoverObject", request, by=by)


def test_a_survey_asks_for_a_code_without_an_object(survey: tuple[House, Any, Any]) -> None:
    house, _, _ = survey
    (out,) = house.announced("tasks", facts.InspectionsDispatched)
    assert (out.code_kind, [i.object_id for i in out.inspections]) == ("SURVEY", [""])


def test_what_a_survey_finds_is_recorded_and_flows_into_the_directory(survey: tuple[House, Any, Any]) -> None:
    house, task, gatherer = survey
    found = discover(house, gatherer, name="无照作坊", region="500105", address="某巷 3 号", type="SITE")
    assert found.state == ins.INSPECTION_STATE_CODED
    (fact,) = house.announced("tasks", facts.ObjectDiscovered)
    assert (fact.object_id, fact.name, fact.type) == (found.object.object_id, "无照作坊", "SITE")
    city.verify(house, gatherer.inspection_id, found.object.object_id)
    city.finish(house, found.inspection_id)
    assert house.announced("tasks", facts.TaskCompleted) == []
    end = {"inspection_id": gatherer.inspection_id, "reason": "摸底结束"}
    house.call("tasks", "CancelInspection", end, by=city.MANAGER)
    assert [fact.task_id for fact in house.announced("tasks", facts.TaskCompleted)] == [task.task_id]


def test_an_object_of_the_directory_is_found_as_it_stands_there_and_once(survey: tuple[House, Any, Any]) -> None:
    house, _, gatherer = survey
    city.verify(house, gatherer.inspection_id, city.CAFE)
    first = discover(house, gatherer, object_id=city.CAFE, name="随便写", region="500105")
    assert (first.object.name, first.state) == (city.OBJECTS[city.CAFE][0], ins.INSPECTION_STATE_VERIFIED)
    again = discover(house, gatherer, by=city.SECOND, object_id=city.CAFE, name="随便写", region="500105")
    assert again.inspection_id == first.inspection_id
    assert house.announced("tasks", facts.ObjectDiscovered) == []


def test_a_survey_is_not_recorded_itself_and_finds_nothing_outside_the_region(survey: tuple[House, Any, Any]) -> None:
    house, _, gatherer = survey
    request = {"inspection_id": gatherer.inspection_id, **city.CLEAN}
    assert refused(house, "RecordInspection", request, city.FIRST).code is grpc.StatusCode.FAILED_PRECONDITION
    outside = {"inspection_id": gatherer.inspection_id, "object": {"name": "甲", "region": "120101"}}
    assert refused(house, "DiscoverObject", outside, city.FIRST).violations == {"object.region": "OUT_OF_REGION"}
    stranger = city.inspector("50000003")
    inside = {"inspection_id": gatherer.inspection_id, "object": {"name": "甲", "region": "500101"}}
    assert refused(house, "DiscoverObject", inside, stranger).reason == "NOT_ON_TEAM"


def test_a_survey_finds_nothing_outside_the_region_of_a_partner(house: House) -> None:
    district = city.person("task_manager", city.DISTRICT)
    partners = [{"authority_id": city.DISTRICT, "matter_ids": [city.LICENCE]}]
    task = city.create(
        house, kind="TASK_KIND_SPECIAL", survey=True, partners=partners, invitation_deadline="2025-06-12"
    )
    house.call("tasks", "AnswerInvitation", {"task_id": task.task_id, "answer": "ANSWER_ACCEPTED"}, by=district)
    house.call("tasks", "FormTask", {"task_id": task.task_id}, by=city.MANAGER)
    house.call("tasks", "FileTask", {"task_id": task.task_id, "filing": FILING}, by=city.MANAGER)
    city.assign(house, task.task_id, "50000001", "50000002")
    city.assign(house, task.task_id, "50010301", "50010302", by=district)
    city.approve_scheme(house, task.task_id)
    city.dispatch(house, task.task_id)
    (gatherer,) = city.inspections(house, task.task_id)
    outside = {"inspection_id": gatherer.inspection_id, "object": {"name": "甲", "region": "500105"}}
    assert refused(house, "DiscoverObject", outside, city.FIRST).violations == {"object.region": "OUT_OF_REGION"}
    assert discover(house, gatherer, name="甲", region="500103").object.region == "500103"
    assert city.task_of(house, task.task_id).object_count == 2
