"""People and tasks do this and that with plans: what is offered can be done, nothing else, and the figures agree."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest
from liangma.plans.v1 import plans_pb2
from liangma.tasks.v1 import events_pb2 as tasks

from tests.plans.people import (
    COLLEAGUE,
    DISTRICT,
    DISTRICT_MANAGER,
    DISTRICT_PLANNER,
    FIRE,
    FIRE_PLANNER,
    HEAD,
    MANAGER,
    OTHER_REVIEWER,
    PLANNER,
    REVIEWER,
    SUPERVISOR,
    approved,
    drafted,
    furnish,
    submitted,
)
from tests.support.house import House, Refused, houses

bare_house = houses("plans")

# those between whom a plan goes back and forth act more often
PEOPLE = {
    PLANNER: 4,
    COLLEAGUE: 4,
    REVIEWER: 4,
    DISTRICT_PLANNER: 3,
    FIRE_PLANNER: 3,
    DISTRICT_MANAGER: 2,
    OTHER_REVIEWER: 1,
    MANAGER: 1,
    HEAD: 1,
    SUPERVISOR: 1,
}
SCOPES: list[dict[str, list[str]]] = [{"authority_ids": [DISTRICT]}, {"authority_ids": [DISTRICT, FIRE]}, {}]
CALLS: dict[str, tuple[str, dict[str, str]]] = {
    "delete": ("DeletePlan", {}),
    "submit": ("SubmitPlan", {"reviewer_id": "reviewer"}),
    "withdraw": ("WithdrawPlan", {}),
    "approve": ("ApprovePlan", {}),
    "reject": ("RejectPlan", {"reason": "改"}),
    "answer": ("AnswerPlan", {"answer": "ANSWER_RECEIVED"}),
    "edit": ("UpdatePlan", {}),
}
# deleting ends a plan: it is tried less often
WEIGHTS = [1, 6, 3, 6, 2, 4, 4]


@pytest.fixture
def house(bare_house: House) -> House:
    furnish(bare_house)
    return bare_house


def offered(house: House, plan_id: str, by: Any) -> set[str]:
    """What the plan offers somebody; nothing if there is none that the caller may know of."""
    try:
        return set(house.call("plans", "GetPlan", {"plan_id": plan_id}, by=by).possible)
    except Refused:
        return set()


def is_done(house: House, action: str, plan_id: str, by: Any) -> bool:
    method, more = CALLS[action]
    request: dict[str, Any] = {"plan_id": plan_id, **more}
    if action == "edit":
        request = {"plan": {"plan_id": plan_id, "remarks": by.subject}}
    try:
        house.call("plans", method, request, by=by)
    except Refused:
        return False
    return True


def happens(house: House, dice: Random, plan_ids: list[str]) -> None:
    """Something beside: a task comes or goes, or an authority cannot carry a plan out."""
    plan_id, task_id = dice.choice(plan_ids), f"t{dice.randrange(4)}"
    nature = dice.choice(["FORMAL", "TEST"])
    facts = [
        tasks.TaskCreated(plan_id=plan_id, task_id=task_id, number=task_id, nature=nature),
        tasks.TaskCompleted(plan_id=plan_id, task_id=task_id),
        tasks.TaskCancelled(plan_id=plan_id, task_id=task_id),
        tasks.TaskPurged(plan_id=plan_id, task_id=task_id),
    ]
    if dice.random() < 0.5:
        house.announce(dice.choice(facts))
        return
    unable = {"plan_id": plan_id, "answer": "ANSWER_UNABLE", "reason": "无此类对象"}
    try:
        house.call("plans", "AnswerPlan", unable, by=dice.choice([DISTRICT_MANAGER, FIRE_PLANNER]))
    except Refused:
        return


@pytest.mark.parametrize("seed", range(4))
def test_what_a_plan_offers_is_what_can_be_done(house: House, seed: int) -> None:
    dice = Random(seed)
    plan_ids = [drafted(house, name=f"计划{index}", scope=scope).plan_id for index, scope in enumerate(SCOPES)]
    for _ in range(150):
        plan_id = dice.choice(plan_ids)
        (by,) = dice.choices(list(PEOPLE), list(PEOPLE.values()))
        (action,) = dice.choices(list(CALLS), WEIGHTS)
        may = action in offered(house, plan_id, by)
        assert is_done(house, action, plan_id, by) == may, (action, by.subject)
        if dice.random() < 0.25:
            happens(house, dice, plan_ids)
    figures_agree(house)


def test_each_is_offered_the_buttons_of_the_own_part(house: House) -> None:
    draft, pending, out = drafted(house).plan_id, submitted(house).plan_id, approved(house).plan_id
    parts: list[tuple[str, Any, set[str]]] = [
        (draft, PLANNER, {"edit", "delete", "submit"}),
        (pending, COLLEAGUE, {"withdraw"}),
        (pending, REVIEWER, {"approve", "reject"}),
        (out, PLANNER, {"withdraw"}),
        (out, REVIEWER, set()),
        (out, MANAGER, set()),
        (out, SUPERVISOR, set()),
        (out, DISTRICT_PLANNER, {"answer"}),
        (out, DISTRICT_MANAGER, {"answer"}),
    ]
    for plan_id, by, buttons in parts:
        assert offered(house, plan_id, by) == buttons, (by.subject, buttons)
    assert is_done(house, "answer", out, DISTRICT_PLANNER)
    assert offered(house, out, DISTRICT_PLANNER) == set()


def figures_agree(house: House) -> None:
    """What the figures say is what one counts in the lists."""
    made = house.call("plans", "ListPlans", {"page_size": 1000}, by=PLANNER)
    states = Counter(plans_pb2.PlanState.Name(each.state).removeprefix("PLAN_STATE_").lower() for each in made.plans)
    figures = house.call("plans", "GetPlanCounters", by=PLANNER)
    assert figures.total == figures.made == made.total_size == len(made.plans)
    for state in ("draft", "pending_review", "rejected", "pending_execution", "executing", "completed"):
        assert getattr(figures, state) == states[state], state
    for each in made.plans:
        receipts = house.call("plans", "ListReceipts", {"plan_id": each.plan_id}, by=PLANNER).receipts
        answers = Counter(receipt.answer for receipt in receipts)
        said = each.reception
        assert (said.sent, said.pending, said.received, said.unable) == (
            len(receipts),
            *(answers[n] for n in (1, 2, 3)),
        )
    for by in (DISTRICT_PLANNER, FIRE_PLANNER):
        received = house.call("plans", "ListReceivedPlans", by=by)
        waiting = [row for row in received.received_plans if row.receipt.answer == plans_pb2.ANSWER_PENDING]
        figures = house.call("plans", "GetPlanCounters", by=by)
        assert (figures.received, figures.received_pending) == (received.total_size, len(waiting))
        for row in received.received_plans:
            assert set(row.plan.possible) == offered(house, row.plan.plan_id, by)
