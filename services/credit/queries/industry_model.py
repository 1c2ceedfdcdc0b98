"""Lists of industry models."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.chassis.paging import Page, paginate
from services.credit.model.industry_model import IndustryModel, ModelState
from services.credit.queries.filters import is_descending, narrowed, same
from services.credit.tables import industry_models as models


@dataclass(frozen=True, kw_only=True)
class ModelFilter:
    """What a list of models shows."""

    domain: str = ""
    state: ModelState | None = None


def list_models(
    session: Session, chosen: ModelFilter, *, page_size: int, page_token: str, order_by: str
) -> Page[IndustryModel]:
    """Models by the time they were made."""
    statement = narrowed(
        select(IndustryModel), same(models.c.domain, chosen.domain), same(models.c.state, chosen.state)
    )
    order = [models.c.created_at, models.c.model_id]
    descending = is_descending(order_by, "create_time", default=True)
    return paginate(session, statement, order=order, page_size=page_size, page_token=page_token, descending=descending)
