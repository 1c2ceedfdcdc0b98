"""How an object stands ⇄ protobuf."""

from __future__ import annotations

from liangma.sampling.v1 import standings_pb2 as pb

from services.chassis.convert import to_proto
from services.sampling.model.standing import DrawStanding


def standing_to_proto(standing: DrawStanding) -> pb.DrawStanding:
    """How an object stands in a round."""
    return to_proto(standing, pb.DrawStanding)
