"""Lists of check forms, and their versions."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.chassis.errors import NoSuchThing
from services.chassis.paging import Page, paginate
from services.plans.model.check_form import CheckForm, CheckFormVersion
from services.plans.queries.filters import holds, narrowed, ordering, part, same
from services.plans.tables import check_forms

ORDERS = {"form_id": check_forms.c.form_id, "name": check_forms.c.name}


def list_check_forms(
    session: Session,
    *,
    name: str,
    authority_id: str,
    matter_id: str,
    page_size: int,
    page_token: str,
    order_by: str,
) -> Page[CheckForm]:
    """A page of forms."""
    column, descending = ordering(order_by, ORDERS, "form_id")
    shown = narrowed(
        select(CheckForm),
        part(check_forms.c.name, name),
        same(check_forms.c.authority_id, authority_id),
        holds(check_forms.c.matter_ids, matter_id),
    )
    return paginate(
        session,
        shown,
        order=list(dict.fromkeys([column, check_forms.c.form_id])),
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )


def version(session: Session, form_id: str, number: int) -> CheckFormVersion:
    """A form as it was.

    Raises:
        NoSuchThing: it never had this version.
    """
    found = session.get(CheckFormVersion, (form_id, number))
    if found is None:
        raise NoSuchThing(CheckFormVersion.__name__, f"{form_id}@{number}")
    return found
