"""Matching (智能比对, TJ 2): objects that several authorities drew in one window are visited once, by all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.sampling.model.neighbours import Authority, JointList, Part

LEVELS = {"CITY": 0, "DISTRICT": 1, "STREET": 2}


class LeadRule(StrEnum):
    """Why an authority leads."""

    JOINT_LIST = "JOINT_LIST"
    LEVEL = "LEVEL"
    MATTERS = "MATTERS"
    CODE = "CODE"


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
        """Who leads, and why: by the joint list, else the higher level, else more matters, else the smaller code."""
        matters = self._matters(shares)
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
    """Objects that at least two draws of at least two authorities have taken, with those draws."""
    taken: dict[str, list[TaskDraw]] = {}
    for draw in draws:
        for object_id in draw.object_ids:
            taken.setdefault(object_id, []).append(draw)
    return {
        object_id: by
        for object_id, by in sorted(taken.items())
        if len(by) > 1 and len({share.authority_id for draw in by for share in draw.shares}) > 1
    }


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
