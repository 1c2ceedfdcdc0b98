"""What the sheets of plans, their receipts and their history show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal

from services.chassis.clock import SHANGHAI
from services.chassis.sheets import Cell, Columns
from services.plans.model.plan import AnnualPlan, PlanStep
from services.plans.model.plan_content import RegionalRatio
from services.plans.model.receipt import Answer, Receipt
from services.plans.queries.columns import text, words_of
from services.plans.queries.receipt import Reception
from services.plans.use_cases import import_matters, import_plans

Received = tuple[AnnualPlan, Receipt]

ANSWER_WORDS = {Answer.PENDING: "待接收", Answer.RECEIVED: "已接收", Answer.UNABLE: "无法执行"}

_METHODS = words_of(import_matters.METHODS)
_LEVELS = words_of(import_matters.CONTENT_LEVELS)
_TYPES = words_of(import_plans.TYPES)
_SOURCES = words_of(import_plans.SOURCES)
_ACTIONS = {
    "CREATED": "创建",
    "EDITED": "修改",
    "SUBMITTED": "提交审核",
    "WITHDRAWN": "撤回审核",
    "APPROVED": "通过",
    "REJECTED": "拒绝",
    "DELETED": "删除",
    "TASKS_CHANGED": "任务变化",
}
_SPECIAL: dict[str, Callable[[AnnualPlan], Cell]] = {
    "year": lambda plan: plan.year,
    "content_level": lambda plan: _LEVELS[plan.content_level] if plan.content_level else "",
    "type": lambda plan: _TYPES[plan.type],
    "source": lambda plan: _SOURCES[plan.source],
    "methods": lambda plan: "、".join(_METHODS[method] for method in plan.methods),
    "object_count": lambda plan: plan.object_count or "",
    "regional_ratios": lambda plan: "、".join(map(_ratio, plan.regional_ratios)),
    "scope_authority_ids": lambda plan: text(plan.scope.authority_ids),
    "scope_regions": lambda plan: text(plan.scope.regions),
}


def plan_columns(receptions: Mapping[str, Reception]) -> Columns[AnnualPlan]:
    """The columns ImportPlans takes, then how each plan stands.

    Args:
        receptions: the answers to plans that were sent out, by plan.
    """

    def answers(plan: AnnualPlan) -> Cell:
        reception = receptions.get(plan.plan_id)
        return _reception(reception) if reception else "未下发"

    return {**_form(), **_STANDING, "接收状态": answers}


def received_columns() -> Columns[Received]:
    """Plans as those they were sent to see them: the form, how each stands, and the own answer."""

    def of_the_plan(cell: Callable[[AnnualPlan], Cell]) -> Callable[[Received], Cell]:
        return lambda pair: cell(pair[0])

    answers: Columns[Received] = {
        "接收状态": lambda pair: ANSWER_WORDS[pair[1].answer],
        "无法执行理由": lambda pair: pair[1].reason,
        "下发时间": lambda pair: text(pair[1].sent_at),
        "确认时间": lambda pair: text(pair[1].answered_at),
    }
    return {**{header: of_the_plan(cell) for header, cell in {**_form(), **_STANDING}.items()}, **answers}


def receipt_columns(names: Mapping[str, str]) -> Columns[Receipt]:
    """To whom a plan was sent, and what they answered."""
    return {
        "统一社会信用代码": lambda receipt: receipt.authority_id,
        "机构名称": lambda receipt: names.get(receipt.authority_id, ""),
        "接收状态": lambda receipt: ANSWER_WORDS[receipt.answer],
        "无法执行理由": lambda receipt: receipt.reason,
        "下发时间": lambda receipt: text(receipt.sent_at),
        "确认时间": lambda receipt: text(receipt.answered_at),
        "确认人": lambda receipt: receipt.answered_by,
    }


STEP_COLUMNS: Columns[PlanStep] = {
    "时间": lambda step: text(step.at),
    "操作": lambda step: _ACTIONS[step.action],
    "操作人": lambda step: step.by_name or step.by,
    "状态": lambda step: step.state.word,
    "说明": lambda step: step.note,
}

_STANDING: Columns[AnnualPlan] = {
    "状态": lambda plan: plan.state.word,
    "拒绝理由": lambda plan: plan.rejection_reason,
    "任务数": lambda plan: plan.task_count,
    "已完成任务数": lambda plan: plan.completed_task_count,
    "创建日期": lambda plan: _day(plan.created_at),
    "提交日期": lambda plan: _day(plan.submitted_at),
    "审核完成日期": lambda plan: _day(plan.reviewed_at),
}


def _form() -> Columns[AnnualPlan]:
    def cell(name: str) -> Callable[[AnnualPlan], Cell]:
        return _SPECIAL.get(name) or (lambda plan: text(getattr(plan, name)))

    return {header: cell(name) for name, header in import_plans.HEADERS.items()}


def _ratio(entry: RegionalRatio) -> str:
    percent = (Decimal(repr(entry.ratio)) * 100).normalize()
    return f"{entry.region}:{percent:f}%"


def _reception(reception: Reception) -> str:
    figures = zip(ANSWER_WORDS.values(), (reception.pending, reception.received, reception.unable), strict=True)
    return "、".join(f"{word} {count}" for word, count in figures)


def _day(at: datetime | None) -> str:
    return at.astimezone(SHANGHAI).date().isoformat() if at else ""
