"""Which objects may be drawn at all (抽取范围)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from services.chassis.errors import InvalidArgument, Violation
from services.sampling.model.inspection_object import INDUSTRY, ObjectType
from services.sampling.model.region import CODE, covers

ANYWHERE = "000000"
"""What stands for all regions: an assistance order that names none allows all."""


@dataclass(frozen=True)
class DrawScope:
    """Objects that fit every list that is not empty.

    Args:
        types: none: institutions only.
        regions: each with all within it; none: the task's own.
        tags: an object must have at least one.
        industries: each with all within it (`H`, `H62`).
    """

    types: tuple[ObjectType, ...] = (ObjectType.INSTITUTION,)
    regions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()

    def within(self, region: str, allowed: tuple[str, ...] = ()) -> DrawScope:
        """The scope with its defaults filled in, for a task that draws in this region.

        Args:
            allowed: all regions it may draw in, those of an assistance order besides its own; none: just its own.

        Raises:
            InvalidArgument: a region lies outside of them (TJ 15), or something is no code.
        """
        violations = list(self._violations(allowed or (region,)))
        if violations:
            raise InvalidArgument(*violations)
        types = self.types or (ObjectType.INSTITUTION,)
        return DrawScope(types, self.regions or (region,), self.tags, self.industries)

    def _violations(self, allowed: tuple[str, ...]) -> Iterator[Violation]:
        for index, own in enumerate(self.regions):
            if not CODE.fullmatch(own):
                zh, en = f"区划“{own}”应为六位 GB/T 2260 代码", f"region {own!r} has not the six digits of GB/T 2260"
                yield Violation(f"scope.regions[{index}]", "REGION", zh, en)
            elif not any(each == ANYWHERE or covers(each, own) for each in allowed):
                where = "、".join(allowed)
                zh, en = (
                    f"区划 {own} 不在任务辖区 {where} 内，不得异地抽取",
                    f"region {own} lies outside of the task's {where}",
                )
                yield Violation(f"scope.regions[{index}]", "OUT_OF_REGION", zh, en)
        for index, industry in enumerate(self.industries):
            if not INDUSTRY.fullmatch(industry):
                zh, en = f"行业“{industry}”不是 GB/T 4754 代码", f"{industry!r} is no code of GB/T 4754"
                yield Violation(f"scope.industries[{index}]", "INDUSTRY", zh, en)
