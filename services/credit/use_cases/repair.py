"""The life of a repair: applied for, accepted, supplemented, decided (TJ 11–13)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from services.chassis.clock import today
from services.chassis.errors import InvalidArgument, NoSuchThing, Violation, required
from services.chassis.identity import Principal
from services.chassis.numbering import document_number
from services.chassis.work import Work
from services.chassis.workdays import Workdays
from services.credit.events import RepairDecided
from services.credit.model.disclosure import REPAIR, Disclosure, DisclosureKind
from services.credit.model.known import KnownAuthority, KnownResult, competent_authority, result_id
from services.credit.model.rating import RatingCause
from services.credit.model.repair import (
    CHANNEL_OF,
    AppliedAlready,
    BelowCounty,
    NotAdverse,
    NotDisclosed,
    Repair,
    WrongChannel,
)
from services.credit.model.repair_parts import (
    Document,
    RepairChannel,
    RepairDocument,
    SiteCheck,
    check_documents,
)
from services.credit.model.repair_state import OPEN
from services.credit.model.texts import NAME, too_long
from services.credit.use_cases.delivery import withdraw_result
from services.credit.use_cases.disclosure import withdraw_disclosure
from services.credit.use_cases.rating import Cause, rate

GREATEST_STATEMENT = 2000


class Files(Protocol):
    """Where uploaded files are kept."""

    def get(self, digest: str, /) -> bytes:
        """The bytes with this SHA-256; NotFound where there are none."""
        ...


@dataclass(frozen=True)
class Application:
    """What an applicant hands in."""

    disclosure_id: str
    channel: RepairChannel | None = None
    statement: str = ""
    documents: tuple[RepairDocument, ...] = ()
    external_number: str = ""


def apply_repair(work: Work, application: Application, files: Files, *, by: Principal, now: datetime) -> Repair:
    """Hand in an application for a disclosed, adverse result."""
    channel = _channel(application.channel, by)
    _check(application, channel, files)
    disclosure = work.get(Disclosure, application.disclosure_id, lock=True)
    authority_id = _competent(work, disclosure.authority_id)
    _require_entitled(channel, disclosure.object_id, authority_id, by)
    _require_repairable(work, disclosure)
    repair = Repair(
        repair_id=work.new_id(),
        number=_number(work, authority_id, today(now)),
        disclosure_id=disclosure.disclosure_id,
        inspection_id=disclosure.subject_id,
        result_authority_id=disclosure.authority_id,
        object_id=disclosure.object_id,
        object_name=disclosure.object_name,
        authority_id=authority_id,
        channel=channel,
        external_number=application.external_number,
        statement=application.statement,
        documents=application.documents,
        applied_by=by.subject,
        applied_at=now,
    )
    work.add(repair)
    return repair


def accept_repair(
    work: Work, repair_id: str, *, etag: str = "", by: Principal, now: datetime, workdays: Workdays
) -> Repair:
    """APPLIED → ACCEPTED."""
    repair = _own(work, repair_id, etag=etag, by=by)
    repair.accept(by.subject, today(now), workdays)
    return repair


def decline_repair(work: Work, repair_id: str, reason: str, *, etag: str = "", by: Principal, now: datetime) -> Repair:
    """APPLIED → NOT_ACCEPTED."""
    repair = _own(work, repair_id, etag=etag, by=by)
    repair.decline(reason, by.subject, now)
    return repair


def request_supplement(
    work: Work,
    repair_id: str,
    text: str,
    respond_by: date | None,
    *,
    etag: str = "",
    by: Principal,
    now: datetime,
    workdays: Workdays,
) -> Repair:
    """ACCEPTED or SUPPLEMENTED → SUPPLEMENT_REQUESTED."""
    repair = _own(work, repair_id, etag=etag, by=by)
    repair.request_supplement(text, respond_by, by.subject, today(now), workdays)
    return repair


def submit_supplement(
    work: Work,
    repair_id: str,
    statement: str,
    documents: Sequence[RepairDocument],
    files: Files,
    *,
    etag: str = "",
    by: Principal,
    now: datetime,
    workdays: Workdays,
) -> Repair:
    """SUPPLEMENT_REQUESTED → SUPPLEMENTED, by whoever may hand in for the object."""
    _require_short(statement)
    _require_uploaded(files, "documents", (document.attachment for document in documents))
    repair = work.get(Repair, repair_id, etag=etag, lock=True)
    _require_applicant(repair, by)
    repair.submit_supplement(statement, documents, by.subject, today(now), workdays)
    return repair


def record_site_check(
    work: Work,
    repair_id: str,
    check: SiteCheck,
    files: Files,
    *,
    etag: str = "",
    by: Principal,
    now: datetime,
) -> Repair:
    """Keep what a check on site found."""
    _require_uploaded(files, "attachments", check.attachments)
    repair = _own(work, repair_id, etag=etag, by=by)
    repair.record_site_check(check, today(repair.applied_at), today(now))
    return repair


def grant_repair(
    work: Work,
    repair_id: str,
    remark: str,
    *,
    etag: str = "",
    by: Principal,
    now: datetime,
    workdays: Workdays,
) -> Repair:
    """Grant: nothing is disclosed any more, every channel is told, and the score is computed without the result."""
    # the disclosure before the repair, as a correction that comes in meanwhile takes them
    disclosure = work.get(Disclosure, work.get(Repair, repair_id).disclosure_id, lock=True)
    repair = _own(work, repair_id, etag=etag, by=by)
    repair.grant(remark, by.subject, now, today(now))
    withdraw_disclosure(work, disclosure, REPAIR, now=now)
    withdraw_result(work, disclosure, now=now, workdays=workdays)
    work.get(KnownResult, result_id(repair.inspection_id, repair.result_authority_id)).repaired = True
    rate(work, [repair.object_id], Cause(RatingCause.REPAIR, repair.repair_id), now=now)
    return _decided(work, repair)


def refuse_repair(work: Work, repair_id: str, reason: str, *, etag: str = "", by: Principal, now: datetime) -> Repair:
    """Refuse, with a reason."""
    repair = _own(work, repair_id, etag=etag, by=by)
    repair.refuse(reason, by.subject, now, today(now))
    return _decided(work, repair)


def _channel(wanted: RepairChannel | None, by: Principal) -> RepairChannel:
    open_to = [channel for role, channel in CHANNEL_OF.items() if role in by.roles]
    if wanted is None:
        return open_to[0]
    if wanted not in open_to:
        raise WrongChannel(wanted)
    return wanted


def _check(application: Application, channel: RepairChannel, files: Files) -> None:
    if channel is RepairChannel.ONE_STOP and not application.external_number:
        raise InvalidArgument(required("external_number"))
    _require_short(application.statement)
    if violations := [*too_long("external_number", application.external_number, NAME)]:
        raise InvalidArgument(*violations)
    check_documents(application.documents)
    _require_uploaded(files, "documents", (document.attachment for document in application.documents))


def _require_short(statement: str) -> None:
    if violations := [*too_long("statement", statement, GREATEST_STATEMENT)]:
        raise InvalidArgument(*violations)


def _require_uploaded(files: Files, field: str, documents: Iterable[Document]) -> None:
    violations = []
    for n, document in enumerate(documents):
        try:
            files.get(document.sha256)
        except NoSuchThing:
            zh, en = f"附件“{document.name}”尚未上传", f"attachment {document.name!r} was not uploaded"
            violations.append(Violation(f"{field}[{n}]", "NOT_UPLOADED", zh, en))
    if violations:
        raise InvalidArgument(*violations)


def _require_entitled(channel: RepairChannel, object_id: str, authority_id: str, by: Principal) -> None:
    if channel is RepairChannel.ONLINE:
        by.require(object=object_id)
    elif channel is RepairChannel.PAPER:
        by.require(authority=authority_id)


def _require_applicant(repair: Repair, by: Principal) -> None:
    if "repair_officer" in by.roles and by.authority == repair.authority_id:
        return
    if "system" in by.roles and repair.channel is RepairChannel.ONE_STOP and repair.applied_by == by.subject:
        return
    by.require(object=repair.object_id)


def _require_repairable(work: Work, disclosure: Disclosure) -> None:
    if disclosure.kind is not DisclosureKind.RESULT or not disclosure.adverse:
        raise NotAdverse(disclosure.disclosure_id)
    if not disclosure.is_disclosed:
        raise NotDisclosed(disclosure.disclosure_id)
    for other in work.all(Repair, disclosure_id=disclosure.disclosure_id, state=OPEN):
        raise AppliedAlready(other.repair_id, other.state)


def _competent(work: Work, inspecting_id: str) -> str:
    authority_id = competent_authority(work.find(KnownAuthority, authority_id=inspecting_id), inspecting_id)
    known = work.find(KnownAuthority, authority_id=authority_id)
    if known and known.level == "STREET":
        raise BelowCounty(authority_id)
    return authority_id


def _number(work: Work, authority_id: str, day: date) -> str:
    authority = work.find(KnownAuthority, authority_id=authority_id)
    count = work.next_number(f"repair/{authority_id}/{day.year}")
    return document_number(authority.short_name if authority else "", "信修", day.year, count)


def _own(work: Work, repair_id: str, *, etag: str, by: Principal) -> Repair:
    """A repair the caller's authority decides on (谁检查、谁受理、谁修复)."""
    repair = work.get(Repair, repair_id, etag=etag, lock=True)
    by.require(authority=repair.authority_id)
    return repair


def _decided(work: Work, repair: Repair) -> Repair:
    work.emit(
        RepairDecided(
            repair.repair_id,
            repair.inspection_id,
            repair.authority_id,
            repair.state,
            repair.object_id,
            repair.disclosure_id,
        )
    )
    return repair
