"""One authority's part in an inspection: OPEN → RECORDED → SIGNED → REVIEWED → PUBLISHED; RETURNED by the reviewer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from services.chassis.errors import FailedPrecondition, PermissionDenied, malformed
from services.tasks.model.copies import Inspector
from services.tasks.model.record import Disposal, Finding, Recheck, Record, Renewal
from services.tasks.model.terms import Attachment, NotNow, check_attachments

LEAST_INSPECTORS = 2
"""On the team of each part, experts not counted."""


class PartState(StrEnum):
    """Where a part stands."""

    OPEN = "OPEN"
    RECORDED = "RECORDED"
    SIGNED = "SIGNED"
    RETURNED = "RETURNED"
    REVIEWED = "REVIEWED"
    PUBLISHED = "PUBLISHED"


class ReviewDecision(StrEnum):
    """What a reviewer decides."""

    APPROVED = "APPROVED"
    RETURNED = "RETURNED"


class NotOnTeam(PermissionDenied):
    """Who inspects records: only an inspector assigned to the part does (谁检查谁录入)."""

    def __init__(self, certificate: str, authority_id: str) -> None:
        super().__init__(
            f"执法证 {certificate or '（无）'} 不是机构 {authority_id} 选派的本次检查人员",
            f"certificate {certificate!r} is not on the team of authority {authority_id!r}",
            certificate=certificate,
            authority=authority_id,
        )


class ExpertSignsNothing(PermissionDenied):
    """An expert accompanies and neither records nor signs."""

    def __init__(self, certificate: str) -> None:
        super().__init__(
            f"专家（{certificate}）陪同检查，不录入结果、不签名",
            f"{certificate!r} is an expert, who records and signs nothing",
        )


class TooFewInspectors(FailedPrecondition):
    """An inspection is made by at least two inspectors with valid certificates."""

    def __init__(self, valid: int, invalid: Iterable[str]) -> None:
        bad = "、".join(sorted(invalid))
        super().__init__(
            f"检查人员不少于两人且执法证在有效期内，现有效 {valid} 人" + (f"；无效：{bad}" if bad else ""),
            f"at least two inspectors with valid certificates are needed, {valid} are valid"
            + (f"; not valid: {bad}" if bad else ""),
            valid=valid,
            invalid=bad,
        )


class SignedAlready(FailedPrecondition):
    """One signs a record once."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} 已签名", f"{name!r} has signed already")


class ReviewerTookPart(PermissionDenied):
    """Who recorded or signed a record does not review it."""

    def __init__(self) -> None:
        super().__init__(
            "录入、签名人员不能审核同一检查结果，请由其他审核人审核",
            "whoever recorded or signed a record cannot review it",
        )


@dataclass(eq=False, kw_only=True)
class Member:
    """An inspector on the team of a part."""

    inspection_id: str
    authority_id: str
    certificate: str
    name: str = ""
    valid_until: date | None = None
    expert: bool = False
    signed: bool = False


def joining(inspection_id: str, authority_id: str, inspector: Inspector | Member) -> Member:
    """An inspector as a member of a part's team, who has signed nothing yet."""
    return Member(
        inspection_id=inspection_id,
        authority_id=authority_id,
        certificate=inspector.certificate,
        name=inspector.name,
        valid_until=inspector.valid_until,
        expert=inspector.expert,
    )


@dataclass(frozen=True)
class Signature:
    """Of an inspector, or of the object's person on site, or that person's refusal."""

    name: str
    signed_at: datetime
    signed_by: str
    certificate: str = ""
    capacity: str = ""
    picture: Attachment | None = None
    refused: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Review:
    """A reviewer's decision."""

    decision: ReviewDecision
    reason: str
    reviewed_by: str
    reviewed_at: datetime


@dataclass(frozen=True)
class ResultVersion:
    """A result as it was published."""

    version: int
    record: Record
    published_at: datetime
    published_by: str
    reason: str = ""


_POSSIBLE: dict[PartState, tuple[str, ...]] = {
    PartState.OPEN: ("record", "reassign_inspector"),
    PartState.RECORDED: ("record", "sign", "sign_for_object"),
    PartState.SIGNED: ("review",),
    PartState.RETURNED: ("record", "reassign_inspector"),
    PartState.REVIEWED: ("publish",),
    PartState.PUBLISHED: ("correct",),
}


@dataclass(eq=False, kw_only=True)
class Part:
    """One authority's part.

    `inspected_on`, `finding`, `open_disposal` and `disposal_due` repeat what the version that stands says, and `signed`
    of a member what the signatures say, for lists and figures. `domain` is that of its first matter, once published.
    """

    inspection_id: str
    authority_id: str
    task_id: str
    authority_name: str
    position: int
    lead: bool
    matter_ids: tuple[str, ...]
    team: list[Member] = field(default_factory=list)
    state: PartState = PartState.OPEN
    record: Record | None = None
    signatures: tuple[Signature, ...] = ()
    object_signature: Signature | None = None
    review: Review | None = None
    versions: tuple[ResultVersion, ...] = ()
    inspected_on: date | None = None
    finding: Finding | None = None
    open_disposal: bool = False
    disposal_due: date | None = None
    disposal_overdue: bool = False
    domain: str = ""

    def possible(self) -> tuple[str, ...]:
        """What may be done in this state, and with the disposal of what is published."""
        disposal = self.versions[-1].record.disposal.possible() if self.state is PartState.PUBLISHED else ()
        return _POSSIBLE[self.state] + disposal

    def require(self, verb: str) -> None:
        """Refuse what this state does not allow."""
        if verb not in self.possible():
            raise NotNow("part", self.state, verb, self.possible())

    # the team

    @property
    def is_staffed(self) -> bool:
        return sum(not member.expert for member in self.team) >= LEAST_INSPECTORS

    def member(self, certificate: str) -> Member:
        """The member with this certificate, who is no expert.

        Raises:
            NotOnTeam, ExpertSignsNothing.
        """
        found = next((member for member in self.team if member.certificate == certificate), None)
        if found is None or not certificate:
            raise NotOnTeam(certificate, self.authority_id)
        if found.expert:
            raise ExpertSignsNothing(certificate)
        return found

    def has(self, certificate: str) -> bool:
        """Whether somebody is on its team."""
        return any(member.certificate == certificate for member in self.team)

    def staff(self, team: Iterable[Inspector | Member]) -> None:
        """Make these its team; members of another inspection's team are taken over."""
        self.team = [self._joining(inspector) for inspector in team]

    def _joining(self, inspector: Inspector | Member) -> Member:
        return joining(self.inspection_id, self.authority_id, inspector)

    def swap(self, leaving: str, coming: Inspector) -> None:
        """Put one inspector in another's place."""
        self.require("reassign_inspector")
        if all(member.certificate != leaving for member in self.team):
            raise NotOnTeam(leaving, self.authority_id)
        if any(member.certificate == coming.certificate for member in self.team):
            zh = f"{coming.name}（{coming.certificate}）已在本次检查人员中"
            raise malformed("substitute_certificate", "DUPLICATE", zh, f"{coming.certificate!r} is on the team already")
        kept = [member for member in self.team if member.certificate != leaving]
        self.team = [*kept, self._joining(coming)]

    # the record

    def enter(self, record: Record) -> None:
        """Record, in place of a record that is not signed by all or was returned; signatures begin anew."""
        self.require("record")
        self.record, self.state = record, PartState.RECORDED
        self.signatures, self.object_signature, self.review = (), None, None
        for member in self.team:
            member.signed = False

    def sign(self, certificate: str, picture: Attachment | None, by: str, now: datetime) -> None:
        """An inspector of the team signs."""
        self.require("sign")
        member = self.member(certificate)
        if any(signature.certificate == certificate for signature in self.signatures):
            raise SignedAlready(member.name or certificate)
        if picture:
            check_attachments("picture", (picture,))
        signature = Signature(name=member.name, signed_at=now, signed_by=by, certificate=certificate, picture=picture)
        self.signatures, member.signed = (*self.signatures, signature), True
        self._settle_signatures()

    def sign_for_object(self, signature: Signature) -> None:
        """The object's person on site signs, or the refusal is noted."""
        self.require("sign_for_object")
        if self.object_signature is not None:
            raise SignedAlready(self.object_signature.name)
        if signature.picture:
            check_attachments("picture", (signature.picture,))
        self.object_signature = signature
        self._settle_signatures()

    def _settle_signatures(self) -> None:
        signed = {signature.certificate for signature in self.signatures}
        if self.object_signature and all(member.expert or member.certificate in signed for member in self.team):
            self.state = PartState.SIGNED

    # review and publication

    def decide(self, review: Review) -> None:
        """Approve it, or return it to be recorded again."""
        self.require("review")
        self._require_outsider(review.reviewed_by)
        self.review = review
        approved = review.decision is ReviewDecision.APPROVED
        self.state = PartState.REVIEWED if approved else PartState.RETURNED

    def _require_outsider(self, subject: str) -> None:
        assert self.record is not None
        took_part = {self.record.recorded_by, *(signature.signed_by for signature in self.signatures)}
        if subject in took_part:
            raise ReviewerTookPart

    def publish(self, by: str, now: datetime) -> ResultVersion:
        """Publish the approved record."""
        self.require("publish")
        assert self.record is not None
        self.state = PartState.PUBLISHED
        return self._stand(ResultVersion(1, self.record, now, by))

    def correct(self, record: Record, reason: str, by: str, now: datetime) -> ResultVersion:
        """Publish another version; the earlier ones stay on record."""
        self.require("correct")
        if self.versions[-1].record.recorded_by == by:
            raise ReviewerTookPart
        self.record = record
        return self._stand(ResultVersion(len(self.versions) + 1, record, now, by, reason))

    # the disposal

    def standing(self, verb: str) -> Record:
        """The record of the version that stands, whose disposal is to be changed."""
        if self.state is not PartState.PUBLISHED:
            raise NotNow("part", self.state, verb, self.possible())
        return self.versions[-1].record

    def close_disposal(self, outcome: str, attachments: tuple[Attachment, ...], by: str, now: datetime) -> None:
        """Close the disposal, other than an order to correct."""
        disposal = self.standing("close_disposal").disposal
        self._settle_disposal(disposal.closed(outcome, attachments, by, now))

    def recheck(self, recheck: Recheck, renewal: Renewal) -> Disposal:
        """An order to correct was rechecked: it is closed, or renewed."""
        disposal = self.standing("recheck").disposal.rechecked(recheck, renewal)
        self._settle_disposal(disposal)
        return disposal

    def _settle_disposal(self, disposal: Disposal) -> None:
        """Keep it in the version that stands, which stays the same version."""
        standing = self.versions[-1]
        record = replace(standing.record, disposal=disposal)
        self.record, self.versions = record, (*self.versions[:-1], replace(standing, record=record))
        self._note_disposal(disposal)

    def fall_overdue(self, today: date) -> bool:
        """Mark, once, that the last day of its disposal is over; whether that was new."""
        is_over = self.open_disposal and self.disposal_due is not None and self.disposal_due < today
        if self.disposal_overdue or not is_over:
            return False
        self.disposal_overdue = True
        return True

    def _stand(self, version: ResultVersion) -> ResultVersion:
        self.versions = (*self.versions, version)
        self.inspected_on, self.finding = version.record.inspected_on, version.record.finding
        self._note_disposal(version.record.disposal)
        return version

    def _note_disposal(self, disposal: Disposal) -> None:
        due = disposal.deadline if disposal.is_open else None
        if due != self.disposal_due:
            self.disposal_overdue = False
        self.open_disposal, self.disposal_due = disposal.is_open, due


def require_recheckers(
    team: Iterable[Member], directory: dict[str, Inspector], recorder: str, companions: Iterable[str], day: date
) -> tuple[str, ...]:
    """Who rechecks: at least two whose certificates hold, recorded by one of the team while any of the team can.

    Raises:
        NotOnTeam, ExpertSignsNothing, TooFewInspectors.
    """
    if recorder in directory and directory[recorder].expert:
        raise ExpertSignsNothing(recorder)
    valid = {c for c, inspector in directory.items() if inspector.is_valid_on(day) and not inspector.expert}
    own = {member.certificate: member.authority_id for member in team if not member.expert}
    if recorder not in own and (valid & own.keys() or recorder not in valid):
        raise NotOnTeam(recorder, next(iter(own.values()), ""))
    present = {recorder, *companions}
    if len(present & valid) < 2 or recorder not in valid:
        raise TooFewInspectors(len(present & valid), present - valid)
    return tuple(sorted(present & valid))


def require_two_valid(team: Iterable[Member], directory: dict[str, Inspector], recorder: str, day: date) -> None:
    """Refuse a team with fewer than two inspectors whose certificates hold on a day, by what the directory says now, or
    a recorder whose certificate does not."""
    certificates = {member.certificate for member in team if not member.expert}
    valid = {c for c in certificates if c in directory and directory[c].is_valid_on(day)}
    if len(valid) < 2 or recorder not in valid:
        raise TooFewInspectors(len(valid), certificates - valid)
