"""A draw as a REST client meets it, through the gateway; and what somebody reads of it who is not signed in."""

from __future__ import annotations

import hashlib
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
from services.sampling.transcript import verify
from tests.gateway.support import quiet, served
from tests.sampling import town
from tests.sampling.town import LEAD, MANAGER, SUPERVISOR
from tests.support.house import House, houses

Client = Callable[[Principal | None], httpx.Client]
house = houses("sampling")


@pytest.fixture
def client(house: House, tmp_path: Path) -> Iterator[Client]:
    """Clients of a gateway before the house, each signed in as somebody, or not."""
    settings = GatewaySettings(var_dir=tmp_path / "gateway", oidc_jwks=str(house.issuer.path))
    app = build(settings, Contract.installed(), address=lambda _: house.address)
    with quiet(), served(app) as url, ExitStack() as open_clients:

        def signed_in(by: Principal | None) -> httpx.Client:
            headers = {"authorization": f"Bearer {house.issuer.token(by)}"} if by else {}
            made = httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=30)
            return open_clients.enter_context(made)

        yield signed_in


def answer(response: httpx.Response) -> Any:
    assert response.status_code == 200, response.text
    return response.json()


def test_a_draw_goes_from_the_wizard_to_replaced_inspectors_and_everybody_can_follow(
    house: House, client: Client
) -> None:
    town.settle_objects(house, 12)
    town.form_task(house, parts={LEAD: ["M1"]})
    town.know_matters(house, M1="市场监管")
    town.hire(house, 5)
    manager, supervisor, anybody = client(MANAGER), client(SUPERVISOR), client(None)
    draw = f"/v1/draws/{answer(manager.post('/v1/draws', json={'taskId': 'task-1'}))['drawId']}"
    public = draw.replace("draws", "commitments")
    answer(manager.post(f"{draw}:setScope", json={"scope": {}}))
    answer(manager.post(f"{draw}:setQuotas", json={"quotas": {"each": {"number": "3"}}}))
    template = manager.get("/v1/draw-exclusions:template")
    assert template.content.startswith(b"PK")
    sheet = f"统一社会信用代码\n{town.code(1)}\nnobody\n".encode()
    report = answer(manager.post(f"{draw}/exclusions:import", content=sheet, headers={"content-type": "text/csv"}))
    assert (report["imported"], [each["rule"] for each in report["rejections"]]) == ("1", ["UNKNOWN_OBJECT"])
    preview = answer(manager.get(f"{draw}:preview"))
    assert [(each["rule"], each["alone"]) for each in preview["effects"]] == [("by_name", "1")]
    assert preview["loads"][0]["perInspector"] == "1.20"
    answer(supervisor.post(f"{draw}:addContribution", json={"hash": town.secret("s1")[1]}))
    assert anybody.get(public).status_code == 400
    answer(manager.post(f"{draw}:commit", json={"revealHours": 5}))
    announced = answer(anybody.get(public))
    assert hashlib.sha256(announced["document"].encode()).hexdigest() == announced["commitment"]
    early = manager.post(f"{draw}:abandonCommitment", json={})
    assert (early.status_code, early.json()["reason"]) == (400, "REVEALS_NOT_DUE")
    house.pass_time(hours=5)
    renewed = answer(manager.post(f"{draw}:abandonCommitment", json={}))
    assert (renewed["state"], renewed["round"]["number"]) == ("DRAW_STATE_COMMITTED", 2)
    listed = answer(anybody.get("/v1/commitments", params={"state": "DRAW_STATE_ABANDONED"}))["commitments"]
    assert [(each["round"], each["withheld"]) for each in listed] == [(1, ["supervisor"])]
    answer(manager.post(f"{draw}:reveal", json={}))
    document, frame = anybody.get(f"{draw}/transcript").content, anybody.get(f"{draw}/frame").content
    commitment = answer(anybody.get(public))["commitment"]
    record = answer(anybody.get(f"{public}/abandonment", params={"round": 1}))
    assert verify(document, frame, announced=commitment, previous=record) == []
    teams = answer(manager.post("/v1/inspectors-draws", json={"taskId": "task-1"}))["teams"]
    ill = {"taskId": "task-1", "certificate": teams[0]["certificates"][0], "reason": "因病"}
    done = answer(manager.post("/v1/inspectors-draws:replace", json=ill))
    assert ill["certificate"] not in done["teams"][0]["certificates"]
    seed = answer(supervisor.get(f"/v1/inspectors-draws/{done['inspectorsDrawId']}/seed"))
    assert seed["seed"] == done["seed"]
