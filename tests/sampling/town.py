"""A small town to draw in: authorities, people, a task, and objects with sound codes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from liangma.credit.v1 import events_pb2 as credit
from liangma.plans.v1 import events_pb2 as plans
from liangma.tasks.v1 import events_pb2 as tasks

from services.chassis.identity import Principal
from services.sampling.model.uscc import check_digit
from tests.support.house import House

YONGCHUAN = "500118"
CITY = "500000"


def code(number: int, region: str = YONGCHUAN) -> str:
    """A sound uscc; another for each number."""
    body = f"91{region}{number:09d}"
    return body + check_digit(body)


LEAD = code(900_001)
PARTNER = code(900_002)
STRANGER = code(900_003)

ADMIN = Principal("admin", roles=frozenset({"administrator"}), region=CITY)
SYSTEM = Principal("registry", roles=frozenset({"system"}))
MANAGER = Principal("manager", roles=frozenset({"task_manager"}), authority=LEAD, region=YONGCHUAN)
HEAD = Principal("head", roles=frozenset({"authority_head"}), authority=LEAD, region=YONGCHUAN)
PARTNER_MANAGER = Principal("partner", roles=frozenset({"task_manager"}), authority=PARTNER, region=YONGCHUAN)
STRANGER_MANAGER = Principal("stranger", roles=frozenset({"task_manager"}), authority=STRANGER, region=YONGCHUAN)
STRANGER_HEAD = Principal("strangers-head", roles=frozenset({"authority_head"}), authority=STRANGER, region=YONGCHUAN)
SUPERVISOR = Principal("supervisor", roles=frozenset({"supervisor"}), region=CITY)
INSPECTOR = Principal(
    "inspector", roles=frozenset({"inspector"}), authority=LEAD, region=YONGCHUAN, certificate="YC-0001"
)


def row(number: int, **cells: Any) -> dict[str, Any]:
    """A row of a registry file about one object."""
    object_id = cells.pop("object_id", code(number))
    name = cells.pop("name", f"永川第{number}饭店")
    return {"line": number, "object_id": object_id, "name": name, "province": "重庆", "region": "永川"} | cells


def settle_objects(house: House, count: int, **cells: Any) -> list[str]:
    """Enter so many objects; their ids."""
    rows = [row(number, **cells) for number in range(1, count + 1)]
    report = house.call("sampling", "ImportObjects", {"rows": rows}, by=ADMIN)
    assert report.imported == count
    return [code(number) for number in range(1, count + 1)]


def form_task(house: House, task_id: str = "task-1", **fields: Any) -> None:
    """A task is formed by the lead, with a partner."""
    parts = fields.pop("parts", {LEAD: ["M1"], PARTNER: ["M2"]})
    known: dict[str, Any] = {
        "task_id": task_id,
        "version": 1,
        "number": "渝司专查〔2025〕27号",
        "name": "餐饮抽查",
        "kind": "DAILY",
        "nature": "FORMAL",
        "type": "CROSS_AGENCY",
        "year": 2025,
        "authority_id": LEAD,
        "region": YONGCHUAN,
        "selection": "RANDOM",
        "staffing": "RANDOM",
        "method": "ON_SITE",
        "starts_on": "2025-06-16",
        "ends_on": "2025-07-31",
    }
    shares = [tasks.TaskPart(authority_id=who, matter_ids=what) for who, what in parts.items()]
    house.announce(tasks.TaskFormed(**(known | fields), parts=shares))


def know_matters(house: House, **domains: str) -> None:
    """Matters with their domains, e.g. `M1="市场监管"`."""
    for matter_id, domain in domains.items():
        house.announce(plans.MatterChanged(matter_id=matter_id, version=1, name=matter_id, domain=domain))


def know_authority(house: House, authority_id: str, level: str, region: str = YONGCHUAN) -> None:
    """An authority of a level."""
    house.announce(plans.AuthorityChanged(authority_id=authority_id, version=1, name=level, region=region, level=level))


def rate(house: House, ratings: Mapping[str, str], *, version: int = 1, **industry: str) -> None:
    """Public ratings of objects, and one industry rating for all, e.g. `餐饮="B"`."""
    grades = [credit.IndustryRating(domain=domain, rating=rating) for domain, rating in industry.items()]
    states = [
        credit.ObjectRating(object_id=id, version=version, public_rating=rating, risk_class=rating, industry=grades)
        for id, rating in ratings.items()
    ]
    house.announce(credit.RatingChanged(batch_id=f"batch-{version}", ratings=states))


def inspect(house: House, objects: Iterable[str], *, task_id: str = "old-task", **fields: Any) -> None:
    """Inspections of the lead go out to these objects."""
    known: dict[str, Any] = {
        "kind": "RANDOM",
        "nature": "FORMAL",
        "authority_id": LEAD,
        "method": "ON_SITE",
        "starts_on": "2025-03-03",
    }
    certificates = fields.pop("certificates", [])
    matters = fields.pop("matters", ["M1"])
    part = tasks.InspectionPart(authority_id=LEAD, matter_ids=matters, certificates=certificates)
    out = [
        tasks.DispatchedInspection(inspection_id=f"{task_id}-{object_id}", object_id=object_id, parts=[part])
        for object_id in objects
    ]
    house.announce(tasks.InspectionsDispatched(task_id=task_id, inspections=out, **(known | fields)))


def publish(house: House, object_id: str, *, task_id: str = "old-task", **fields: Any) -> None:
    """The result of such an inspection."""
    known: dict[str, Any] = {
        "inspection_id": f"{task_id}-{object_id}",
        "version": 1,
        "task_id": task_id,
        "kind": "RANDOM",
        "nature": "FORMAL",
        "authority_id": LEAD,
        "object_id": object_id,
        "matter_ids": ["M1"],
        "finding": "NO_PROBLEM",
        "inspected_on": "2025-03-04",
    }
    result = tasks.Result(**(known | fields))
    house.announce(tasks.ResultPublished(inspection_id=result.inspection_id, result=result))


def open_draw(house: House, task_id: str = "task-1", *, by: Principal = MANAGER, **quotas: Any) -> str:
    """A draw with a scope and quotas; its id."""
    draw = house.call("sampling", "CreateDraw", {"task_id": task_id}, by=by)
    house.call("sampling", "SetDrawScope", {"draw_id": draw.draw_id, "scope": {"regions": [YONGCHUAN]}}, by=by)
    set_quotas(house, draw.draw_id, by=by, **(quotas or {"each": {"number": 3}, "substitutes": 2}))
    return str(draw.draw_id)


def set_quotas(house: House, draw_id: str, *, by: Principal = MANAGER, **quotas: Any) -> Any:
    """The draw with these quotas."""
    return house.call("sampling", "SetDrawQuotas", {"draw_id": draw_id, "quotas": quotas}, by=by)


def commit(house: House, draw_id: str, *, by: Principal = MANAGER, **more: Any) -> Any:
    """The draw, committed."""
    return house.call("sampling", "CommitDraw", {"draw_id": draw_id} | more, by=by)


def reveal(house: House, draw_id: str, *, by: Principal = MANAGER) -> Any:
    """The draw, revealed."""
    return house.call("sampling", "RevealDraw", {"draw_id": draw_id}, by=by)


def secret(of: str) -> tuple[str, str]:
    """A secret and its hash, in hex."""
    content = hashlib.sha256(of.encode()).digest()
    return content.hex(), hashlib.sha256(content).hexdigest()


def hire(house: House, count: int, authority_id: str = LEAD, *, prefix: str = "YC", **cells: Any) -> list[str]:
    """Enter so many inspectors; their certificates."""
    certificates = [f"{prefix}-{number:04d}" for number in range(1, count + 1)]
    known = {"authority_id": authority_id, "region": YONGCHUAN, "valid_until": "2026-12-31", "domains": "市场监管"}
    rows = [
        {"line": number, "certificate": certificate, "name": f"{prefix}检查员{number}"} | known | cells
        for number, certificate in enumerate(certificates, 1)
    ]
    report = house.call("sampling", "ImportInspectors", {"rows": rows}, by=ADMIN)
    assert report.imported == count, report
    return certificates
