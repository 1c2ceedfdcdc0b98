"""Objects, inspectors and recusals ⇄ protobuf."""

from __future__ import annotations

from datetime import date

from liangma.sampling.v1 import sampling_pb2 as pb
from liangma.type.v1 import import_pb2

from services.chassis.convert import from_proto, to_proto
from services.chassis.import_report import ImportReport
from services.sampling.model.inspection_object import ObjectFacts, ObjectRevision, Rating
from services.sampling.model.inspector import Inspector, InspectorFacts, InspectorRevision
from services.sampling.model.recusal import Recusal, RecusalKind
from services.sampling.model.region import covers

UNRATED = Rating(object_id="")


def object_to_proto(
    facts: ObjectFacts, rating: Rating | None = None, *, with_contact: bool = False
) -> pb.InspectionObject:
    """An object; its contact only for who may see it."""
    stands = rating or UNRATED
    return to_proto(
        facts,
        pb.InspectionObject,
        contact=facts.contact if with_contact else None,
        public_rating=stands.public_rating,
        risk_class=stands.risk_class,
        industry_ratings=stands.industry,
    )


def may_see_contact(region: str, by_region: str, roles: frozenset[str]) -> bool:
    """An administrator, or a task manager or inspector whose region has the object in it."""
    works_there = bool(roles & {"task_manager", "inspector"}) and bool(by_region) and covers(by_region, region)
    return "administrator" in roles or works_there


def object_from_proto(message: pb.InspectionObject, object_id: str | None = None) -> ObjectFacts:
    """What a caller enters about an object."""
    given = message.object_id if object_id is None else object_id
    return from_proto(message, ObjectFacts, object_id=given.strip(), name=message.name.strip())


def object_revision_to_proto(revision: ObjectRevision) -> pb.ObjectRevision:
    """An earlier state of an object."""
    return to_proto(revision, pb.ObjectRevision, object=object_to_proto(revision))


def inspector_to_proto(inspector: Inspector, day: date) -> pb.Inspector:
    """An inspector, and whether a draw may take them on this day."""
    return to_proto(
        inspector,
        pb.Inspector,
        drawable=inspector.drawable(day),
        standing=inspector.standing(day),
        days_left=inspector.days_left(day),
    )


def inspector_from_proto(message: pb.Inspector) -> InspectorFacts:
    """What a caller enters about an inspector."""
    return from_proto(message, InspectorFacts)


def inspector_revision_to_proto(revision: InspectorRevision) -> pb.InspectorRevision:
    """An earlier state of an inspector."""
    return to_proto(revision, pb.InspectorRevision, inspector=to_proto(revision, pb.Inspector))


def recusal_to_proto(recusal: Recusal) -> pb.Recusal:
    """A recusal."""
    return to_proto(recusal, pb.Recusal)


def recusal_kind(number: int) -> RecusalKind:
    """The kind of a recusal that is being declared."""
    return RecusalKind(pb.RecusalKind.Name(number).removeprefix("RECUSAL_KIND_"))  # type: ignore[arg-type]


def report_to_proto(report: ImportReport) -> import_pb2.ImportReport:
    """What became of an import."""
    return to_proto(report, import_pb2.ImportReport)
