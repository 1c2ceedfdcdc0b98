"""The closed loop as far as tasks lives it."""

from __future__ import annotations

from liangma.tasks.v1 import events_pb2 as facts
from liangma.tasks.v1 import inspections_pb2 as ins
from liangma.tasks.v1 import tasks_pb2 as pb

from tests.support.house import House
from tests.tasks import city


def test_a_task_is_created_dispatched_visited_recorded_signed_reviewed_published_and_completed(house: House) -> None:
    task, (inspection,) = city.dispatched(house)
    assert task.number == "渝司专查〔2025〕1号"
    assert task.state == pb.TASK_STATE_EXECUTING
    (out,) = house.announced("tasks", facts.InspectionsDispatched)
    assert out.code_kind == "SINGLE"
    assert [list(part.certificates) for part in out.inspections[0].parts] == [["50000001", "50000002"]]
    city.visited(house, task, inspection)
    assert city.inspection(house, inspection.inspection_id).state == ins.INSPECTION_STATE_VERIFIED
    done = city.finish(house, inspection.inspection_id, **city.PENDING)
    assert done.state == ins.INSPECTION_STATE_PUBLISHED
    (published,) = house.announced("tasks", facts.ResultPublished)
    assert (published.result.finding, published.result.adverse) == ("PROBLEM_PENDING", True)
    (completed,) = house.announced("tasks", facts.TaskCompleted)
    assert completed.task_id == task.task_id
    assert city.task_of(house, task.task_id).state == pb.TASK_STATE_COMPLETED
