"""What comes from a draw: parts of a round, and the substitutes that are kept aside."""

from __future__ import annotations

from dataclasses import dataclass

from services.chassis.errors import FailedPrecondition


class NoSubstituteLeft(FailedPrecondition):
    """Every substitute of the stratum is used."""

    def __init__(self, stratum: str) -> None:
        super().__init__(
            f"分类“{stratum}”的候补检查对象已用完；可以取消该检查，或申请重新抽取",
            f"stratum {stratum!r} has no substitute left; cancel the inspection or ask for a new round",
            stratum=stratum,
        )


@dataclass(eq=False, kw_only=True)
class DrawReceipt:
    """A part of a round that has arrived; `receipt_id` is task, round and part."""

    receipt_id: str
    task_id: str
    round: int
    part: int
    parts: int


@dataclass(eq=False, kw_only=True)
class Substitute:
    """A drawn object that takes the place of one that falls away."""

    substitute_id: str
    task_id: str
    round: int
    object_id: str
    name: str
    region: str
    stratum: str
    rank: int
    inspection_id: str = ""


@dataclass(frozen=True)
class Drawn:
    """An object of a draw."""

    object_id: str
    stratum: str
    rank: int
    substitute: bool
    name: str
    region: str


@dataclass(frozen=True)
class Team:
    """Who inspects an object for an authority.

    Args:
        experts: who accompanies them.
    """

    object_id: str
    authority_id: str
    certificates: tuple[str, ...]
    experts: tuple[str, ...] = ()

    @property
    def everybody(self) -> tuple[str, ...]:
        """All who go."""
        return tuple(dict.fromkeys((*self.certificates, *self.experts)))


@dataclass(frozen=True)
class MatchParticipant:
    """An authority whose draw took the object."""

    authority_id: str
    task_id: str
    matter_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Match:
    """An object that several draws of one window share."""

    match_id: str
    object_id: str
    lead_id: str
    participants: tuple[MatchParticipant, ...]
    lead_rule: str = ""
