"""How often may be asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.settings import GatewaySettings
from services.chassis.settings import BadSettings, load
from tests.gateway import support, trial


def test_an_account_that_asks_too_often_is_told_to_wait(tmp_path: Path) -> None:
    with support.door(trial.contract(), tmp_path, rate_limit_principal="3/minute") as door:
        with door.client(door.token("often")) as client:
            assert [client.get("/v1/session").status_code for _ in range(4)] == [200, 200, 200, 429]
            reply = client.get("/v1/session")
            assert reply.json()["reason"] == "TOO_MANY_REQUESTS"
            assert 1 <= int(reply.headers["retry-after"]) <= 60
        with door.client(door.token("seldom")) as client:
            assert client.get("/v1/session").status_code == 200


def test_an_address_that_asks_too_often_is_told_to_wait(tmp_path: Path) -> None:
    with support.door(trial.contract(), tmp_path, rate_limit_address="2/minute") as door, door.client(None) as client:
        assert [client.get("/nowhere").status_code for _ in range(3)] == [404, 404, 429]
        assert client.get("/healthz").status_code == 200


def test_the_address_is_the_clients_where_a_proxy_may_say_so(tmp_path: Path) -> None:
    with support.door(trial.contract(), tmp_path, rate_limit_address="1/minute") as door, door.client(None) as client:
        for address in ("192.0.2.1", "192.0.2.2"):
            assert client.get("/nowhere", headers={"x-forwarded-for": address}).status_code == 404


def test_sign_ins_have_a_limit_of_their_own(tmp_path: Path) -> None:
    given: Any = {"sign_in": "embedded", "rate_limit_sign_in": "2/minute"}
    with support.door(trial.contract(), tmp_path, **given) as door, door.client(None) as client:
        codes = [client.post("/v1/session", json={"person": "nobody"}).status_code for _ in range(3)]
    assert codes == [400, 400, 429]


def test_an_empty_limit_is_none(tmp_path: Path) -> None:
    given: Any = {"rate_limit_address": "", "rate_limit_principal": ""}
    with support.door(trial.contract(), tmp_path, **given) as door, door.client() as client:
        assert {client.get("/v1/session").status_code for _ in range(20)} == {200}


def test_a_limit_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANGMA_RATE_LIMIT_ADDRESS", "often")
    with pytest.raises(BadSettings, match="LIANGMA_RATE_LIMIT_ADDRESS"):
        load(GatewaySettings)
