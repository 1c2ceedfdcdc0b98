"""Freezing: from the directory as it is now to the frame, the list of those left out, and the quotas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from services.sampling.model.candidates import Candidates, picked
from services.sampling.model.exclusions import Excluder, Reason
from services.sampling.model.frame import Frame
from services.sampling.model.quotas import Asked, DrawQuotas
from services.sampling.model.strata import Candidate, DrawStrata


@dataclass(frozen=True)
class StratumResult:
    """A stratum of a round.

    Args:
        count: objects in the frame.
        wanted: how many were asked for.
        drawn: how many can be or were drawn.
        substitutes: at hand.
    """

    name: str
    count: int
    wanted: int
    drawn: int
    substitutes: int = 0

    @property
    def short(self) -> int:
        """How many are missing."""
        return self.wanted - self.drawn


@dataclass(frozen=True)
class ExclusionCount:
    """How many objects were left out for a reason."""

    reason: Reason
    count: int


@dataclass(frozen=True)
class Frozen:
    """What a commitment binds.

    Args:
        excluded: id and reason of each object of the scope that is not in the frame.
        asked: the quotas and the rules they follow from.
        substitutes: how many each stratum keeps.
    """

    frame: Frame
    excluded: Mapping[str, Reason]
    asked: Asked
    substitutes: int = 0

    @property
    def strata(self) -> tuple[StratumResult, ...]:
        """The strata, each with what will be drawn of it."""
        counts = self.frame.counts()
        names = sorted({*counts, *self.asked.quotas})
        return tuple(self._stratum(name, counts.get(name, 0), self.asked.quotas.get(name, 0)) for name in names)

    def _stratum(self, name: str, count: int, wanted: int) -> StratumResult:
        drawn = min(wanted, count)
        return StratumResult(name, count, wanted, drawn, min(self.substitutes, count - drawn))

    @property
    def excluded_counts(self) -> tuple[ExclusionCount, ...]:
        """How many were left out, by reason."""
        return tuple(ExclusionCount(reason, count) for reason, count in sorted(Counter(self.excluded.values()).items()))

    @property
    def wanted_count(self) -> int:
        """How many are wanted in all."""
        return sum(self.asked.quotas.values())

    @property
    def drawn_count(self) -> int:
        """How many can be drawn in all."""
        return sum(stratum.drawn for stratum in self.strata)

    @property
    def short_count(self) -> int:
        """How many are short."""
        return self.wanted_count - self.drawn_count

    @property
    def frame_count(self) -> int:
        """How many may be drawn."""
        return len(self.frame)


def freeze(
    candidates: Candidates | Iterable[Candidate], strata: DrawStrata, excluder: Excluder, quotas: DrawQuotas
) -> Frozen:
    """Sort the objects of the scope into frame and exclusions, and ask for the quotas.

    Args:
        candidates: each once, in any order.
    """
    scope = candidates if isinstance(candidates, Candidates) else Candidates.of(candidates)
    frame, excluded = sort_out(scope, strata, excluder)
    return Frozen(frame, excluded, quotas.ask(frame.counts()) if len(frame) else Asked(), quotas.substitutes)


Verdict = tuple[Reason | None, str]
"""Why an object is left out, or which stratum it falls into."""


def sort_out(candidates: Candidates, strata: DrawStrata, excluder: Excluder) -> tuple[Frame, dict[str, Reason]]:
    """The objects that can be drawn, and the reason of each that cannot.

    Each rule is asked once for each kind of object, and again for those objects that some rule names by their id.
    """
    judge = judge_by(strata, excluder)
    book: dict[Verdict, int] = {}
    by_kind = [book.setdefault(judge(kind), len(book)) for kind in candidates.kinds]
    verdict_of = np.array(by_kind, np.int64)[candidates.kind_of]
    if named := excluder.named_ids() | strata.named_ids():
        for place in [place for place, id in enumerate(candidates.ids) if id in named]:
            one = candidates.kinds[candidates.kind_of[place]]._replace(object_id=candidates.ids[place])
            verdict_of[place] = book.setdefault(judge(one), len(book))
    reasons, names = [reason for reason, _ in book], [name for _, name in book]
    inside = np.array([reason is None for reason in reasons], np.bool_)[verdict_of]
    frame = Frame(picked(candidates.ids, inside), [names[verdict] for verdict in verdict_of[inside].tolist()])
    left_out = (reason for verdict in verdict_of[~inside].tolist() if (reason := reasons[verdict]))
    return frame, dict(zip(picked(candidates.ids, ~inside), left_out, strict=True))


def judge_by(strata: DrawStrata, excluder: Excluder) -> Callable[[Candidate], Verdict]:
    """What tells whether an object can be drawn: the rules as they are written."""
    divide, reason_for = strata.stratum_of(), excluder.reason

    def judge(candidate: Candidate) -> Verdict:
        if reason := reason_for(candidate):
            return reason, ""
        stratum = divide(candidate)
        return (None, stratum) if stratum else (Reason.NO_STRATUM, "")

    return judge
