"""Taking matters from a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.chassis.errors import Violation
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.plans.model.matter import CheckItem, Matter, MatterContent, code_violations
from services.plans.model.values import ContentLevel, Method, is_restated
from services.plans.use_cases.importing import Cells, ImportReport, require_batch, split, split_lines, twin
from services.plans.use_cases.matter import enter_matter, keep_version, matters_named

HEADERS = {
    "matter_id": "事项编码",
    "name": "事项名称",
    "domain": "领域",
    "legal_basis": "法律依据",
    "methods": "检查方式",
    "random_eligible": "是否可随机抽查",
    "ratio": "抽查比例",
    "frequency": "抽查频次",
    "materials": "检查材料",
    "qualification": "人员资质",
    "content_level": "内容分级",
    "items": "检查项",
}
METHODS = {
    "实地检查": Method.ON_SITE,
    "书面检查": Method.DOCUMENTARY,
    "行政部门检查结果或专业意见": Method.AGENCY_FINDING,
    "检验检测": Method.TESTING,
    "网络监测": Method.ONLINE_MONITORING,
    "委托专业机构": Method.ENTRUSTED,
} | {method.value: method for method in Method}
CONTENT_LEVELS = {"一般": ContentLevel.GENERAL, "重点": ContentLevel.KEY} | {
    level.value: level for level in ContentLevel
}


@dataclass(frozen=True)
class MatterRow:
    """A row as the file has it."""

    line: int = 0
    matter_id: str = ""
    name: str = ""
    domain: str = ""
    legal_basis: str = ""
    methods: str = ""
    random_eligible: str = ""
    ratio: str = ""
    frequency: str = ""
    materials: str = ""
    qualification: str = ""
    content_level: str = ""
    items: str = ""


def import_matters(work: Work, rows: Sequence[MatterRow], *, by: Principal, now: datetime) -> ImportReport:
    """Take the good rows; report the bad ones."""
    require_batch(rows)
    report = ImportReport(HEADERS)
    known = matters_named(work, {row.matter_id.strip() for row in rows})
    taken: dict[str, int] = {}
    for row in rows:
        id, content, violations = _read(row)
        standing = known.get(id)
        if standing is not None:
            violations += _standing_violations(standing, content, taken.get(id))
        if violations:
            report.reject(row, row.line, violations)
            continue
        taken.setdefault(id, row.line)
        if standing is not None and is_restated(standing, content.with_item_ids()):
            report.took(False)
            continue
        known[id] = _take(work, id, standing, content, by=by, now=now)
        report.took(True)
    return report


def _read(row: MatterRow) -> tuple[str, MatterContent, list[Violation]]:
    cells = Cells(row)
    content = MatterContent(
        name=cells.text("name"),
        domain=cells.text("domain"),
        legal_basis=cells.text("legal_basis"),
        methods=cells.choices("methods", METHODS),
        random_eligible=cells.flag("random_eligible"),
        ratio=cells.text("ratio"),
        frequency=cells.text("frequency"),
        materials=cells.list("materials"),
        qualification=cells.text("qualification"),
        content_level=cells.choice("content_level", CONTENT_LEVELS) or ContentLevel.GENERAL,
        items=tuple(map(_item, split_lines(cells.text("items")))),
    )
    id = cells.text("matter_id")
    unreadable = {violation.field for violation in cells.violations}
    found = [*code_violations(id), *content.violations()]
    return id, content, cells.violations + [each for each in found if each.field not in unreadable]


def _item(cell: str) -> CheckItem:
    """`检查项|检查要点、检查要点|标准`."""
    name, _, rest = cell.partition("|")
    points, _, standard = rest.partition("|")
    return CheckItem(name=name.strip(), check_points=split(points), standard=standard.strip())


def _standing_violations(standing: Matter, content: MatterContent, line: int | None) -> list[Violation]:
    if standing.retired:
        return [Violation("matter_id", "MATTER_RETIRED", "该事项已移出清单", "the matter was taken off the list")]
    if line is not None and not is_restated(standing, content.with_item_ids()):
        return [twin("matter_id", line)]
    return []


def _take(
    work: Work, id: str, standing: Matter | None, content: MatterContent, *, by: Principal, now: datetime
) -> Matter:
    if standing is None:
        return enter_matter(work, id, content, by=by, now=now)
    standing.change(content)
    return keep_version(work, standing, by=by, now=now)
