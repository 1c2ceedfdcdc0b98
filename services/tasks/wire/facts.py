"""Facts that come in, in this service's own words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from typing import TypeVar

from google.protobuf.message import Message
from liangma.codes.v1 import events_pb2 as codes
from liangma.plans.v1 import events_pb2 as plans
from liangma.sampling.v1 import events_pb2 as sampling

from services.chassis.convert import from_proto
from services.tasks.model.copies import (
    Authority,
    CheckForm,
    CheckItem,
    DirectoryObject,
    FormItem,
    Inspector,
    Matter,
    Plan,
)
from services.tasks.model.drawing import Drawn, Match, Team
from services.tasks.model.inspection import CodeInfo, Interception, VisitInfo

T = TypeVar("T")


def authority(event: plans.AuthorityChanged) -> Authority:
    return _state(event, Authority, event.version)


def matter(event: plans.MatterChanged) -> Matter:
    items = tuple(from_proto(item, CheckItem) for item in event.items)
    return _state(event, Matter, event.version, items=items)


def check_form(event: plans.CheckFormChanged) -> CheckForm:
    """A form that was taken off the list covers nothing any more; tasks hold the items they took."""
    items = () if event.retired else tuple(FormItem(item.matter_id, item.item_id) for item in event.items)
    return _state(event, CheckForm, event.version, items=items)


def plan(event: plans.PlanApproved) -> Plan:
    return _state(event, Plan, event.version)


_OBJECT = tuple(field.name for field in fields(DirectoryObject) if field.name != "tags")


def objects(event: sampling.ObjectChanged) -> Iterable[dict[str, object]]:
    """Rows and not entities: a registry comes in hundreds of facts of 500 objects, all of them text."""
    return ({name: getattr(state, name) for name in _OBJECT} | {"tags": tuple(state.tags)} for state in event.objects)


def inspectors(event: sampling.InspectorChanged) -> Iterable[Inspector]:
    return (_state(state, Inspector, state.version) for state in event.inspectors)


def drawn(event: sampling.ObjectsDrawn) -> tuple[Drawn, ...]:
    return tuple(from_proto(object, Drawn) for object in event.objects)


def teams(event: sampling.InspectorsDrawn | sampling.InspectorReplaced) -> tuple[Team, ...]:
    return tuple(from_proto(team, Team) for team in event.teams)


def matches(event: sampling.JointMatched) -> tuple[Match, ...]:
    return tuple(from_proto(match, Match) for match in event.matches)


def codes_issued(event: codes.CodeIssued) -> dict[str, CodeInfo]:
    return {code.inspection_id: from_proto(code, CodeInfo) for code in event.codes if code.inspection_id}


def codes_intercepted(event: codes.CodeIntercepted) -> dict[str, Interception]:
    return {code.inspection_id: from_proto(code, Interception) for code in event.codes}


def verified(event: codes.VisitVerified) -> VisitInfo:
    at = datetime.fromisoformat(event.verified_at)
    return VisitInfo(event.visit_id, event.certificate, at, object_id=event.object_id)


def excepted(event: codes.VisitExcepted) -> VisitInfo:
    at = datetime.fromisoformat(event.excepted_at)
    return VisitInfo(event.visit_id, event.certificate, at, event.exception, event.reason, event.object_id)


def _state(message: Message, kind: type[T], version: int, **overrides: object) -> T:
    return from_proto(message, kind, version=version, **overrides)
