"""Who takes part in a task: the lead, and the partners it invites."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.chassis.errors import FailedPrecondition
from services.tasks.model.content import ContentMode, TaskMatter


class Answer(StrEnum):
    """How an invited partner stands."""

    INVITED = "INVITED"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    SILENT = "SILENT"


class NotInvited(FailedPrecondition):
    """Only an invited partner answers an invitation, and only once."""

    def __init__(self, authority_id: str, answer: Answer | None) -> None:
        stands = f"已答复（{answer}）" if answer else "未被邀约"
        super().__init__(
            f"机构 {authority_id} {stands}，不能答复邀约",
            f"authority {authority_id!r} {'has answered ' + answer if answer else 'is not invited'}",
            answer=answer or "",
        )


class InvitationOver(FailedPrecondition):
    """After the deadline silence is a refusal."""

    def __init__(self, deadline: date) -> None:
        super().__init__(
            f"邀约已于 {deadline} 截止，逾期未答复视为不参加",
            f"the invitation ended on {deadline}; silence was a refusal",
            deadline=deadline,
        )


class NoPartnerAccepted(FailedPrecondition):
    """A joint task needs somebody to join."""

    def __init__(self) -> None:
        super().__init__(
            "没有配合机构接受邀约，任务不能成立；可以取消任务，或改为本机构任务重新创建",
            "no partner has accepted, so the task cannot be formed; cancel it or set up an OWN_AGENCY task",
        )


@dataclass(eq=False, kw_only=True)
class Participant:
    """An authority's share in a task: the lead's or a partner's."""

    task_id: str
    authority_id: str
    authority_name: str
    position: int
    lead: bool = False
    answer: Answer | None = None
    reason: str = ""
    answered_at: datetime | None = None
    proposed_matter_ids: tuple[str, ...] = ()
    matters: tuple[TaskMatter, ...] = ()
    content_mode: ContentMode = ContentMode.BY_FORM

    @property
    def takes_part(self) -> bool:
        return self.lead or self.answer is Answer.ACCEPTED
