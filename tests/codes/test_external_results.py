"""Other systems apply for codes before a visit and push what they found after it (TJ 5, 7)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import grpc
import pytest
from liangma.codes.v1 import codes_pb2, events_pb2
from liangma.credit.v1 import disclosures_pb2

from services.codes.office import office
from tests.codes import city
from tests.codes.test_codes import apply
from tests.codes.test_visits import except_
from tests.support.house import House, Refused, houses

house = houses("codes", "credit")
OTHER_SYSTEM = replace(city.SYSTEM, subject="fire-platform")


@pytest.fixture
def code(house: House) -> codes_pb2.InspectionCode:
    """The code another system was given for a visit, before anybody has been there."""
    city.settle_in(house)
    issued: codes_pb2.InspectionCode = apply(house)
    return issued


def visit(house: House, code: codes_pb2.InspectionCode) -> None:
    city.verify(house, code.text)
    city.scan(house, city.enterprise_code(house), code.code_id)


def push(house: House, code_id: str, by: Any = city.SYSTEM, **changes: Any) -> Any:
    result = {
        "code_id": code_id,
        "finding": "FINDING_PROBLEM_PENDING",
        "summary": "未按规定留样，责令改正",
        "disposal": "DISPOSAL_KIND_ORDER_CORRECTION",
        "inspected_on": "2025-06-09",
    }
    return house.call("codes", "PushExternalResult", result | changes, by=by)


def refusal(house: House, code_id: str, **changes: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        push(house, code_id, **changes)
    return caught.value


def test_a_pushed_result_is_in_the_enterprises_history_and_announced(
    house: House, code: codes_pb2.InspectionCode
) -> None:
    visit(house, code)
    result = push(house, code.code_id)
    assert (result.version, result.authority_id, result.adverse) == (1, city.JUSTICE, True)
    (fact,) = house.announced("codes", events_pb2.ExternalResultPublished)
    assert (fact.result.inspection_id, fact.result.finding, fact.result.task_id) == (
        code.code_id,
        "PROBLEM_PENDING",
        "",
    )
    (record,) = house.call("codes", "ListMyInspections", {}, by=city.OWNER).inspections
    assert [one.summary for one in record.findings] == ["未按规定留样，责令改正"]


def test_a_pushed_result_is_disclosed_and_a_correction_takes_its_place(
    house: House, code: codes_pb2.InspectionCode
) -> None:
    visit(house, code)
    push(house, code.code_id)
    push(house, code.code_id, finding="FINDING_NO_PROBLEM", summary="经复核无误", correction_reason="复核更正")
    for fact in house.announced("codes", events_pb2.ExternalResultPublished):
        house.announce(fact)
    request = {"kind": "DISCLOSURE_KIND_RESULT", "object_id": city.SHOP}
    (shown,) = house.call("credit", "SearchDisclosures", request, by=city.PUBLIC).disclosures
    assert isinstance(shown, disclosures_pb2.Disclosure)
    assert (shown.facts["summary"], shown.adverse) == ("经复核无误", False)


def test_every_version_stays_on_record(house: House, code: codes_pb2.InspectionCode) -> None:
    visit(house, code)
    push(house, code.code_id)
    assert refusal(house, code.code_id).reason == "CORRECTION_REASON_NEEDED"
    push(house, code.code_id, finding="FINDING_NO_PROBLEM", correction_reason="复核更正")
    listed = house.call("codes", "ListExternalResults", {"code_id": code.code_id}, by=city.SUPERVISOR).results
    assert [(one.version, one.adverse, one.correction_reason) for one in listed] == [
        (1, True, ""),
        (2, False, "复核更正"),
    ]
    assert not house.call("codes", "ListExternalResults", {}, by=OTHER_SYSTEM).results


def test_a_repeated_push_gets_the_first_answer(house: House, code: codes_pb2.InspectionCode) -> None:
    visit(house, code)
    first = push(house, code.code_id, request_id="r1")
    assert push(house, code.code_id, request_id="r1") == first
    assert len(house.announced("codes", events_pb2.ExternalResultPublished)) == 1


def test_without_a_visit_there_is_no_result(house: House, code: codes_pb2.InspectionCode) -> None:
    assert refusal(house, code.code_id).reason == "VISIT_NOT_MET"
    city.verify(house, code.text)
    assert refusal(house, code.code_id).metadata["state"] == "PENDING"
    except_(house, events_pb2.IssuedCode(code_id=code.code_id))
    assert push(house, code.code_id).version == 1


def test_a_result_belongs_to_its_system_its_authority_and_its_days(
    house: House, code: codes_pb2.InspectionCode
) -> None:
    visit(house, code)
    assert refusal(house, code.code_id, by=OTHER_SYSTEM).code is grpc.StatusCode.NOT_FOUND
    assert refusal(house, code.code_id, authority_id=city.FARMING).violations == {"authority_id": "NOT_ON_THE_CODE"}
    for day in ("2025-06-08", "2025-06-10"):
        assert refusal(house, code.code_id, inspected_on=day).violations == {"inspected_on": "OUTSIDE_OF_VISIT"}
    assert refusal(house, code.code_id, finding="FINDING_UNSPECIFIED").violations == {"finding": "REQUIRED"}


def test_the_platforms_own_visits_are_not_pushed(house: House, code: codes_pb2.InspectionCode) -> None:
    (issued,) = city.issue(house)
    with house.work("codes") as work:
        table = work.tables["codes"]
        work.session.execute(table.update().where(table.c.code_id == issued.code_id).values(created_by="food-safety"))
    assert refusal(house, issued.code_id).reason == "NOT_EXTERNAL"


def test_a_system_gets_so_many_codes_a_day_and_no_refused_one_counts(
    house: House, code: codes_pb2.InspectionCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office(house.runtimes["codes"]).settings, "external_per_day", 2)
    with pytest.raises(Refused):
        apply(house, object_id="91500000MA5U0YTX0B")
    apply(house, object_id=city.FARM)
    with pytest.raises(Refused) as caught:
        apply(house, object_id=city.FARM)
    assert (caught.value.code, caught.value.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUOTA_USED_UP")
    assert caught.value.metadata["per_day"] == "2"
    apply(house, by=OTHER_SYSTEM, object_id=city.FARM)
    house.pass_time(days=1)
    apply(house, object_id=city.FARM, starts_on="2025-06-10")
