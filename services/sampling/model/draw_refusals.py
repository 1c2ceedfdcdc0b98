"""What a draw refuses, and what is possible instead."""

from __future__ import annotations

from services.chassis.errors import FailedPrecondition, PermissionDenied
from services.sampling.model.draw_round import DrawState

POSSIBLE = {
    DrawState.PREPARING: (
        "设置范围、分类、排除规则、数量，或提交承诺",
        "set scope, strata, exclusions and quotas, or commit",
    ),
    DrawState.COMMITTED: ("揭示随机数，或申请重新抽取", "reveal, or request a redraw"),
    DrawState.REVEALED: (
        "抽取检查人员、下发任务，或申请重新抽取",
        "draw inspectors, send the task out, or request a redraw",
    ),
    DrawState.DISPATCHED: ("查看抽取记录", "read the transcript"),
    DrawState.RENEWING: (
        "重新提交随机数哈希，或到期后提交承诺",
        "give fresh hashes, or commit once all have or their time is over",
    ),
    DrawState.ABANDONED: ("查看作废记录", "read the record of its abandonment"),
}


class DrawNotInState(FailedPrecondition):
    """The draw is not where this can be done."""

    def __init__(self, state: DrawState, needed: DrawState) -> None:
        zh, en = POSSIBLE[state]
        super().__init__(
            f"抽取当前为 {state}，此操作要求 {needed}；现在可以：{zh}",
            f"the draw is {state}, this needs {needed}; what is possible now: {en}",
            state=state,
            needed=needed,
        )


class DrawNotPrepared(FailedPrecondition):
    """Scope or quotas are not set."""

    def __init__(self, missing: str) -> None:
        name = {"scope": "抽取范围", "quotas": "抽取比例或数量"}[missing]
        super().__init__(f"尚未设置{name}", f"the draw's {missing} is not set yet", missing=missing)


class FrameEmpty(FailedPrecondition):
    """Nobody can be drawn: the directory has nobody in the scope, or all are excluded."""

    def __init__(self, excluded: int) -> None:
        super().__init__(
            f"抽取范围为空（已排除 {excluded} 个对象），请调整范围或排除规则",
            f"the frame is empty ({excluded} objects are excluded); change scope or exclusions",
            excluded=excluded,
        )


class NothingWanted(FailedPrecondition):
    """The quotas come to nothing: they are 0, or ask only for strata that have no object."""

    def __init__(self) -> None:
        super().__init__("按所设比例和数量，抽取数为 0，请调整", "the quotas come to 0 objects; change them")


class RevealedByItsWindow(FailedPrecondition):
    """A draw in a joint window is revealed with all the others."""

    def __init__(self, window_id: str) -> None:
        super().__init__(
            f"该抽取属于集中抽取窗口 {window_id}，由窗口统一揭示",
            f"the draw belongs to joint window {window_id!r}, which reveals all its draws at once",
            window_id=window_id,
        )


class RedrawPending(FailedPrecondition):
    """A request to draw again waits for its decision."""

    def __init__(self) -> None:
        super().__init__(
            "重新抽取申请待审批；现在可以：批准或驳回该申请",
            "a request for a redraw is waiting for its decision; what is possible now: approve or reject it",
        )


class NoRedrawRequested(FailedPrecondition):
    """There is no request to decide on."""

    def __init__(self) -> None:
        super().__init__(
            "没有待审批的重新抽取申请；现在可以：申请重新抽取",
            "no request for a redraw is waiting; what is possible now: request one",
        )


class DecidesOwnRequest(PermissionDenied):
    """Who asks does not decide."""

    def __init__(self) -> None:
        super().__init__("申请人不能审批自己的重新抽取申请", "who asked for a redraw cannot decide on it")


class AlreadyMatched(FailedPrecondition):
    """The draw's objects are in joint matches; drawing again would tear those apart."""

    def __init__(self, window_id: str) -> None:
        super().__init__(
            f"该抽取结果已在集中抽取窗口 {window_id} 中形成联合抽查，不能重新抽取",
            f"the draw's objects were matched in joint window {window_id!r}; it cannot be redrawn",
            window_id=window_id,
        )


class CannotRedraw(FailedPrecondition):
    """There is nothing to draw again, or it is too late."""

    def __init__(self, state: DrawState) -> None:
        zh, en = POSSIBLE[state]
        super().__init__(
            f"抽取当前为 {state}，不能重新抽取；现在可以：{zh}",
            f"the draw is {state} and cannot be redrawn; what is possible now: {en}",
            state=state,
        )


class NoSuchRound(FailedPrecondition):
    """There is no round that can be shown."""

    done = ("完成", "done")

    def __init__(self, draw_id: str, number: int) -> None:
        zh, en = self.done
        which = f"第 {number} 轮" if number else ""
        super().__init__(
            f"抽取 {draw_id} {which}尚未{zh}",
            f"draw {draw_id!r}: {f'round {number}' if number else 'no round'} is {en} yet",
        )


class RoundNotRevealed(NoSuchRound):
    """What it has drawn is not known yet."""

    done = ("揭示", "not revealed")


class RoundNotAbandoned(NoSuchRound):
    """It stands, or its secrets are still to be shown."""

    done = ("作废", "not abandoned")


class RoundNotCommitted(NoSuchRound):
    """Its frame is not frozen yet."""

    done = ("提交承诺", "not committed")
