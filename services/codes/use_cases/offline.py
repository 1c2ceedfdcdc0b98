"""Scans that were signed without a network are taken in: in order, each once, for the instant they were made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from services.chassis.errors import NotFound, Refusal
from services.chassis.work import Work
from services.codes.model.content import Content
from services.codes.model.device import ChainBroken, Device, DeviceRole, Scan, ScanOutcome, TakenScan, UnknownDevice
from services.codes.model.visit import Visit
from services.codes.use_cases.key import Cabinet
from services.codes.use_cases.visit import Seen, scan_enterprise_code, verify_inspection_code


class VisitNotNamed(NotFound):
    """An inspector's scan does not say whose visit it belongs to."""

    def __init__(self) -> None:
        super().__init__(
            "离线扫企业码须注明检查码 code_id", "the scan of an enterprise code must name the inspection code"
        )


@dataclass(frozen=True)
class Reading:
    """How statements and what they hold are read.

    Args:
        signer_of: id of the key that a statement says it is signed with.
        scan: what a statement says, checked with a device's public key.
        presented: what an inspection code says that was presented at an instant.
        seen: the object of an enterprise code.
        days: how long scans are taken.
    """

    signer_of: Callable[[bytes], str]
    scan: Callable[[bytes, bytes], Scan]
    presented: Callable[[str, datetime], Content]
    seen: Callable[[str, datetime], Seen]
    cabinet: Cabinet
    days: int


@dataclass(frozen=True)
class Taken:
    """What became of a statement.

    Args:
        device_id: empty: not known.
        sequence: 0: it cannot be read.
    """

    outcome: ScanOutcome
    reason: str = ""
    message_zh: str = ""
    message_en: str = ""
    device_id: str = ""
    sequence: int = 0
    visit: Visit | None = None


def take_scans(work: Work, statements: Iterable[bytes], reading: Reading, *, now: datetime) -> list[Taken]:
    """What becomes of each statement, in their order."""
    return [_take(work, statement, reading, now) for statement in statements]


def _take(work: Work, statement: bytes, reading: Reading, now: datetime) -> Taken:
    try:
        device = _device(work, reading.signer_of(statement))
        scan = reading.scan(statement, device.public)
    except Refusal as refusal:
        return Taken(ScanOutcome.NOT_TAKEN, refusal.reason, refusal.zh, refusal.en)
    digest = sha256(statement).digest()
    try:
        device.check_in_use()
        if scan.sequence <= device.last_sequence:
            return _again(work, device, scan, digest)
        device.check_next(scan)
    except Refusal as refusal:
        said = refusal.reason, refusal.zh, refusal.en
        return Taken(ScanOutcome.NOT_TAKEN, *said, device.device_id, scan.sequence)
    device.advance(scan, digest)
    taken = _judged(work, device, scan, reading, now)
    work.add(_record(taken, scan, digest, now))
    return taken


def _device(work: Work, key_id: str) -> Device:
    """The device of a key; nobody else takes its scans until the transaction ends."""
    known = work.find(Device, key_id=key_id)
    if known is None:
        raise UnknownDevice(key_id)
    return work.get(Device, known.device_id, lock=True)


def _again(work: Work, device: Device, scan: Scan, digest: bytes) -> Taken:
    """What became of a statement the first time.

    Raises:
        ChainBroken: it was another statement with this number.
    """
    first = work.find(TakenScan, device_id=device.device_id, sequence=scan.sequence)
    if first is None or bytes(first.sha256) != digest:
        raise ChainBroken(scan.sequence)
    visit = work.get(Visit, first.visit_id) if first.visit_id else None
    said = first.outcome, first.reason, first.message_zh, first.message_en
    return Taken(*said, device.device_id, scan.sequence, visit)


def _judged(work: Work, device: Device, scan: Scan, reading: Reading, now: datetime) -> Taken:
    try:
        device.check_time(scan.at, now, reading.days)
        visit = _applied(work, device, scan, reading)
    except Refusal as refusal:
        said = refusal.reason, refusal.zh, refusal.en
        return Taken(ScanOutcome.REFUSED, *said, device.device_id, scan.sequence)
    visit.offline = True
    return Taken(ScanOutcome.ACCEPTED, device_id=device.device_id, sequence=scan.sequence, visit=visit)


def _applied(work: Work, device: Device, scan: Scan, reading: Reading) -> Visit:
    """The scan as if it had come when it was made."""
    by, cabinet = device.principal, reading.cabinet
    if device.role is DeviceRole.ENTERPRISE:
        content = reading.presented(scan.text, scan.at)
        return verify_inspection_code(work, content, "", cabinet, by=by, now=scan.at)[1]
    seen = reading.seen(scan.text, scan.at)
    visit = scan_enterprise_code(work, seen, scan.code_id, cabinet, by=by, now=scan.at) if scan.code_id else None
    if visit is None:
        raise VisitNotNamed
    return visit


def _record(taken: Taken, scan: Scan, digest: bytes, now: datetime) -> TakenScan:
    return TakenScan(
        device_id=taken.device_id,
        sequence=scan.sequence,
        sha256=digest,
        at=scan.at,
        outcome=taken.outcome,
        reason=taken.reason,
        message_zh=taken.message_zh,
        message_en=taken.message_en,
        visit_id=taken.visit.visit_id if taken.visit else "",
        created_at=now,
    )
