"""A small city for the tests of codes: who is in it, and the facts that make it known."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from liangma.attachments.v1 import attachments_pb2
from liangma.codes.v1 import events_pb2
from liangma.credit.v1 import events_pb2 as credit
from liangma.plans.v1 import events_pb2 as plans
from liangma.sampling.v1 import events_pb2 as sampling
from liangma.tasks.v1 import events_pb2 as tasks

from services.chassis.errors import Refusal
from services.chassis.identity import NOBODY, Principal
from services.codes import signing
from services.codes.model import live
from services.codes.office import office
from tests.support.house import House

JUSTICE, FARMING = "11500000009275787B", "11500000009275788C"
SHOP, FARM, FAR_SHOP, PERSON = "91500105MACDMPYK94", "93500000MA5U0YTX0B", "91510100MA6CX0YT11", "510102199001011234"
MATTER, OTHER_MATTER = "330631004000", "330631004001"
TEAM, OTHER_TEAM = ("50010012345", "50010012346"), ("50020012345", "50020012346")
EXPIRED = "50010099999"

INSPECTOR = Principal("li", "李雷", frozenset({"inspector"}), JUSTICE, "500000", TEAM[0])
COLLEAGUE = Principal("han", "韩梅", frozenset({"inspector"}), JUSTICE, "500000", TEAM[1])
STRANGER = Principal("wu", "吴", frozenset({"inspector"}), FARMING, "500000", OTHER_TEAM[0])
MANAGER = Principal("wang", "王主任", frozenset({"task_manager"}), JUSTICE, "500000")
OTHER_MANAGER = Principal("zhao", "赵主任", frozenset({"task_manager"}), FARMING, "500000")
SUPERVISOR = Principal("sun", "孙督察", frozenset({"supervisor"}), region="500000")
ADMINISTRATOR = Principal("root", "管理员", frozenset({"administrator"}))
SYSTEM = Principal("food-safety", "食品安全平台", frozenset({"system"}))
OWNER = Principal("boss", "陈老板", frozenset({"enterprise"}), object=SHOP)
FARMER = Principal("farmer", "农夫", frozenset({"enterprise"}), object=FARM)
CLERK = Principal("clerk", "店员", frozenset({"enterprise"}))
PUBLIC = NOBODY

PHOTO = b"\x89PNG\r\n\x1a\n a photo"


def authority(id: str, name: str, *, region: str = "500000", listed: str = "2020-01-01", version: int = 1) -> Any:
    return plans.AuthorityChanged(
        authority_id=id, version=version, name=name, region=region, level="CITY", listed_from=listed
    )


def cap(visits: int, *, authority: str = JUSTICE, region: str = "", matter: str = "", year: int = 2025) -> Any:
    return plans.AnnualCapChanged(
        annual_cap_id=f"{authority}/{region}/{matter}/{year}",
        version=1,
        authority_id=authority,
        region=region,
        year=year,
        matter_id=matter,
        visits=visits,
    )


def objects(*states: tuple[str, str, str], version: int = 1, kind: str = "INSTITUTION") -> Any:
    return sampling.ObjectChanged(
        batch_id=str(uuid.uuid4()),
        objects=[
            sampling.ObjectState(
                object_id=id,
                version=version,
                type=kind,
                name=name,
                registration_status="ACTIVE",
                region=region,
                address="渝北三村6号",
                industry="5211",
            )
            for id, name, region in states
        ],
    )


def inspectors(*states: tuple[str, str, str, str], version: int = 1) -> Any:
    return sampling.InspectorChanged(
        batch_id=str(uuid.uuid4()),
        inspectors=[
            sampling.InspectorState(
                certificate=certificate, version=version, name=name, authority_id=authority_id, valid_until=until
            )
            for certificate, name, authority_id, until in states
        ],
    )


def settle_in(house: House) -> None:
    """Let the codes service know everybody."""
    house.announce(authority(JUSTICE, "重庆市司法局"))
    house.announce(authority(FARMING, "重庆市农业农村委"))
    house.announce(
        objects((SHOP, "渝北小店", "500105"), (FARM, "江津农场", "500116"), (FAR_SHOP, "成都小店", "510104"))
    )
    house.announce(objects((PERSON, "张三丰", "500105"), kind="PERSON"))
    house.announce(
        inspectors(
            (TEAM[0], "李雷", JUSTICE, "2027-12-31"),
            (TEAM[1], "韩梅梅", JUSTICE, "2027-12-31"),
            (OTHER_TEAM[0], "吴一", FARMING, "2027-12-31"),
            (OTHER_TEAM[1], "吴二", FARMING, "2027-12-31"),
            (EXPIRED, "过期", JUSTICE, "2025-01-31"),
        )
    )
    house.announce(
        plans.MatterChanged(
            matter_id=MATTER,
            version=1,
            name="对文物经营的行政检查",
            legal_basis="文物保护法",
            items=[plans.CheckItem(item_id="1", name="经营资质", check_points=["证照在有效期内"], standard="GB/T 1")],
        )
    )


def part(authority_id: str = JUSTICE, team: Sequence[str] = TEAM, matters: Sequence[str] = (MATTER,)) -> Any:
    return tasks.InspectionPart(authority_id=authority_id, matter_ids=matters, certificates=team)


def inspection(
    object_id: str = SHOP, *parts: Any, id: str = "", lead: tuple[str, str] = ("", "")
) -> tasks.DispatchedInspection:
    return tasks.DispatchedInspection(
        inspection_id=id or str(uuid.uuid4()),
        object_id=object_id,
        parts=parts or [part()],
        lead_kind=lead[0],
        lead_detail=lead[1],
    )


def dispatched(*inspections: tasks.DispatchedInspection, **changes: Any) -> tasks.InspectionsDispatched:
    fact: dict[str, Any] = {
        "task_id": "task-1",
        "task_number": "渝司专查〔2025〕27号",
        "task_name": "文物经营检查",
        "kind": "DAILY",
        "nature": "FORMAL",
        "authority_id": JUSTICE,
        "method": "ON_SITE",
        "starts_on": "2025-06-09",
        "ends_on": "2025-06-20",
        "code_kind": "SINGLE",
        "inspections": inspections,
    }
    return tasks.InspectionsDispatched(**(fact | changes))


def issue(house: House, *inspections: tasks.DispatchedInspection, **changes: Any) -> list[events_pb2.IssuedCode]:
    """Send inspections out; the codes they got."""
    before = len(house.announced("codes", events_pb2.CodeIssued))
    house.announce(dispatched(*(inspections or [inspection()]), **changes))
    facts = house.announced("codes", events_pb2.CodeIssued)[before:]
    return [code for fact in facts for code in fact.codes]


def intercepted(house: House) -> list[events_pb2.InterceptedCode]:
    return [code for fact in house.announced("codes", events_pb2.CodeIntercepted) for code in fact.codes]


def warned(house: House) -> list[str]:
    return [fact.kind for fact in house.announced("codes", events_pb2.WarningRaised)]


def enterprise_code(house: House, by: Principal = OWNER) -> str:
    """The text of the caller's own enterprise code."""
    return str(house.call("codes", "IssueEnterpriseCode", {}, by=by).text)


def verify(house: House, text: str, by: Principal = OWNER, **more: Any) -> Any:
    """The enterprise scans what an inspector's screen shows now."""
    return verify_static(house, live_text(house, text), by, **more)


def verify_static(house: House, text: str, by: Principal = OWNER, **more: Any) -> Any:
    return house.call("codes", "VerifyInspectionCode", {"text": text, **more}, by=by)


def live_text(house: House, text: str) -> str:
    """The text with the proof that is shown behind it now; what cannot be read is shown as it is."""
    desk = office(house.runtimes["codes"])
    with house.work("codes") as work:
        try:
            content = desk.reader(work.session)(text, signing.decode_and_verify)
        except Refusal:
            return text
    return f"{text}/{live.proof_at(desk.live_secret(content.code_id), house.now)}"


def scan(house: House, text: str, code_id: str = "", by: Principal = INSPECTOR) -> Any:
    return house.call("codes", "ScanEnterpriseCode", {"text": text, "code_id": code_id}, by=by)


def photo(house: House, by: Principal = INSPECTOR) -> dict[str, Any]:
    """An uploaded photo, as requests name it."""
    request = attachments_pb2.UploadAttachmentRequest(name="现场.png")
    request.file.content_type, request.file.data = "image/png", PHOTO
    kept = house.call("attachments", "UploadAttachment", request, by=by)
    return {"sha256": kept.sha256, "name": kept.name, "content_type": kept.content_type, "size": kept.size}


def whitelisted(**changes: Any) -> credit.WhitelistChanged:
    fact: dict[str, Any] = {
        "whitelist_id": "w1",
        "version": 1,
        "authority_id": JUSTICE,
        "object_id": SHOP,
        "active": True,
    }
    return credit.WhitelistChanged(**(fact | changes))
