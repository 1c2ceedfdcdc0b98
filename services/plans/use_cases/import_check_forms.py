"""Taking check forms from a file with a row for each item: rows of one form stand or fall together."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.chassis.errors import Violation
from services.chassis.identity import NotYours, Principal
from services.chassis.work import Work
from services.plans.model.authority import Authority
from services.plans.model.check_form import CheckForm, CheckFormContent, CheckFormRetired, FormItem
from services.plans.model.matter import Matter
from services.plans.model.values import is_restated
from services.plans.use_cases.authority import authorities_named, no_such_authority
from services.plans.use_cases.check_form import enter_check_form, keep_version
from services.plans.use_cases.importing import Group, ImportReport, grouped, require_batch
from services.plans.use_cases.matter import matters_named

HEADERS = {
    "form_id": "表单编号",
    "name": "表单名称",
    "authority_id": "制定机构代码",
    "matter_id": "事项编码",
    "item_id": "检查项编号",
    "item": "检查项",
}

_ITEM = re.compile(r"items\[([0-9]+)\]")


@dataclass(frozen=True)
class CheckFormRow:
    """A row as the file has it: an item of a form."""

    line: int = 0
    form_id: str = ""
    name: str = ""
    authority_id: str = ""
    matter_id: str = ""
    item_id: str = ""
    item: str = ""


def import_check_forms(work: Work, rows: Sequence[CheckFormRow], *, by: Principal, now: datetime) -> ImportReport:
    """Make or change the forms of good rows; report the forms that have a bad one."""
    require_batch(rows)
    report = ImportReport(HEADERS)
    known = _Known.of(work, rows, by)
    for group in grouped(rows, known.key_of):
        standing, content = known.meant_by(group.rows[0]), known.content_of(group)
        known.judge(group, standing, content)
        if group.violations:
            report.reject_group(group)
        elif standing is not None and is_restated(standing, content):
            report.took_group(group, False)
        else:
            form = _take(work, standing, known.keeper_of(group.rows[0]), content)
            known.add(keep_version(work, form, by=by, now=now))
            report.took_group(group, True)
    return report


class _Known:
    """The forms, matters and authorities that rows are read against; gathered once for all of them."""

    def __init__(self, by: Principal, matters: Mapping[str, Matter], authorities: Mapping[str, Authority]) -> None:
        self._by = by
        self._matters = matters
        self._authorities = authorities
        self._forms: dict[str, CheckForm] = {}
        self._by_name: dict[tuple[str, str], dict[str, CheckForm]] = {}

    @classmethod
    def of(cls, work: Work, rows: Sequence[CheckFormRow], by: Principal) -> _Known:
        numbers, names = {row.form_id.strip() for row in rows} - {""}, {row.name.strip() for row in rows}
        numbered = work.all(CheckForm, form_id=numbers) if numbers else []
        keepers = {row.authority_id.strip() or by.authority for row in rows} | {form.authority_id for form in numbered}
        matters = matters_named(work, {row.matter_id.strip() for row in rows})
        known = cls(by, matters, authorities_named(work, keepers))
        for form in (*numbered, *work.all(CheckForm, authority_id=keepers, name=names, retired=False)):
            known.add(form)
        return known

    def add(self, form: CheckForm) -> None:
        self._forms[form.form_id] = form
        self._by_name.setdefault((form.authority_id, form.name), {})[form.form_id] = form

    def key_of(self, row: CheckFormRow) -> Hashable:
        return row.form_id.strip() or (self.keeper_of(row), row.name.strip())

    def keeper_of(self, row: CheckFormRow) -> str:
        """The authority a row names, else that of the form it numbers, else the caller's."""
        numbered = self._forms.get(row.form_id.strip())
        return row.authority_id.strip() or (numbered.authority_id if numbered else self._by.authority)

    def meant_by(self, row: CheckFormRow) -> CheckForm | None:
        """The form of the row's number, or the only one of its keeper and name."""
        if row.form_id.strip():
            return self._forms.get(row.form_id.strip())
        alike = self._alike(row)
        return alike[0] if len(alike) == 1 else None

    def content_of(self, group: Group[CheckFormRow]) -> CheckFormContent:
        return CheckFormContent(name=group.rows[0].name.strip(), items=tuple(map(self._item, group.rows)))

    def judge(self, group: Group[CheckFormRow], standing: CheckForm | None, content: CheckFormContent) -> None:
        """Note what is wrong with each row of a form."""
        first = group.rows[0]
        for violation in (*self._keeper_violations(first, standing), *self._number_violations(first, standing)):
            group.refuse(0, violation)
        for violation in content.violations(self._matters):
            place = _ITEM.fullmatch(violation.field)
            group.refuse(int(place[1]) if place else 0, violation, "item_id" if place else "")
        for index, row in enumerate(group.rows):
            if (row.name.strip(), self.keeper_of(row)) != (content.name, self.keeper_of(first)):
                group.refuse(index, _differs(first.line))

    def _keeper_violations(self, row: CheckFormRow, standing: CheckForm | None) -> Iterator[Violation]:
        keeper = self.keeper_of(row)
        if "administrator" not in self._by.roles and keeper != self._by.authority:
            refusal = NotYours("authority", keeper)
            yield Violation("authority_id", refusal.reason, refusal.zh, refusal.en)
        elif keeper not in self._authorities:
            yield no_such_authority(keeper)
        elif standing is not None and standing.authority_id != keeper:
            zh = f"该表单由机构（{standing.authority_id}）制定，制定机构不能修改"
            yield Violation("authority_id", "FIXED", zh, f"the form is kept by {standing.authority_id}, which is fixed")

    def _number_violations(self, row: CheckFormRow, standing: CheckForm | None) -> Iterator[Violation]:
        number, alike = row.form_id.strip(), self._alike(row)
        if number and standing is None:
            zh = f"没有编号为“{number}”的表单；新表单请将表单编号留空，由系统生成"
            yield Violation("form_id", "UNKNOWN_FORM", zh, f"there is no form {number}; leave it empty for a new one")
        elif standing is not None and standing.retired:
            retired = CheckFormRetired(standing.form_id, standing.name)
            yield Violation("form_id", retired.reason, retired.zh, retired.en)
        elif not number and len(alike) > 1:
            numbers = "、".join(form.form_id for form in alike)
            zh = f"该机构有多个同名表单（{numbers}），请填写表单编号"
            yield Violation("name", "AMBIGUOUS", zh, f"several forms have this name ({numbers}): give the number")

    def _alike(self, row: CheckFormRow) -> list[CheckForm]:
        keeper, name = self.keeper_of(row), row.name.strip()
        return [
            form for form in self._by_name.get((keeper, name), {}).values() if form.name == name and not form.retired
        ]

    def _item(self, row: CheckFormRow) -> FormItem:
        """The item of the row's number, else of its name; what its matter does not have is refused as unknown."""
        matter, item_id, name = self._matters.get(row.matter_id.strip()), row.item_id.strip(), row.item.strip()
        if not item_id and matter is not None:
            item_id = next((item.item_id for item in matter.items if item.name == name), name)
        return FormItem(row.matter_id.strip(), item_id)


def _take(work: Work, standing: CheckForm | None, keeper: str, content: CheckFormContent) -> CheckForm:
    if standing is None:
        return enter_check_form(work, keeper, content)
    standing.change(content)
    return standing


def _differs(line: int) -> Violation:
    zh = f"与第 {line} 行属于同一表单，但表单名称或制定机构不同"
    return Violation("name", "DIFFERS", zh, f"is of the same form as line {line}, with another name or keeper")
