"""Draws, draws of inspectors and joint windows ⇄ protobuf."""

from __future__ import annotations

from google.protobuf.message import Message
from liangma.sampling.v1 import events_pb2
from liangma.sampling.v1 import sampling_pb2 as pb

from services.chassis.convert import from_proto, to_proto
from services.sampling.model.draw import Draw
from services.sampling.model.draw_round import Round, Settings
from services.sampling.model.records import DrawnRow, InspectorsDraw, JointMatchRow
from services.sampling.model.window import JointWindow
from services.sampling.use_cases.previewing import Preview


def draw_to_proto(draw: Draw) -> pb.Draw:
    """A draw as its current round stands."""
    settings = draw.round.settings
    return to_proto(
        draw,
        pb.Draw,
        scope=settings.scope,
        strata=settings.strata,
        exclusions=settings.exclusions,
        quotas=settings.quotas,
        round=round_to_proto(draw.round),
    )


def round_to_proto(round: Round) -> pb.DrawRound:
    """One round."""
    return to_proto(round, pb.DrawRound)


def preview_to_proto(preview: Preview) -> pb.DrawPreview:
    """What would be frozen."""
    frozen = preview.frozen
    return to_proto(
        frozen, pb.DrawPreview, excluded=frozen.excluded_counts, effects=preview.effects, loads=preview.loads
    )


def settings_from_proto(request: Message) -> Settings:
    """What a step of the wizard sets; the fields of the request have the names of the settings."""
    return from_proto(request, Settings)


def drawn_to_proto(row: DrawnRow) -> events_pb2.DrawnObject:
    """An object that was drawn."""
    return to_proto(row, events_pb2.DrawnObject)


def inspectors_draw_to_proto(done: InspectorsDraw, *, with_teams: bool = True) -> pb.InspectorsDraw:
    """A draw of inspectors."""
    return to_proto(done, pb.InspectorsDraw, teams=done.teams if with_teams else ())


def window_to_proto(window: JointWindow) -> pb.JointWindow:
    """A window."""
    return to_proto(window, pb.JointWindow)


def match_to_proto(row: JointMatchRow) -> events_pb2.JointMatch:
    """A joint match."""
    return to_proto(row, events_pb2.JointMatch)


def report_to_proto(window: JointWindow) -> pb.JointWindowReport:
    """What a window saved."""
    return to_proto(
        window,
        pb.JointWindowReport,
        draws=len(window.draws),
        authorities=window.authority_count,
        matches=window.match_count,
        internal_matches=window.internal_match_count,
        external_matches=window.match_count - window.internal_match_count,
    )
