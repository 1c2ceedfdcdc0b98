"""Effectiveness (TJ 19): five figures, each with what it is made of and a definition that is printed with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.tasks.model.inspection import Inspection
from services.tasks.model.part import Part, PartState
from services.tasks.model.terms import TaskKind, TaskNature


class Figure(StrEnum):
    """The five figures of TJ 19."""

    JOINT_RATE = "JOINT_RATE"
    OFF_SITE_RATE = "OFF_SITE_RATE"
    PROBLEM_RATE = "PROBLEM_RATE"
    SCAN_RATE = "SCAN_RATE"
    PRAISE_RATE = "PRAISE_RATE"

    @property
    def zh(self) -> str:
        return _NAMES[self]

    @property
    def definition(self) -> str:
        return _DEFINITIONS[self]


_NAMES = {
    Figure.JOINT_RATE: "跨部门联合检查率",
    Figure.OFF_SITE_RATE: "非现场检查率",
    Figure.PROBLEM_RATE: "检查问题发现率",
    Figure.SCAN_RATE: "现场检查扫码率",
    Figure.PRAISE_RATE: "企业好评率",
}
_BASE = "统计范围：正式任务中检查日期在统计期内且结果已公布的检查，测试任务不计入；联合检查按各参与机构分别计。"
_DEFINITIONS = {
    Figure.JOINT_RATE: f"分子：两个以上机构共同实施的检查数；分母：全部检查数。{_BASE}",
    Figure.OFF_SITE_RATE: f"分子：采用实地检查以外方式的检查数；分母：全部检查数。{_BASE}",
    Figure.PROBLEM_RATE: (
        "分子：检查结果为“发现问题经责令已改正”“发现问题待后续处理”“通过登记的住所无法联系”“不配合检查情节严重”的检查数；"
        f"分母：全部检查数。{_BASE}"
    ),
    Figure.SCAN_RATE: f"分子：完成两码互核的实地检查数；分母：全部实地检查数。{_BASE}",
    Figure.PRAISE_RATE: f"分子：评价为 4 分或 5 分的企业评价数；分母：对上述检查的全部企业评价数。{_BASE}",
}
PRAISE = 4
"""The least score that counts as praise, of 1 to 5."""
COUNTS = ("inspections", "joint", "off_site", "problems", "on_site", "scanned", "evaluations", "praises")
"""What the figures are made of."""


@dataclass(eq=False, kw_only=True)
class Evaluation:
    """How an enterprise judged an authority's visit."""

    evaluation_id: str
    inspection_id: str
    authority_id: str
    score: int
    received_at: datetime


@dataclass(eq=False, kw_only=True)
class DailyCount:
    """What an authority published of one day's visits in one domain and kind of task; kept up with every change."""

    day: date
    authority_id: str
    domain: str
    kind: TaskKind
    inspections: int = 0
    joint: int = 0
    off_site: int = 0
    problems: int = 0
    on_site: int = 0
    scanned: int = 0
    evaluations: int = 0
    praises: int = 0


KEYS = ("day", "authority_id", "domain", "kind")
Counted = dict[tuple[date, str, str, TaskKind], dict[str, int]]
"""By day, authority, domain and kind of task: what is counted, by the names in `COUNTS`."""


def count(inspection: Inspection, evaluations: Iterable[Evaluation]) -> Counted:
    """What an inspection adds to the figures: its published parts, unless it is of a TEST task."""
    if inspection.nature is TaskNature.TEST:
        return {}
    judged = list(evaluations)
    return {
        (part.inspected_on, part.authority_id, part.domain, inspection.kind): _count_part(inspection, part, judged)
        for part in inspection.parts
        if part.state is PartState.PUBLISHED and part.inspected_on is not None
    }


def _count_part(inspection: Inspection, part: Part, evaluations: list[Evaluation]) -> dict[str, int]:
    scores = [each.score for each in evaluations if each.authority_id == part.authority_id]
    return {
        "inspections": 1,
        "joint": int(inspection.is_joint),
        "off_site": int(not inspection.is_on_site),
        "problems": int(part.finding is not None and part.finding.is_problem),
        "on_site": int(inspection.is_on_site),
        "scanned": int(inspection.is_on_site and inspection.mutually_verified),
        "evaluations": len(scores),
        "praises": sum(score >= PRAISE for score in scores),
    }


def difference(before: Counted, after: Counted) -> list[dict[str, object]]:
    """What is to be added to the daily counts to lead from one to the other."""
    rows: list[dict[str, object]] = []
    for key in before.keys() | after.keys():
        was, becomes = before.get(key, {}), after.get(key, {})
        changes = {name: becomes.get(name, 0) - was.get(name, 0) for name in COUNTS}
        if any(changes.values()):
            rows.append(dict(zip(KEYS, key, strict=True)) | changes)
    return rows


class Dimension(StrEnum):
    """What figures are broken down by."""

    AUTHORITY = "AUTHORITY"
    REGION = "REGION"
    DOMAIN = "DOMAIN"
    KIND = "KIND"
    WEEK = "WEEK"
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"


PERIODS = frozenset({Dimension.WEEK, Dimension.MONTH, Dimension.QUARTER, Dimension.YEAR})


@dataclass(frozen=True)
class FigureValue:
    """A figure with what it was made of."""

    figure: Figure
    numerator: int
    denominator: int

    @property
    def name(self) -> str:
        return self.figure.zh

    @property
    def definition(self) -> str:
        return self.figure.definition

    @property
    def rate(self) -> float | None:
        """The quotient; None when there is nothing to count."""
        return self.numerator / self.denominator if self.denominator else None


def figures(counts: Mapping[str, int]) -> tuple[FigureValue, ...]:
    """The five figures made of what was counted."""
    of = {name: counts.get(name, 0) for name in COUNTS}
    return (
        FigureValue(Figure.JOINT_RATE, of["joint"], of["inspections"]),
        FigureValue(Figure.OFF_SITE_RATE, of["off_site"], of["inspections"]),
        FigureValue(Figure.PROBLEM_RATE, of["problems"], of["inspections"]),
        FigureValue(Figure.SCAN_RATE, of["scanned"], of["on_site"]),
        FigureValue(Figure.PRAISE_RATE, of["praises"], of["evaluations"]),
    )


@dataclass(frozen=True)
class EffectivenessRow:
    """The figures of one cell of a breakdown; what it is not broken down by is empty."""

    authority_id: str
    authority_name: str
    region: str
    domain: str
    kind: TaskKind | None
    period: str
    inspections: int
    figures: tuple[FigureValue, ...]


@dataclass(frozen=True)
class Breakdown:
    """Figures of a period, broken down: all rows or a page of them, all of them together, and how many there are."""

    from_date: date
    to_date: date
    rows: tuple[EffectivenessRow, ...]
    total: EffectivenessRow
    row_count: int
    next_page_token: str = ""


@dataclass(frozen=True)
class WeeklyRow:
    """A week of an authority in a domain, of a domain, or of all."""

    domain: str
    authority_id: str
    authority_name: str
    region: str
    inspections: int
    previous_inspections: int
    figures: tuple[FigureValue, ...]


@dataclass(frozen=True)
class WeeklyReport:
    """What was done in a week, by domain and authority (CQ 三)."""

    from_date: date
    to_date: date
    rows: tuple[WeeklyRow, ...]
    domains: tuple[WeeklyRow, ...]
    total: WeeklyRow


@dataclass(frozen=True)
class AuthorityEffectiveness:
    """The figures of an authority, or of all together."""

    authority_id: str
    authority_name: str
    region: str
    inspections: int
    figures: tuple[FigureValue, ...]


@dataclass(frozen=True)
class Effectiveness:
    """The figures of a period."""

    from_date: date
    to_date: date
    authorities: tuple[AuthorityEffectiveness, ...]

    @property
    def total(self) -> AuthorityEffectiveness:
        """All authorities together: sums of numerators and denominators."""
        sums = tuple(
            FigureValue(
                figure,
                sum(row.figures[index].numerator for row in self.authorities),
                sum(row.figures[index].denominator for row in self.authorities),
            )
            for index, figure in enumerate(Figure)
        )
        return AuthorityEffectiveness("", "合计", "", sum(row.inspections for row in self.authorities), sums)


@dataclass(frozen=True)
class CountedInspection:
    """One thing that a figure counts."""

    inspection_id: str
    authority_id: str
    task_number: str
    object_id: str
    object_name: str
    inspected_on: date
    method: str
    finding: str
    counted: bool
    score: int
