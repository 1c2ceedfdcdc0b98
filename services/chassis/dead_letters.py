"""Facts that could not be handled: kept with the reason beside the data of the service that could not handle them.

A letter is DEAD until somebody looks at it. `replay` marks it, the worker handles it again as if it had just come in,
and it becomes REPLAYED, or DEAD again with the new reason. `drop` sets it aside. Nothing is ever deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import NAMESPACE_OID, uuid5

from sqlalchemy import Column, DateTime, Integer, MetaData, RowMapping, String, Table, Text, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.chassis.errors import FailedPrecondition, NoSuchThing
from services.chassis.outbox import utc


class LetterState(StrEnum):
    """Where a letter stands."""

    DEAD = "DEAD"
    REPLAYING = "REPLAYING"
    REPLAYED = "REPLAYED"
    DROPPED = "DROPPED"


class LetterSettled(FailedPrecondition):
    """A letter that was replayed or dropped takes no further order."""

    def __init__(self, id: str, state: str) -> None:
        super().__init__(
            f"死信 {id} 的状态为 {state}，只有 DEAD 状态可以重放或丢弃",
            f"letter {id} is {state}; only a DEAD one can be replayed or dropped",
            state=state,
        )


@dataclass(frozen=True)
class DeadLetter:
    """One fact that one subscription gave up on.

    Args:
        id: id of the letter.
        event_id: id of the fact; `""` when what came in could not even be read.
        subscription: who gave up, e.g. `tasks.plans.plan_approved`.
        envelope: what came in, as text.
        reason: the last error in one line.
        traceback: where it was raised.
        attempts: how often it was tried.
        died_at: instant it was given up.
        state: where the letter stands.
        settled_at: instant it was replayed or dropped.
    """

    id: str
    event_id: str
    subscription: str
    envelope: str
    reason: str
    traceback: str
    attempts: int
    died_at: datetime
    state: LetterState = LetterState.DEAD
    settled_at: datetime | None = None


def dead_letters_table(metadata: MetaData) -> Table:
    """Letters of all subscriptions of the service; a fact that dies again in the same one keeps its letter."""
    return Table(
        "dead_letters",
        metadata,
        Column("id", String(36), primary_key=True),
        Column("event_id", String(64), nullable=False),
        Column("subscription", String(128), nullable=False, index=True),
        Column("envelope", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("traceback", Text, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("died_at", DateTime(timezone=True), nullable=False),
        Column("state", String(16), nullable=False, index=True),
        Column("settled_at", DateTime(timezone=True)),
    )


def letter_id(subscription: str, event_id: str) -> str:
    """The id of the letter of a fact in a subscription: always the same one."""
    return str(uuid5(NAMESPACE_OID, f"{subscription}\n{event_id}"))


def bury(session: Session, table: Table, letter: DeadLetter) -> None:
    """Keep a letter; one with the same id is replaced."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    kept, replaced = {"id": letter.id, **_told(letter)}, _told(letter)
    session.execute(insert(table).values(kept).on_conflict_do_update(index_elements=["id"], set_=replaced))


def bury_again(session: Session, table: Table, letter: DeadLetter) -> bool:
    """Keep why a replay failed; False: another one has settled the letter meanwhile, and it stays so."""
    waiting = table.c.id == letter.id, table.c.state == LetterState.REPLAYING
    again = update(table).where(*waiting).values(_told(letter)).returning(table.c.id)
    return session.execute(again).first() is not None


def _told(letter: DeadLetter) -> dict[str, object]:
    return {name: getattr(letter, name) for name in DeadLetter.__dataclass_fields__ if name != "id"}


def list_letters(session: Session, table: Table, *, state: LetterState | None = LetterState.DEAD) -> list[DeadLetter]:
    """Letters in one state (None: in any), oldest first."""
    statement = select(table).order_by(table.c.died_at, table.c.id)
    if state is not None:
        statement = statement.where(table.c.state == state)
    return [_letter(row) for row in session.execute(statement).mappings()]


def show(session: Session, table: Table, id: str) -> DeadLetter:
    """One letter.

    Raises:
        NoSuchThing: there is none with this id.
    """
    row = session.execute(select(table).where(table.c.id == id)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing("DeadLetter", id)
    return _letter(row)


def replay(session: Session, table: Table, id: str) -> None:
    """Ask the worker to handle a letter again; it does within a second of running.

    Raises:
        NoSuchThing: there is none with this id.
        LetterSettled: it is not DEAD.
    """
    _order(session, table, id, LetterState.REPLAYING, None)


def drop(session: Session, table: Table, id: str, *, now: datetime) -> None:
    """Set a letter aside for good; its text stays.

    Raises:
        NoSuchThing: there is none with this id.
        LetterSettled: it is not DEAD.
    """
    _order(session, table, id, LetterState.DROPPED, now)


def settle(session: Session, table: Table, id: str, *, now: datetime) -> bool:
    """Note that a letter is replayed, in the transaction that does so; False: another one has done it."""
    return _moved(session, table, id, LetterState.REPLAYING, LetterState.REPLAYED, now)


def _order(session: Session, table: Table, id: str, state: LetterState, at: datetime | None) -> None:
    if not _moved(session, table, id, LetterState.DEAD, state, at):
        raise LetterSettled(id, show(session, table, id).state)


def _moved(
    session: Session, table: Table, id: str, before: LetterState, after: LetterState, at: datetime | None
) -> bool:
    found = table.c.id == id, table.c.state == before
    moved = session.execute(update(table).where(*found).values(state=after, settled_at=at).returning(table.c.id))
    return moved.first() is not None


def _letter(row: RowMapping) -> DeadLetter:
    settled_at = row["settled_at"]
    instants = {"died_at": utc(row["died_at"]), "settled_at": settled_at and utc(settled_at)}
    return DeadLetter(**{**row, **instants, "state": LetterState(row["state"])})
