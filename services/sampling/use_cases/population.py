"""The directory as a draw looks at it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from services.sampling.model.candidates import Candidates
from services.sampling.model.exclusions import RecordExclusion
from services.sampling.model.scope import DrawScope


class Population(Protocol):
    """The directory as a draw looks at it."""

    def candidates(self, scope: DrawScope, domain: str) -> Candidates:
        """Every object in the scope, with its industry rating by the model of a domain."""
        ...

    def inspected(self, authority_id: str, rule: RecordExclusion) -> set[str]:
        """Objects for which an authority's inspections, done and pending, meet a rule."""
        ...

    def inspected_for(self, authority_id: str, matter_ids: Iterable[str], year: int) -> set[str]:
        """Objects an authority has inspected, or is about to, for one of these matters in a year."""
        ...

    def names(self, object_ids: Sequence[str]) -> Mapping[str, tuple[str, str]]:
        """Name and region of each of these objects."""
        ...
