"""Papers that are handed over: the notice of inspection (检查通知书) and the record form (检查情况记录表), as PDF.

Set from the templates in `papers/` (see `chassis/typesetting.py`).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import segno

from services.chassis.clock import SHANGHAI, today
from services.chassis.errors import FailedPrecondition, NoSuchThing
from services.chassis.typesetting import typeset
from services.tasks.model.inspection import Inspection
from services.tasks.model.part import Part
from services.tasks.model.record import Record
from services.tasks.model.task import Task

TEMPLATES = Path(__file__).parent / "papers"


class NoCodeYet(FailedPrecondition):
    """A notice of an on-site inspection carries its code."""

    def __init__(self, state: str) -> None:
        super().__init__(
            f"该检查（{state}）尚未赋码，不能出具检查通知书",
            f"the inspection is {state} and has no code yet, so there is no notice",
            state=state,
        )


class NothingToPrint(FailedPrecondition):
    """None of the inspections has such a paper yet."""

    def __init__(self) -> None:
        super().__init__(
            "没有可出具文书的检查，请先下发任务并等待赋码",
            "no inspection has such a paper yet; dispatch the task first",
        )


def notices(task: Task, inspections: Sequence[Inspection], now: datetime) -> bytes:
    """The notices of inspections, each on a page of its own.

    Raises:
        NoCodeYet, NothingToPrint, NoChineseFont.
    """
    if not inspections:
        raise NothingToPrint
    for inspection in inspections:
        if inspection.is_on_site and inspection.code is None:
            raise NoCodeYet(inspection.state)
    pages = [_notice(task, inspection, today(now)) for inspection in inspections]
    return typeset(TEMPLATES / "notice.typ", {"pages": pages})


def record_form(task: Task, inspection: Inspection, authority_id: str) -> bytes:
    """The record form of one authority's part; blank where nothing is recorded.

    Raises:
        NoSuchThing: the authority has no part in it.
        NoChineseFont.
    """
    part = inspection.part(authority_id)
    if part is None:
        raise NoSuchThing("Part", f"{inspection.inspection_id}/{authority_id}")
    return typeset(TEMPLATES / "record.typ", {"pages": [_record_form(task, inspection, part)]})


def record_forms(task: Task, inspections: Sequence[Inspection], authority_id: str) -> bytes:
    """The record forms of one authority's parts, each on a page of its own.

    Raises:
        NothingToPrint: the authority has no part in any of them.
        NoChineseFont.
    """
    parts = [(inspection, inspection.part(authority_id)) for inspection in inspections]
    pages = [_record_form(task, inspection, part) for inspection, part in parts if part is not None]
    if not pages:
        raise NothingToPrint
    return typeset(TEMPLATES / "record.typ", {"pages": pages})


def _notice(task: Task, inspection: Inspection, day: date) -> dict[str, Any]:
    return {
        "number": task.number,
        "object": _object(inspection),
        "authorities": [_authority(task, part) for part in inspection.parts],
        "method": inspection.method.zh,
        "period": f"{_zh(inspection.starts_on)}至{_zh(inspection.ends_on)}",
        "basis": _basis(task, inspection),
        "requirements": task.work_requirements,
        "qr": _qr(inspection.code.text) if inspection.code else "",
        "kind": {"JOINT": "联合检查码", "SURVEY": "检查码（摸底）"}.get(inspection.code.kind, "检查码")
        if inspection.code
        else "",
        "day": _zh(day),
    }


def _object(inspection: Inspection) -> dict[str, str]:
    object = inspection.object
    return {"id": object.object_id, "name": object.name, "address": object.address}


def _authority(task: Task, part: Part) -> dict[str, Any]:
    return {
        "name": part.authority_name,
        "lead": part.lead,
        "inspectors": [
            {"name": member.name, "certificate": member.certificate, "expert": member.expert} for member in part.team
        ],
        "matters": [
            {"name": matter.name, "items": [item.name for item in matter.items]} for matter in _matters(task, part)
        ],
    }


def _matters(task: Task, part: Part) -> list[Any]:
    participant = task.participant(part.authority_id)
    matters = participant.matters if participant else ()
    return [matter for matter in matters if matter.matter_id in part.matter_ids]


def _basis(task: Task, inspection: Inspection) -> list[str]:
    found = (matter.legal_basis for part in inspection.parts for matter in _matters(task, part))
    return [basis for basis in dict.fromkeys(found) if basis]


def _record_form(task: Task, inspection: Inspection, part: Part) -> dict[str, Any]:
    record = part.record
    return {
        "number": task.number,
        "task": task.name,
        "object": _object(inspection),
        "authority": part.authority_name,
        "method": inspection.method.zh,
        "inspectors": [f"{member.name}（{member.certificate}）" for member in part.team],
        "visit": _visit(inspection),
        "day": _zh(record.inspected_on) if record else "",
        "items": _items(task, part, record),
        "finding": record.finding.zh if record else "",
        "summary": record.summary if record else "",
        "disposal": _disposal(record) if record else "",
        "signatures": [f"{signature.name}（{_moment(signature.signed_at)}）" for signature in part.signatures],
        "object_signature": _object_signature(part),
    }


def _visit(inspection: Inspection) -> str:
    visit = inspection.visit
    if not inspection.is_on_site:
        return "非现场检查，无需扫码"
    if visit is None:
        return ""
    return f"例外情形：{visit.reason or visit.exception}" if visit.exception else f"两码互核于 {_moment(visit.at)}"


def _items(task: Task, part: Part, record: Record | None) -> list[dict[str, str]]:
    found = {(item.matter_id, item.item_id): item for item in record.items} if record else {}
    rows = []
    for matter in _matters(task, part):
        for item in matter.items:
            finding = found.get((matter.matter_id, item.item_id))
            rows.append(
                {
                    "matter": matter.name,
                    "item": item.name,
                    "points": "；".join(item.check_points),
                    "standard": item.standard,
                    "result": finding.result.zh if finding else "",
                    "note": finding.note if finding else "",
                }
            )
    return rows


def _disposal(record: Record) -> str:
    disposal = record.disposal
    deadline = f"，期限至{_zh(disposal.deadline)}" if disposal.deadline else ""
    return f"{disposal.kind.zh}{deadline}" + (f"（{disposal.detail}）" if disposal.detail else "")


def _object_signature(part: Part) -> str:
    signature = part.object_signature
    if signature is None:
        return ""
    if signature.refused:
        return f"{signature.name} 拒绝签名：{signature.reason}"
    return f"{signature.name}{signature.capacity and f'（{signature.capacity}）'} {_moment(signature.signed_at)}"


def _qr(text: str) -> str:
    buffer = io.BytesIO()
    segno.make(text, error="m", micro=False).save(buffer, kind="svg", border=2, xmldecl=False)
    return buffer.getvalue().decode()


def _zh(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _moment(instant: datetime) -> str:
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
