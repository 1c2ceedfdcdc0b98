"""What must be on paper before a task is sent out: the scheme (TJ 15), the filing of a special inspection (TJ 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.chassis.errors import InvalidArgument, malformed, required
from services.tasks.model.terms import Attachment, check_attachments


class SchemeState(StrEnum):
    """Where a scheme stands."""

    SUBMITTED = "SUBMITTED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


@dataclass(frozen=True)
class Scheme:
    """检查方案, approved by the head of the lead (TJ 15)."""

    state: SchemeState
    content: str
    attachments: tuple[Attachment, ...]
    submitted_by: str
    submitted_at: datetime
    decided_by: str = ""
    decided_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True)
class Filing:
    """What is on file of a special inspection (TJ 4)."""

    basis: str = ""
    content: str = ""
    scope: str = ""
    requirements: str = ""
    approvals: tuple[Attachment, ...] = ()
    secret: bool = False
    secret_reason: str = ""
    filed_by: str = ""
    filed_at: datetime | None = None

    def check(self) -> None:
        """Refuse what TJ 4 does not let pass."""
        missing = [required(f"filing.{name}") for name in ("basis", "content", "scope") if not getattr(self, name)]
        if missing:
            raise InvalidArgument(*missing)
        check_attachments("filing.approvals", self.approvals)
        if self.secret and not self.secret_reason:
            raise InvalidArgument(required("filing.secret_reason"))
        if not self.secret and not self.approvals:
            zh = "须上传批准手续；依法需要保密的，请注明并说明理由"
            raise malformed("filing.approvals", "REQUIRED", zh, "approval papers are required unless secret")
