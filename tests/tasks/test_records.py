"""A record is complete and does not contradict itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.chassis.errors import InvalidArgument
from services.tasks.model.content import TaskMatter
from services.tasks.model.copies import CheckItem
from services.tasks.model.record import (
    Disposal,
    DisposalKind,
    Finding,
    ItemFinding,
    ItemResult,
    NothingToClose,
    Record,
)

NOW = datetime(2025, 6, 9, 1, tzinfo=UTC)
FROM, TODAY = date(2025, 6, 1), date(2025, 6, 9)
MATTERS = [TaskMatter("m", 1, "事项", "司法", items=(CheckItem("1", "一"), CheckItem("2", "二")))]
GOOD = (ItemFinding("m", "1"), ItemFinding("m", "2"))
BAD = (ItemFinding("m", "1"), ItemFinding("m", "2", ItemResult.PROBLEM, "过期"))
ORDER = Disposal(DisposalKind.ORDER_CORRECTION, deadline=date(2025, 7, 1))
CLEAN = Record(GOOD, Finding.NO_PROBLEM, "", Disposal(), TODAY, (), "c", "s", NOW)


def broken(record: Record) -> list[tuple[str, str]]:
    try:
        record.check(MATTERS, FROM, TODAY)
    except InvalidArgument as refused:
        return [(violation.field, violation.rule) for violation in refused.violations]
    return []


def test_a_clean_record_passes() -> None:
    assert broken(CLEAN) == []


def test_a_problem_with_its_disposal_passes() -> None:
    assert broken(replace(CLEAN, items=BAD, finding=Finding.PROBLEM_PENDING, summary="过期", disposal=ORDER)) == []
    assert broken(replace(CLEAN, items=BAD, finding=Finding.PROBLEM_CORRECTED, summary="已改正")) == []


@pytest.mark.parametrize("finding", [Finding.NO_SUCH_ACTIVITY, Finding.CLOSED, Finding.GONE])
def test_where_nothing_could_be_looked_at_items_may_be_left_out(finding: Finding) -> None:
    assert broken(replace(CLEAN, items=(), finding=finding)) == []


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (replace(CLEAN, items=GOOD[:1]), ("items", "INCOMPLETE")),
        (replace(CLEAN, items=(*GOOD, GOOD[0])), ("items[2]", "ITEM")),
        (replace(CLEAN, items=(*GOOD, ItemFinding("x", "1"))), ("items[2]", "ITEM")),
        (replace(CLEAN, items=(GOOD[0], replace(BAD[1], note=""))), ("items[1].note", "REQUIRED")),
        (replace(CLEAN, items=BAD), ("finding", "CONTRADICTION")),
        (replace(CLEAN, finding=Finding.PROBLEM_CORRECTED, summary="x"), ("finding", "CONTRADICTION")),
        (replace(CLEAN, items=BAD, finding=Finding.PROBLEM_PENDING, summary="x"), ("disposal", "REQUIRED")),
        (replace(CLEAN, items=(), finding=Finding.UNREACHABLE), ("summary", "REQUIRED")),
        (replace(CLEAN, finding=Finding.OTHER), ("summary", "REQUIRED")),
        (replace(CLEAN, disposal=Disposal(DisposalKind.ORDER_CORRECTION)), ("disposal_deadline", "REQUIRED")),
        (replace(CLEAN, disposal=Disposal(deadline=TODAY)), ("disposal_deadline", "CONTRADICTION")),
        (replace(CLEAN, disposal=replace(ORDER, deadline=FROM)), ("disposal_deadline", "PERIOD")),
        (replace(CLEAN, inspected_on=date(2025, 6, 10)), ("inspected_on", "PERIOD")),
        (replace(CLEAN, inspected_on=date(2025, 5, 31)), ("inspected_on", "PERIOD")),
    ],
)
def test_what_is_missing_or_contradicts_is_named(record: Record, expected: tuple[str, str]) -> None:
    assert expected in broken(record)


def test_problems_are_adverse_and_what_is_nobody_s_fault_is_not() -> None:
    adverse = {finding for finding in Finding if finding.is_adverse}
    assert adverse == {
        Finding.PROBLEM_CORRECTED,
        Finding.PROBLEM_PENDING,
        Finding.UNREACHABLE,
        Finding.NOT_COOPERATING,
    }


def test_a_disposal_is_closed_once() -> None:
    closed = Disposal(DisposalKind.TRANSFER).closed("已移送", (), "s", NOW)
    assert not closed.is_open
    with pytest.raises(NothingToClose):
        closed.closed("又一次", (), "s", NOW)
    with pytest.raises(NothingToClose):
        Disposal().closed("无", (), "s", NOW)
