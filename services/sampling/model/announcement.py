"""What everybody may read of a commitment (承诺公告), from the moment it is announced."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.sampling.model.contributions import PLATFORM
from services.sampling.model.draw import Draw
from services.sampling.model.draw_round import DrawState, Round
from services.sampling.model.uscc import broken_rule

SUPERVISOR = "supervisor"
"""How a contributor is called in public who stands for no authority: only supervisors are that."""


@dataclass(eq=False, kw_only=True)
class Announcement:
    """One announced commitment; a row for each, so that they can be listed.

    Args:
        announcement_id: the draw and the round.
        withheld: who kept a secret back, as they are called in public.
        closed_at: when it was revealed or abandoned; None: it is open.
    """

    announcement_id: str
    draw_id: str
    round: int
    commitment: str
    previous: str
    task_number: str
    task_name: str
    authority_id: str
    window_id: str
    frame_count: int
    wanted_count: int
    state: DrawState
    withheld: tuple[str, ...]
    reveal_by: datetime | None
    announced_at: datetime
    closed_at: datetime | None


def announcement_of(draw: Draw, round: Round) -> dict[str, object]:
    """A committed round as it is announced."""
    committed = round.committed
    assert committed is not None  # only a committed round is announced
    return {
        "announcement_id": f"{draw.draw_id}/{round.number}",
        "draw_id": draw.draw_id,
        "round": round.number,
        "commitment": round.commitment,
        "previous": committed.redraw.previous if committed.redraw else "",
        "task_number": draw.task_number,
        "task_name": draw.task_name,
        "authority_id": draw.authority_id,
        "window_id": round.window_id,
        "frame_count": round.frame_count,
        "wanted_count": round.wanted_count,
        "state": round.state,
        "withheld": tuple(map(public_name, round.withheld)),
        "reveal_by": round.reveal_by,
        "announced_at": round.committed_at,
        "closed_at": round.closed_at,
    }


def public_name(contributor: str) -> str:
    """A contributor as everybody may know them: an authority or the platform by name, a person by office."""
    return contributor if contributor == PLATFORM or not broken_rule(contributor) else SUPERVISOR
