"""Which objects, and who inspects them: by hand."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from liangma.tasks.v1 import events_pb2 as facts
from liangma.tasks.v1 import inspections_pb2 as ins

from tests.support.house import House, Refused
from tests.tasks import city

ORDER = {"sha256": "0" * 64, "name": "协助函.pdf"}


def refused(house: House, method: str, request: dict[str, Any], by: Any = city.MANAGER) -> Refused:
    with pytest.raises(Refused) as caught:
        house.call("tasks", method, request, by=by)
    return caught.value


def test_objects_are_added_once_and_become_inspections(house: House) -> None:
    task = city.create(house)
    assert city.add(house, task.task_id, city.SHOP, city.CAFE).added == 2
    again = city.add(house, task.task_id, city.SHOP, city.FACTORY)
    assert (again.added, again.present) == (1, 1)
    found = city.inspections(house, task.task_id)
    assert [i.object.name for i in found] == [city.OBJECTS[id][0] for id in (city.SHOP, city.CAFE, city.FACTORY)]
    assert city.task_of(house, task.task_id).objects_chosen
    assert not city.task_of(house, task.task_id).staffed


def test_an_object_that_is_not_in_the_directory_is_named(house: House) -> None:
    task = city.create(house)
    request = {"task_id": task.task_id, "objects": [{"object_id": city.SHOP}, {"object_id": "nobody"}]}
    assert refused(house, "AddObjects", request).violations == {"objects[1].object_id": "UNKNOWN"}
    assert city.inspections(house, task.task_id) == []


def test_no_object_outside_the_region_without_an_assistance_order(house: House) -> None:
    task = city.create(house)
    request = {"task_id": task.task_id, "objects": [{"object_id": city.SHOP}, {"object_id": city.FARAWAY}]}
    answer = refused(house, "AddObjects", request)
    assert (answer.reason, answer.metadata["objects"]) == ("OUT_OF_REGION", city.FARAWAY)
    assert city.inspections(house, task.task_id) == []
    helped = city.create(house, assistance_order=ORDER)
    assert city.add(house, helped.task_id, city.FARAWAY).added == 1


def test_a_district_inspects_its_own_district_only(house: House) -> None:
    manager = city.person("task_manager", city.DISTRICT)
    task = city.create(house, by=manager)
    answer = refused(house, "AddObjects", {"task_id": task.task_id, "objects": [{"object_id": city.SHOP}]}, manager)
    assert answer.reason == "OUT_OF_REGION"


def test_a_repeat_in_one_year_is_warned_and_added_only_with_a_reason(house: House) -> None:
    city.dispatched(house, city.SHOP)
    task = city.create(house)
    warned = city.add(house, task.task_id, city.SHOP, city.CAFE)
    assert warned.added == 1
    (warning,) = warned.warnings
    assert (warning.object_id, warning.matter_id, warning.added) == (city.SHOP, city.LICENCE, False)
    assert warning.task_number == "渝司专查〔2025〕1号"
    taken = city.add(house, task.task_id, city.SHOP, repeat_reason="群众举报")
    assert (taken.added, taken.warnings[0].added) == (1, True)
    repeat = next(i for i in city.inspections(house, task.task_id) if i.object.object_id == city.SHOP)
    assert repeat.repeat_reason == "群众举报"


def test_another_matter_another_year_and_a_test_task_are_no_repeat(house: House) -> None:
    city.dispatched(house, city.SHOP)
    other = city.create(house, matters=[{"matter_id": city.HYGIENE}])
    later = city.create(house, starts_on="2026-01-05", ends_on="2026-03-01")
    trial = city.create(house, nature="TASK_NATURE_TEST", test_term="TEST_TERM_DAYS_7")
    for task in (other, later, trial):
        assert city.add(house, task.task_id, city.SHOP).warnings == []


def test_a_lead_is_recorded_and_goes_out_with_the_inspection(house: House) -> None:
    task = city.create(house)
    no_detail = {"object_id": city.SHOP, "lead_kind": "LEAD_KIND_COMPLAINT"}
    answer = refused(house, "AddObjects", {"task_id": task.task_id, "objects": [no_detail]})
    assert answer.violations == {"objects[0].lead_detail": "REQUIRED"}
    city.add(house, task.task_id, city.SHOP, lead_kind="LEAD_KIND_COMPLAINT", lead_detail="12345 来电")
    city.assign(house, task.task_id, "50000001", "50000002")
    city.approve_scheme(house, task.task_id)
    city.dispatch(house, task.task_id)
    (out,) = house.announced("tasks", facts.InspectionsDispatched)
    assert (out.inspections[0].lead_kind, out.inspections[0].lead_detail) == ("COMPLAINT", "12345 来电")


def test_objects_of_a_drawn_task_are_not_added_by_hand(house: House) -> None:
    task = city.create(house, kind="TASK_KIND_RANDOM")
    answer = refused(house, "AddObjects", {"task_id": task.task_id, "objects": [{"object_id": city.SHOP}]})
    assert answer.reason == "WRONG_MODE"


def test_excluded_objects_stay_on_the_list_and_do_not_go_out(house: House) -> None:
    task = city.create(house)
    city.add(house, task.task_id, city.SHOP, city.CAFE)
    request = {"task_id": task.task_id, "object_ids": [city.CAFE], "excluded": True}
    assert refused(house, "MarkExcluded", request).violations == {"reason": "REQUIRED"}
    counts = house.call("tasks", "MarkExcluded", request | {"reason": "已停业"}, by=city.MANAGER)
    assert (counts.total, counts.excluded, counts.remaining) == (2, 1, 1)
    city.assign(house, task.task_id, "50000001", "50000002")
    city.approve_scheme(house, task.task_id)
    city.dispatch(house, task.task_id)
    (out,) = house.announced("tasks", facts.InspectionsDispatched)
    assert [i.object_id for i in out.inspections] == [city.SHOP]


def test_a_removed_object_may_come_back(house: House) -> None:
    task = city.create(house)
    city.add(house, task.task_id, city.SHOP)
    house.call("tasks", "RemoveObject", {"task_id": task.task_id, "object_id": city.SHOP}, by=city.MANAGER)
    assert not city.task_of(house, task.task_id).objects_chosen
    assert city.add(house, task.task_id, city.SHOP).added == 1
    states = [i.state for i in city.inspections(house, task.task_id)]
    assert states == [ins.INSPECTION_STATE_CANCELLED, ins.INSPECTION_STATE_PENDING]
    missing = refused(house, "RemoveObject", {"task_id": task.task_id, "object_id": city.CAFE})
    assert missing.code is grpc.StatusCode.NOT_FOUND


def test_a_fixed_task_takes_no_objects_after_dispatch_and_a_supplementable_one_does(house: House) -> None:
    fixed, _ = city.dispatched(house, city.SHOP)
    request = {"task_id": fixed.task_id, "objects": [{"object_id": city.CAFE}]}
    assert refused(house, "AddObjects", request).reason == "NOT_SUPPLEMENTABLE"
    open_task, _ = city.dispatched(house, city.FACTORY, fixity="FIXITY_SUPPLEMENTABLE")
    city.add(house, open_task.task_id, city.CAFE)
    assert refused(house, "DispatchTask", {"task_id": open_task.task_id}).metadata["missing"] == "inspectors"
    city.assign(house, open_task.task_id, "50000001", "50000003")
    city.dispatch(house, open_task.task_id)
    out = house.announced("tasks", facts.InspectionsDispatched)[-1]
    assert [i.object_id for i in out.inspections] == [city.CAFE]


def test_a_partner_supplements_after_dispatch_and_not_before(house: House) -> None:
    task = city.create_joint(house, fixity="FIXITY_SUPPLEMENTABLE")
    request = {"task_id": task.task_id, "objects": [{"object_id": city.CAFE}]}
    assert refused(house, "AddObjects", request, city.PARTNER).code is grpc.StatusCode.PERMISSION_DENIED
    city.approve_scheme(house, task.task_id)
    city.dispatch(house, task.task_id)
    assert city.add(house, task.task_id, city.CAFE, by=city.PARTNER).added == 1


# who inspects


@pytest.mark.parametrize(
    ("certificates", "reason"),
    [
        (["50000001"], "TOO_FEW_INSPECTORS"),
        (["50000001", "50000001"], "TOO_FEW_INSPECTORS"),
        (["50000001", city.EXPERT], "TOO_FEW_INSPECTORS"),
        (["50000001", city.EXPIRED], "TOO_FEW_INSPECTORS"),
        (["50000001", "50000002", city.EXPIRED], "TOO_FEW_INSPECTORS"),
        (["50000001", "50000011"], "INVALID_ARGUMENT"),
        (["50000001", "nobody"], "INVALID_ARGUMENT"),
    ],
)
def test_two_valid_inspectors_of_the_authority_are_needed(house: House, certificates: list[str], reason: str) -> None:
    task = city.create(house)
    city.add(house, task.task_id, city.SHOP)
    answer = refused(house, "AssignInspectors", {"task_id": task.task_id, "certificates": certificates})
    assert answer.reason == reason


def test_an_expert_comes_along(house: House) -> None:
    task = city.create(house)
    city.add(house, task.task_id, city.SHOP)
    assert city.assign(house, task.task_id, "50000001", "50000002", city.EXPERT).staffed


def test_a_matter_s_qualification_must_be_on_the_team(house: House) -> None:
    special = city.matter(
        "330555", "对特种设备的行政检查", "市场监管", ["ON_SITE"], [city.JUSTICE], qualification="特种设备"
    )
    house.announce(special)
    task = city.create(house, matters=[{"matter_id": "330555"}])
    city.add(house, task.task_id, city.SHOP)
    request = {"task_id": task.task_id, "certificates": ["50000001", "50000002"]}
    assert refused(house, "AssignInspectors", request).reason == "UNQUALIFIED"


def test_everybody_staffs_their_own_part_and_the_task_is_staffed_when_all_have(house: House) -> None:
    task = city.create_joint(house)
    city.add(house, task.task_id, city.SHOP, city.CAFE)
    assert not city.assign(house, task.task_id, "50000001", "50000002").staffed
    first, second = city.inspections(house, task.task_id)
    assigned = city.assign(
        house, task.task_id, "50000011", "50000012", by=city.PARTNER, inspection_ids=[first.inspection_id]
    )
    assert (assigned.assigned, assigned.staffed) == (1, False)
    rest = city.assign(house, task.task_id, "50000011", "50000013", by=city.PARTNER)
    assert (rest.assigned, rest.staffed) == (1, True)
    now = city.inspection(house, second.inspection_id)
    assert [m.certificate for m in now.parts[1].team] == ["50000011", "50000013"]


def test_an_inspector_is_exchanged_with_a_reason_and_the_history_keeps_both(house: House) -> None:
    _, (inspection,) = city.dispatched(house)
    request = {
        "inspection_id": inspection.inspection_id,
        "certificate": "50000002",
        "substitute_certificate": "50000003",
    }
    assert refused(house, "ReassignInspector", request).violations == {"reason": "REQUIRED"}
    expired = request | {"substitute_certificate": city.EXPIRED, "reason": "病假"}
    assert refused(house, "ReassignInspector", expired).reason == "TOO_FEW_INSPECTORS"
    expert = request | {"substitute_certificate": city.EXPERT, "reason": "病假"}
    assert refused(house, "ReassignInspector", expert).reason == "TOO_FEW_INSPECTORS"
    changed = house.call("tasks", "ReassignInspector", request | {"reason": "病假"}, by=city.MANAGER)
    assert [m.certificate for m in changed.parts[0].team] == ["50000001", "50000003"]
    assert (changed.history[-1].action, changed.history[-1].detail) == ("REASSIGNED", "50000002 → 50000003")
    (fact,) = house.announced("tasks", facts.InspectorReassigned)
    assert list(fact.certificates) == ["50000001", "50000003"]


def test_an_object_is_replaced_by_hand_and_goes_out_at_once(house: House) -> None:
    task, (old,) = city.dispatched(house)
    city.intercept(house, task.task_id, old.inspection_id)
    assert city.inspection(house, old.inspection_id).interception.rule == "ANNUAL_CAP"
    request = {"inspection_id": old.inspection_id, "reason": "已达频次上限"}
    assert refused(house, "ReplaceObject", request).violations == {"object_id": "REQUIRED"}
    new = house.call("tasks", "ReplaceObject", request | {"object_id": city.CAFE}, by=city.MANAGER)
    assert [m.certificate for m in new.parts[0].team] == ["50000001", "50000002"]
    gone = city.inspection(house, old.inspection_id)
    assert (gone.state, gone.replaced_by) == (ins.INSPECTION_STATE_REPLACED, new.inspection_id)
    assert new.replaces == old.inspection_id
    assert house.announced("tasks", facts.InspectionsDispatched)[-1].inspections[0].object_id == city.CAFE
    (fallen,) = house.announced("tasks", facts.InspectionsCancelled)
    assert (list(fallen.inspection_ids), fallen.cause) == ([old.inspection_id], "REPLACED")
    again = refused(house, "ReplaceObject", request | {"object_id": city.FACTORY})
    assert again.metadata == {"state": "REPLACED", "verb": "replace", "possible": ""}
