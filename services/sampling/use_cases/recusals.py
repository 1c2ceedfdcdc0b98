"""Who must stay away from whom (回避)."""

from __future__ import annotations

from services.chassis.errors import NoSuchThing, PermissionDenied
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.sampling.model.inspection_object import InspectionObject
from services.sampling.model.inspector import Inspector
from services.sampling.model.recusal import Recusal, RecusalExists, RecusalKind, RecusalOrigin, RecusalState
from services.sampling.use_cases.access import OVERSEERS


class NotYourRecusal(PermissionDenied):
    """Only the inspector, their authority, or who oversees it may do this."""

    def __init__(self, certificate: str) -> None:
        super().__init__(
            f"您无权为检查人员 {certificate} 登记或解除回避",
            f"you may not declare or withdraw a recusal of inspector {certificate!r}",
            certificate=certificate,
        )


def declare_recusal(
    work: Work, certificate: str, object_id: str, kind: RecusalKind, detail: str, *, by: Principal
) -> Recusal:
    """Declare that an inspector must stay away from an object; what another system declares is derived.

    Raises:
        NoSuchThing: inspector or object are not in the directory.
        NotYourRecusal: it is not the caller's to declare.
        RecusalExists: the same binds already.
    """
    inspector = work.get(Inspector, certificate)
    work.get(InspectionObject, object_id)
    require_concerned(by, inspector.certificate, inspector.authority_id)
    active = work.all(Recusal, certificate=certificate, object_id=object_id, state=RecusalState.ACTIVE)
    if same := [recusal for recusal in active if recusal.kind is kind]:
        raise RecusalExists(same[0].recusal_id)
    declared = Recusal(
        recusal_id=work.new_id(),
        certificate=certificate,
        object_id=object_id,
        authority_id=inspector.authority_id,
        kind=kind,
        detail=detail,
        origin=RecusalOrigin.DERIVED if "system" in by.roles else RecusalOrigin.DECLARED,
    )
    work.add(declared)
    return declared


def withdraw_recusal(work: Work, recusal_id: str, reason: str, *, etag: str, by: Principal) -> Recusal:
    """End a recusal; it stays on record.

    Raises:
        NoSuchThing: there is none, or of another authority.
        RecusalWithdrawn: that was done already.
    """
    recusal = work.get(Recusal, recusal_id, etag=etag, lock=True)
    if not sees_all(by) and by.authority != recusal.authority_id:
        raise NoSuchThing("Recusal", recusal_id)
    recusal.withdraw(reason)
    return recusal


def sees_all(by: Principal) -> bool:
    """Whether the caller oversees all authorities."""
    return bool(by.roles & OVERSEERS)


def require_concerned(by: Principal, certificate: str, authority_id: str) -> None:
    """The inspector themself, somebody who leads in the same authority, or who oversees.

    Raises:
        NotYourRecusal: none of these.
    """
    leads = bool(by.roles & {"task_manager", "authority_head"}) and by.authority == authority_id
    is_self = by.certificate == certificate
    if not (leads or is_self or sees_all(by) or "system" in by.roles):
        raise NotYourRecusal(certificate)
