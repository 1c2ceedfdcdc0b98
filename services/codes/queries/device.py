"""Devices, looked up."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.chassis.paging import Page, paginate
from services.codes.model.device import Device
from services.codes.queries.code import Sheet
from services.codes.tables import devices


def list_devices(session: Session, subject: str, sheet: Sheet) -> Page[Device]:
    """The devices of an account, in order of registration."""
    statement = select(Device).where(devices.c.subject == subject)
    order = [devices.c.device_id]
    return paginate(session, statement, order=order, page_size=sheet.page_size, page_token=sheet.page_token)
