"""Freezing: from the directory as it is now to the frame, the list of those left out, and the quotas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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


def freeze(candidates: Iterable[Candidate], strata: DrawStrata, excluder: Excluder, quotas: DrawQuotas) -> Frozen:
    """Sort the objects of the scope into frame and exclusions, and ask for the quotas.

    Args:
        candidates: each once, in any order.
    """
    inside, excluded = sort_out(candidates, strata, excluder)
    frame = Frame.of(inside)
    return Frozen(frame, excluded, quotas.ask(frame.counts()) if inside else Asked(), quotas.substitutes)


def sort_out_one_by_one(
    candidates: Iterable[Candidate], strata: DrawStrata, excluder: Excluder
) -> tuple[dict[str, str], dict[str, Reason]]:
    """The stratum of each object that can be drawn, and the reason of each that cannot: as the rules say it."""
    divide, reason_for = strata.stratum_of(), excluder.reason
    inside: dict[str, str] = {}
    excluded: dict[str, Reason] = {}
    for candidate in candidates:
        if reason := reason_for(candidate):
            excluded[candidate.object_id] = reason
        elif stratum := divide(candidate):
            inside[candidate.object_id] = stratum
        else:
            excluded[candidate.object_id] = Reason.NO_STRATUM
    return inside, excluded


def sort_out(
    candidates: Iterable[Candidate], strata: DrawStrata, excluder: Excluder
) -> tuple[dict[str, str], dict[str, Reason]]:
    """The same, with each rule asked once for each kind of object instead of once for each object.

    A registry has hundreds of thousands of objects and some hundred kinds: all that rules look at beside the id. Ids
    are looked up only in what names any.
    """
    if strata.names_objects:
        return sort_out_one_by_one(candidates, strata, excluder)
    ids_of: dict[tuple[object, ...], list[str]] = {}
    for candidate in candidates:
        ids_of.setdefault(candidate[1:], []).append(candidate[0])
    divide, named = strata.stratum_of(), excluder.named_ids()
    inside: dict[str, str] = {}
    excluded: dict[str, Reason] = {}
    for kind, ids in ids_of.items():
        one = Candidate("", *kind)  # type: ignore[arg-type]  # a candidate without its id
        special = named.intersection(ids) if named else ()
        for id in special:
            excluded[id] = excluder.reason(one._replace(object_id=id))  # type: ignore[assignment]  # named: there is one
        others = [id for id in ids if id not in special] if special else ids
        reason = excluder.reason(one)
        if not reason and (stratum := divide(one)):
            inside.update(dict.fromkeys(others, stratum))
        else:
            excluded.update(dict.fromkeys(others, reason or Reason.NO_STRATUM))
    return inside, excluded
