"""Announced commitments → protobuf."""

from __future__ import annotations

from dataclasses import replace

from liangma.sampling.v1 import commitments_pb2 as pb

from services.chassis.convert import to_proto
from services.sampling.model.announcement import Announcement, announcement_of, public_name
from services.sampling.model.draw import Draw
from services.sampling.model.draw_round import Round


def listed_to_proto(announced: Announcement) -> pb.Commitment:
    """An announcement without its document."""
    return to_proto(announced, pb.Commitment)


def commitment_to_proto(draw: Draw, round: Round) -> pb.Commitment:
    """A committed round with its document and who gives secrets; persons by their office."""
    document = round.committed.canonical().decode() if round.committed else ""
    given = [replace(each, contributor=public_name(each.contributor)) for each in round.contributions]
    announced = Announcement(**announcement_of(draw, round))  # type: ignore[arg-type]  # by name
    return to_proto(announced, pb.Commitment, document=document, contributions=given)
