"""Certificates that expire (执法证到期): said 30 days before, and when it has happened (TJ 14)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from services.chassis.clock import today
from services.chassis.work import Work
from services.sampling.events import CertificateExpiring, ExpiringCertificate, in_parts
from services.sampling.model.inspector import WARNED_BEFORE, CertificateNotice, Inspector


class Certificates(Protocol):
    """The inspector directory's set-based side."""

    def unnoticed(self, first: date, last: date, *, expired: bool) -> Sequence[Inspector]:
        """Inspectors on the directory whose certificates end on these days, of which it was not said yet."""
        ...


def warn_of_expiry(work: Work, certificates: Certificates, now: datetime) -> None:
    """Say of each certificate, once, that it expires within 30 days, and once that it has expired."""
    day = today(now)
    soon = certificates.unnoticed(day, day + timedelta(days=WARNED_BEFORE), expired=False)
    gone = certificates.unnoticed(date.min, day - timedelta(days=1), expired=True)
    for expired, inspectors in ((False, soon), (True, gone)):
        work.insert(
            CertificateNotice,
            [{"certificate": each.certificate, "valid_until": each.valid_until} for each in inspectors],
            {"expired": expired, "noticed_at": now},
        )
        for part in in_parts([said(each) for each in inspectors]):
            work.emit(CertificateExpiring(work.new_id(), expired, part))


def said(each: Inspector) -> ExpiringCertificate:
    """What is said of a certificate."""
    return ExpiringCertificate(each.certificate, each.name, each.authority_id, each.valid_until, each.subject)
