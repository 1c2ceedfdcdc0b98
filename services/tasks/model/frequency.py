"""检查频次 (TJ 6): how often each authority inspects an object, counted in inspections and in objects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

DEFINITION = (
    "频次 = 检查数 ÷ 检查对象数，即统计期内每个被检查对象平均受检次数。"
    "检查数：正式任务中检查日期在统计期内且结果已公布的检查，测试任务不计入，联合检查按各参与机构分别计；"
    "检查对象数：上述检查涉及的不同检查对象，同一对象只计一次，没有对象编码的不计入。"
    "合计行的检查对象数为各机构合并去重后的对象数，因此不等于各行之和。"
)


@dataclass(frozen=True)
class FrequencyRow:
    """An authority, or all of them."""

    authority_id: str
    authority_name: str
    region: str
    inspections: int
    objects: int
    repeated: int
    most: int

    @property
    def per_object(self) -> float | None:
        """Inspections per object, to two places; None where none was inspected."""
        return round(self.inspections / self.objects, 2) if self.objects else None


@dataclass(frozen=True)
class Frequencies:
    """Of a period."""

    from_date: date
    to_date: date
    rows: tuple[FrequencyRow, ...]
    total: FrequencyRow
    definition: str = DEFINITION
