"""Who made, edited and reviewed plans, as their history has it (创建人, 修改人, 审核人)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from services.plans.tables import officials, plan_steps

_FIELDS = {
    "CREATED": "creator_name",
    "EDITED": "editor_name",
    "SUBMITTED": "reviewer_name",
    "APPROVED": "reviewer_name",
    "REJECTED": "reviewer_name",
}


@dataclass
class Signatures:
    """The names under a plan."""

    creator_name: str = ""
    editor_name: str = ""
    edit_time: datetime | None = None
    reviewer_name: str = ""


def signatures(session: Session, plan_ids: Collection[str]) -> dict[str, Signatures]:
    """The names under each of these plans; what was done later overrules what was done before."""
    handed_to = case((plan_steps.c.action == "SUBMITTED", officials.c.name))  # its step notes the reviewer
    name = func.coalesce(handed_to, func.nullif(plan_steps.c.by_name, ""), plan_steps.c.by)
    steps = session.execute(
        select(plan_steps.c.plan_id, plan_steps.c.action, name, plan_steps.c.at)
        .outerjoin(officials, officials.c.subject == plan_steps.c.note)
        .where(plan_steps.c.plan_id.in_(plan_ids), plan_steps.c.action.in_(_FIELDS))
        .order_by(plan_steps.c.at, plan_steps.c.step_id)
    )
    found = {plan_id: Signatures() for plan_id in plan_ids}
    for plan_id, action, called, at in steps:
        setattr(found[plan_id], _FIELDS[action], called)
        if action == "EDITED":
            found[plan_id].edit_time = at
    return found
