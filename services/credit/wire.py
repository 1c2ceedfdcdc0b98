"""Model and facts ⇄ `liangma.credit.v1`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, TypeVar

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.message import Message
from liangma.credit.v1 import (
    channels_pb2,
    disclosures_pb2,
    events_pb2,
    models_pb2,
    ratings_pb2,
    repairs_pb2,
    whitelists_pb2,
)
from liangma.plans.v1 import events_pb2 as plans
from liangma.sampling.v1 import events_pb2 as sampling
from liangma.tasks.v1 import events_pb2 as tasks
from liangma.type.v1 import import_pb2, page_pb2

from services.chassis.clock import today
from services.chassis.convert import from_proto, to_proto
from services.chassis.errors import malformed
from services.chassis.import_report import ImportReport
from services.chassis.paging import Page
from services.chassis.workdays import Workdays
from services.credit.model.backtest import Backtest
from services.credit.model.channel import Channel
from services.credit.model.deadline import ALLOWED, Reckoning
from services.credit.model.delivery import Delivery
from services.credit.model.disclosure import Disclosure, DisclosureRevision, RevisionAction, masked
from services.credit.model.figures import RatingCoverage
from services.credit.model.industry_model import IndicatorSource, IndustryModel
from services.credit.model.known import KnownAuthority, KnownObject, KnownOverdue, KnownTask
from services.credit.model.rating import Rating, RatingChange
from services.credit.model.repair import Repair
from services.credit.model.repair_parts import Document, RepairDocument, SiteCheck
from services.credit.model.scoring import Score, ScoreTerm
from services.credit.model.whitelist import Whitelist
from services.credit.use_cases.disclosure import ApprovedPlan, RevealedDraw
from services.credit.use_cases.feedback import PublishedResult
from services.credit.use_cases.rating_import import RatingRow
from services.credit.use_cases.repair import Application

M = TypeVar("M", bound=Message)

SHOWN_TYPES = frozenset({"application/pdf", "image/png", "image/jpeg", "image/webp"})
DEADLINE_RULE = (
    "自受理之日起七个工作日内作出决定，补充提供材料时间不计入时限（受理当日、要求补充之日至补充到达之日不计）"
)


def event_to_proto(event: object) -> Message:
    """The message of a fact: the one of the same name."""
    kind: type[Message] = getattr(events_pb2, type(event).__name__)
    return to_proto(event, kind)


def page_to_proto(page: Page[Any]) -> page_pb2.PageInfo:
    return page_pb2.PageInfo(next_page_token=page.next_page_token)


def day(field: str, text: str) -> date | None:
    """The day a field names, None where it is empty.

    Raises:
        InvalidArgument: it names none.
    """
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        zh, en = f"{field} 的值“{text}”应为 YYYY-MM-DD 格式的日期", f"{field}: cannot read {text!r} as YYYY-MM-DD"
        raise malformed(field, "FORMAT", zh, en) from None


# ratings


def rating_rows(request: ratings_pb2.ImportRatingsRequest) -> list[RatingRow]:
    return [from_proto(row, RatingRow) for row in request.rows]


def report_to_proto(report: ImportReport) -> import_pb2.ImportReport:
    return to_proto(report, import_pb2.ImportReport)


def rating_to_proto(
    rating: Rating, known: KnownObject | None, history: Iterable[RatingChange] = ()
) -> ratings_pb2.Rating:
    return to_proto(
        rating,
        ratings_pb2.Rating,
        object_name=known.name if known else "",
        region=known.region if known else "",
        history=list(history),
        update_time=rating.changed_at,
    )


def coverage_to_proto(coverage: RatingCoverage) -> ratings_pb2.RatingCoverage:
    return to_proto(coverage, ratings_pb2.RatingCoverage)


def explanation_to_proto(
    object_id: str, model: IndustryModel, score: Score, *, with_evaluations: bool
) -> ratings_pb2.ScoreExplanation:
    """A score, term by term; who evaluated an inspection is told to supervisors only."""

    def shown(term: ScoreTerm) -> ratings_pb2.ScoreTerm:
        is_hidden = term.source is IndicatorSource.EVALUATION and not with_evaluations
        return to_proto(term, ratings_pb2.ScoreTerm, **{"evidence": ()} if is_hidden else {})

    return to_proto(
        score,
        ratings_pb2.ScoreExplanation,
        object_id=object_id,
        domain=model.domain,
        model_id=model.model_id,
        model_version=model.model_version,
        thresholds=model.thresholds,
        terms=[shown(term) for term in score.terms],
    )


# models


def model_from_proto(message: models_pb2.IndustryModel) -> IndustryModel:
    return from_proto(_only(message, "domain", "name", "indicators", "thresholds"), IndustryModel)


def model_to_proto(model: IndustryModel) -> models_pb2.IndustryModel:
    return to_proto(model, models_pb2.IndustryModel)


def backtest_to_proto(backtest: Backtest) -> models_pb2.Backtest:
    return to_proto(backtest, models_pb2.Backtest)


# whitelists


def whitelist_from_proto(message: whitelists_pb2.Whitelist) -> Whitelist:
    return from_proto(_only(message, "object_id", "matter_id", "reason", "starts_on", "ends_on"), Whitelist)


def whitelist_to_proto(entry: Whitelist) -> whitelists_pb2.Whitelist:
    return to_proto(entry, whitelists_pb2.Whitelist)


# disclosures


def disclosure_to_proto(disclosure: Disclosure, names: Mapping[str, str]) -> disclosures_pb2.Disclosure:
    """A disclosure as officials see it."""
    return to_proto(disclosure, disclosures_pb2.Disclosure, authority_name=names.get(disclosure.authority_id, ""))


def public_disclosure_to_proto(disclosure: Disclosure, names: Mapping[str, str]) -> disclosures_pb2.Disclosure:
    """A disclosure as the public sees it: of a natural person, hardly anything."""
    message = disclosure_to_proto(disclosure, names)
    if disclosure.personal:
        message.object_id, message.object_name = "", masked(disclosure.object_name)
    return message


def history_to_proto(
    disclosure: Disclosure, revisions: Iterable[DisclosureRevision], names: Mapping[str, str]
) -> disclosures_pb2.ListDisclosureHistoryResponse:
    shown = [
        to_proto(revision, disclosures_pb2.DisclosureRevision, revision=number)
        for number, revision in _numbered(revisions)
    ]
    return disclosures_pb2.ListDisclosureHistoryResponse(
        disclosure=disclosure_to_proto(disclosure, names), revisions=shown
    )


# channels


def channel_from_proto(message: channels_pb2.Channel) -> Channel:
    return from_proto(_only(message, "name", "kind", "target", "scope", "state", "secret"), Channel)


def channel_to_proto(channel: Channel) -> channels_pb2.Channel:
    return to_proto(channel, channels_pb2.Channel, secret="")


def delivery_to_proto(delivery: Delivery, on: date) -> channels_pb2.Delivery:
    return to_proto(delivery, channels_pb2.Delivery, overdue=delivery.is_overdue(on), create_time=delivery.queued_at)


# repairs


def application_from_proto(request: repairs_pb2.ApplyRepairRequest) -> Application:
    return from_proto(request, Application)


def site_check_from_proto(request: repairs_pb2.RecordSiteCheckRequest, by: str, on: date) -> SiteCheck:
    given = {} if request.checked_on else {"checked_on": on}
    return from_proto(request, SiteCheck, recorded_by=by, **given)


def documents_from_proto(messages: Iterable[repairs_pb2.RepairDocument]) -> list[RepairDocument]:
    return [from_proto(message, RepairDocument) for message in messages]


def file(document: Document, data: bytes) -> HttpBody:
    """A document as a browser may show it; what its sender calls something else is only ever saved."""
    content_type = document.content_type if document.content_type in SHOWN_TYPES else "application/octet-stream"
    return HttpBody(content_type=content_type, data=data)


def repair_to_proto(repair: Repair, on: date, workdays: Workdays) -> repairs_pb2.Repair:
    left = repair.reckoning(_until(repair, on), workdays).left if repair.accepted_on else 0
    return to_proto(repair, repairs_pb2.Repair, days_left=left, overdue=repair.is_overdue(on))


def deadline_to_proto(repair: Repair, on: date, workdays: Workdays) -> repairs_pb2.DeadlineExplanation:
    reckoning: Reckoning = repair.reckoning(_until(repair, on), workdays)
    return to_proto(
        reckoning,
        repairs_pb2.DeadlineExplanation,
        repair_id=repair.repair_id,
        allowed=ALLOWED,
        days_used=reckoning.used,
        days_left=reckoning.left,
        rule=DEADLINE_RULE,
    )


# facts of the other services


def objects_from_event(event: sampling.ObjectChanged) -> list[KnownObject]:
    return [
        KnownObject(
            object_id=thing.object_id,
            version=thing.version,
            type=thing.type,
            name=thing.name,
            registration_status=thing.registration_status,
            region=thing.region,
            tags=tuple(sorted(thing.tags)),
        )
        for thing in event.objects
    ]


def authority_from_event(event: plans.AuthorityChanged) -> KnownAuthority:
    return from_proto(event, KnownAuthority, version=event.version)


def task_from_event(event: tasks.TaskFormed) -> KnownTask:
    days = {"starts_on": day("starts_on", event.starts_on), "ends_on": day("ends_on", event.ends_on)}
    return from_proto(event, KnownTask, version=event.version, **days)


def plan_from_event(event: plans.PlanApproved) -> ApprovedPlan:
    return from_proto(event, ApprovedPlan, version=event.version)


def draw_from_event(event: sampling.DrawRevealed) -> RevealedDraw:
    return from_proto(event, RevealedDraw)


def result_from_event(result: tasks.Result) -> PublishedResult:
    return from_proto(result, PublishedResult, version=result.version)


def overdue_from_event(event: tasks.DisposalOverdue) -> KnownOverdue:
    id = f"{event.inspection_id}:{event.authority_id}:{event.due_on}"
    return from_proto(event, KnownOverdue, overdue_id=id)


def _only(message: M, *names: str) -> M:
    """The message with nothing but what its sender may choose."""
    copy = type(message)()
    copy.CopyFrom(message)
    for field, _ in message.ListFields():
        if field.name not in names:
            copy.ClearField(field.name)
    return copy


def _until(repair: Repair, on: date) -> date:
    """The day a clock is read: today, or for good the day of the decision."""
    return min(on, today(repair.decided_at)) if repair.decided_at else on


def _numbered(revisions: Iterable[DisclosureRevision]) -> Iterator[tuple[int, DisclosureRevision]]:
    """Versions count from 1; a withdrawal has the number of what it withdraws."""
    number = 0
    for revision in revisions:
        number += revision.action is not RevisionAction.WITHDRAWN
        yield number, revision
