"""Lists as Excel files, under the heads of their import templates."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import xlsxwriter
from sqlalchemy import Select
from sqlalchemy.orm import Session

from services.chassis.clock import SHANGHAI
from services.chassis.errors import FailedPrecondition
from services.plans.model.authority import PAYMENT_WORDS, Authority
from services.plans.model.matter import CheckItem, Matter
from services.plans.model.plan import AnnualPlan
from services.plans.use_cases import import_authorities, import_matters

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
GREATEST_SHEET = 20_000

Cell = str | int | float


class SheetTooLong(FailedPrecondition):
    """More rows than a sheet is made of at once."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"筛选结果超过 {limit} 行，请缩小筛选范围后再导出",
            f"the filter shows more than {limit} rows; narrow it and export again",
            limit=limit,
        )


def sheet(
    session: Session, shown: Select[Any], order: Sequence[Any], columns: Mapping[str, Callable[[Any], Cell]]
) -> bytes:
    """What a filter shows, as an Excel file.

    Raises:
        SheetTooLong: it shows too much.
    """
    found = session.scalars(shown.order_by(*order).limit(GREATEST_SHEET + 1)).all()
    if len(found) > GREATEST_SHEET:
        raise SheetTooLong(GREATEST_SHEET)
    return _workbook(list(columns), ([cell(entity) for cell in columns.values()] for entity in found))


def authority_columns(*, with_payment: bool) -> dict[str, Callable[[Authority], Cell]]:
    """The columns ImportAuthorities takes, payment data only for those who may see them."""
    words = _words(import_authorities.LEVELS)

    def cell(name: str) -> Callable[[Authority], Cell]:
        if name == "level":
            return lambda authority: words[authority.level]
        return lambda authority: _text(getattr(authority, name, None) or getattr(authority.payment, name, None))

    shown = import_authorities.HEADERS.items()
    return {header: cell(name) for name, header in shown if with_payment or header not in PAYMENT_WORDS}


def matter_columns() -> dict[str, Callable[[Matter], Cell]]:
    """The columns ImportMatters takes."""
    words = _words(import_matters.METHODS) | _words(import_matters.CONTENT_LEVELS)
    special: dict[str, Callable[[Matter], Cell]] = {
        "methods": lambda matter: "、".join(words[method] for method in matter.methods),
        "random_eligible": lambda matter: "是" if matter.random_eligible else "否",
        "content_level": lambda matter: words[matter.content_level],
        "items": lambda matter: ";\n".join(map(_item, matter.items)),
    }

    def cell(name: str) -> Callable[[Matter], Cell]:
        return special.get(name) or (lambda matter: _text(getattr(matter, name)))

    return {header: cell(name) for name, header in import_matters.HEADERS.items()}


_SOURCES = {"SELF": "自行创建", "NATIONAL": "国家级", "PROVINCIAL": "省级", "CITY": "市级", "DISTRICT": "区县级"}

PLAN_COLUMNS: dict[str, Callable[[AnnualPlan], Cell]] = {
    "计划编号": lambda plan: plan.number,
    "计划年度": lambda plan: plan.year,
    "计划名称": lambda plan: plan.name,
    "监管事项": lambda plan: _text(plan.matter_ids),
    "配合领域监管事项": lambda plan: _text(plan.partner_matter_ids),
    "内容分级": lambda plan: _word(import_matters.CONTENT_LEVELS, plan.content_level),
    "计划类型": lambda plan: {"OWN_AGENCY": "本机构", "CROSS_AGENCY": "跨机构"}[plan.type],
    "牵头领域": lambda plan: plan.lead_domain,
    "联合领域": lambda plan: _text(plan.joint_domains),
    "计划来源": lambda plan: _SOURCES[plan.source],
    "检查方式": lambda plan: "、".join(_word(import_matters.METHODS, method) for method in plan.methods),
    "检查对象": lambda plan: plan.objects,
    "检查对象数": lambda plan: plan.object_count or "",
    "计划期限起": lambda plan: _text(plan.starts_on),
    "计划期限止": lambda plan: _text(plan.ends_on),
    "责任处室": lambda plan: plan.responsible_office,
    "文号": lambda plan: plan.document_reference,
    "状态": lambda plan: plan.state.word,
    "任务数": lambda plan: plan.task_count,
    "创建日期": lambda plan: _text(plan.created_at.astimezone(SHANGHAI).date() if plan.created_at else None),
}


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return "、".join(value)
    return value.isoformat() if isinstance(value, date) else str(value or "")


def _item(item: CheckItem) -> str:
    return f"{item.name}|{'、'.join(item.check_points)}|{item.standard}".rstrip("|")


def _words(choices: Mapping[str, Any]) -> dict[Any, str]:
    """The Chinese word of each choice: the first of its names."""
    words: dict[Any, str] = {}
    for word, value in choices.items():
        words.setdefault(value, word)
    return words


def _word(choices: Mapping[str, Any], value: object) -> str:
    return _words(choices).get(value, "")


def _workbook(headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    file = io.BytesIO()
    options = {"in_memory": True, "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        page = book.add_worksheet()
        page.freeze_panes(1, 0)
        page.write_row(0, 0, headers, book.add_format({"bold": True}))
        for index, row in enumerate(rows, start=1):
            page.write_row(index, 0, row)
    return file.getvalue()
