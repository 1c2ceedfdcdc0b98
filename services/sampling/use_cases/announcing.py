"""Announcing commitments (承诺公告), so that everybody can write them down before anything is revealed."""

from __future__ import annotations

from services.chassis.work import Work
from services.sampling.model.announcement import Announcement, announcement_of
from services.sampling.model.draw import Draw
from services.sampling.model.draw_round import Round


def keep_announced(work: Work, draw: Draw, round: Round) -> None:
    """Let the announcement of a committed round show where it stands."""
    work.upsert(Announcement, [announcement_of(draw, round)])
