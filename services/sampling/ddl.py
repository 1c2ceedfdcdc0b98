"""What PostgreSQL and SQLite do by themselves in sampling's tables: functions behind indexes, and triggers.

Migrations run these texts as they stand: one that must change gets a new name, and a new migration. None needs an
extension, so that a city whose database administrator grants none loses nothing.
"""

from __future__ import annotations

NARROW = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ（）", "abcdefghijklmnopqrstuvwxyz()")
"""What makes no difference in a search: capitals and the width of brackets. The same in Python, PostgreSQL and SQLite,
and in each whatever the locale."""

_NARROW = "'ABCDEFGHIJKLMNOPQRSTUVWXYZ（）', 'abcdefghijklmnopqrstuvwxyz()'"

NARROWED = f"""
CREATE FUNCTION narrowed(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT translate(words, {_NARROW}) $$
"""

NAME_GRAMS = f"""
CREATE FUNCTION name_grams(words text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  characters text[] := string_to_array(translate(words, {_NARROW}), NULL);
  grams text[] := characters;
BEGIN
  FOR i IN 1 .. coalesce(array_length(characters, 1), 0) - 1 LOOP
    grams[i] := characters[i] || characters[i + 1];
  END LOOP;
  RETURN array_to_tsvector(grams);
END $$
"""
"""Each two neighbouring characters, and the last alone: `重庆市` becomes `重庆`, `庆市`, `市`. To search one character
is to search what begins with it. Trigrams (pg_trgm) know nothing of one or two, and in the C locale no Chinese."""

_LOG = "INSERT INTO directory_changes (object_id)"


def _on_postgresql(table: str) -> tuple[str, ...]:
    function = f"""
CREATE FUNCTION note_changed_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  {_LOG} SELECT object_id FROM changed;
  RETURN NULL;
END $$
"""  # noqa: S608 (the table is one of two written below)
    triggers = (
        f"CREATE TRIGGER {table}_{verb.lower()} AFTER {verb} ON {table} REFERENCING {state} TABLE AS changed "
        f"FOR EACH STATEMENT EXECUTE FUNCTION note_changed_{table}()"
        for verb, state in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
    )
    return (function, *triggers)


def _on_sqlite(table: str) -> tuple[str, ...]:
    """Row by row, so only where there is a snapshot; nobody else writes while the first one is made."""
    is_kept = "WHEN EXISTS (SELECT 1 FROM directory_snapshots)"
    return tuple(
        f"CREATE TRIGGER {table}_{verb.lower()} AFTER {verb} ON {table} {is_kept} "
        f"BEGIN {_LOG} VALUES ({state}.object_id); END"
        for verb, state in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
    )


FUNCTIONS = {"postgresql": (NARROWED, NAME_GRAMS), "sqlite": ()}
INDEXES = {
    "postgresql": {
        "objects_by_code": "(object_id varchar_pattern_ops)",
        "objects_by_code_tail": '("right"(object_id, 4))',
        "objects_by_name_grams": "USING gin (name_grams(name || chr(10) || alias))",
        "objects_by_tag": "USING gin (string_to_array(btrim(tags, '|'), '|'))",
    },
    "sqlite": {},
}
"""On objects, by name, what SQLAlchemy has no words for, or what one of the two databases has no use for."""

TRIGGERS = {
    "postgresql": (*_on_postgresql("objects"), *_on_postgresql("ratings")),
    "sqlite": (*_on_sqlite("objects"), *_on_sqlite("ratings")),
}
"""Whoever changes an object or a rating, be it a release from before or a hand with a database client, is noted: a draw
reads from a snapshot of the directory and from what is noted since (ADR 14)."""


def statements(dialect: str) -> tuple[str, ...]:
    """All of it, once the tables are there."""
    indexes = (f"CREATE INDEX {name} ON objects {columns}" for name, columns in INDEXES[dialect].items())
    return (*FUNCTIONS[dialect], *indexes, *TRIGGERS[dialect])
