"""DisclosuresService."""

from __future__ import annotations

from collections.abc import Iterable

from google.api.httpbody_pb2 import HttpBody
from liangma.credit.v1 import disclosures_pb2 as pb
from liangma.credit.v1 import disclosures_pb2_grpc as grpc

from services.chassis.convert import from_proto
from services.chassis.servicing import Call, Servicer, read
from services.credit import wire
from services.credit.model.disclosure import Disclosure
from services.credit.queries import disclosure as queries
from services.credit.queries import sheets
from services.credit.tables import disclosures


class DisclosuresServicer(Servicer, grpc.DisclosuresServiceServicer):
    @read
    def SearchDisclosures(self, request: pb.SearchDisclosuresRequest, call: Call) -> pb.SearchDisclosuresResponse:
        page = queries.search(
            call.work.session,
            from_proto(request, queries.Search),
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        names = _names(page.items, call)
        found = [wire.public_disclosure_to_proto(disclosure, names) for disclosure in page.items]
        return pb.SearchDisclosuresResponse(disclosures=found, page=wire.page_to_proto(page))

    @read
    def GetDisclosure(self, request: pb.GetDisclosureRequest, call: Call) -> pb.Disclosure:
        disclosure = queries.get_disclosed(call.work.session, request.disclosure_id)
        return wire.public_disclosure_to_proto(disclosure, _names([disclosure], call))

    @read
    def ListDisclosureRecords(
        self, request: pb.ListDisclosureRecordsRequest, call: Call
    ) -> pb.ListDisclosureRecordsResponse:
        page = queries.list_records(
            call.work.session,
            from_proto(request, queries.RecordFilter),
            call.principal,
            page_size=request.page_size,
            page_token=request.page_token,
            order_by=request.order_by,
        )
        names = _names(page.items, call)
        found = [wire.disclosure_to_proto(disclosure, names) for disclosure in page.items]
        return pb.ListDisclosureRecordsResponse(disclosures=found, page=wire.page_to_proto(page))

    @read
    def ExportDisclosureRecords(self, request: pb.ListDisclosureRecordsRequest, call: Call) -> HttpBody:
        shown = queries.shown_records(from_proto(request, queries.RecordFilter), call.principal)
        return sheets.sheet(call.work.session, shown, [disclosures.c.disclosure_id], sheets.DISCLOSURES)

    @read
    def ListDisclosureHistory(
        self, request: pb.ListDisclosureHistoryRequest, call: Call
    ) -> pb.ListDisclosureHistoryResponse:
        disclosure = call.work.get(Disclosure, request.disclosure_id)
        revisions = queries.history(call.work.session, request.disclosure_id)
        return wire.history_to_proto(disclosure, revisions, _names([disclosure], call))


def _names(shown: Iterable[Disclosure], call: Call) -> dict[str, str]:
    return queries.authority_names(call.work.session, (disclosure.authority_id for disclosure in shown))
