"""Figures → protobuf."""

from __future__ import annotations

from datetime import date

from liangma.tasks.v1 import statistics_pb2 as pb

from services.chassis.convert import enum_name, to_proto
from services.chassis.errors import malformed
from services.chassis.paging import Page
from services.tasks.model.effectiveness import CountedInspection, Effectiveness, Figure
from services.tasks.queries.effectiveness import Scope
from services.tasks.wire.task import page_info


def scope(request: pb.GetEffectivenessRequest | pb.ListEffectivenessInspectionsRequest) -> Scope:
    from_date, to_date = _day(request.from_date, "from_date"), _day(request.to_date, "to_date")
    if to_date < from_date:
        raise malformed("to_date", "PERIOD", "截止日期不能早于开始日期", "to_date is before from_date")
    return Scope(from_date, to_date, request.authority_id, request.region)


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        zh = f"{field} 的值“{text}”应为 YYYY-MM-DD 格式的日期"
        raise malformed(field, "FORMAT", zh, f"{field}: cannot read {text!r}") from None


def figure(request: pb.ListEffectivenessInspectionsRequest) -> Figure:
    return Figure(enum_name(pb.EffectivenessFigure.DESCRIPTOR, request.figure))


def effectiveness(figures: Effectiveness) -> pb.Effectiveness:
    return to_proto(figures, pb.Effectiveness)


def counted(page: Page[CountedInspection]) -> pb.ListEffectivenessInspectionsResponse:
    rows = [to_proto(item, pb.EffectivenessItem) for item in page.items]
    return pb.ListEffectivenessInspectionsResponse(items=rows, page=page_info(page))
