"""What a use case may do with the world: one Protocol, no library behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from services.chassis.events import Event

T = TypeVar("T")


class Work(Protocol):
    """One transaction. The edge opens and commits it; whatever raises undoes it whole.

    Filters are keyword arguments: `None` means is null, a list, tuple or set means one of, anything else means equal.
    """

    def get(self, kind: type[T], id: str, *, etag: str = "", lock: bool = False) -> T:
        """The entity with this primary key.

        Args:
            etag: the version the caller saw; empty: any.
            lock: hold its row until the end of the transaction, so that nobody else changes it in between.

        Raises:
            NoSuchThing: there is none.
            StaleEtag: it has changed since the caller saw it.
        """
        ...

    def find(self, kind: type[T], /, **equal: object) -> T | None:
        """The one entity that matches, or None."""
        ...

    def all(
        self, kind: type[T], /, *, order_by: Sequence[str] = (), limit: int | None = None, **equal: object
    ) -> list[T]:
        """All entities that match; `order_by` names attributes, `-name` for descending."""
        ...

    def batches(self, kind: type[T], size: int, /, **equal: object) -> Iterator[list[T]]:
        """All entities that match, by primary key, so many at a time, however many there are.

        Once the next batch is asked for, what was done with the one before is written out, facts and all, and let go.
        """
        ...

    def rows(self, kind: type[object], names: Sequence[str], /, **equal: object) -> list[Any]:
        """These attributes of all that match, as tuples with their names, by primary key; no entity is made of them."""
        ...

    def row_batches(
        self, kind: type[object], names: Sequence[str], size: int, /, **equal: object
    ) -> Iterator[list[Any]]:
        """The same, so many at a time, however many there are; the first name is the primary key.

        Once the next batch is asked for, what was done with the one before is written out, facts and all.
        """
        ...

    def change(
        self,
        kind: type[object],
        values: Mapping[str, object],
        /,
        append: Mapping[str, object] | None = None,
        **equal: object,
    ) -> int:
        """Change all that match in one statement, versions and stamps with them; how many there were.

        Entities in hand do not learn of it.

        Args:
            append: what is added at the end of attributes that are tuples.
        """
        ...

    def erase(self, kind: type[object], /, **equal: object) -> int:
        """Forget all that match in one statement; how many there were. Entities in hand do not learn of it."""
        ...

    def count(self, kind: type[object], /, **equal: object) -> int:
        """How many match."""
        ...

    def add(self, *entities: object) -> None:
        """Keep new entities; what others refer to comes first."""
        ...

    def delete(self, entity: object) -> None:
        """Forget an entity."""
        ...

    def insert(
        self, kind: type[object], rows: Iterable[Mapping[str, object]], alike: Mapping[str, object] | None = None
    ) -> None:
        """Keep many new rows at once, as attribute-to-value mappings (set-based: loads nothing).

        Args:
            alike: what all of them have in common.
        """
        ...

    def upsert(self, kind: type[object], rows: Iterable[Mapping[str, object]]) -> None:
        """Keep many rows by primary key at once; a stored row whose `version` is not smaller stays as it is.

        Rows without a `version` always replace what is stored.
        """
        ...

    def increase(self, kind: type[object], rows: Iterable[Mapping[str, object]]) -> None:
        """Add to the numbers of rows by primary key, whoever else does so; a row that is not there begins with them."""
        ...

    def emit(self, *events: Event) -> None:
        """Announce facts, in this order, if and only if the transaction commits."""
        ...

    def new_id(self) -> str:
        """A fresh UUIDv7."""
        ...

    def next_number(self, series: str) -> int:
        """The next number of a series, from 1: without gaps and without races, given back if the transaction fails."""
        ...

    def next_numbers(self, series: str, count: int) -> range:
        """The next so many numbers of a series, in one go."""
        ...
