"""What sampling drew, in whatever order it is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from liangma.sampling.v1 import events_pb2 as sampling
from liangma.tasks.v1 import events_pb2 as facts
from liangma.tasks.v1 import inspections_pb2 as ins
from liangma.tasks.v1 import tasks_pb2 as pb

from services.chassis.bus import NotYet
from tests.support.house import House, Refused
from tests.tasks import city

TEAM = ["50000001", "50000002"]


def random_task(house: House, **changes: Any) -> Any:
    return city.create(house, kind="TASK_KIND_RANDOM", **changes)


def drawn(
    task_id: str, *ids: str, round: int = 1, part: int = 1, parts: int = 1, substitutes: Sequence[str] = ()
) -> sampling.ObjectsDrawn:
    objects = [
        sampling.DrawnObject(object_id=id, stratum="A", rank=rank, name=f"名称{id}", region="500105")
        for rank, id in enumerate(ids, start=1 + 10 * part)
    ]
    objects += [
        sampling.DrawnObject(object_id=id, stratum="A", rank=rank, name=f"候补{id}", region="500105", substitute=True)
        for rank, id in enumerate(substitutes, start=101)
    ]
    return sampling.ObjectsDrawn(
        draw_id=f"draw-{round}", task_id=task_id, round=round, part=part, parts=parts, objects=objects
    )


def team(task_id: str, *object_ids: str, authority: str = city.JUSTICE, certificates: Sequence[str] = TEAM) -> Any:
    teams = [sampling.DrawnTeam(object_id=id, authority_id=authority, certificates=certificates) for id in object_ids]
    return sampling.InspectorsDrawn(inspectors_draw_id=f"i-{task_id}-{authority}", task_id=task_id, teams=teams)


def live(house: House, task_id: str) -> list[str]:
    return [i.object.object_id for i in city.inspections(house, task_id, state="INSPECTION_STATE_PENDING")]


def test_drawn_objects_become_inspections_with_what_the_directory_knows(house: House) -> None:
    task = random_task(house)
    house.announce(drawn(task.task_id, city.SHOP, "new-one"))
    shop, new_one = city.inspections(house, task.task_id)
    assert (shop.object.name, shop.object.address) == ("重庆市雾霆娱乐中心", "重庆市雾霆娱乐中心所在地 1 号")
    assert (new_one.object.name, new_one.object.region) == ("名称new-one", "500105")
    assert (shop.stratum, shop.rank, shop.round) == ("A", 11, 1)
    assert city.task_of(house, task.task_id).objects_chosen


def test_parts_come_in_any_order_and_objects_are_chosen_when_all_have_come(house: House) -> None:
    task = random_task(house)
    house.announce(drawn(task.task_id, "o3", "o4", part=2, parts=2))
    assert not city.task_of(house, task.task_id).objects_chosen
    house.announce(drawn(task.task_id, "o1", "o2", part=1, parts=2))
    assert city.task_of(house, task.task_id).objects_chosen
    assert sorted(live(house, task.task_id)) == ["o1", "o2", "o3", "o4"]


def test_a_redelivered_part_changes_nothing(house: House) -> None:
    task = random_task(house)
    for _ in range(2):
        house.announce(drawn(task.task_id, "o1"), id="the-same")
    assert live(house, task.task_id) == ["o1"]


def test_the_greatest_round_wins_and_the_earlier_one_stays_on_record(house: House) -> None:
    task = random_task(house)
    house.announce(drawn(task.task_id, "o1", "o2", round=1))
    house.announce(drawn(task.task_id, "o2", "o3", round=2))
    house.announce(drawn(task.task_id, "o9", round=1, part=2, parts=2))
    assert sorted(live(house, task.task_id)) == ["o2", "o3"]
    assert len(city.inspections(house, task.task_id)) == 4
    assert city.task_of(house, task.task_id).draw_round == 2


def test_a_draw_for_a_task_that_is_gone_is_passed_over(house: House) -> None:
    house.announce(drawn("nothing", "o1"))
    task = random_task(house)
    house.call("tasks", "DeleteTask", {"task_id": task.task_id}, by=city.MANAGER)
    house.announce(drawn(task.task_id, "o1"))
    house.announce(team(task.task_id, "o1"))


def test_drawn_inspectors_staff_the_task_and_it_can_go_out(house: House) -> None:
    task = random_task(house)
    house.announce(drawn(task.task_id, city.SHOP, city.CAFE))
    house.announce(team(task.task_id, city.SHOP, city.CAFE))
    assert city.task_of(house, task.task_id).staffed
    city.approve_scheme(house, task.task_id)
    city.dispatch(house, task.task_id)
    (out,) = house.announced("tasks", facts.InspectionsDispatched)
    assert [list(i.parts[0].certificates) for i in out.inspections] == [TEAM, TEAM]


def test_inspectors_that_come_before_their_objects_are_asked_to_come_again(house: House) -> None:
    task = random_task(house)
    with pytest.raises(NotYet):
        house.announce(team(task.task_id, "o1"), id="early")
    house.announce(drawn(task.task_id, "o1"))
    house.announce(team(task.task_id, "o1"), id="early")
    assert city.task_of(house, task.task_id).staffed


def test_drawn_inspectors_are_not_assigned_by_hand(house: House) -> None:
    task = random_task(house)
    house.announce(drawn(task.task_id, "o1"))
    with pytest.raises(Refused) as caught:
        city.assign(house, task.task_id, *TEAM)
    assert caught.value.reason == "WRONG_MODE"


def test_objects_by_hand_can_have_drawn_inspectors(house: House) -> None:
    task = city.create(house, staffing="STAFFING_RANDOM")
    city.add(house, task.task_id, city.SHOP)
    with pytest.raises(Refused) as caught:
        city.assign(house, task.task_id, *TEAM)
    assert caught.value.reason == "WRONG_MODE"
    house.announce(team(task.task_id, city.SHOP))
    assert city.task_of(house, task.task_id).staffed


def test_substitutes_are_kept_aside_and_used_in_order(house: House) -> None:
    task = random_task(house)
    house.announce(drawn(task.task_id, "o1", "o2", substitutes=["s1", "s2"]))
    house.announce(team(task.task_id, "o1", "o2"))
    assert sorted(live(house, task.task_id)) == ["o1", "o2"]
    old = city.inspections(house, task.task_id, object_id="o1")[0]
    request = {"inspection_id": old.inspection_id, "reason": "已注销"}
    new = house.call("tasks", "ReplaceObject", request, by=city.MANAGER)
    assert (new.object.object_id, new.replaces) == ("s1", old.inspection_id)
    assert [member.certificate for member in new.parts[0].team] == TEAM
    listed = house.call("tasks", "ListSubstitutes", {"task_id": task.task_id}, by=city.MANAGER).substitutes
    assert [(s.object_id, s.inspection_id) for s in listed] == [("s1", new.inspection_id), ("s2", "")]
    new = house.call("tasks", "ReplaceObject", request | {"inspection_id": new.inspection_id}, by=city.MANAGER)
    with pytest.raises(Refused) as caught:
        house.call("tasks", "ReplaceObject", request | {"inspection_id": new.inspection_id}, by=city.MANAGER)
    assert caught.value.reason == "NO_SUBSTITUTE_LEFT"
    named = request | {"inspection_id": new.inspection_id, "object_id": city.CAFE}
    with pytest.raises(Refused) as caught:
        house.call("tasks", "ReplaceObject", named, by=city.MANAGER)
    assert caught.value.violations == {"object_id": "DRAWN"}


def test_five_hundred_objects_of_a_fact_are_kept_by_version(house: House) -> None:
    def batch(version: int, name: str) -> sampling.ObjectChanged:
        states = [
            sampling.ObjectState(object_id=f"o{n}", version=version, name=f"{name}{n}", region="500105")
            for n in range(500)
        ]
        return sampling.ObjectChanged(batch_id=f"b{version}", objects=states)

    house.announce(batch(2, "新"))
    house.announce(batch(1, "旧"))
    task = city.create(house)
    city.add(house, task.task_id, "o0", "o499")
    assert [i.object.name for i in city.inspections(house, task.task_id)] == ["新0", "新499"]


# joint windows


def window(*matches: sampling.JointMatch) -> sampling.JointMatched:
    return sampling.JointMatched(window_id="w1", window_name="2025年第三季度", matches=matches)


def match(object_id: str, lead: str, *participants: tuple[str, str, Sequence[str]]) -> sampling.JointMatch:
    return sampling.JointMatch(
        match_id=f"m-{object_id}",
        object_id=object_id,
        lead_id=lead,
        participants=[
            sampling.MatchParticipant(authority_id=authority, task_id=task, matter_ids=matters)
            for authority, task, matters in participants
        ],
        lead_rule="JOINT_LIST",
    )


@pytest.fixture
def two_draws(house: House) -> tuple[House, Any, Any]:
    ours = random_task(house)
    theirs = random_task(house, by=city.PARTNER, matters=[{"matter_id": city.HYGIENE}])
    house.announce(drawn(ours.task_id, "shared1", "shared2", "ours"))
    house.announce(drawn(theirs.task_id, "shared1", "shared2", "theirs"))
    return house, ours, theirs


def shared(id: str, ours: Any, theirs: Any) -> sampling.JointMatch:
    return match(
        id,
        city.MARKET,
        (city.MARKET, theirs.task_id, [city.HYGIENE]),
        (city.JUSTICE, ours.task_id, [city.LICENCE]),
    )


def joint_task(house: House) -> Any:
    (task,) = house.call("tasks", "ListTasks", {"origin": "TASK_ORIGIN_MATCHED"}, by=city.SUPERVISOR).tasks
    return task


def test_objects_that_two_authorities_drew_go_into_one_joint_task(two_draws: tuple[House, Any, Any]) -> None:
    house, ours, theirs = two_draws
    house.announce(window(shared("shared1", ours, theirs), shared("shared2", ours, theirs)))
    joint = joint_task(house)
    assert (joint.number, joint.name, joint.window_id) == ("渝市监专查〔2025〕2号", "2025年第三季度联合抽查", "w1")
    assert [(p.authority_id, p.lead) for p in joint.participants] == [(city.MARKET, True), (city.JUSTICE, False)]
    assert sorted(live(house, joint.task_id)) == ["shared1", "shared2"]
    assert sorted(live(house, joint.task_id)) == ["shared1", "shared2"]
    merged = {i.object.object_id: i for i in city.inspections(house, ours.task_id)}
    assert merged["shared1"].state == ins.INSPECTION_STATE_MERGED
    assert merged["ours"].state == ins.INSPECTION_STATE_PENDING
    made = city.inspection(house, merged["shared1"].merged_into)
    assert [(part.authority_id, list(part.matter_ids)) for part in made.parts] == [
        (city.MARKET, [city.HYGIENE]),
        (city.JUSTICE, [city.LICENCE]),
    ]
    created = [fact.task_id for fact in house.announced("tasks", facts.TaskCreated)]
    assert created == [ours.task_id, theirs.task_id, joint.task_id]
    formed = house.announced("tasks", facts.TaskFormed)[-1]
    assert (formed.task_id, formed.type, len(formed.parts)) == (joint.task_id, "CROSS_AGENCY", 2)


def test_another_fact_of_the_window_adds_to_the_same_joint_task(two_draws: tuple[House, Any, Any]) -> None:
    house, ours, theirs = two_draws
    house.announce(window(shared("shared1", ours, theirs)), id="one")
    house.announce(window(shared("shared1", ours, theirs)), id="one")
    house.announce(window(shared("shared2", ours, theirs)), id="two")
    assert len(city.inspections(house, joint_task(house).task_id)) == 2


def test_an_object_that_two_departments_of_one_authority_drew_is_visited_once_for_both(house: House) -> None:
    licences = random_task(house)
    hygiene = random_task(house, matters=[{"matter_id": city.HYGIENE}])
    for task in (licences, hygiene):
        house.announce(drawn(task.task_id, "shared1", f"only-{task.task_id}"))
    own = [(city.JUSTICE, licences.task_id, [city.LICENCE]), (city.JUSTICE, hygiene.task_id, [city.HYGIENE])]
    house.announce(window(match("shared1", city.JUSTICE, *own)))
    joint = joint_task(house)
    assert (joint.name, joint.type) == ("2025年第三季度综合检查", pb.TASK_TYPE_OWN_AGENCY)
    (made,) = city.inspections(house, joint.task_id)
    assert [(part.authority_id, sorted(part.matter_ids)) for part in made.parts] == [
        (city.JUSTICE, sorted([city.LICENCE, city.HYGIENE]))
    ]
    for task in (licences, hygiene):
        states = {i.object.object_id: (i.state, i.merged_into) for i in city.inspections(house, task.task_id)}
        assert states["shared1"] == (ins.INSPECTION_STATE_MERGED, made.inspection_id)
        assert states[f"only-{task.task_id}"] == (ins.INSPECTION_STATE_PENDING, "")


def test_a_match_that_comes_before_its_objects_is_asked_to_come_again(house: House) -> None:
    ours, theirs = random_task(house), random_task(house, by=city.PARTNER, matters=[{"matter_id": city.HYGIENE}])
    house.announce(drawn(ours.task_id, "shared1"))
    with pytest.raises(NotYet):
        house.announce(window(shared("shared1", ours, theirs)), id="early")
    house.announce(drawn(theirs.task_id, "shared1"))
    house.announce(window(shared("shared1", ours, theirs)), id="early")
    assert len(city.inspections(house, joint_task(house).task_id)) == 1


def test_inspectors_drawn_before_or_after_the_match_staff_the_joint_inspection(
    two_draws: tuple[House, Any, Any],
) -> None:
    house, ours, theirs = two_draws
    house.announce(team(ours.task_id, "shared1"))
    house.announce(window(shared("shared1", ours, theirs)))
    (made,) = city.inspections(house, joint_task(house).task_id)
    assert [len(part.team) for part in made.parts] == [0, 2]
    house.announce(team(theirs.task_id, "shared1", authority=city.MARKET, certificates=["50000011", "50000012"]))
    (made,) = city.inspections(house, joint_task(house).task_id)
    assert [len(part.team) for part in made.parts] == [2, 2]
    assert joint_task(house).staffed


def test_a_joint_task_can_also_be_staffed_by_hand_and_goes_out_with_joint_codes(
    two_draws: tuple[House, Any, Any],
) -> None:
    house, ours, theirs = two_draws
    house.announce(window(shared("shared1", ours, theirs)))
    joint = joint_task(house)
    city.assign(house, joint.task_id, "50000011", "50000012", by=city.PARTNER)
    city.assign(house, joint.task_id, "50000001", "50000002")
    head = city.person("authority_head", city.MARKET)
    city.approve_scheme(house, joint.task_id, manager=city.PARTNER, head=head)
    city.dispatch(house, joint.task_id, by=city.PARTNER)
    out = house.announced("tasks", facts.InspectionsDispatched)[-1]
    assert (out.code_kind, len(out.inspections[0].parts)) == ("JOINT", 2)


def test_a_task_whose_objects_all_went_into_joint_ones_is_complete(house: House) -> None:
    ours, theirs = random_task(house), random_task(house, by=city.PARTNER, matters=[{"matter_id": city.HYGIENE}])
    for task in (ours, theirs):
        house.announce(drawn(task.task_id, "shared1"))
    house.announce(window(shared("shared1", ours, theirs)))
    completed = {fact.task_id for fact in house.announced("tasks", facts.TaskCompleted)}
    assert completed == {ours.task_id, theirs.task_id}


def test_an_object_that_went_out_already_takes_its_code_back_when_it_is_merged(
    two_draws: tuple[House, Any, Any],
) -> None:
    house, ours, theirs = two_draws
    house.announce(team(ours.task_id, "shared1", "shared2", "ours"))
    city.approve_scheme(house, ours.task_id)
    city.dispatch(house, ours.task_id)
    house.announce(window(shared("shared1", ours, theirs)))
    (fallen,) = house.announced("tasks", facts.InspectionsCancelled)
    assert fallen.cause == "MERGED"


def test_an_object_that_was_visited_already_is_not_merged(two_draws: tuple[House, Any, Any]) -> None:
    house, ours, theirs = two_draws
    house.announce(team(ours.task_id, "shared1", "shared2", "ours"))
    city.approve_scheme(house, ours.task_id)
    city.dispatch(house, ours.task_id)
    visited = city.inspections(house, ours.task_id, object_id="shared1")[0]
    city.verify(house, visited.inspection_id, "shared1")
    house.announce(window(shared("shared1", ours, theirs)))
    assert house.call("tasks", "ListTasks", {"origin": "TASK_ORIGIN_MATCHED"}, by=city.SUPERVISOR).tasks == []


def replaced(task_id: str, *object_ids: str, certificates: Sequence[str], experts: Sequence[str] = ()) -> Any:
    teams = [
        sampling.DrawnTeam(object_id=id, authority_id=city.JUSTICE, certificates=certificates, experts=experts)
        for id in object_ids
    ]
    return sampling.InspectorReplaced(
        inspectors_draw_id="i-2", task_id=task_id, certificate="50000001", reason="因病", teams=teams
    )


def members(inspection: Any) -> list[str]:
    return [member.certificate for part in inspection.parts for member in part.team]


def test_who_was_drawn_in_somebodys_place_goes_and_the_history_says_why(house: House) -> None:
    task = random_task(house)
    house.announce(drawn(task.task_id, "one", "two"))
    house.announce(team(task.task_id, "one", "two"))
    house.announce(replaced(task.task_id, "one", certificates=["50000002", "50000003"]))
    one, two = city.inspections(house, task.task_id)
    assert (members(one), members(two)) == (["50000002", "50000003"], TEAM)
    changes = house.call("tasks", "ListInspectionChanges", {"task_id": task.task_id}, by=city.MANAGER).changes
    assert [(c.reason, "50000001" in c.before, "50000003" in c.after) for c in changes] == [("因病", True, True)]
    assert house.announced("tasks", facts.InspectorReassigned) == []


def test_a_replacement_after_the_dispatch_is_announced_so_that_codes_follow(house: House) -> None:
    task = random_task(house)
    house.announce(drawn(task.task_id, "one"))
    house.announce(team(task.task_id, "one"))
    city.approve_scheme(house, task.task_id)
    city.dispatch(house, task.task_id)
    fact = replaced(task.task_id, "one", certificates=["50000002", "50000003"])
    house.announce(fact, id="once")
    house.announce(fact, id="once")
    [told] = house.announced("tasks", facts.InspectorReassigned)
    assert (told.certificate, told.substitute_certificate, told.reason) == ("50000001", "50000003", "因病")
    assert list(told.certificates) == ["50000002", "50000003"]


def test_a_replacement_that_comes_before_its_objects_is_asked_to_come_again(house: House) -> None:
    task = random_task(house)
    with pytest.raises(NotYet):
        house.announce(replaced(task.task_id, "one", certificates=["50000002", "50000003"]))


def test_an_expert_who_was_drawn_goes_along(house: House) -> None:
    task = random_task(house)
    house.announce(drawn(task.task_id, "one"))
    told = team(task.task_id, "one")
    told.teams[0].experts.append("EX-1")
    house.announce(told)
    (one,) = city.inspections(house, task.task_id)
    assert members(one) == [*TEAM, "EX-1"]
    assert [member.expert for part in one.parts for member in part.team] == [False, False, True]
