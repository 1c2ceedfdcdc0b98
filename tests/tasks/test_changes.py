"""Who inspects and what is inspected may change, with a reason and a history that keeps both."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from liangma.tasks.v1 import events_pb2 as facts
from liangma.tasks.v1 import inspections_pb2 as ins
from liangma.tasks.v1 import tasks_pb2 as pb

from tests.support.house import House, Refused
from tests.tasks import city
from tests.tasks.test_draws import drawn, random_task, team

DISTRICT_MANAGER = city.person("task_manager", city.DISTRICT)
DISTRICT_HEAD = city.person("authority_head", city.DISTRICT)


@pytest.fixture
def town(house: House) -> House:
    """The city, with the shop in the district."""
    from liangma.sampling.v1 import events_pb2 as sampling

    moved = sampling.ObjectState(
        object_id=city.SHOP, version=2, type="INSTITUTION", name=city.OBJECTS[city.SHOP][0], region="500103"
    )
    house.announce(sampling.ObjectChanged(batch_id="b9", objects=[moved]))
    return house


def refused(house: House, method: str, request: dict[str, Any], by: Any = city.MANAGER) -> Refused:
    with pytest.raises(Refused) as caught:
        house.call("tasks", method, request, by=by)
    return caught.value


def changes(house: House, by: Any = city.MANAGER, **filters: Any) -> list[Any]:
    return list(house.call("tasks", "ListInspectionChanges", filters, by=by).changes)


def transfer(house: House, inspection: Any, to: str = city.DISTRICT, by: Any = city.MANAGER) -> Any:
    request = {"inspection_id": inspection.inspection_id, "authority_id": to, "reason": "属地管辖"}
    return house.call("tasks", "TransferObject", request, by=by)


# handing an object over


def test_the_receiver_inspects_in_a_task_of_its_own(town: House) -> None:
    task, (old, other) = city.dispatched(town, city.SHOP, city.CAFE)
    new = transfer(town, old)
    child = city.task_of(town, new.task_id, by=DISTRICT_MANAGER)
    assert (child.authority_id, child.parent_task_id, child.state) == (
        city.DISTRICT,
        task.task_id,
        pb.TASK_STATE_PENDING_EXECUTION,
    )
    assert [m.matter_id for m in child.participants[0].matters] == [city.LICENCE]
    gone = city.inspection(town, old.inspection_id)
    assert (gone.state, gone.replaced_by) == (ins.INSPECTION_STATE_REPLACED, new.inspection_id)
    assert (new.replaces, new.parts[0].authority_id, list(new.parts[0].team)) == (old.inspection_id, city.DISTRICT, [])
    (fallen,) = town.announced("tasks", facts.InspectionsCancelled)
    assert list(fallen.inspection_ids) == [old.inspection_id]
    assert [f.parts[0].authority_id for f in town.announced("tasks", facts.TaskFormed)] == [city.JUSTICE, city.DISTRICT]
    assert city.inspection(town, other.inspection_id).state == ins.INSPECTION_STATE_PENDING


def test_the_receiver_sends_out_by_its_own_rules(town: House) -> None:
    _, (old,) = city.dispatched(town)
    new = transfer(town, old)
    answer = refused(town, "DispatchTask", {"task_id": new.task_id}, DISTRICT_MANAGER)
    assert answer.metadata["missing"] == "inspectors,approved_scheme"
    city.assign(town, new.task_id, "50010301", "50010302", by=DISTRICT_MANAGER)
    city.approve_scheme(town, new.task_id, manager=DISTRICT_MANAGER, head=DISTRICT_HEAD)
    city.dispatch(town, new.task_id, by=DISTRICT_MANAGER)
    out = town.announced("tasks", facts.InspectionsDispatched)[-1]
    assert [(i.object_id, i.parts[0].authority_id) for i in out.inspections] == [(city.SHOP, city.DISTRICT)]


def test_the_next_object_joins_the_task_that_waits_and_the_giver_s_task_may_be_done(town: House) -> None:
    from liangma.sampling.v1 import events_pb2 as sampling

    near = sampling.ObjectState(object_id="near", version=1, type="SITE", name="近邻", region="500103")
    town.announce(sampling.ObjectChanged(batch_id="b10", objects=[near]))
    task, (first, second) = city.dispatched(town, city.SHOP, "near")
    assert transfer(town, first).task_id == transfer(town, second).task_id
    assert city.task_of(town, task.task_id).state == pb.TASK_STATE_COMPLETED


def test_a_drawn_object_may_go_over_but_none_is_added_by_hand_to_it(town: House) -> None:
    task = random_task(town)
    town.announce(drawn(task.task_id, city.SHOP))
    town.announce(team(task.task_id, city.SHOP))
    new = transfer(town, city.inspections(town, task.task_id)[0])
    child = city.task_of(town, new.task_id, by=DISTRICT_MANAGER)
    assert child.kind == pb.TASK_KIND_RANDOM
    add = {"task_id": child.task_id, "objects": [{"object_id": city.CAFE}]}
    assert refused(town, "AddObjects", add, DISTRICT_MANAGER).reason == "WRONG_MODE"
    swap = {"inspection_id": new.inspection_id, "object_id": city.CAFE, "reason": "停业"}
    assert refused(town, "ReplaceObject", swap, DISTRICT_MANAGER).reason == "NO_SUBSTITUTE_LEFT"
    assert city.assign(town, child.task_id, "50010301", "50010302", by=DISTRICT_MANAGER).staffed


@pytest.mark.parametrize(
    ("object_id", "to", "reason"),
    [
        (city.CAFE, city.DISTRICT, "OUT_OF_REGION"),
        (city.SHOP, city.MARKET, "MATTER_NOT_CLAIMED"),
        (city.SHOP, city.JUSTICE, "INVALID_ARGUMENT"),
        (city.SHOP, "nobody", "NO_SUCH_THING"),
    ],
)
def test_only_a_competent_authority_takes_an_object_over(town: House, object_id: str, to: str, reason: str) -> None:
    _, (old,) = city.dispatched(town, object_id)
    request = {"inspection_id": old.inspection_id, "authority_id": to, "reason": "属地管辖"}
    assert refused(town, "TransferObject", request).reason == reason
    assert city.inspection(town, old.inspection_id).state == ins.INSPECTION_STATE_PENDING


def test_nobody_off_the_subject_list_takes_an_object_over(town: House) -> None:
    _, (old,) = city.dispatched(town)
    town.announce(city.off_the_list(city.DISTRICT))
    request = {"inspection_id": old.inspection_id, "authority_id": city.DISTRICT, "reason": "属地管辖"}
    assert refused(town, "TransferObject", request).reason == "NOT_ON_SUBJECT_LIST"


def test_an_object_goes_over_with_a_reason_by_the_lead_and_before_the_visit(town: House) -> None:
    task, (old,) = city.dispatched(town)
    request = {"inspection_id": old.inspection_id, "authority_id": city.DISTRICT}
    assert refused(town, "TransferObject", request).violations == {"reason": "REQUIRED"}
    with_reason = request | {"reason": "属地管辖"}
    assert refused(town, "TransferObject", with_reason, DISTRICT_MANAGER).reason == "NOT_YOURS"
    city.visited(town, task, old)
    assert refused(town, "TransferObject", with_reason).metadata["verb"] == "replace"


def test_a_joint_inspection_is_not_handed_over(town: House) -> None:
    _, (joint,) = city.dispatched_joint(town)
    request = {"inspection_id": joint.inspection_id, "authority_id": city.DISTRICT, "reason": "属地管辖"}
    assert refused(town, "TransferObject", request).reason == "WRONG_MODE"


# the history


def test_the_history_tells_every_change_in_words_newest_first(town: House) -> None:
    task = city.create(town)
    city.add(town, task.task_id, city.SHOP, city.CAFE, city.FACTORY)
    mark = {"task_id": task.task_id, "object_ids": [city.CAFE]}
    town.call("tasks", "MarkExcluded", mark | {"excluded": True, "reason": "停业"}, by=city.MANAGER)
    town.call("tasks", "MarkExcluded", mark | {"reason": "复业"}, by=city.MANAGER)
    remove = {"task_id": task.task_id, "object_ids": [city.CAFE], "reason": "重复"}
    town.call("tasks", "RemoveObjects", remove, by=city.MANAGER)
    city.assign(town, task.task_id, "50000001", "50000002")
    shop, _, factory = city.inspections(town, task.task_id)
    swap = {"certificate": "50000002", "substitute_certificate": "50000003", "reason": "病假"}
    town.call("tasks", "ReassignInspector", swap | {"inspection_id": shop.inspection_id}, by=city.MANAGER)
    replace = {"inspection_id": factory.inspection_id, "object_id": city.CAFE, "reason": "搬迁"}
    new = town.call("tasks", "ReplaceObject", replace, by=city.MANAGER)
    cancel = {"inspection_id": new.inspection_id, "reason": "已注销"}
    town.call("tasks", "CancelInspection", cancel, by=city.MANAGER)
    transfer(town, shop)
    shop_name, cafe_name, factory_name = (
        f"{city.OBJECTS[id][0]}（{id}）" for id in (city.SHOP, city.CAFE, city.FACTORY)
    )
    assert [(c.text, c.reason) for c in changes(town, task_id=task.task_id)] == [
        (f"{shop_name}由重庆市司法局（{city.JUSTICE}）移交渝中区司法局（{city.DISTRICT}）", "属地管辖"),
        (f"取消对{cafe_name}的检查", "已注销"),
        (f"{factory_name}更换为{cafe_name}", "搬迁"),
        ("检查员02（50000002）更换为检查员03（50000003）", "病假"),
        (f"{cafe_name}移出检查对象名单", "重复"),
        (f"{cafe_name}标记为不排除", "复业"),
        (f"{cafe_name}标记为排除", "停业"),
    ]


def test_the_history_is_filtered_paged_and_exported(town: House) -> None:
    task, (shop,) = city.dispatched(town)
    swap = {"inspection_id": shop.inspection_id, "reason": "病假"}
    for leaving, coming in (("50000002", "50000003"), ("50000003", "50000002")):
        pair = {"certificate": leaving, "substitute_certificate": coming}
        town.call("tasks", "ReassignInspector", swap | pair, by=city.MANAGER)
    new = transfer(town, shop)
    assert [c.after for c in changes(town, kind="CHANGE_KIND_INSPECTOR_REASSIGNED")] == ["50000002", "50000003"]
    assert [c.after for c in changes(town, kind="CHANGE_KIND_OBJECT_TRANSFERRED", object_id=city.SHOP)] == [
        city.DISTRICT
    ]
    assert changes(town, inspection_id=new.inspection_id) == []
    request = {"task_id": task.task_id, "page_size": 2, "order_by": "change_time"}
    page = town.call("tasks", "ListInspectionChanges", request, by=city.MANAGER)
    rest = changes(town, page_token=page.page.next_page_token, **request)
    assert [c.before for c in (*page.changes, *rest)] == ["50000002", "50000003", city.JUSTICE]
    sheet = town.call("tasks", "ExportInspectionChanges", {"task_id": task.task_id}, by=city.SUPERVISOR)
    rows = city.rows_of(sheet.data)
    assert [row[4] for row in rows[1:]] == ["移交其他机构", "更换检查人员", "更换检查人员"]
    assert rows[1][1] == task.number


def test_only_who_takes_part_or_oversees_reads_the_history(town: House) -> None:
    _, (shop,) = city.dispatched(town)
    transfer(town, shop)
    assert [len(changes(town, by)) for by in (city.MANAGER, city.FIRST, city.SUPERVISOR)] == [1, 1, 1]
    assert [changes(town, by) for by in (city.PARTNER, city.OWNER)] == [[], []]


def test_the_history_of_a_test_task_goes_with_it(town: House) -> None:
    _, (shop,) = city.dispatched(town, nature="TASK_NATURE_TEST", test_term="TEST_TERM_HOURS_24")
    cancel = {"inspection_id": shop.inspection_id, "reason": "试用"}
    town.call("tasks", "CancelInspection", cancel, by=city.MANAGER)
    assert len(changes(town)) == 1
    town.pass_time(hours=24)
    town.fire("tasks", "purge_test_tasks")
    assert changes(town) == []
    assert refused(town, "GetInspection", {"inspection_id": shop.inspection_id}).code is grpc.StatusCode.NOT_FOUND
