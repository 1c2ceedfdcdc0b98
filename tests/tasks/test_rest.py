"""Objects, instant inspections and changes as a REST client meets them, through the gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.app import build
from gateway.settings import GatewaySettings
from gateway.transcoder.contract import Contract
from services.chassis.identity import Principal
from tests.gateway.support import quiet, served
from tests.support.house import House
from tests.tasks import city

Client = Callable[[Principal], httpx.Client]
DRAFT = {
    "name": "日常检查",
    "kind": "TASK_KIND_DAILY",
    "method": "METHOD_ON_SITE",
    "onSiteReason": "需要现场核对实物",
    "startsOn": "2025-06-01",
    "endsOn": "2025-08-31",
    "fixity": "FIXITY_SUPPLEMENTABLE",
    "matters": [{"matterId": city.LICENCE}],
}


@pytest.fixture
def client(house: House, tmp_path: Path) -> Iterator[Client]:
    """Clients of a gateway before the house, each signed in as somebody."""
    settings = GatewaySettings(var_dir=tmp_path / "gateway", oidc_jwks=str(house.issuer.path))
    app = build(settings, Contract.installed(), address=lambda _: house.address)
    with quiet(), served(app) as url, ExitStack() as open_clients:

        def signed_in(by: Principal) -> httpx.Client:
            headers = {"authorization": f"Bearer {house.issuer.token(by)}"}
            made = httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=30)
            return open_clients.enter_context(made)

        yield signed_in


def answer(response: httpx.Response) -> Any:
    assert response.status_code == 200, response.text
    return response.json()


def test_a_list_of_objects_is_filled_shown_and_exported(client: Client) -> None:
    manager = client(city.MANAGER)
    task = answer(manager.post("/v1/tasks", json=DRAFT))
    objects = f"/v1/tasks/{task['taskId']}/objects"
    added = answer(manager.post(f"{objects}:addMatching", json={"filter": {"region": "500105"}}))
    assert (added["matched"], added["added"]) == (2, 2)
    report = answer(manager.post(f"{objects}:import", json={"rows": [{"objectId": "nobody"}, {"objectId": city.CAFE}]}))
    assert [(r["line"], r["rule"]) for r in report["rejections"]] == [("1", "UNKNOWN")]
    mark = {"objectIds": [city.CAFE], "excluded": True, "reason": "停业"}
    answer(manager.post(f"/v1/tasks/{task['taskId']}:markExcluded", json=mark))
    left = {"exclusion": "EXCLUSION_STATUS_INCLUDED", "region": "500000", "page_size": "10"}
    page = answer(manager.get(objects, params=left))
    assert [each["object"]["objectId"] for each in page["objects"]] == [city.SHOP]
    ruled = answer(manager.post(f"{objects}:exclude", json={"registrationStatuses": ["CLOSED"], "record": {}}))
    assert ruled["counts"] == answer(manager.get(f"{objects}:counts"))
    assert ruled["counts"]["excluded"] == 1
    rules = f"/v1/tasks/{task['taskId']}/exclusions"
    (kept,) = answer(manager.get(rules))["exclusions"]
    assert answer(manager.get(f"{rules}/{kept['exclusionId']}"))["registrationStatuses"] == ["CLOSED"]
    named = answer(manager.post(f"{rules}:import", json={"rows": [{"objectId": "nobody"}]}))
    assert [each["rule"] for each in named["rejections"]] == ["UNKNOWN"]
    assert city.rows_of(manager.get("/v1/task-exclusions:template").content) == [("对象编码", "对象名称")]
    sheet = manager.get(f"{objects}:export", params=left)
    assert [row[1] for row in city.rows_of(sheet.content)] == ["对象编码", city.SHOP]
    assert answer(manager.post(f"{objects}:remove", json={"objectIds": [city.SHOP, city.CAFE]}))["total"] == 0


def test_an_assistance_order_is_attached_and_its_refusal_is_a_problem(client: Client) -> None:
    manager = client(city.MANAGER)
    task = answer(manager.post("/v1/tasks", json=DRAFT))["taskId"]
    faraway = {"objects": [{"objectId": city.FARAWAY}]}
    refused = manager.post(f"/v1/tasks/{task}:addObjects", json=faraway)
    assert (refused.status_code, refused.json()["reason"]) == (400, "OUT_OF_REGION")
    order = {"assistanceOrder": {"sha256": "0" * 64}, "regions": ["120000"], "reason": "跨省线索"}
    answer(manager.post(f"/v1/tasks/{task}:attachAssistanceOrder", json=order))
    assert answer(manager.post(f"/v1/tasks/{task}:addObjects", json=faraway))["added"] == 1


def test_an_instant_inspection_starts_goes_over_and_leaves_its_history_and_papers(client: Client) -> None:
    scanned = {
        "objectId": city.SHOP,
        "leadKind": "LEAD_KIND_COMPLAINT",
        "leadDetail": "12345 来电",
        "matters": [{"matterId": city.LICENCE}],
        "certificates": ["50000002"],
    }
    inspector, manager = client(city.FIRST), client(city.MANAGER)
    refused = inspector.post("/v1/inspections:startInstant", json=scanned | {"leadDetail": " "})
    assert [each["field"] for each in refused.json()["violations"]] == ["lead_detail"]
    started = answer(inspector.post("/v1/inspections:startInstant", json=scanned))
    forms = manager.get(f"/v1/tasks/{started['taskId']}/record-forms")
    assert (forms.headers["content-type"], forms.content[:5]) == ("application/pdf", b"%PDF-")
    inspection = f"/v1/inspections/{started['inspectionId']}"
    over = {"authorityId": city.DISTRICT, "reason": "属地管辖"}
    far = manager.post(f"{inspection}:transferObject", json=over)
    assert far.json()["reason"] == "OUT_OF_REGION"
    swap = {"certificate": "50000002", "substituteCertificate": "50000003", "reason": "病假"}
    answer(manager.post(f"{inspection}:reassignInspector", json=swap))
    history = {"inspectionId": started["inspectionId"]}
    changes = answer(manager.get("/v1/inspection-changes", params=history))["changes"]
    assert [each["text"] for each in changes] == ["检查员02（50000002）更换为检查员03（50000003）"]
    sheet = manager.get("/v1/inspection-changes:export", params=history)
    assert [row[6] for row in city.rows_of(sheet.content)] == ["理由", "病假"]


def test_a_task_gets_more_time_and_its_list_is_closed(client: Client) -> None:
    manager, head = client(city.MANAGER), client(city.HEAD)
    task = f"/v1/tasks/{answer(manager.post('/v1/tasks', json=DRAFT))['taskId']}"
    early = manager.post(f"{task}:extend", json={"endsOn": "2025-01-01", "reason": "高温停产"})
    assert [each["field"] for each in early.json()["violations"]] == ["ends_on"]
    longer = answer(manager.post(f"{task}:extend", json={"endsOn": "2025-09-30", "reason": "高温停产"}))
    assert (longer["endsOn"], longer["extensions"][0]["state"]) == ("2025-09-30", "EXTENSION_STATE_APPROVED")
    assert head.post(f"{task}:approveExtension", json={}).json()["reason"] == "NO_EXTENSION_WAITS"
    assert head.post(f"{task}:rejectExtension", json={"reason": "不必"}).json()["reason"] == "NO_EXTENSION_WAITS"
    assert manager.post(f"{task}:closeSupplements", json={}).json()["reason"] == "NOT_NOW"


def test_how_often_objects_are_inspected_is_read_and_exported(client: Client) -> None:
    manager, period = client(city.MANAGER), {"from_date": "2025-01-01", "to_date": "2025-12-31"}
    found = answer(manager.get("/v1/effectiveness/frequencies", params=period))
    assert (found["total"]["authorityName"], found["total"].get("perObject")) == ("合计", None)
    sheet = manager.get("/v1/effectiveness/frequencies:export", params=period)
    assert city.rows_of(sheet.content)[-1][0] == "合计"
