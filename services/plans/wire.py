"""Model and facts ⇄ `liangma.plans.v1`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from liangma.plans.v1 import (
    annual_caps_pb2,
    authorities_pb2,
    check_forms_pb2,
    events_pb2,
    joint_lists_pb2,
    matters_pb2,
    officials_pb2,
    plans_pb2,
)
from liangma.type.v1 import import_pb2, page_pb2

from services.chassis.convert import enum_name, from_proto, to_proto
from services.chassis.errors import InvalidArgument, malformed, required
from services.chassis.paging import Page
from services.plans.model.annual_cap import AnnualCap, AnnualCapVersion, EffectiveCap
from services.plans.model.authority import Authority, AuthorityVersion, Payment
from services.plans.model.check_form import CheckForm, CheckFormVersion
from services.plans.model.joint_list import JointList, JointListVersion
from services.plans.model.matter import Matter, MatterVersion
from services.plans.model.official import Official, OfficialVersion
from services.plans.model.plan import AnnualPlan, PlanStep
from services.plans.model.receipt import Answer, Receipt
from services.plans.queries.completeness import Completeness
from services.plans.queries.receipt import Reception
from services.plans.queries.signatures import Signatures
from services.plans.use_cases.importing import ImportReport


def event_to_proto(event: object) -> Message:
    """The message of a fact: the one of the same name."""
    kind: type[Message] = getattr(events_pb2, type(event).__name__)
    return to_proto(event, kind)


def id_of(message: Any, id: str, *, within: str) -> str:
    """The id of what an update is about.

    Raises:
        InvalidArgument: it is not given.
    """
    value: str = getattr(message, id)
    if not value.strip():
        raise InvalidArgument(required(f"{within}.{id}"))
    return value


def changes(message: Message, mask: FieldMask, content: type[Any]) -> dict[str, Any]:
    """The new values an update brings: of the fields the mask names, else of those that are set (AIP-134).

    Fields that are not the caller's to change are passed over.

    Raises:
        InvalidArgument: the mask names a field that is not there, or a date cannot be read.
    """
    known = set(message.DESCRIPTOR.fields_by_name)
    named = set(mask.paths) or {field.name for field, _ in message.ListFields()}
    if unknown := named - known - {"*"}:
        wrong = "、".join(sorted(unknown))
        raise malformed("update_mask", "UNKNOWN_FIELD", f"update_mask 中没有字段：{wrong}", f"no such field: {wrong}")
    wanted = known if "*" in named else named
    new = from_proto(message, content)
    return {field.name: getattr(new, field.name) for field in fields(content) if field.name in wanted}


def authority_to_proto(authority: Authority, today: date, *, with_payment: bool) -> authorities_pb2.Authority:
    payment = authority.payment if with_payment else None
    return to_proto(authority, authorities_pb2.Authority, payment=payment, listed=authority.is_listed(today))


def authority_version_to_proto(
    authority: Authority, version: AuthorityVersion, today: date
) -> authorities_pb2.Authority:
    listed = version.is_listed(today)
    return to_proto(version, authorities_pb2.Authority, listed=listed, **_made(authority, version))


def payment_from_proto(message: authorities_pb2.Payment) -> Payment:
    return from_proto(message, Payment)


def completeness_to_proto(found: object, page: Page[Any]) -> authorities_pb2.GetCompletenessResponse:
    return to_proto(found, authorities_pb2.GetCompletenessResponse, incomplete=page.items, page=page_to_proto(page))


def official_to_proto(official: Official, today: date) -> officials_pb2.Official:
    return to_proto(official, officials_pb2.Official, active=official.is_active(today))


def official_version_to_proto(official: Official, version: OfficialVersion) -> officials_pb2.Official:
    fixed = {"subject": official.subject, "authority_id": official.authority_id}
    return to_proto(version, officials_pb2.Official, **fixed, **_made(official, version))


def matter_to_proto(matter: Matter) -> matters_pb2.Matter:
    return to_proto(matter, matters_pb2.Matter)


def matter_completeness_to_proto(found: Completeness[Matter]) -> matters_pb2.GetMatterCompletenessResponse:
    rows = [to_proto(matter, matters_pb2.IncompleteMatter, missing=matter.missing()) for matter in found.page.items]
    kind = matters_pb2.GetMatterCompletenessResponse
    return to_proto(found, kind, incomplete=rows, page=page_to_proto(found.page))


def matter_version_to_proto(matter: Matter, version: MatterVersion) -> matters_pb2.Matter:
    return to_proto(
        version.content,
        matters_pb2.Matter,
        matter_id=version.matter_id,
        claimed_by=version.claimed_by,
        retired=version.retired,
        version=version.version,
        etag=str(version.version),
        create_time=matter.created_at,
        created_by=matter.created_by,
        update_time=version.made_at,
        updated_by=version.made_by,
    )


def check_form_to_proto(form: CheckForm) -> check_forms_pb2.CheckForm:
    return to_proto(form, check_forms_pb2.CheckForm)


def check_form_version_to_proto(form: CheckForm, version: CheckFormVersion) -> check_forms_pb2.CheckForm:
    return to_proto(
        version.content,
        check_forms_pb2.CheckForm,
        form_id=form.form_id,
        authority_id=form.authority_id,
        retired=version.retired,
        version=version.version,
        etag=str(version.version),
        create_time=form.created_at,
        created_by=form.created_by,
        update_time=version.made_at,
        updated_by=version.made_by,
    )


def joint_list_to_proto(entry: JointList) -> joint_lists_pb2.JointList:
    return to_proto(entry, joint_lists_pb2.JointList)


def joint_list_version_to_proto(entry: JointList, version: JointListVersion) -> joint_lists_pb2.JointList:
    return to_proto(version, joint_lists_pb2.JointList, **_made(entry, version))


def annual_cap_from_proto(message: annual_caps_pb2.AnnualCap) -> AnnualCap:
    return from_proto(message, AnnualCap, annual_cap_id="")


def annual_cap_to_proto(cap: AnnualCap) -> annual_caps_pb2.AnnualCap:
    return to_proto(cap, annual_caps_pb2.AnnualCap)


def annual_cap_version_to_proto(cap: AnnualCap, version: AnnualCapVersion) -> annual_caps_pb2.AnnualCap:
    made = _made(cap, version)
    of_version = {"visits": version.visits, "lifted": version.lifted, "etag": version.version}
    return to_proto(cap, annual_caps_pb2.AnnualCap, **of_version, **made)


def effective_cap_to_proto(found: EffectiveCap) -> annual_caps_pb2.EffectiveCap:
    return to_proto(found, annual_caps_pb2.EffectiveCap)


def plan_to_proto(
    plan: AnnualPlan, signed: Signatures, possible: tuple[str, ...], reception: Reception | None = None
) -> plans_pb2.Plan:
    return to_proto(
        plan,
        plans_pb2.Plan,
        submit_time=plan.submitted_at,
        review_time=plan.reviewed_at,
        possible=possible,
        reception=reception,
        **vars(signed),
    )


def answer_of(number: int) -> Answer | None:
    name = enum_name(plans_pb2.Answer.DESCRIPTOR, number)
    return Answer(name) if name else None


def receipt_to_proto(receipt: Receipt, names: Mapping[str, str]) -> plans_pb2.Receipt:
    return to_proto(
        receipt,
        plans_pb2.Receipt,
        authority_name=names.get(receipt.authority_id, ""),
        send_time=receipt.sent_at,
        answer_time=receipt.answered_at,
    )


def received_to_proto(
    plan: AnnualPlan, receipt: Receipt, signed: Signatures, possible: tuple[str, ...], names: Mapping[str, str]
) -> plans_pb2.ReceivedPlan:
    return plans_pb2.ReceivedPlan(plan=plan_to_proto(plan, signed, possible), receipt=receipt_to_proto(receipt, names))


def step_to_proto(step: PlanStep) -> plans_pb2.PlanStep:
    return to_proto(step, plans_pb2.PlanStep)


def page_to_proto(page: Page[Any]) -> page_pb2.PageInfo:
    return page_pb2.PageInfo(next_page_token=page.next_page_token)


def report_to_proto(report: ImportReport) -> import_pb2.ImportReport:
    return to_proto(report, import_pb2.ImportReport)


def _made(entity: Any, version: Any) -> dict[str, Any]:
    """Who made a thing, and who made this version of it."""
    return {
        "create_time": entity.created_at,
        "created_by": entity.created_by,
        "update_time": version.created_at,
        "updated_by": version.created_by,
    }
