"""Results of other systems' visits, looked up."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.chassis.identity import Principal
from services.chassis.paging import Page, paginate
from services.codes.model.external_result import ExternalResult
from services.codes.queries.code import Sheet
from services.codes.tables import external_results
from services.codes.use_cases.code import OVERSEERS


def list_external_results(
    session: Session, code_id: str, authority_id: str, sheet: Sheet, *, by: Principal
) -> Page[ExternalResult]:
    """Every version, in the order of code, authority and version; a system sees its own."""
    table = external_results.c
    wanted = {table.code_id: code_id, table.authority_id: authority_id}
    conditions = [column == value for column, value in wanted.items() if value]
    if not by.roles & OVERSEERS:
        conditions.append(table.created_by == by.subject)
    order = [table.code_id, table.authority_id, table.version]
    statement = select(ExternalResult).where(*conditions)
    return paginate(session, statement, order=order, page_size=sheet.page_size, page_token=sheet.page_token)
