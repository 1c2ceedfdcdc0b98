"""Conditions that an index of the directory serves, on PostgreSQL and on SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from sqlalchemy import ColumnElement, Text, func, literal, or_, select, text
from sqlalchemy import cast as typed
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, array
from sqlalchemy.orm import Session

from services.sampling.ddl import NARROW
from services.sampling.model.region import prefix
from services.sampling.model.uscc import compact
from services.sampling.tables import objects

TAIL = 4
LAST = "\U0010ffff"


def on_postgresql(session: Session) -> bool:
    """Whether the database is PostgreSQL."""
    return session.get_bind().dialect.name == "postgresql"


def plan_for_these_values(session: Session) -> None:
    """Let PostgreSQL plan each search for what is searched: a rare word wants another way than a frequent one."""
    if on_postgresql(session):
        session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))


def named(session: Session, query: str) -> Iterator[ColumnElement[bool]]:
    """Whether each word of a query is part of an object's name or other name."""
    for word in query.translate(NARROW).split():
        yield _named_on_postgresql(word) if on_postgresql(session) else _named_on_sqlite(word)


def within(column: Any, region: str) -> ColumnElement[bool]:
    """Whether a region lies in another; digits sort alike in every locale, so that an index serves it."""
    first = prefix(region)
    if len(first) == len(region):
        return cast(ColumnElement[bool], column == region)
    return cast(ColumnElement[bool], column.between(first.ljust(6, "0"), first.ljust(6, "9")))


def begins(session: Session, code: str) -> ColumnElement[bool]:
    """Whether an object's id begins so."""
    if on_postgresql(session):
        return or_(*(objects.c.object_id.startswith(each, autoescape=True) for each in spelt(code)))
    return or_(*(objects.c.object_id.between(each, each + LAST) for each in spelt(code)))


def ends(session: Session, tail: str) -> ColumnElement[bool]:
    """Whether an object's id ends so."""
    id = objects.c.object_id
    whole = {each: id.endswith(each, autoescape=True) for each in spelt(tail)}
    if on_postgresql(session):
        return or_(*((func.right(id, literal_of(TAIL)) == each[-TAIL:]) & ends for each, ends in whole.items()))
    return _in(select(id).where(or_(*whole.values())))


def spelt(code: str) -> tuple[str, ...]:
    """A code as it was typed, and as a uscc is kept."""
    return tuple(dict.fromkeys((code.strip(), compact(code))))


def tagged(session: Session, tag: str) -> ColumnElement[bool]:
    """Whether an object has a tag."""
    if on_postgresql(session):
        kept = typed(objects.c.tags, Text)
        bar = text("'|'")
        words = func.string_to_array(func.btrim(kept, bar), bar, type_=ARRAY(Text))
        return words.contains(array([typed(tag, Text)]))
    return has_word(objects.c.tags, tag)


def has_word(column: Any, word: str) -> ColumnElement[bool]:
    """Whether one of the words in a column is this very one: LIKE is no judge of capitals on SQLite."""
    kept = typed(column, Text)
    return func.replace(kept, f"|{word}|", "") != kept


def grams(word: str) -> str:
    """The query that finds what may hold a word: all its pairs of neighbours, or what begins with its one character."""
    pairs = [word[place : place + 2] for place in range(len(word) - 1)]
    return " & ".join(map(quoted, pairs)) if pairs else f"{quoted(word)}:*"


def quoted(lexeme: str) -> str:
    """A lexeme as `tsquery` reads it."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def literal_of(number: int) -> ColumnElement[int]:
    """A number that stands in the statement, as it does in the index."""
    return text(str(number))  # type: ignore[return-value]


def _named_on_postgresql(word: str) -> ColumnElement[bool]:
    both = typed(objects.c.name, Text) + func.chr(literal_of(10)) + typed(objects.c.alias, Text)
    found = func.name_grams(both).op("@@", is_comparison=True)(typed(literal(grams(word), Text), TSQUERY))
    is_there = func.strpos(func.narrowed(both), word) > 0  # LIKE would have a guess of its own, and a wrong one
    return cast(ColumnElement[bool], found) & is_there


def _named_on_sqlite(word: str) -> ColumnElement[bool]:
    """SQLite's LIKE makes no difference between capitals; the index holds all that is looked at."""
    narrow = (func.replace(func.replace(column, "（", "("), "）", ")") for column in (objects.c.name, objects.c.alias))
    return _in(select(objects.c.object_id).where(or_(*(each.contains(word, autoescape=True) for each in narrow))))


def _in(found: Any) -> ColumnElement[bool]:
    return objects.c.object_id.in_(found.correlate(None))
