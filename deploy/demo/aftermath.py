"""What follows: disclosure, credit, judgement, warnings, repair, the account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploy.demo.life import PNG, Life, refused
from deploy.demo.people import eventually, expect
from services.command.rest import Gateway


def feed_back(life: Life) -> str:
    """The published result is disclosed, shared with every channel, and changes the industry rating."""
    object_id = life.refused["object"]["objectId"]
    nobody = life.as_.nobody

    def disclosed() -> dict[str, Any] | None:
        found = nobody.get("/v1/disclosures", objectId=object_id, kind="DISCLOSURE_KIND_RESULT", adverse=True)
        return found["disclosures"][0] if found["disclosures"] else None

    life.disclosure = eventually(disclosed, "the adverse result is disclosed")
    officer = life.as_("repair-officer-market")
    eventually(lambda: len(_acknowledged(officer, life.disclosure, "SHARE")) == 3, "all channels took the result")
    explained = officer.get(f"/v1/ratings/{object_id}:explain", domain="市场监管")
    rating = eventually(lambda: _industry(life, object_id), "the industry rating is known")
    terms = "、".join(f"{term['name']} {term['points']:.0f}" for term in explained["terms"])
    _try_next_model(life)
    return f"不利结果公示并共享至 3 个渠道；行业信用 {rating}（{terms}）"


def _try_next_model(life: Life) -> None:
    """The next version of the model, which also heeds overdue disposals, is tried on what has been found by now."""
    planner = life.as_("planner-market")
    active = planner.get("/v1/industry-models", domain="市场监管", state="MODEL_STATE_ACTIVE")["models"][0]
    public, findings = active["indicators"]
    overdue = {"code": "OVERDUE", "name": "后续处理逾期", "source": "INDICATOR_SOURCE_OVERDUE_DISPOSAL", "weight": 10}
    draft = {
        "domain": active["domain"],
        "name": active["name"],
        "indicators": [public, {**findings, "weight": 50}, {**overdue, "values": {"EACH": 0.5}}],
        "thresholds": active["thresholds"],
    }
    made = planner.post("/v1/industry-models", draft)
    report = planner.get_bytes(f"/v1/industry-models/{made['modelId']}:exportBacktest")
    expect(report.startswith(b"<svg"), "the back-test is no picture")
    life.keep("模型回测报告", "backtest.svg", report)


def _industry(life: Life, object_id: str) -> str:
    rating = life.as_("administrator").get(f"/v1/ratings/{object_id}")
    grades = [each["rating"] for each in rating["industry"] if each["domain"] == "市场监管"]
    return str(grades[0]).removeprefix("GRADE_") if grades else ""


def _acknowledged(reader: Gateway, disclosure: Mapping[str, Any], action: str) -> list[dict[str, Any]]:
    query = {"disclosureId": disclosure["disclosureId"], "action": f"DELIVERY_ACTION_{action}"}
    return list(reader.get("/v1/deliveries", state="DELIVERY_STATE_ACKNOWLEDGED", **query)["deliveries"])


def judge_and_warn(life: Life) -> str:
    """The enterprise judges without being told on; the supervisor is warned and handles the warnings."""
    enterprise = life.as_("enterprise", life.regular["object"]["objectId"])
    for part in life.regular["parts"]:
        judged = {"codeId": life.regular["code"]["codeId"], "authorityId": part["authorityId"], "score": 5}
        eventually(lambda j=judged: enterprise.post("/v1/evaluations", j), "the visit can be judged")  # type: ignore[misc]
    mine = enterprise.get("/v1/my-inspections")["inspections"]
    expect(mine and mine[0]["findings"], "the enterprise does not see its result")
    supervisor = life.as_("supervisor")
    wanted = ("DUPLICATE", "NO_MUTUAL_VERIFICATION")
    handled = []
    for kind in wanted:
        warnings = eventually(
            lambda k=kind: supervisor.get("/v1/warnings", kind=f"WARNING_KIND_{k}", state="WARNING_STATE_OPEN")[
                "warnings"
            ],  # type: ignore[misc]
            f"a {kind} warning is raised",
        )
        note = {"note": "已核实：有举报线索，程序合规"}
        handled.append(supervisor.post(f"/v1/warnings/{warnings[0]['warningId']}:handle", note))
    expect(all(each["state"] == "WARNING_STATE_HANDLED" for each in handled), "a warning is not handled")
    return f"企业好评；监督处理预警 {len(handled)} 条（重复检查、未两码互核）"


def apply_for_repair(life: Life) -> str:
    """The enterprise applies, the officer asks for a supplement, the clock stands still meanwhile."""
    enterprise = life.as_("enterprise", life.refused["object"]["objectId"])
    officer = life.as_("repair-officer-market")
    kinds = ("APPLICATION_FORM", "IDENTITY", "PLEDGE", "PROOF_OF_CORRECTION")
    documents = [
        {"kind": f"REPAIR_DOCUMENT_KIND_{kind}", "attachment": enterprise.upload(f"{kind}.png", PNG, "image/png")}
        for kind in kinds
    ]
    body = {"disclosureId": life.disclosure["disclosureId"], "statement": "已完成变更登记"}
    expect(refused(lambda: enterprise.post("/v1/repairs", {**body, "documents": documents[:3]})), "three documents do")
    applied = enterprise.post("/v1/repairs", {**body, "documents": documents})
    path = f"/v1/repairs/{applied['repairId']}"
    officer.post(f"{path}:accept")
    officer.post(f"{path}:requestSupplement", {"supplement": "请补充变更后的营业执照副本"})
    more = {"statement": "已补充", "documents": [documents[3]]}
    life.repair = enterprise.post(f"{path}:submitSupplement", more)
    explained = officer.get(f"{path}:explainDeadline")
    expect(explained["allowed"] == 7, f"the decision is due after {explained['allowed']} working days")
    return f"受理 → 要求补充 → 已补充；自受理之日起七个工作日内（{explained['dueOn']} 前）决定"


def grant_repair(life: Life) -> str:
    """Granted: gone from the public page at once, and withdrawn from every channel it was shared with."""
    officer = life.as_("repair-officer-market")
    granted = officer.post(f"/v1/repairs/{life.repair['repairId']}:grant")
    expect(granted["state"] == "REPAIR_STATE_GRANTED", f"the repair is {granted['state']}")
    public = f"/v1/disclosures/{life.disclosure['disclosureId']}"
    expect(refused(lambda: life.as_.nobody.get(public)) == 404, "the repaired result is still public")
    eventually(lambda: len(_acknowledged(officer, life.disclosure, "WITHDRAW")) == 3, "every channel has withdrawn it")
    return "准予修复：公示页即时停止，3 个渠道均已回执停止公示"


def account_for_it(life: Life) -> str:
    """The five figures, each with its definition."""
    supervisor = life.as_("supervisor")
    period = {
        "fromDate": life.today.replace(month=1, day=1).isoformat(),
        "toDate": life.today.replace(month=12, day=31).isoformat(),
    }

    def counted() -> dict[str, Any] | None:
        found: dict[str, Any] = supervisor.get("/v1/effectiveness", **period)
        praise = [each for each in found["total"]["figures"] if each["figure"].endswith("PRAISE_RATE")]
        return found if int(praise[0]["denominator"]) >= 2 else None

    report = eventually(counted, "the praise is counted")
    life.keep("效能评估", "effectiveness.xlsx", supervisor.get_bytes("/v1/effectiveness:export", **period))
    figures = [f"{each['name']} {each['numerator']}/{each['denominator']}" for each in report["total"]["figures"]]
    return "；".join(figures)
