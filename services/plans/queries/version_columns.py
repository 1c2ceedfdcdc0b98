"""What the sheets of versions show: the number of each, when and by whom it was made, and what stood in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.chassis.sheets import Cell, Columns
from services.plans.model.annual_cap import AnnualCap, AnnualCapVersion
from services.plans.model.authority import AuthorityVersion
from services.plans.model.check_form import CheckForm, CheckFormVersion
from services.plans.model.matter import MatterVersion
from services.plans.model.official import Official, OfficialVersion
from services.plans.queries.columns import (
    FORM_COLUMNS,
    TRADE_COLUMNS,
    FormLine,
    TradeLine,
    annual_cap_columns,
    authority_columns,
    matter_columns,
    text,
)
from services.plans.queries.official_columns import ROLE_WORDS


def authority_version_columns() -> Columns[AuthorityVersion]:
    """An authority, without what it collects fines with."""
    return signed() | dict(authority_columns(with_payment=False))


def matter_version_columns() -> Columns[MatterVersion]:
    """A matter, with whether it was on the list and who had claimed it."""

    def within(cell: Callable[[Any], Cell]) -> Callable[[MatterVersion], Cell]:
        return lambda version: cell(version.content)

    heads = {header: within(cell) for header, cell in matter_columns().items()}
    own: Columns[MatterVersion] = {
        "事项编码": lambda version: version.matter_id,
        "认领机构": lambda version: text(version.claimed_by),
        "是否已移出清单": lambda version: yes(version.retired),
    }
    return signed("made") | heads | dict(own)


def annual_cap_version_columns(cap: AnnualCap) -> Columns[AnnualCapVersion]:
    """A limit; whom it binds, and when, is fixed."""

    def cell(header: str, of_cap: Callable[[AnnualCap], Cell]) -> Callable[[AnnualCapVersion], Cell]:
        return (lambda version: str(version.visits)) if header == "年度频次上限" else (lambda _: of_cap(cap))

    heads = {header: cell(header, of_cap) for header, of_cap in annual_cap_columns().items()}
    return signed() | heads | {"是否已取消": lambda version: yes(version.lifted)}


def official_version_columns(official: Official) -> Columns[OfficialVersion]:
    """An official's entry; account and authority are fixed."""
    heads: Columns[OfficialVersion] = {
        "账号": lambda _: official.subject,
        "姓名": lambda version: version.name,
        "统一社会信用代码": lambda _: official.authority_id,
        "角色": lambda version: "、".join(ROLE_WORDS[role] for role in version.roles),
        "职务": lambda version: version.post,
        "任职起始日期": lambda version: text(version.active_from),
        "任职截止日期": lambda version: text(version.active_until),
        "是否已移出名册": lambda version: yes(version.retired),
    }
    return signed() | dict(heads)


def form_as_it_was(form: CheckForm, version: CheckFormVersion) -> CheckForm:
    """A form in one of its versions."""
    return CheckForm(
        form_id=form.form_id,
        authority_id=form.authority_id,
        matter_ids=tuple(dict.fromkeys(item.matter_id for item in version.content.items)),
        **vars(version.content),
        version=version.version,
        retired=version.retired,
        updated_at=version.made_at,
        updated_by=version.made_by,
    )


FORM_VERSION_COLUMNS: Columns[FormLine] = {
    "修改时间": lambda line: text(line.form.updated_at),
    "修改人": lambda line: line.form.updated_by,
    **FORM_COLUMNS,
}

TRADE_VERSION_COLUMNS: Columns[TradeLine] = {
    "版本": lambda line: line.entry.version,
    "修改时间": lambda line: text(line.entry.created_at),
    "修改人": lambda line: line.entry.created_by,
    **TRADE_COLUMNS,
}


def signed(stamp: str = "created") -> dict[str, Callable[[Any], Cell]]:
    """Which version it is, and when and by whom it was made."""
    return {
        "版本": lambda version: version.version,
        "修改时间": lambda version: text(getattr(version, f"{stamp}_at")),
        "修改人": lambda version: getattr(version, f"{stamp}_by"),
    }


def yes(flag: bool) -> str:
    """A flag as a cell shows it."""
    return "是" if flag else "否"
