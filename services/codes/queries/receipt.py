"""Receipts of mutual verification as their readers see them: in full, or by the public with personal data masked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.chassis.clock import today
from services.chassis.errors import InvalidArgument
from services.codes.model.receipt import Receipt
from services.codes.queries.check import VERDICTS, Verdict
from services.codes.queries.seen import Named
from services.codes.tables import visits


@dataclass(frozen=True)
class SeenReceipt:
    """A receipt with the names of those it is about."""

    receipt: Receipt
    object_name: str
    authority_names: tuple[str, ...]

    @classmethod
    def of(cls, session: Session, receipt: Receipt, now: datetime) -> SeenReceipt:
        """In full."""
        named = _named(session, receipt, now)
        names = tuple(one.name for one in named.authorities(receipt.authorities))
        return cls(receipt, named.object(receipt.object_id).name, names)


@dataclass(frozen=True)
class ReceiptCheck:
    """What a check of a receipt says."""

    verdict: Verdict
    message_zh: str
    message_en: str
    seen: SeenReceipt | None = None


def check_receipt(session: Session, decode: Callable[[], Receipt], now: datetime) -> ReceiptCheck:
    """Whether a receipt is genuine; every text has an answer.

    Args:
        decode: reads the text and checks its signature.
    """
    try:
        receipt = decode()
    except InvalidArgument as refusal:
        return ReceiptCheck(VERDICTS[type(refusal)], refusal.zh, refusal.en)
    if session.scalar(select(visits.c.visit_id).where(visits.c.visit_id == receipt.visit_id)) is None:
        zh = "签名有效，但平台没有此次入企的记录，请向执法监督机构反映"
        en = "the signature is right, but no such visit is on record"
        return ReceiptCheck(Verdict.UNKNOWN_CODE, zh, en)
    zh, en = "真实有效的两码互核凭证", "a genuine receipt of mutual verification"
    return ReceiptCheck(Verdict.AUTHENTIC, zh, en, _masked(session, receipt, now))


def _masked(session: Session, receipt: Receipt, now: datetime) -> SeenReceipt:
    """What the public may know."""
    named = _named(session, receipt, now)
    visited = named.object(receipt.object_id).masked()
    (inspector,) = named.inspectors([receipt.certificate])
    masked = replace(receipt, object_id=visited.object_id, certificate=inspector.masked().certificate)
    return replace(SeenReceipt.of(session, receipt, now), receipt=masked, object_name=visited.name)


def _named(session: Session, receipt: Receipt, now: datetime) -> Named:
    return Named.of(
        session,
        today(now),
        objects=[receipt.object_id],
        authorities=receipt.authorities,
        matters=(),
        inspectors=[receipt.certificate],
    )
