"""Codes as they are shown: with the names, visits and history that belong to them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from liangma.codes.v1 import codes_pb2 as pb
from liangma.codes.v1 import histories_pb2
from sqlalchemy.orm import Session

from services.chassis.convert import to_proto
from services.codes.cose import to_base32
from services.codes.model import live
from services.codes.model.code import InspectionCode
from services.codes.model.directory import KnownObject, KnownRating
from services.codes.model.issue import Interception
from services.codes.model.visit import Visit
from services.codes.queries.code import visits_of
from services.codes.queries.history import latest_inspections
from services.codes.queries.names import object_names
from services.codes.use_cases.visit import Seen
from services.codes.wire import code as wire


def shown_codes(session: Session, codes: Iterable[InspectionCode]) -> list[pb.InspectionCode]:
    """Codes, with their objects' names and their visits."""
    codes = list(codes)
    names = object_names(session, (code.object_id for code in codes))
    return wire.codes_to_proto(codes, names, visits_of(session, codes))


def shown_code(session: Session, code: InspectionCode) -> pb.InspectionCode:
    """A code, with its object's name and its visit."""
    return shown_codes(session, [code])[0]


def presented_code(session: Session, code: InspectionCode, secret: bytes, now: datetime) -> pb.InspectionCode:
    """A code as an inspector's screen shows it now."""
    shown = shown_code(session, code)
    shown.live_text = f"{code.text}/{live.proof_at(secret, now)}"
    shown.live_until.FromDatetime(live.shown_until(now))
    shown.live_secret = to_base32(secret)
    return shown


def shown_interceptions(session: Session, interceptions: Iterable[Interception]) -> list[pb.Interception]:
    """Refused codes, with their objects' names."""
    interceptions = list(interceptions)
    return wire.interceptions_to_proto(interceptions, object_names(session, (one.object_id for one in interceptions)))


def shown_scan(
    session: Session, seen: Seen, visit: Visit | None, open_codes: Iterable[InspectionCode]
) -> pb.EnterpriseScan:
    """What an inspector learns from scanning an enterprise code."""
    scan = wire.rating_to_proto(session.get(KnownRating, seen.object_id))
    scan.object.CopyFrom(to_proto(session.get(KnownObject, seen.object_id), pb.ScannedObject))
    scan.scheme = seen.scheme
    records = latest_inspections(session, seen.object_id)
    scan.history.extend(to_proto(record, histories_pb2.InspectionRecord) for record in records)
    scan.open_codes.extend(shown_codes(session, open_codes))
    if visit is not None:
        scan.visit.CopyFrom(wire.visit_to_proto(visit))
    return scan
