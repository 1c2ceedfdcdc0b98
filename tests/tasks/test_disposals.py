"""What follows from a published result: rechecked, closed, renewed, overdue."""

from __future__ import annotations

from typing import Any

import pytest
from liangma.tasks.v1 import events_pb2 as facts
from liangma.tasks.v1 import inspections_pb2 as ins

from tests.support.house import House, Refused
from tests.tasks import city

OTHER: dict[str, Any] = city.PENDING | {"disposal": "DISPOSAL_KIND_TRANSFER", "disposal_deadline": ""}
CORRECTED: dict[str, Any] = {
    "result": "RECHECK_RESULT_CORRECTED",
    "note": "证照已更换",
    "method": "METHOD_ON_SITE",
    "companions": ["50000002"],
}
NOT_YET: dict[str, Any] = CORRECTED | {
    "result": "RECHECK_RESULT_NOT_CORRECTED",
    "note": "仍未更换",
    "disposal": "DISPOSAL_KIND_ORDER_CORRECTION",
    "disposal_deadline": "2025-07-20",
}


def published(house: House, **entry: Any) -> str:
    """An inspection whose result is published."""
    task, (inspection,) = city.dispatched(house)
    city.visited(house, task, inspection)
    city.finish(house, inspection.inspection_id, **entry)
    return str(inspection.inspection_id)


def recheck(house: House, inspection_id: str, *, by: Any = city.FIRST, **entry: Any) -> Any:
    return house.call("tasks", "RecordRecheck", {"inspection_id": inspection_id, **(entry or CORRECTED)}, by=by)


def refused(house: House, inspection_id: str, *, by: Any = city.FIRST, **entry: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        recheck(house, inspection_id, by=by, **entry)
    return caught.value


def close(house: House, inspection_id: str, outcome: str = "已移送") -> Any:
    request = {"inspection_id": inspection_id, "outcome": outcome}
    return house.call("tasks", "CloseDisposal", request, by=city.FIRST)


def open_disposals(house: House) -> list[str]:
    found = house.call("tasks", "ListInspections", {"open_disposal": True}, by=city.MANAGER).inspections
    return [inspection.inspection_id for inspection in found]


def actions(house: House, inspection_id: str) -> list[str]:
    return [entry.action for entry in city.inspection(house, inspection_id).history]


def test_a_recheck_that_finds_the_order_obeyed_closes_the_disposal(house: House) -> None:
    id = published(house, **city.PENDING)
    assert open_disposals(house) == [id]
    done = recheck(house, id)
    disposal = done.parts[0].record.disposal
    (only,) = disposal.rechecks
    assert (disposal.outcome, disposal.closed_by) == ("证照已更换", city.FIRST.subject)
    assert (list(only.certificates), only.deadline, only.method) == (["50000001", "50000002"], "2025-07-01", 1)
    assert only.checked_on == "2025-06-09"
    assert list(done.possible) == ["correct"]
    assert actions(house, id)[-2:] == ["RECHECK_CORRECTED", "DISPOSAL_CLOSED"]
    assert open_disposals(house) == []
    again = refused(house, id, **CORRECTED)
    assert (again.reason, again.metadata["possible"]) == ("NOTHING_TO_CLOSE", "correct")


def test_an_order_that_was_not_obeyed_is_renewed_with_another_deadline(house: House) -> None:
    id = published(house, **city.PENDING)
    renewed = recheck(house, id, **NOT_YET).parts[0].versions[0].record.disposal
    assert (renewed.kind, renewed.deadline) == (ins.DISPOSAL_KIND_ORDER_CORRECTION, "2025-07-20")
    assert not renewed.HasField("closed_at")
    done = recheck(house, id).parts[0].record.disposal
    assert [(r.result, r.deadline) for r in done.rechecks] == [
        (ins.RECHECK_RESULT_NOT_CORRECTED, "2025-07-01"),
        (ins.RECHECK_RESULT_CORRECTED, "2025-07-20"),
    ]


def test_an_order_that_was_not_obeyed_may_become_a_case_which_is_closed_by_hand(house: House) -> None:
    id = published(house, **city.PENDING)
    sharper = recheck(house, id, **(NOT_YET | {"disposal": "DISPOSAL_KIND_OPEN_CASE", "disposal_deadline": ""}))
    assert list(sharper.possible) == ["correct", "close_disposal"]
    no_more = refused(house, id, **CORRECTED)
    assert (no_more.reason, no_more.metadata["possible"]) == ("NOTHING_TO_RECHECK", "correct,close_disposal")
    closed = close(house, id, "已结案").parts[0].record.disposal
    assert (closed.outcome, len(closed.rechecks)) == ("已结案", 1)


def test_an_order_to_correct_is_not_closed_without_a_recheck(house: House) -> None:
    id = published(house, **city.PENDING)
    with pytest.raises(Refused) as caught:
        close(house, id)
    assert (caught.value.reason, caught.value.metadata["possible"]) == ("RECHECK_FIRST", "correct,recheck")


def test_another_disposal_is_closed_once(house: House) -> None:
    id = published(house, **OTHER)
    assert close(house, id).parts[0].record.disposal.outcome == "已移送"
    with pytest.raises(Refused) as caught:
        close(house, id)
    assert caught.value.reason == "NOTHING_TO_CLOSE"


def test_a_clean_result_has_nothing_to_recheck_or_close(house: House) -> None:
    id = published(house)
    assert refused(house, id, **CORRECTED).reason == "NOTHING_TO_CLOSE"
    with pytest.raises(Refused) as caught:
        close(house, id)
    assert caught.value.reason == "NOTHING_TO_CLOSE"


def test_before_publication_nothing_is_rechecked(house: House) -> None:
    task, (inspection,) = city.dispatched(house)
    city.visited(house, task, inspection)
    city.record(house, inspection.inspection_id, **city.PENDING)
    early = refused(house, inspection.inspection_id, **CORRECTED)
    assert early.reason == "NOT_NOW"
    assert early.metadata["possible"] == "record,sign,sign_for_object"


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"result": 0}, "result", "REQUIRED"),
        ({"note": " "}, "note", "REQUIRED"),
        ({"method": 0}, "method", "REQUIRED"),
        ({"checked_on": "2025-06-10"}, "checked_on", "PERIOD"),
        ({"checked_on": "2025-06-08"}, "checked_on", "PERIOD"),
        ({"disposal": 0}, "disposal", "REQUIRED"),
        ({"disposal_deadline": ""}, "disposal_deadline", "REQUIRED"),
        ({"disposal_deadline": "2025-06-08"}, "disposal_deadline", "PERIOD"),
        ({"result": "RECHECK_RESULT_CORRECTED"}, "disposal", "CONTRADICTION"),
        ({"attachments": [{"sha256": "x"}]}, "attachments[0].sha256", "SHA256"),
    ],
)
def test_a_recheck_says_what_is_wrong_with_it(house: House, change: dict[str, Any], field: str, rule: str) -> None:
    id = published(house, **city.PENDING)
    assert refused(house, id, **(NOT_YET | change)).violations == {field: rule}
    assert open_disposals(house) == [id]


def test_two_valid_inspectors_recheck_and_one_of_the_team_records_it(house: House) -> None:
    id = published(house, **city.PENDING)
    alone = refused(house, id, **(CORRECTED | {"companions": []}))
    assert (alone.reason, alone.metadata["valid"]) == ("TOO_FEW_INSPECTORS", "1")
    assert refused(house, id, **(CORRECTED | {"companions": [city.EXPIRED]})).metadata["invalid"] == city.EXPIRED
    assert refused(house, id, **(CORRECTED | {"companions": ["50000011"]})).reason == "TOO_FEW_INSPECTORS"
    assert refused(house, id, **(CORRECTED | {"companions": [city.EXPERT]})).reason == "TOO_FEW_INSPECTORS"
    assert refused(house, id, by=city.inspector("50000003"), **CORRECTED).reason == "NOT_ON_TEAM"
    assert refused(house, id, by=city.inspector(city.EXPERT), **CORRECTED).reason == "EXPERT_SIGNS_NOTHING"
    assert refused(house, id, by=city.THIRD, **CORRECTED).reason == "NOT_YOURS"
    assert recheck(house, id, **(CORRECTED | {"companions": ["50000003"]})).parts[0].record.disposal.closed_by


def test_colleagues_recheck_when_nobody_of_the_team_may_any_more(house: House) -> None:
    id = published(house, **city.PENDING)
    from liangma.sampling.v1 import events_pb2 as sampling

    gone = [city.certified(c, city.JUSTICE, version=2, valid_until="2025-06-01") for c in ("50000001", "50000002")]
    new = city.certified("50000004", city.JUSTICE)
    house.announce(sampling.InspectorChanged(batch_id="b3", inspectors=[*gone, new]))
    colleague = city.inspector("50000003")
    done = recheck(house, id, by=colleague, **(CORRECTED | {"companions": ["50000004"]}))
    assert list(done.parts[0].record.disposal.rechecks[0].certificates) == ["50000003", "50000004"]


def test_a_correction_of_the_words_leaves_the_disposal_as_it_is(house: House) -> None:
    id = published(house, **city.PENDING)
    recheck(house, id)
    change = {"inspection_id": id, "reason": "笔误", **city.PENDING, "summary": "证照过期一个月"}
    corrected = house.call("tasks", "CorrectResult", change, by=city.REVIEWER)
    assert corrected.parts[0].record.disposal.outcome == "证照已更换"
    other = change | {"disposal_deadline": "2025-07-15", "summary": "另行处理"}
    second = city.person("reviewer", subject="another-reviewer")
    anew = house.call("tasks", "CorrectResult", other, by=second).parts[0].record.disposal
    assert (anew.HasField("closed_at"), len(anew.rechecks)) == (False, 0)


def test_a_disposal_that_is_over_is_raised_once_and_again_after_its_renewal(house: House) -> None:
    id = published(house, **city.PENDING)
    house.pass_time(days=22)  # 1 July, the last day
    house.fire("tasks", "raise_overdue_disposals")
    assert "DISPOSAL_OVERDUE" not in actions(house, id)
    house.pass_time(days=1)
    for _ in range(2):
        house.fire("tasks", "raise_overdue_disposals")
    assert actions(house, id).count("DISPOSAL_OVERDUE") == 1
    recheck(house, id, **NOT_YET)
    house.pass_time(days=30)
    house.fire("tasks", "raise_overdue_disposals")
    assert actions(house, id).count("DISPOSAL_OVERDUE") == 2
    told = house.announced("tasks", facts.DisposalOverdue)
    assert [(fact.inspection_id, fact.due_on) for fact in told] == [(id, "2025-07-01"), (id, "2025-07-20")]
    first = told[0]
    assert (first.authority_id, first.object_id, first.nature) == (city.JUSTICE, city.SHOP, "FORMAL")
    assert (first.disposal, first.task_number) == ("ORDER_CORRECTION", "渝司专查〔2025〕1号")


def test_a_task_that_is_over_and_not_done_is_raised_once(house: House) -> None:
    task, _ = city.dispatched(house)
    done, (inspection,) = city.dispatched(house, city.CAFE)
    city.visited(house, done, inspection)
    city.finish(house, inspection.inspection_id)
    house.pass_time(days=100)
    for _ in range(2):
        house.fire("tasks", "raise_overdue_tasks")
    history = [entry.action for entry in city.task_of(house, task.task_id).history]
    assert history.count("OVERDUE") == 1
    (told,) = house.announced("tasks", facts.TaskOverdue)
    assert (told.task_id, told.authority_id, told.ends_on, told.open) == (task.task_id, city.JUSTICE, "2025-08-31", 1)
    assert "OVERDUE" not in [entry.action for entry in city.task_of(house, done.task_id).history]


def test_after_a_downtime_all_that_is_overdue_is_raised_strike_by_strike(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.tasks.queries.deadlines.AT_ONCE", 2)
    tasks = [city.create(house, ends_on=f"2025-06-1{n}") for n in range(5)]
    house.pass_time(days=300)

    def raised() -> list[str]:
        found = [city.task_of(house, task.task_id) for task in tasks]
        return [task.number for task in found if "OVERDUE" in [entry.action for entry in task.history]]

    seen = []
    for _ in range(4):
        house.fire("tasks", "raise_overdue_tasks")
        seen.append(len(raised()))
    assert seen == [2, 4, 5, 5]
