"""Plans, caps and lists as a browser meets them: REST through the gateway, before services on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from gateway.app import build
from gateway.settings import GatewaySettings
from gateway.transcoder.contract import Contract
from services.chassis.identity import Principal
from tests.gateway.support import quiet, served
from tests.plans.people import (
    ADMIN,
    CITY,
    DISTRICT,
    DISTRICT_PLANNER,
    ENTERPRISE,
    FIRE,
    HEAD,
    HYDRANT,
    MANAGER,
    NOTARY,
    OTHER_REVIEWER,
    PLANNER,
    REVIEWER,
    furnish,
    official,
    person,
    plan,
    sheet,
)
from tests.support.house import House, houses

house = houses("plans")

Ask = Callable[..., httpx.Response]


@pytest.fixture
def ask(house: House) -> Iterator[Ask]:
    """Asks the gateway: who, verb, path, body or filters."""
    furnish(house)
    settings = GatewaySettings(var_dir=house.directory, oidc_jwks=str(house.issuer.path))
    app = build(settings, Contract.installed(), address=lambda _: house.address)
    with quiet(), served(app) as url, httpx.Client(base_url=url, trust_env=False, timeout=30) as client:

        def asked(by: Principal, verb: str, path: str, **more: Any) -> httpx.Response:
            headers = {"authorization": f"Bearer {house.issuer.token(by)}", **more.pop("headers", {})}
            return client.request(verb, path, headers=headers, **more)

        yield asked


def good(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


def made(ask: Ask, **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = good(ask(PLANNER, "POST", "/v1/annual-plans", json=plan(**changes)))
    return found


def approved(ask: Ask, **changes: Any) -> dict[str, Any]:
    path = f"/v1/annual-plans/{made(ask, **changes)['planId']}"
    good(ask(PLANNER, "POST", f"{path}:submit", json={"reviewerId": "reviewer"}))
    found: dict[str, Any] = good(ask(REVIEWER, "POST", f"{path}:approve", json={}))
    return found


def lines(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    head, *rows = sheet(answer.content)
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_a_reviewer_is_chosen_over_rest(ask: Ask) -> None:
    entry = official(person("zhang"), "REVIEWER", name="张三")
    registered = good(ask(ADMIN, "POST", "/v1/officials", json=json_names(entry)))
    path = f"/v1/officials/{registered['officialId']}"
    good(ask(HEAD, "PATCH", path, json={"post": "处长"}, headers={"If-Match": registered["etag"]}))
    draft = f"/v1/annual-plans/{made(ask)['planId']}"
    found = good(ask(PLANNER, "GET", f"{draft}/reviewers", params={"name": "张"}))
    assert [(each["subject"], each["post"]) for each in found["reviewers"]] == [("zhang", "处长")]
    good(ask(HEAD, "POST", f"{path}:retire", json={}))
    answer = ask(PLANNER, "POST", f"{draft}:submit", json={"reviewerId": "zhang"})
    assert (answer.status_code, answer.json()["violations"][0]["rule"]) == (400, "UNKNOWN_REVIEWER")
    head, *versions = lines(ask(HEAD, "GET", f"{path}/versions:export"))
    assert (head["版本"], len(versions)) == (3, 2)
    form = {"rows": [{"line": 2, "name": "表", "matterId": NOTARY, "itemId": "1"}]}
    assert good(ask(PLANNER, "POST", "/v1/check-forms:import", json=form))["imported"] == "1"
    (made_form,) = good(ask(PLANNER, "GET", "/v1/check-forms"))["checkForms"]
    assert good(ask(PLANNER, "POST", f"/v1/check-forms/{made_form['formId']}:retire", json={}))["retired"]
    cap = good(ask(ADMIN, "POST", "/v1/annual-caps", json={"authorityId": CITY, "year": 2025, "visits": 2}))
    assert good(ask(ADMIN, "POST", f"/v1/annual-caps/{cap['annualCapId']}:lift", json={}))["lifted"]


def json_names(entry: dict[str, Any]) -> dict[str, Any]:
    return {"authorityId" if name == "authority_id" else name: value for name, value in entry.items()}


def test_a_plan_is_made_changed_reviewed_answered_and_looked_up(ask: Ask) -> None:
    draft = made(ask)
    path = f"/v1/annual-plans/{draft['planId']}"
    assert (draft["number"], draft["state"]) == ("渝司专查计划〔2025〕1号", "PLAN_STATE_DRAFT")
    changed = good(ask(PLANNER, "PATCH", path, json={"termNote": "分两批"}, headers={"If-Match": draft["etag"]}))
    assert changed["termNote"] == "分两批"
    good(ask(PLANNER, "POST", f"{path}:submit", json={"reviewerId": "reviewer"}))
    good(ask(PLANNER, "POST", f"{path}:withdraw", json={}))
    good(ask(PLANNER, "POST", f"{path}:submit", json={"reviewerId": "reviewer"}))
    (waiting,) = good(ask(REVIEWER, "GET", "/v1/annual-plans:forReview"))["plans"]
    assert waiting["planId"] == draft["planId"]
    good(ask(REVIEWER, "POST", f"{path}:reject", json={"reason": "任务时间超期"}))
    good(ask(PLANNER, "POST", f"{path}:submit", json={"reviewerId": "reviewer"}))
    out = good(ask(REVIEWER, "POST", f"{path}:approve", json={}))
    assert out["reception"] == {"sent": 1, "pending": 1, "received": 0, "unable": 0}
    (received,) = good(ask(DISTRICT_PLANNER, "GET", "/v1/annual-plans:received"))["receivedPlans"]
    assert received["receipt"]["answer"] == "ANSWER_PENDING"
    unable = {"answer": "ANSWER_UNABLE", "reason": "无此类对象"}
    good(ask(DISTRICT_PLANNER, "POST", f"{path}:answer", json=unable))
    (receipt,) = good(ask(PLANNER, "GET", f"{path}/receipts"))["receipts"]
    assert (receipt["authorityName"], receipt["reason"]) == ("渝中区司法局", "无此类对象")
    assert good(ask(PLANNER, "GET", path))["reception"]["unable"] == 1
    steps = good(ask(PLANNER, "GET", f"{path}/history"))["steps"]
    assert len(steps) == 8


def test_a_draft_is_deleted(ask: Ask) -> None:
    path = f"/v1/annual-plans/{made(ask)['planId']}"
    good(ask(PLANNER, "DELETE", path))
    assert ask(PLANNER, "GET", path).status_code == 404


def test_a_refusal_says_in_the_callers_language_what_to_do(ask: Ask) -> None:
    out = approved(ask)
    path = f"/v1/annual-plans/{out['planId']}"
    refusal = ask(PLANNER, "PATCH", path, json={"name": "改"})
    assert refusal.status_code == 400
    problem = refusal.json()
    assert (problem["reason"], refusal.headers["content-type"]) == ("PLAN_STATE_FORBIDS", "application/problem+json")
    assert "当前可以：撤回审核" in problem["detail"]
    english = ask(PLANNER, "PATCH", path, json={"name": "改"}, headers={"Accept-Language": "en"}).json()
    assert "possible: withdraw" in english["detail"]
    late = ask(PLANNER, "POST", f"{path}:withdraw", json={}, headers={"If-Match": "1"})
    assert (late.status_code, late.json()["reason"]) == (409, "STALE_ETAG")
    waiting = made(ask)
    good(ask(PLANNER, "POST", f"/v1/annual-plans/{waiting['planId']}:submit", json={"reviewerId": "reviewer"}))
    assert ask(OTHER_REVIEWER, "GET", f"/v1/annual-plans/{waiting['planId']}").status_code == 404


def test_a_repeated_request_makes_one_plan(ask: Ask) -> None:
    repeat = {"Idempotency-Key": "once"}
    first, second = (ask(PLANNER, "POST", "/v1/annual-plans", json=plan(), headers=repeat) for _ in range(2))
    assert good(first) == good(second)
    assert good(ask(PLANNER, "GET", "/v1/annual-plans"))["totalSize"] == "1"


def test_lists_and_figures_take_their_filters_from_the_address(ask: Ask) -> None:
    approved(ask, name="甲")
    made(ask, name="乙")
    for filters, names in (
        ({"answer": "ANSWER_PENDING"}, ["甲"]),
        ({"states": ["PLAN_STATE_DRAFT", "PLAN_STATE_REJECTED"]}, ["乙"]),
        ({"year": 2025, "orderBy": "number", "matterId": NOTARY}, ["甲", "乙"]),
    ):
        found = good(ask(PLANNER, "GET", "/v1/annual-plans", params=filters))
        assert [each["name"] for each in found["plans"]] == names
        assert found["totalSize"] == str(len(names))
    figures = good(ask(PLANNER, "GET", "/v1/annual-plans:counters"))
    assert (figures["total"], figures["draft"], figures["pendingExecution"], figures["made"]) == ("2", "1", "1", "2")


def test_plans_go_out_and_come_in_as_files(ask: Ask) -> None:
    out = approved(ask, name="甲")
    path = f"/v1/annual-plans/{out['planId']}"
    (line,) = lines(ask(PLANNER, "GET", "/v1/annual-plans:export", params={"year": 2025}))
    assert (line["计划编号"], line["接收状态"]) == (out["number"], "待接收 1、已接收 0、无法执行 0")
    assert lines(ask(DISTRICT_PLANNER, "GET", "/v1/annual-plans:exportReceived"))[0]["接收状态"] == "待接收"
    everything = {"includeReviewed": True}
    assert lines(ask(REVIEWER, "GET", "/v1/annual-plans:exportForReview", params=everything))[0]["计划名称"] == "甲"
    assert lines(ask(PLANNER, "GET", f"{path}/receipts:export"))[0]["统一社会信用代码"] == DISTRICT
    assert [step["操作"] for step in lines(ask(PLANNER, "GET", f"{path}/history:export"))] == [
        "创建",
        "提交审核",
        "通过",
    ]
    rows = [
        {"line": 2, "year": "2025", "name": "乙", "leadDomain": "司法"},
        {"line": 3, "year": "今年", "name": "丙", "leadDomain": "司法"},
    ]
    report = good(ask(PLANNER, "POST", "/v1/annual-plans:import", json={"rows": rows}))
    (rejection,) = report["rejections"]
    assert (report["imported"], rejection["line"], rejection["column"]) == ("1", "3", "计划年度")
    assert ask(MANAGER, "POST", "/v1/annual-plans:import", json={"rows": rows}).status_code == 403


def test_caps_are_imported_looked_up_and_exported(ask: Ask) -> None:
    rows = [{"line": 2, "region": "500000", "year": "2025", "visits": "3"}]
    assert good(ask(ADMIN, "POST", "/v1/annual-caps:import", json={"rows": rows}))["imported"] == "1"
    lookup = {"authorityId": DISTRICT, "year": 2025}
    found = good(ask(ENTERPRISE, "GET", "/v1/annual-caps:effective", params=lookup))
    assert (found["visits"], found["overall"]["region"]) == (3, "500000")
    assert lines(ask(ENTERPRISE, "GET", "/v1/annual-caps:export"))[0]["年度频次上限"] == "3"


def test_forms_trades_and_what_is_missing_are_files_too(ask: Ask) -> None:
    items = [{"matterId": NOTARY, "itemId": "1"}]
    form = good(ask(PLANNER, "POST", "/v1/check-forms", json={"name": "表", "items": items}))
    versions = good(ask(ENTERPRISE, "GET", f"/v1/check-forms/{form['formId']}/versions"))["versions"]
    assert [each["version"] for each in versions] == ["1"]
    assert lines(ask(ENTERPRISE, "GET", "/v1/check-forms:export"))[0]["检查项"] == "执业资质"
    members = [{"authorityId": CITY, "matterIds": [NOTARY]}, {"authorityId": FIRE, "matterIds": [HYDRANT]}]
    good(ask(PLANNER, "POST", "/v1/joint-lists", json={"trade": "公证", "leadId": CITY, "members": members}))
    assert len(lines(ask(ENTERPRISE, "GET", "/v1/joint-lists:export"))) == 2
    report = good(ask(ADMIN, "GET", "/v1/authorities:completeness"))
    assert len(lines(ask(ADMIN, "GET", "/v1/authorities:exportCompleteness"))) == len(report["incomplete"]) == 5
    report = good(ask(ENTERPRISE, "GET", "/v1/matters:completeness", params={"domain": "消防"}))
    (line,) = lines(ask(ENTERPRISE, "GET", "/v1/matters:exportCompleteness", params={"domain": "消防"}))
    assert line["事项编码"] == report["incomplete"][0]["matterId"] == HYDRANT
