"""Lists of trades that are inspected together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from services.chassis.paging import Page, paginate
from services.plans.model.joint_list import JointList, JointListVersion
from services.plans.queries.filters import holds, narrowed, newest_first, ordering, part, same
from services.plans.tables import joint_list_versions, joint_lists

ORDERS = {"joint_list_id": joint_lists.c.joint_list_id, "trade": joint_lists.c.trade}


@dataclass(frozen=True, kw_only=True)
class JointListFilter:
    """What a list of trades shows."""

    trade: str = ""
    lead_id: str = ""
    authority_id: str = ""
    include_retired: bool = False

    def applied(self) -> Select[Any]:
        return narrowed(
            select(JointList),
            part(joint_lists.c.trade, self.trade),
            same(joint_lists.c.lead_id, self.lead_id),
            holds(joint_lists.c.members, self.authority_id),
            None if self.include_retired else joint_lists.c.retired.is_(False),
        )


def list_joint_lists(
    session: Session, shown: Select[Any], *, page_size: int, page_token: str, order_by: str
) -> Page[JointList]:
    """A page of trades."""
    column, descending = ordering(order_by, ORDERS, "joint_list_id")
    return paginate(
        session,
        shown,
        order=list(dict.fromkeys([column, joint_lists.c.joint_list_id])),
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )


def versions(joint_list_id: str) -> Select[Any]:
    """The versions of a trade."""
    return select(JointListVersion).where(joint_list_versions.c.joint_list_id == joint_list_id)


def list_versions(session: Session, joint_list_id: str, *, page_size: int, page_token: str) -> Page[JointListVersion]:
    """The versions of a trade, newest first."""
    shown = versions(joint_list_id)
    return newest_first(session, shown, joint_list_versions.c.version, page_size=page_size, page_token=page_token)
