"""The list of objects ⇄ protobuf."""

from __future__ import annotations

from dataclasses import replace

from liangma.tasks.v1 import objects_pb2 as pb
from liangma.type.v1 import import_pb2

from services.chassis.convert import from_proto, to_proto
from services.chassis.import_report import ImportReport
from services.chassis.paging import Page
from services.tasks.model.exclusion import Exclusion, ExclusionRules
from services.tasks.model.inspection import Inspection
from services.tasks.queries.objects import DirectoryFilter, ObjectFilter
from services.tasks.use_cases.exclusion import Excluded
from services.tasks.use_cases.importing import ObjectRow
from services.tasks.use_cases.objects import AddedMatching
from services.tasks.wire.task import page_info


def filter(request: pb.ListTaskObjectsRequest) -> ObjectFilter:
    return from_proto(request, ObjectFilter)


def directory_filter(request: pb.AddMatchingObjectsRequest) -> DirectoryFilter:
    return from_proto(request.filter, DirectoryFilter)


def objects(page: Page[Inspection]) -> pb.ListTaskObjectsResponse:
    rows = [to_proto(inspection, pb.TaskObject) for inspection in page.items]
    return pb.ListTaskObjectsResponse(objects=rows, page=page_info(page))


def rows(request: pb.ImportTaskObjectsRequest) -> tuple[ObjectRow, ...]:
    """The rows, without spaces around their cells; a row without a line stands in its place."""
    return tuple(
        ObjectRow(
            line=row.line or place,
            object_id=row.object_id.strip().upper(),
            name=row.name.strip(),
            repeat_reason=row.repeat_reason.strip(),
            lead=row.lead.strip(),
            lead_detail=row.lead_detail.strip(),
        )
        for place, row in enumerate(request.rows, start=1)
    )


def exclusion_rows(request: pb.ImportExclusionsRequest) -> tuple[ObjectRow, ...]:
    """The rows of a list of exclusions, as those of a list of objects."""
    return tuple(
        ObjectRow(line=row.line or place, object_id=row.object_id.strip().upper(), name=row.name.strip())
        for place, row in enumerate(request.rows, start=1)
    )


def exclusion(kept: Exclusion) -> pb.Exclusion:
    return to_proto(kept, pb.Exclusion)


def exclusions(page: Page[Exclusion]) -> pb.ListExclusionsResponse:
    """Without the objects of named lists, of which there may be thousands in each."""
    rows = [to_proto(kept, pb.Exclusion, object_ids=()) for kept in page.items]
    return pb.ListExclusionsResponse(exclusions=rows, page=page_info(page))


def report(report: ImportReport) -> import_pb2.ImportReport:
    return to_proto(report, import_pb2.ImportReport)


def rules(request: pb.ExcludeObjectsRequest) -> ExclusionRules:
    """The rules; an inspection record without a number means once."""
    rules = from_proto(request, ExclusionRules)
    record = rules.record
    return replace(rules, record=replace(record, min_count=record.min_count or 1)) if record else rules


def excluded(excluded: Excluded) -> pb.ExcludeObjectsResponse:
    return to_proto(excluded, pb.ExcludeObjectsResponse)


def added(added: AddedMatching) -> pb.AddMatchingObjectsResponse:
    return to_proto(added, pb.AddMatchingObjectsResponse)
