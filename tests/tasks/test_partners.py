"""Cross-agency tasks: invited, answered, silent, formed."""

from __future__ import annotations

import grpc
import pytest
from liangma.tasks.v1 import events_pb2 as facts
from liangma.tasks.v1 import tasks_pb2 as pb

from services.tasks.queries import deadlines
from tests.support.house import House, Refused
from tests.tasks import city


def answer(house: House, task_id: str, answer: str = "ANSWER_ACCEPTED", **fields: object) -> pb.Task:
    request = {"task_id": task_id, "answer": answer, **fields}
    made: pb.Task = house.call("tasks", "AnswerInvitation", request, by=city.PARTNER)
    return made


def test_a_partner_accepts_with_the_matters_proposed_and_the_lead_forms_the_task(house: House) -> None:
    task = city.create(house, **city.JOINT)
    assert task.state == pb.TASK_STATE_AWAITING_PARTNERS
    assert house.announced("tasks", facts.TaskFormed) == []
    assert answer(house, task.task_id).state == pb.TASK_STATE_AWAITING_FORMATION
    formed = house.call("tasks", "FormTask", {"task_id": task.task_id}, by=city.MANAGER)
    assert formed.state == pb.TASK_STATE_PENDING_EXECUTION
    (fact,) = house.announced("tasks", facts.TaskFormed)
    assert [(part.authority_id, list(part.matter_ids)) for part in fact.parts] == [
        (city.JUSTICE, [city.LICENCE]),
        (city.MARKET, [city.HYGIENE]),
    ]


def test_a_partner_takes_only_matters_it_has_claimed(house: House) -> None:
    task = city.create(house, **city.JOINT)
    with pytest.raises(Refused) as caught:
        answer(house, task.task_id, matters=[{"matter_id": city.LICENCE}])
    assert caught.value.reason == "MATTER_NOT_CLAIMED"


def test_a_partner_that_declines_says_why(house: House) -> None:
    task = city.create(house, **city.JOINT)
    with pytest.raises(Refused) as caught:
        answer(house, task.task_id, "ANSWER_DECLINED")
    assert caught.value.violations == {"reason": "REQUIRED"}
    declined = answer(house, task.task_id, "ANSWER_DECLINED", reason="人手不足")
    assert declined.state == pb.TASK_STATE_AWAITING_FORMATION
    with pytest.raises(Refused) as caught:
        house.call("tasks", "FormTask", {"task_id": task.task_id}, by=city.MANAGER)
    assert caught.value.reason == "NO_PARTNER_ACCEPTED"


def test_one_answers_once_and_only_if_invited(house: House) -> None:
    task = city.create(
        house,
        partners=[{"authority_id": city.MARKET, "matter_ids": [city.HYGIENE]}, {"authority_id": city.DISTRICT}],
        invitation_deadline="2025-06-12",
    )
    answer(house, task.task_id)
    with pytest.raises(Refused) as caught:
        answer(house, task.task_id, "ANSWER_DECLINED", reason="反悔")
    assert (caught.value.reason, caught.value.metadata["answer"]) == ("NOT_INVITED", "ACCEPTED")
    with pytest.raises(Refused) as caught:
        house.call("tasks", "AnswerInvitation", {"task_id": task.task_id, "answer": "ANSWER_ACCEPTED"}, by=city.MANAGER)
    assert caught.value.reason == "NOT_INVITED"


def test_silence_after_the_deadline_is_a_refusal(house: House) -> None:
    task = city.create(house, **city.JOINT)
    house.pass_time(days=3, hours=14)  # the last hour of 12 June in Shanghai
    house.fire("tasks", "close_overdue_invitations")
    assert city.task_of(house, task.task_id).state == pb.TASK_STATE_AWAITING_PARTNERS
    house.pass_time(hours=2)
    with pytest.raises(Refused) as caught:
        answer(house, task.task_id)
    assert caught.value.reason == "INVITATION_OVER"
    house.fire("tasks", "close_overdue_invitations")
    closed = city.task_of(house, task.task_id)
    assert closed.state == pb.TASK_STATE_AWAITING_FORMATION
    assert closed.participants[1].answer == pb.ANSWER_SILENT


def test_after_a_downtime_invitations_are_closed_strike_by_strike(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadlines, "AT_ONCE", 2)
    ids = [city.create(house, **city.JOINT).task_id for _ in range(3)]
    late = city.create(house, **(city.JOINT | {"invitation_deadline": "2025-07-12"})).task_id
    house.pass_time(days=10)
    for closed in (2, 3, 3):
        house.fire("tasks", "close_overdue_invitations")
        states = [city.task_of(house, id).state for id in (*ids, late)]
        assert states.count(pb.TASK_STATE_AWAITING_FORMATION) == closed
    assert states[-1] == pb.TASK_STATE_AWAITING_PARTNERS


def test_the_lead_forms_nothing_before_all_have_answered(house: House) -> None:
    task = city.create(house, **city.JOINT)
    with pytest.raises(Refused) as caught:
        house.call("tasks", "FormTask", {"task_id": task.task_id}, by=city.MANAGER)
    assert caught.value.code is grpc.StatusCode.FAILED_PRECONDITION
    assert caught.value.metadata["state"] == "AWAITING_PARTNERS"
    assert "answer_invitation" in caught.value.metadata["possible"]


def test_partners_cannot_be_exchanged_once_they_are_invited(house: House) -> None:
    task = city.create(house, **city.JOINT)
    others = city.draft(partners=[{"authority_id": city.DISTRICT}], invitation_deadline="2025-06-20")
    with pytest.raises(Refused) as caught:
        house.call("tasks", "UpdateTask", {"task": others | {"task_id": task.task_id}}, by=city.MANAGER)
    assert caught.value.reason == "ALREADY_STARTED"
    same = city.draft(name="改名", **city.JOINT) | {"task_id": task.task_id, "invitation_deadline": "2025-06-20"}
    changed = house.call("tasks", "UpdateTask", {"task": same}, by=city.MANAGER)
    assert (changed.name, changed.invitation_deadline) == ("改名", "2025-06-20")
    assert changed.participants[1].answer == pb.ANSWER_INVITED


def test_partners_of_a_draft_can_be_exchanged(house: House) -> None:
    request = {"task": city.draft(**city.JOINT), "draft": True}
    task = house.call("tasks", "CreateTask", request, by=city.MANAGER)
    with pytest.raises(Refused):  # not invited yet
        city.task_of(house, task.task_id, by=city.PARTNER)
    proposed = [{"authority_id": city.MARKET, "matter_ids": []}, {"authority_id": city.DISTRICT}]
    others = city.draft(partners=proposed, invitation_deadline="2025-06-20") | {"task_id": task.task_id}
    changed = house.call("tasks", "UpdateTask", {"task": others}, by=city.MANAGER)
    assert [p.authority_id for p in changed.participants] == [city.JUSTICE, city.MARKET, city.DISTRICT]


def test_a_partner_sees_the_task_it_is_invited_to(house: House) -> None:
    task = city.create(house, **city.JOINT)
    assert city.task_of(house, task.task_id, by=city.PARTNER).number == task.number
    listed = house.call("tasks", "ListTasks", {"tab": "TASK_TAB_CONFIRMING"}, by=city.PARTNER)
    assert [t.task_id for t in listed.tasks] == [task.task_id]
    filtered = house.call("tasks", "ListTasks", {"participant_id": city.MARKET}, by=city.MANAGER)
    assert len(filtered.tasks) == 1
