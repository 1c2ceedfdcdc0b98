"""What a round of a draw binds itself to, made of what was frozen and of the rounds before."""

from __future__ import annotations

from collections.abc import Sequence

from services.sampling.model import commitment as lm
from services.sampling.model.contributions import Contribution
from services.sampling.model.draw_round import Round
from services.sampling.model.freezing import Frozen


def commitment_of(
    draw_id: str,
    rounds: Sequence[Round],
    frozen: Frozen,
    excluded_csv: bytes,
    contributions: Sequence[Contribution],
    frame_merkle: str | None,
) -> lm.Commitment:
    """The commitment of the last of these rounds."""
    return lm.commit(
        draw_id,
        rounds[-1].number,
        frozen.frame,
        frozen.asked.quotas,
        [contribution.hash for contribution in contributions],
        excluded=excluded_csv,
        ratios=frozen.asked.ratios,
        total=frozen.asked.total,
        redraw=continued(rounds),
        frame_merkle=frame_merkle,
    )


def continued(rounds: Sequence[Round]) -> lm.Redraw | None:
    """What a second or later round must say of the one it replaces."""
    if len(rounds) == 1:
        return None
    before = rounds[-2]
    assert before.redraw is not None  # only an approved request opens a round that is prepared anew
    return lm.Redraw(before.commitment, before.redraw.reason, before.redraw.decided_by)
