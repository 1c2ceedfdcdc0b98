"""Taking annual plans from a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.chassis.clock import today
from services.chassis.errors import FailedPrecondition, Violation
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.plans.model import checks
from services.plans.model.plan import AnnualPlan
from services.plans.model.plan_content import PlanContent, PlanScope, PlanSource, PlanType, RegionalRatio
from services.plans.model.values import is_restated
from services.plans.use_cases.authority import planning_authority
from services.plans.use_cases.import_matters import CONTENT_LEVELS, METHODS
from services.plans.use_cases.importing import Cells, ImportReport, require_batch, twin
from services.plans.use_cases.plan import new_plan, number_plans, record_all, year_changed
from services.plans.use_cases.plan_surroundings import Surroundings

HEADERS = {
    "number": "计划编号",
    "year": "计划年度",
    "name": "计划名称",
    "matter_ids": "监管事项",
    "partner_matter_ids": "配合领域监管事项",
    "content_level": "内容分级",
    "type": "计划类型",
    "lead_domain": "牵头领域",
    "joint_domains": "联合领域",
    "source": "计划来源",
    "legal_basis": "监管依据",
    "task_nature": "任务性质",
    "objects": "检查对象",
    "methods": "检查方式",
    "draw_method": "抽查方式",
    "object_count": "检查对象数",
    "regional_ratios": "不同地区抽查比例",
    "credit_rule": "关联信用规则要求",
    "requirements": "检查要求",
    "inspecting_bodies": "检查主体",
    "responsible_office": "责任处室",
    "starts_on": "计划期限起",
    "ends_on": "计划期限止",
    "term_note": "期限说明",
    "scope_authority_ids": "下发机构",
    "scope_regions": "下发区划",
    "document_reference": "文号",
    "remarks": "说明",
}
TYPES = {"本机构": PlanType.OWN_AGENCY, "跨机构": PlanType.CROSS_AGENCY} | {kind.value: kind for kind in PlanType}
SOURCES = {
    "自行创建": PlanSource.SELF,
    "国家级": PlanSource.NATIONAL,
    "省级": PlanSource.PROVINCIAL,
    "市级": PlanSource.CITY,
    "区县级": PlanSource.DISTRICT,
} | {source.value: source for source in PlanSource}


@dataclass(frozen=True)
class PlanRow:
    """A row as the file has it."""

    line: int = 0
    number: str = ""
    year: str = ""
    name: str = ""
    content_level: str = ""
    lead_domain: str = ""
    type: str = ""
    joint_domains: str = ""
    legal_basis: str = ""
    task_nature: str = ""
    objects: str = ""
    methods: str = ""
    draw_method: str = ""
    object_count: str = ""
    regional_ratios: str = ""
    credit_rule: str = ""
    requirements: str = ""
    inspecting_bodies: str = ""
    responsible_office: str = ""
    starts_on: str = ""
    ends_on: str = ""
    term_note: str = ""
    scope_authority_ids: str = ""
    scope_regions: str = ""
    document_reference: str = ""
    remarks: str = ""
    matter_ids: str = ""
    partner_matter_ids: str = ""
    source: str = ""


@dataclass(frozen=True)
class _Reading:
    """A row as it is understood."""

    row: PlanRow
    number: str
    year: int
    content: PlanContent
    violations: Sequence[Violation]


def import_plans(work: Work, rows: Sequence[PlanRow], *, by: Principal, now: datetime) -> ImportReport:
    """Make drafts of good rows or change those that are there; report the bad rows.

    Raises:
        NotOnSubjectList: the caller's authority may plan nothing (TJ 14).
    """
    require_batch(rows)
    maker = planning_authority(work, by, today(now))
    readings = [_read(row) for row in rows]
    around = Surroundings.of(work, maker, (reading.content for reading in readings), today(now))
    own = _OwnPlans(work.all(AnnualPlan, authority_id=maker.authority_id, deleted_at=None))
    report, taken = ImportReport(HEADERS), dict[str, int]()
    made, edited = list[AnnualPlan](), list[AnnualPlan]()
    for reading in readings:
        standing = own.meant_by(reading)
        content = replace(reading.content, attachments=standing.attachments if standing else ())
        if standing is not None and standing.year == reading.year and is_restated(standing, content):
            report.took(False)
            continue
        violations = [*_violations(reading, content, around), *own.violations(reading)]
        if standing is not None:
            violations += _standing_violations(standing, reading.year, taken.get(standing.plan_id))
        if standing is not None and not violations:
            violations += _edited(standing, content, by)
        if violations:
            report.reject(reading.row, reading.row.line, violations)
            continue
        plan = standing or new_plan(work, content, reading.year, maker, by=by)
        (made if standing is None else edited).append(plan)
        own.add(plan)
        taken[plan.plan_id] = reading.row.line
        report.took(True)
    number_plans(work, maker, made)
    work.add(*made)
    record_all(work, [*((plan, "CREATED") for plan in made), *((plan, "EDITED") for plan in edited)], by=by, now=now)
    return report


class _OwnPlans:
    """The plans of the authority that a row may be about."""

    def __init__(self, plans: Iterable[AnnualPlan]) -> None:
        self._by_number: dict[str, AnnualPlan] = {}
        self._by_name: dict[tuple[int, str], dict[str, AnnualPlan]] = {}
        for plan in plans:
            self.add(plan)

    def add(self, plan: AnnualPlan) -> None:
        self._by_number[plan.number] = plan
        self._by_name.setdefault((plan.year, plan.name), {})[plan.plan_id] = plan

    def meant_by(self, reading: _Reading) -> AnnualPlan | None:
        """The plan of the row's number, or the only one of its year and name."""
        if reading.number:
            return self._by_number.get(reading.number)
        alike = self._alike(reading)
        return alike[0] if len(alike) == 1 else None

    def violations(self, reading: _Reading) -> Iterator[Violation]:
        """The row means a plan that is not there, or one of several."""
        if reading.number and reading.number not in self._by_number:
            zh = f"本机构没有编号为“{reading.number}”的计划；新计划请将计划编号留空，由系统生成"
            en = f"you have no plan {reading.number}; leave the number of a new plan empty"
            yield Violation("number", "UNKNOWN_NUMBER", zh, en)
        alike = [] if reading.number else self._alike(reading)
        if len(alike) > 1:
            numbers = "、".join(plan.number for plan in alike)
            zh = f"本机构该年度有多个同名计划（{numbers}），请填写计划编号"
            yield Violation("name", "AMBIGUOUS", zh, f"several plans have this name ({numbers}): give the number")

    def _alike(self, reading: _Reading) -> list[AnnualPlan]:
        name = reading.content.name
        return [plan for plan in self._by_name.get((reading.year, name), {}).values() if plan.name == name]


def _read(row: PlanRow) -> _Reading:
    cells = Cells(row)
    content = PlanContent(
        name=cells.text("name"),
        content_level=cells.choice("content_level", CONTENT_LEVELS),
        lead_domain=cells.text("lead_domain"),
        type=cells.choice("type", TYPES) or PlanType.OWN_AGENCY,
        joint_domains=cells.list("joint_domains"),
        legal_basis=cells.text("legal_basis"),
        task_nature=cells.text("task_nature"),
        objects=cells.text("objects"),
        methods=cells.choices("methods", METHODS),
        draw_method=cells.text("draw_method"),
        object_count=cells.whole("object_count") or 0,
        regional_ratios=_ratios(cells),
        credit_rule=cells.text("credit_rule"),
        requirements=cells.text("requirements"),
        inspecting_bodies=cells.text("inspecting_bodies"),
        responsible_office=cells.text("responsible_office"),
        starts_on=cells.date("starts_on"),
        ends_on=cells.date("ends_on"),
        term_note=cells.text("term_note"),
        scope=PlanScope(cells.list("scope_authority_ids"), cells.list("scope_regions")),
        document_reference=cells.text("document_reference"),
        remarks=cells.text("remarks"),
        matter_ids=cells.list("matter_ids"),
        partner_matter_ids=cells.list("partner_matter_ids"),
        source=cells.choice("source", SOURCES) or PlanSource.SELF,
    )
    return _Reading(row, cells.text("number"), cells.whole("year") or 0, content, cells.violations)


def _ratios(cells: Cells) -> tuple[RegionalRatio, ...]:
    """`500103:10%、500105:0.2`."""
    pairs = [cell.replace("：", ":").partition(":") for cell in cells.list("regional_ratios")]
    return tuple(RegionalRatio(region.strip(), cells.share("regional_ratios", share)) for region, _, share in pairs)


def _violations(reading: _Reading, content: PlanContent, around: Surroundings) -> Iterator[Violation]:
    yield from reading.violations
    unreadable = {violation.field for violation in reading.violations}
    for violation in (*checks.year("year", reading.year), *around.violations(content, reading.year)):
        if violation.field.partition("[")[0] not in unreadable:
            yield _of_the_row(violation)


def _of_the_row(violation: Violation) -> Violation:
    """A scope is two columns."""
    return replace(
        violation,
        field=violation.field.replace("scope.", "scope_"),
        zh=violation.zh.replace("scope.", "scope_"),
        en=violation.en.replace("scope.", "scope_"),
    )


def _standing_violations(standing: AnnualPlan, year: int, line: int | None) -> Iterator[Violation]:
    yield from year_changed(standing, year)
    if line is not None:
        yield twin("number", line)


def _edited(standing: AnnualPlan, content: PlanContent, by: Principal) -> Iterator[Violation]:
    """Change a plan that is in its planners' hands; another one keeps its content, and says why."""
    try:
        standing.edit(content, by=by.subject)
    except FailedPrecondition as refusal:
        yield Violation("number", refusal.reason, refusal.zh, str(refusal))
