"""The task as a machine: partners, papers, dispatch and end in any order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.chassis.errors import FailedPrecondition
from services.tasks.model.content import ContentMode, TaskMatter
from services.tasks.model.copies import CheckItem
from services.tasks.model.draft import Fixity, Selection, Staffing, TaskOrigin, TaskType
from services.tasks.model.extension import Extension, ExtensionState
from services.tasks.model.paper import Filing, SchemeState
from services.tasks.model.participant import Answer, Participant
from services.tasks.model.task import Task, TaskState
from services.tasks.model.terms import Attachment, Method, NotNow, TaskKind, TaskNature
from tests.tasks.city import refusal_of

NOON = datetime(2025, 6, 9, 4, tzinfo=UTC)
MATTER = TaskMatter("m", 1, "事项", "司法", methods=(Method.ON_SITE,), items=(CheckItem("1", "检查项"),))
FILING = Filing("文件", "内容", "范围", approvals=(Attachment("0" * 64),))
ORDER = list(TaskState)


def a_task(kind: TaskKind, type: TaskType, fixity: Fixity = Fixity.FIXED) -> Task:
    task = Task(
        task_id="t",
        number="渝司专查〔2025〕1号",
        name="检查",
        year=2025,
        kind=kind,
        nature=TaskNature.FORMAL,
        origin=TaskOrigin.TEMPORARY,
        type=type,
        authority_id="L",
        authority_name="牵头",
        region="500000",
        starts_on=date(2025, 6, 1),
        ends_on=date(2025, 8, 31),
        method=Method.ON_SITE,
        selection=Selection.MANUAL,
        staffing=Staffing.ASSIGNED,
        fixity=fixity,
        invitation_deadline=date(2025, 6, 12) if type is TaskType.CROSS_AGENCY else None,
    )
    task.participants = [
        Participant(task_id="t", authority_id="L", authority_name="牵头", position=0, lead=True, matters=(MATTER,))
    ]
    if type is TaskType.CROSS_AGENCY:
        task.participants += [
            Participant(task_id="t", authority_id=id, authority_name=id, position=n, answer=Answer.INVITED)
            for n, id in enumerate("PQ", start=1)
        ]
    return task


class TaskMachine(RuleBasedStateMachine):
    """What managers, partners, heads and time do to a task."""

    @initialize(kind=st.sampled_from(TaskKind), type=st.sampled_from(TaskType), fixity=st.sampled_from(Fixity))
    def begin(self, kind: TaskKind, type: TaskType, fixity: Fixity) -> None:
        self.task, self.now = a_task(kind, type, fixity), NOON
        self.furthest = 0

    def attempt(self, verb: str, command: Callable[[], Any]) -> None:
        before, was_possible = self.snapshot(), verb in self.task.possible()
        refused = refusal_of(command)
        if refused is None:
            assert was_possible
            return
        assert self.snapshot() == before
        assert isinstance(refused, FailedPrecondition)
        if isinstance(refused, NotNow):
            assert refused.metadata["state"]
            assert "possible" in refused.metadata

    def snapshot(self) -> tuple[Any, ...]:
        answers = [(participant.answer, participant.matters) for participant in self.task.participants]
        time = (self.task.ends_on, self.task.extensions, self.task.supplements_closed_at)
        return (self.task.state, answers, self.task.scheme, self.task.filing, len(self.task.history), time)

    @rule()
    def start(self) -> None:
        self.attempt("start", lambda: self.task.start("m", self.now))

    @rule(who=st.sampled_from("PQL"))
    def accept(self, who: str) -> None:
        self.attempt("answer_invitation", lambda: self.task.accept(who, (MATTER,), ContentMode.BY_FORM, self.now))

    @rule(who=st.sampled_from("PQ"))
    def decline(self, who: str) -> None:
        self.attempt("answer_invitation", lambda: self.task.decline(who, "人手不足", self.now))

    @rule(days=st.integers(0, 3))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)
        self.task.close_invitations(self.now)

    @rule()
    def form(self) -> None:
        self.attempt("form", lambda: self.task.form("m", self.now))

    @rule()
    def submit_scheme(self) -> None:
        self.attempt("submit_scheme", lambda: self.task.submit_scheme("方案", (), "m", self.now))

    @rule(decision=st.sampled_from([SchemeState.APPROVED, SchemeState.REJECTED]))
    def decide_scheme(self, decision: SchemeState) -> None:
        self.attempt("decide_scheme", lambda: self.task.decide_scheme(decision, "", "h", self.now))

    @rule()
    def file(self) -> None:
        self.attempt("file", lambda: self.task.file(FILING, "m", self.now))

    @rule(chosen=st.booleans(), staffed=st.booleans())
    def settle(self, chosen: bool, staffed: bool) -> None:
        if "choose_objects" in self.task.possible() and self.task.state is TaskState.PENDING_EXECUTION:
            self.task.objects_chosen, self.task.staffed = chosen, chosen and staffed

    @rule()
    def dispatch(self) -> None:
        self.attempt("dispatch", lambda: self.task.dispatch("m", self.now))

    @rule()
    def complete(self) -> None:
        if self.task.state is TaskState.EXECUTING:
            self.task.complete(self.now)

    @rule(weeks=st.integers(1, 12))
    def weeks_pass(self, weeks: int) -> None:
        self.now += timedelta(weeks=weeks)
        self.task.fall_overdue(self.now)

    @rule(days=st.integers(1, 60))
    def extend(self, days: int) -> None:
        later = self.task.ends_on + timedelta(days=days)
        asked = Extension(ExtensionState.SUBMITTED, later, self.task.ends_on, "高温", "m", self.now)
        holds_at_once: list[bool] = []
        self.attempt("extend", lambda: holds_at_once.append(self.task.extend(asked, "m", self.now)))
        if holds_at_once == [True]:
            self.decide_extension(ExtensionState.APPROVED)

    @rule(decision=st.sampled_from([ExtensionState.APPROVED, ExtensionState.REJECTED]))
    def decide_extension(self, decision: ExtensionState) -> None:
        self.attempt("extend", lambda: self.task.decide_extension(decision, "", "h", self.now))

    @rule()
    def close_supplements(self) -> None:
        self.attempt("close_supplements", lambda: self.task.close_supplements("", "m", self.now))

    @rule(really=st.integers(0, 9))
    def cancel(self, really: int) -> None:
        if really == 0:
            self.attempt("cancel", lambda: self.task.cancel("撤销", "m", self.now))

    @invariant()
    def it_never_goes_back(self) -> None:
        place = ORDER.index(self.task.state)
        assert place >= self.furthest
        self.furthest = place

    @invariant()
    def its_last_day_is_the_latest_that_was_granted(self) -> None:
        granted = [each.ends_on for each in self.task.extensions if each.state is ExtensionState.APPROVED]
        assert self.task.ends_on == max(granted, default=date(2025, 8, 31))
        assert granted == sorted(granted)

    @invariant()
    def what_is_overdue_is_over_and_one_extension_waits_at_most(self) -> None:
        if self.task.overdue:
            assert self.task.ends_on < self.now.date()
        waiting = [each for each in self.task.extensions if each.state is ExtensionState.SUBMITTED]
        assert len(waiting) == self.task.extension_waits

    @invariant()
    def it_waits_for_supplements_only_while_they_may_come(self) -> None:
        if self.task.awaits_supplements(self.now.date()):
            assert self.task.fixity is Fixity.SUPPLEMENTABLE
            assert self.task.supplements_closed_at is None
            assert self.now.date() <= self.task.ends_on

    @invariant()
    def only_a_formed_task_with_approved_papers_goes_out(self) -> None:
        if self.task.dispatched_at is not None:
            assert self.task.formed_at is not None
            approved = self.task.scheme is not None and self.task.scheme.state is SchemeState.APPROVED
            assert approved or self.task.kind is TaskKind.INSTANT
            assert self.task.filing is not None or self.task.kind is not TaskKind.SPECIAL
            assert self.task.objects_chosen or self.task.fixity is Fixity.SUPPLEMENTABLE

    @invariant()
    def a_formed_joint_task_has_a_partner(self) -> None:
        if self.task.formed_at is not None and self.task.type is TaskType.CROSS_AGENCY:
            assert len(list(self.task.parts())) > 1
            assert all(participant.answer is not Answer.INVITED for participant in self.task.participants)


TaskMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestTaskMachine = TaskMachine.TestCase
