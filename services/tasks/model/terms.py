"""The words of the field that tasks and inspections share, and the small values made of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.chassis.errors import FailedPrecondition, malformed


class TaskKind(StrEnum):
    """日常, 专项, 双随机, 即时."""

    DAILY = "DAILY"
    SPECIAL = "SPECIAL"
    RANDOM = "RANDOM"
    INSTANT = "INSTANT"


class TaskNature(StrEnum):
    """A TEST task is purged at its time and counts nowhere."""

    FORMAL = "FORMAL"
    TEST = "TEST"


class Method(StrEnum):
    """检查方式."""

    ON_SITE = "ON_SITE"
    DOCUMENTARY = "DOCUMENTARY"
    AGENCY_FINDING = "AGENCY_FINDING"
    TESTING = "TESTING"
    ONLINE_MONITORING = "ONLINE_MONITORING"
    ENTRUSTED = "ENTRUSTED"

    @property
    def zh(self) -> str:
        return _METHOD_ZH[self]


_METHOD_ZH = {
    Method.ON_SITE: "实地检查",
    Method.DOCUMENTARY: "书面检查",
    Method.AGENCY_FINDING: "行政部门检查结果或专业意见",
    Method.TESTING: "检验检测",
    Method.ONLINE_MONITORING: "网络监测",
    Method.ENTRUSTED: "委托专业机构",
}


class LeadKind(StrEnum):
    """What justifies visiting a whitelisted object (TJ 3)."""

    COMPLAINT = "COMPLAINT"
    REPORT = "REPORT"
    ASSIGNED_CASE = "ASSIGNED_CASE"
    RISK_MONITORING = "RISK_MONITORING"
    STATUTE = "STATUTE"

    @property
    def zh(self) -> str:
        return _LEAD_ZH[self]


_LEAD_ZH = {
    LeadKind.COMPLAINT: "投诉",
    LeadKind.REPORT: "举报",
    LeadKind.ASSIGNED_CASE: "转办交办",
    LeadKind.RISK_MONITORING: "风险监测",
    LeadKind.STATUTE: "法律法规规定",
}


@dataclass(frozen=True)
class Attachment:
    """A file that was uploaded before, named by what is in it."""

    sha256: str
    name: str = ""
    content_type: str = ""
    size: int = 0


@dataclass(frozen=True)
class HistoryEntry:
    """What was done to a task or an inspection, and by whom."""

    at: datetime
    by: str
    action: str
    reason: str = ""
    detail: str = ""


class NotNow(FailedPrecondition):
    """The state does not allow it; the metadata names the state and what it does allow."""

    def __init__(self, what: str, state: StrEnum, verb: str, possible: tuple[str, ...]) -> None:
        zh = "、".join(possible) or "无"
        en = ", ".join(possible) or "nothing"
        super().__init__(
            f"{what} 当前状态为 {state}，不能执行 {verb}；现在可以：{zh}",
            f"the {what} is {state} and cannot {verb}; possible now: {en}",
            state=state,
            verb=verb,
            possible=",".join(possible),
        )


class Premature(Exception):
    """A fact speaks of something that has not arrived yet; it is to be delivered again later."""


def check_attachments(field: str, attachments: tuple[Attachment, ...]) -> None:
    """Refuse a file that is not named by a SHA-256."""
    for index, attachment in enumerate(attachments):
        if not re.fullmatch(r"[0-9a-f]{64}", attachment.sha256):
            path = f"{field}[{index}].sha256"
            raise malformed(
                path, "SHA256", f"{path} 应为已上传文件的 SHA-256（64 位小写十六进制）", f"{path} is no SHA-256"
            )


def check_regions(field: str, regions: tuple[str, ...]) -> None:
    """Refuse what is no region code."""
    for index, region in enumerate(regions):
        if not re.fullmatch(r"[0-9]{6}", region):
            path = f"{field}[{index}]"
            raise malformed(
                path, "REGION", f"{path}（{region}）应为 6 位行政区划代码", f"{path}: {region!r} is no region"
            )


def region_prefix(region: str) -> str:
    """What the codes of all regions within one begin with: `50` for 500000, `500103` for itself."""
    return re.sub(r"(00)+$", "", region) if len(region) == 6 else region


def lies_within(region: str, outer: str) -> bool:
    """Whether a region is another or lies within it."""
    return region.startswith(region_prefix(outer))


def check_period(starts_on: date, ends_on: date, field: str = "task.ends_on") -> None:
    """Refuse a period that ends before it begins."""
    if ends_on < starts_on:
        raise malformed(field, "PERIOD", "结束日期不能早于开始日期", f"{field} is before the first day")
