"""Codes, visits and what is seen when they are scanned → protobuf."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from google.api import httpbody_pb2
from liangma.codes.v1 import codes_pb2 as pb

from services.chassis.convert import enum_name, to_proto
from services.codes.model.code import InspectionCode
from services.codes.model.directory import KnownRating
from services.codes.model.issue import Interception
from services.codes.model.visit import Visit
from services.codes.picture import Picture, PictureFormat


def codes_to_proto(
    codes: Iterable[InspectionCode], names: Mapping[str, str], visits: Mapping[str, Visit]
) -> list[pb.InspectionCode]:
    """Codes, with their objects' names and their visits."""
    return [
        to_proto(code, pb.InspectionCode, object_name=names.get(code.object_id, ""), visit=visits.get(code.code_id))
        for code in codes
    ]


def interceptions_to_proto(interceptions: Iterable[Interception], names: Mapping[str, str]) -> list[pb.Interception]:
    """Refused codes, with their objects' names."""
    return [to_proto(one, pb.Interception, object_name=names.get(one.object_id, "")) for one in interceptions]


def visit_to_proto(visit: Visit) -> pb.Visit:
    """A visit."""
    return to_proto(visit, pb.Visit)


def rating_to_proto(rating: KnownRating | None) -> pb.EnterpriseScan:
    """The part of a scan that tells how the object stands."""
    if rating is None:
        return pb.EnterpriseScan()
    industry = (to_proto(one, pb.ScannedIndustryRating) for one in rating.industry)
    return pb.EnterpriseScan(
        public_rating=rating.public_rating, risk_class=rating.risk_class, industry_ratings=industry
    )


def picture_format(number: int) -> PictureFormat:
    """PNG unless told."""
    return PictureFormat(enum_name(pb.PictureFormat.DESCRIPTOR, number) or PictureFormat.PNG)


def picture_to_proto(picture: Picture) -> httpbody_pb2.HttpBody:
    """A picture, sent as it is."""
    return httpbody_pb2.HttpBody(content_type=picture.content_type, data=picture.data)
