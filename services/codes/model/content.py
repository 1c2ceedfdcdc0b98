"""What a code says, before it is signed and after it was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.chassis.clock import SHANGHAI
from services.chassis.errors import FailedPrecondition

KINDS = ("SINGLE", "JOINT", "SURVEY", "EXTERNAL", "ENTERPRISE")
"""A kind is signed as its place in this list, from 1."""


class CodeExpired(FailedPrecondition):
    """The code's time is over."""

    def __init__(self, valid_to: datetime) -> None:
        until = _civil(valid_to)
        super().__init__(f"该码已于 {until} 失效", f"the code expired at {valid_to.isoformat()}", valid_to=until)


class CodeNotYetValid(FailedPrecondition):
    """The code's time has not begun."""

    def __init__(self, valid_from: datetime) -> None:
        since = _civil(valid_from)
        super().__init__(
            f"该码自 {since} 起方可使用", f"the code is not valid before {valid_from.isoformat()}", valid_from=since
        )


class CodeRevoked(FailedPrecondition):
    """The code was taken back."""

    def __init__(self, why: str = "") -> None:
        because = f"（原因：{why}）" if why else ""
        super().__init__(f"该码已被撤销{because}", f"the code was revoked{f': {why}' if why else ''}")


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a code says.

    Args:
        code_id: UUID of the code.
        kind: one of `KINDS`.
        status_index: its bit in the published list of revoked codes.
        valid_from: the first instant it is good, whole seconds.
        valid_to: the instant it stops being good, whole seconds.
        object_id: whom it is for; empty: a survey.
        task_number: document number of the task; empty for an enterprise code.
        authorities: ids, the lead first.
        matters: matter codes.
        certificates: certificate numbers of the inspectors.
        key_id: of the key that signed; filled when a code is read.
    """

    code_id: str
    kind: str
    status_index: int
    valid_from: datetime
    valid_to: datetime
    object_id: str = ""
    task_number: str = ""
    authorities: tuple[str, ...] = ()
    matters: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    key_id: str = ""

    def check_time(self, now: datetime) -> None:
        """Refuse outside the code's time.

        Raises:
            CodeExpired: too late.
            CodeNotYetValid: too early.
        """
        check_time(self.valid_from, self.valid_to, now)


def check_time(valid_from: datetime, valid_to: datetime, now: datetime) -> None:
    """Refuse outside the time a code is good.

    Raises:
        CodeExpired: too late.
        CodeNotYetValid: too early.
    """
    if now >= valid_to:
        raise CodeExpired(valid_to)
    if now < valid_from:
        raise CodeNotYetValid(valid_from)


def _civil(instant: datetime) -> str:
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
