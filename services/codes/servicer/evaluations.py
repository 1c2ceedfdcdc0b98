"""EvaluationsService."""

from __future__ import annotations

from liangma.codes.v1 import evaluations_pb2 as pb
from liangma.codes.v1 import evaluations_pb2_grpc as grpc

from services.chassis.clock import today
from services.chassis.convert import from_proto, to_proto
from services.chassis.servicing import Call, Servicer, read, write
from services.codes.model.code import end_of, start_of
from services.codes.queries import evaluation as queries
from services.codes.queries.code import Sheet
from services.codes.servicer.requests import day, info
from services.codes.use_cases import evaluation
from services.codes.use_cases.enterprise import objects_of
from services.codes.use_cases.warning import check_supervises


class EvaluationsServicer(Servicer, grpc.EvaluationsServiceServicer):
    @write
    def EvaluateVisit(self, request: pb.EvaluateVisitRequest, call: Call) -> pb.Evaluation:
        judged = evaluation.evaluate_visit(
            call.work,
            request.code_id,
            request.authority_id,
            request.score,
            request.comment,
            request.object_id,
            by=call.principal,
            now=call.now,
        )
        return to_proto(judged, pb.Evaluation)

    @read
    def GetEvaluation(self, request: pb.GetEvaluationRequest, call: Call) -> pb.Evaluation:
        found = evaluation.readable_evaluation(call.work, request.evaluation_id, by=call.principal, now=call.now)
        return to_proto(found, pb.Evaluation)

    @read
    def ListEvaluations(self, request: pb.ListEvaluationsRequest, call: Call) -> pb.ListEvaluationsResponse:
        filter, sheet = from_proto(request, queries.EvaluationFilter), from_proto(request, Sheet)
        objects = objects_of(call.work, call.principal, today(call.now))
        page = queries.list_evaluations(call.work.session, filter, sheet, by=call.principal, objects=objects)
        evaluations = (to_proto(one, pb.Evaluation) for one in page.items)
        return pb.ListEvaluationsResponse(evaluations=evaluations, page=info(page))

    @read
    def GetEvaluationSummary(self, request: pb.GetEvaluationSummaryRequest, call: Call) -> pb.EvaluationSummary:
        if "supervisor" in call.principal.roles:
            check_supervises(call.work, call.principal, request.authority_id, "Authority", request.authority_id)
        else:
            call.principal.require(authority=request.authority_id)
        first = day("from", getattr(request, "from")) or today(call.now).replace(month=1, day=1)
        last = day("until", request.until) or today(call.now)
        summary = queries.summarize(call.work.session, request.authority_id, start_of(first), end_of(last))
        return to_proto(summary, pb.EvaluationSummary)
