"""Inspections ⇄ protobuf."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from liangma.tasks.v1 import inspections_pb2 as pb

from services.chassis.convert import from_proto, to_proto
from services.chassis.identity import Principal
from services.chassis.paging import Page
from services.tasks.model.change import Change
from services.tasks.model.inspection import InspectedObject, Inspection
from services.tasks.model.part import Part, ReviewDecision, Signature
from services.tasks.model.record import ItemFinding
from services.tasks.model.terms import Attachment
from services.tasks.queries.change import ChangeFilter
from services.tasks.queries.inspection import InspectionFilter
from services.tasks.use_cases.disposal import RecheckEntry
from services.tasks.use_cases.inspection import RecordEntry
from services.tasks.use_cases.instant import InstantDraft
from services.tasks.wire.task import page_info

_DECISIONS = {
    pb.REVIEW_DECISION_APPROVED: ReviewDecision.APPROVED,
    pb.REVIEW_DECISION_RETURNED: ReviewDecision.RETURNED,
}


def inspection(inspection: Inspection, by: Principal) -> pb.Inspection:
    """As the caller may see it: an enterprise is not shown how the authority worked on it."""
    hidden: dict[str, object] = {"history": (), "repeat_reason": "", "lead_detail": ""} if by.object else {}
    parts = [part_for_object(part) if by.object else to_proto(part, pb.Part) for part in inspection.parts]
    return to_proto(inspection, pb.Inspection, possible=inspection.possible(), parts=parts, **hidden)


def part_for_object(part: Part) -> pb.Part:
    """A part without the reviewer's remarks."""
    return to_proto(part, pb.Part, review=None)


def inspections(page: Page[Inspection], by: Principal) -> pb.ListInspectionsResponse:
    rows = [inspection(item, by) for item in page.items]
    return pb.ListInspectionsResponse(inspections=rows, page=page_info(page))


def filter(request: pb.ListInspectionsRequest) -> InspectionFilter:
    return from_proto(request, InspectionFilter)


def instant(request: pb.StartInstantInspectionRequest) -> InstantDraft:
    return from_proto(request, InstantDraft)


def change_filter(request: pb.ListInspectionChangesRequest) -> ChangeFilter:
    return from_proto(request, ChangeFilter)


def changes(page: Page[Change]) -> pb.ListInspectionChangesResponse:
    rows = [to_proto(change, pb.InspectionChange) for change in page.items]
    return pb.ListInspectionChangesResponse(changes=rows, page=page_info(page))


def discovered(request: pb.DiscoverObjectRequest) -> InspectedObject:
    return from_proto(request.object, InspectedObject)


def entry(request: pb.RecordInspectionRequest | pb.CorrectResultRequest) -> RecordEntry:
    items = tuple(from_proto(item, ItemFinding) for item in request.items)
    return from_proto(request, RecordEntry, items=items)


def recheck(request: pb.RecordRecheckRequest) -> RecheckEntry:
    return from_proto(request, RecheckEntry)


def picture(request: Any) -> Attachment | None:
    """The drawn signature, if there is one."""
    return from_proto(request.picture, Attachment) if request.HasField("picture") else None


def signature(request: pb.SignForObjectRequest, by: Principal, now: datetime) -> Signature:
    return Signature(
        name=request.name,
        signed_at=now,
        signed_by=by.subject,
        capacity=request.capacity,
        picture=picture(request),
        refused=request.refused,
        reason=request.reason,
    )


def decision(request: pb.ReviewInspectionRequest) -> ReviewDecision:
    return _DECISIONS[request.decision]


def attachments(request: pb.CloseDisposalRequest) -> tuple[Attachment, ...]:
    return tuple(from_proto(attachment, Attachment) for attachment in request.attachments)
