"""Whom and what codes name, as their readers see it: read for many codes at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Row, Select, Table, bindparam, select
from sqlalchemy.orm import Session

from services.codes.model.directory import CheckItem, KnownAuthority, KnownInspector, KnownMatter
from services.codes.tables import known_authorities, known_inspectors, known_matters, known_objects

K = TypeVar("K")


@dataclass(frozen=True)
class SeenAuthority:
    """An authority on a code."""

    authority_id: str
    name: str
    on_subject_list: bool


@dataclass(frozen=True)
class SeenMatter:
    """A matter on a code."""

    matter_id: str
    name: str
    legal_basis: str = ""
    items: tuple[CheckItem, ...] = ()


@dataclass(frozen=True)
class SeenInspector:
    """An inspector on a code."""

    certificate: str
    name: str
    authority_id: str
    valid: bool
    valid_until: date | None = None

    def masked(self) -> SeenInspector:
        """As the public sees him."""
        return SeenInspector(_mask(self.certificate, 2), _mask_name(self.name), self.authority_id, self.valid)


@dataclass(frozen=True)
class SeenObject:
    """The object a code is for."""

    object_id: str
    type: str = ""
    name: str = ""

    def masked(self) -> SeenObject:
        """As the public sees it: a natural person's id and name are nobody's business."""
        if self.type != "PERSON":
            return self
        return SeenObject(_mask(self.object_id, 4), self.type, _mask_name(self.name))


@dataclass(frozen=True)
class Named:
    """What is known, on a day, of those whom codes name."""

    day: date
    known_objects: Mapping[str, SeenObject]
    known_authorities: Mapping[str, KnownAuthority]
    known_matters: Mapping[str, KnownMatter]
    known_inspectors: Mapping[str, KnownInspector]

    @classmethod
    def of(
        cls,
        session: Session,
        day: date,
        *,
        objects: Iterable[str],
        authorities: Iterable[str],
        matters: Iterable[str],
        inspectors: Iterable[str],
    ) -> Named:
        """Look up objects, authorities, matters and inspectors by id."""
        return cls(
            day,
            {row.object_id: SeenObject(*row) for row in _rows(session, _OBJECTS, objects)},
            _known(session, KnownAuthority, known_authorities, authorities),
            _known(session, KnownMatter, known_matters, matters),
            _known(session, KnownInspector, known_inspectors, inspectors),
        )

    def object(self, id: str) -> SeenObject:
        """An object."""
        return self.known_objects.get(id) or SeenObject(id)

    def authorities(self, ids: Iterable[str]) -> list[SeenAuthority]:
        """Authorities, in this order."""
        found = ((id, self.known_authorities.get(id)) for id in ids)
        return [SeenAuthority(id, one.name, one.listed_on(self.day)) if one else _stranger(id) for id, one in found]

    def matters(self, ids: Iterable[str]) -> list[SeenMatter]:
        """Matters, in this order."""
        found = ((id, self.known_matters.get(id)) for id in ids)
        return [
            SeenMatter(id, one.name, one.legal_basis, one.items) if one else SeenMatter(id, "") for id, one in found
        ]

    def inspectors(self, certificates: Iterable[str]) -> list[SeenInspector]:
        """Inspectors, in this order."""
        found = ((number, self.known_inspectors.get(number)) for number in certificates)
        return [
            SeenInspector(number, one.name, one.authority_id, one.valid_on(self.day), one.valid_until)
            if one
            else SeenInspector(number, "", "", valid=False)
            for number, one in found
        ]


_OBJECTS = select(known_objects.c.object_id, known_objects.c.type, known_objects.c.name).where(
    known_objects.c.object_id.in_(bindparam("ids", expanding=True))
)


@cache
def _by_id(table: Table) -> Select[Any]:
    """Rows by primary key, which is the first column."""
    [key] = table.primary_key
    return select(table).where(key.in_(bindparam("ids", expanding=True)))


def _known(session: Session, kind: type[K], table: Table, ids: Iterable[str]) -> dict[str, K]:
    """Copies that nobody changes, past the object-relational layer: every scan of a code waits for them."""
    rows = _rows(session, _by_id(table), ids)
    return {row[0]: kind(**row._mapping) for row in rows}  # noqa: SLF001 (public in spite of its name)


def _rows(session: Session, statement: Select[Any], ids: Iterable[str]) -> Sequence[Row[Any]]:
    wanted = sorted(set(ids))
    return session.execute(statement, {"ids": wanted}).all() if wanted else ()


def _mask(text: str, shown: int) -> str:
    """The first and last characters, and stars between."""
    if len(text) <= 2 * shown:
        return "*" * len(text)
    return text[:shown] + "*" * (len(text) - 2 * shown) + text[-shown:]


def _mask_name(name: str) -> str:
    """The family name, and stars."""
    return name[:1] + "*" * (len(name) - 1)


def _stranger(id: str) -> SeenAuthority:
    return SeenAuthority(id, "", on_subject_list=False)
