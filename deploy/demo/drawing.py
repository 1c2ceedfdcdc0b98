"""Tasks by invitation, the joint window, the draw anybody can recompute, the teams."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from deploy.demo.life import YONGCHUAN, Life, approve_scheme, draft_task
from deploy.demo.people import eventually, expect
from services.command.rest import GatewayRefused
from services.sampling.transcript import verify


def form_tasks(life: Life) -> str:
    """A cross-agency task by invitation, and another authority's own task on the same objects."""
    manager = life.as_("task-manager-market")
    end = (life.today + timedelta(days=30)).isoformat()
    draft = {
        **draft_task("双随机", "TASK_KIND_RANDOM", life.today, end, ["SJ0101"]),
        "planId": life.plan["planId"],
        "type": "TASK_TYPE_CROSS_AGENCY",
        "partners": [{"authorityId": life.fire, "matterIds": ["XF0101"]}],
        "invitationDeadline": (life.today + timedelta(days=3)).isoformat(),
        "selection": "SELECTION_RANDOM",
        "staffing": "STAFFING_RANDOM",
    }
    made = eventually(lambda: manager.post("/v1/tasks", draft), "the approved plan reaches tasks")
    path = f"/v1/tasks/{made['taskId']}"
    accepted = {"answer": "ANSWER_ACCEPTED", "matters": [{"matterId": "XF0101"}]}
    life.as_("task-manager-fire").post(f"{path}:answerInvitation", accepted)
    life.task = manager.post(f"{path}:form")
    approve_scheme(life, life.task, "market")
    own = {
        **draft_task("生态环境双随机", "TASK_KIND_RANDOM", life.today, end, ["HJ0101"]),
        "onSiteReason": "须现场查验排污口，在线监测不能替代",
        "selection": "SELECTION_RANDOM",
        "staffing": "STAFFING_RANDOM",
    }
    life.other = life.as_("task-manager-environment").post("/v1/tasks", own)
    approve_scheme(life, life.other, "environment")
    reached = f"/v1/annual-plans/{life.plan['planId']}"
    planner = life.as_("planner-market")
    eventually(lambda: planner.get(reached)["state"] == "PLAN_STATE_EXECUTING", "the plan is being executed")
    return f"{life.task['number']}（牵头+配合，邀约已接受）与 {life.other['number']}（本机构）成立，检查方案已批准"


def commit_draws(life: Life) -> str:
    """Both frames are frozen and their commitments announced before anything is revealed."""
    quarter = (life.today.month - 1) // 3 + 1
    supervisor = life.as_("supervisor")
    life.window = supervisor.post("/v1/joint-windows", {"year": life.today.year, "quarter": quarter})
    hashed = {"hash": hashlib.sha256(life.secret).hexdigest()}
    supervisor.post(f"/v1/joint-windows/{life.window['windowId']}:addContribution", hashed)
    for who, task in (("market", life.task), ("environment", life.other)):
        life.draws[who] = _commit(life, who, task)
    closed = supervisor.post(f"/v1/joint-windows/{life.window['windowId']}:close")
    expect(closed["commitment"], "the window has no commitment")
    return f"{closed['name']}：两个抽取框冻结，承诺值 {closed['commitment'][:16]}… 已公布"


def _commit(life: Life, who: str, task: Mapping[str, Any]) -> str:
    manager = life.as_(f"task-manager-{who}")
    draw = eventually(lambda: manager.post("/v1/draws", {"taskId": task["taskId"]}), "the task reaches sampling")
    path = f"/v1/draws/{draw['drawId']}"
    manager.post(f"{path}:setScope", {"scope": {"types": ["OBJECT_TYPE_INSTITUTION"], "regions": [YONGCHUAN]}})
    manager.post(f"{path}:setStrata", {"strata": {"basis": "STRATA_BASIS_PUBLIC_CREDIT"}})
    gone = ["CLOSED", "DEREGISTERED", "REVOKED", "RESCINDED", "MOVED_OUT", "UNTRACEABLE"]
    exclusions = {"byStatus": [f"REGISTRATION_STATUS_{status}" for status in gone], "sameMatterThisYear": True}
    manager.post(f"{path}:setExclusions", {"exclusions": exclusions})
    wanted = {"A": 1, "B": 2, "C": 3, "D": 4} if who == "market" else {"C": 1, "D": 6}
    manager.post(f"{path}:setQuotas", {"quotas": {"each": {"number": 1}}})
    strata = {stratum["name"] for stratum in manager.get(f"{path}:preview")["strata"]}
    per_stratum = [
        {"stratum": name, "quota": {"number": number}}
        for rating, number in wanted.items()
        for name in strata
        if name == rating
    ]
    manager.post(f"{path}:setQuotas", {"quotas": {"perStratum": per_stratum, "substitutes": 2}})
    late = "演示不在季度前五个工作日内运行"
    body = {"windowId": life.window["windowId"], "overrideReason": late}
    committed = manager.post(f"{path}:commit", body)
    expect(committed["round"]["commitment"], "the draw has no commitment")
    return str(draw["drawId"])


def reveal_draws(life: Life) -> str:
    """One seed serves both draws; anybody can recompute them, and a joint task comes of what they share."""
    supervisor = life.as_("supervisor")
    path = f"/v1/joint-windows/{life.window['windowId']}"
    supervisor.post(f"{path}:revealContribution", {"secret": life.secret.hex()})
    revealed = supervisor.post(f"{path}:reveal")
    for who, draw in life.draws.items():
        transcript = life.as_.nobody.get_bytes(f"/v1/draws/{draw}/transcript")
        frame = life.as_.nobody.get_bytes(f"/v1/draws/{draw}/frame")
        life.keep(f"抽取记录（{who}）", f"draw/{who}/transcript.json", transcript)
        life.keep(f"抽取框（{who}）", f"draw/{who}/frame.csv", frame)
        faults = verify(json.loads(transcript), frame)
        expect(not faults, f"the published draw does not verify: {faults}")
    report = supervisor.get(f"{path}/report")
    expect(int(report["matches"]) > 0, "the draws share no object")
    return (
        f"抽取公开可验证；比对出重合对象 {report['matches']} 个（{revealed['name']}），"
        f"由 {report['visitsApart']} 次入企减为 {report['visitsTogether']} 次"
    )


def staff(life: Life) -> str:
    """Inspectors are drawn for every object and authority: at least two, certified, unrecused."""
    manager = life.as_("task-manager-market")

    def joint_task() -> dict[str, Any] | None:
        found = manager.get("/v1/tasks", windowId=life.window["windowId"], origin="TASK_ORIGIN_MATCHED")["tasks"]
        return found[0] if found else None

    life.joint = eventually(joint_task, "a joint task is formed by matching")
    for who, task in (("market", life.task), ("environment", life.other)):
        body = {"taskId": task["taskId"], "size": 2}
        eventually(lambda b=body, w=who: life.as_(f"task-manager-{w}").post("/v1/inspectors-draws", b), "teams")  # type: ignore[misc]
    merged = eventually(lambda: _merged(life), "the single inspections of shared objects are merged")
    _staff_joint(life)
    return f"抽取检查人员；{merged} 个单部门检查并入联合任务 {life.joint['number']}"


def _merged(life: Life) -> int:
    manager = life.as_("task-manager-market")
    state = "INSPECTION_STATE_MERGED"
    return len(manager.get("/v1/inspections", taskId=life.task["taskId"], state=state)["inspections"])


def _staff_joint(life: Life) -> None:
    """Teams already drawn go along into the joint task; who has none there assigns two of its own."""
    manager = life.as_("task-manager-market")
    path = f"/v1/tasks/{life.joint['taskId']}"
    approve_scheme(life, life.joint, "market")
    teams = {
        "market": ["50000100001", "50000100002"],
        "fire": ["50000200001", "50000200002"],
        "environment": ["50000300001", "50000300002"],
    }

    def staffed() -> bool:
        task = manager.get(path)
        if task["staffed"]:
            return True
        for who, certificates in teams.items():
            with_refusals_ignored(
                lambda w=who, c=certificates: life.as_(f"task-manager-{w}").post(  # type: ignore[misc]
                    f"{path}:assignInspectors", {"certificates": c}
                )
            )
        return bool(manager.get(path)["staffed"])

    eventually(staffed, "the joint task is staffed")


def with_refusals_ignored(act: Callable[[], object]) -> None:
    """Do what may rightly be refused."""
    try:
        act()
    except GatewayRefused:
        return
