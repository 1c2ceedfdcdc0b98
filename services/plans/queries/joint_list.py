"""Lists of trades that are inspected together."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.chassis.paging import Page, paginate
from services.plans.model.joint_list import JointList
from services.plans.queries.filters import holds, narrowed, ordering, part, same
from services.plans.tables import joint_lists

ORDERS = {"joint_list_id": joint_lists.c.joint_list_id, "trade": joint_lists.c.trade}


def list_joint_lists(
    session: Session,
    *,
    trade: str,
    lead_id: str,
    authority_id: str,
    include_retired: bool,
    page_size: int,
    page_token: str,
    order_by: str,
) -> Page[JointList]:
    """A page of trades."""
    column, descending = ordering(order_by, ORDERS, "joint_list_id")
    shown = narrowed(
        select(JointList),
        part(joint_lists.c.trade, trade),
        same(joint_lists.c.lead_id, lead_id),
        holds(joint_lists.c.members, authority_id),
        None if include_retired else joint_lists.c.retired.is_(False),
    )
    return paginate(
        session,
        shown,
        order=list(dict.fromkeys([column, joint_lists.c.joint_list_id])),
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )
