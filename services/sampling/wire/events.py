"""Events → protobuf, and what other services say → what sampling keeps of it."""

from __future__ import annotations

from datetime import date
from itertools import compress
from typing import Any

from google.protobuf.message import Message
from liangma.codes.v1 import events_pb2 as codes
from liangma.credit.v1 import events_pb2 as credit
from liangma.plans.v1 import events_pb2 as plans
from liangma.sampling.v1 import events_pb2
from liangma.tasks.v1 import events_pb2 as tasks

from services.chassis.convert import to_proto
from services.chassis.outbox import Spelled
from services.sampling.events import ObjectChanged
from services.sampling.model.inspection_object import Grade, ObjectFacts, ObjectType
from services.sampling.model.neighbours import Part
from services.sampling.use_cases.neighbours import record

State = dict[str, object]


OBJECT_STATE = [field.json_name for field in events_pb2.ObjectState.DESCRIPTOR.fields]
"""How the parts of a state are called in JSON, in their order."""


def event_to_proto(event: Any) -> Message | Spelled:
    """The message of an event; they mirror each other by name."""
    if isinstance(event, ObjectChanged):
        return spelled(event)
    kind: type[Message] = getattr(events_pb2, type(event).__name__)
    return to_proto(event, kind)


def spelled(event: ObjectChanged) -> Spelled:
    """Objects in JSON at one go, because registries bring them by the hundred thousand."""
    states = ((id, str(version), *others) for id, version, *others in event.objects)
    objects = [dict(compress(zip(OBJECT_STATE, state, strict=True), state)) for state in states]
    return Spelled(events_pb2.ObjectChanged, {"batchId": event.batch_id, "objects": objects})


def task_state(event: tasks.TaskFormed) -> State:
    """A task."""
    names = ("task_id", "version", "number", "name", "kind", "nature", "plan_id", "year", "authority_id", "region")
    return {
        **{name: getattr(event, name) for name in (*names, "selection", "staffing")},
        "parts": tuple(Part(part.authority_id, tuple(part.matter_ids)) for part in event.parts),
        "regions": tuple(event.regions) or (event.region,),
        "starts_on": day(event.starts_on),
        "ends_on": day(event.ends_on),
    }


def dispatched_states(event: tasks.InspectionsDispatched) -> list[State]:
    """Inspections that are about to be made, one for each authority; none for a survey or a test."""
    if event.nature == "TEST":
        return []
    return [
        record(
            each.inspection_id,
            part.authority_id,
            0,
            object_id=each.object_id,
            task_id=event.task_id,
            kind=event.kind,
            matter_ids=tuple(part.matter_ids),
            certificates=tuple(part.certificates),
            day=day(event.starts_on),
        )
        for each in event.inspections
        for part in each.parts
        if each.object_id
    ]


def result_states(result: tasks.Result) -> list[State]:
    """An inspection that was made; none for a test."""
    if result.nature == "TEST":
        return []
    made = record(
        result.inspection_id,
        result.authority_id,
        result.version + 1,
        object_id=result.object_id,
        task_id=result.task_id,
        kind=result.kind,
        matter_ids=tuple(result.matter_ids),
        day=day(result.inspected_on),
        finding=result.finding,
    )
    return [made]


def discovered_facts(event: tasks.ObjectDiscovered) -> ObjectFacts:
    """An object that a survey found."""
    kind = ObjectType(event.type or "INSTITUTION")
    return ObjectFacts(
        object_id=event.object_id, type=kind, name=event.name, region=event.region, address=event.address
    )


def rating_states(event: credit.RatingChanged) -> list[State]:
    """How objects stand."""
    return [
        {
            "object_id": each.object_id,
            "version": each.version,
            "public_rating": each.public_rating,
            "risk_class": each.risk_class,
            "industry": tuple(Grade(grade.domain, grade.rating) for grade in each.industry),
        }
        for each in event.ratings
    ]


def whitelisting_state(event: credit.WhitelistChanged) -> State:
    """An entry of a whitelist."""
    names = ("whitelist_id", "version", "authority_id", "object_id", "matter_id", "active")
    days = {"starts_on": day(event.starts_on), "ends_on": day(event.ends_on)}
    return {**{name: getattr(event, name) for name in names}, **days}


def binding_states(event: codes.BindingChanged) -> list[State]:
    """Who speaks for which object."""
    names = ("binding_id", "version", "object_id", "subject", "ended")
    return [
        {name: getattr(one, name) for name in names} | {"starts_on": day(one.starts_on), "ends_on": day(one.ends_on)}
        for one in event.bindings
    ]


def authority_state(event: plans.AuthorityChanged) -> State:
    """An authority."""
    return {name: getattr(event, name) for name in ("authority_id", "version", "name", "region", "level")}


def matter_state(event: plans.MatterChanged) -> State:
    """A matter."""
    return {name: getattr(event, name) for name in ("matter_id", "version", "domain", "qualification")}


def joint_list_state(event: plans.JointListChanged) -> State:
    """A trade that several authorities inspect together."""
    names = ("joint_list_id", "version", "trade", "lead_id", "retired")
    members = tuple(member.authority_id for member in event.members)
    return {**{name: getattr(event, name) for name in names}, "members": members}


def day(text: str) -> date | None:
    """A day as other services write it."""
    return date.fromisoformat(text) if text else None
