"""The envelope a fact travels in: CloudEvents 1.0 in JSON, with the protobuf message as proto3 JSON in `data`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from services.chassis.chain import rfc3339
from services.chassis.outbox import Fact

CONTENT_TYPE = "application/cloudevents+json"
END_OF_HISTORY = "liangma.chassis.EndOfHistory"


class NotYet(Exception):
    """Something a fact builds on has not arrived; the fact is handled again a little later.

    Args:
        missing: what is awaited, e.g. `task 0198…`.
    """

    def __init__(self, missing: str) -> None:
        super().__init__(f"{missing} has not arrived yet")


class Unreadable(ValueError):
    """What came in is no envelope."""


@dataclass(frozen=True)
class Delivery:
    """How a fact came.

    Args:
        id: the fact's id, the same in every repeat.
        source: the service that announced it, e.g. `plans`.
        type: full name of its message, e.g. `liangma.plans.v1.PlanApproved`.
        subject: what it is about, e.g. `plan/0198…`.
        occurred_at: instant of the change it tells of.
        attempts: which attempt to handle it this is, from 1.
    """

    id: str
    source: str
    type: str
    subject: str
    occurred_at: datetime
    attempts: int = 1


@dataclass(frozen=True)
class Envelope:
    """A fact with all that its receiver needs; the fields are those of `Delivery`.

    Args:
        sequence: order in which its source wrote its facts.
        data: the message as proto3 JSON.
        traceparent: trace context of the request that caused it; may be empty.
    """

    id: str
    source: str
    type: str
    subject: str
    occurred_at: datetime
    sequence: int
    data: dict[str, Any]
    traceparent: str = ""

    def to_json(self) -> str:
        """The envelope as it goes over the wire."""
        data = orjson.dumps(self.data).decode()
        return _render(
            self.id, self.source, self.type, self.subject, self.occurred_at, self.sequence, data, self.traceparent
        )

    @classmethod
    def parse(cls, text: str | bytes) -> Envelope:
        """The envelope in a message body.

        Raises:
            Unreadable: it is none; says what is wrong.
        """
        try:
            read = orjson.loads(text)
            if read["specversion"] != "1.0" or not isinstance(read["data"], dict):
                raise Unreadable("not a CloudEvents 1.0 envelope with an object as data")
            return cls(
                id=str(read["id"]),
                source=str(read["source"]),
                type=str(read["type"]),
                subject=str(read.get("subject", "")),
                occurred_at=datetime.fromisoformat(read["time"]),
                sequence=int(read.get("sequence", 0)),
                data=read["data"],
                traceparent=str(read.get("traceparent", "")),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise Unreadable(f"not a CloudEvents 1.0 envelope: {type(error).__name__}: {error}") from error

    def delivery(self, attempts: int = 1) -> Delivery:
        """How this attempt looks to a handler."""
        return Delivery(self.id, self.source, self.type, self.subject, self.occurred_at, attempts)


def end_of_history(source: str, at: datetime) -> Envelope:
    """What follows the last fact of a requested history."""
    return Envelope(END_OF_HISTORY, source, END_OF_HISTORY, "", at, 0, {})


def source_of(message_name: str) -> str:
    """The service that owns a message: `plans` for `liangma.plans.v1.PlanApproved`."""
    return message_name.split(".")[1]


def body_of(fact: Fact) -> str:
    """The envelope of a fact as it goes over the wire; the payload stays, byte for byte, as the outbox has it."""
    source = source_of(fact.message)
    return _render(
        fact.id,
        source,
        fact.message,
        _subject(fact),
        fact.occurred_at,
        fact.sequence,
        fact.payload,
        fact.traceparent,
    )


def _subject(fact: Fact) -> str:
    return f"{fact.aggregate_type}/{fact.aggregate_id}"


def _render(
    id: str, source: str, type: str, subject: str, occurred_at: datetime, sequence: int, data: str, traceparent: str
) -> str:
    attributes = {
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": type,
        "subject": subject,
        "time": rfc3339(occurred_at),
        "sequence": f"{sequence:019d}",  # the extension asks for text that sorts
        "datacontenttype": "application/json",
    }
    if traceparent:
        attributes["traceparent"] = traceparent
    head = orjson.dumps(attributes).decode()
    return f'{head[:-1]},"data":{data}}}'
