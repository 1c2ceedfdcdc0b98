"""When a secret is kept back: the commitment is abandoned on record, and the draw goes on without who did it."""

from __future__ import annotations

from datetime import datetime

from services.chassis.identity import Principal
from services.chassis.work import Work
from services.sampling.events import DrawAbandoned, DrawCommitted
from services.sampling.model.abandonment import Terms, record, remaining
from services.sampling.model.announcement import public_name
from services.sampling.model.contributions import PLATFORM
from services.sampling.model.draw import Draw
from services.sampling.model.draw_round import DrawState, Round
from services.sampling.model.records import FrozenFile
from services.sampling.model.seed import contribution
from services.sampling.transcript import transcript_bytes
from services.sampling.use_cases.access import decidable
from services.sampling.use_cases.announcing import keep_announced
from services.sampling.use_cases.population import Population
from services.sampling.use_cases.revealing import EXCLUDED, FRAME, LEAVES, place, reveal
from services.sampling.use_cases.sealing import Vault, keep_secret, opened_secret

RECORD = "abandoned.json"


def abandon_commitment(
    work: Work, vault: Vault, draw_id: str, secret: bytes, terms: Terms, *, etag: str, by: Principal, now: datetime
) -> Draw:
    """Give a commitment up because a secret was not shown in time.

    Args:
        secret: 32 random bytes, the platform's fresh ones, for a round that nobody else gives a secret to.

    Raises:
        RevealsNotDue, NothingWithheld, RedrawPending, RevealedByItsWindow: it stands.
    """
    draw = decidable(work, draw_id, by, etag)
    abandon(work, vault, draw, secret, terms, now)
    return draw


def abandon(work: Work, vault: Vault, draw: Draw, secret: bytes, terms: Terms, now: datetime) -> None:
    """Put the round on record and open the next, with the same files."""
    before = place(draw)
    draw.abandon(opened_secret(work, vault, before), now + terms.contribute, now)
    given_up = draw.rounds[-2]
    shown_as = {each.contributor: public_name(each.contributor) for each in given_up.contributions}
    work.add(_file(draw, before, RECORD, transcript_bytes(record(given_up, shown_as))))
    for name in (FRAME, LEAVES, EXCLUDED):
        if kept := work.find(FrozenFile, file_id=f"{before}/{name}"):  # frames of old have no leaves
            work.add(_file(draw, place(draw), name, kept.content))
    keep_announced(work, draw, given_up)
    work.emit(_abandoned(draw, given_up))
    if not remaining(given_up):
        renew(work, vault, draw, secret, terms, now)


def renew(work: Work, vault: Vault, draw: Draw, secret: bytes, terms: Terms, now: datetime, hours: int = 0) -> None:
    """Commit again to the frame of the abandoned round, and announce it.

    Raises:
        ContributionsAwaited: those who remain still have time.
    """
    draw.renew(contribution(secret), terms.reveal_by(now, hours), now)
    keep_secret(work, vault, place(draw), secret)
    keep_announced(work, draw, draw.round)
    work.emit(DrawCommitted(draw.draw_id, draw.task_id, draw.round.number, draw.round.commitment))


def finish_overdue(
    work: Work, population: Population, vault: Vault, draw_id: str, secret: bytes, terms: Terms, now: datetime
) -> None:
    """Do what is due of a draw that its people have left alone: commit again, reveal, or abandon."""
    draw = work.get(Draw, draw_id, lock=True)
    if draw.due_at is None or now < draw.due_at:
        return
    if draw.state is DrawState.RENEWING:
        renew(work, vault, draw, secret, terms, now)
    elif (own := opened_secret(work, vault, place(draw))) and not _missing(draw.round):
        reveal(work, population, draw, draw.secrets(own), None, now)
    elif not draw.round.waits:
        abandon(work, vault, draw, secret, terms, now)


def _missing(round: Round) -> list[str]:
    """Who has not shown a secret, the platform aside."""
    return [each.contributor for each in round.contributions if not each.secret and each.contributor != PLATFORM]


def _file(draw: Draw, place: str, name: str, content: bytes) -> FrozenFile:
    file = FrozenFile.of(place, name, content)
    file.owner_id = draw.draw_id
    return file


def _abandoned(draw: Draw, given_up: Round) -> DrawAbandoned:
    return DrawAbandoned(
        draw.draw_id,
        draw.task_id,
        given_up.number,
        given_up.commitment,
        given_up.withheld,
        draw.authority_id,
        f"/v1/commitments/{draw.draw_id}/abandonment?round={given_up.number}",
        f"{draw.task_number or draw.task_name} 第{given_up.number}轮承诺作废记录",
    )
