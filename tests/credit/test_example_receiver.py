"""The receiver that `docs/integration.md` hands to other systems does as it says there."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.chassis import clock
from services.chassis.vault import Vault
from services.credit.channels import Webhook, signature
from services.credit.model.channel import ChannelKind
from services.credit.model.delivery import DeliveryAction
from services.credit.use_cases.delivery import Parcel
from tests.credit.receiver import SECRET

EXAMPLE = Path(__file__).parents[2] / "docs" / "clients" / "python" / "receiver.py"


@contextmanager
def listening(path: Path) -> Iterator[str]:
    """The example as a process of its own; its address."""
    process = subprocess.Popen(
        [sys.executable, str(EXAMPLE), "0", str(path)],
        env=os.environ | {"LIANGMA_SECRET": SECRET},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout
        yield f"127.0.0.1:{process.stdout.readline().split()[-1]}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shown.db"


@pytest.fixture
def host(path: Path) -> Iterator[str]:
    with listening(path) as host:
        yield host


def shown(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT disclosure_id, result FROM shown WHERE result IS NOT NULL").fetchall()
    return {id: json.loads(result)["title"] for id, result in rows}


def send(host: str, action: DeliveryAction, revision: int = 1, title: str = "专项检查") -> str:
    """As the courier does; the receipt."""
    id = f"d-{action}-{revision}"
    content: dict[str, Any] = {"delivery_id": id, "action": action.value, "disclosure_id": "x", "revision": revision}
    if action is DeliveryAction.SHARE:
        content["result"] = {"title": title}
    parcel = Parcel(
        delivery_id=id,
        disclosure_id="x",
        action=action,
        revision=revision,
        payload=json.dumps(content),
        kind=ChannelKind.WEBHOOK,
        target=f"http://{host}/hook",
        channel_id="c1",
        secret=SECRET,
        sealed_secret=None,
        attempted_at=clock.now(),
    )
    return Webhook([host], Vault(Path("absent"))).send(parcel)


def test_it_shows_what_is_shared_and_hides_what_is_withdrawn(host: str, path: Path) -> None:
    assert send(host, DeliveryAction.SHARE)
    assert shown(path) == {"x": "专项检查"}
    assert send(host, DeliveryAction.SHARE, 2, "更正")
    assert shown(path) == {"x": "更正"}
    assert send(host, DeliveryAction.WITHDRAW, 2)
    assert shown(path) == {}


def test_it_acknowledges_a_repeat_and_what_comes_too_late_and_shows_neither(host: str, path: Path) -> None:
    for action in (DeliveryAction.WITHDRAW, DeliveryAction.SHARE, DeliveryAction.WITHDRAW):
        assert send(host, action)
        assert shown(path) == {}
    assert send(host, DeliveryAction.SHARE, 3)
    assert shown(path) == {"x": "专项检查"}


def test_it_remembers_over_a_restart(host: str, path: Path) -> None:
    send(host, DeliveryAction.WITHDRAW)
    with listening(path) as again:
        send(again, DeliveryAction.SHARE)
        assert shown(path) == {}


@pytest.mark.parametrize(("age", "changes"), [(0, {"webhook-signature": "v1,AAAA"}), (600, {}), (-600, {})])
def test_it_refuses_what_is_forged_or_played_again(host: str, path: Path, age: int, changes: dict[str, str]) -> None:
    body = json.dumps({"delivery_id": "d", "action": "SHARE", "disclosure_id": "x", "revision": 1, "result": {}})
    signed = signature(SECRET, "d", int(time.time()) - age, body.encode())
    answer = httpx.post(f"http://{host}/hook", content=body.encode(), headers=signed | changes, trust_env=False)
    assert (answer.status_code, shown(path)) == (401, {})
