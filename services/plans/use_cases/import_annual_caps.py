"""Taking yearly limits from a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.chassis.errors import Violation
from services.chassis.work import Work
from services.plans.model.annual_cap import AnnualCap, AnnualCapVersion
from services.plans.model.authority import Authority
from services.plans.model.matter import Matter
from services.plans.use_cases.annual_cap import announced, enter_annual_cap, unknown_violations
from services.plans.use_cases.authority import authorities_named
from services.plans.use_cases.importing import Cells, ImportReport, require_batch, twin
from services.plans.use_cases.matter import matters_named

HEADERS = {
    "authority_id": "统一社会信用代码",
    "region": "区划",
    "year": "年度",
    "matter_id": "事项编码",
    "visits": "年度频次上限",
}

Key = tuple[str, str, int, str]


@dataclass(frozen=True)
class AnnualCapRow:
    """A row as the file has it."""

    line: int = 0
    authority_id: str = ""
    region: str = ""
    year: str = ""
    matter_id: str = ""
    visits: str = ""


def import_annual_caps(work: Work, rows: Sequence[AnnualCapRow]) -> ImportReport:
    """Set or change the limits of good rows; report the bad ones."""
    require_batch(rows)
    report = ImportReport(HEADERS)
    read = [(row, *_read(row)) for row in rows]
    authorities = authorities_named(work, {cap.authority_id for _, cap, _ in read if cap.authority_id})
    matters = matters_named(work, {cap.matter_id for _, cap, _ in read if cap.matter_id})
    known = {_key(cap): cap for cap in work.all(AnnualCap, year={cap.year for _, cap, _ in read})}
    taken: dict[Key, int] = {}
    changed: list[AnnualCap] = []
    for row, cap, unreadable in read:
        standing = known.get(_key(cap))
        violations = [*unreadable, *_violations(cap, standing, authorities, matters, taken.get(_key(cap)), unreadable)]
        if violations:
            report.reject(row, row.line, violations)
            continue
        taken.setdefault(_key(cap), row.line)
        known[_key(cap)], is_news = _take(work, cap, standing)
        report.took(is_news)
        if is_news:
            changed.append(known[_key(cap)])
    work.add(*map(AnnualCapVersion.of, changed))
    return report


def _read(row: AnnualCapRow) -> tuple[AnnualCap, list[Violation]]:
    cells = Cells(row)
    cap = AnnualCap(
        authority_id=cells.text("authority_id"),
        region=cells.text("region"),
        year=cells.whole("year") or 0,
        matter_id=cells.text("matter_id"),
        visits=cells.whole("visits"),
    )
    return cap, cells.violations


def _violations(
    cap: AnnualCap,
    standing: AnnualCap | None,
    authorities: Mapping[str, Authority],
    matters: Mapping[str, Matter],
    line: int | None,
    unreadable: Sequence[Violation],
) -> Iterator[Violation]:
    passed_over = {violation.field for violation in unreadable}
    for violation in (*cap.violations(), *unknown_violations(cap, authorities, matters)):
        if violation.field not in passed_over:
            yield violation
    if line is not None and standing is not None and standing.visits != cap.visits:
        yield twin("visits", line)


def _take(work: Work, cap: AnnualCap, standing: AnnualCap | None) -> tuple[AnnualCap, bool]:
    if standing is None:
        return enter_annual_cap(work, cap), True
    if standing.lifted:
        standing.set_again(cap.visits or 0)
        return announced(work, standing), True
    if standing.visits == cap.visits:
        return standing, False
    standing.allow(cap.visits or 0)
    return announced(work, standing), True


def _key(cap: AnnualCap) -> Key:
    return cap.authority_id, cap.region, cap.year, cap.matter_id
