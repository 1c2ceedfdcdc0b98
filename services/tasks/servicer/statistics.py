"""Requests about figures."""

from __future__ import annotations

from google.api.httpbody_pb2 import HttpBody
from liangma.tasks.v1 import statistics_pb2 as pb
from liangma.tasks.v1 import statistics_pb2_grpc

from services.chassis.clock import today
from services.chassis.servicing import Call, Servicer, read, write
from services.tasks import recounting
from services.tasks.queries import effectiveness as queries
from services.tasks.queries import sheets
from services.tasks.queries.breakdown import breakdown
from services.tasks.queries.frequency import frequencies
from services.tasks.wire import statistics as wire
from services.tasks.wire.task import XLSX, file


class StatisticsServicer(Servicer, statistics_pb2_grpc.StatisticsServiceServicer):
    """`liangma.tasks.v1.StatisticsService`."""

    @read
    def GetEffectiveness(self, request: pb.GetEffectivenessRequest, call: Call) -> pb.Effectiveness:
        return wire.effectiveness(queries.effectiveness(call.work.session, wire.scope(request)))

    @read
    def ListEffectivenessInspections(
        self, request: pb.ListEffectivenessInspectionsRequest, call: Call
    ) -> pb.ListEffectivenessInspectionsResponse:
        page = queries.counted_inspections(
            call.work.session,
            wire.figure(request),
            wire.scope(request),
            counted_only=request.counted_only,
            page_size=request.page_size,
            page_token=request.page_token,
        )
        return wire.counted(page)

    @read
    def ExportEffectiveness(self, request: pb.GetEffectivenessRequest, call: Call) -> HttpBody:
        figures = queries.effectiveness(call.work.session, wire.scope(request))
        return file(sheets.effectiveness_sheet(figures), XLSX)

    @read
    def GetEffectivenessBreakdown(
        self, request: pb.GetEffectivenessBreakdownRequest, call: Call
    ) -> pb.EffectivenessBreakdown:
        figures = breakdown(
            call.work.session,
            wire.scope(request),
            wire.dimensions(request),
            page_size=request.page_size,
            page_token=request.page_token,
        )
        return wire.breakdown(figures)

    @read
    def ExportEffectivenessBreakdown(self, request: pb.GetEffectivenessBreakdownRequest, call: Call) -> HttpBody:
        figures = breakdown(call.work.session, wire.scope(request), wire.dimensions(request))
        return file(sheets.breakdown_sheet(figures), XLSX)

    @read
    def GetFrequencies(self, request: pb.GetFrequenciesRequest, call: Call) -> pb.Frequencies:
        return wire.frequencies(frequencies(call.work.session, wire.scope(request)))

    @read
    def ExportFrequencies(self, request: pb.GetFrequenciesRequest, call: Call) -> HttpBody:
        found = frequencies(call.work.session, wire.scope(request))
        return file(sheets.frequency_sheet(found), XLSX)

    @read
    def GetWeeklyReport(self, request: pb.GetWeeklyReportRequest, call: Call) -> pb.WeeklyReport:
        day = wire.week_of(request, today(call.now))
        return wire.weekly_report(queries.weekly_report(call.work.session, day, request.region))

    @read
    def ExportWeeklyReport(self, request: pb.GetWeeklyReportRequest, call: Call) -> HttpBody:
        day = wire.week_of(request, today(call.now))
        return file(sheets.weekly_sheet(queries.weekly_report(call.work.session, day, request.region)), XLSX)

    @write
    def RebuildStatistics(self, request: pb.RebuildStatisticsRequest, call: Call) -> pb.RebuildStatisticsResponse:
        rows, corrected = recounting.rebuild(call.work.session, dry_run=request.dry_run)
        return pb.RebuildStatisticsResponse(rows=rows, corrected=corrected)
