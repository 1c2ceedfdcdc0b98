"""Draws over gRPC."""

from __future__ import annotations

import secrets

from google.api.httpbody_pb2 import HttpBody
from liangma.sampling.v1 import sampling_pb2 as pb
from liangma.sampling.v1 import sampling_pb2_grpc as grpc
from liangma.type.v1 import import_pb2

from services.chassis.convert import enum_name
from services.chassis.servicing import Call, Servicer, read, write
from services.chassis.sheets import XLSX, table, workbook
from services.sampling.directory import SqlDirectory
from services.sampling.model.draw import Draw
from services.sampling.model.named_rows import HEADER as TEMPLATE
from services.sampling.model.named_rows import named_rows
from services.sampling.model.quotas import DrawQuotas
from services.sampling.model.scope import DrawScope
from services.sampling.model.strata import MOST_NAMED
from services.sampling.queries import draws as queries
from services.sampling.servicer.calendar import quarter_days
from services.sampling.servicer.pages import page_info
from services.sampling.settings import sampling_settings, vault_of
from services.sampling.use_cases import abandoning, draws, inspectors_draws, previewing, replacing
from services.sampling.use_cases.revealing import EXCLUDED, FRAME, TRANSCRIPT
from services.sampling.wire import draws as wire
from services.sampling.wire.directories import report_to_proto

JSON = "application/json"
CSV = "text/csv; charset=utf-8"
HEADER = ("对象编号", "对象名称", "区划", "分类", "序号", "结果")


class DrawsServicer(Servicer, grpc.DrawsServiceServicer):
    """The verifiable draw."""

    @write
    def CreateDraw(self, request: pb.CreateDrawRequest, call: Call) -> pb.Draw:
        return wire.draw_to_proto(draws.create_draw(call.work, request.task_id, by=call.principal))

    @write
    def SetDrawScope(self, request: pb.SetDrawScopeRequest, call: Call) -> pb.Draw:
        scope = wire.settings_from_proto(request).scope or DrawScope()
        draw = draws.set_scope(call.work, request.draw_id, scope, etag=request.etag, by=call.principal)
        return wire.draw_to_proto(draw)

    @write
    def SetDrawStrata(self, request: pb.SetDrawStrataRequest, call: Call) -> pb.Draw:
        strata = wire.settings_from_proto(request).strata
        draw = draws.set_strata(call.work, request.draw_id, strata, etag=request.etag, by=call.principal)
        return wire.draw_to_proto(draw)

    @write
    def SetDrawExclusions(self, request: pb.SetDrawExclusionsRequest, call: Call) -> pb.Draw:
        exclusions = wire.settings_from_proto(request).exclusions
        draw = draws.set_exclusions(call.work, request.draw_id, exclusions, etag=request.etag, by=call.principal)
        return wire.draw_to_proto(draw)

    @write
    def SetDrawQuotas(self, request: pb.SetDrawQuotasRequest, call: Call) -> pb.Draw:
        quotas = wire.settings_from_proto(request).quotas or DrawQuotas()
        draw = draws.set_quotas(call.work, request.draw_id, quotas, etag=request.etag, by=call.principal)
        return wire.draw_to_proto(draw)

    @read
    def PreviewDraw(self, request: pb.PreviewDrawRequest, call: Call) -> pb.DrawPreview:
        directory = SqlDirectory.of(call)
        preview = previewing.preview_draw(call.work, directory, request.draw_id, by=call.principal, now=call.now)
        return wire.preview_to_proto(preview)

    @write
    def ImportDrawExclusions(self, request: pb.ImportDrawExclusionsRequest, call: Call) -> import_pb2.ImportReport:
        rows = named_rows(table(request.file.data, request.file.content_type, MOST_NAMED + 2))
        directory = SqlDirectory(call.work)
        report = draws.import_exclusions(
            call.work, directory, request.draw_id, rows, etag=request.etag, by=call.principal
        )
        return report_to_proto(report)

    @read
    def GetDrawExclusionTemplate(self, _request: pb.GetDrawExclusionTemplateRequest, _call: Call) -> HttpBody:
        return HttpBody(content_type=XLSX, data=workbook("排除名单", TEMPLATE, ()))

    @write
    def AddContribution(self, request: pb.AddContributionRequest, call: Call) -> pb.Draw:
        draw = draws.add_contribution(call.work, request.draw_id, request.hash, etag=request.etag, by=call.principal)
        return wire.draw_to_proto(draw)

    @write
    def CommitDraw(self, request: pb.CommitDrawRequest, call: Call) -> pb.Draw:
        draw = draws.commit_draw(
            call.work,
            SqlDirectory.of(call),
            vault_of(call.runtime),
            request.draw_id,
            secrets.token_bytes(32),
            quarter_days(call.runtime.workdays),
            sampling_settings().terms,
            window_id=request.window_id,
            override_reason=request.override_reason,
            reveal_hours=request.reveal_hours,
            etag=request.etag,
            by=call.principal,
            now=call.now,
        )
        return wire.draw_to_proto(draw)

    @write
    def RevealContribution(self, request: pb.RevealContributionRequest, call: Call) -> pb.Draw:
        draw = draws.reveal_contribution(
            call.work, request.draw_id, request.secret, etag=request.etag, by=call.principal
        )
        return wire.draw_to_proto(draw)

    @write
    def RevealDraw(self, request: pb.RevealDrawRequest, call: Call) -> pb.Draw:
        draw = draws.reveal_draw(
            call.work,
            SqlDirectory(call.work),
            vault_of(call.runtime),
            request.draw_id,
            etag=request.etag,
            by=call.principal,
            now=call.now,
        )
        return wire.draw_to_proto(draw)

    @write
    def AbandonCommitment(self, request: pb.AbandonCommitmentRequest, call: Call) -> pb.Draw:
        draw = abandoning.abandon_commitment(
            call.work,
            vault_of(call.runtime),
            request.draw_id,
            secrets.token_bytes(32),
            sampling_settings().terms,
            etag=request.etag,
            by=call.principal,
            now=call.now,
        )
        return wire.draw_to_proto(draw)

    @write
    def RequestRedraw(self, request: pb.RequestRedrawRequest, call: Call) -> pb.Draw:
        draw = draws.request_redraw(
            call.work, request.draw_id, request.reason, etag=request.etag, by=call.principal, now=call.now
        )
        return wire.draw_to_proto(draw)

    @write
    def ApproveRedraw(self, request: pb.ApproveRedrawRequest, call: Call) -> pb.Draw:
        draw = draws.approve_redraw(
            call.work, request.draw_id, request.note, etag=request.etag, by=call.principal, now=call.now
        )
        return wire.draw_to_proto(draw)

    @write
    def RejectRedraw(self, request: pb.RejectRedrawRequest, call: Call) -> pb.Draw:
        draw = draws.reject_redraw(
            call.work, request.draw_id, request.reason, etag=request.etag, by=call.principal, now=call.now
        )
        return wire.draw_to_proto(draw)

    @read
    def GetDraw(self, request: pb.GetDrawRequest, call: Call) -> pb.Draw:
        return wire.draw_to_proto(queries.get_draw(call.work.session, request.draw_id, call.principal))

    @read
    def ListDraws(self, request: pb.ListDrawsRequest, call: Call) -> pb.ListDrawsResponse:
        equal: dict[str, object] = {
            "task_id": request.task_id,
            "authority_id": request.authority_id,
            "state": enum_name(pb.DrawState.DESCRIPTOR, request.state),
            "year": request.year,
            "window_id": request.window_id,
        }
        where = queries.Where(request.page_size, request.page_token, request.order_by)
        page = queries.list_draws(call.work.session, equal, call.principal, where)
        return pb.ListDrawsResponse(draws=map(wire.draw_to_proto, page.items), page=page_info(page.next_page_token))

    @read
    def ListDrawRounds(self, request: pb.ListDrawRoundsRequest, call: Call) -> pb.ListDrawRoundsResponse:
        draw = queries.get_draw(call.work.session, request.draw_id, call.principal)
        return pb.ListDrawRoundsResponse(rounds=map(wire.round_to_proto, draw.rounds), page=page_info(""))

    @read
    def ListDrawnObjects(self, request: pb.ListDrawnObjectsRequest, call: Call) -> pb.ListDrawnObjectsResponse:
        draw = queries.get_draw(call.work.session, request.draw_id, call.principal)
        where = queries.Where(request.page_size, request.page_token)
        page = queries.list_drawn(call.work.session, draw, _filters(request), where)
        return pb.ListDrawnObjectsResponse(
            objects=map(wire.drawn_to_proto, page.items), page=page_info(page.next_page_token)
        )

    @read
    def ExportDrawnObjects(self, request: pb.ExportDrawnObjectsRequest, call: Call) -> HttpBody:
        draw = queries.get_draw(call.work.session, request.draw_id, call.principal)
        rows = (
            (each.object_id, each.name, each.region, each.stratum, each.rank, "替补" if each.substitute else "抽中")
            for each in queries.all_drawn(call.work.session, draw, _filters(request))
        )
        return HttpBody(content_type=XLSX, data=workbook("抽取结果", HEADER, rows))

    @read
    def GetTranscript(self, request: pb.GetTranscriptRequest, call: Call) -> HttpBody:
        return _published(request.draw_id, request.round, TRANSCRIPT, JSON, call)

    @read
    def GetFrame(self, request: pb.GetFrameRequest, call: Call) -> HttpBody:
        return _published(request.draw_id, request.round, FRAME, CSV, call)

    @read
    def GetExcluded(self, request: pb.GetExcludedRequest, call: Call) -> HttpBody:
        draw = queries.get_draw(call.work.session, request.draw_id, call.principal)
        return _file(draw, draw.committed_round(request.round).number, EXCLUDED, CSV, call)

    @write
    def DrawInspectors(self, request: pb.DrawInspectorsRequest, call: Call) -> pb.InspectorsDraw:
        done = inspectors_draws.draw_inspectors(
            call.work,
            SqlDirectory(call.work),
            request.task_id,
            request.object_ids,
            request.size,
            secrets.token_bytes(32),
            by=call.principal,
            now=call.now,
        )
        return wire.inspectors_draw_to_proto(done)

    @write
    def ReplaceDrawnInspector(self, request: pb.ReplaceDrawnInspectorRequest, call: Call) -> pb.InspectorsDraw:
        done = replacing.replace_inspector(
            call.work,
            SqlDirectory(call.work),
            request.task_id,
            request.certificate,
            request.object_ids,
            request.reason,
            secrets.token_bytes(32),
            by=call.principal,
            now=call.now,
        )
        return wire.inspectors_draw_to_proto(done)

    @read
    def GetInspectorsSeed(self, request: pb.GetInspectorsSeedRequest, call: Call) -> HttpBody:
        done = queries.get_inspectors_draw(call.work.session, request.inspectors_draw_id, call.principal)
        return HttpBody(content_type=JSON, data=queries.seed_of(call.work.session, done))

    @read
    def GetInspectorsDraw(self, request: pb.GetInspectorsDrawRequest, call: Call) -> pb.InspectorsDraw:
        done = queries.get_inspectors_draw(call.work.session, request.inspectors_draw_id, call.principal)
        return wire.inspectors_draw_to_proto(done)

    @read
    def GetInspectorsTranscript(self, request: pb.GetInspectorsTranscriptRequest, call: Call) -> HttpBody:
        done = queries.get_inspectors_draw(call.work.session, request.inspectors_draw_id, call.principal)
        return HttpBody(content_type=JSON, data=queries.file_of(call.work.session, done.inspectors_draw_id, TRANSCRIPT))

    @read
    def ListInspectorsDraws(self, request: pb.ListInspectorsDrawsRequest, call: Call) -> pb.ListInspectorsDrawsResponse:
        where = queries.Where(request.page_size, request.page_token)
        page = queries.list_inspectors_draws(call.work.session, request.task_id, call.principal, where)
        shown = [wire.inspectors_draw_to_proto(done, with_teams=False) for done in page.items]
        return pb.ListInspectorsDrawsResponse(inspectors_draws=shown, page=page_info(page.next_page_token))


def _filters(request: pb.ListDrawnObjectsRequest | pb.ExportDrawnObjectsRequest) -> queries.DrawnFilters:
    substitute = True if request.substitutes_only else False if request.drawn_only else None
    return queries.DrawnFilters(request.round, request.stratum, substitute)


def _published(draw_id: str, number: int, name: str, content_type: str, call: Call) -> HttpBody:
    draw = queries.find_draw(call.work.session, draw_id)
    return _file(draw, draw.revealed_round(number).number, name, content_type, call)


def _file(draw: Draw, number: int, name: str, content_type: str, call: Call) -> HttpBody:
    content = queries.file_of(call.work.session, f"{draw.draw_id}/{number}", name)
    return HttpBody(content_type=content_type, data=content)
