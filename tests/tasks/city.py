"""A small city to test in: two authorities of the city, one of a district, matters, objects, inspectors, people."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import openpyxl
from liangma.codes.v1 import events_pb2 as codes
from liangma.plans.v1 import events_pb2 as plans
from liangma.sampling.v1 import events_pb2 as sampling

from services.chassis.errors import Refusal
from services.chassis.identity import Principal
from tests.support.house import House

JUSTICE, MARKET, DISTRICT = "11500000009276807N", "11500000MB16588888", "11500103009280398B"
LICENCE, HYGIENE, FIRE = "330631004000", "330231001000", "330999002000"
SHOP, CAFE, FACTORY, FARAWAY = "91500105MACDMPYK94", "91500105MACHYME57D", "91500108MA5YNUPPBX", "91120000MA00000001"
OBJECTS = {
    SHOP: ("重庆市雾霆娱乐中心", "500105"),
    CAFE: ("重庆市江北区金茉足浴有限公司", "500105"),
    FACTORY: ("五里坪真品生鲜超市", "500108"),
    FARAWAY: ("天津某商贸有限公司", "120101"),
}
INSPECTORS = {
    JUSTICE: ["50000001", "50000002", "50000003"],
    MARKET: ["50000011", "50000012", "50000013"],
    DISTRICT: ["50010301", "50010302"],
}
EXPIRED, EXPERT = "50000008", "50000009"
NAMES = {
    JUSTICE: ("重庆市司法局", "渝司"),
    MARKET: ("重庆市市场监督管理局", "渝市监"),
    DISTRICT: ("渝中区司法局", "渝中司"),
}


def person(role: str, authority: str = JUSTICE, certificate: str = "", subject: str = "") -> Principal:
    """Somebody of an authority with one role."""
    name = subject or f"{role}-{authority[-4:]}{certificate and '-' + certificate}"
    return Principal(
        subject=name, name=name, roles=frozenset({role}), authority=authority, region="500000", certificate=certificate
    )


MANAGER, HEAD, REVIEWER = person("task_manager"), person("authority_head"), person("reviewer")
PARTNER, PARTNER_REVIEWER = person("task_manager", MARKET), person("reviewer", MARKET)
SUPERVISOR = Principal(subject="supervisor", name="supervisor", roles=frozenset({"supervisor"}))
OWNER = Principal(subject="owner", name="owner", roles=frozenset({"enterprise"}), object=SHOP)


def inspector(certificate: str, authority: str = JUSTICE) -> Principal:
    """The account of an inspector."""
    return person("inspector", authority, certificate)


FIRST, SECOND = inspector("50000001"), inspector("50000002")
THIRD, FOURTH = inspector("50000011", MARKET), inspector("50000012", MARKET)


def settle_city(house: House) -> None:
    """Announce everything the city consists of."""
    for message in [*_authorities(), *_matters(), _objects(), _inspectors()]:
        house.announce(message)


def _authorities() -> Iterator[plans.AuthorityChanged]:
    for id, (name, short) in NAMES.items():
        region = "500103" if id == DISTRICT else "500000"
        level = "DISTRICT" if id == DISTRICT else "CITY"
        yield plans.AuthorityChanged(
            authority_id=id,
            version=1,
            name=name,
            short_name=short,
            region=region,
            level=level,
            domains=["司法"],
            listed_from="2020-01-01",
        )


def off_the_list(authority: str) -> plans.AuthorityChanged:
    """An authority that has left the subject list."""
    name, short = NAMES[authority]
    return plans.AuthorityChanged(
        authority_id=authority,
        version=2,
        name=name,
        short_name=short,
        region="500103" if authority == DISTRICT else "500000",
        listed_from="2020-01-01",
        listed_until="2024-12-31",
    )


def _matters() -> Iterator[plans.MatterChanged]:
    yield matter(LICENCE, "对文物经营资质的行政检查", "司法", ["ON_SITE", "DOCUMENTARY"], [JUSTICE, DISTRICT])
    yield matter(HYGIENE, "对公共场所卫生的行政检查", "市场监管", ["ON_SITE", "TESTING"], [MARKET, JUSTICE])
    yield matter(FIRE, "对消防安全的行政检查", "消防", ["ON_SITE"], [JUSTICE], random_eligible=False)


def matter(
    id: str,
    name: str,
    domain: str,
    methods: Sequence[str],
    claimed_by: Sequence[str],
    *,
    version: int = 1,
    random_eligible: bool = True,
    qualification: str = "",
    items: int = 3,
) -> plans.MatterChanged:
    """A matter with numbered items."""
    return plans.MatterChanged(
        matter_id=id,
        version=version,
        name=name,
        domain=domain,
        legal_basis=f"《{domain}条例》第一条",
        methods=methods,
        random_eligible=random_eligible,
        qualification=qualification,
        content_level="GENERAL",
        items=[
            plans.CheckItem(
                item_id=f"{n}", name=f"{name[1:5]}检查项{n}", check_points=["查看证照"], standard="齐全有效"
            )
            for n in range(1, items + 1)
        ],
        claimed_by=claimed_by,
    )


def _objects() -> sampling.ObjectChanged:
    states = [
        sampling.ObjectState(
            object_id=id,
            version=1,
            type="INSTITUTION",
            name=name,
            registration_status="ACTIVE",
            region=region,
            address=f"{name}所在地 1 号",
        )
        for id, (name, region) in OBJECTS.items()
    ]
    return sampling.ObjectChanged(batch_id="b1", objects=states)


def _inspectors() -> sampling.InspectorChanged:
    states = [
        certified(certificate, authority)
        for authority, certificates in INSPECTORS.items()
        for certificate in certificates
    ]
    states.append(certified(EXPIRED, JUSTICE, valid_until="2025-01-31"))
    states.append(certified(EXPERT, JUSTICE, expert=True))
    return sampling.InspectorChanged(batch_id="b2", inspectors=states)


def certified(certificate: str, authority: str, **changes: Any) -> sampling.InspectorState:
    """An inspector of the directory."""
    state = sampling.InspectorState(
        certificate=certificate,
        version=1,
        name=f"检查员{certificate[-2:]}",
        authority_id=authority,
        region="500000",
        valid_until="2027-12-31",
    )
    for name, value in changes.items():
        setattr(state, name, value)
    return state


def plan(**changes: Any) -> plans.PlanApproved:
    """An approved plan of the justice authority."""
    message = plans.PlanApproved(
        plan_id="plan-1",
        version=3,
        number="渝司专查计划〔2025〕1号",
        year=2025,
        name="2025年度检查计划",
        authority_id=JUSTICE,
        type="OWN_AGENCY",
        lead_domain="司法",
        matter_ids=[LICENCE, HYGIENE],
        scope=[JUSTICE],
        methods=["ON_SITE", "DOCUMENTARY"],
        starts_on="2025-01-01",
        ends_on="2025-12-31",
        requirements="按方案实施",
        approved_at="2025-01-05T02:00:00Z",
        content_level="GENERAL",
    )
    for name, value in changes.items():
        if isinstance(value, list):
            del getattr(message, name)[:]
            getattr(message, name).extend(value)
        else:
            setattr(message, name, value)
    return message


def draft(**changes: Any) -> dict[str, Any]:
    """What a manager enters for an ordinary task on site."""
    entered: dict[str, Any] = {
        "name": "日常检查",
        "kind": "TASK_KIND_DAILY",
        "method": "METHOD_ON_SITE",
        "on_site_reason": "需要现场核对实物",
        "starts_on": "2025-06-01",
        "ends_on": "2025-08-31",
        "matters": [{"matter_id": LICENCE}],
    }
    return {name: value for name, value in (entered | changes).items() if value is not None}


JOINT: dict[str, Any] = {
    "partners": [{"authority_id": MARKET, "matter_ids": [HYGIENE]}],
    "invitation_deadline": "2025-06-12",
}


def create(house: House, *, by: Principal = MANAGER, **changes: Any) -> Any:
    """A task that was set up."""
    return house.call("tasks", "CreateTask", {"task": draft(**changes)}, by=by)


def create_joint(house: House, **changes: Any) -> Any:
    """A cross-agency task whose partner has accepted, formed."""
    task = create(house, **(JOINT | changes))
    house.call("tasks", "AnswerInvitation", {"task_id": task.task_id, "answer": "ANSWER_ACCEPTED"}, by=PARTNER)
    return house.call("tasks", "FormTask", {"task_id": task.task_id}, by=MANAGER)


def approve_scheme(house: House, task_id: str, *, manager: Principal = MANAGER, head: Principal = HEAD) -> Any:
    """The scheme submitted and approved."""
    house.call("tasks", "SubmitScheme", {"task_id": task_id, "content": "两人一组，逐项检查"}, by=manager)
    return house.call("tasks", "ApproveScheme", {"task_id": task_id}, by=head)


def add(house: House, task_id: str, *object_ids: str, by: Principal = MANAGER, **fields: Any) -> Any:
    """Objects added by hand."""
    objects = [{"object_id": id, **fields} for id in object_ids]
    return house.call("tasks", "AddObjects", {"task_id": task_id, "objects": objects}, by=by)


def assign(house: House, task_id: str, *certificates: str, by: Principal = MANAGER, **fields: Any) -> Any:
    """Inspectors assigned by hand."""
    request = {"task_id": task_id, "certificates": list(certificates), **fields}
    return house.call("tasks", "AssignInspectors", request, by=by)


def dispatch(house: House, task_id: str, *, by: Principal = MANAGER) -> Any:
    """The task sent out."""
    return house.call("tasks", "DispatchTask", {"task_id": task_id}, by=by)


def dispatched(house: House, *object_ids: str, **changes: Any) -> tuple[Any, list[Any]]:
    """An ordinary task with these objects, staffed, approved and sent out; and its inspections."""
    task = create(house, **changes)
    add(house, task.task_id, *(object_ids or (SHOP,)))
    assign(house, task.task_id, "50000001", "50000002")
    approve_scheme(house, task.task_id)
    return dispatch(house, task.task_id), inspections(house, task.task_id)


def dispatched_joint(house: House, *object_ids: str) -> tuple[Any, list[Any]]:
    """A joint task with these objects, staffed by both, approved and sent out."""
    task = create_joint(house)
    add(house, task.task_id, *(object_ids or (SHOP,)))
    assign(house, task.task_id, "50000001", "50000002")
    assign(house, task.task_id, "50000011", "50000012", by=PARTNER)
    approve_scheme(house, task.task_id)
    return dispatch(house, task.task_id), inspections(house, task.task_id)


def inspections(house: House, task_id: str, *, by: Principal = MANAGER, **filters: Any) -> list[Any]:
    """The inspections of a task."""
    answer = house.call("tasks", "ListInspections", {"task_id": task_id, **filters}, by=by)
    return list(answer.inspections)


def inspection(house: House, inspection_id: str, *, by: Principal = MANAGER) -> Any:
    """An inspection as it is now."""
    return house.call("tasks", "GetInspection", {"inspection_id": inspection_id}, by=by)


def task_of(house: House, task_id: str, *, by: Principal = MANAGER) -> Any:
    """A task as it is now."""
    return house.call("tasks", "GetTask", {"task_id": task_id}, by=by)


def code_id(inspection_id: str) -> str:
    """The code that `code` issues."""
    return f"code-{inspection_id[-12:]}"


def code(house: House, task_id: str, inspection_id: str, *, kind: str = "SINGLE", warnings: Sequence[str] = ()) -> None:
    """Codes issues a code."""
    issued = codes.IssuedCode(
        code_id=code_id(inspection_id),
        inspection_id=inspection_id,
        kind=kind,
        text="HTTPS://LIANGMA.EXAMPLE/V/" + "ABCDEFGH23456" * 20,
        warnings=warnings,
    )
    house.announce(codes.CodeIssued(task_id=task_id, codes=[issued]))


def intercept(house: House, task_id: str, inspection_id: str, *, revoked: str = "") -> None:
    """Codes refuses a code; when it decides anew, the one that was issued is revoked."""
    refused = codes.InterceptedCode(
        inspection_id=inspection_id,
        rule="ANNUAL_CAP",
        authority_id=JUSTICE,
        count=2,
        cap=2,
        message="本年度检查 2 次，已达频次上限 2 次",
        revoked_code_id=revoked,
    )
    house.announce(codes.CodeIntercepted(task_id=task_id, codes=[refused]))


def verify(house: House, inspection_id: str, object_id: str = SHOP, certificate: str = "50000001") -> None:
    """Both codes were scanned."""
    house.announce(
        codes.VisitVerified(
            visit_id=f"visit-{inspection_id[-12:]}-{object_id}",
            inspection_id=inspection_id,
            object_id=object_id,
            certificate=certificate,
            verified_at="2025-06-09T01:00:00Z",
        )
    )


def refuse_scan(house: House, inspection_id: str, object_id: str = SHOP) -> None:
    """The object refused to scan, which was recorded."""
    house.announce(
        codes.VisitExcepted(
            visit_id=f"visit-{inspection_id[-12:]}",
            inspection_id=inspection_id,
            object_id=object_id,
            exception="REFUSED_TO_SCAN",
            reason="负责人拒绝扫码",
            certificate="50000001",
            excepted_at="2025-06-09T01:00:00Z",
        )
    )


def items(matter_id: str = LICENCE, count: int = 3, problem: int = 0) -> list[dict[str, Any]]:
    """A finding for each item; the one numbered `problem` has a problem."""
    return [
        {"matter_id": matter_id, "item_id": str(n), "result": "ITEM_RESULT_PASSED"}
        if n != problem
        else {"matter_id": matter_id, "item_id": str(n), "result": "ITEM_RESULT_PROBLEM", "note": "证照过期"}
        for n in range(1, count + 1)
    ]


CLEAN: dict[str, Any] = {"finding": "FINDING_NO_PROBLEM", "items": items()}
PENDING: dict[str, Any] = {
    "finding": "FINDING_PROBLEM_PENDING",
    "items": items(problem=2),
    "summary": "证照过期",
    "disposal": "DISPOSAL_KIND_ORDER_CORRECTION",
    "disposal_deadline": "2025-07-01",
}


def record(house: House, inspection_id: str, *, by: Principal = FIRST, **entry: Any) -> Any:
    """The part recorded."""
    return house.call("tasks", "RecordInspection", {"inspection_id": inspection_id, **(entry or CLEAN)}, by=by)


def sign(house: House, inspection_id: str, *team: Principal) -> Any:
    """Signed by the team and the object's person."""
    for member in team or (FIRST, SECOND):
        house.call("tasks", "SignInspection", {"inspection_id": inspection_id}, by=member)
    who = (team or (FIRST,))[0]
    request = {"inspection_id": inspection_id, "name": "张三", "capacity": "现场负责人"}
    return house.call("tasks", "SignForObject", request, by=who)


def review(house: House, inspection_id: str, *, by: Principal = REVIEWER) -> Any:
    """The record approved."""
    request = {"inspection_id": inspection_id, "decision": "REVIEW_DECISION_APPROVED"}
    return house.call("tasks", "ReviewInspection", request, by=by)


def publish(house: House, inspection_id: str, *, by: Principal = REVIEWER) -> Any:
    """The result published."""
    return house.call("tasks", "PublishInspection", {"inspection_id": inspection_id}, by=by)


def finish(house: House, inspection_id: str, **entry: Any) -> Any:
    """From the verified visit to the published result."""
    record(house, inspection_id, **entry)
    sign(house, inspection_id)
    review(house, inspection_id)
    return publish(house, inspection_id)


def visited(house: House, task: Any, inspection: Any) -> None:
    """Coded and mutually verified."""
    code(house, task.task_id, inspection.inspection_id)
    verify(house, inspection.inspection_id, inspection.object.object_id)


def rows_of(workbook: bytes) -> list[tuple[Any, ...]]:
    """The rows of the first sheet of an Excel file, the heads first."""
    sheet: Any = openpyxl.load_workbook(io.BytesIO(workbook)).worksheets[0]
    return list(sheet.iter_rows(values_only=True))


def refusal_of(command: Callable[[], Any]) -> Refusal | None:
    """Do it; how it was refused, if it was."""
    try:
        command()
    except Refusal as refusal:
        return refusal
    return None
