"""Taking officials from a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.chassis.errors import Violation
from services.chassis.identity import NotYours, Principal
from services.chassis.work import Work
from services.plans.model.authority import Authority
from services.plans.model.official import (
    Official,
    OfficialContent,
    OfficialExists,
    OfficialRole,
    OfficialVersion,
    subject_violations,
)
from services.plans.model.values import is_restated
from services.plans.use_cases.authority import authorities_named, no_such_authority
from services.plans.use_cases.importing import Cells, ImportReport, require_batch, twin
from services.plans.use_cases.official import begun, change_official, enter_official

HEADERS = {
    "subject": "账号",
    "name": "姓名",
    "authority_id": "统一社会信用代码",
    "roles": "角色",
    "post": "职务",
    "active_from": "任职起始日期",
    "active_until": "任职截止日期",
}
ROLES = {
    "计划制定人": OfficialRole.PLANNER,
    "审核人": OfficialRole.REVIEWER,
    "任务负责人": OfficialRole.TASK_MANAGER,
    "主要负责人": OfficialRole.AUTHORITY_HEAD,
    "信用修复经办人": OfficialRole.REPAIR_OFFICER,
} | {role.value: role for role in OfficialRole}


@dataclass(frozen=True)
class OfficialRow:
    """A row as the file has it."""

    line: int = 0
    subject: str = ""
    name: str = ""
    authority_id: str = ""
    roles: str = ""
    post: str = ""
    active_from: str = ""
    active_until: str = ""


def import_officials(work: Work, rows: Sequence[OfficialRow], *, by: Principal, day: date) -> ImportReport:
    """Register or change the officials of good rows; report the bad ones."""
    require_batch(rows)
    report = ImportReport(HEADERS)
    known = _registered(work, {row.subject.strip() for row in rows})
    authorities = authorities_named(work, {row.authority_id.strip() or by.authority for row in rows})
    taken: dict[str, int] = {}
    changed: list[Official] = []
    for row in rows:
        subject, authority_id, content, violations = _read(row, by)
        standing = known.get(subject)
        content = _dated(content, standing, day)
        violations += _placed(authority_id, standing, authorities, by)
        violations += [each for each in content.violations() if each.field not in _fields(violations)]
        if standing is not None and subject in taken and not is_restated(standing, content):
            violations.append(twin("subject", taken[subject]))
        if violations:
            report.reject(row, row.line, violations)
            continue
        taken.setdefault(subject, row.line)
        known[subject], is_news = _take(work, subject, authority_id, content, standing)
        report.took(is_news)
        if is_news:
            changed.append(known[subject])
    work.add(*map(OfficialVersion.of, changed))
    return report


def _registered(work: Work, subjects: set[str]) -> dict[str, Official]:
    return {each.subject: each for each in work.all(Official, subject=subjects, retired=False)} if subjects else {}


def _read(row: OfficialRow, by: Principal) -> tuple[str, str, OfficialContent, list[Violation]]:
    cells = Cells(row)
    content = OfficialContent(
        name=cells.text("name"),
        roles=cells.choices("roles", ROLES),
        post=cells.text("post"),
        active_from=cells.date("active_from"),
        active_until=cells.date("active_until"),
    )
    subject, authority_id = cells.text("subject"), cells.text("authority_id") or by.authority
    return subject, authority_id, content, [*cells.violations, *subject_violations(subject)]


def _dated(content: OfficialContent, standing: Official | None, day: date) -> OfficialContent:
    """A row without a first day keeps the one that stands."""
    if standing is not None and content.active_from is None:
        return replace(content, active_from=standing.active_from)
    return begun(content, day)


def _placed(
    authority_id: str, standing: Official | None, authorities: Mapping[str, Authority], by: Principal
) -> list[Violation]:
    """The row is about somebody of an authority that is there, the caller's to fill, and the account's own."""
    if "administrator" not in by.roles and authority_id != by.authority:
        refusal = NotYours("authority", authority_id)
        return [Violation("authority_id", refusal.reason, refusal.zh, refusal.en)]
    if authority_id not in authorities:
        return [no_such_authority(authority_id)]
    if standing is not None and standing.authority_id != authority_id:
        exists = OfficialExists(standing.subject, standing.authority_id)
        return [Violation("subject", exists.reason, exists.zh, exists.en)]
    return []


def _fields(violations: Sequence[Violation]) -> set[str]:
    return {violation.field for violation in violations}


def _take(
    work: Work, subject: str, authority_id: str, content: OfficialContent, standing: Official | None
) -> tuple[Official, bool]:
    if standing is None:
        return enter_official(work, subject, authority_id, content), True
    if is_restated(standing, content):
        return standing, False
    return change_official(work, standing, content), True
