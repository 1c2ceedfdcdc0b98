"""The people, authorities and objects of the tests, and short ways to bring facts into a house."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

from liangma.credit.v1 import disclosures_pb2
from liangma.plans.v1 import events_pb2 as plans
from liangma.sampling.v1 import events_pb2 as sampling
from liangma.tasks.v1 import events_pb2 as tasks

from services.chassis.clock import today
from services.chassis.identity import NOBODY, Principal
from tests.support.house import House

CITY = "11500000MB0000001M"
DISTRICT = "11500103MB00000029"
STREET = "11500103MB0000003C"
FIRM = "91500000202834455C"
SHOP = "92500103MA5U00001D"
PERSON = "110101199003078515"


def person(subject: str, *roles: str, authority: str = "", **more: str) -> Principal:
    """Somebody with roles."""
    return Principal(subject=subject, name=subject, roles=frozenset(roles), authority=authority, **more)


ADMIN = person("admin", "administrator")
SYSTEM = person("one-stop", "system")
PLANNER = person("planner", "planner", authority=CITY)
HEAD = person("head", "authority_head", authority=CITY)
PLANNING_HEAD = person("planner", "planner", "authority_head", authority=CITY)
REVIEWER = person("reviewer", "reviewer", authority=CITY)
OTHER_HEAD = person("other-head", "authority_head", authority=DISTRICT)
INSPECTOR = person("inspector", "inspector", authority=CITY)
OFFICER = person("officer", "repair_officer", authority=CITY)
DISTRICT_OFFICER = person("district-officer", "repair_officer", authority=DISTRICT)
SUPERVISOR = person("supervisor", "supervisor")
ENTERPRISE = person("boss", "enterprise", object=FIRM)
OTHER_ENTERPRISE = person("rival", "enterprise", object=SHOP)
PUBLIC = NOBODY

DOMAIN = "司法"
GRADES = {"A": 1, "B": 0.8, "C": 0.4, "D": 0, "NONE": 0.6}
MODEL: dict[str, Any] = {
    "domain": DOMAIN,
    "name": "司法行业信用评价模型",
    "indicators": [
        {"code": "PUBLIC", "name": "公共信用评价", "source": "INDICATOR_SOURCE_PUBLIC_RATING", "weight": 30}
        | {"values": GRADES},
        {"code": "FINDINGS", "name": "检查结果", "source": "INDICATOR_SOURCE_FINDING", "weight": 70}
        | {"values": {"PROBLEM_PENDING": 0.5, "PROBLEM_CORRECTED": 0.1}, "windowDays": 365},
    ],
    "thresholds": {"a": 85, "b": 70, "c": 50},
}

_ids = itertools.count(1)


def know_authorities(house: House, version: int = 1) -> None:
    """Tell credit of the authorities."""
    for id, name, short, level, parent in (
        (CITY, "重庆市司法局", "渝司", "CITY", ""),
        (DISTRICT, "渝中区司法局", "渝中司", "DISTRICT", CITY),
        (STREET, "某街道办事处", "某街", "STREET", DISTRICT),
    ):
        house.announce(
            plans.AuthorityChanged(
                authority_id=id, version=version, name=name, short_name=short, level=level, parent_id=parent
            )
        )


def know_objects(house: House, version: int = 1) -> None:
    """Tell credit of the objects."""
    rows = ((FIRM, "INSTITUTION", "甲公司"), (SHOP, "INSTITUTION", "乙商店"), (PERSON, "PERSON", "张三"))
    objects = [
        sampling.ObjectState(
            object_id=id, version=version, type=type, name=name, registration_status="ACTIVE", region="500103"
        )
        for id, type, name in rows
    ]
    house.announce(sampling.ObjectChanged(batch_id=f"b{next(_ids)}", objects=objects))


def result(house: House, inspection_id: str = "i1", **changes: Any) -> tasks.Result:
    """A published result, adverse unless said otherwise."""
    values: dict[str, Any] = {
        "inspection_id": inspection_id,
        "version": 1,
        "task_id": "t1",
        "task_number": "渝司专查〔2025〕1号",
        "task_name": "法律服务专项检查",
        "kind": "SPECIAL",
        "nature": "FORMAL",
        "authority_id": CITY,
        "object_id": FIRM,
        "object_name": "甲公司",
        "matter_ids": ["M1"],
        "domain": DOMAIN,
        "method": "ON_SITE",
        "finding": "PROBLEM_PENDING",
        "summary": "未按规定公示收费标准",
        "disposal": "ORDER_CORRECTION",
        "adverse": True,
        "inspected_on": today(house.now).isoformat(),
    }
    return tasks.Result(**(values | changes))


def publish(house: House, inspection_id: str = "i1", **changes: Any) -> tasks.Result:
    """Announce a published result."""
    made = result(house, inspection_id, **changes)
    house.announce(tasks.ResultPublished(inspection_id=inspection_id, result=made))
    return made


def correct(house: House, inspection_id: str = "i1", *, reason: str = "录入有误", **changes: Any) -> None:
    """Announce a corrected result."""
    made = result(house, inspection_id, **({"version": 2} | changes))
    house.announce(tasks.ResultCorrected(inspection_id=inspection_id, result=made, reason=reason))


def disclosed(house: House, **filters: Any) -> list[disclosures_pb2.Disclosure]:
    """What the public finds."""
    answer = house.call("credit", "SearchDisclosures", filters, by=PUBLIC)
    return list(answer.disclosures)


def disclosed_result(house: House, inspection_id: str = "i1") -> disclosures_pb2.Disclosure:
    """The public disclosure of a result."""
    (found,) = disclosed(house, kind="DISCLOSURE_KIND_RESULT", subject_id=inspection_id)
    return found


def activate(house: House, model: dict[str, Any] | None = None) -> Any:
    """An active model."""
    made = house.call("credit", "CreateIndustryModel", {"model": model or MODEL}, by=PLANNER)
    return house.call("credit", "ApproveIndustryModel", {"model_id": made.model_id}, by=REVIEWER)


def import_ratings(house: House, *rows: dict[str, Any], by: Principal = ADMIN) -> Any:
    """Import ratings; what a row leaves out is filled in."""
    filled = [{"line": n, "objectId": FIRM, "source": "渝悦·信用"} | row for n, row in enumerate(rows, 1)]
    return house.call("credit", "ImportRatings", {"rows": filled}, by=by)


def upload(house: House, text: str = "文件") -> dict[str, Any]:
    """A file in the store, as requests name it."""
    kept = house.runtimes["credit"].attachments.put(text.encode(), "文件.txt", "text/plain")
    return {"sha256": kept.sha256, "name": kept.name, "contentType": kept.content_type, "size": kept.size}


def documents(house: House, *leave_out: str) -> list[dict[str, Any]]:
    """The four documents of an application."""
    kinds = ("APPLICATION_FORM", "IDENTITY", "PLEDGE", "PROOF_OF_CORRECTION")
    return [
        {"kind": f"REPAIR_DOCUMENT_KIND_{kind}", "attachment": upload(house, kind)}
        for kind in kinds
        if kind not in leave_out
    ]


def apply(house: House, disclosure_id: str, *, by: Principal = ENTERPRISE, **more: Any) -> Any:
    """Apply for repair."""
    request = {"disclosureId": disclosure_id, "documents": documents(house), "statement": "已整改"}
    return house.call("credit", "ApplyRepair", request | more, by=by)


def accepted(house: House, inspection_id: str = "i1") -> Any:
    """An accepted repair of a published, adverse result."""
    publish(house, inspection_id)
    repair = apply(house, disclosed_result(house, inspection_id).disclosure_id)
    return house.call("credit", "AcceptRepair", {"repair_id": repair.repair_id}, by=OFFICER)


def next_days(house: House, days: int) -> None:
    """Let days pass."""
    house.now += timedelta(days=days)
