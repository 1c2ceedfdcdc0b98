"""When time is over: the supervisor is warned of what is overdue; a task that gets more time gets codes for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from liangma.codes.v1 import events_pb2, warnings_pb2
from liangma.credit.v1 import events_pb2 as credit
from liangma.sampling.v1 import events_pb2 as sampling
from liangma.tasks.v1 import events_pb2 as tasks

from services.chassis.identity import Principal
from tests.codes import city
from tests.support.house import House, Refused, houses

house = houses("codes")
FAR_SUPERVISOR = Principal("far", "远方", frozenset({"supervisor"}), region="510000")
NUMBER = "渝司专查〔2025〕27号"


@pytest.fixture(autouse=True)
def _settled(house: House) -> None:
    city.settle_in(house)


def overdue_task(**changes: Any) -> tasks.TaskOverdue:
    fact: dict[str, Any] = {
        "task_id": "task-1",
        "number": NUMBER,
        "name": "文物经营检查",
        "nature": "FORMAL",
        "authority_id": city.JUSTICE,
        "ends_on": "2025-06-08",
        "open": 3,
    }
    return tasks.TaskOverdue(**(fact | changes))


def overdue_disposal(**changes: Any) -> tasks.DisposalOverdue:
    fact: dict[str, Any] = {
        "inspection_id": "inspection-1",
        "authority_id": city.JUSTICE,
        "task_id": "task-1",
        "task_number": NUMBER,
        "nature": "FORMAL",
        "object_id": city.SHOP,
        "object_name": "渝北小店",
        "disposal": "ORDER_CORRECTION",
        "due_on": "2025-06-08",
    }
    return tasks.DisposalOverdue(**(fact | changes))


def warnings(house: House, by: Any = city.SUPERVISOR, **filters: Any) -> list[Any]:
    return list(house.call("codes", "ListWarnings", filters, by=by).warnings)


def extend(house: House, *codes: events_pb2.IssuedCode, ends_on: str = "2025-07-15", version: int = 1) -> None:
    ids = [code.inspection_id for code in codes]
    house.announce(tasks.TaskExtended(task_id="task-1", version=version, ends_on=ends_on, inspection_ids=ids))


def standing(house: House, inspection_id: str) -> Any:
    """The code of an inspection that stands."""
    filters = {"inspection_id": inspection_id, "state": "CODE_STATE_ISSUED"}
    (code,) = house.call("codes", "ListCodes", filters, by=city.SUPERVISOR).codes
    return code


def last_day(code: Any) -> str:
    """The last day a code is good for, in Shanghai."""
    return str((code.valid_to.ToDatetime() + timedelta(hours=8, seconds=-1)).date())


def count(house: House) -> int:
    """Visits of the authority to the shop in 2025."""
    with house.work("codes") as work:
        rows = work.session.execute(work.tables["visit_counts"].select()).all()
    return sum(row.visits for row in rows if (row.object_id, row.matter_id) == (city.SHOP, ""))


def test_an_overdue_task_is_told_to_the_supervisor_who_handles_it(house: House) -> None:
    house.announce(overdue_task())
    (warning,) = warnings(house, kind="WARNING_KIND_TASK_OVERDUE")
    assert (warning.authority_id, warning.task_id, warning.object_id) == (city.JUSTICE, "task-1", "")
    assert NUMBER in warning.message
    assert "3项" in warning.message
    (told,) = house.announced("codes", events_pb2.WarningRaised)
    assert (told.kind, told.task_id) == ("TASK_OVERDUE", "task-1")
    assert warnings(house, by=FAR_SUPERVISOR) == []
    request = {"warning_id": warning.warning_id, "note": "已约谈"}
    handled = house.call("codes", "HandleWarning", request, by=city.SUPERVISOR)
    assert handled.state == warnings_pb2.WARNING_STATE_HANDLED


def test_an_overdue_order_is_told_to_the_supervisor_with_object_and_deadline(house: House) -> None:
    house.announce(overdue_disposal())
    (warning,) = warnings(house, kind="WARNING_KIND_DISPOSAL_OVERDUE")
    assert (warning.object_id, warning.inspection_id, warning.task_id) == (city.SHOP, "inspection-1", "task-1")
    assert "责令改正期限2025-06-08已过" in warning.message


def test_the_same_last_day_warns_once_and_another_one_again(house: House) -> None:
    for fact in (overdue_task(), overdue_task(), overdue_disposal(), overdue_disposal()):
        house.announce(fact)
    assert sorted(city.warned(house)) == ["DISPOSAL_OVERDUE", "TASK_OVERDUE"]
    house.announce(overdue_task(ends_on="2025-06-20"))
    house.announce(overdue_disposal(due_on="2025-06-20"))
    assert sorted(city.warned(house)) == ["DISPOSAL_OVERDUE"] * 2 + ["TASK_OVERDUE"] * 2


def reminded(**changes: Any) -> credit.RepairReminded:
    fact: dict[str, Any] = {
        "repair_id": "repair-1",
        "authority_id": city.JUSTICE,
        "due_on": "2025-06-08",
        "days_left": -1,
        "number": "渝司信修〔2025〕1号",
        "inspection_id": "inspection-1",
        "object_id": city.SHOP,
        "object_name": "渝北小店",
    }
    return credit.RepairReminded(**(fact | changes))


def overdue_delivery(**changes: Any) -> credit.DeliveryOverdue:
    fact: dict[str, Any] = {
        "delivery_id": "delivery-1",
        "channel_id": "channel-1",
        "disclosure_id": "disclosure-1",
        "action": "WITHDRAW",
        "due_on": "2025-06-08",
        "authority_id": city.JUSTICE,
        "channel_name": "信用中国",
        "inspection_id": "inspection-1",
        "object_id": city.SHOP,
        "object_name": "渝北小店",
    }
    return credit.DeliveryOverdue(**(fact | changes))


def test_an_overdue_repair_is_told_to_the_supervisor_and_a_reminder_is_not(house: House) -> None:
    for fact in (reminded(days_left=3), reminded(days_left=1), reminded(), reminded()):
        house.announce(fact)
    (warning,) = warnings(house)
    assert warning.kind == warnings_pb2.WARNING_KIND_REPAIR_OVERDUE
    assert (warning.authority_id, warning.object_id, warning.inspection_id) == (city.JUSTICE, city.SHOP, "inspection-1")
    assert "渝司信修〔2025〕1号" in warning.message
    assert warnings(house, by=FAR_SUPERVISOR) == []


def test_each_channel_that_still_shows_what_was_repaired_is_told_to_the_supervisor(house: House) -> None:
    told = overdue_delivery(), overdue_delivery(), overdue_delivery(delivery_id="delivery-2", channel_name="公示系统")
    for fact in (*told, overdue_delivery(delivery_id="delivery-3", action="SHARE"), overdue_delivery(authority_id="")):
        house.announce(fact)
    found = warnings(house, kind="WARNING_KIND_WITHDRAWAL_OVERDUE")
    assert len(found) == len(city.warned(house)) == 2
    assert sorted(warning.message[:4] for warning in found) == ["信用中国", "公示系统"]


def test_what_is_overdue_in_a_test_task_warns_nobody(house: House) -> None:
    house.announce(overdue_task(nature="TEST"))
    house.announce(overdue_disposal(nature="TEST"))
    assert city.warned(house) == []


def abandoned(**changes: Any) -> sampling.DrawAbandoned:
    fact: dict[str, Any] = {
        "draw_id": "draw-1",
        "task_id": "task-1",
        "round": 1,
        "commitment": "ab" * 32,
        "withheld": [city.FARMING, "platform", "sun"],
        "authority_id": city.JUSTICE,
        "path": "/v1/commitments/draw-1/abandonment?round=1",
        "title": f"{NUMBER} 第1轮承诺作废记录",
    }
    return sampling.DrawAbandoned(**(fact | changes))


def test_who_kept_a_secret_of_a_draw_back_is_told_to_the_supervisor_who_handles_it(house: House) -> None:
    house.announce(abandoned())
    (warning,) = warnings(house, kind="WARNING_KIND_DRAW_ABANDONED")
    assert (warning.authority_id, warning.task_id, warning.object_id) == (city.JUSTICE, "task-1", "")
    for said in (NUMBER, "重庆市农业农村委、平台、sun", "/v1/commitments/draw-1/abandonment?round=1"):
        assert said in warning.message
    (told,) = house.announced("codes", events_pb2.WarningRaised)
    assert (told.kind, told.task_id) == ("DRAW_ABANDONED", "task-1")
    assert warnings(house, by=FAR_SUPERVISOR) == []
    request = {"warning_id": warning.warning_id, "note": "已约谈"}
    handled = house.call("codes", "HandleWarning", request, by=city.SUPERVISOR)
    assert handled.state == warnings_pb2.WARNING_STATE_HANDLED


def test_each_round_that_is_given_up_warns_once(house: House) -> None:
    for fact in (abandoned(), abandoned(), abandoned(round=2), abandoned(draw_id="draw-2")):
        house.announce(fact)
    assert city.warned(house) == ["DRAW_ABANDONED"] * 3


def test_the_code_of_a_visit_that_waits_is_issued_anew_for_the_longer_time(house: House) -> None:
    (old,) = city.issue(house)
    extend(house, old)
    code = standing(house, old.inspection_id)
    assert code.code_id != old.code_id
    assert last_day(code) == "2025-07-15"
    assert [fact.reason for fact in house.announced("codes", events_pb2.CodeRevoked)] == ["SUPERSEDED"]
    assert count(house) == 1, "it is the same visit"
    house.pass_time(days=30)
    city.verify(house, code.text)
    with pytest.raises(Refused):
        city.verify(house, old.text)


def test_an_extension_that_is_told_again_changes_nothing(house: House) -> None:
    (old,) = city.issue(house)
    for _ in range(2):
        extend(house, old)
    extend(house, old, ends_on="2025-06-25", version=0)
    assert len(house.announced("codes", events_pb2.CodeIssued)) == 2
    assert last_day(standing(house, old.inspection_id)) == "2025-07-15"


def test_a_visit_that_was_let_through_is_not_intercepted_because_its_time_is_longer(house: House) -> None:
    house.announce(city.cap(1))
    (old,) = city.issue(house)
    house.announce(city.whitelisted())
    extend(house, old)
    assert city.intercepted(house) == []
    assert last_day(standing(house, old.inspection_id)) == "2025-07-15"


def test_a_visit_that_took_place_keeps_its_code(house: House) -> None:
    (old,) = city.issue(house)
    city.verify(house, old.text)
    city.scan(house, city.enterprise_code(house), old.code_id)
    extend(house, old)
    assert standing(house, old.inspection_id).code_id == old.code_id
    assert house.announced("codes", events_pb2.CodeRevoked) == []


def test_a_survey_goes_on_with_another_code(house: House) -> None:
    (old,) = city.issue(house, city.inspection(""), code_kind="SURVEY")
    city.verify(house, old.text)
    city.scan(house, city.enterprise_code(house), old.code_id)
    extend(house, old)
    code = standing(house, old.inspection_id)
    assert (code.code_id != old.code_id, last_day(code)) == (True, "2025-07-15")


def test_what_is_heard_of_late_gets_the_longer_time_at_once(house: House) -> None:
    late = city.inspection()
    house.announce(
        tasks.TaskExtended(task_id="task-1", version=1, ends_on="2025-07-15", inspection_ids=[late.inspection_id])
    )
    city.issue(house, late)
    assert last_day(standing(house, late.inspection_id)) == "2025-07-15"
    assert house.announced("codes", events_pb2.CodeRevoked) == []


def test_a_task_that_is_purged_leaves_no_last_day_behind(house: House) -> None:
    (old,) = city.issue(house, nature="TEST")
    extend(house, old)
    house.announce(tasks.TaskPurged(task_id="task-1", inspection_ids=[old.inspection_id]))
    (fresh,) = city.issue(house, city.inspection())
    assert last_day(standing(house, fresh.inspection_id)) == "2025-06-20"
