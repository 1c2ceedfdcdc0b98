"""RatingsService."""

from __future__ import annotations

from google.api.httpbody_pb2 import HttpBody
from liangma.credit.v1 import ratings_pb2 as pb
from liangma.credit.v1 import ratings_pb2_grpc as grpc
from liangma.type.v1 import import_pb2

from services.chassis.convert import from_proto
from services.chassis.errors import NoSuchThing
from services.chassis.identity import Principal
from services.chassis.servicing import Call, Servicer, read, write
from services.credit import wire
from services.credit.model.figures import RatingCoverage
from services.credit.model.rating import Rating
from services.credit.queries import rating as queries
from services.credit.queries import sheets
from services.credit.queries.coverage import coverage
from services.credit.tables import ratings
from services.credit.use_cases.industry_model import explain_score
from services.credit.use_cases.rating_import import import_ratings

STAFF = frozenset(
    {
        "planner",
        "reviewer",
        "task_manager",
        "inspector",
        "supervisor",
        "repair_officer",
        "authority_head",
        "administrator",
        "system",
    }
)


class RatingsServicer(Servicer, grpc.RatingsServiceServicer):
    @write
    def ImportRatings(self, request: pb.ImportRatingsRequest, call: Call) -> import_pb2.ImportReport:
        return wire.report_to_proto(import_ratings(call.work, wire.rating_rows(request), now=call.now))

    @read
    def GetRating(self, request: pb.GetRatingRequest, call: Call) -> pb.Rating:
        _require_own(request.object_id, call.principal)
        session = call.work.session
        known = queries.objects_named(session, [request.object_id]).get(request.object_id)
        rating = session.get(Rating, request.object_id)
        if rating is None and known is None:
            raise NoSuchThing("Rating", request.object_id)
        standing = rating or Rating(object_id=request.object_id)
        return wire.rating_to_proto(standing, known, queries.history(session, request.object_id))

    @read
    def ListRatings(self, request: pb.ListRatingsRequest, call: Call) -> pb.ListRatingsResponse:
        page = queries.list_ratings(
            call.work.session,
            from_proto(request, queries.RatingFilter),
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        known = queries.objects_named(call.work.session, (rating.object_id for rating in page.items))
        rows = [wire.rating_to_proto(rating, known.get(rating.object_id)) for rating in page.items]
        return pb.ListRatingsResponse(ratings=rows, page=wire.page_to_proto(page))

    @read
    def ExportRatings(self, request: pb.ListRatingsRequest, call: Call) -> HttpBody:
        shown = queries.shown_ratings(from_proto(request, queries.RatingFilter))
        return sheets.sheet(call.work.session, shown, [ratings.c.object_id], sheets.RATINGS)

    @read
    def GetRatingCoverage(self, request: pb.GetRatingCoverageRequest, call: Call) -> pb.RatingCoverage:
        return wire.coverage_to_proto(_coverage(request, call))

    @read
    def ExportRatingCoverage(self, request: pb.GetRatingCoverageRequest, call: Call) -> HttpBody:
        return sheets.coverage_sheet(_coverage(request, call))

    @read
    def ExplainScore(self, request: pb.ExplainScoreRequest, call: Call) -> pb.ScoreExplanation:
        _require_own(request.object_id, call.principal)
        model, score = explain_score(call.work, request.object_id, request.domain, now=call.now)
        is_overseer = bool(call.principal.roles & {"supervisor", "administrator"})
        return wire.explanation_to_proto(request.object_id, model, score, with_evaluations=is_overseer)


def _coverage(request: pb.GetRatingCoverageRequest, call: Call) -> RatingCoverage:
    return coverage(call.work.session, region=request.region, registration_status=request.registration_status)


def _require_own(object_id: str, by: Principal) -> None:
    """Who is no official learns of the own object only."""
    if not by.roles & STAFF:
        by.require(object=object_id)
