"""Facts as they come in, from services that are not there."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from services.chassis.bus import Envelope


def envelope(message: Message, *, id: str, occurred_at: datetime, sequence: int) -> Envelope:
    """The envelope of an event message."""
    name = message.DESCRIPTOR.full_name
    source = name.split(".")[1]
    return Envelope(id, source, name, "", occurred_at, sequence, MessageToDict(message))
