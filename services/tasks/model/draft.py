"""What a person enters to set up a task, and what its rules make of it (CQ 附件1 2.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from services.chassis.errors import InvalidArgument, Violation, malformed, required
from services.tasks.model.content import ContentMode, MatterChoice
from services.tasks.model.copies import Plan
from services.tasks.model.terms import (
    Attachment,
    Method,
    TaskKind,
    TaskNature,
    check_attachments,
    check_period,
    check_regions,
)


class TestTerm(StrEnum):
    """How long a test task lives (CQ 备注2)."""

    __test__ = False  # pytest must not take it for a test

    HOURS_24 = "HOURS_24"
    HOURS_48 = "HOURS_48"
    DAYS_7 = "DAYS_7"

    @property
    def hours(self) -> int:
        return {TestTerm.HOURS_24: 24, TestTerm.HOURS_48: 48, TestTerm.DAYS_7: 168}[self]


class TaskOrigin(StrEnum):
    """计划任务, 临时任务, and what the matching of a joint window made."""

    PLAN = "PLAN"
    TEMPORARY = "TEMPORARY"
    MATCHED = "MATCHED"


class TaskType(StrEnum):
    """本机构, 跨机构."""

    OWN_AGENCY = "OWN_AGENCY"
    CROSS_AGENCY = "CROSS_AGENCY"


class Selection(StrEnum):
    """How objects are chosen."""

    MANUAL = "MANUAL"
    RANDOM = "RANDOM"


class Staffing(StrEnum):
    """How inspectors are chosen."""

    ASSIGNED = "ASSIGNED"
    RANDOM = "RANDOM"


class Fixity(StrEnum):
    """May objects be added after dispatch."""

    SUPPLEMENTABLE = "SUPPLEMENTABLE"
    FIXED = "FIXED"


@dataclass(frozen=True)
class PartnerInvitation:
    """Whom to invite, and what for."""

    authority_id: str = ""
    matter_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class TaskDraft:
    """What a person enters; empty fields are read from the plan where there is one."""

    kind: TaskKind
    method: Method
    name: str = ""
    year: int = 0
    nature: TaskNature = TaskNature.FORMAL
    test_term: TestTerm | None = None
    origin: TaskOrigin | None = None
    plan_id: str = ""
    type: TaskType | None = None
    authority_id: str = ""
    lead_domain: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    object_requirements: str = ""
    work_requirements: str = ""
    description: str = ""
    on_site_reason: str = ""
    content_mode: ContentMode = ContentMode.BY_FORM
    matters: tuple[MatterChoice, ...] = ()
    partners: tuple[PartnerInvitation, ...] = ()
    invitation_deadline: date | None = None
    fixity: Fixity = Fixity.FIXED
    selection: Selection | None = None
    staffing: Staffing | None = None
    attachments: tuple[Attachment, ...] = ()
    assistance_order: Attachment | None = None
    assistance_regions: tuple[str, ...] = ()
    survey: bool = False

    def filled(self, plan: Plan | None, claimed: frozenset[str]) -> TaskDraft:
        """With what the plan says where nothing was entered, and with what one choice implies for another.

        Args:
            claimed: matters of the plan that the authority has claimed.
        """
        drawn = self.kind is TaskKind.RANDOM
        filled = replace(
            self,
            type=self.type or (TaskType.CROSS_AGENCY if self.partners else TaskType.OWN_AGENCY),
            origin=self.origin or (TaskOrigin.PLAN if self.plan_id else TaskOrigin.TEMPORARY),
            selection=self.selection or (Selection.RANDOM if drawn else Selection.MANUAL),
            staffing=self.staffing or (Staffing.RANDOM if drawn else Staffing.ASSIGNED),
        )
        return _read_from_plan(filled, plan, claimed) if plan else _with_year(filled)

    @property
    def period(self) -> tuple[date, date]:
        """First and last day, once the draft is checked."""
        assert self.starts_on is not None
        assert self.ends_on is not None
        return self.starts_on, self.ends_on

    @property
    def _draws(self) -> bool:
        return self.selection is Selection.RANDOM or self.staffing is Staffing.RANDOM

    def check(self, plan: Plan | None, lead_id: str) -> None:
        """Refuse what is missing or does not fit together.

        Raises:
            InvalidArgument: names each field.
        """
        violations = [
            required(f"task.{field}")
            for field in ("name", "starts_on", "ends_on", "matters")
            if not getattr(self, field)
        ]
        violations += self._contradictions(plan)
        if violations:
            raise InvalidArgument(*violations)
        check_period(*self.period)
        check_attachments("task.attachments", self.attachments)
        if self.assistance_order:
            check_attachments("task.assistance_order", (self.assistance_order,))
        check_regions("task.assistance_regions", self.assistance_regions)
        if plan:
            self._check_plan(plan)
        self._check_partners(lead_id)

    def _contradictions(self, plan: Plan | None) -> list[Violation]:
        is_test, crosses = self.nature is TaskNature.TEST, self.type is TaskType.CROSS_AGENCY
        is_planned, is_matched = self.origin is TaskOrigin.PLAN, self.origin is TaskOrigin.MATCHED
        draws_both = self.selection is Selection.RANDOM and self.staffing is Staffing.RANDOM
        holds = {
            _ASSISTANCE: self.assistance_order is not None or not self.assistance_regions,
            _TEST_TERM: is_test == (self.test_term is not None),
            _ORIGIN: is_planned == (plan is not None) and not is_matched,
            _DOUBLE_RANDOM: self.kind is not TaskKind.RANDOM or draws_both,
            _SURVEY: not self.survey or (self.kind is TaskKind.SPECIAL and not self._draws),
            _PARTNERS: crosses == bool(self.partners),
            _DEADLINE: crosses == (self.invitation_deadline is not None),
        }
        return [violation for violation, is_met in holds.items() if not is_met]

    def _check_plan(self, plan: Plan) -> None:
        starts_on, ends_on = self.period
        if starts_on < plan.starts_on or ends_on > plan.ends_on:
            zh = f"任务期限须在计划期限内（{plan.starts_on} 至 {plan.ends_on}）"
            en = f"the task must lie within the plan's period, {plan.starts_on} to {plan.ends_on}"
            raise malformed("task.ends_on", "PLAN_PERIOD", zh, en)
        if plan.methods and self.method not in plan.methods:
            zh = f"计划的检查方式为 {'、'.join(method.zh for method in plan.methods)}"
            raise malformed("task.method", "PLAN_METHOD", zh, f"the plan's methods are {', '.join(plan.methods)}")
        for index, choice in enumerate(self.matters):
            if choice.matter_id not in plan.matter_ids:
                field = f"task.matters[{index}].matter_id"
                zh = f"{field}（{choice.matter_id}）不在计划 {plan.number} 的检查事项内"
                raise malformed(field, "PLAN_MATTER", zh, f"{field}: {choice.matter_id!r} is no matter of the plan")

    def _check_partners(self, lead_id: str) -> None:
        invited = [partner.authority_id for partner in self.partners]
        for index, id in enumerate(invited):
            field = f"task.partners[{index}].authority_id"
            if id == lead_id or id in invited[:index]:
                zh = f"{field}（{id}）重复，或为牵头机构自身"
                raise malformed(field, "DUPLICATE", zh, f"{field}: {id!r} is the lead itself or named twice")

    def check_deadline(self, today: date) -> None:
        """Refuse invitations that are over before they go out."""
        if self.invitation_deadline and self.invitation_deadline < today:
            zh = "邀约截止日期不能早于今天"
            raise malformed("task.invitation_deadline", "PAST", zh, "task.invitation_deadline is in the past")


def _read_from_plan(draft: TaskDraft, plan: Plan, claimed: frozenset[str]) -> TaskDraft:
    of_plan = tuple(MatterChoice(matter_id) for matter_id in plan.matter_ids if matter_id in claimed)
    return replace(
        draft,
        name=draft.name or plan.name,
        year=draft.year or plan.year,
        lead_domain=draft.lead_domain or plan.lead_domain,
        starts_on=draft.starts_on or plan.starts_on,
        ends_on=draft.ends_on or plan.ends_on,
        work_requirements=draft.work_requirements or plan.requirements,
        matters=draft.matters or of_plan,
    )


def _with_year(draft: TaskDraft) -> TaskDraft:
    return draft if draft.year or draft.starts_on is None else replace(draft, year=draft.starts_on.year)


def _violation(field: str, rule: str, zh: str, en: str) -> Violation:
    return Violation(f"task.{field}", rule, f"task.{field}：{zh}", f"task.{field}: {en}")


_TEST_TERM = _violation(
    "test_term",
    "TEST_TERM",
    "测试任务须选择 24 小时、48 小时或 7 天自动清除，正式任务不可选择",
    "a TEST task needs a test_term, a FORMAL one has none",
)
_ORIGIN = _violation(
    "origin",
    "ORIGIN",
    "计划任务须关联年度计划，临时任务不可关联；联合抽查任务由平台比对生成",
    "origin PLAN needs a plan_id, TEMPORARY has none, and MATCHED tasks are made by matching alone",
)
_DOUBLE_RANDOM = _violation(
    "selection",
    "DOUBLE_RANDOM",
    "双随机抽查的检查对象和检查人员均须随机抽取",
    "a RANDOM task draws both its objects and its inspectors",
)
_SURVEY = _violation(
    "survey",
    "SURVEY",
    "只有专项检查可为摸底类，且不随机抽取检查对象和检查人员",
    "only a SPECIAL task that draws neither objects nor inspectors can be a survey",
)
_PARTNERS = _violation(
    "partners",
    "PARTNERS",
    "跨机构任务须添加配合机构，本机构任务不可添加",
    "a CROSS_AGENCY task needs partners, an OWN_AGENCY task has none",
)
_ASSISTANCE = _violation(
    "assistance_order",
    "ASSISTANCE",
    "填写异地协助区划时须附异地协助文件",
    "assistance_regions need an assistance_order",
)
_DEADLINE = _violation(
    "invitation_deadline",
    "DEADLINE",
    "跨机构任务须设定邀约截止日期，本机构任务不可设定",
    "a CROSS_AGENCY task needs an invitation_deadline, an OWN_AGENCY task has none",
)
