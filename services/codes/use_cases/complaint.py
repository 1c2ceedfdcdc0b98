"""Enterprises complain, supervisors answer."""

from __future__ import annotations

from datetime import date, datetime

from services.chassis.clock import today
from services.chassis.errors import InvalidArgument, NoSuchThing, Violation
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.codes.events import ComplaintFiled
from services.codes.model.attachment import Attachment
from services.codes.model.complaint import Complaint, ComplaintKind
from services.codes.model.directory import KnownAuthority
from services.codes.use_cases.code import readable_code
from services.codes.use_cases.enterprise import object_for, speaks_for
from services.codes.use_cases.warning import check_supervises


def file_complaint(
    work: Work,
    authority_id: str,
    kind: ComplaintKind,
    text: str,
    object_id: str,
    code_id: str,
    happened_on: date | None,
    attachments: tuple[Attachment, ...],
    *,
    by: Principal,
    now: datetime,
) -> Complaint:
    """An enterprise complains.

    Raises:
        NotTheObject: the account does not speak for the object.
        NoSuchThing: no such authority, or no such code of the object.
        InvalidArgument: it happened in the future, the text is too long, or there are too many attachments.
    """
    object_id = object_for(work, by, object_id, today(now))
    work.get(KnownAuthority, authority_id)
    if code_id:
        readable_code(work, code_id, by=by, now=now)
    if happened_on is not None and happened_on > today(now):
        zh, en = "happened_on 不能晚于今天", "happened_on must not be in the future"
        raise InvalidArgument(Violation("complaint.happened_on", "RANGE", zh, en))
    complaint = Complaint(
        complaint_id=work.new_id(),
        authority_id=authority_id,
        kind=kind,
        text=text,
        object_id=object_id,
        code_id=code_id,
        happened_on=happened_on,
        attachments=attachments,
    )
    work.add(complaint)
    work.emit(ComplaintFiled(complaint.complaint_id, authority_id, kind))
    return complaint


def readable_complaint(work: Work, complaint_id: str, *, by: Principal, now: datetime) -> Complaint:
    """A complaint, for supervisors and for the enterprise that filed it.

    Raises:
        NoSuchThing: there is none, or it is none of the caller's business.
    """
    complaint = work.get(Complaint, complaint_id)
    if "supervisor" in by.roles:
        check_supervises(work, by, complaint.authority_id, "Complaint", complaint_id)
    elif not speaks_for(work, by, complaint.object_id, today(now)):
        raise NoSuchThing("Complaint", complaint_id)
    return complaint


def handle_complaint(
    work: Work, complaint_id: str, answer: str, *, etag: str, by: Principal, now: datetime
) -> Complaint:
    """The supervisor answers.

    Raises:
        ComplaintHandled: it was answered before.
    """
    complaint = work.get(Complaint, complaint_id, etag=etag, lock=True)
    check_supervises(work, by, complaint.authority_id, "Complaint", complaint_id)
    complaint.handle(answer, by.subject, now)
    return complaint
