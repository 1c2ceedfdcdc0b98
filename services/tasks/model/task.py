"""A task: set up, joined by its partners, approved, sent out, completed.

DRAFT → (AWAITING_PARTNERS → AWAITING_FORMATION →) PENDING_EXECUTION → EXECUTING → COMPLETED; CANCELLED from any but the
last. Whether objects are chosen and inspectors assigned are flags beside the state, as on the tabs of CQ 附件1 2.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from services.chassis.clock import today
from services.chassis.errors import FailedPrecondition, InvalidArgument, required
from services.tasks.model.content import ContentMode, TaskMatter, check_method
from services.tasks.model.draft import Fixity, Selection, Staffing, TaskDraft, TaskOrigin, TaskType, TestTerm
from services.tasks.model.extension import Extension, ExtensionState, ExtensionWaits, NoExtensionWaits
from services.tasks.model.paper import Filing, Scheme, SchemeState
from services.tasks.model.participant import Answer, InvitationOver, NoPartnerAccepted, NotInvited, Participant
from services.tasks.model.terms import (
    Attachment,
    HistoryEntry,
    Method,
    NotNow,
    TaskKind,
    TaskNature,
    check_attachments,
    check_regions,
    lies_within,
)


class TaskState(StrEnum):
    """Where a task stands."""

    DRAFT = "DRAFT"
    AWAITING_PARTNERS = "AWAITING_PARTNERS"
    AWAITING_FORMATION = "AWAITING_FORMATION"
    PENDING_EXECUTION = "PENDING_EXECUTION"
    EXECUTING = "EXECUTING"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


class ObjectsStand(FailedPrecondition):
    """A task is edited and deleted until its objects are drawn (CQ 备注5)."""

    def __init__(self) -> None:
        super().__init__(
            "检查对象已抽取或选定，任务不能再修改或删除；可以取消任务",
            "objects are drawn or chosen, so the task can no longer be changed or deleted; it can be cancelled",
        )


class NotReady(FailedPrecondition):
    """A task is sent out when everything that must precede it is done."""

    def __init__(self, missing: dict[str, str]) -> None:
        super().__init__(
            f"任务尚不能下发：{'；'.join(missing.values())}",
            f"the task cannot be dispatched yet; missing: {', '.join(missing)}",
            missing=",".join(missing),
        )


class NotSupplementable(FailedPrecondition):
    """A FIXED task takes no objects after dispatch."""

    def __init__(self) -> None:
        super().__init__(
            "该任务下发后不允许再添加检查对象", "the task is FIXED: no objects can be added after dispatch"
        )


class SupplementsClosed(FailedPrecondition):
    """The lead has said that nothing more comes."""

    def __init__(self) -> None:
        super().__init__(
            "牵头机构已截止补充检查对象，不能再添加", "the lead has closed supplements: no objects can be added"
        )


class SupplementsOver(FailedPrecondition):
    """Its last day is over: what came on the list now could not be inspected in its time."""

    def __init__(self, ends_on: date) -> None:
        super().__init__(
            f"任务已于 {ends_on} 到期，不能再补充检查对象；确需补充的，请先申请延期",
            f"the task's last day was {ends_on}: no objects can be added; ask for more time first",
            ends_on=ends_on.isoformat(),
        )


class WrongMode(FailedPrecondition):
    """What is drawn is not chosen by hand, and the other way round."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)


_EDITABLE = ("update", "delete", "cancel")
_POSSIBLE: dict[TaskState, tuple[str, ...]] = {
    TaskState.DRAFT: ("start", *_EDITABLE),
    TaskState.AWAITING_PARTNERS: ("answer_invitation", *_EDITABLE),
    TaskState.AWAITING_FORMATION: ("form", *_EDITABLE),
    TaskState.PENDING_EXECUTION: (
        "file",
        "submit_scheme",
        "decide_scheme",
        "distribute",
        "attach_assistance_order",
        "choose_objects",
        "assign_inspectors",
        "dispatch",
        "extend",
        *_EDITABLE,
    ),
    TaskState.EXECUTING: (
        "attach_assistance_order",
        "choose_objects",
        "close_supplements",
        "assign_inspectors",
        "dispatch",
        "extend",
        "cancel",
    ),
    TaskState.COMPLETED: (),
    TaskState.CANCELLED: (),
}


@dataclass(eq=False, kw_only=True)
class Task:
    """检查任务."""

    task_id: str
    number: str
    name: str
    year: int
    kind: TaskKind
    nature: TaskNature
    origin: TaskOrigin
    type: TaskType
    authority_id: str
    authority_name: str
    region: str
    starts_on: date
    ends_on: date
    method: Method
    selection: Selection
    staffing: Staffing
    fixity: Fixity = Fixity.FIXED
    content_mode: ContentMode = ContentMode.BY_FORM
    test_term: TestTerm | None = None
    expires_at: datetime | None = None
    plan_id: str = ""
    plan_number: str = ""
    lead_domain: str = ""
    object_requirements: str = ""
    work_requirements: str = ""
    description: str = ""
    on_site_reason: str = ""
    invitation_deadline: date | None = None
    attachments: tuple[Attachment, ...] = ()
    assistance_order: Attachment | None = None
    assistance_regions: tuple[str, ...] = ()
    survey: bool = False
    state: TaskState = TaskState.DRAFT
    participants: list[Participant] = field(default_factory=list)
    objects_chosen: bool = False
    staffed: bool = False
    object_count: int = 0
    staffed_count: int = 0
    draw_round: int = 0
    scheme: Scheme | None = None
    filing: Filing | None = None
    parent_task_id: str = ""
    window_id: str = ""
    match_key: str | None = None
    formations: int = 0
    formed_at: datetime | None = None
    dispatched_at: datetime | None = None
    closed_at: datetime | None = None
    cancel_reason: str = ""
    deleted: bool = False
    overdue: bool = False
    extensions: tuple[Extension, ...] = ()
    extension_waits: bool = False
    supplements_closed_at: datetime | None = None
    object_types: tuple[str, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    def possible(self) -> tuple[str, ...]:
        """What may be done in this state."""
        return _POSSIBLE[self.state]

    def require(self, verb: str) -> None:
        """Refuse what this state does not allow."""
        if verb not in self.possible():
            raise NotNow("task", self.state, verb, self.possible())

    def parts(self) -> Iterator[Participant]:
        """Who takes part: the lead, then the partners that accepted."""
        return (participant for participant in self.participants if participant.takes_part)

    def participant(self, authority_id: str) -> Participant | None:
        """An authority's share, whatever it answered."""
        return next((p for p in self.participants if p.authority_id == authority_id), None)

    def note(self, at: datetime, by: str, action: str, reason: str = "", detail: str = "") -> None:
        """Put something on record."""
        self.history = (*self.history, HistoryEntry(at, by, action, reason, detail))

    # setting up

    def require_editable(self, verb: str) -> None:
        """Refuse to change or delete it once objects are drawn."""
        self.require(verb)
        if self.objects_chosen or self.draw_round:
            raise ObjectsStand

    def enter(self, draft: TaskDraft) -> None:
        """Take over what a person entered; the draft is filled and checked."""
        self.name, self.year, self.method = draft.name, draft.year, draft.method
        self.starts_on, self.ends_on = draft.period
        self.lead_domain = draft.lead_domain
        self.object_requirements, self.work_requirements = draft.object_requirements, draft.work_requirements
        self.description, self.on_site_reason = draft.description, draft.on_site_reason
        self.content_mode, self.fixity = draft.content_mode, draft.fixity
        self.selection, self.staffing = draft.selection or self.selection, draft.staffing or self.staffing
        self.invitation_deadline, self.survey = draft.invitation_deadline, draft.survey
        self.attachments, self.assistance_order = draft.attachments, draft.assistance_order
        self.assistance_regions = draft.assistance_regions

    def amend(self, draft: TaskDraft, by: str, now: datetime) -> None:
        """Replace what was entered; an approved scheme no longer fits and must be approved again."""
        self.require_editable("update")
        self.enter(draft)
        if self.scheme is not None:
            self.note(now, by, "SCHEME_VOIDED", detail=self.scheme.content[:200])
            self.scheme = None
        self.note(now, by, "UPDATED")

    def remove(self, by: str, now: datetime) -> None:
        """Take it off all lists; the row and its number stay."""
        self.require_editable("delete")
        self.deleted, self.closed_at = True, now
        self.note(now, by, "DELETED")

    # partners

    def start(self, by: str, now: datetime) -> None:
        """Invite the partners, or form the task at once when there are none."""
        self.require("start")
        if self.type is TaskType.CROSS_AGENCY:
            self._require_open_invitation(now)
            self.state = TaskState.AWAITING_PARTNERS
            self.note(now, by, "INVITED", detail="、".join(p.authority_id for p in self.participants if not p.lead))
        else:
            self._formed(by, now)

    def require_answerable(self, authority_id: str, now: datetime) -> Participant:
        """The share of an invited partner that may still answer."""
        self.require("answer_invitation")
        partner = self.participant(authority_id)
        if partner is None or partner.answer is not Answer.INVITED:
            raise NotInvited(authority_id, partner.answer if partner else None)
        self._require_open_invitation(now)
        return partner

    def _require_open_invitation(self, now: datetime) -> None:
        if self.invitation_deadline is not None and today(now) > self.invitation_deadline:
            raise InvitationOver(self.invitation_deadline)

    def accept(self, authority_id: str, matters: tuple[TaskMatter, ...], mode: ContentMode, now: datetime) -> None:
        """A partner joins with its matters."""
        partner = self.require_answerable(authority_id, now)
        check_method(matters, self.method, self.on_site_reason or "—")
        partner.matters, partner.content_mode = matters, mode
        partner.answer, partner.answered_at = Answer.ACCEPTED, now
        self._await_formation()

    def decline(self, authority_id: str, reason: str, now: datetime) -> None:
        """A partner does not join."""
        partner = self.require_answerable(authority_id, now)
        if not reason.strip():
            raise InvalidArgument(required("reason"))
        partner.answer, partner.reason, partner.answered_at = Answer.DECLINED, reason, now
        self._await_formation()

    def close_invitations(self, now: datetime) -> bool:
        """After the deadline silence is a refusal; whether anything changed."""
        deadline = self.invitation_deadline
        if self.state is not TaskState.AWAITING_PARTNERS or deadline is None or today(now) <= deadline:
            return False
        for partner in self.participants:
            if partner.answer is Answer.INVITED:
                partner.answer = Answer.SILENT
        self.note(now, "", "INVITATION_CLOSED", detail=deadline.isoformat())
        self._await_formation()
        return True

    def _await_formation(self) -> None:
        if not any(participant.answer is Answer.INVITED for participant in self.participants):
            self.state = TaskState.AWAITING_FORMATION

    def form(self, by: str, now: datetime) -> None:
        """The lead forms the task with the partners that accepted."""
        self.require("form")
        if not any(participant.answer is Answer.ACCEPTED for participant in self.participants):
            raise NoPartnerAccepted
        self._formed(by, now)

    def form_matched(self, now: datetime, detail: str) -> None:
        """Made by matching, it is formed from the start."""
        self.objects_chosen = True
        self._formed("", now)
        self.note(now, "", "MATCHED", detail=detail)

    def _formed(self, by: str, now: datetime) -> None:
        self.state, self.formed_at = TaskState.PENDING_EXECUTION, now
        self.note(now, by, "FORMED")

    # papers

    def submit_scheme(self, content: str, attachments: tuple[Attachment, ...], by: str, now: datetime) -> None:
        """Submit the scheme, in place of one that is not approved."""
        self.require("submit_scheme")
        if self.scheme is not None and self.scheme.state is SchemeState.APPROVED:
            raise NotNow("scheme", self.scheme.state, "submit_scheme", ("dispatch",))
        check_attachments("attachments", attachments)
        self.scheme = Scheme(SchemeState.SUBMITTED, content, attachments, by, now)
        self.note(now, by, "SCHEME_SUBMITTED")

    def decide_scheme(self, decision: SchemeState, reason: str, by: str, now: datetime) -> None:
        """The head approves or rejects the scheme."""
        self.require("decide_scheme")
        verb = "approve_scheme" if decision is SchemeState.APPROVED else "reject_scheme"
        if self.scheme is None:
            raise NotNow("task", self.state, verb, ("submit_scheme",))
        if self.scheme.state is not SchemeState.SUBMITTED:
            possible = () if self.scheme.state is SchemeState.APPROVED else ("submit_scheme",)
            raise NotNow("scheme", self.scheme.state, verb, possible)
        was = self.scheme
        self.scheme = Scheme(
            decision, was.content, was.attachments, was.submitted_by, was.submitted_at, by, now, reason
        )
        self.note(now, by, f"SCHEME_{decision}", reason)

    def file(self, filing: Filing, by: str, now: datetime) -> None:
        """Put on file what a special inspection rests on."""
        self.require("file")
        if self.kind is not TaskKind.SPECIAL:
            raise WrongMode("只有专项检查需要备案", "only a SPECIAL task is filed")
        filing.check()
        self.filing = filing
        self.note(now, by, "FILED", detail=filing.basis)

    # objects and inspectors

    def require_addable(self) -> None:
        """Refuse objects by hand where they are drawn, or too late."""
        self.require("choose_objects")
        if self.selection is Selection.RANDOM or self.kind is TaskKind.RANDOM:
            raise WrongMode("该任务的检查对象由随机抽取产生，不能自行添加", "the objects of this task are drawn")
        if self.survey:
            raise WrongMode(
                "摸底类专项检查的对象由检查人员在现场录入", "the objects of a survey are entered by its inspectors"
            )
        if self.state is TaskState.EXECUTING and self.fixity is Fixity.FIXED:
            raise NotSupplementable
        if self.supplements_closed_at is not None:
            raise SupplementsClosed

    def require_supplementable(self, today: date) -> None:
        """Refuse objects that come too late: after dispatch they come to the last day (下发后允许补充)."""
        if self.state is TaskState.EXECUTING and today > self.ends_on:
            raise SupplementsOver(self.ends_on)

    def close_supplements(self, reason: str, by: str, now: datetime) -> None:
        """Nothing more comes on the list, so that the task ends with what is on it."""
        self.require("close_supplements")
        if not self._takes_supplements:
            raise NotSupplementable
        if self.supplements_closed_at is not None:
            raise SupplementsClosed
        self.supplements_closed_at = now
        self.note(now, by, "SUPPLEMENTS_CLOSED", reason)

    @property
    def _takes_supplements(self) -> bool:
        is_by_hand = self.selection is Selection.MANUAL and not self.survey
        return self.fixity is Fixity.SUPPLEMENTABLE and is_by_hand and self.kind is not TaskKind.INSTANT

    def awaits_supplements(self, today: date) -> bool:
        """Whether objects may still come, so that it is not done although nothing is left: to its last day, at most."""
        return self._takes_supplements and self.supplements_closed_at is None and today <= self.ends_on

    def note_object_type(self, type: str) -> None:
        """Remember what sort of objects came on its list."""
        if type and type not in self.object_types:
            self.object_types = (*self.object_types, type)

    def is_assisted_in(self, region: str) -> bool:
        """Whether an assistance order allows objects of a region; an order that names none allows all."""
        regions = self.assistance_regions
        return self.assistance_order is not None and (
            not regions or any(lies_within(region, allowed) for allowed in regions)
        )

    def attach_assistance_order(
        self, order: Attachment, regions: tuple[str, ...], reason: str, by: str, now: datetime
    ) -> None:
        """Put an assistance order in the place of what was attached before."""
        self.require("attach_assistance_order")
        check_attachments("assistance_order", (order,))
        check_regions("regions", regions)
        earlier = self.assistance_order
        detail = f"{'、'.join(regions)}" + (f"（替换 {earlier.name or earlier.sha256}）" if earlier else "")
        self.assistance_order, self.assistance_regions = order, regions
        self.note(now, by, "ASSISTANCE_ATTACHED", reason, detail)

    # dispatch and end

    def dispatch(self, by: str, now: datetime) -> None:
        """Send it out, when everything that must precede it is done."""
        self.require("dispatch")
        missing = self._missing()
        if missing:
            raise NotReady(missing)
        self.state = TaskState.EXECUTING
        self.dispatched_at = self.dispatched_at or now
        self.note(now, by, "DISPATCHED")

    def _missing(self) -> dict[str, str]:
        approved = self.scheme is not None and self.scheme.state is SchemeState.APPROVED
        may_come_later = self.fixity is Fixity.SUPPLEMENTABLE and self.selection is Selection.MANUAL
        is_instant = self.kind is TaskKind.INSTANT  # it begins on the spot, so nothing can be approved before
        return {
            name: zh
            for name, is_missing, zh in (
                ("objects", not self.objects_chosen and not may_come_later, "未选定检查对象"),
                ("inspectors", self.objects_chosen and not self.staffed, "有检查对象未选派至少两名检查人员"),
                ("approved_scheme", not approved and not is_instant, "检查方案未经主要负责人批准"),
                ("filing", self.kind is TaskKind.SPECIAL and self.filing is None, "专项检查未备案"),
            )
            if is_missing
        }

    def fall_overdue(self, now: datetime) -> bool:
        """Put on record, once, that its last day is over and it is not done; whether that was new."""
        is_at_work = self.state in (TaskState.PENDING_EXECUTION, TaskState.EXECUTING)
        if self.overdue or not is_at_work or today(now) <= self.ends_on:
            return False
        self.overdue = True
        self.note(now, "", "OVERDUE", detail=self.ends_on.isoformat())
        return True

    # more time

    def extend(self, extension: Extension, by: str, now: datetime) -> bool:
        """Ask for a later last day; whether it holds at once, because no approved scheme says otherwise (TJ 15)."""
        self.require("extend")
        if self.extension_waits:
            raise ExtensionWaits(self.extensions[-1].ends_on)
        self.extensions, self.extension_waits = (*self.extensions, extension), True
        self.note(now, by, "EXTENSION_REQUESTED", extension.reason, f"{extension.before} → {extension.ends_on}")
        return self.scheme is None or self.scheme.state is not SchemeState.APPROVED

    def waiting_extension(self) -> Extension:
        """The extension that is to be decided."""
        self.require("extend")
        if not self.extension_waits:
            raise NoExtensionWaits
        return self.extensions[-1]

    def decide_extension(self, decision: ExtensionState, reason: str, by: str, now: datetime) -> None:
        """Grant it or not; with the later last day the task is no longer overdue."""
        asked = self.waiting_extension()
        decided = replace(asked, state=decision, decided_by=by, decided_at=now, decision_reason=reason)
        self.extensions, self.extension_waits = (*self.extensions[:-1], decided), False
        if decision is ExtensionState.APPROVED:
            self.ends_on, self.overdue = asked.ends_on, False
        action = "EXTENDED" if decision is ExtensionState.APPROVED else "EXTENSION_REJECTED"
        self.note(now, by, action, reason or asked.reason, f"{asked.before} → {asked.ends_on}")

    def complete(self, now: datetime) -> None:
        """Nothing is left to do."""
        self.state, self.closed_at = TaskState.COMPLETED, now
        self.note(now, "", "COMPLETED")

    def cancel(self, reason: str, by: str, now: datetime) -> None:
        """Call it off."""
        self.require("cancel")
        self.state, self.closed_at, self.cancel_reason = TaskState.CANCELLED, now, reason
        self.note(now, by, "CANCELLED", reason)


def expiry(term: TestTerm | None, now: datetime) -> datetime | None:
    """When a test task is purged."""
    return now + timedelta(hours=term.hours) if term else None
