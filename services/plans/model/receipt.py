"""Receipts: what an authority answered to a plan that was sent to it (确认接收, CQ 附件1, 1.2.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.chassis.errors import FailedPrecondition, InvalidArgument, malformed, required


class Answer(StrEnum):
    """What an authority said (接收状态)."""

    PENDING = "PENDING"
    RECEIVED = "RECEIVED"
    UNABLE = "UNABLE"


class AlreadyAnswered(FailedPrecondition):
    """An answer stands; only UNABLE may still become RECEIVED."""

    def __init__(self, answer: Answer) -> None:
        word = "已接收" if answer is Answer.RECEIVED else "无法执行"
        possible = "answer RECEIVED" if answer is Answer.UNABLE else ""
        super().__init__(
            f"该计划已确认为“{word}”" + ("，只能改为“接收”" if possible else "，不能更改"),
            f"the plan is answered {answer} already" + ("; it can only become RECEIVED" if possible else ""),
            state=answer,
            possible=possible,
        )


@dataclass(eq=False, kw_only=True)
class Receipt:
    """One authority that a plan was sent to.

    Args:
        round: of the plan's approvals, the one that sent it; receipts of earlier rounds are history.
    """

    receipt_id: str
    plan_id: str
    round: int
    authority_id: str
    sent_at: datetime
    answer: Answer = Answer.PENDING
    reason: str = ""
    answered_at: datetime | None = None
    answered_by: str = ""

    def reply(self, answer: Answer | None, reason: str, *, by: str, now: datetime) -> None:
        """Note the authority's answer.

        Raises:
            InvalidArgument: the answer is none, or it is UNABLE without a reason.
            AlreadyAnswered: another answer stands.
        """
        if answer is None or answer is Answer.PENDING:
            raise malformed("answer", "CHOICE", "answer 应为 RECEIVED 或 UNABLE", "answer RECEIVED or UNABLE")
        if answer is Answer.UNABLE and not reason.strip():
            raise InvalidArgument(required("reason"))
        if self.answer is Answer.RECEIVED or self.answer is answer:
            raise AlreadyAnswered(self.answer)
        self.answer, self.reason = answer, reason if answer is Answer.UNABLE else ""
        self.answered_at, self.answered_by = now, by
