"""ModelsService."""

from __future__ import annotations

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.empty_pb2 import Empty
from liangma.credit.v1 import models_pb2 as pb
from liangma.credit.v1 import models_pb2_grpc as grpc

from services.chassis.convert import from_proto
from services.chassis.servicing import Call, Servicer, read, write
from services.credit import charts, wire
from services.credit.model.backtest import Backtest
from services.credit.model.industry_model import IndustryModel
from services.credit.queries import industry_model as queries
from services.credit.queries.crowds import Crowds
from services.credit.queries.rating import Rescoring
from services.credit.use_cases import industry_model as use_cases


class ModelsServicer(Servicer, grpc.ModelsServiceServicer):
    @write
    def CreateIndustryModel(self, request: pb.CreateIndustryModelRequest, call: Call) -> pb.IndustryModel:
        draft = wire.model_from_proto(request.model)
        return wire.model_to_proto(use_cases.create_industry_model(call.work, draft, by=call.principal))

    @read
    def GetIndustryModel(self, request: pb.GetIndustryModelRequest, call: Call) -> pb.IndustryModel:
        return wire.model_to_proto(call.work.get(IndustryModel, request.model_id))

    @read
    def ListIndustryModels(self, request: pb.ListIndustryModelsRequest, call: Call) -> pb.ListIndustryModelsResponse:
        page = queries.list_models(
            call.work.session,
            from_proto(request, queries.ModelFilter),
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        return pb.ListIndustryModelsResponse(models=map(wire.model_to_proto, page.items), page=wire.page_to_proto(page))

    @write
    def UpdateIndustryModel(self, request: pb.UpdateIndustryModelRequest, call: Call) -> pb.IndustryModel:
        wanted = wire.model_from_proto(request.model)
        changed = use_cases.update_industry_model(
            call.work, request.model.model_id, wanted, etag=request.etag, by=call.principal
        )
        return wire.model_to_proto(changed)

    @write
    def DeleteIndustryModel(self, request: pb.DeleteIndustryModelRequest, call: Call) -> Empty:
        use_cases.delete_industry_model(call.work, request.model_id, etag=request.etag, by=call.principal)
        return Empty()

    @write
    def ApproveIndustryModel(self, request: pb.ApproveIndustryModelRequest, call: Call) -> pb.IndustryModel:
        approved = use_cases.approve_industry_model(
            call.work,
            request.model_id,
            Rescoring(call.work.session),
            etag=request.etag,
            by=call.principal,
            now=call.now,
        )
        return wire.model_to_proto(approved)

    @read
    def BacktestIndustryModel(self, request: pb.BacktestIndustryModelRequest, call: Call) -> pb.Backtest:
        model = call.work.get(IndustryModel, request.model_id)
        return wire.backtest_to_proto(_backtest(model, request, call))

    @read
    def ExportBacktest(self, request: pb.BacktestIndustryModelRequest, call: Call) -> HttpBody:
        model = call.work.get(IndustryModel, request.model_id)
        return HttpBody(content_type=charts.SVG, data=charts.report(model, _backtest(model, request, call)))


def _backtest(model: IndustryModel, request: pb.BacktestIndustryModelRequest, call: Call) -> Backtest:
    as_of = wire.day("as_of", request.as_of)
    return use_cases.backtest_industry_model(model, Crowds(call.work.session), as_of=as_of, now=call.now)
