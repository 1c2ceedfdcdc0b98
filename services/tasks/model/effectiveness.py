"""Effectiveness (TJ 19): five figures, each with what it is made of and a definition that is printed with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


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


@dataclass(eq=False, kw_only=True)
class Evaluation:
    """How an enterprise judged an authority's visit."""

    evaluation_id: str
    inspection_id: str
    authority_id: str
    score: int
    received_at: datetime


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
