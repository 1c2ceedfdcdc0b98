"""Lists as Excel files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from google.api.httpbody_pb2 import HttpBody
from sqlalchemy import Select
from sqlalchemy.orm import Session

from services.chassis.clock import SHANGHAI
from services.chassis.sheets import XLSX, found, workbook
from services.credit.model.delivery import DeliveryAction, DeliveryState
from services.credit.model.disclosure import DisclosureKind, DisclosureState
from services.credit.model.figures import CoverageFigures, RatingCoverage
from services.credit.model.known import FINDINGS
from services.credit.model.repair_parts import RepairChannel
from services.credit.model.repair_state import RepairState
from services.credit.model.whitelist import WhitelistState

Columns = Mapping[str, Callable[[Any], object]]

WORDS: dict[StrEnum, str] = {
    DisclosureKind.PLAN: "计划",
    DisclosureKind.TASK: "任务",
    DisclosureKind.DRAW: "抽取",
    DisclosureKind.RESULT: "检查结果",
    DisclosureState.DISCLOSED: "公示中",
    DisclosureState.WITHDRAWN: "已停止公示",
    DeliveryAction.SHARE: "共享",
    DeliveryAction.WITHDRAW: "停止共享",
    DeliveryState.PENDING: "待确认",
    DeliveryState.ACKNOWLEDGED: "已确认",
    DeliveryState.SUPERSEDED: "已被取代",
    WhitelistState.PROPOSED: "待审批",
    WhitelistState.ACTIVE: "生效",
    WhitelistState.DECLINED: "不予列入",
    WhitelistState.ENDED: "已移出",
    WhitelistState.EXPIRED: "已到期",
    RepairState.APPLIED: "已申请",
    RepairState.ACCEPTED: "已受理",
    RepairState.NOT_ACCEPTED: "不予受理",
    RepairState.SUPPLEMENT_REQUESTED: "待补充材料",
    RepairState.SUPPLEMENTED: "已补充材料",
    RepairState.GRANTED: "准予修复",
    RepairState.REFUSED: "不予修复",
    RepairState.VOID: "已失效",
    RepairChannel.ONLINE: "全市平台",
    RepairChannel.ONE_STOP: "信用修复一件事",
    RepairChannel.PAPER: "书面",
}

RATINGS: Columns = {
    "统一社会信用代码": lambda rating: rating.object_id,
    "公共信用评价": lambda rating: rating.public_rating,
    "公共信用评价有效期至": lambda rating: rating.public_valid_until,
    "公共信用评价来源": lambda rating: rating.public_source,
    "信用风险分类": lambda rating: rating.risk_class,
    "信用风险分类有效期至": lambda rating: rating.risk_valid_until,
    "信用风险分类来源": lambda rating: rating.risk_source,
    "行业信用评价": lambda rating: "；".join(f"{s.domain} {s.rating}（{s.score:g}）" for s in rating.industry),
    "更新时间": lambda rating: rating.changed_at,
}
GRADES = ("A", "B", "C", "D", "未评")
COVERAGE = [
    *("口径", "名称", "对象数", "有公共信用评价", "占比"),
    *(f"{kind} {grade}" for kind in ("公共信用评价", "信用风险分类", "行业信用评价") for grade in GRADES),
]
WHITELISTS: Columns = {
    "机构": lambda entry: entry.authority_id,
    "检查对象": lambda entry: entry.object_id,
    "对象名称": lambda entry: entry.object_name,
    "检查事项": lambda entry: entry.matter_id,
    "理由": lambda entry: entry.reason,
    "起始日期": lambda entry: entry.starts_on,
    "截止日期": lambda entry: entry.ends_on,
    "状态": lambda entry: entry.state,
    "提出人": lambda entry: entry.proposed_by,
    "审批人": lambda entry: entry.decided_by,
    "移出原因": lambda entry: entry.end_reason,
}
DISCLOSURES: Columns = {
    "类别": lambda disclosure: disclosure.kind,
    "文号": lambda disclosure: disclosure.number,
    "名称": lambda disclosure: disclosure.title,
    "机构": lambda disclosure: disclosure.authority_id,
    "检查对象": lambda disclosure: disclosure.object_id,
    "对象名称": lambda disclosure: disclosure.object_name,
    "领域": lambda disclosure: disclosure.domain,
    "日期": lambda disclosure: disclosure.happened_on,
    "检查结果": lambda disclosure: FINDINGS.get(disclosure.facts.get("finding", ""), ""),
    "影响信用": lambda disclosure: "是" if disclosure.adverse else "否",
    "版本": lambda disclosure: disclosure.revision,
    "状态": lambda disclosure: disclosure.state,
    "公示时间": lambda disclosure: disclosure.disclosed_at,
    "停止公示时间": lambda disclosure: disclosure.withdrawn_at,
    "停止公示原因": lambda disclosure: disclosure.withdrawal_reason,
}
DELIVERIES: Columns = {
    "渠道": lambda delivery: delivery.channel_name,
    "公示编号": lambda delivery: delivery.disclosure_id,
    "动作": lambda delivery: delivery.action,
    "版本": lambda delivery: delivery.revision,
    "状态": lambda delivery: delivery.state,
    "应完成日期": lambda delivery: delivery.due_on,
    "尝试次数": lambda delivery: delivery.attempts,
    "最近错误": lambda delivery: delivery.last_error,
    "确认时间": lambda delivery: delivery.acknowledged_at,
    "对方回执": lambda delivery: delivery.receipt,
}
REPAIRS: Columns = {
    "编号": lambda repair: repair.number,
    "检查对象": lambda repair: repair.object_id,
    "对象名称": lambda repair: repair.object_name,
    "修复机构": lambda repair: repair.authority_id,
    "申请方式": lambda repair: repair.channel,
    "状态": lambda repair: repair.state,
    "申请时间": lambda repair: repair.applied_at,
    "受理日期": lambda repair: repair.accepted_on,
    "办理期限": lambda repair: repair.due_on,
    "决定时间": lambda repair: repair.decided_at,
    "逾期决定": lambda repair: "是" if repair.late else "否",
    "理由": lambda repair: repair.reason,
}


def sheet(session: Session, shown: Select[Any], order: Sequence[Any], columns: Columns) -> HttpBody:
    """What a filter shows, as an Excel file.

    Raises:
        SheetTooLong: it shows too much.
    """
    rows = ([_cell(value(entity)) for value in columns.values()] for entity in found(session, shown, order))
    return HttpBody(content_type=XLSX, data=workbook("", list(columns), rows))


def coverage_sheet(coverage: RatingCoverage) -> HttpBody:
    """Coverage in total, by region and by domain, one line each."""
    named = [("全部", "", coverage.total)]
    named += [("区域", figures.region, figures) for figures in coverage.regions]
    named += [("领域", figures.domain, figures) for figures in coverage.domains]
    rows = ([kind, name, *_coverage_cells(figures)] for kind, name, figures in named)
    return HttpBody(content_type=XLSX, data=workbook("", COVERAGE, rows))


def _coverage_cells(figures: CoverageFigures) -> list[str | int]:
    spreads = (figures.public_ratings, figures.risk_classes, figures.industry_ratings)
    nothing: list[str | int] = [""] * len(GRADES)
    counts = [[*(each.count for each in spread)] or nothing for spread in spreads]
    return [figures.objects, figures.rated, f"{figures.share:.2%}", *(cell for spread in counts for cell in spread)]


def _cell(value: object) -> str | int:
    match value:
        case None:
            return ""
        case StrEnum():
            return WORDS.get(value, str(value))
        case datetime():
            return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
        case date():
            return value.isoformat()
        case int():
            return value
        case _:
            return str(value)
