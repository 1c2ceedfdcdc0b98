"""The annual plan: drafted, reviewed, distributed, answered."""

from __future__ import annotations

from deploy.demo.life import YONGCHUAN, Life, refused
from deploy.demo.people import expect


def plan(life: Life) -> str:
    """The plan is drafted, submitted to one who may review it, seen by them alone, and approved by them."""
    planner, reviewer = life.as_("planner-market"), life.as_("reviewer-market")
    draft = {
        "year": life.today.year,
        "name": f"{life.today.year}年度企业跨部门双随机抽查计划",
        "contentLevel": "CONTENT_LEVEL_GENERAL",
        "leadDomain": "市场监管",
        "type": "PLAN_TYPE_CROSS_AGENCY",
        "jointDomains": ["消防"],
        "legalBasis": "《国务院办公厅关于严格规范涉企行政检查的意见》",
        "taskNature": "双随机抽查",
        "objects": "永川区存续企业",
        "methods": ["METHOD_ON_SITE"],
        "objectCount": 20,
        "creditRule": "A 类降低比例，D 类提高比例",
        "requirements": "亮码检查、两码互核",
        "inspectingBodies": "市场监管、消防",
        "responsibleOffice": "信用监管处",
        "startsOn": life.today.replace(month=1, day=1).isoformat(),
        "endsOn": life.today.replace(month=12, day=31).isoformat(),
        "scope": {"authorityIds": [life.fire], "regions": [YONGCHUAN]},
        "matterIds": ["SJ0101"],
        "partnerMatterIds": ["XF0101"],
        "source": "PLAN_SOURCE_SELF",
    }
    made = planner.post("/v1/annual-plans", draft)
    path = f"/v1/annual-plans/{made['planId']}"
    expect(refused(lambda: planner.post(f"{path}:submit", {"reviewerId": "planner-market"})), "own reviewer accepted")
    expect(refused(lambda: planner.post(f"{path}:submit", {"reviewerId": "reviewer-fire"})), "a stranger may review")
    (candidate,) = planner.get(f"{path}/reviewers")["reviewers"]
    planner.post(f"{path}:submit", {"reviewerId": candidate["subject"]})
    waiting = reviewer.get("/v1/annual-plans:forReview")["plans"]
    expect(made["planId"] in [each["planId"] for each in waiting], "the reviewer does not see the plan")
    life.plan = reviewer.post(f"{path}:approve")
    expect(life.plan["state"] == "PLAN_STATE_PENDING_EXECUTION", f"the plan is {life.plan['state']}")
    return f"{life.plan['number']}《{life.plan['name']}》审核通过并下发"


def receive_plan(life: Life) -> str:
    """Every authority in scope answers; the planner sees the answers."""
    path = f"/v1/annual-plans/{life.plan['planId']}"
    for who in ("planner-fire", "planner-market-yongchuan"):
        life.as_(who).post(f"{path}:answer", {"answer": "ANSWER_RECEIVED"})
    unable = {"answer": "ANSWER_UNABLE", "reason": "本年度执法力量已全部安排"}
    life.as_("planner-fire-yongchuan").post(f"{path}:answer", unable)
    receipts = life.as_("planner-market").get(f"{path}/receipts")["receipts"]
    answers = sorted(receipt["answer"] for receipt in receipts)
    expect(answers == ["ANSWER_RECEIVED", "ANSWER_RECEIVED", "ANSWER_UNABLE"], f"receipts: {answers}")
    return "2 个机构接收，1 个机构说明理由后无法执行"
