"""The people, authorities and matters of the tests, and short ways to bring them into a house."""

from __future__ import annotations

import io
from typing import Any

import openpyxl

from services.chassis.identity import Principal
from tests.support.house import House


def uscc(body: str) -> str:
    """A valid unified social credit code that begins with these 17 characters (GB 32100-2015)."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    weights = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    total = sum(alphabet.index(sign) * weight for sign, weight in zip(body, weights, strict=True))
    return body + alphabet[(31 - total % 31) % 31]


CITY = uscc("11500000MB0000001")  # 市司法局
DISTRICT = uscc("11500103MB0000002")  # 渝中区司法局
FIRE = uscc("11500000MB0000003")  # 市消防救援总队
UNLISTED = uscc("11500000MB0000004")
FAR = uscc("11510000MB0000005")  # 四川省司法厅


def person(subject: str, authority: str = CITY, *roles: str, **more: str) -> Principal:
    """Somebody with roles in an authority."""
    return Principal(subject=subject, name=subject, roles=frozenset(roles), authority=authority, **more)


ADMIN = person("admin", "", "administrator")
PLANNER = person("planner", CITY, "planner")
COLLEAGUE = person("colleague", CITY, "planner", "reviewer")
REVIEWER = person("reviewer", CITY, "reviewer")
OTHER_REVIEWER = person("other-reviewer", CITY, "reviewer")
MANAGER = person("manager", CITY, "task_manager")
HEAD = person("head", CITY, "authority_head")
DISTRICT_PLANNER = person("district-planner", DISTRICT, "planner")
DISTRICT_MANAGER = person("district-manager", DISTRICT, "task_manager")
FIRE_PLANNER = person("fire-planner", FIRE, "planner", "task_manager")
SUPERVISOR = person("supervisor", "", "supervisor")
ENTERPRISE = person("enterprise", "", "enterprise", object="91500105MACDMPYK94")


def authority(
    id: str, name: str, short: str, region: str, level: str, domains: list[str], **more: Any
) -> dict[str, Any]:
    """An authority as a request brings it."""
    return {
        "authority_id": id,
        "name": name,
        "short_name": short,
        "region": region,
        "level": f"AUTHORITY_LEVEL_{level}",
        "domains": domains,
        "listed_from": "2024-01-01",
    } | more


AUTHORITIES = [
    authority(CITY, "重庆市司法局", "渝司", "500000", "CITY", ["司法"]),
    authority(DISTRICT, "渝中区司法局", "渝中司", "500103", "DISTRICT", ["司法"], parent_id=CITY),
    authority(FIRE, "重庆市消防救援总队", "渝消", "500000", "CITY", ["消防"]),
    authority(UNLISTED, "重庆市某局", "渝某", "500000", "CITY", ["司法"], listed_from=""),
    authority(FAR, "四川省司法厅", "川司", "510000", "CITY", ["司法"]),
]


def official(of: Principal, *roles: str, **more: Any) -> dict[str, Any]:
    """Somebody's entry in the register of officials as a request brings it."""
    return {
        "subject": of.subject,
        "name": of.name,
        "authority_id": of.authority,
        "roles": [f"OFFICIAL_ROLE_{role}" for role in roles],
        "active_from": "2024-01-01",
    } | more


NOTARY = "330631004000"  # 司法
HYDRANT = "330895001000"  # 消防
ARCHIVE = "330631009000"  # 司法, documentary


def matter(id: str, domain: str = "司法", **more: Any) -> dict[str, Any]:
    """A matter as a request brings it."""
    return {
        "matter_id": id,
        "name": f"对{domain}机构的行政检查",
        "domain": domain,
        "legal_basis": "《公证法》第五条",
        "methods": ["METHOD_ON_SITE", "METHOD_DOCUMENTARY"],
        "random_eligible": True,
        "items": [
            {"name": "执业资质", "check_points": ["是否在有效期内", "是否超范围"], "standard": "证照齐全有效"},
            {"name": "收费公示"},
        ],
    } | more


MATTERS = [matter(NOTARY), matter(HYDRANT, "消防"), matter(ARCHIVE, methods=["METHOD_DOCUMENTARY"])]


OFFICIALS = [
    official(PLANNER, "PLANNER"),
    official(COLLEAGUE, "PLANNER", "REVIEWER"),
    official(REVIEWER, "REVIEWER"),
    official(OTHER_REVIEWER, "REVIEWER"),
]


def furnish(house: House) -> None:
    """Enter the authorities, those of their officials who review, and the matters."""
    for entry in AUTHORITIES:
        house.call("plans", "CreateAuthority", {"authority": entry}, by=ADMIN)
    for entry in OFFICIALS:
        house.call("plans", "RegisterOfficial", {"official": entry}, by=ADMIN)
    for entry in MATTERS:
        house.call("plans", "CreateMatter", {"matter": entry}, by=ADMIN)


def plan(**changes: Any) -> dict[str, Any]:
    """A complete plan as a request brings it."""
    return {
        "year": 2025,
        "name": "2025年公证机构日常检查计划",
        "content_level": "CONTENT_LEVEL_GENERAL",
        "lead_domain": "司法",
        "type": "PLAN_TYPE_OWN_AGENCY",
        "legal_basis": "《公证法》",
        "task_nature": "日常监管",
        "objects": "公证机构",
        "methods": ["METHOD_ON_SITE"],
        "object_count": 120,
        "regional_ratios": [{"region": "500103", "ratio": 0.1}],
        "credit_rule": "A 级 1%，D 级 20%",
        "requirements": "两人以上，亮证亮码",
        "inspecting_bodies": "市、区县司法行政部门",
        "responsible_office": "公共法律服务处",
        "starts_on": "2025-01-01",
        "ends_on": "2025-12-31",
        "scope": {"authority_ids": [DISTRICT]},
        "document_reference": "渝司发〔2025〕3号",
        "attachments": [{"sha256": "a" * 64, "name": "通知.pdf", "content_type": "application/pdf", "size": 1024}],
        "remarks": "与春季培训衔接",
        "matter_ids": [NOTARY],
        "source": "PLAN_SOURCE_SELF",
    } | changes


def drafted(house: House, **changes: Any) -> Any:
    """A plan in DRAFT."""
    return house.call("plans", "CreatePlan", {"plan": plan(**changes)}, by=PLANNER)


def submitted(house: House, **changes: Any) -> Any:
    """A plan in PENDING_REVIEW."""
    return submit(house, drafted(house, **changes))


def submit(house: House, made: Any) -> Any:
    """Hand a plan to the reviewer."""
    return house.call("plans", "SubmitPlan", {"plan_id": made.plan_id, "reviewer_id": "reviewer"}, by=PLANNER)


def approved(house: House, **changes: Any) -> Any:
    """A plan in PENDING_EXECUTION."""
    return house.call("plans", "ApprovePlan", {"plan_id": submitted(house, **changes).plan_id}, by=REVIEWER)


def sheet(data: bytes) -> list[tuple[Any, ...]]:
    """The rows of an Excel file."""
    page = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    return list(page.iter_rows(values_only=True))
