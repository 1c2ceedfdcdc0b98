"""Lists of check forms, and their versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from services.chassis.errors import NoSuchThing
from services.chassis.paging import Page, paginate
from services.plans.model.check_form import CheckForm, CheckFormVersion
from services.plans.queries.filters import holds, narrowed, newest_first, ordering, part, same
from services.plans.tables import check_form_versions, check_forms

ORDERS = {"form_id": check_forms.c.form_id, "name": check_forms.c.name}


@dataclass(frozen=True, kw_only=True)
class CheckFormFilter:
    """What a list of forms shows."""

    name: str = ""
    authority_id: str = ""
    matter_id: str = ""
    include_retired: bool = False

    def applied(self) -> Select[Any]:
        return narrowed(
            select(CheckForm),
            part(check_forms.c.name, self.name),
            same(check_forms.c.authority_id, self.authority_id),
            holds(check_forms.c.matter_ids, self.matter_id),
            None if self.include_retired else check_forms.c.retired.is_(False),
        )


def list_check_forms(
    session: Session, shown: Select[Any], *, page_size: int, page_token: str, order_by: str
) -> Page[CheckForm]:
    """A page of forms."""
    column, descending = ordering(order_by, ORDERS, "form_id")
    return paginate(
        session,
        shown,
        order=list(dict.fromkeys([column, check_forms.c.form_id])),
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )


def versions(form_id: str) -> Select[Any]:
    """The versions of a form."""
    return select(CheckFormVersion).where(check_form_versions.c.form_id == form_id)


def list_versions(session: Session, form_id: str, *, page_size: int, page_token: str) -> Page[CheckFormVersion]:
    """The versions of a form, newest first."""
    shown = versions(form_id)
    return newest_first(session, shown, check_form_versions.c.version, page_size=page_size, page_token=page_token)


def version(session: Session, form_id: str, number: int) -> CheckFormVersion:
    """A form as it was.

    Raises:
        NoSuchThing: it never had this version.
    """
    found = session.get(CheckFormVersion, (form_id, number))
    if found is None:
        raise NoSuchThing(CheckFormVersion.__name__, f"{form_id}@{number}")
    return found
