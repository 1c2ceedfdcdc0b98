"""What tasks announce moves the plans they belong to, in whatever order and however often it comes."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from liangma.plans.v1 import events_pb2, plans_pb2
from liangma.tasks.v1 import events_pb2 as tasks

from services.chassis.errors import NoSuchThing
from tests.plans.people import PLANNER, REVIEWER, approved, furnish, submit
from tests.support.house import House, Refused, houses

bare_house = houses("plans")


@pytest.fixture
def house(bare_house: House) -> House:
    furnish(bare_house)
    return bare_house


def created(plan_id: str, task_id: str = "t1", nature: str = "FORMAL") -> tasks.TaskCreated:
    return tasks.TaskCreated(task_id=task_id, number=f"渝司专查〔2025〕{task_id}号", plan_id=plan_id, nature=nature)


def now_is(house: House, made: Any) -> tuple[str, int, int]:
    got = house.call("plans", "GetPlan", {"plan_id": made.plan_id}, by=PLANNER)
    state = plans_pb2.PlanState.Name(got.state).removeprefix("PLAN_STATE_")
    return state, got.task_count, got.completed_task_count


def states(house: House) -> list[str]:
    return [fact.state for fact in house.announced("plans", events_pb2.PlanStateChanged)]


def test_the_first_task_starts_a_plan_and_the_last_completion_ends_it(house: House) -> None:
    out = approved(house)
    house.announce(created(out.plan_id, "t1"))
    assert now_is(house, out) == ("EXECUTING", 1, 0)
    house.announce(created(out.plan_id, "t2"))
    house.announce(tasks.TaskCompleted(task_id="t1", plan_id=out.plan_id))
    assert now_is(house, out) == ("EXECUTING", 2, 1)
    house.announce(tasks.TaskCompleted(task_id="t2", plan_id=out.plan_id))
    assert now_is(house, out) == ("COMPLETED", 2, 2)
    house.announce(created(out.plan_id, "t3"))
    assert now_is(house, out) == ("EXECUTING", 3, 2)
    assert states(house)[2:] == ["PENDING_EXECUTION", "EXECUTING", "COMPLETED", "EXECUTING"]
    steps = house.call("plans", "ListPlanHistory", {"plan_id": out.plan_id}, by=PLANNER).steps
    assert [step.action for step in steps[3:]] == ["TASKS_CHANGED"] * 3


def test_a_cancelled_task_no_longer_counts(house: House) -> None:
    out = approved(house)
    house.announce(created(out.plan_id, "t1"))
    house.announce(created(out.plan_id, "t2"))
    house.announce(tasks.TaskCompleted(task_id="t2", plan_id=out.plan_id))
    house.announce(tasks.TaskCancelled(task_id="t1", plan_id=out.plan_id, reason="计划调整"))
    assert now_is(house, out) == ("COMPLETED", 1, 1)


def test_a_plan_whose_only_task_is_cancelled_waits_again_and_can_be_taken_back(house: House) -> None:
    out = approved(house)
    house.announce(created(out.plan_id))
    with pytest.raises(Refused) as refusal:
        house.call("plans", "WithdrawPlan", {"plan_id": out.plan_id}, by=PLANNER)
    assert (refusal.value.reason, refusal.value.metadata["state"]) == ("PLAN_STATE_FORBIDS", "EXECUTING")
    house.announce(tasks.TaskCancelled(task_id="t1", plan_id=out.plan_id))
    assert now_is(house, out) == ("PENDING_EXECUTION", 0, 0)
    house.call("plans", "WithdrawPlan", {"plan_id": out.plan_id}, by=PLANNER)
    assert now_is(house, out) == ("DRAFT", 0, 0)


def test_a_test_task_moves_no_plan_and_holds_it_until_it_is_purged(house: House) -> None:
    out = approved(house)
    house.announce(created(out.plan_id, nature="TEST"))
    assert now_is(house, out) == ("PENDING_EXECUTION", 0, 0)
    with pytest.raises(Refused) as refusal:
        house.call("plans", "WithdrawPlan", {"plan_id": out.plan_id}, by=PLANNER)
    assert refusal.value.reason == "PLAN_HAS_TASKS"
    house.announce(tasks.TaskPurged(task_id="t1", plan_id=out.plan_id))
    house.call("plans", "WithdrawPlan", {"plan_id": out.plan_id}, by=PLANNER)
    assert "EXECUTING" not in states(house)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_in_which_facts_arrive_makes_no_difference(house: House, order: tuple[int, ...]) -> None:
    out = approved(house)
    facts = [
        created(out.plan_id, "t1"),
        tasks.TaskCompleted(task_id="t1", plan_id=out.plan_id),
        tasks.TaskPurged(task_id="t2", plan_id=out.plan_id),
    ]
    for index in order:
        house.announce(facts[index])
    house.announce(created(out.plan_id, "t2"))
    assert now_is(house, out) == ("COMPLETED", 1, 1)


def test_a_redelivered_task_changes_nothing(house: House) -> None:
    out = approved(house)
    house.announce(created(out.plan_id), id="fact-1")
    before = house.call("plans", "GetPlan", {"plan_id": out.plan_id}, by=PLANNER)
    house.announce(created(out.plan_id), id="fact-1")
    house.announce(created(out.plan_id), id="fact-2")
    assert house.call("plans", "GetPlan", {"plan_id": out.plan_id}, by=PLANNER) == before


def test_a_temporary_task_concerns_no_plan(house: House) -> None:
    out = approved(house)
    house.announce(created(""))
    house.announce(tasks.TaskCompleted(task_id="t1"))
    assert now_is(house, out) == ("PENDING_EXECUTION", 0, 0)


def test_a_task_of_an_unknown_plan_is_not_swallowed(house: House) -> None:
    with pytest.raises(NoSuchThing):
        house.announce(created("nothing"))


def test_a_plan_taken_back_while_a_task_was_on_its_way_stands_as_it_is_and_executes_once_approved(house: House) -> None:
    out = approved(house)
    house.call("plans", "WithdrawPlan", {"plan_id": out.plan_id}, by=PLANNER)
    house.announce(created(out.plan_id))
    assert now_is(house, out)[0] == "DRAFT"
    for method, request in (
        ("UpdatePlan", {"plan": {"plan_id": out.plan_id, "name": "改"}}),
        ("DeletePlan", {"plan_id": out.plan_id}),
    ):
        with pytest.raises(Refused) as refusal:
            house.call("plans", method, request, by=PLANNER)
        assert refusal.value.reason == "PLAN_HAS_TASKS"
        assert "渝司专查〔2025〕t1号" in refusal.value.zh
    submit(house, out)
    house.call("plans", "ApprovePlan", {"plan_id": out.plan_id}, by=REVIEWER)
    assert now_is(house, out) == ("EXECUTING", 1, 0)
