"""Matching (智能比对, TJ 2): an object that several draws of one window have taken is visited once, by all who drew it.

Several authorities meet in an external match (外部联合, TJ 1). Draws of one authority alone, of its departments say,
meet in an internal one (内部综合, “一表通查”): one visit, one form with the matters of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from services.sampling.model.neighbours import Authority, JointList, Part
from services.sampling.model.overlap import Rows, overlap

LEVELS = {"CITY": 0, "DISTRICT": 1, "STREET": 2}


class LeadRule(StrEnum):
    """Why an authority leads."""

    JOINT_LIST = "JOINT_LIST"
    LEVEL = "LEVEL"
    MATTERS = "MATTERS"
    CODE = "CODE"
    SAME_AUTHORITY = "SAME_AUTHORITY"


@dataclass(frozen=True)
class Share:
    """An authority's share in an object: its task and what it inspects."""

    authority_id: str
    task_id: str
    matter_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class TaskDraw:
    """What a draw of the window has taken.

    Args:
        parts: of the task: the lead and those who inspect with it.
        object_ids: drawn ones, no substitutes.
    """

    task_id: str
    parts: tuple[Part, ...]
    object_ids: Sequence[str]

    @property
    def shares(self) -> tuple[Share, ...]:
        """What each authority of the task does at each of its objects."""
        return tuple(Share(part.authority_id, self.task_id, part.matter_ids) for part in self.parts)


@dataclass(frozen=True)
class Match:
    """An object that several draws share.

    Args:
        shares: the lead's first.
    """

    object_id: str
    lead_id: str
    lead_rule: LeadRule
    shares: tuple[Share, ...]

    @property
    def internal(self) -> bool:
        """Whether all draws are of one authority."""
        return len({share.authority_id for share in self.shares}) == 1


@dataclass(frozen=True)
class Neighbourhood:
    """What decides who leads.

    Args:
        authorities: by id.
        joint_lists: trades with a settled lead.
    """

    authorities: Mapping[str, Authority]
    joint_lists: Sequence[JointList] = ()

    def lead(self, shares: Iterable[Share], tags: Sequence[str] = ()) -> tuple[str, LeadRule]:
        """Who leads, and why: by the joint list, else the higher level, else more matters, else the smaller code; an
        authority that meets nobody but itself leads itself."""
        matters = self._matters(shares)
        if len(matters) == 1:
            return next(iter(matters)), LeadRule.SAME_AUTHORITY
        if listed := self._listed(frozenset(matters), tags):
            return listed, LeadRule.JOINT_LIST
        ranks = sorted((self._level(id), -len(own), id) for id, own in matters.items())
        first, second = ranks[0], ranks[1]
        rule = LeadRule.LEVEL if first[0] < second[0] else LeadRule.MATTERS if first[1] < second[1] else LeadRule.CODE
        return first[2], rule

    def _matters(self, shares: Iterable[Share]) -> dict[str, set[str]]:
        matters: dict[str, set[str]] = {}
        for share in shares:
            matters.setdefault(share.authority_id, set()).update(share.matter_ids)
        return matters

    def _listed(self, who: frozenset[str], tags: Sequence[str]) -> str:
        """The lead of the listed trade that has all of them; a trade the object is tagged with goes first."""
        fitting = [
            entry
            for entry in self.joint_lists
            if not entry.retired and entry.lead_id in who and who <= {entry.lead_id, *entry.members}
        ]
        best = min(fitting, key=lambda entry: (entry.trade not in tags, entry.joint_list_id), default=None)
        return best.lead_id if best else ""

    def _level(self, authority_id: str) -> int:
        known = self.authorities.get(authority_id)
        return LEVELS.get(known.level, len(LEVELS)) if known else len(LEVELS)


def shared(draws: Sequence[TaskDraw]) -> dict[str, list[TaskDraw]]:
    """Objects that at least two draws have taken, with those draws; by object."""
    ids, taken = numbered(draws)
    authorities = {id: number for number, id in enumerate(sorted({s.authority_id for d in draws for s in d.shares}))}
    whose = [{authorities[share.authority_id] for share in draw.shares} for draw in draws]
    common = overlap(taken, whose, len(ids)).rows
    is_common = np.zeros(len(ids), np.bool_)
    is_common[common] = True
    by: dict[int, list[TaskDraw]] = {row: [] for row in common.tolist()}
    for draw, rows in zip(draws, taken, strict=True):
        for row in rows[is_common[rows]].tolist():
            by[row].append(draw)
    return {ids[row]: found for row, found in by.items()}


def numbered(draws: Sequence[TaskDraw]) -> tuple[list[str], list[Rows]]:
    """All objects in order, and for each draw the numbers of its own, ascending."""
    ids = sorted({object_id for draw in draws for object_id in draw.object_ids})
    number = {id: place for place, id in enumerate(ids)}
    taken = (np.fromiter(map(number.__getitem__, draw.object_ids), np.int32, len(draw.object_ids)) for draw in draws)
    return ids, [np.sort(rows) for rows in taken]


def match(draws: Sequence[TaskDraw], neighbourhood: Neighbourhood, tags_of: Mapping[str, Sequence[str]]) -> list[Match]:
    """All matches of a window, by object."""
    matches = []
    for object_id, by in shared(draws).items():
        shares = [share for draw in by for share in draw.shares]
        lead_id, rule = neighbourhood.lead(shares, tags_of.get(object_id, ()))
        in_order = sorted(shares, key=lambda share: (share.authority_id != lead_id, share.authority_id, share.task_id))
        matches.append(Match(object_id, lead_id, rule, tuple(in_order)))
    return matches


def visits(draws: Sequence[TaskDraw], matches: Sequence[Match]) -> tuple[int, int]:
    """Visits if each draw went alone, and if matched objects are visited once."""
    apart = sum(len(draw.object_ids) for draw in draws)
    return apart, apart - sum(len({share.task_id for share in match.shares}) - 1 for match in matches)
