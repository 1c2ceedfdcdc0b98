"""Reading how one object stands in the draws that were revealed."""

from __future__ import annotations

import csv
from datetime import date
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from services.chassis.errors import NoSuchThing
from services.chassis.identity import NotYours, Principal
from services.chassis.paging import Page, paginate
from services.sampling.model import merkle
from services.sampling.model.draw import Draw
from services.sampling.model.draw_round import Round
from services.sampling.model.exclusions import Reason
from services.sampling.model.neighbours import Authority, Binding
from services.sampling.model.records import DrawnRow
from services.sampling.model.standing import WHY, DrawStanding, StandingKind
from services.sampling.model.tickets import keys, tickets
from services.sampling.proof import NoProof, proof, proof_bytes
from services.sampling.queries.draws import Where, file_of, find_draw
from services.sampling.tables import bindings, drawn_objects, draws, tasks
from services.sampling.use_cases.access import OVERSEERS
from services.sampling.use_cases.revealing import EXCLUDED, FRAME, LEAVES

OWN = "-"
USUAL, MOST = 20, 50


def object_asked_for(session: Session, object_id: str, by: Principal, day: date) -> str:
    """The object a request is about.

    Raises:
        NotYours: an enterprise asks about another.
    """
    asked = (by.object or _only_one(objects_of(session, by, day))) if object_id == OWN else object_id
    may = asked and (by.authority or by.roles & OVERSEERS or asked in objects_of(session, by, day))
    if not may:
        raise NotYours("object", asked)
    return asked


def objects_of(session: Session, by: Principal, day: date) -> set[str]:
    """The objects an account speaks for: that of its identity proof, and those it is bound to."""
    if "enterprise" not in by.roles:
        return {by.object} - {""}
    bound = session.scalars(select(Binding).where(bindings.c.subject == by.subject))
    return {binding.object_id for binding in bound if binding.holds_on(day)} | ({by.object} - {""})


def _only_one(objects: set[str]) -> str:
    return next(iter(objects)) if len(objects) == 1 else ""


def list_standings(session: Session, object_id: str, year: int, by: Principal, where: Where) -> Page[Any]:
    """A page of how an object stands, newest draw first; what a draw of a test task did is nobody's concern."""
    revealed = exists().where(drawn_objects.c.draw_id == draws.c.draw_id)
    formal = select(tasks.c.task_id).where(tasks.c.nature != "TEST", ~tasks.c.purged)
    conditions = [revealed, draws.c.task_id.in_(formal), *([draws.c.year == year] if year else [])]
    page = paginate(
        session,
        select(Draw).where(*conditions),
        order=(draws.c.created_at, draws.c.draw_id),
        page_size=min(where.page_size or USUAL, MOST),
        page_token=where.page_token,
        descending=True,
    )
    return Page([standing(session, draw, 0, object_id, by) for draw in page.items], page.next_page_token)


def get_standing(session: Session, draw_id: str, number: int, object_id: str, by: Principal) -> DrawStanding:
    """How an object stands in a round.

    Raises:
        NoSuchThing, RoundNotRevealed: there is none, or not yet.
    """
    return standing(session, find_draw(session, draw_id), number, object_id, by)


def standing(session: Session, draw: Draw, number: int, object_id: str, by: Principal) -> DrawStanding:
    """How an object stands in a revealed round."""
    done = draw.revealed_round(number)
    owner = f"{draw.draw_id}/{done.number}"
    authority = session.get(Authority, draw.authority_id)
    known: dict[str, Any] = {
        "object_id": object_id,
        "draw_id": draw.draw_id,
        "round": done.number,
        "task_number": draw.task_number,
        "task_name": draw.task_name,
        "authority_id": draw.authority_id,
        "authority_name": authority.name if authority else "",
        "revealed_at": done.revealed_at,
        "commitment": done.commitment,
        "window_id": done.window_id,
    }
    if line := merkle.find(file_of(session, owner, FRAME), object_id):
        return DrawStanding(**known, **within(session, draw, done, object_id, line.stratum))
    left_out = merkle.find(file_of(session, owner, EXCLUDED), object_id)
    if left_out and may_know_why(draw, object_id, by):
        return DrawStanding(**known, kind=StandingKind.EXCLUDED, reason=why(left_out.stratum))
    return DrawStanding(**known, kind=StandingKind.OUTSIDE)


def why(cell: str) -> str:
    """What a cell of `excluded.csv` means; it is in quotes where it has commas or quotes."""
    reason = next(csv.reader([cell]))[0] if cell.startswith('"') else cell
    return WHY[Reason(reason)] if reason in set(Reason) else reason


def may_know_why(draw: Draw, object_id: str, by: Principal) -> bool:
    """Whether somebody is told why an object was left out: itself, who takes part, who oversees.

    An account without an authority that asks for an object speaks for it: see `object_asked_for`.
    """
    speaks = by.object == object_id or not by.authority
    return speaks or by.authority in draw.participants or bool(by.roles & OVERSEERS)


def within(session: Session, draw: Draw, done: Round, object_id: str, stratum: str) -> dict[str, Any]:
    """How an object of the frame stands, and the numbers of its stratum."""
    here = select(DrawnRow).where(
        drawn_objects.c.draw_id == draw.draw_id,
        drawn_objects.c.round == done.number,
        drawn_objects.c.stratum == stratum,
    )
    own = session.scalars(here.where(drawn_objects.c.object_id == object_id)).one_or_none()
    last = session.scalars(
        here.where(~drawn_objects.c.substitute).order_by(drawn_objects.c.rank.desc()).limit(1)
    ).one_or_none()
    kind = StandingKind.NOT_DRAWN if own is None else StandingKind.DRAWN
    committed = next(each for each in done.strata if each.name == stratum)
    return {
        "kind": StandingKind.SUBSTITUTE if own and own.substitute else kind,
        "stratum": stratum,
        "count": committed.count,
        "quota": committed.wanted,
        "ticket": ticket(done, object_id),
        "cut_off": ticket(done, last.object_id) if last else "",
        "rank": own.rank if own else 0,
        "provable": bool(done.committed and done.committed.frame_merkle),
    }


def ticket(done: Round, object_id: str) -> str:
    """An object's ticket in a revealed round, hex."""
    return tickets(bytes.fromhex(done.seed), keys([object_id])).tobytes().hex()


def get_proof(session: Session, draw_id: str, number: int, object_id: str) -> bytes:
    """The proof that an object is in the frame of a revealed round.

    Raises:
        NoSuchThing: it is not, or there is no such draw.
        RoundNotRevealed: it is too early.
        NoProof: the round was committed without a tree.
    """
    draw = find_draw(session, draw_id)
    done = draw.revealed_round(number)
    if not done.committed or not done.committed.frame_merkle:
        raise NoProof(draw_id)
    owner = f"{draw_id}/{done.number}"
    frame = file_of(session, owner, FRAME)
    line = merkle.find(frame, object_id)
    if line is None:
        raise NoSuchThing("Proof", object_id)
    return proof_bytes(proof(done.commitment, object_id, line, frame, file_of(session, owner, LEAVES)))
