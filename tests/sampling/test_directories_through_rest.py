"""The directories as the console asks for them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import openpyxl
import pytest

from gateway.app import build
from gateway.settings import GatewaySettings
from gateway.transcoder.contract import Contract
from services.chassis.identity import Principal
from tests.gateway.support import served
from tests.sampling import town
from tests.sampling.town import ADMIN, LEAD, MANAGER, code
from tests.support.house import House, houses

house = houses("sampling")

Rest = Callable[..., httpx.Response]


@pytest.fixture
def rest(house: House) -> Iterator[Rest]:
    """Calls the house through a gateway, as somebody."""
    settings = GatewaySettings(var_dir=house.directory / "gateway", oidc_jwks=str(house.issuer.path))
    app = build(settings, Contract.installed(), address=lambda _: house.address)
    with served(app) as url, httpx.Client(base_url=url, trust_env=False, timeout=30) as client:

        def call(verb: str, path: str, by: Principal, **given: Any) -> httpx.Response:
            token = {"authorization": f"Bearer {house.issuer.token(by)}"}
            return client.request(verb, path, headers=token, **given)

        yield call


def test_objects_are_searched_and_counted(house: House, rest: Rest) -> None:
    town.settle_objects(house, 3)
    found = rest(
        "GET", "/v1/objects", MANAGER, params={"codeTail": code(2)[-4:], "query": "饭", "count": "true"}
    ).json()
    assert ([each["objectId"] for each in found["objects"]], found["total"]) == ([code(2)], 1)
    short = rest("GET", "/v1/objects", MANAGER, params={"codeTail": "1"})
    assert (short.status_code, "后 4 位" in short.text) == (400, True)


def test_a_template_is_filled_in_sent_and_its_refused_lines_come_back(rest: Rest) -> None:
    template = rest("GET", "/v1/inspectors:template", MANAGER)
    assert template.headers["content-type"].startswith("application/vnd.openxmlformats")
    book = openpyxl.load_workbook(io.BytesIO(template.content))
    columns = [str(cell.value) for cell in book.worksheets[0][1]]
    for person in ({"有效期至": "2025-06-20"}, {"有效期至": "明年", "证件号": "YC-0002"}):
        known = {"证件号": "YC-0001", "姓名": "张三", "所属机构": LEAD} | person
        book.worksheets[0].append([known.get(column, "") for column in columns])
    filled = io.BytesIO()
    book.save(filled)
    file = {"file": ("inspectors.xlsx", filled.getvalue(), template.headers["content-type"])}
    report = rest("POST", "/v1/inspectors:importFile", ADMIN, files=file).json()
    assert (report["imported"], [each["column"] for each in report["rejections"]]) == ("1", ["有效期至"])
    refused = openpyxl.load_workbook(io.BytesIO(rest("POST", "/v1/inspectors:checkFile", ADMIN, files=file).content))
    lines = [[cell.value for cell in line] for line in refused.worksheets[0].iter_rows()]
    assert [line[3] for line in lines] == ["证件号", "YC-0002"]
    expiring = rest("GET", "/v1/inspectors", MANAGER, params={"standing": "CERTIFICATE_STANDING_EXPIRING"}).json()
    assert [(each["certificate"], each["daysLeft"]) for each in expiring["inspectors"]] == [("YC-0001", 11)]
