"""Warnings to the supervisor."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from services.chassis.errors import NoSuchThing
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.codes.events import WarningRaised
from services.codes.model import warning
from services.codes.model.directory import KnownAuthority, region_prefix
from services.codes.model.visit import Visit
from services.codes.model.warning import (
    AbandonedDraw,
    Alert,
    ExpiredCertificate,
    WarningKind,
    WarningState,
    abandoned_draw,
    expired_certificate,
)

PLATFORM = "platform"
"""How sampling names the platform among those who contribute to a draw."""


def raise_warnings(work: Work, alerts: Iterable[Alert]) -> None:
    """Warn of each, once: an alert that was raised before is left as it is."""
    fresh = {alert.fingerprint: alert for alert in alerts}
    if not fresh:
        return
    raised = {known.fingerprint for known in work.all(warning.Warning, fingerprint=list(fresh))}
    for fingerprint, alert in fresh.items():
        if fingerprint not in raised:
            _raise(work, alert)


def warn_of_record_without_verification(
    work: Work, inspection_id: str, authority_id: str, object_id: str, exception: str
) -> None:
    """A record was entered for a visit whose codes never met (未两码互核)."""
    visit = next(iter(work.all(Visit, inspection_id=inspection_id, object_id=object_id)), None)
    code_id = visit.code_id if visit else ""
    message = f"未完成两码互核即录入检查结果（例外情形：{exception or '未登记'}）"
    alert = Alert(WarningKind.NO_MUTUAL_VERIFICATION, authority_id, object_id, message, inspection_id, code_id)
    raise_warnings(work, [alert])


def warn_of_expired_certificates(work: Work, found: Iterable[ExpiredCertificate]) -> None:
    """Inspectors are on codes that are good today, and their certificates are not (TJ 14)."""
    raise_warnings(
        work,
        (
            Alert(
                WarningKind.EXPIRED_CERTIFICATE,
                one.authority_id,
                one.object_id,
                expired_certificate(one.certificate, one.valid_until),
                one.inspection_id,
                one.code_id,
            )
            for one in found
        ),
    )


def warn_of_overdue(work: Work, alert: Alert, *, test: bool) -> None:
    """A task was not done, or what follows from a result not closed, by its last day; a test task warns nobody."""
    if not test:
        raise_warnings(work, [alert])


def warn_of_abandoned_draw(work: Work, draw: AbandonedDraw) -> None:
    """Somebody kept a secret back, which may be a try to choose what is drawn."""
    known = work.all(KnownAuthority, authority_id=list(draw.withheld))
    names = {PLATFORM: "平台"} | {authority.authority_id: authority.name for authority in known}
    message = abandoned_draw(draw, [names.get(id, id) for id in draw.withheld])
    occasion = f"{draw.draw_id}/{draw.round}"
    alert = Alert(WarningKind.DRAW_ABANDONED, draw.authority_id, "", message, task_id=draw.task_id, occasion=occasion)
    raise_warnings(work, [alert])


def readable_warning(work: Work, warning_id: str, *, by: Principal) -> warning.Warning:
    """A warning, for the supervisor who watches the authority.

    Raises:
        NoSuchThing: there is none, or it is another supervisor's.
    """
    found = work.get(warning.Warning, warning_id)
    check_supervises(work, by, found.authority_id, "Warning", warning_id)
    return found


def handle_warning(
    work: Work, warning_id: str, note: str, *, etag: str, by: Principal, now: datetime
) -> warning.Warning:
    """The supervisor notes what came of a warning."""
    found = work.get(warning.Warning, warning_id, etag=etag, lock=True)
    check_supervises(work, by, found.authority_id, "Warning", warning_id)
    found.handle(note, by.subject, now)
    return found


def check_supervises(work: Work, by: Principal, authority_id: str, kind: str, id: str) -> None:
    """Keep a supervisor to the authorities of his region.

    Raises:
        NoSuchThing: it is about another region's; that it exists is not his to know.
    """
    authority = work.find(KnownAuthority, authority_id=authority_id)
    region = authority.region if authority else ""
    if not region.startswith(region_prefix(by.region)):
        raise NoSuchThing(kind, id)


def _raise(work: Work, alert: Alert) -> None:
    raised = warning.Warning(
        warning_id=work.new_id(),
        fingerprint=alert.fingerprint,
        kind=alert.kind,
        authority_id=alert.authority_id,
        object_id=alert.object_id,
        inspection_id=alert.inspection_id,
        code_id=alert.code_id,
        message=alert.message,
        task_id=alert.task_id,
        state=WarningState.OPEN,
    )
    work.add(raised)
    work.emit(
        WarningRaised(
            raised.warning_id, raised.kind, raised.authority_id, raised.object_id, raised.inspection_id, raised.task_id
        )
    )
