"""The objects of a scope as a draw looks at them: many objects, few kinds.

A country has millions of objects and some thousand kinds of them: all that rules look at beside the id. So rules are
asked once for each kind, and an object is its id and the number of its kind.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.sampling.model.strata import Candidate

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Candidates:
    """Objects, each once, in the order of their ids' UTF-8 bytes.

    Args:
        kinds: what there is, as candidates without an id; one may be there twice.
        kind_of: of each object, the place of its kind.
    """

    ids: Sequence[str]
    kinds: Sequence[Candidate]
    kind_of: Numbers

    @classmethod
    def of(cls, candidates: Iterable[Candidate]) -> Candidates:
        """These, given in any order."""
        book: dict[tuple[Any, ...], int] = {}
        ids: list[str] = []
        found: list[int] = []
        for candidate in candidates:
            ids.append(candidate[0])
            found.append(book.setdefault(candidate[1:], len(book)))
        kinds = [Candidate("", *kind) for kind in book]
        return cls(ids, kinds, np.array(found, np.int64)).in_order()

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Candidate]:
        """One by one."""
        for id, kind in zip(self.ids, self.kind_of.tolist(), strict=True):
            yield self.kinds[kind]._replace(object_id=id)

    def in_order(self) -> Candidates:
        """The same, sorted."""
        order = sorted(range(len(self)), key=self.ids.__getitem__)  # by code point, which is by UTF-8 bytes
        return Candidates([self.ids[place] for place in order], self.kinds, self.kind_of[order])

    def without(self, object_ids: Collection[str]) -> Candidates:
        """But for these."""
        if not object_ids:
            return self
        stay = np.array([id not in object_ids for id in self.ids], np.bool_)
        return Candidates(picked(self.ids, stay), self.kinds, self.kind_of[stay])

    def joined_by(self, others: Candidates) -> Candidates:
        """With others, of whom none is among these."""
        if not len(others):
            return self
        kinds, kind_of = [*self.kinds, *others.kinds], np.append(self.kind_of, others.kind_of + len(self.kinds))
        return Candidates([*self.ids, *others.ids], kinds, kind_of).in_order()

    def ids_where(self, fits: Callable[[Candidate], bool]) -> list[str]:
        """The objects whose kind fits."""
        return picked(self.ids, np.array([fits(kind) for kind in self.kinds], np.bool_)[self.kind_of])


def picked(ids: Sequence[str], flags: Flags) -> list[str]:
    """Those that are marked."""
    return list(compress(ids, flags.tolist()))
