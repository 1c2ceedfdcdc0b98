"""Facts that go out: each event class has the message of its name."""

from __future__ import annotations

from google.protobuf.message import Message
from liangma.tasks.v1 import events_pb2

from services.chassis.convert import to_proto
from services.chassis.events import Event


def event_to_proto(event: Event) -> Message:
    """The message of an event."""
    kind: type[Message] = getattr(events_pb2, type(event).__name__)
    return to_proto(event, kind)
