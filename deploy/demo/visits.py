"""The visits: both scans, a refusal, the record, two signatures, the review, the joint inspection."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from deploy.demo.life import PNG, Life, inspections, refused
from deploy.demo.people import eventually, expect


def choose_visits(life: Life) -> str:
    """Two visits of the cross-agency task are lived in full: one as it should be, one refused. Papers are printed."""
    manager = life.as_("task-manager-market")
    coded = inspections(manager, life.task, "INSPECTION_STATE_CODED")
    expect(len(coded) >= 2, f"only {len(coded)} coded inspections")
    life.regular, life.refused = coded[0], coded[1]
    for name, inspection in (("正常检查", life.regular), ("拒绝扫码", life.refused)):
        code = inspection["code"]["codeId"]
        reader = life.inspector(inspection["parts"][0]["team"][0]["certificate"])
        picture = reader.get_bytes(f"/v1/codes/{code}/picture", format="PICTURE_FORMAT_PNG", scale=6)
        life.keep(f"检查码（{name}）", f"codes/{name}.png", picture)
    notice = manager.get_bytes(f"/v1/inspections/{life.regular['inspectionId']}/notice")
    expect(notice.startswith(b"%PDF"), "the notice is no PDF")
    life.keep("检查通知书", "papers/notice.pdf", notice)
    keys = life.as_.nobody.get_bytes("/.well-known/liangma-keys.json")
    life.keep("验码公钥", "codes/keys.json", keys)
    return f"{life.regular['object']['name']}、{life.refused['object']['name']}"


def scan_both_codes(life: Life) -> str:
    """The inspector presents, the enterprise scans; the inspector scans the enterprise's code: mutually verified."""
    inspection = life.regular
    object_id = inspection["object"]["objectId"]
    inspector = life.inspector(inspection["parts"][0]["team"][0]["certificate"])
    enterprise = life.as_("enterprise", object_id)
    shown = inspector.post(f"/v1/codes/{inspection['code']['codeId']}:present")
    anybody = life.as_.nobody.post("/v1/codes:check", {"text": inspection["code"]["text"]})
    expect(anybody["verdict"] == "VERDICT_AUTHENTIC", f"the public check says {anybody['verdict']}")
    printed = {"text": inspection["code"]["text"]}
    expect(refused(lambda: enterprise.post("/v1/codes:verify", printed)), "a printed code served for a visit")
    seen = enterprise.post("/v1/codes:verify", {"text": shown["liveText"]})
    own = enterprise.post("/v1/enterprise-codes")
    scan = inspector.post("/v1/codes:scanEnterprise", {"text": own["text"], "codeId": inspection["code"]["codeId"]})
    expect(scan["object"]["objectId"] == object_id, "the scan shows another object")
    picture = enterprise.get_bytes(f"/v1/enterprise-codes/{object_id}/picture", format="PICTURE_FORMAT_PNG", scale=6)
    life.keep("企业码", "codes/enterprise.png", picture)
    receipt = enterprise.get(f"/v1/visits/{scan['visit']['visitId']}/receipt")
    genuine = life.as_.nobody.post("/v1/receipts:check", {"text": receipt["text"]})
    expect(genuine["verdict"] == "VERDICT_AUTHENTIC", f"the receipt is {genuine['verdict']}")
    picture = enterprise.get_bytes(f"/v1/visits/{scan['visit']['visitId']}/receipt/picture")
    life.keep("两码互核凭证", "codes/receipt.png", picture)
    _await_state(life, inspection, "VERIFIED")
    team = len(seen["inspectors"])
    return f"企业核验 {team} 名检查人员与检查内容；检查人员扫企业码（信用 {scan['publicRating']}）；两码互核"


def refuse_to_scan(life: Life) -> str:
    """Without a scan there is no record, until the refusal itself is on record."""
    inspection = life.refused
    inspector = life.inspector(inspection["parts"][0]["team"][0]["certificate"])
    items = _check_items(life, inspection, inspection["parts"][0], problem=False)
    early = {"finding": "FINDING_NO_PROBLEM", "inspectedOn": life.today.isoformat(), "items": items}
    path = f"/v1/inspections/{inspection['inspectionId']}"
    expect(refused(lambda: inspector.post(f"{path}:record", early)), "a record without verification was taken")
    inspector.post(f"/v1/codes/{inspection['code']['codeId']}:present")
    photo = inspector.upload("拒绝扫码.png", PNG, "image/png")
    reason = {
        "exception": "EXCEPTION_KIND_REFUSED_TO_SCAN",
        "reason": "现场负责人拒绝扫描检查码，已当面告知并录像",
        "photo": photo,
    }
    inspector.post(f"/v1/codes/{inspection['code']['codeId']}:recordException", reason)
    _await_state(life, inspection, "EXCEPTED")
    return "未互核时录入被拒绝；记录“拒绝扫码”情形与照片后方可继续"


def record_results(life: Life) -> str:
    """Each authority records and signs its own part, another person reviews, then it is published."""
    _complete(life, life.regular, "FINDING_NO_PROBLEM", "DISPOSAL_KIND_NONE", "未发现问题")
    _complete(
        life,
        life.refused,
        "FINDING_PROBLEM_PENDING",
        "DISPOSAL_KIND_ORDER_CORRECTION",
        "公示的住所与实际不符，责令改正",
    )
    manager = life.as_("task-manager-market")
    form = manager.get_bytes(f"/v1/inspections/{life.regular['inspectionId']}/record-form")
    life.keep("检查情况记录表", "papers/record.pdf", form)
    return "两名检查人员签名、现场人员签字、另一人审核后公示：1 户未发现问题，1 户责令改正"


def inspect_jointly(life: Life) -> str:
    """The joint inspection: one code, one visit, each authority its own record."""
    manager = life.as_("task-manager-market")
    joint = inspections(manager, life.joint, "INSPECTION_STATE_CODED")[0]
    expect(joint["code"]["kind"] == "JOINT", f"the joint inspection has a {joint['code']['kind']} code")
    object_id = joint["object"]["objectId"]
    inspector = life.inspector(joint["parts"][0]["team"][0]["certificate"])
    enterprise = life.as_("enterprise", object_id)
    own = enterprise.post("/v1/enterprise-codes")
    inspector.post("/v1/codes:scanEnterprise", {"text": own["text"], "codeId": joint["code"]["codeId"]})
    shown = inspector.post(f"/v1/codes/{joint['code']['codeId']}:present")
    enterprise.post("/v1/codes:verify", {"text": shown["liveText"]})
    _await_state(life, joint, "VERIFIED")
    _complete(life, joint, "FINDING_NO_PROBLEM", "DISPOSAL_KIND_NONE", "未发现问题")
    for part in joint["parts"]:
        judged = {"codeId": joint["code"]["codeId"], "authorityId": part["authorityId"], "score": 5}
        eventually(lambda j=judged: enterprise.post("/v1/evaluations", j), "the joint visit can be judged")  # type: ignore[misc]
    return f"{joint['object']['name']}：{len(joint['parts'])} 个部门一次进门，分别录入，企业分别评价"


def _await_state(life: Life, inspection: Mapping[str, Any], state: str) -> dict[str, Any]:
    path = f"/v1/inspections/{inspection['inspectionId']}"
    manager = life.as_("task-manager-market")

    def there() -> dict[str, Any] | None:
        found: dict[str, Any] = manager.get(path)
        return found if found["state"] == f"INSPECTION_STATE_{state}" else None

    return eventually(there, f"the inspection is {state}")


def _complete(life: Life, inspection: Mapping[str, Any], finding: str, disposal: str, summary: str) -> None:
    manager = life.as_("task-manager-market")
    path = f"/v1/inspections/{inspection['inspectionId']}"
    whole = manager.get(path)
    names = {life.market: "market", life.fire: "fire", life.environment: "environment"}
    for number, part in enumerate(whole["parts"]):
        is_lead = number == 0
        found = finding if is_lead else "FINDING_NO_PROBLEM"
        problem = found == "FINDING_PROBLEM_PENDING"
        record = {
            "items": _check_items(life, whole, part, problem=problem),
            "finding": found,
            "summary": summary if is_lead else "未发现问题",
            "disposal": disposal if is_lead else "DISPOSAL_KIND_NONE",
            "inspectedOn": life.today.isoformat(),
        }
        if problem:
            record |= {
                "disposalDetail": "限期变更登记",
                "disposalDeadline": (life.today + timedelta(days=15)).isoformat(),
            }
        first, second = (life.inspector(member["certificate"]) for member in part["team"][:2])
        first.post(f"{path}:record", record)
        first.post(f"{path}:sign")
        second.post(f"{path}:sign")
        signed = {"authorityId": part["authorityId"], "name": "现场负责人", "capacity": "厂长"}
        first.post(f"{path}:signForObject", signed)
        reviewer = life.as_(f"reviewer-{names[part['authorityId']]}")
        reviewer.post(f"{path}:review", {"decision": "REVIEW_DECISION_APPROVED"})
        reviewer.post(f"{path}:publish")
    _await_state(life, inspection, "PUBLISHED")


def _check_items(
    life: Life, inspection: Mapping[str, Any], part: Mapping[str, Any], *, problem: bool
) -> list[dict[str, Any]]:
    """A finding for every check item of a part; the first one is the problem, if there is one."""
    task = life.as_("task-manager-market").get(f"/v1/tasks/{inspection['taskId']}")
    matters = [
        matter
        for participant in task["participants"]
        if participant["authorityId"] == part["authorityId"]
        for matter in participant["matters"]
    ]
    items = [(matter["matterId"], item["itemId"]) for matter in matters for item in matter["items"]]
    return [
        {
            "matterId": matter,
            "itemId": item,
            "result": "ITEM_RESULT_PROBLEM" if problem and number == 0 else "ITEM_RESULT_PASSED",
            "note": "公示住所查无此企业，现场在另一地址经营" if problem and number == 0 else "",
        }
        for number, (matter, item) in enumerate(items)
    ]
