"""What a commitment would freeze, before anybody commits to anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from services.chassis.clock import today
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.sampling.model.exclusions import ExclusionEffect
from services.sampling.model.freezing import Frozen, freeze
from services.sampling.model.neighbours import Task
from services.sampling.model.teams import AT_LEAST
from services.sampling.use_cases.access import known_task, seen
from services.sampling.use_cases.draws import excluder_of
from services.sampling.use_cases.inspectors_draws import Roster, candidates_of

PLACES = Decimal("0.01")


@dataclass(frozen=True)
class ExpectedLoad:
    """How much work a draw would bring the inspectors of an authority.

    Args:
        inspectors: with a valid certificate when the task begins.
        pending_visits: they have before them, in persons.
        visits: the draw would add, each with two inspectors.
    """

    authority_id: str
    inspectors: int
    pending_visits: int
    visits: int

    @property
    def per_inspector(self) -> str:
        """Visits before each of them on average, to two places; empty: there is nobody."""
        if not self.inspectors:
            return ""
        return str((Decimal(self.pending_visits + AT_LEAST * self.visits) / self.inspectors).quantize(PLACES))


@dataclass(frozen=True)
class Preview:
    """What would be frozen, what each rule takes out, and what it means for the inspectors."""

    frozen: Frozen
    effects: tuple[ExclusionEffect, ...]
    loads: tuple[ExpectedLoad, ...]


def preview_draw(work: Work, roster: Roster, draw_id: str, *, by: Principal, now: datetime) -> Preview:
    """What a commitment would freeze now; changes nothing."""
    draw, day = seen(work, draw_id, by), today(now)
    scope, quotas = draw.ready()
    settings = draw.round.settings
    excluder = excluder_of(work, roster, draw, settings.exclusions, day)
    candidates = roster.candidates(scope, settings.strata.domain)
    frozen = freeze(candidates, settings.strata, excluder, quotas)
    loads = expected_loads(work, roster, known_task(work, draw.task_id), frozen.drawn_count, day)
    return Preview(frozen, excluder.effects(candidates), loads)


def expected_loads(work: Work, roster: Roster, task: Task, visits: int, day: date) -> tuple[ExpectedLoad, ...]:
    """What so many objects mean for each authority that takes part."""
    going = [each for each in candidates_of(work, roster, task, max(day, task.starts_on or day)) if not each.expert]
    loads = []
    for part in task.parts:
        own = [each.load for each in going if each.authority_id == part.authority_id]
        loads.append(ExpectedLoad(part.authority_id, len(own), sum(own), visits))
    return tuple(loads)
