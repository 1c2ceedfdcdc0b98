"""Devices that sign scans while there is no network (离线检查), and what they say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.chassis.clock import SHANGHAI
from services.chassis.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound, Violation
from services.chassis.identity import Principal

AHEAD = timedelta(minutes=2)
"""How far a device's clock may be ahead of ours."""


class DeviceRole(StrEnum):
    """Whose side a device is on."""

    INSPECTOR = "INSPECTOR"
    ENTERPRISE = "ENTERPRISE"


class ScanOutcome(StrEnum):
    """What became of a scan."""

    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    NOT_TAKEN = "NOT_TAKEN"


class BadDeviceKey(InvalidArgument):
    """The key or its proof is not what it should be."""

    def __init__(self, field: str, zh: str, en: str) -> None:
        super().__init__(Violation(field, field.upper(), zh, en))


class DeviceKnown(AlreadyExists):
    """The key is registered."""

    def __init__(self, key_id: str) -> None:
        super().__init__("该设备密钥已登记", f"device key {key_id} is registered already", key_id=key_id)


class DeviceRetired(FailedPrecondition):
    """The device is out of use."""

    def __init__(self, device_id: str) -> None:
        super().__init__("该设备已停用，其签名不再受理", f"device {device_id} is retired", device_id=device_id)


class UnknownDevice(NotFound):
    """No device has this key."""

    def __init__(self, key_id: str) -> None:
        super().__init__("签名的设备未登记，请先登记设备", f"no device has key {key_id}", key_id=key_id)


class OutOfOrder(FailedPrecondition):
    """It is not this scan's turn."""

    def __init__(self, sequence: int, expected: int) -> None:
        super().__init__(
            f"离线记录须按顺序提交：收到第 {sequence} 条，应为第 {expected} 条",
            f"scan {sequence} came, scan {expected} is next: send them in order",
            expected=str(expected),
        )


class ChainBroken(FailedPrecondition):
    """The scan does not follow the one before it, or there are two with one number."""

    def __init__(self, sequence: int) -> None:
        super().__init__(
            f"第 {sequence} 条离线记录与此前提交的不衔接（设备记录被改动或复制）",
            f"scan {sequence} does not continue what this device sent before: its record was changed or copied",
            sequence=str(sequence),
        )


class ScanTooOld(FailedPrecondition):
    """It comes too late."""

    def __init__(self, at: datetime, days: int) -> None:
        super().__init__(
            f"{_civil(at)} 的离线记录已超过 {days} 日，不再受理",
            f"the scan of {at.isoformat()} comes more than {days} days later",
            days=str(days),
        )


class ScanOfTheFuture(FailedPrecondition):
    """The device's clock is wrong."""

    def __init__(self, at: datetime) -> None:
        super().__init__(
            f"离线记录的时间 {_civil(at)} 晚于当前时间，请校准设备时钟",
            f"the scan says {at.isoformat()}, which is still to come: set the device's clock",
        )


class ScanBeforeRegistration(FailedPrecondition):
    """The device was not registered then."""

    def __init__(self, at: datetime) -> None:
        super().__init__(
            f"离线记录的时间 {_civil(at)} 早于设备登记时间", f"the device was not registered at {at.isoformat()}"
        )


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What a device says that it scanned.

    Args:
        sequence: its number on the device, from 1.
        previous: SHA-256 of the device's statement before; empty: the first.
        text: what was scanned, whole.
        code_id: of an inspector's scan: the inspection code whose visit it is.
        at: when, whole seconds of the device's clock.
    """

    sequence: int
    previous: bytes
    text: str
    code_id: str
    at: datetime


@dataclass(eq=False, kw_only=True)
class Device:
    """A device and the account it signs for.

    Args:
        key_id: of its public key.
        object_id: the enterprise the account's sign-in proved at registration; empty: it proved none.
        last_sha256: of the last statement that was taken in.
    """

    device_id: str
    key_id: str
    public: bytes
    name: str
    role: DeviceRole
    subject: str
    certificate: str
    authority_id: str
    object_id: str
    last_sequence: int = 0
    last_sha256: bytes = b""
    retired_at: datetime | None = None
    retirement_reason: str = ""
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    @property
    def principal(self) -> Principal:
        """Whom it signs for."""
        roles = frozenset({self.role.lower()})
        return Principal(self.subject, self.name, roles, self.authority_id, "", self.certificate, self.object_id)

    def check_in_use(self) -> None:
        """Refuse a retired device.

        Raises:
            DeviceRetired: it is.
        """
        if self.retired_at is not None:
            raise DeviceRetired(self.device_id)

    def retire(self, reason: str, now: datetime) -> None:
        """Take it out of use.

        Raises:
            DeviceRetired: it is already.
        """
        self.check_in_use()
        self.retired_at, self.retirement_reason = now, reason

    def check_next(self, scan: Scan) -> None:
        """Refuse a scan that is not the next one.

        Raises:
            OutOfOrder: there are others before it.
            ChainBroken: it follows something else.
        """
        if scan.sequence != self.last_sequence + 1:
            raise OutOfOrder(scan.sequence, self.last_sequence + 1)
        if scan.previous != self.last_sha256:
            raise ChainBroken(scan.sequence)

    def advance(self, scan: Scan, digest: bytes) -> None:
        """The scan is on record, whatever became of it."""
        self.last_sequence, self.last_sha256 = scan.sequence, digest

    def check_time(self, at: datetime, now: datetime, days: int) -> None:
        """Refuse a scan of a time that cannot be.

        Args:
            days: how long scans are taken.

        Raises:
            ScanOfTheFuture, ScanTooOld, ScanBeforeRegistration: it is.
        """
        assert self.created_at is not None
        if at > now + AHEAD:
            raise ScanOfTheFuture(at)
        if at < now - timedelta(days=days):
            raise ScanTooOld(at, days)
        if at < self.created_at - AHEAD:
            raise ScanBeforeRegistration(at)


@dataclass(eq=False, kw_only=True)
class TakenScan:
    """A scan on record, and what became of it."""

    device_id: str
    sequence: int
    sha256: bytes
    at: datetime
    outcome: ScanOutcome
    reason: str = ""
    message_zh: str = ""
    message_en: str = ""
    visit_id: str = ""
    created_at: datetime | None = None


def _civil(instant: datetime) -> str:
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
