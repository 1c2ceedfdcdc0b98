"""The life of a repair: what may follow what, when, and what the clock says meanwhile."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.chassis.errors import Refusal
from services.chassis.workdays import Workdays
from services.credit.model.deadline import ALLOWED
from services.credit.model.repair import BadDay, NotCorrected, Repair, SupplementAwaited
from services.credit.model.repair_parts import (
    Document,
    DocumentsMissing,
    RepairChannel,
    RepairDocument,
    RepairDocumentKind,
    SiteCheck,
    check_documents,
)
from services.credit.model.repair_state import ACTIONS, OPEN, RepairState, WrongRepairState

WORKDAYS = Workdays.load(Path("absent"))
MONDAY = date(2025, 6, 9)
FILE = RepairDocument(RepairDocumentKind.OTHER, Document("0" * 64))


def instant(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 2, tzinfo=UTC)


def applied() -> Repair:
    return Repair(
        repair_id="r1",
        number="渝司信修〔2025〕1号",
        disclosure_id="d1",
        inspection_id="i1",
        result_authority_id="a1",
        object_id="o1",
        object_name="某公司",
        authority_id="a1",
        channel=RepairChannel.ONLINE,
        documents=(FILE,),
        applied_by="enterprise",
        applied_at=instant(MONDAY),
    )


def accepted() -> Repair:
    repair = applied()
    repair.accept("officer", MONDAY, WORKDAYS)
    return repair


def check(*, corrected: bool, on: date = MONDAY) -> SiteCheck:
    return SiteCheck(on, ("李某",), corrected, "已整改", (), "officer")


def test_acceptance_starts_the_clock() -> None:
    assert accepted().due_on == date(2025, 6, 18)


def test_a_request_stops_the_clock_and_the_supplement_lets_it_run_on() -> None:
    repair = accepted()
    repair.request_supplement("补充照片", None, "officer", date(2025, 6, 10), WORKDAYS)
    assert repair.due_on is None
    assert not repair.is_overdue(date(2025, 12, 1))
    repair.submit_supplement("见附件", [FILE], "enterprise", date(2025, 6, 12), WORKDAYS)
    assert repair.due_on == date(2025, 6, 23)
    assert repair.supplements[0].submitted_on == date(2025, 6, 12)


def test_without_a_day_the_applicant_has_ten_working_days_to_answer() -> None:
    repair = accepted()
    repair.request_supplement("补充照片", None, "officer", MONDAY, WORKDAYS)
    assert repair.supplements[0].respond_by == date(2025, 6, 23)


def test_a_day_to_answer_by_that_has_passed_is_refused() -> None:
    with pytest.raises(BadDay):
        accepted().request_supplement("补充照片", MONDAY, "officer", MONDAY, WORKDAYS)


def test_a_repair_is_not_refused_while_its_applicant_may_still_answer() -> None:
    repair = accepted()
    repair.request_supplement("补充照片", date(2025, 6, 13), "officer", MONDAY, WORKDAYS)
    with pytest.raises(SupplementAwaited):
        repair.refuse("未补充", "officer", instant(date(2025, 6, 13)), date(2025, 6, 13))
    repair.refuse("未补充", "officer", instant(date(2025, 6, 14)), date(2025, 6, 14))
    assert repair.state is RepairState.REFUSED


def test_an_uncorrected_breach_is_not_granted_until_a_later_check_finds_it_corrected() -> None:
    repair = accepted()
    repair.record_site_check(check(corrected=False), MONDAY, MONDAY)
    with pytest.raises(NotCorrected):
        repair.grant("", "officer", instant(MONDAY), MONDAY)
    repair.record_site_check(check(corrected=True), MONDAY, MONDAY)
    repair.grant("", "officer", instant(MONDAY), MONDAY)
    assert repair.state is RepairState.GRANTED


@pytest.mark.parametrize("day", [MONDAY - timedelta(days=1), MONDAY + timedelta(days=1)])
def test_a_site_check_lies_between_application_and_today(day: date) -> None:
    with pytest.raises(BadDay):
        accepted().record_site_check(check(corrected=True, on=day), MONDAY, MONDAY)


def test_a_decision_after_the_deadline_is_marked_late() -> None:
    repair = accepted()
    repair.grant("", "officer", instant(date(2025, 6, 19)), date(2025, 6, 19))
    assert repair.late


def test_a_decision_on_the_last_day_is_in_time() -> None:
    repair = accepted()
    repair.refuse("材料不实", "officer", instant(date(2025, 6, 18)), date(2025, 6, 18))
    assert not repair.late


def test_the_authority_is_reminded_three_days_before_one_day_before_and_when_it_is_too_late() -> None:
    repair = accepted()
    given = {}
    for n in range(14):
        day = MONDAY + timedelta(days=n)
        reminder = repair.remind(day, WORKDAYS)
        assert repair.remind(day, WORKDAYS) is None
        if reminder:
            given[day] = reminder.days_left
    assert given == {date(2025, 6, 13): 3, date(2025, 6, 17): 1, date(2025, 6, 19): -1}


def test_a_reminder_missed_while_nobody_worked_is_given_late_and_once() -> None:
    repair = accepted()
    reminder = repair.remind(date(2025, 6, 17), WORKDAYS)
    assert reminder is not None
    assert reminder.days_left == 1
    assert len(repair.reminders) == 1


def test_a_wrong_state_says_what_is_possible() -> None:
    with pytest.raises(WrongRepairState) as refusal:
        applied().grant("", "officer", instant(MONDAY), MONDAY)
    assert refusal.value.metadata == {"state": "APPLIED", "possible": "accept,decline"}


def test_every_required_document_that_is_missing_is_named() -> None:
    with pytest.raises(DocumentsMissing) as refusal:
        check_documents([RepairDocument(RepairDocumentKind.PLEDGE, Document("0" * 64))])
    rules = {violation.rule for violation in refusal.value.violations}
    assert rules == {"MISSING_APPLICATION_FORM", "MISSING_IDENTITY", "MISSING_PROOF_OF_CORRECTION"}


class LifeOfARepair(RuleBasedStateMachine):
    """Anybody does anything on any day: the rules hold."""

    def __init__(self) -> None:
        super().__init__()
        self.repair = applied()
        self.today = MONDAY
        self.waited: set[date] = set()
        self.ended: RepairState | None = None

    def attempt(self, action: str, *arguments: object) -> None:
        """Try it; it works exactly where the table allows it, and changes nothing where it does not."""
        before = self.repair.state
        may = before in ACTIONS[action]
        try:
            getattr(self.repair, action)(*arguments)
        except WrongRepairState:
            assert not may
        except Refusal:
            assert may
            assert self.repair.state is before
        else:
            assert may

    @rule(days=st.integers(1, 5))
    def time_passes(self, days: int) -> None:
        for _ in range(days):
            self.today += timedelta(days=1)
            if self.repair.state is RepairState.SUPPLEMENT_REQUESTED:
                self.waited.add(self.today)

    @rule()
    def accept(self) -> None:
        self.attempt("accept", "officer", self.today, WORKDAYS)

    @rule()
    def decline(self) -> None:
        self.attempt("decline", "材料不全", "officer", instant(self.today))

    @rule(days=st.one_of(st.none(), st.integers(-1, 5)))
    def request_supplement(self, days: int | None) -> None:
        respond_by = None if days is None else self.today + timedelta(days=days)
        self.attempt("request_supplement", "补充", respond_by, "officer", self.today, WORKDAYS)
        if self.repair.state is RepairState.SUPPLEMENT_REQUESTED:
            self.waited.add(self.today)

    @rule()
    def submit_supplement(self) -> None:
        self.attempt("submit_supplement", "", [FILE], "enterprise", self.today, WORKDAYS)

    @rule(corrected=st.booleans())
    def record_site_check(self, corrected: bool) -> None:
        found = check(corrected=corrected, on=self.today)
        self.attempt("record_site_check", found, MONDAY, self.today)

    @rule()
    def grant(self) -> None:
        self.attempt("grant", "", "officer", instant(self.today), self.today)

    @rule()
    def refuse(self) -> None:
        self.attempt("refuse", "材料不实", "officer", instant(self.today), self.today)

    @precondition(lambda self: self.repair.accepted_on)
    @rule()
    def remind(self) -> None:
        with suppress(Refusal):
            self.repair.remind(self.today, WORKDAYS)

    @invariant()
    def what_is_closed_stays_closed(self) -> None:
        if self.ended:
            assert self.repair.state is self.ended
        if self.repair.state not in OPEN:
            self.ended = self.repair.state

    @invariant()
    def no_day_of_waiting_counts(self) -> None:
        if self.repair.accepted_on and self.repair.state in OPEN:
            reckoning = self.repair.reckoning(self.today, WORKDAYS)
            assert 0 <= reckoning.used <= ALLOWED
            for day in reckoning.days:
                if day.number and day.day <= self.today:
                    assert day.day not in self.waited or self.repair.is_overdue(day.day)

    @invariant()
    def a_running_clock_has_a_deadline(self) -> None:
        if self.repair.state in (RepairState.ACCEPTED, RepairState.SUPPLEMENTED):
            assert self.repair.due_on is not None

    @invariant()
    def reminders_are_given_once_each(self) -> None:
        keys = [(reminder.due_on, reminder.level) for reminder in self.repair.reminders]
        assert len(keys) == len(set(keys))


TestLifeOfARepair = LifeOfARepair.TestCase
TestLifeOfARepair.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
