"""What the sheets of authorities, matters, forms, joint lists and caps show, under the heads of their templates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.chassis.clock import SHANGHAI
from services.chassis.sheets import Cell, Columns
from services.plans.model.annual_cap import AnnualCap
from services.plans.model.authority import PAYMENT_WORDS, Authority
from services.plans.model.check_form import CheckForm
from services.plans.model.joint_list import JointList, JointListVersion
from services.plans.model.matter import CheckItem, Matter
from services.plans.queries.authority import REPORT_WORDS, IncompleteAuthority
from services.plans.queries.matter import REPORT_WORDS as MATTER_WORDS
from services.plans.use_cases import import_annual_caps, import_authorities, import_matters


def authority_columns(*, with_payment: bool) -> Columns[Authority]:
    """The columns ImportAuthorities takes, payment data only for those who may see them."""
    words = words_of(import_authorities.LEVELS)

    def cell(name: str, header: str) -> Callable[[Any], Cell]:
        if name == "level":
            return lambda authority: words[authority.level]
        if header in PAYMENT_WORDS:
            return lambda authority: text(getattr(authority.payment, name))
        return lambda authority: text(getattr(authority, name))

    shown = import_authorities.HEADERS.items()
    return {header: cell(name, header) for name, header in shown if with_payment or header not in PAYMENT_WORDS}


def completeness_columns() -> Columns[IncompleteAuthority]:
    """Which authority lacks what: a column for each thing, so that a sheet can be filtered by it."""

    def lacks(word: str) -> Callable[[IncompleteAuthority], Cell]:
        return lambda authority: "缺失" if word in authority.missing else ""

    about: Columns[IncompleteAuthority] = {
        "统一社会信用代码": lambda authority: authority.authority_id,
        "机构名称": lambda authority: authority.name,
        "区划": lambda authority: authority.region,
    }
    return {**about, **{word: lacks(word) for word in REPORT_WORDS}}


def matter_completeness_columns() -> Columns[Matter]:
    """Which matter lacks what, in the same way."""

    def lacks(word: str) -> Callable[[Matter], Cell]:
        return lambda matter: "缺失" if word in matter.missing() else ""

    about: Columns[Matter] = {
        "事项编码": lambda matter: matter.matter_id,
        "事项名称": lambda matter: matter.name,
        "领域": lambda matter: matter.domain,
    }
    return {**about, **{word: lacks(word) for word in MATTER_WORDS}}


def matter_columns() -> Columns[Matter]:
    """The columns ImportMatters takes."""
    words = words_of(import_matters.METHODS) | words_of(import_matters.CONTENT_LEVELS)
    special: dict[str, Callable[[Matter], Cell]] = {
        "methods": lambda matter: "、".join(words[method] for method in matter.methods),
        "random_eligible": lambda matter: "是" if matter.random_eligible else "否",
        "content_level": lambda matter: words[matter.content_level],
        "items": lambda matter: ";\n".join(map(_item, matter.items)),
    }

    def cell(name: str) -> Callable[[Matter], Cell]:
        return special.get(name) or (lambda matter: text(getattr(matter, name)))

    return {header: cell(name) for name, header in import_matters.HEADERS.items()}


def annual_cap_columns() -> Columns[AnnualCap]:
    """The columns ImportAnnualCaps takes."""

    def cell(name: str) -> Callable[[AnnualCap], Cell]:
        return lambda cap: str(getattr(cap, name))

    return {header: cell(name) for name, header in import_annual_caps.HEADERS.items()}


@dataclass(frozen=True)
class FormLine:
    """One item of a form, as an inspector reads it."""

    form: CheckForm
    keeper: str
    place: int
    matter: Matter
    item: CheckItem


def form_lines(
    forms: Sequence[CheckForm], matters: Mapping[str, Matter], names: Mapping[str, str]
) -> Iterator[FormLine]:
    """The items of forms, in order; of an item that its matter no longer has the id alone."""
    for form in forms:
        for place, entry in enumerate(form.items, start=1):
            matter = matters[entry.matter_id]
            item = next((each for each in matter.items if each.item_id == entry.item_id), CheckItem(entry.item_id))
            yield FormLine(form, names.get(form.authority_id, ""), place, matter, item)


FORM_COLUMNS: Columns[FormLine] = {
    "表单编号": lambda line: line.form.form_id,
    "表单名称": lambda line: line.form.name,
    "版本": lambda line: line.form.version,
    "制定机构代码": lambda line: line.form.authority_id,
    "制定机构": lambda line: line.keeper,
    "序号": lambda line: line.place,
    "事项编码": lambda line: line.matter.matter_id,
    "事项名称": lambda line: line.matter.name,
    "检查项编号": lambda line: line.item.item_id,
    "检查项": lambda line: line.item.name,
    "检查要点": lambda line: text(line.item.check_points),
    "标准": lambda line: line.item.standard,
    "是否已停用": lambda line: "是" if line.form.retired else "否",
}


@dataclass(frozen=True)
class TradeLine:
    """One matter of one authority in a trade."""

    entry: JointList | JointListVersion
    authority_id: str
    authority_name: str
    matter_id: str
    matter_name: str


def trade_lines(
    entries: Sequence[JointList | JointListVersion], matters: Mapping[str, Matter], names: Mapping[str, str]
) -> Iterator[TradeLine]:
    """Who inspects what in each trade."""
    for entry in entries:
        for member in entry.members:
            for matter_id in member.matter_ids:
                name = names.get(member.authority_id, "")
                yield TradeLine(entry, member.authority_id, name, matter_id, matters[matter_id].name)


TRADE_COLUMNS: Columns[TradeLine] = {
    "条目编号": lambda line: line.entry.joint_list_id,
    "行业": lambda line: line.entry.trade,
    "角色": lambda line: "牵头" if line.authority_id == line.entry.lead_id else "配合",
    "统一社会信用代码": lambda line: line.authority_id,
    "机构名称": lambda line: line.authority_name,
    "事项编码": lambda line: line.matter_id,
    "事项名称": lambda line: line.matter_name,
    "是否已移出清单": lambda line: "是" if line.entry.retired else "否",
}


def text(value: object) -> str:
    """A value as a cell shows it; an instant by the clock of Shanghai."""
    if isinstance(value, tuple):
        return "、".join(value)
    if isinstance(value, datetime):
        return f"{value.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    return value.isoformat() if isinstance(value, date) else str(value or "")


def words_of(choices: Mapping[str, Any]) -> dict[Any, str]:
    """The Chinese word of each choice: the first of its names."""
    words: dict[Any, str] = {}
    for word, value in choices.items():
        words.setdefault(value, word)
    return words


def _item(item: CheckItem) -> str:
    return f"{item.name}|{'、'.join(item.check_points)}|{item.standard}".rstrip("|")
