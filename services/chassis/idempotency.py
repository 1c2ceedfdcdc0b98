"""`request_id`: a repeat of a write returns the first answer and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from google.protobuf.message import Message
from sqlalchemy import Column, DateTime, LargeBinary, MetaData, String, Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.chassis.errors import InvalidArgument, Violation


class RequestIdReused(InvalidArgument):
    """The same `request_id` came with another request."""

    def __init__(self) -> None:
        super().__init__(
            Violation(
                "request_id",
                "REQUEST_ID_REUSED",
                "request_id 已用于另一个请求，请换用新的 request_id",
                "this request_id was used for a different request; use a fresh one",
            )
        )


def idempotency_table(metadata: MetaData) -> Table:
    """First answers by caller, method and request id."""
    return Table(
        "idempotency",
        metadata,
        Column("subject", String(128), primary_key=True),
        Column("method", String(200), primary_key=True),
        Column("request_id", String(128), primary_key=True),
        Column("request_sha256", String(64), nullable=False),
        Column("answer", LargeBinary),
        Column("at", DateTime(timezone=True), nullable=False),
    )


@dataclass(frozen=True)
class Memory:
    """What is remembered of one write, within its transaction."""

    session: Session
    table: Table
    subject: str
    method: str
    request_id: str
    digest: str

    @classmethod
    def of(cls, session: Session, table: Table, *, subject: str, method: str, request: Message) -> Memory:
        digest = sha256(request.SerializeToString(deterministic=True)).hexdigest()
        return cls(session, table, subject, method, getattr(request, "request_id", ""), digest)

    def claim(self, at: datetime) -> bytes | None:
        """None if this is the first time; otherwise the first answer. A twin in flight is waited for.

        Raises:
            RequestIdReused: the first time it was another request.
        """
        insert = postgresql.insert if self.session.get_bind().dialect.name == "postgresql" else sqlite.insert
        row = dict(self._key(), request_sha256=self.digest, at=at)
        claimed = self.session.execute(
            insert(self.table).values(row).on_conflict_do_nothing().returning(self.table.c.request_id)
        )
        if claimed.first():
            return None
        columns = select(self.table.c.request_sha256, self.table.c.answer)
        first = self.session.execute(columns.filter_by(**self._key())).one()
        if first.request_sha256 != self.digest:
            raise RequestIdReused
        return bytes(first.answer)

    def keep(self, answer: Message) -> None:
        """Remember the answer; it counts once the transaction commits."""
        self.session.execute(self.table.update().filter_by(**self._key()).values(answer=answer.SerializeToString()))

    def _key(self) -> dict[str, str]:
        return {"subject": self.subject, "method": self.method, "request_id": self.request_id}
