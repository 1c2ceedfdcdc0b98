"""Filling the system: the two directories, the list of matters, ratings, channels."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

from deploy.demo.life import DATA, YONGCHUAN, Life
from deploy.demo.people import eventually, expect
from services.command.importing import KINDS, Report, import_file, write_rejected
from services.command.rest import Gateway
from services.command.sample_data import write_city


def import_directories(life: Life) -> str:
    """Directories and lists from files: good rows go in, bad ones are reported; a repeat changes nothing."""
    registry = life.registry or write_city(life.out / "city", life.objects)["objects"]
    files = {kind: DATA / f"{kind}.csv" for kind in ("authorities", "officials", "matters")}
    for kind, path in (files | {"inspectors": DATA / "inspectors.csv", "objects": registry}).items():
        report = _import(life, kind, path)
        life.imports[kind] = {"imported": report.imported + report.unchanged, "rejected": len(report.rejected)}
        if report.rejected:
            target = life.out / "import" / f"{kind}-rejected.xlsx"
            write_rejected(report, target)
            life.files[f"未导入的行（{kind}）"] = str(target)
    taken = life.imports["objects"]
    return f"导入监管对象 {taken['imported']} 个，拒绝 {taken['rejected']} 行（逐行注明原因）"


def _import(life: Life, kind: str, path: Path) -> Report:
    """Import a file; inspectors wait until their authorities have become known to the directory."""

    def whole() -> Report | None:
        report = import_file(KINDS[kind], path, life.as_("administrator"))
        return report if kind != "inspectors" or not report.rejected else None

    return eventually(whole, f"import of {kind}")


def claim_matters(life: Life) -> str:
    """Authorities claim what they may inspect; the yearly cap is set; two authorities enter the joint list."""
    claims = {
        "market": ("SJ0101", "SJ0102"),
        "fire": ("XF0101",),
        "environment": ("HJ0101",),
    }
    for who, matters in claims.items():
        for matter in matters:
            life.as_(f"planner-{who}").post(f"/v1/matters/{matter}:claim")
    administrator = life.as_("administrator")
    cap = {"authorityId": life.market, "year": life.today.year, "visits": 2}
    administrator.post("/v1/annual-caps", cap)
    members = [
        {"authorityId": life.market, "matterIds": ["SJ0101"]},
        {"authorityId": life.environment, "matterIds": ["HJ0101"]},
    ]
    administrator.post("/v1/joint-lists", {"trade": "生产加工", "leadId": life.market, "members": members})
    missing = life.as_("supervisor").get("/v1/authorities:completeness")
    return f"认领 4 项检查事项，年度频次上限 2 次；{missing['complete']}/{missing['total']} 个机构基础信息齐全"


def rate_objects(life: Life) -> str:
    """Public credit comes in from outside, the industry model is made by one and approved by another."""
    administrator = life.as_("administrator")
    life.pupils = _objects_of_yongchuan(administrator)
    expect(len(life.pupils) >= 40, f"only {len(life.pupils)} active objects in Yongchuan: too few for the demo")
    until = (life.today + timedelta(days=365)).isoformat()
    rows = [
        {
            "line": number,
            "objectId": each["objectId"],
            "publicRating": "AABBBCCD"[hashlib.sha256(each["objectId"].encode()).digest()[0] % 8],
            "riskClass": "ABCD"[hashlib.sha256(each["objectId"].encode()).digest()[1] % 4],
            "validUntil": until,
            "source": "渝悦·信用（演示）",
        }
        for number, each in enumerate(life.pupils, 1)
    ]
    report = eventually(lambda: _whole(administrator.post("/v1/ratings:import", {"rows": rows})), "import of ratings")
    model = {
        "domain": "市场监管",
        "name": "市场监管领域行业信用评价模型",
        "indicators": [
            {
                "code": "PUBLIC",
                "name": "公共信用评价",
                "source": "INDICATOR_SOURCE_PUBLIC_RATING",
                "weight": 40,
                "values": {"A": 1, "B": 0.8, "C": 0.5, "D": 0.2, "NONE": 0.6},
            },
            {
                "code": "FINDINGS",
                "name": "检查结果",
                "source": "INDICATOR_SOURCE_FINDING",
                "weight": 60,
                "values": {"PROBLEM_PENDING": 0.6, "PROBLEM_CORRECTED": 0.2, "NOT_COOPERATING": 1},
            },
        ],
        "thresholds": {"a": 90, "b": 75, "c": 60},
    }
    made = life.as_("planner-market").post("/v1/industry-models", model)
    active = life.as_("authority-head-market").post(f"/v1/industry-models/{made['modelId']}:approve")
    expect(active["state"] == "MODEL_STATE_ACTIVE", f"the model is {active['state']}")
    eventually(lambda: not _unrated(administrator), "ratings reach the object directory")
    return f"归集公共信用评价 {report['imported']} 家；行业信用模型经另一人批准后启用"


def _objects_of_yongchuan(reader: Gateway) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    token = ""
    while len(found) < 2000:
        page = reader.get(
            "/v1/objects",
            region=YONGCHUAN,
            registrationStatus="REGISTRATION_STATUS_ACTIVE",
            type="OBJECT_TYPE_INSTITUTION",
            pageSize=1000,
            pageToken=token,
        )
        found += page["objects"]
        token = page["page"]["nextPageToken"] if page.get("page") else ""
        if not token:
            break
    return found


def _unrated(reader: Gateway) -> list[dict[str, Any]]:
    return [each for each in _objects_of_yongchuan(reader) if not each["publicRating"]]


def _whole(report: dict[str, Any]) -> dict[str, Any] | None:
    """The report, once no row is refused for an object the service has not heard of yet."""
    return report if not report.get("rejections") else None


def open_channels(life: Life) -> str:
    """Where results are shared, and whence they must be withdrawn after a repair."""
    receivers = {
        "国家企业信用信息公示系统": "gsxt",
        "信用中国（重庆）": "credit-china",
        "重庆市市场主体信用信息公示系统": "city",
    }
    administrator = life.as_("administrator")
    for name, target in receivers.items():
        channel = {"name": name, "kind": "CHANNEL_KIND_DIRECTORY", "target": target, "scope": "CHANNEL_SCOPE_ADVERSE"}
        administrator.post("/v1/channels", channel)
    return f"接入共享渠道 {len(receivers)} 个：{'、'.join(receivers)}"
