"""Taking trades of the joint list from a file with a row for each matter; rows of one trade stand or fall together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.chassis.errors import Violation
from services.chassis.identity import NotYours, Principal
from services.chassis.work import Work
from services.plans.model.authority import Authority
from services.plans.model.joint_list import JointList, JointListContent, JointListRetired, JointMember, TradeListed
from services.plans.model.matter import Matter
from services.plans.model.values import is_restated
from services.plans.use_cases.authority import authorities_named
from services.plans.use_cases.importing import Cells, Group, ImportReport, grouped, require_batch
from services.plans.use_cases.joint_list import enter_joint_list, keep_version
from services.plans.use_cases.matter import matters_named

HEADERS = {
    "joint_list_id": "条目编号",
    "trade": "行业",
    "role": "角色",
    "authority_id": "统一社会信用代码",
    "matter_id": "事项编码",
}
IS_LEAD = {"牵头": True, "配合": False, "LEAD": True, "PARTNER": False}

_MEMBER = re.compile(r"members\[([0-9]+)\](?:\.matter_ids\[([0-9]+)\])?.*")
_COLUMNS = {"members": "authority_id", "lead_id": "role"}


@dataclass(frozen=True)
class JointListRow:
    """A row as the file has it: a matter of an authority in a trade."""

    line: int = 0
    joint_list_id: str = ""
    trade: str = ""
    role: str = ""
    authority_id: str = ""
    matter_id: str = ""


def import_joint_lists(work: Work, rows: Sequence[JointListRow], *, by: Principal, day: date) -> ImportReport:
    """Enter or change the trades of good rows; report the trades that have a bad one."""
    require_batch(rows)
    report = ImportReport(HEADERS)
    known = _Known.of(work, rows, by, day)
    for group in grouped(rows, lambda row: row.joint_list_id.strip() or ("trade", row.trade.strip())):
        content = _content_of(group)
        standing = known.meant_by(group.rows[0], content)
        known.judge(group, standing, content)
        if group.violations:
            report.reject_group(group)
        elif standing is not None and is_restated(standing, content):
            report.took_group(group, False)
        else:
            known.add(keep_version(work, _take(work, standing, content)))
            report.took_group(group, True)
    return report


def _content_of(group: Group[JointListRow]) -> JointListContent:
    """What the rows say; a role that cannot be read is noted with its row."""
    matter_ids: dict[str, list[str]] = {}
    leads: dict[str, int] = {}
    for index, row in enumerate(group.rows):
        cells = Cells(row)
        authority_id = cells.text("authority_id")
        matter_ids.setdefault(authority_id, []).append(cells.text("matter_id"))
        if cells.choice("role", IS_LEAD):
            leads.setdefault(authority_id, index)
        for violation in cells.violations:
            group.refuse(index, violation)
    for index in list(leads.values())[1:]:
        group.refuse(index, _second_lead(group.rows[next(iter(leads.values()))].line))
    members = tuple(JointMember(id, tuple(ids)) for id, ids in matter_ids.items())
    return JointListContent(trade=group.rows[0].trade.strip(), lead_id=next(iter(leads), ""), members=members)


class _Known:
    """The trades, matters and authorities that rows are read against; gathered once for all of them."""

    def __init__(
        self, by: Principal, day: date, authorities: Mapping[str, Authority], matters: Mapping[str, Matter]
    ) -> None:
        self._by = by
        self._day = day
        self._authorities = authorities
        self._matters = matters
        self._entries: dict[str, JointList] = {}

    @classmethod
    def of(cls, work: Work, rows: Sequence[JointListRow], by: Principal, day: date) -> _Known:
        authorities = authorities_named(work, {row.authority_id.strip() for row in rows})
        known = cls(by, day, authorities, matters_named(work, {row.matter_id.strip() for row in rows}))
        numbers, trades = {row.joint_list_id.strip() for row in rows}, {row.trade.strip() for row in rows}
        for entry in (*work.all(JointList, joint_list_id=numbers), *work.all(JointList, trade=trades, retired=False)):
            known.add(entry)
        return known

    def add(self, entry: JointList) -> None:
        self._entries[entry.joint_list_id] = entry

    def meant_by(self, row: JointListRow, content: JointListContent) -> JointList | None:
        """The entry of the row's number, else the one of this lead and trade."""
        number = row.joint_list_id.strip()
        return self._entries.get(number) if number else self._listed(content)

    def judge(self, group: Group[JointListRow], standing: JointList | None, content: JointListContent) -> None:
        """Note what is wrong with each row of a trade."""
        for violation in (*self._lead_violations(content, standing), *self._entry_violations(group, standing, content)):
            group.refuse(0, violation)
        for violation in content.violations(self._authorities, self._matters, self._day):
            place = _MEMBER.fullmatch(violation.field)
            column = "matter_id" if "matter_ids" in violation.field else "authority_id"
            if place:
                group.refuse(_row_of(group, content, int(place[1]), int(place[2] or 0)), violation, column)
            else:
                group.refuse(0, violation, _COLUMNS.get(violation.field, ""))
        for index, row in enumerate(group.rows):
            if row.trade.strip() != content.trade:
                group.refuse(index, _differs(group.rows[0].line))

    def _lead_violations(self, content: JointListContent, standing: JointList | None) -> Iterator[Violation]:
        """An administrator enters all trades, anybody else those that the own authority leads, before and after."""
        leads = {content.lead_id, standing.lead_id if standing else ""} - {""}
        for lead_id in sorted(leads - {self._by.authority}) if "administrator" not in self._by.roles else ():
            refusal = NotYours("authority", lead_id)
            yield Violation("authority_id", refusal.reason, refusal.zh, refusal.en)

    def _entry_violations(
        self, group: Group[JointListRow], standing: JointList | None, content: JointListContent
    ) -> Iterator[Violation]:
        number, other = group.rows[0].joint_list_id.strip(), self._listed(content)
        if number and standing is None:
            zh = f"没有编号为“{number}”的条目；新条目请将条目编号留空，由系统生成"
            yield Violation(
                "joint_list_id", "UNKNOWN_ENTRY", zh, f"there is no entry {number}; leave it empty for a new one"
            )
        elif standing is not None and standing.retired:
            retired = JointListRetired(standing.joint_list_id)
            yield Violation("joint_list_id", retired.reason, retired.zh, retired.en)
        elif other is not None and other is not standing:
            listed = TradeListed(content.trade, other.joint_list_id)
            yield Violation("trade", listed.reason, listed.zh, listed.en)

    def _listed(self, content: JointListContent) -> JointList | None:
        """The entry on the list of this lead and trade."""
        wanted = (content.lead_id, content.trade)
        entries = (entry for entry in self._entries.values() if not entry.retired)
        return next((entry for entry in entries if (entry.lead_id, entry.trade) == wanted), None)


def _row_of(group: Group[JointListRow], content: JointListContent, member: int, matter: int) -> int:
    """Which row says the matter of a member."""
    id = content.members[member].authority_id
    return [index for index, row in enumerate(group.rows) if row.authority_id.strip() == id][matter]


def _take(work: Work, standing: JointList | None, content: JointListContent) -> JointList:
    if standing is None:
        return enter_joint_list(work, content)
    standing.change(content)
    return standing


def _second_lead(line: int) -> Violation:
    zh = f"第 {line} 行已有牵头机构；同一行业由不同机构分别牵头的，请先建立条目并填写条目编号"
    return Violation(
        "role", "SECOND_LEAD", zh, f"line {line} names the lead already; give the entry number of each trade"
    )


def _differs(line: int) -> Violation:
    zh = f"与第 {line} 行属于同一条目，但行业不同"
    return Violation("trade", "DIFFERS", zh, f"is of the same entry as line {line}, with another trade")
