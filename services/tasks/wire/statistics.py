"""Figures → protobuf."""

from __future__ import annotations

from datetime import date, timedelta

from liangma.tasks.v1 import statistics_pb2 as pb
from liangma.tasks.v1 import tasks_pb2
from liangma.type.v1 import page_pb2

from services.chassis.convert import enum_name, to_proto
from services.chassis.errors import malformed
from services.chassis.paging import Page
from services.tasks.model.effectiveness import (
    PERIODS,
    Breakdown,
    CountedInspection,
    Dimension,
    Effectiveness,
    Figure,
    WeeklyReport,
)
from services.tasks.model.frequency import Frequencies
from services.tasks.model.terms import TaskKind
from services.tasks.queries.effectiveness import Scope
from services.tasks.wire.task import page_info

_Scoped = (
    pb.GetEffectivenessRequest
    | pb.ListEffectivenessInspectionsRequest
    | pb.GetEffectivenessBreakdownRequest
    | pb.GetFrequenciesRequest
)


def scope(request: _Scoped) -> Scope:
    from_date, to_date = _day(request.from_date, "from_date"), _day(request.to_date, "to_date")
    if to_date < from_date:
        raise malformed("to_date", "PERIOD", "截止日期不能早于开始日期", "to_date is before from_date")
    kind = enum_name(tasks_pb2.TaskKind.DESCRIPTOR, request.kind)
    return Scope(
        from_date,
        to_date,
        request.authority_id,
        request.region,
        request.domain,
        TaskKind(kind) if kind else None,
    )


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        zh = f"{field} 的值“{text}”应为 YYYY-MM-DD 格式的日期"
        raise malformed(field, "FORMAT", zh, f"{field}: cannot read {text!r}") from None


def dimensions(request: pb.GetEffectivenessBreakdownRequest) -> frozenset[Dimension]:
    """What it is to be broken down by.

    Raises:
        InvalidArgument: one is not said, or there are two periods.
    """
    names = [enum_name(pb.Dimension.DESCRIPTOR, number) for number in request.by]
    if not all(names):
        raise malformed("by", "UNKNOWN", "by 含有未知的维度", "by names no dimension")
    wanted = frozenset(map(Dimension, names))
    if len(wanted & PERIODS) > 1:
        raise malformed("by", "PERIODS", "by 至多含有一种期间（周、月、季、年）", "by names more than one period")
    return wanted


def week_of(request: pb.GetWeeklyReportRequest, today: date) -> date:
    """A day of the week that is asked for."""
    return _day(request.day, "day") if request.day else today - timedelta(days=7)


def figure(request: pb.ListEffectivenessInspectionsRequest) -> Figure:
    return Figure(enum_name(pb.EffectivenessFigure.DESCRIPTOR, request.figure))


def effectiveness(figures: Effectiveness) -> pb.Effectiveness:
    return to_proto(figures, pb.Effectiveness)


def breakdown(figures: Breakdown) -> pb.EffectivenessBreakdown:
    page = page_pb2.PageInfo(next_page_token=figures.next_page_token)
    return to_proto(figures, pb.EffectivenessBreakdown, page=page)


def frequencies(found: Frequencies) -> pb.Frequencies:
    return to_proto(found, pb.Frequencies)


def weekly_report(report: WeeklyReport) -> pb.WeeklyReport:
    return to_proto(report, pb.WeeklyReport)


def counted(page: Page[CountedInspection]) -> pb.ListEffectivenessInspectionsResponse:
    rows = [to_proto(item, pb.EffectivenessItem) for item in page.items]
    return pb.ListEffectivenessInspectionsResponse(items=rows, page=page_info(page))
