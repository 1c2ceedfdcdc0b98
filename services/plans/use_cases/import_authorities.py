"""Taking authorities from a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.chassis.errors import Violation
from services.chassis.work import Work
from services.plans.events import AuthorityChanged
from services.plans.model.authority import (
    Authority,
    AuthorityContent,
    AuthorityLevel,
    AuthorityVersion,
    Payment,
    payment_violations,
)
from services.plans.model.values import is_restated
from services.plans.use_cases.authority import authorities_named, child_violations, code_violations
from services.plans.use_cases.importing import Cells, ImportReport, require_batch, twin

HEADERS = {
    "authority_id": "统一社会信用代码",
    "name": "机构名称",
    "short_name": "机构简称",
    "region": "区划",
    "level": "级别",
    "parent_id": "上级机构",
    "domains": "执法领域",
    "listed_from": "列入清单日期",
    "listed_until": "移出清单日期",
    "collecting_unit_code": "执收单位编码",
    "bank_account_name": "缴款银行户名",
    "bank_account_number": "缴款银行账号",
    "penalty_code": "罚没编码",
}
LEVELS = {"市级": AuthorityLevel.CITY, "区县级": AuthorityLevel.DISTRICT, "街道": AuthorityLevel.STREET} | {
    level.value: level for level in AuthorityLevel
}


@dataclass(frozen=True)
class AuthorityRow:
    """A row as the file has it."""

    line: int = 0
    authority_id: str = ""
    name: str = ""
    short_name: str = ""
    region: str = ""
    level: str = ""
    parent_id: str = ""
    domains: str = ""
    listed_from: str = ""
    listed_until: str = ""
    collecting_unit_code: str = ""
    bank_account_name: str = ""
    bank_account_number: str = ""
    penalty_code: str = ""


def import_authorities(work: Work, rows: Sequence[AuthorityRow]) -> ImportReport:
    """Take the good rows, parents before those below them; report the bad ones."""
    require_batch(rows)
    report = ImportReport(HEADERS)
    known = authorities_named(
        work, {row.authority_id.strip() for row in rows} | {row.parent_id.strip() for row in rows}
    )
    namesakes = work.all(Authority, short_name={row.short_name.strip() for row in rows})
    taken: dict[str, int] = {}
    changed: list[Authority] = []
    for row in sorted(rows, key=_height):
        id, content, payment, violations = _read(row)
        standing = known.get(id)
        violations += content.parent_violations(known.get(content.parent_id))
        violations += content.short_name_violations(namesakes, id)
        if standing is not None and standing.level is not content.level:
            violations += child_violations(content, work.all(Authority, parent_id=id))
        if id in taken and standing is not None and not _is_as(standing, content, payment):
            violations.append(twin("authority_id", taken[id]))
        if violations:
            report.reject(row, row.line, violations)
            continue
        taken.setdefault(id, row.line)
        known[id], is_news = _take(work, id, standing, content, payment)
        report.took(is_news)
        if is_news:
            changed.append(known[id])
            namesakes.append(known[id])
    work.add(*map(AuthorityVersion.of, changed))
    return report


def _height(row: AuthorityRow) -> int:
    level = LEVELS.get(row.level.strip())
    return level.rank if level else len(AuthorityLevel)


def _read(row: AuthorityRow) -> tuple[str, AuthorityContent, Payment, list[Violation]]:
    cells = Cells(row)
    content = AuthorityContent(
        name=cells.text("name"),
        short_name=cells.text("short_name"),
        region=cells.text("region"),
        level=cells.choice("level", LEVELS),
        parent_id=cells.text("parent_id"),
        domains=cells.list("domains"),
        listed_from=cells.date("listed_from"),
        listed_until=cells.date("listed_until"),
    )
    payment = Payment(
        cells.text("collecting_unit_code"),
        cells.text("bank_account_name"),
        cells.text("bank_account_number"),
        cells.text("penalty_code"),
    )
    id = cells.text("authority_id")
    unreadable = {violation.field for violation in cells.violations}
    found = [*code_violations(id), *content.violations(), *payment_violations(payment)]
    return id, content, payment, cells.violations + [each for each in found if each.field not in unreadable]


def _take(
    work: Work, id: str, standing: Authority | None, content: AuthorityContent, payment: Payment
) -> tuple[Authority, bool]:
    if standing is None:
        standing = Authority(authority_id=id, **vars(content), payment=payment, version=1)
        work.add(standing)
    elif _is_as(standing, content, payment):
        return standing, False
    else:
        standing.change(content)
        standing.complete(payment)
    work.emit(AuthorityChanged.of(standing))
    return standing, True


def _is_as(standing: Authority, content: AuthorityContent, payment: Payment) -> bool:
    return is_restated(standing, content) and standing.completed(payment) == standing.payment
