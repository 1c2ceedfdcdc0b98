"""The figures as a machine: after any sequence of changes, what was counted on the way is what is stored, counted."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from liangma.codes.v1 import events_pb2 as codes

from services.chassis.identity import Principal
from services.tasks import recounting
from tests.support.house import House
from tests.tasks import city

TEST: dict[str, Any] = {"nature": "TASK_NATURE_TEST", "test_term": "TEST_TERM_HOURS_24"}
OFF_SITE: dict[str, Any] = {"method": "METHOD_DOCUMENTARY", "on_site_reason": None}
TEAMS = {city.JUSTICE: (city.FIRST, city.SECOND), city.MARKET: (city.THIRD, city.FOURTH)}
REVIEWERS = {city.JUSTICE: city.REVIEWER, city.MARKET: city.PARTNER_REVIEWER}
MATTERS = {city.JUSTICE: city.LICENCE, city.MARKET: city.HYGIENE}


def entry(authority: str, problem: bool) -> dict[str, Any]:
    items = city.items(MATTERS[authority], problem=2 if problem else 0)
    return (
        {"finding": "FINDING_PROBLEM_CORRECTED", "items": items, "summary": "已改正"}
        if problem
        else {
            "finding": "FINDING_NO_PROBLEM",
            "items": items,
        }
    )


class CountingMachine(RuleBasedStateMachine):
    """Inspections of all kinds, published, corrected, judged, purged, in any order."""

    database = "sqlite"

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.house = House("tasks", database=self.database, directory=Path(self.directory.name)).__enter__()
        city.settle_city(self.house)
        self.parts: list[tuple[Any, Any, str]] = []
        self.published: dict[tuple[str, str], bool] = {}
        self.trials: set[str] = set()
        self.editors = 0

    def teardown(self) -> None:
        self.house.__exit__()
        self.directory.cleanup()

    @rule(changes=st.sampled_from([{}, OFF_SITE, TEST]))
    def inspect(self, changes: dict[str, Any]) -> None:
        task = city.create(self.house, **changes)
        inspection = self.send_out(task)
        self.parts.append((task, inspection, city.JUSTICE))
        if changes is TEST:
            self.trials.add(inspection.inspection_id)

    @rule()
    def inspect_together(self) -> None:
        task = city.create_joint(self.house, invitation_deadline="2025-08-30")
        inspection = self.send_out(task)
        self.parts += [(task, inspection, authority) for authority in (city.JUSTICE, city.MARKET)]

    def send_out(self, task: Any) -> Any:
        city.add(self.house, task.task_id, city.SHOP, repeat_reason="试")
        if len(task.participants) > 1:
            city.assign(self.house, task.task_id, "50000011", "50000012", by=city.PARTNER)
        city.assign(self.house, task.task_id, "50000001", "50000002")
        city.approve_scheme(self.house, task.task_id)
        city.dispatch(self.house, task.task_id)
        (inspection,) = city.inspections(self.house, task.task_id)
        return inspection

    @precondition(lambda self: self.parts)
    @rule(index=st.integers(0, 9), scan=st.booleans())
    def visit(self, index: int, scan: bool) -> None:
        task, inspection, _ = self.parts[index % len(self.parts)]
        city.code(self.house, task.task_id, inspection.inspection_id)
        visit = city.verify if scan else city.refuse_scan
        visit(self.house, inspection.inspection_id, inspection.object.object_id)

    @precondition(lambda self: self.parts)
    @rule(index=st.integers(0, 9), problem=st.booleans(), scan=st.booleans())
    def publish(self, index: int, problem: bool, scan: bool) -> None:
        _, inspection, authority = self.parts[index % len(self.parts)]
        if (inspection.inspection_id, authority) not in self.published:
            self.visit(index, scan)
            team, reviewer = TEAMS[authority], REVIEWERS[authority]
            city.record(self.house, inspection.inspection_id, by=team[0], **entry(authority, problem))
            city.sign(self.house, inspection.inspection_id, *team)
            city.review(self.house, inspection.inspection_id, by=reviewer)
            city.publish(self.house, inspection.inspection_id, by=reviewer)
            self.published[inspection.inspection_id, authority] = problem

    @precondition(lambda self: self.published)
    @rule(index=st.integers(0, 9))
    def correct(self, index: int) -> None:
        (inspection_id, authority), problem = list(self.published.items())[index % len(self.published)]
        self.editors += 1
        request = {"inspection_id": inspection_id, "reason": "更正", **entry(authority, not problem)}
        editor = city.person("reviewer", authority, subject=f"editor-{self.editors}")
        self.house.call("tasks", "CorrectResult", request, by=editor)
        self.published[inspection_id, authority] = not problem

    @precondition(lambda self: self.parts)
    @rule(index=st.integers(0, 9), number=st.integers(1, 2), score=st.integers(1, 5))
    def evaluate(self, index: int, number: int, score: int) -> None:
        _, inspection, authority = self.parts[index % len(self.parts)]
        judged = codes.EvaluationSubmitted(
            evaluation_id=f"{inspection.inspection_id}-{authority}-{number}",
            inspection_id=inspection.inspection_id,
            authority_id=authority,
            score=score,
        )
        self.house.announce(judged)

    @rule()
    def purge(self) -> None:
        self.house.pass_time(hours=25)
        self.house.fire("tasks", "purge_test_tasks")
        self.parts = [part for part in self.parts if part[1].inspection_id not in self.trials]
        self.published = {key: problem for key, problem in self.published.items() if key[0] not in self.trials}

    @invariant()
    def what_was_counted_is_what_is_stored_counted(self) -> None:
        with self.house.work("tasks", Principal("")) as work:
            kept, right = recounting.kept_counts(work.session), recounting.true_counts(work.session)
        assert kept == right
        formal = [problem for (id, _), problem in self.published.items() if id not in self.trials]
        assert sum(counts["inspections"] for counts in kept.values()) == len(formal)
        assert sum(counts["problems"] for counts in kept.values()) == sum(formal)


class OnPostgresql(CountingMachine):
    """The same on PostgreSQL."""

    database = "postgresql"


for machine in (CountingMachine, OnPostgresql):
    machine.TestCase.settings = settings(
        max_examples=8,
        stateful_step_count=20,
        deadline=None,
        phases=(Phase.reuse, Phase.generate),  # a house is built for each try, so shrinking would take minutes
    )
TestCounting = CountingMachine.TestCase
TestCountingOnPostgresql = pytest.mark.postgresql(OnPostgresql.TestCase)
