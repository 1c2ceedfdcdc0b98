"""Several callers at the same time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from liangma.tasks.v1 import events_pb2 as facts
from liangma.tasks.v1 import inspections_pb2 as ins

from tests.support.house import House, Refused
from tests.tasks import city


def insistently(call: Callable[[], Any]) -> Any:
    """As a client does that is told to read again and repeat."""
    for _ in range(20):
        try:
            return call()
        except Refused as refused:
            if refused.code is not grpc.StatusCode.ABORTED:
                raise
    raise AssertionError("twenty times in vain")


def test_numbers_have_no_gap_and_no_double(house: House) -> None:
    with ThreadPoolExecutor(8) as pool:
        tasks = list(pool.map(lambda _: insistently(lambda: city.create(house)), range(24)))
    assert {task.number for task in tasks} == {f"渝司专查〔2025〕{n}号" for n in range(1, 25)}


def test_the_last_of_many_publications_completes_the_task_once(house: House) -> None:
    ids = [city.SHOP, city.CAFE, city.FACTORY]
    task, found = city.dispatched_joint(house, *ids)
    entry = {"finding": "FINDING_NO_PROBLEM", "items": city.items(city.HYGIENE)}
    for inspection in found:
        city.code(house, task.task_id, inspection.inspection_id, kind="JOINT")
        city.verify(house, inspection.inspection_id, inspection.object.object_id)
        city.record(house, inspection.inspection_id)
        city.record(house, inspection.inspection_id, by=city.THIRD, **entry)
        city.sign(house, inspection.inspection_id)
        city.sign(house, inspection.inspection_id, city.THIRD, city.FOURTH)
        city.review(house, inspection.inspection_id)
        city.review(house, inspection.inspection_id, by=city.PARTNER_REVIEWER)
    jobs = [(i.inspection_id, by) for i in found for by in (city.REVIEWER, city.PARTNER_REVIEWER)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda job: insistently(lambda: city.publish(house, job[0], by=job[1])), jobs))
    states = {inspection.state for inspection in city.inspections(house, task.task_id)}
    assert states == {ins.INSPECTION_STATE_PUBLISHED}
    assert len(house.announced("tasks", facts.ResultPublished)) == 6
    assert len(house.announced("tasks", facts.TaskCompleted)) == 1
