"""What waits, what is due and what was counted, as the console asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from gateway.app import build
from gateway.settings import GatewaySettings
from gateway.transcoder.contract import Contract
from services.chassis.identity import Principal
from tests.gateway.support import served
from tests.support.house import House
from tests.tasks import city

Rest = Callable[..., httpx.Response]


@pytest.fixture
def rest(house: House) -> Iterator[Rest]:
    """Calls the house through a gateway, as somebody."""
    directory = house.issuer.path.parent / "gateway"
    settings = GatewaySettings(var_dir=directory, oidc_jwks=str(house.issuer.path))
    app = build(settings, Contract.installed(), address=lambda _: house.address)
    with served(app) as url, httpx.Client(base_url=url, trust_env=False, timeout=30) as client:

        def call(verb: str, path: str, by: Principal, **given: Any) -> httpx.Response:
            token = {"authorization": f"Bearer {house.issuer.token(by)}"}
            return client.request(verb, path, headers=token, **given)

        yield call


def published(house: House) -> str:
    task, (inspection,) = city.dispatched(house)
    city.visited(house, task, inspection)
    city.finish(house, inspection.inspection_id, **city.PENDING)
    return str(inspection.inspection_id)


def test_what_waits_is_counted_and_listed(house: House, rest: Rest) -> None:
    id = published(house)
    waiting = rest("GET", "/v1/to-do", city.FIRST).json()
    (group,) = waiting["groups"]
    assert (group["kind"], group["name"], int(group["waiting"])) == ("TO_DO_KIND_ORDER_TO_RECHECK", "待复查", 1)
    listed = rest("GET", "/v1/to-do/items", city.FIRST, params={"kind": group["kind"]}).json()
    assert [item["inspectionId"] for item in listed["items"]] == [id]
    assert rest("GET", "/v1/to-do", city.OWNER).status_code == 403


def test_what_is_due_is_listed_and_exported(house: House, rest: Rest) -> None:
    published(house)
    due = rest("GET", "/v1/deadlines", city.MANAGER, params={"withinDays": 30}).json()["deadlines"]
    assert [(each["kind"], each["term"]["dueOn"]) for each in due] == [("DEADLINE_KIND_DISPOSAL", "2025-07-01")]
    file = rest("GET", "/v1/deadlines:export", city.MANAGER, params={"withinDays": 30})
    assert file.headers["content-type"].startswith("application/vnd.openxmlformats")
    assert rest("GET", "/v1/deadlines", city.MANAGER, params={"authorityId": city.MARKET}).status_code == 403


def test_an_order_is_rechecked_and_a_refusal_says_what_is_possible(house: House, rest: Rest) -> None:
    path = f"/v1/inspections/{published(house)}"
    refused = rest("POST", f"{path}:closeDisposal", city.FIRST, json={"outcome": "已改正"})
    assert (refused.status_code, refused.json()["reason"]) == (400, "RECHECK_FIRST")
    entry = {
        "result": "RECHECK_RESULT_CORRECTED",
        "note": "已改正",
        "method": "METHOD_ON_SITE",
        "companions": ["50000002"],
    }
    done = rest("POST", f"{path}:recheck", city.FIRST, json=entry).json()
    assert done["parts"][0]["record"]["disposal"]["outcome"] == "已改正"


def test_figures_are_broken_down_reported_and_counted_anew(house: House, rest: Rest) -> None:
    published(house)
    period = {"fromDate": "2025-06-01", "toDate": "2025-06-30"}
    by = {"by": ["DIMENSION_DOMAIN", "DIMENSION_MONTH"]}
    (row,) = rest("GET", "/v1/effectiveness/breakdown", city.SUPERVISOR, params=period | by).json()["rows"]
    assert (row["domain"], row["period"], int(row["inspections"])) == ("司法", "2025-06", 1)
    report = rest("GET", "/v1/weekly-report", city.SUPERVISOR, params={"day": "2025-06-09"}).json()
    assert int(report["total"]["inspections"]) == 1
    for path in ("/v1/effectiveness/breakdown:export", "/v1/weekly-report:export"):
        assert rest("GET", path, city.SUPERVISOR, params=period | by if "break" in path else {}).content[:2] == b"PK"
    administrator = Principal(subject="administrator", roles=frozenset({"administrator"}))
    made = rest("POST", "/v1/effectiveness:rebuild", administrator, json={}).json()
    assert int(made["rows"]) == 1
