"""Codes whose inspectors may no longer inspect: certificates run out while a visit waits (TJ 14)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.codes.model.code import CodeState
from services.codes.model.visit import VisitState
from services.codes.model.warning import ExpiredCertificate
from services.codes.tables import code_parties, codes, known_inspectors, visits


def codes_with_expired_certificates(session: Session, day: date) -> Sequence[ExpiredCertificate]:
    """All of them that day, among visits that have not taken place."""
    inspectors = known_inspectors.c
    statement = (
        select(
            codes.c.code_id,
            codes.c.inspection_id,
            codes.c.object_id,
            inspectors.certificate,
            inspectors.authority_id,
            inspectors.valid_until,
        )
        .join(code_parties, code_parties.c.code_id == codes.c.code_id)
        .join(known_inspectors, inspectors.certificate == code_parties.c.party)
        .outerjoin(visits, visits.c.code_id == codes.c.code_id)
        .where(
            codes.c.state == CodeState.ISSUED,
            codes.c.test.is_(False),
            codes.c.starts_on <= day,
            codes.c.ends_on >= day,
            or_(inspectors.retired, inspectors.valid_until.is_(None), inspectors.valid_until < day),
            or_(visits.c.state.is_(None), visits.c.state == VisitState.PENDING),
        )
    )
    return [ExpiredCertificate(*row) for row in session.execute(statement)]
