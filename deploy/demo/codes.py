"""Dispatch: codes are issued, repeats flagged, visits over the cap refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from deploy.demo.life import Life, approve_scheme, draft_task, inspections
from deploy.demo.people import eventually, expect


def dispatch(life: Life) -> str:
    """Every on-site inspection gets its code, the joint one a joint code."""
    counts: list[str] = []
    for who, task in (("market", life.task), ("market", life.joint), ("environment", life.other)):
        coded = _dispatch(life, who, task)
        counts.append(f"{task['number']} {len(coded)} 个码")
    return "；".join(counts)


def _dispatch(life: Life, who: str, task: Mapping[str, Any]) -> list[dict[str, Any]]:
    manager = life.as_(f"task-manager-{who}")
    path = f"/v1/tasks/{task['taskId']}"
    eventually(lambda: manager.get(path)["staffed"], f"{task['number']} is staffed")
    if inspections(manager, task, "INSPECTION_STATE_PENDING"):
        manager.post(f"{path}:dispatch")
    eventually(lambda: not inspections(manager, task, "INSPECTION_STATE_PENDING"), "all are coded or intercepted")
    return inspections(manager, task, "INSPECTION_STATE_CODED")


def run_into_the_cap(life: Life) -> str:
    """The second visit of a year is flagged as a repeat, the third is over the cap and gets no code."""
    manager = life.as_("task-manager-market")
    taken = {each["object"]["objectId"] for each in inspections(manager, life.task)}
    victim = next(each for each in life.pupils if each["objectId"] not in taken)
    seen = [_daily_visit(life, number, victim["objectId"]) for number in (1, 2, 3)]
    states = [each["state"].removeprefix("INSPECTION_STATE_") for each in seen]
    expect(states == ["CODED", "CODED", "INTERCEPTED"], f"three visits to one object: {states}")
    expect("DUPLICATE" in seen[1]["code"]["warnings"], "the second visit is not flagged as a repeat")
    expect(seen[2]["interception"]["rule"] == "ANNUAL_CAP", f"intercepted by {seen[2]['interception']['rule']}")
    return f"第二次提示“重复检查”；第三次被拦截：{seen[2]['interception']['message']}"


def _daily_visit(life: Life, number: int, object_id: str) -> dict[str, Any]:
    manager = life.as_("task-manager-market")
    end = (life.today + timedelta(days=10)).isoformat()
    draft = {
        **draft_task(f"第{number}次日常", "TASK_KIND_DAILY", life.today, end, ["SJ0102"]),
        "selection": "SELECTION_MANUAL",
        "staffing": "STAFFING_ASSIGNED",
    }
    task = manager.post("/v1/tasks", draft)
    path = f"/v1/tasks/{task['taskId']}"
    choice = {"objectId": object_id, "repeatReason": "举报线索需复核"}
    added = eventually(lambda: manager.post(f"{path}:addObjects", {"objects": [choice]}), "the object reaches tasks")
    expect(added["added"] == 1, f"the object was not added: {added}")
    manager.post(f"{path}:assignInspectors", {"certificates": ["50000100003", "50000100004"]})
    approve_scheme(life, task, "market")
    manager.post(f"{path}:dispatch")

    def settled() -> dict[str, Any] | None:
        (inspection,) = inspections(manager, task)
        return inspection if inspection["state"] != "INSPECTION_STATE_PENDING" else None

    return eventually(settled, "the visit is coded or intercepted")
