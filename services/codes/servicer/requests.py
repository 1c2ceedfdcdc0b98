"""What the servicers share: pages, dates, attachments, what is asked for from outside."""

from __future__ import annotations

from datetime import date
from typing import Any

from liangma.codes.v1 import codes_pb2 as pb
from liangma.type.v1 import attachment_pb2, page_pb2

from services.chassis.convert import from_proto
from services.chassis.errors import InvalidArgument, NoSuchThing, Violation, malformed
from services.chassis.identity import Principal
from services.chassis.paging import Page
from services.chassis.servicing import Call
from services.codes.model.attachment import Attachment, UnknownAttachment
from services.codes.model.code import CodeKind, CodePart
from services.codes.model.issue import ON_SITE, Dispatch, PlannedVisit

LEADS = ("投诉", "举报", "转办交办", "风险监测", "法定")
"""What justifies visiting a whitelisted object (TJ 3)."""


def info(page: Page[Any]) -> page_pb2.PageInfo:
    """Where a list goes on."""
    return page_pb2.PageInfo(next_page_token=page.next_page_token)


def day(field: str, text: str) -> date | None:
    """A civil date, if one is given.

    Raises:
        InvalidArgument: it is no date.
    """
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        zh, en = f"{field} 应为 YYYY-MM-DD 格式的日期", f"{field}: cannot read {text!r} as YYYY-MM-DD"
        raise malformed(field, "FORMAT", zh, en) from None


def kept_attachment(call: Call, field: str, given: attachment_pb2.Attachment) -> Attachment:
    """A file that was uploaded before.

    Raises:
        InvalidArgument: it was not.
    """
    try:
        content = call.runtime.attachments.get(given.sha256)
    except NoSuchThing:
        raise UnknownAttachment(field, given.name or given.sha256) from None
    return Attachment(given.sha256, given.name, given.content_type, len(content))


def external_dispatch(request: pb.ApplyExternalCodeRequest, by: Principal) -> Dispatch:
    """The visit another system is about to make.

    Raises:
        InvalidArgument: names each field that cannot be.
        NotYours: the system belongs to another authority.
    """
    if by.authority:
        by.require(authority=request.parts[0].authority_id)
    _check(request)
    parts = tuple(from_proto(part, CodePart) for part in request.parts)
    starts_on, ends_on = day("starts_on", request.starts_on), day("ends_on", request.ends_on)
    assert starts_on is not None
    assert ends_on is not None
    return Dispatch(
        task_id="",
        task_number=request.task_number,
        task_name=request.task_name,
        task_kind="",
        test=False,
        method=ON_SITE,
        kind=CodeKind.EXTERNAL,
        starts_on=starts_on,
        ends_on=ends_on,
        visits=(PlannedVisit("", request.object_id, parts, request.lead_kind, request.lead_detail),),
    )


def _check(request: pb.ApplyExternalCodeRequest) -> None:
    violations = []
    for index, part in enumerate(request.parts):
        if len(set(part.certificates)) < 2:
            field = f"parts[{index}].certificates"
            zh, en = f"{field} 至少需要两名检查人员", f"{field}: at least two inspectors"
            violations.append(Violation(field, "TWO_INSPECTORS", zh, en))
    if len({part.authority_id for part in request.parts}) < len(request.parts):
        zh, en = "parts 中同一机构只能出现一次", "parts: each authority once"
        violations.append(Violation("parts", "DUPLICATE_AUTHORITY", zh, en))
    if request.lead_kind and request.lead_kind not in LEADS:
        zh, en = f"lead_kind 应为 {'、'.join(LEADS)} 之一", f"lead_kind must be one of {', '.join(LEADS)}"
        violations.append(Violation("lead_kind", "UNKNOWN_LEAD", zh, en))
    if request.lead_kind and not request.lead_detail.strip():
        zh, en = "填写 lead_kind 时须说明线索 lead_detail", "lead_detail is required with lead_kind"
        violations.append(Violation("lead_detail", "REQUIRED", zh, en))
    if violations:
        raise InvalidArgument(*violations)
