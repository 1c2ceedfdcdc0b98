"""Cells of a registry file: what the text in one of them stands for.

Registries are untidy: days in several spellings, `N/A` for nothing, statuses in everyday words. What can be mended
without guessing is mended; what cannot be trusted is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from services.chassis.errors import malformed
from services.sampling.model.inspection_object import INDUSTRY, OBJECT_ID, ObjectType, RegistrationStatus, is_tag

MOST_ROWS = 20_000
NOTHING = frozenset({"", "N/A", "n/a", "NA", "NULL", "null", "-", "--", "/", "无"})
SEPARATORS = re.compile(r"[、;；]")
DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T].*)?")

TYPES = {
    "机构": "INSTITUTION", "机构主体": "INSTITUTION", "机构类主体": "INSTITUTION", "企业": "INSTITUTION",
    "自然人": "PERSON", "自然人主体": "PERSON", "特定人员": "PERSON",
    "附属类主体": "AFFILIATE", "附属主体": "AFFILIATE",
    "场地场所": "SITE", "场所": "SITE", "设备设施": "FACILITY", "设施": "FACILITY",
    "特种设备": "SPECIAL_EQUIPMENT", "项目工程": "PROJECT", "项目": "PROJECT", "特定产品": "PRODUCT", "产品": "PRODUCT",
}  # fmt: skip
STATUSES = {
    "存续": "ACTIVE", "在营": "ACTIVE", "开业": "ACTIVE", "在业": "ACTIVE", "正常": "ACTIVE",
    "查无下落": "UNTRACEABLE",
    "关闭停业": "CLOSED", "关闭停业或清算备案": "CLOSED", "清算备案": "CLOSED", "停业": "CLOSED",
    "注销": "DEREGISTERED", "吊销": "REVOKED", "吊销未注销": "REVOKED", "撤销": "RESCINDED", "迁出": "MOVED_OUT",
}  # fmt: skip


class Refused(Exception):
    """A cell that cannot be trusted, and its row with it. Arguments: column, value, rule, reason."""


def refuse_many(field: str, rows: Sequence[object]) -> None:
    """One request takes so many rows."""
    if len(rows) > MOST_ROWS:
        zh, en = f"一次最多导入 {MOST_ROWS} 行，请分批导入", f"at most {MOST_ROWS} rows at once: send them in parts"
        raise malformed(field, "TOO_MANY", zh, en)


def cell(text: str) -> str:
    """What a cell says: nothing, if all it has is a sign for nothing."""
    text = text.strip()
    return "" if text in NOTHING else text


def type_of(column: str, text: str) -> ObjectType:
    """The type a cell names."""
    try:
        return ObjectType(TYPES.get(text, text))
    except ValueError:
        raise Refused(column, text, "TYPE_UNKNOWN", f"对象类型应为：{'、'.join(TYPES)}") from None


def status_of(column: str, text: str) -> RegistrationStatus:
    """The registration status a cell names."""
    try:
        return RegistrationStatus(STATUSES.get(text, text))
    except ValueError:
        raise Refused(column, text, "STATUS_UNKNOWN", f"登记状态应为：{'、'.join(STATUSES)}") from None


def day_of(column: str, text: str) -> date:
    """The day a cell names."""
    try:
        if len(text) == len("YYYY-MM-DD") and text[4] == "-":
            return date.fromisoformat(text)
        year, month, day = DAY.fullmatch(text).groups()  # type: ignore[union-attr]  # caught below
        return date(int(year), int(month), int(day))
    except (AttributeError, ValueError):
        raise Refused(column, text, "DATE_FORMAT", "日期应为 YYYY-MM-DD") from None


def tags_of(column: str, text: str) -> tuple[str, ...]:
    """The tags a cell lists."""
    tags = tuple(dict.fromkeys(filter(None, map(str.strip, SEPARATORS.split(text)))))
    for tag in tags:
        if not is_tag(tag):
            raise Refused(column, text, "TAG", "标签过长或含有竖线、逗号、引号")
    return tags


def owner_of(column: str, text: str) -> str:
    """The object a cell names."""
    if not OBJECT_ID.fullmatch(text):
        raise Refused(column, text, "OBJECT_ID", "应为所属主体的统一社会信用代码或编号")
    return text


def industry_of(column: str, text: str) -> str:
    """The industry a cell names."""
    if not INDUSTRY.fullmatch(text):
        raise Refused(column, text, "INDUSTRY", "行业应为 GB/T 4754 代码，例如 H6210")
    return text
