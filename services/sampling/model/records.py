"""What a round of a draw leaves behind: its files, its sealed secret, and the objects it took."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime

from services.chassis.errors import AlreadyExists, FailedPrecondition, InvalidArgument, Unavailable, Violation
from services.sampling.model.teams import Team

QUICKLY = 1
"""How hard frozen files are compressed: as hard as can be takes a fifth off them and five times as long."""


@dataclass(eq=False, kw_only=True)
class FrozenFile:
    """A file as it was frozen, byte for byte.

    Args:
        file_id: whose it is, and its name: `<draw>/<round>/frame.csv`.
        owner_id: the draw, or the draw of inspectors.
        packed: the content, compressed.
    """

    file_id: str
    owner_id: str
    packed: bytes

    @classmethod
    def of(cls, owner_id: str, name: str, content: bytes) -> FrozenFile:
        """A file to keep."""
        return cls(file_id=f"{owner_id}/{name}", owner_id=owner_id, packed=zlib.compress(content, QUICKLY))

    @property
    def content(self) -> bytes:
        """What is in it."""
        return zlib.decompress(self.packed)


@dataclass(eq=False, kw_only=True)
class SealedSecret:
    """A secret of the platform that nobody reads before the reveal: no query, no list and no transcript touches it.

    Args:
        owner_id: the round (`<draw>/<round>`) or the window it belongs to.
        secret: sealed.
    """

    owner_id: str
    secret: bytes


@dataclass(eq=False, kw_only=True)
class DrawnRow:
    """An object that a round has taken.

    Args:
        row_id: the draw, the round and the place.
        rank: place in the order of tickets within its stratum, from 1.
        substitute: to be used in order of rank when a drawn one falls away.
        place: place in the list of the round, from 1.
    """

    row_id: str
    draw_id: str
    round: int
    place: int
    object_id: str
    stratum: str
    rank: int
    substitute: bool
    name: str
    region: str


@dataclass(eq=False, kw_only=True)
class InspectorsDraw:
    """A draw of inspectors.

    Args:
        draw_id, round: whose seed it uses; empty and 0: it has a seed of its own.
        teams: objects in the order of their tickets.
        replaces: the draw whose teams this one changes; empty: it makes teams of its own.
        replaced_certificate, reason: who does not go any more, and why.
    """

    inspectors_draw_id: str
    task_id: str
    authority_id: str
    participants: tuple[str, ...]
    draw_id: str = ""
    round: int = 0
    size: int
    seed: str
    teams: tuple[Team, ...]
    team_count: int
    replaces: str = ""
    replaced_certificate: str = ""
    reason: str = ""
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""


@dataclass(eq=False, kw_only=True)
class JointMatchRow:
    """An object that several draws of one window share.

    Args:
        authorities: of all that take part, for lists.
    """

    match_id: str
    window_id: str
    object_id: str
    lead_id: str
    lead_rule: str
    participants: tuple[MatchParticipant, ...]
    authorities: tuple[str, ...]


@dataclass(frozen=True)
class MatchParticipant:
    """A participant of a joint match."""

    authority_id: str
    task_id: str
    matter_ids: tuple[str, ...] = ()


class DrawExists(AlreadyExists):
    """The task has a draw."""

    def __init__(self, task_id: str, draw_id: str) -> None:
        super().__init__(
            f"任务（{task_id}）已有抽取（{draw_id}）",
            f"task {task_id!r} has draw {draw_id!r}; ask for a redraw there",
            draw_id=draw_id,
        )


class SecretLost(FailedPrecondition):
    """The platform's secret cannot be opened: its key file was exchanged."""

    def __init__(self) -> None:
        super().__init__(
            "平台的随机数无法解封（密钥文件已更换）；揭示期限过后将作废承诺并重新承诺，也可申请重新抽取",
            "the platform's secret cannot be opened, its key file was exchanged; after the deadline the commitment is "
            "abandoned and renewed, or a redraw may be requested",
        )


class ObjectsChosenByHand(FailedPrecondition):
    """The task's objects are not drawn."""

    def __init__(self, task_id: str) -> None:
        super().__init__(
            f"任务（{task_id}）的检查对象选定方式为自行设定，不能抽取",
            f"the objects of task {task_id!r} are chosen by hand, not drawn",
            selection="MANUAL",
        )


class InspectorsAssignedByHand(FailedPrecondition):
    """The task's inspectors are not drawn."""

    def __init__(self, task_id: str) -> None:
        super().__init__(
            f"任务（{task_id}）的检查人员选派方式为自行设定，不能抽取",
            f"the inspectors of task {task_id!r} are assigned by hand, not drawn",
            staffing="ASSIGNED",
        )


class NoObjectsYet(FailedPrecondition):
    """There are no objects to send inspectors to."""

    def __init__(self, task_id: str) -> None:
        super().__init__(
            f"任务（{task_id}）尚无已抽取的检查对象，请先完成对象抽取，或指定检查对象",
            f"no objects are drawn for task {task_id!r} yet; reveal its draw, or name the objects",
        )


class ObjectsUnknown(InvalidArgument):
    """Some of the named objects are not in the directory."""

    SHOWN = 10

    def __init__(self, object_ids: list[str]) -> None:
        some = "、".join(object_ids[: self.SHOWN])
        zh = f"{len(object_ids)} 个检查对象不在名录库中：{some}"
        super().__init__(Violation("object_ids", self.reason, zh, f"{len(object_ids)} objects are unknown: {some}"))


class NotDrawnThere(FailedPrecondition):
    """An inspector who is to be replaced was not drawn."""

    def __init__(self, certificate: str, object_ids: list[str]) -> None:
        where = f"检查对象 {'、'.join(object_ids[:10])} 的" if object_ids else "该任务的"
        super().__init__(
            f"{certificate} 不在{where}已抽取检查人员中；现在可以：更换其他已抽取的检查人员",
            f"{certificate!r} was not drawn{f' for {object_ids[:10]}' if object_ids else ''}; what is possible now: "
            "replace somebody who was",
            certificate=certificate,
        )


class SeedOfTheDraw(FailedPrecondition):
    """A draw of inspectors has no seed of its own."""

    def __init__(self, draw_id: str) -> None:
        super().__init__(
            f"检查人员抽取使用对象抽取（{draw_id}）的种子，请查看其抽取记录",
            f"the seed is that of draw {draw_id!r}: read its transcript",
            draw_id=draw_id,
        )


class MattersNotKnown(Unavailable):
    """The matters of a task have not reached this service yet."""

    def __init__(self, matter_ids: list[str]) -> None:
        super().__init__(
            f"事项 {'、'.join(matter_ids)} 的资料尚未同步，请稍后重试",
            f"matters {', '.join(matter_ids)} are not known here yet; try again in a moment",
            matter_ids=",".join(matter_ids),
        )


class OwnContributions(FailedPrecondition):
    """A draw with contributions of its own cannot take the seed of a window."""

    def __init__(self) -> None:
        super().__init__(
            "该抽取已有自己的随机数哈希，加入集中抽取窗口前不应有；请向窗口提交随机数",
            "the draw has contributions of its own; those who contribute to a window's draws contribute to the window",
        )


class TestTaskInWindow(FailedPrecondition):
    """A test task counts nowhere and forms no joint task."""

    __test__ = False  # not a test, whatever its name

    def __init__(self) -> None:
        super().__init__("测试任务不能加入集中抽取窗口", "a test task cannot join a joint window")
