"""Who must stay away from whom (回避)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.chassis.errors import NoSuchThing, PermissionDenied
from services.chassis.identity import Principal
from services.chassis.import_report import ImportReport, Rejection
from services.chassis.work import Work
from services.sampling.model.cells import Refused
from services.sampling.model.inspection_object import InspectionObject
from services.sampling.model.inspector import Inspector
from services.sampling.model.recusal import Recusal, RecusalExists, RecusalKind, RecusalOrigin, RecusalState
from services.sampling.model.recusal_rows import Declared, Row, declared
from services.sampling.use_cases.access import OVERSEERS

DERIVED = "曾任职单位"
"""What stands in a recusal that follows from the directory of inspectors."""


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


def import_recusals(work: Work, rows: Sequence[Row], *, by: Principal) -> ImportReport:
    """Declare the recusals of the good rows of a file, and report the bad ones; the same rows again change nothing."""
    report = ImportReport()
    for row in rows:
        try:
            declare_recusal(work, *known(work, row), by=by)
            report.imported += 1
        except RecusalExists:
            report.unchanged += 1
        except (Refused, NotYourRecusal) as refusal:
            report.rejections.append(Rejection(row.line, *faults(row, refusal)))
    return report


def refused(work: Work, rows: Sequence[Row], *, by: Principal) -> list[Rejection]:
    """The rows that an import would not take."""
    found: list[Rejection] = []
    for row in rows:
        try:
            said = known(work, row)
            require_concerned(by, said.certificate, work.get(Inspector, said.certificate).authority_id)
        except (Refused, NotYourRecusal) as refusal:
            found.append(Rejection(row.line, *faults(row, refusal)))
    return found


def known(work: Work, row: Row) -> Declared:
    """What a row declares, about somebody and something that are in the directories.

    Raises:
        Refused: they are not, or a cell cannot be trusted.
    """
    said = declared(row)
    if work.find(Inspector, certificate=said.certificate) is None:
        raise Refused("证件号", row.certificate, "INSPECTOR_UNKNOWN", "执法检查人员名录库中没有此证件号")
    if work.find(InspectionObject, object_id=said.object_id) is None:
        raise Refused("对象编号", row.object_id, "OBJECT_UNKNOWN", "检查对象名录库中没有此对象")
    return said


def faults(row: Row, refusal: Refused | NotYourRecusal) -> tuple[str, str, str, str]:
    """Column, value, rule and reason of a row that is not taken."""
    if isinstance(refusal, NotYourRecusal):
        return "证件号", row.certificate, "NOT_YOURS", "您无权为该检查人员登记回避"
    column, value, rule, reason = map(str, refusal.args)
    return column, value, rule, reason


def derive_recusals(work: Work, inspectors: Iterable[Inspector]) -> None:
    """Whoever worked for an object stays away from it; what is no longer said of them ends what was derived from it."""
    changed = {each.certificate: each for each in inspectors}
    if not changed:
        return
    known = work.all(Recusal, certificate=list(changed), kind=RecusalKind.EARLIER_EMPLOYMENT, state=RecusalState.ACTIVE)
    for recusal in known:
        if recusal.detail == DERIVED and recusal.object_id not in changed[recusal.certificate].earlier_employers:
            recusal.withdraw("曾任职单位已更正")
    binding = {(recusal.certificate, recusal.object_id) for recusal in known if recusal.state is RecusalState.ACTIVE}
    for each in changed.values():
        work.add(*(derived(work, each, id) for id in each.earlier_employers if (each.certificate, id) not in binding))


def derived(work: Work, inspector: Inspector, object_id: str) -> Recusal:
    """The recusal of an inspector from an object they worked for."""
    return Recusal(
        recusal_id=work.new_id(),
        certificate=inspector.certificate,
        object_id=object_id,
        authority_id=inspector.authority_id,
        kind=RecusalKind.EARLIER_EMPLOYMENT,
        detail=DERIVED,
        origin=RecusalOrigin.DERIVED,
    )


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
