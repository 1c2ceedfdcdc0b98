"""The inspection as a machine: no sequence of commands and facts reaches a state it must not reach."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.chassis.errors import FailedPrecondition, PermissionDenied
from services.tasks.model.copies import Inspector
from services.tasks.model.inspection import (
    BEFORE_VISIT,
    CLOSED,
    GONE,
    CodeInfo,
    InspectedObject,
    Inspection,
    InspectionState,
    Interception,
    NoCodeNoInspection,
    VisitInfo,
)
from services.tasks.model.part import Part, PartState, Review, ReviewDecision, ReviewerTookPart, Signature
from services.tasks.model.record import (
    Disposal,
    DisposalKind,
    Finding,
    ItemFinding,
    Recheck,
    RecheckResult,
    Record,
    Renewal,
)
from services.tasks.model.terms import Method, NotNow, TaskKind, TaskNature
from tests.tasks.city import refusal_of

NOW = datetime(2025, 6, 9, 1, tzinfo=UTC)
AUTHORITIES = ("A", "B")
PEOPLE = ("1", "2", "reviewer")


def an_inspection(method: Method, authorities: tuple[str, ...]) -> Inspection:
    inspection = Inspection(
        inspection_id="i",
        task_id="t",
        task_number="渝司专查〔2025〕1号",
        task_name="日常检查",
        year=2025,
        kind=TaskKind.DAILY,
        nature=TaskNature.FORMAL,
        method=method,
        authority_id="A",
        starts_on=date(2025, 6, 1),
        ends_on=date(2025, 8, 31),
        object_id="o",
        object_name="企业",
        object=InspectedObject("o", "企业"),
    )
    inspection.parts = [a_part(id, index) for index, id in enumerate(authorities)]
    return inspection


def a_part(authority_id: str, position: int) -> Part:
    part = Part(
        inspection_id="i",
        authority_id=authority_id,
        task_id="t",
        authority_name=authority_id,
        position=position,
        lead=position == 0,
        matter_ids=("m",),
    )
    part.staff(Inspector(certificate=f"{authority_id}{n}", version=1, name=f"{authority_id}{n}") for n in "12")
    return part


def a_record(by: str, disposal: DisposalKind = DisposalKind.NONE) -> Record:
    item = ItemFinding("m", "1")
    deadline = date(2025, 7, 1) if disposal is DisposalKind.ORDER_CORRECTION else None
    follows = Disposal(disposal, deadline=deadline)
    return Record((item,), Finding.NO_PROBLEM, "", follows, date(2025, 6, 9), (), by, by, NOW)


def a_recheck(result: RecheckResult) -> Recheck:
    return Recheck(result, date(2025, 7, 1), Method.ON_SITE, "复查", ("A1", "A2"), "A1", NOW)


class InspectionMachine(RuleBasedStateMachine):
    """Commands of people and facts of codes, in any order."""

    @initialize(method=st.sampled_from([Method.ON_SITE, Method.DOCUMENTARY]), joint=st.booleans())
    def begin(self, method: Method, joint: bool) -> None:
        self.inspection = an_inspection(method, AUTHORITIES if joint else AUTHORITIES[:1])
        self.history = 0
        self.final: InspectionState | None = None

    def attempt(self, verb: str, command: Callable[[], Any], owner: Any = None) -> None:
        """Do it; what is refused changes nothing, and says in which state and what is possible."""
        owner = owner or self.inspection
        before, was_possible = self.snapshot(), verb in owner.possible()
        refused = refusal_of(command)
        if refused is None:
            assert was_possible
            if isinstance(owner, Part):
                self.inspection.settle_parts()
            return
        assert self.snapshot() == before
        assert isinstance(refused, FailedPrecondition | PermissionDenied)
        if isinstance(refused, NotNow):
            assert not was_possible
            assert refused.metadata["state"] == owner.state
            assert refused.metadata["possible"] == ",".join(owner.possible())

    def snapshot(self) -> tuple[Any, ...]:
        parts = [
            (p.state, p.record, p.signatures, p.object_signature, p.review, p.versions) for p in self.inspection.parts
        ]
        return (self.inspection.state, self.inspection.visit, self.inspection.code, parts)

    def part(self, index: int) -> Part:
        return self.inspection.parts[index % len(self.inspection.parts)]

    # people

    @rule()
    def dispatch(self) -> None:
        self.attempt("dispatch", lambda: self.inspection.dispatch("m", NOW))

    @rule(excluded=st.booleans())
    def exclude(self, excluded: bool) -> None:
        self.attempt("exclude", lambda: self.inspection.exclude(excluded, "重复", "m", NOW))

    @precondition(lambda self: len(self.inspection.history) > 3)
    @rule()
    def cancel(self) -> None:
        self.attempt("cancel", lambda: self.inspection.cancel("撤销", "m", NOW))

    @precondition(lambda self: len(self.inspection.history) > 3)
    @rule()
    def replace(self) -> None:
        self.attempt("replace", lambda: self.inspection.replace("other", "停业", "m", NOW))

    @precondition(lambda self: len(self.inspection.history) > 3)
    @rule()
    def merge(self) -> None:
        self.attempt("merge", lambda: self.inspection.merge("joint", NOW))

    @rule(index=st.integers(0, 1), person=st.sampled_from("12"))
    def record(self, index: int, person: str) -> None:
        part = self.part(index)
        refused = refusal_of(self.inspection.require_recordable)
        if isinstance(refused, NotNow):
            assert self.inspection.state in GONE
            assert refused.metadata["possible"] == ""
        elif isinstance(refused, NoCodeNoInspection):
            assert self.inspection.state in BEFORE_VISIT
            assert self.inspection.is_on_site
        elif refused is not None:
            assert self.inspection.dispatched_at is None
        else:
            kind = DisposalKind.OTHER if person == "2" else DisposalKind.ORDER_CORRECTION
            self.attempt("record", lambda: part.enter(a_record(f"{part.authority_id}{person}", kind)), part)

    @rule(index=st.integers(0, 1), person=st.sampled_from("12"))
    def sign(self, index: int, person: str) -> None:
        part = self.part(index)
        certificate = f"{part.authority_id}{person}"
        self.attempt("sign", lambda: part.sign(certificate, None, certificate, NOW), part)

    @rule(index=st.integers(0, 1), refused=st.booleans())
    def sign_for_object(self, index: int, refused: bool) -> None:
        part = self.part(index)
        signature = Signature(name="张三", signed_at=NOW, signed_by="1", refused=refused)
        self.attempt("sign_for_object", lambda: part.sign_for_object(signature), part)

    @rule(
        index=st.integers(0, 1), decision=st.sampled_from(ReviewDecision), by=st.sampled_from(["A1", "B2", "reviewer"])
    )
    def review(self, index: int, decision: ReviewDecision, by: str) -> None:
        part = self.part(index)
        self.attempt("review", lambda: part.decide(Review(decision, "", by, NOW)), part)

    @rule(index=st.integers(0, 1))
    def publish(self, index: int) -> None:
        part = self.part(index)
        self.attempt("publish", lambda: part.publish("reviewer", NOW), part)

    @rule(index=st.integers(0, 1), by=st.sampled_from(["A1", "A2", "B1", "B2", "reviewer"]))
    def correct(self, index: int, by: str) -> None:
        part = self.part(index)
        earlier = part.versions
        self.attempt("correct", lambda: part.correct(a_record(by), "笔误", by, NOW), part)
        assert part.versions[: len(earlier)] == earlier

    @rule(index=st.integers(0, 1), kind=st.sampled_from(DisposalKind))
    def correct_the_disposal(self, index: int, kind: DisposalKind) -> None:
        part = self.part(index)
        self.attempt("correct", lambda: part.correct(a_record("editor", kind), "改处置", "corrector", NOW), part)

    @rule(
        index=st.integers(0, 1),
        result=st.sampled_from(RecheckResult),
        then=st.sampled_from([DisposalKind.ORDER_CORRECTION, DisposalKind.OPEN_CASE]),
    )
    def recheck(self, index: int, result: RecheckResult, then: DisposalKind) -> None:
        part = self.part(index)
        renewal = Renewal(then, deadline=date(2025, 8, 1))
        rechecks = self.rechecks(part)
        self.attempt_disposal("recheck", lambda: part.recheck(a_recheck(result), renewal), part)
        assert self.rechecks(part)[: len(rechecks)] == rechecks

    @rule(index=st.integers(0, 1))
    def close_disposal(self, index: int) -> None:
        part = self.part(index)
        self.attempt_disposal("close_disposal", lambda: part.close_disposal("办结", (), "A1", NOW), part)

    @rule(index=st.integers(0, 1), day=st.sampled_from([date(2025, 6, 30), date(2025, 7, 2), date(2025, 8, 2)]))
    def days_pass(self, index: int, day: date) -> None:
        part, was = self.part(index), self.part(index).disposal_overdue
        is_over = part.open_disposal and part.disposal_due is not None and part.disposal_due < day
        assert part.fall_overdue(day) == (is_over and not was)

    def attempt_disposal(self, verb: str, command: Callable[[], Any], part: Part) -> None:
        """As `attempt`; whatever refuses says what is possible instead."""
        before, possible = self.snapshot(), part.possible()
        refused = refusal_of(command)
        assert (refused is None) == (verb in possible)
        if refused is not None:
            assert self.snapshot() == before
            assert refused.metadata["possible"] == ",".join(possible)

    @staticmethod
    def rechecks(part: Part) -> tuple[Recheck, ...]:
        return part.versions[-1].record.disposal.rechecks if part.versions else ()

    @rule(index=st.integers(0, 1))
    def do_the_next_thing(self, index: int) -> None:
        """So that long roads are walked to their end, too."""
        part = self.part(index)
        if self.inspection.dispatched_at is None:
            self.dispatch()
        elif self.inspection.is_on_site and self.inspection.visit is None:
            self.visit("")
        elif part.state in (PartState.OPEN, PartState.RETURNED):
            self.record(index, "1")
        elif part.state is PartState.RECORDED:
            self.sign(index, "1")
            self.sign(index, "2")
            self.sign_for_object(index, refused=False)
        elif part.state is PartState.SIGNED:
            self.review(index, ReviewDecision.APPROVED, "reviewer")
        elif part.state is PartState.REVIEWED:
            self.publish(index)
        elif part.versions[-1].record.disposal.possible() == ("recheck",):
            self.recheck(index, RecheckResult.CORRECTED, DisposalKind.NONE)
        else:
            self.close_disposal(index)
            self.correct(index, "reviewer")

    # codes

    @rule(id=st.sampled_from("cd"))
    def code_issued(self, id: str) -> None:
        self.inspection.note_code(CodeInfo(id, "SINGLE", "HTTPS://…"), NOW)

    @rule(revoked=st.sampled_from(["", "c", "d"]))
    def code_intercepted(self, revoked: str) -> None:
        self.inspection.note_interception(Interception("ANNUAL_CAP", "A", 2, 2, "达到上限", revoked), NOW)

    @invariant()
    def what_is_intercepted_has_no_code_and_what_is_coded_has_one(self) -> None:
        if self.inspection.state is InspectionState.INTERCEPTED:
            assert self.inspection.code is None
        if self.inspection.state is InspectionState.CODED:
            assert self.inspection.code is not None

    @rule(exception=st.sampled_from(["", "REFUSED_TO_SCAN"]))
    def visit(self, exception: str) -> None:
        self.inspection.note_visit(VisitInfo("v", "A1", NOW, exception, "拒绝扫码", "o"), NOW)

    # what always holds

    @invariant()
    def nothing_on_site_is_recorded_without_a_visit(self) -> None:
        recorded = any(part.record is not None for part in self.inspection.parts)
        assert not (recorded and self.inspection.is_on_site and self.inspection.visit is None)
        assert not (recorded and self.inspection.dispatched_at is None)

    @invariant()
    def the_inspection_stands_where_its_last_part_stands(self) -> None:
        states = {part.state for part in self.inspection.parts}
        if PartState.RETURNED in states and self.inspection.state not in GONE:
            assert self.inspection.state is InspectionState.RETURNED
        elif self.inspection.state not in GONE | BEFORE_VISIT | {InspectionState.VERIFIED, InspectionState.EXCEPTED}:
            assert PartState.OPEN not in states
            assert self.inspection.state in {InspectionState(state.value) for state in states}
        assert (self.inspection.state is InspectionState.PUBLISHED) == (states == {PartState.PUBLISHED})

    @invariant()
    def what_is_published_was_signed_by_two_and_reviewed_by_another(self) -> None:
        for part in self.inspection.parts:
            if part.state is PartState.PUBLISHED:
                assert part.review is not None
                assert len(part.signatures) == 2
                assert part.object_signature is not None
                assert part.review.reviewed_by not in {signature.signed_by for signature in part.signatures}
                assert part.review.reviewed_by != part.versions[0].record.recorded_by
                assert part.finding is part.versions[-1].record.finding

    @invariant()
    def a_disposal_stands_in_the_lists_as_in_the_result(self) -> None:
        for part in self.inspection.parts:
            disposal = part.versions[-1].record.disposal if part.versions else Disposal()
            assert part.open_disposal == disposal.is_open
            assert part.disposal_due == (disposal.deadline if disposal.is_open else None)
            assert part.open_disposal or not part.disposal_overdue
            is_order = disposal.kind is DisposalKind.ORDER_CORRECTION
            if is_order and not disposal.is_open:
                assert disposal.rechecks[-1].result is RecheckResult.CORRECTED

    @invariant()
    def whose_signature_is_there_is_marked_on_the_team(self) -> None:
        for part in self.inspection.parts:
            signed = {signature.certificate for signature in part.signatures}
            assert {member.certificate for member in part.team if member.signed} == signed

    @invariant()
    def what_is_gone_stays_gone_and_history_only_grows(self) -> None:
        assert len(self.inspection.history) >= self.history
        self.history = len(self.inspection.history)
        assert self.final is None or self.inspection.state is self.final
        if self.inspection.state in GONE:
            self.final = self.inspection.state
            assert self.inspection.possible() == ()

    @invariant()
    def whatever_is_not_closed_can_go_on(self) -> None:
        if self.inspection.state not in CLOSED:
            assert self.inspection.possible()


InspectionMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestInspectionMachine = InspectionMachine.TestCase


def states_after(*exceptions: str) -> list[str]:
    """The states an inspection goes through when visits are reported so, one after another."""
    inspection = an_inspection(Method.ON_SITE, ("A",))
    inspection.dispatch("m", NOW)
    states = []
    for exception in exceptions:
        inspection.note_visit(VisitInfo("v", "A1", NOW, exception), NOW)
        assert inspection.mutually_verified == (inspection.state is InspectionState.VERIFIED)
        states.append(inspection.state.value)
    return states


def test_a_scan_outweighs_an_earlier_exception_and_not_the_other_way_round() -> None:
    assert states_after("NO_NETWORK", "", "NO_NETWORK") == ["EXCEPTED", "VERIFIED", "VERIFIED"]


def test_a_code_that_comes_after_the_visit_is_kept_and_moves_nothing() -> None:
    inspection = an_inspection(Method.ON_SITE, ("A",))
    inspection.dispatch("m", NOW)
    inspection.note_visit(VisitInfo("v", "A1", NOW), NOW)
    inspection.note_code(CodeInfo("c", "SINGLE", "HTTPS://…"), NOW)
    assert inspection.state is InspectionState.VERIFIED
    assert inspection.code is not None


def test_who_signed_does_not_review() -> None:
    part = a_part("A", 0)
    part.enter(a_record("A1"))
    for certificate in ("A1", "A2"):
        part.sign(certificate, None, certificate, NOW)
    part.sign_for_object(Signature(name="张三", signed_at=NOW, signed_by="A1"))
    with pytest.raises(ReviewerTookPart):
        part.decide(Review(ReviewDecision.APPROVED, "", "A2", NOW))
    assert part.state is PartState.SIGNED
