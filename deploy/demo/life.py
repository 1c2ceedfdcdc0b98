"""What the steps of the demo share: its people, what they have made so far, the files they leave."""

from __future__ import annotations

import csv
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from deploy.demo.people import People, expect
from services.command.rest import Gateway, GatewayRefused

DATA = Path(__file__).parent / "data"
YONGCHUAN = "500118"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d494844520000000100000001080600000"
    "01f15c4890000000d49444154789c63f8cfc0f01f0005000"
    "1ff89993d1d0000000049454e44ae426082"
)
"""The smallest photo there is."""


def authorities() -> dict[str, str]:
    """Ids of the demo's authorities by short name."""
    with (DATA / "authorities.csv").open(encoding="utf-8") as file:
        return {row["机构简称"]: row["统一社会信用代码"] for row in csv.DictReader(file)}


class Life:
    """One life of the loop.

    Args:
        url: the gateway.
        out: where files go.
        registry: objects to import; None: made-up ones.
        objects: how many to make up.
    """

    def __init__(self, url: str, out: Path, registry: Path | None, objects: int) -> None:
        self.as_ = People(url)
        self.out = out
        self.registry = registry
        self.objects = objects
        self.imports: dict[str, dict[str, int]] = {}
        self.files: dict[str, str] = {}
        ids = authorities()
        self.market, self.fire, self.environment = ids["渝市监"], ids["渝消"], ids["渝环"]
        self.yongchuan = [ids["永市监"], ids["永消"]]
        self.today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
        self.pupils: list[dict[str, Any]] = []  # objects of Yongchuan, by id
        self.plan: dict[str, Any] = {}
        self.task: dict[str, Any] = {}  # cross-agency: market leads, fire joins
        self.other: dict[str, Any] = {}  # own agency: environment
        self.joint: dict[str, Any] = {}  # formed by matching
        self.window: dict[str, Any] = {}
        self.secret = secrets.token_bytes(32)  # the supervisor's contribution to the window's seed
        self.draws: dict[str, str] = {}
        self.regular: dict[str, Any] = {}  # the visit where both scan
        self.refused: dict[str, Any] = {}  # the visit where the enterprise refuses
        self.repair: dict[str, Any] = {}
        self.disclosure: dict[str, Any] = {}

    def close(self) -> None:
        """Everybody hangs up."""
        self.as_.close()

    def keep(self, name: str, path: str, content: bytes) -> None:
        """Leave a file behind."""
        target = self.out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        self.files[name] = str(target)

    def inspector(self, certificate: str) -> Gateway:
        """The inspector who holds a certificate."""
        return self.as_(self.accounts[certificate])

    @property
    def accounts(self) -> Mapping[str, str]:
        """Accounts by certificate."""
        with (DATA / "inspectors.csv").open(encoding="utf-8") as file:
            return {row["证件号"]: row["账号"] for row in csv.DictReader(file)}


def draft_task(name: str, kind: str, start: date, end: str, matters: Sequence[str]) -> dict[str, Any]:
    return {
        "name": f"{start.year}年{name}检查",
        "year": start.year,
        "kind": kind,
        "nature": "TASK_NATURE_FORMAL",
        "type": "TASK_TYPE_OWN_AGENCY",
        "startsOn": start.isoformat(),
        "endsOn": end,
        "method": "METHOD_ON_SITE",
        "onSiteReason": "须现场核对住所与登记事项",
        "contentMode": "CONTENT_MODE_BY_MATTER",
        "matters": [{"matterId": matter} for matter in matters],
        "fixity": "FIXITY_SUPPLEMENTABLE",
    }


def approve_scheme(life: Life, task: Mapping[str, Any], who: str) -> None:
    path = f"/v1/tasks/{task['taskId']}"
    content = {"content": "两人以上持证检查，出示执法证与检查码，按检查要点逐项记录。"}
    life.as_(f"task-manager-{who}").post(f"{path}:submitScheme", content)
    approved = life.as_(f"authority-head-{who}").post(f"{path}:approveScheme")
    expect(approved["scheme"]["state"] == "SCHEME_STATE_APPROVED", "the scheme is not approved")


def inspections(reader: Gateway, task: Mapping[str, Any], state: str = "") -> list[dict[str, Any]]:
    found = reader.get("/v1/inspections", taskId=task["taskId"], state=state, pageSize=1000)["inspections"]
    return list(found)


def refused(act: Callable[[], object]) -> int:
    """The status with which something is refused; 0 if it is not."""
    try:
        act()
    except GatewayRefused as refusal:
        return refusal.status
    return 0
