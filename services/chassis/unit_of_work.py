"""One transaction as use cases see it, over SQLAlchemy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

import uuid_utils
from google.protobuf.message import Message
from sqlalchemy import (
    ColumnElement,
    Delete,
    MetaData,
    Select,
    Table,
    Update,
    delete,
    event,
    func,
    inspect,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from services.chassis import bulk, counters, inbox, outbox, telemetry
from services.chassis.database import Database
from services.chassis.errors import Conflict, NoSuchThing, StaleEtag
from services.chassis.events import Event, about

T = TypeVar("T")


class ChangedMeanwhile(Conflict):
    """Two callers changed the same thing at once and the other was first."""

    def __init__(self) -> None:
        super().__init__(
            "数据已被他人同时修改，请刷新后重试",
            "somebody else changed this at the same time; read it again and repeat",
        )


class UnitOfWork:
    """Implements `services.chassis.work.Work`; the read side uses its `session`.

    Args:
        session: the open transaction.
        metadata: the service's tables.
        encode_event: turns the service's event dataclasses into messages.
        subject: who acts, for the stamps of what changes.
        now: the instant of the request.
    """

    def __init__(
        self,
        session: Session,
        metadata: MetaData,
        encode_event: Callable[[Any], Message | outbox.Spelled],
        subject: str,
        now: datetime,
    ) -> None:
        self.session = session
        self.tables: Mapping[str, Table] = metadata.tables
        self._encode_event = encode_event
        self._subject = subject
        self._now = now
        self._events: list[tuple[Event, str]] = []
        self._adding: type[object] | None = None

    def get(self, kind: type[T], id: str, *, etag: str = "", lock: bool = False) -> T:
        found = self.session.get(kind, id, with_for_update=True if lock else None)
        if found is None:
            raise NoSuchThing(kind.__name__, id)
        current = str(getattr(found, "version", ""))
        if etag and etag != current:
            raise StaleEtag(kind.__name__, id, etag, current)
        return found

    def find(self, kind: type[T], /, **equal: object) -> T | None:
        return self.session.scalars(select(kind).where(*_filters(kind, equal))).one_or_none()

    def all(
        self, kind: type[T], /, *, order_by: Sequence[str] = (), limit: int | None = None, **equal: object
    ) -> list[T]:
        order = [
            getattr(kind, name.removeprefix("-")).desc() if name.startswith("-") else getattr(kind, name)
            for name in order_by
        ]
        statement = select(kind).where(*_filters(kind, equal)).order_by(*order).limit(limit)
        return list(self.session.scalars(statement))

    def batches(self, kind: type[T], size: int, /, **equal: object) -> Iterator[list[T]]:
        (column,) = inspect(kind).primary_key
        key = getattr(kind, column.key)
        wanted = select(kind).where(*_filters(kind, equal)).order_by(key).limit(size)
        batch = list(self.session.scalars(wanted))
        while batch:
            last = getattr(batch[-1], column.key)
            yield batch
            self.close()
            for entity in batch:
                self.session.expunge(entity)
            batch = list(self.session.scalars(wanted.where(key > last)))

    def rows(self, kind: type[object], names: Sequence[str], /, **equal: object) -> list[Any]:
        return list(self.session.execute(self._naming(kind, names, equal)))

    def row_batches(
        self, kind: type[object], names: Sequence[str], size: int, /, **equal: object
    ) -> Iterator[list[Any]]:
        key, wanted = getattr(kind, names[0]), self._naming(kind, names, equal)
        ends = self._every(size, key, equal)
        for after, until in zip([None, *ends], [*ends, None], strict=True):
            bounds = ([key > after] if after is not None else []) + ([key <= until] if until is not None else [])
            batch = list(self.session.execute(wanted.where(*bounds)))
            if batch:
                yield batch
                self.close()

    def _every(self, size: int, key: Any, equal: Mapping[str, object]) -> list[Any]:
        """The last key of each full batch.

        Looked up once: without statistics PostgreSQL sorts all that is left for each batch that has no end.
        """
        place = func.row_number().over(order_by=key).label("place")
        numbered = select(key.label("key"), place).where(*self._among(key.class_, equal)).subquery()
        full = select(numbered.c.key).where(numbered.c.place % size == 0).order_by(numbered.c.key)
        return list(self.session.scalars(full))

    def change(
        self,
        kind: type[object],
        values: Mapping[str, object],
        /,
        append: Mapping[str, object] | None = None,
        **equal: object,
    ) -> int:
        self.session.flush()
        table, cells = _table(kind), dict(values)
        for name, item in (append or {}).items():
            cells[name] = bulk.with_appended(self.session, table.c[name], item)
        if "version" in table.c:
            cells["version"] = table.c.version + 1
        if "updated_at" in table.c:
            cells |= {"updated_at": self._now, "updated_by": self._subject}
        return self._rowcount(update(table).values(cells).where(*self._among(kind, equal)))

    def erase(self, kind: type[object], /, **equal: object) -> int:
        self.session.flush()
        return self._rowcount(delete(_table(kind)).where(*self._among(kind, equal)))

    def _naming(self, kind: type[object], names: Sequence[str], equal: Mapping[str, object]) -> Select[Any]:
        """These attributes of all that match, by primary key."""
        attributes = [getattr(kind, name) for name in names]
        keys = [getattr(kind, column.key) for column in inspect(kind).primary_key]
        return select(*attributes).where(*self._among(kind, equal)).order_by(*keys)

    def _among(self, kind: type[object], equal: Mapping[str, object]) -> list[ColumnElement[bool]]:
        """As filters; many texts travel as one parameter."""
        many = {name for name, value in equal.items() if _is_many(value)}
        few = {name: value for name, value in equal.items() if name not in many}
        found = [bulk.among(self.session, getattr(kind, name), equal[name]) for name in sorted(many)]  # type: ignore[arg-type]  # texts
        return [*_filters(kind, few), *found]

    def _rowcount(self, statement: Update | Delete) -> int:
        return int(self.session.connection().execute(statement).rowcount)

    def count(self, kind: type[object], /, **equal: object) -> int:
        statement = select(func.count()).select_from(kind).where(*_filters(kind, equal))
        return int(self.session.execute(statement).scalar_one())

    def add(self, *entities: object) -> None:
        for entity in entities:
            # what was added before may be what this one refers to: keep the order in which kinds are added
            if self._adding not in (None, type(entity)):
                self.session.flush()
            self._adding = type(entity)
            self.session.add(entity)

    def delete(self, entity: object) -> None:
        self.session.delete(entity)

    def insert(
        self, kind: type[object], rows: Iterable[Mapping[str, object]], alike: Mapping[str, object] | None = None
    ) -> None:
        values = list(rows)
        if values:
            self.session.flush()
            bulk.insert_rows(self.session, _table(kind), values, alike)

    def upsert(self, kind: type[object], rows: Iterable[Mapping[str, object]]) -> None:
        values = list(rows)
        if values:
            self.session.flush()
            bulk.upsert_rows(self.session, _table(kind), values)

    def increase(self, kind: type[object], rows: Iterable[Mapping[str, object]]) -> None:
        self.session.flush()
        bulk.increase_rows(self.session, _table(kind), list(rows))

    def emit(self, *events: Event) -> None:
        trace = telemetry.current_traceparent()
        self._events.extend((event, trace) for event in events)

    def new_id(self) -> str:
        return str(uuid_utils.uuid7())

    def next_number(self, series: str) -> int:
        return self.next_numbers(series, 1)[0]

    def next_numbers(self, series: str, count: int) -> range:
        return counters.next_numbers(self.session, self.tables["numbers"], series, count)

    def first_time(self, event_id: str, subscription: str) -> bool:
        """Whether this subscription meets this fact for the first time; from now on it has met it."""
        return inbox.first_time(self.session, self.tables["inbox"], event_id, subscription, self._now)

    def close(self) -> None:
        """Write out what is still in hand: entities, then the facts in the order they were announced."""
        self.session.flush()
        drafts = [self._draft(event, trace) for event, trace in self._events]
        if drafts:
            outbox.append_all(self.session, self.tables["outbox"], drafts)
        self._events.clear()

    def _draft(self, event: Event, trace: str) -> outbox.Draft:
        kind, id = about(event)
        return outbox.Draft(
            id=self.new_id(),
            message=self._encode_event(event),
            aggregate_type=kind,
            aggregate_id=id,
            occurred_at=self._now,
            traceparent=trace,
        )

    def stamp(self, session: Session, *_: object) -> None:
        """Fill created_… and updated_… of what is about to be written."""
        for entity in (*session.new, *(dirty for dirty in session.dirty if session.is_modified(dirty))):
            if hasattr(entity, "updated_at"):
                entity.updated_at, entity.updated_by = self._now, self._subject
                if entity.created_at is None:
                    entity.created_at, entity.created_by = self._now, self._subject


@contextmanager
def unit_of_work(
    database: Database,
    metadata: MetaData,
    encode_event: Callable[[Any], Message | outbox.Spelled],
    *,
    subject: str,
    now: datetime,
    read_only: bool = False,
) -> Iterator[UnitOfWork]:
    """Open a unit of work; it commits at the end of the block and leaves nothing behind if the block raises.

    Raises:
        ChangedMeanwhile: another transaction was first; nothing was changed here.
    """
    try:
        with database.transaction(read_only=read_only) as session:
            work = UnitOfWork(session, metadata, encode_event, subject, now)
            event.listen(session, "before_flush", work.stamp)
            yield work
            if not read_only:
                work.close()
    except StaleDataError as error:
        raise ChangedMeanwhile from error
    except DBAPIError as error:
        if _is_lost_race(error):
            raise ChangedMeanwhile from error
        raise


def _filters(kind: type[object], equal: Mapping[str, object]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    for name, value in equal.items():
        attribute = getattr(kind, name)
        is_choice = isinstance(value, (list, tuple, set, frozenset))
        conditions.append(attribute.in_(value) if is_choice else attribute == value)
    return conditions


def _is_many(value: object) -> bool:
    """Whether it is a choice of so many texts that reading them one by one would cost more than finding them."""
    if not isinstance(value, (list, tuple, set, frozenset)) or len(value) < _MANY:
        return False
    return all(type(each) is str for each in value)


_MANY = 20
_LOST_RACES = ("23505", "40001", "40P01")  # a key that is there already, no serial order, a deadlock


def _is_lost_race(error: DBAPIError) -> bool:
    """Whether somebody else was first. Any other error is a mistake of ours, or the database is away."""
    return getattr(error.orig, "sqlstate", "") in _LOST_RACES or "UNIQUE constraint" in str(error.orig)


def _table(kind: type[object]) -> Table:
    table = inspect(kind).local_table
    assert isinstance(table, Table)
    return table
