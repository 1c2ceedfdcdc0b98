"""Complaints of enterprises about inspections; only supervisors see them (TJ 8, CQ 附件2 一(三))."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.chassis.errors import FailedPrecondition, InvalidArgument, Violation
from services.codes.model.attachment import Attachment

LONGEST_TEXT = 4000
MOST_ATTACHMENTS = 20


class ComplaintKind(StrEnum):
    """What a complaint is about."""

    NO_CODE = "NO_CODE"
    CONDUCT = "CONDUCT"
    FREQUENCY = "FREQUENCY"
    OTHER = "OTHER"


class ComplaintState(StrEnum):
    """How far a complaint is."""

    FILED = "FILED"
    HANDLED = "HANDLED"


class ComplaintHandled(FailedPrecondition):
    """The supervisor has answered it."""

    def __init__(self) -> None:
        super().__init__("该投诉举报已办结", "the complaint was answered already", state="HANDLED")


@dataclass(eq=False, kw_only=True)
class Complaint:
    """A complaint."""

    complaint_id: str
    authority_id: str
    kind: ComplaintKind
    text: str
    object_id: str
    code_id: str = ""
    happened_on: date | None = None
    attachments: tuple[Attachment, ...] = ()
    state: ComplaintState = ComplaintState.FILED
    answer: str = ""
    handled_at: datetime | None = None
    handled_by: str = ""
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    def __post_init__(self) -> None:
        """Hold to what can be read and kept.

        Raises:
            InvalidArgument: the text is too long, or there are too many attachments.
        """
        violations = []
        if len(self.text) > LONGEST_TEXT:
            zh, en = f"text 最多 {LONGEST_TEXT} 字", f"text: at most {LONGEST_TEXT} characters"
            violations.append(Violation("complaint.text", "LENGTH", zh, en))
        if len(self.attachments) > MOST_ATTACHMENTS:
            zh, en = f"附件最多 {MOST_ATTACHMENTS} 个", f"at most {MOST_ATTACHMENTS} attachments"
            violations.append(Violation("complaint.attachments", "LENGTH", zh, en))
        if violations:
            raise InvalidArgument(*violations)

    def handle(self, answer: str, by: str, now: datetime) -> None:
        """The supervisor answers.

        Raises:
            ComplaintHandled: it was answered before.
        """
        if self.state is ComplaintState.HANDLED:
            raise ComplaintHandled
        self.state, self.answer, self.handled_by, self.handled_at = ComplaintState.HANDLED, answer, by, now
