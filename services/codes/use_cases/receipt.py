"""Receipts of mutual verification: who may have one."""

from __future__ import annotations

from datetime import datetime

from services.chassis.errors import FailedPrecondition, NoSuchThing
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.codes.model.visit import Visit, VisitState
from services.codes.use_cases.code import readable_code


class NotVerified(FailedPrecondition):
    """The two codes have not met."""

    def __init__(self, state: VisitState) -> None:
        zh = "本次检查以例外情形进行，没有两码互核凭证" if state is VisitState.EXCEPTED else "两码尚未互核，暂无凭证"
        super().__init__(zh, f"the visit is {state}: only a mutually verified one has a receipt", state=state)


def verified_visit(work: Work, visit_id: str, *, by: Principal, now: datetime) -> Visit:
    """A visit that was mutually verified, for who may read its code.

    Raises:
        NoSuchThing: there is none, or it is none of the caller's business.
        NotVerified: the two codes have not met.
    """
    visit = work.get(Visit, visit_id)
    try:
        readable_code(work, visit.code_id, by=by, now=now)
    except NoSuchThing:
        raise NoSuchThing("Visit", visit_id) from None
    if visit.state is not VisitState.VERIFIED or not visit.receipt:
        raise NotVerified(visit.state)
    return visit
