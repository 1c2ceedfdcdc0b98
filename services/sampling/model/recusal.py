"""Recusals (回避): which inspector may not inspect which object."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.chassis.errors import AlreadyExists, FailedPrecondition


class RecusalKind(StrEnum):
    """Why somebody must stay away."""

    INTEREST = "INTEREST"
    EARLIER_EMPLOYMENT = "EARLIER_EMPLOYMENT"
    SPOUSE = "SPOUSE"
    RELATIVE = "RELATIVE"
    OTHER = "OTHER"


class RecusalOrigin(StrEnum):
    """Where a recusal comes from."""

    DECLARED = "DECLARED"
    DERIVED = "DERIVED"


class RecusalState(StrEnum):
    """Whether it binds."""

    ACTIVE = "ACTIVE"
    WITHDRAWN = "WITHDRAWN"


class RecusalExists(AlreadyExists):
    """One of the same kind binds already."""

    def __init__(self, recusal_id: str) -> None:
        super().__init__(
            f"相同的回避已登记（{recusal_id}）", f"the same recusal stands as {recusal_id!r}", recusal_id=recusal_id
        )


class RecusalWithdrawn(FailedPrecondition):
    """It was ended already."""

    def __init__(self, recusal_id: str) -> None:
        super().__init__(
            f"回避（{recusal_id}）已解除，如需回避请重新登记",
            f"recusal {recusal_id!r} is withdrawn already; declare a new one if it must bind",
            state=RecusalState.WITHDRAWN,
        )


@dataclass(eq=False, kw_only=True)
class Recusal:
    """An inspector who must stay away from an object.

    Args:
        authority_id: the inspector's authority when it was declared.
    """

    recusal_id: str
    certificate: str
    object_id: str
    authority_id: str
    kind: RecusalKind
    detail: str = ""
    origin: RecusalOrigin = RecusalOrigin.DECLARED
    state: RecusalState = RecusalState.ACTIVE
    withdrawn_reason: str = ""
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    def withdraw(self, reason: str) -> None:
        """End it; it stays on record.

        Raises:
            RecusalWithdrawn: that was done already.
        """
        if self.state is RecusalState.WITHDRAWN:
            raise RecusalWithdrawn(self.recusal_id)
        self.state, self.withdrawn_reason = RecusalState.WITHDRAWN, reason
