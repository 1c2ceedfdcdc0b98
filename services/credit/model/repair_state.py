"""In which state of a repair what may be done."""

from __future__ import annotations

from enum import StrEnum

from services.chassis.errors import FailedPrecondition


class RepairState(StrEnum):
    """State of a repair."""

    APPLIED = "APPLIED"
    ACCEPTED = "ACCEPTED"
    NOT_ACCEPTED = "NOT_ACCEPTED"
    SUPPLEMENT_REQUESTED = "SUPPLEMENT_REQUESTED"
    SUPPLEMENTED = "SUPPLEMENTED"
    GRANTED = "GRANTED"
    REFUSED = "REFUSED"
    VOID = "VOID"


S = RepairState
OPEN = (S.APPLIED, S.ACCEPTED, S.SUPPLEMENT_REQUESTED, S.SUPPLEMENTED)
RUNNING = (S.ACCEPTED, S.SUPPLEMENTED)
"""States in which the clock runs and a decision may fall."""

ACTIONS: dict[str, tuple[RepairState, ...]] = {
    "accept": (S.APPLIED,),
    "decline": (S.APPLIED,),
    "request_supplement": RUNNING,
    "submit_supplement": (S.SUPPLEMENT_REQUESTED,),
    "record_site_check": (*RUNNING, S.SUPPLEMENT_REQUESTED),
    "grant": RUNNING,
    "refuse": (*RUNNING, S.SUPPLEMENT_REQUESTED),
    "void": OPEN,
}
"""What may be done in which state."""


class WrongRepairState(FailedPrecondition):
    """The state does not allow it; says what it allows."""

    def __init__(self, action: str, state: RepairState) -> None:
        possible = [name for name, states in ACTIONS.items() if state in states and name != "void"]
        super().__init__(
            f"信用修复的状态为 {state}，不能执行 {action}；可执行：{'、'.join(possible) or '无'}",
            f"the repair is {state}, which does not allow {action}; possible: {', '.join(possible) or 'nothing'}",
            state=state,
            possible=",".join(possible),
        )
