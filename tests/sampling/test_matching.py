"""Matching: who meets where, who leads, and how many visits that saves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sampling.model.matching import LeadRule, Neighbourhood, Share, TaskDraw, match, shared, visits
from services.sampling.model.neighbours import Authority, JointList, Part

CITY = Authority(authority_id="city", version=1, level="CITY")
DISTRICT = Authority(authority_id="district", version=1, level="DISTRICT")
OTHER = Authority(authority_id="other", version=1, level="DISTRICT")


def around(*lists: JointList) -> Neighbourhood:
    return Neighbourhood({each.authority_id: each for each in (CITY, DISTRICT, OTHER)}, lists)


def listed(id: str, trade: str, lead: str, *members: str, retired: bool = False) -> JointList:
    return JointList(joint_list_id=id, version=1, trade=trade, lead_id=lead, members=members, retired=retired)


def draw(task_id: str, objects: str, *authorities: str) -> TaskDraw:
    return TaskDraw(task_id, tuple(Part(each, (f"M-{each}",)) for each in authorities), tuple(objects))


@pytest.mark.parametrize(
    ("shares", "lists", "tags", "expected"),
    [
        ([Share("district", "1"), Share("city", "2")], [], (), ("city", LeadRule.LEVEL)),
        ([Share("other", "1", ("a",)), Share("district", "2", ("a", "b"))], [], (), ("district", LeadRule.MATTERS)),
        ([Share("other", "1", ("a",)), Share("district", "2", ("b",))], [], (), ("district", LeadRule.CODE)),
        ([Share("unknown", "1"), Share("district", "2")], [], (), ("district", LeadRule.LEVEL)),
        (
            [Share("district", "1"), Share("city", "2")],
            [listed("1", "餐饮", "district", "city")],
            (),
            ("district", LeadRule.JOINT_LIST),
        ),
        (
            [Share("district", "1"), Share("city", "2")],
            [listed("1", "餐饮", "city", "district"), listed("2", "旅馆", "district", "city")],
            ("旅馆",),
            ("district", LeadRule.JOINT_LIST),
        ),
        (
            [Share("district", "1"), Share("city", "2"), Share("other", "3")],
            [listed("1", "餐饮", "district", "city")],
            (),
            ("city", LeadRule.LEVEL),
        ),
        (
            [Share("district", "1"), Share("city", "2")],
            [listed("1", "餐饮", "district", "city", retired=True), listed("2", "旅馆", "other", "city", "district")],
            (),
            ("city", LeadRule.LEVEL),
        ),
    ],
)
def test_who_leads_follows_joint_list_level_matters_and_code(
    shares: list[Share], lists: list[JointList], tags: tuple[str, ...], expected: tuple[str, LeadRule]
) -> None:
    assert around(*lists).lead(shares, tags) == expected


def test_two_draws_of_one_authority_meet_in_an_internal_match_and_a_joint_task_meets_nobody_by_itself() -> None:
    departments = [draw("1", "abc", "city"), draw("2", "bcd", "city")]
    joint = [draw("3", "xyz", "city", "district")]
    assert list(shared([*departments, *joint])) == ["b", "c"]
    first, _ = match([*departments, *joint], around(listed("1", "餐饮", "city", "district")), {})
    assert (first.internal, first.lead_id, first.lead_rule) == (True, "city", LeadRule.SAME_AUTHORITY)
    assert [(s.authority_id, s.task_id) for s in first.shares] == [("city", "1"), ("city", "2")]
    assert visits(departments, match(departments, around(), {})) == (6, 4)


def test_a_match_has_every_authority_of_every_draw_the_lead_first() -> None:
    draws = [draw("1", "ab", "district", "other"), draw("2", "bc", "city")]
    [found] = match(draws, around(), {})
    assert (found.object_id, found.lead_id) == ("b", "city")
    assert [(s.authority_id, s.task_id) for s in found.shares] == [("city", "2"), ("district", "1"), ("other", "1")]
    assert visits(draws, [found]) == (4, 3)


@given(
    st.lists(
        st.tuples(st.sampled_from(["city", "district", "other"]), st.sets(st.sampled_from("abcdefgh"))), max_size=8
    )
)
def test_visits_saved_are_those_that_fall_together(drawn: list[tuple[str, set[str]]]) -> None:
    draws = [draw(str(number), "".join(sorted(objects)), who) for number, (who, objects) in enumerate(drawn)]
    matches = match(draws, around(), {})
    apart, together = visits(draws, matches)
    assert apart == sum(len(objects) for _, objects in drawn)
    single = sum(len(objects - {m.object_id for m in matches}) for _, objects in drawn)
    assert together == single + len(matches)
    for each in matches:
        assert {s.authority_id for s in each.shares} == {who for who, objects in drawn if each.object_id in objects}
        assert each.internal == (len({s.authority_id for s in each.shares}) == 1)
    assert {m.object_id for m in matches} == {
        object_id for object_id in "abcdefgh" if sum(object_id in objects for _, objects in drawn) > 1
    }
