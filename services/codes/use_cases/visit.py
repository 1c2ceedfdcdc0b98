"""On site: the code is presented, both codes are scanned, or it is recorded why not (亮码, 扫码入企, 两码互核)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.chassis.clock import today
from services.chassis.errors import NoSuchThing
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.codes import receipt
from services.codes.events import VisitExcepted, VisitVerified
from services.codes.model.attachment import Attachment
from services.codes.model.code import (
    CertificateNotValid,
    CodeKind,
    InspectionCode,
    NotAnInspectionCode,
    UnknownCode,
)
from services.codes.model.content import Content
from services.codes.model.directory import KnownInspector, KnownObject
from services.codes.model.enterprise_code import EnterpriseCode, ForeignCode, NotAnEnterpriseCode
from services.codes.model.receipt import Receipt
from services.codes.model.visit import ExceptionKind, NotTheObject, ObjectNeeded, Visit, WrongEnterprise
from services.codes.model.warning import Alert, WarningKind
from services.codes.signing import CODE
from services.codes.use_cases.enterprise import object_for, speaks_for
from services.codes.use_cases.key import Cabinet, current_signer
from services.codes.use_cases.warning import raise_warnings


@dataclass(frozen=True)
class Seen:
    """An object that somebody's code was scanned of.

    Args:
        scheme: what the code was.
    """

    object_id: str
    scheme: str


def verify_inspection_code(
    work: Work, content: Content, object_id: str, cabinet: Cabinet, *, by: Principal, now: datetime
) -> tuple[InspectionCode, Visit]:
    """The enterprise scans the inspection code.

    Raises:
        NotAnInspectionCode: it is an enterprise's.
        UnknownCode: never issued.
        NotTheObject: the account does not speak for the code's object.
        CodeRevoked, CodeExpired, CodeNotYetValid, CodeReplayed, VisitExceptedAlready: it does not serve now.
    """
    code = _scanned(work, content)
    object_id = _whose(work, code, object_id, by, now)
    code.check_usable(now)
    visit = _visit(work, code, object_id)
    if visit.scan_by_enterprise(by.subject, now):
        _conclude(work, code, visit, cabinet, now)
    return code, visit


def present_code(work: Work, code_id: str, *, by: Principal, now: datetime) -> InspectionCode:
    """An inspector shows the code on site.

    Raises:
        NotOnTheCode, CertificateNotValid: not this inspector.
        CodeRevoked, CodeExpired, CodeNotYetValid: it does not serve now.
    """
    code = _in_hand(work, code_id, by, now)
    if code.object_id:
        _visit(work, code, code.object_id).present(by.certificate, now)
    return code


def scan_enterprise_code(
    work: Work, seen: Seen, code_id: str, cabinet: Cabinet, *, by: Principal, now: datetime
) -> Visit | None:
    """An inspector scans the enterprise's code; without `code_id` he only looks.

    Raises:
        CertificateNotValid, NotOnTheCode: not this inspector.
        WrongEnterprise: the code scanned is another object's.
        NoSuchThing: the object is in no directory.
        CodeRevoked, CodeExpired, CodeNotYetValid, CodeReplayed, VisitExceptedAlready: the visit is not open.
    """
    work.get(KnownObject, seen.object_id)
    if not code_id:
        check_certificate(work, by, now)
        return None
    code = _in_hand(work, code_id, by, now)
    if code.object_id and code.object_id != seen.object_id:
        raise WrongEnterprise(seen.object_id, code.object_id)
    visit = _visit(work, code, seen.object_id)
    if visit.scan_by_inspector(by.certificate, seen.scheme, now):
        _conclude(work, code, visit, cabinet, now)
    return visit


def record_exception(
    work: Work,
    code_id: str,
    exception: ExceptionKind,
    reason: str,
    photo: Attachment,
    object_id: str,
    *,
    by: Principal,
    now: datetime,
) -> Visit:
    """The visit goes on without mutual verification (TJ 8), and the supervisor is warned.

    Raises:
        NotOnTheCode, CertificateNotValid: not this inspector.
        ObjectNeeded: a survey's code, and no object named.
        CodeRevoked, CodeExpired, CodeNotYetValid, CodeReplayed, VisitExceptedAlready: the visit is not open.
    """
    code = _in_hand(work, code_id, by, now)
    visit = _visit(work, code, _named(work, code, object_id))
    visit.except_(exception, reason, photo, by.certificate, now)
    work.emit(
        VisitExcepted(visit.visit_id, visit.inspection_id, visit.object_id, exception, reason, by.certificate, now)
    )
    if not code.test:
        inspector = work.get(KnownInspector, by.certificate)
        raise_warnings(work, [_alert(code, visit, inspector.authority_id)])
    return visit


def own_enterprise(work: Work, content: Content, *, now: datetime) -> Seen:
    """The object an own enterprise code stands for.

    Raises:
        NotAnEnterpriseCode: it is an inspection's.
        UnknownCode: never issued.
        CodeRevoked, CodeExpired: it does not stand.
    """
    if content.kind != CodeKind.ENTERPRISE:
        raise NotAnEnterpriseCode
    code = work.find(EnterpriseCode, code_id=content.code_id)
    if code is None:
        raise UnknownCode(content.code_id)
    code.check_usable(now)
    return Seen(code.object_id, CODE.spec)


def registered_object(work: Work, scheme: str, token: str) -> str | None:
    """The object a foreign code was registered for; None: it was not."""
    known = work.find(ForeignCode, scheme=scheme, token=token)
    return known.object_id if known else None


def _scanned(work: Work, content: Content) -> InspectionCode:
    """The code of a genuine text; its visit is nobody else's until the transaction ends."""
    if content.kind == CodeKind.ENTERPRISE:
        raise NotAnInspectionCode
    try:
        return work.get(InspectionCode, content.code_id, lock=True)
    except NoSuchThing:
        raise UnknownCode(content.code_id) from None


def _in_hand(work: Work, code_id: str, by: Principal, now: datetime) -> InspectionCode:
    """A code that the calling inspector may use now."""
    code = work.get(InspectionCode, code_id, lock=True)
    code.check_inspector(by.certificate, by.authority)
    check_certificate(work, by, now)
    code.check_usable(now)
    return code


def check_certificate(work: Work, by: Principal, now: datetime) -> None:
    """Refuse an inspector whose certificate does not allow inspecting that day (TJ 14).

    Raises:
        CertificateNotValid: it does not.
    """
    inspector = work.find(KnownInspector, certificate=by.certificate)
    if inspector is None or not inspector.valid_on(today(now)):
        raise CertificateNotValid(by.certificate)


def _whose(work: Work, code: InspectionCode, object_id: str, by: Principal, now: datetime) -> str:
    """The object that scans: the code's own; in a survey the one the account speaks for."""
    if not code.object_id:
        return object_for(work, by, object_id, today(now))
    if object_id not in ("", code.object_id) or not speaks_for(work, by, code.object_id, today(now)):
        raise NotTheObject(object_id or code.object_id)
    return code.object_id


def _named(work: Work, code: InspectionCode, object_id: str) -> str:
    """The object of an exception: the code's own; in a survey the one that is named."""
    if code.object_id:
        return code.object_id
    if not object_id:
        raise ObjectNeeded
    return work.get(KnownObject, object_id).object_id


def _visit(work: Work, code: InspectionCode, object_id: str) -> Visit:
    """The visit of an object by a code, begun if need be; the code is locked, so there is only one."""
    visit = work.find(Visit, code_id=code.code_id, object_id=object_id)
    if visit is None:
        visit = Visit(
            visit_id=work.new_id(), code_id=code.code_id, inspection_id=code.inspection_id, object_id=object_id
        )
        work.add(visit)
    return visit


def _conclude(work: Work, code: InspectionCode, visit: Visit, cabinet: Cabinet, now: datetime) -> None:
    """The two codes have met: both sides get the receipt, and everybody hears of it."""
    assert visit.verified_at is not None
    signer = current_signer(work, cabinet, now=now)
    visit.receipt = receipt.encode(Receipt.of(code, visit), signer, cabinet.host)
    work.emit(
        VisitVerified(
            visit.visit_id, visit.inspection_id, visit.object_id, visit.inspector_scanned_by, visit.verified_at
        )
    )


def _alert(code: InspectionCode, visit: Visit, authority_id: str) -> Alert:
    message = f"{code.task_number}入企检查未完成两码互核（例外情形：{visit.exception}，{visit.exception_reason}）"
    return Alert(
        WarningKind.NO_MUTUAL_VERIFICATION, authority_id, visit.object_id, message, visit.inspection_id, code.code_id
    )
