"""Devices that sign for an account: registered, retired."""

from __future__ import annotations

from datetime import datetime

from services.chassis.errors import PermissionDenied
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.codes.model.device import Device, DeviceKnown, DeviceRole
from services.codes.use_cases.code import OVERSEERS


class NotYourDevice(PermissionDenied):
    """It signs for another account."""

    def __init__(self) -> None:
        super().__init__("该设备属于其他账号", "the device signs for another account")


def register_device(work: Work, public: bytes, key_id: str, name: str, *, by: Principal) -> Device:
    """Let a device sign for the calling account.

    Args:
        public: a key that the device has shown to have the secret of.

    Raises:
        DeviceKnown: the key is registered.
    """
    if work.find(Device, key_id=key_id):
        raise DeviceKnown(key_id)
    device = Device(
        device_id=work.new_id(),
        key_id=key_id,
        public=public,
        name=name,
        role=DeviceRole.INSPECTOR if "inspector" in by.roles else DeviceRole.ENTERPRISE,
        subject=by.subject,
        certificate=by.certificate,
        authority_id=by.authority,
        object_id=by.object,
    )
    work.add(device)
    return device


def retire_device(work: Work, device_id: str, reason: str, *, etag: str, by: Principal, now: datetime) -> Device:
    """Take a device out of use.

    Raises:
        NotYourDevice: it signs for another account.
        DeviceRetired: it is out of use already.
    """
    device = work.get(Device, device_id, etag=etag, lock=True)
    if device.subject != by.subject and not by.roles & OVERSEERS:
        raise NotYourDevice
    device.retire(reason, now)
    return device


def whose_devices(subject: str, *, by: Principal) -> str:
    """The account whose devices the caller may list.

    Raises:
        NotYourDevice: another's.
    """
    if subject and subject != by.subject and not by.roles & OVERSEERS:
        raise NotYourDevice
    return subject or by.subject
