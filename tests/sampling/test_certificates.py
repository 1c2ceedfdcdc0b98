"""Certificates that expire: said before and when it happens, seen in the list, and the account stops (TJ 14)."""

from __future__ import annotations

from typing import Any

import pytest
from liangma.sampling.v1 import events_pb2, sampling_pb2

from services.chassis.identity import Principal
from tests.sampling import town
from tests.sampling.town import ADMIN, HEAD, INSPECTOR, LEAD, MANAGER
from tests.support.house import House, Refused, houses

house = houses("sampling")


def enter(house: House, certificate: str, valid_until: str, **fields: object) -> Any:
    known = {"certificate": certificate, "name": "张三", "authority_id": LEAD, "region": town.YONGCHUAN}
    asked = {"inspector": known | {"valid_until": valid_until} | fields}
    return house.call("sampling", "CreateInspector", asked, by=ADMIN)


def said(house: House) -> list[tuple[bool, list[str]]]:
    facts = house.announced("sampling", events_pb2.CertificateExpiring)
    return [(fact.expired, [each.certificate for each in fact.certificates]) for fact in facts]


def listed(house: House, **filters: object) -> list[str]:
    return [each.certificate for each in house.call("sampling", "ListInspectors", filters, by=MANAGER).inspectors]


def test_a_certificate_is_said_to_expire_thirty_days_before_and_once_more_when_it_has(house: House) -> None:
    enter(house, "YC-0001", "2025-07-10", subject="zhang")  # the clock stands at 9 June
    enter(house, "YC-0002", "2025-12-31")
    house.fire("sampling", "warn_of_expiry")
    assert said(house) == []
    house.pass_time(days=1)
    for _ in range(2):
        house.fire("sampling", "warn_of_expiry")
    assert said(house) == [(False, ["YC-0001"])]
    [fact] = house.announced("sampling", events_pb2.CertificateExpiring)
    [one] = fact.certificates
    assert (one.valid_until, one.authority_id, one.subject, one.name) == ("2025-07-10", LEAD, "zhang", "张三")
    house.pass_time(days=30)
    house.fire("sampling", "warn_of_expiry")
    assert said(house) == [(False, ["YC-0001"])]
    house.pass_time(days=1)
    for _ in range(2):
        house.fire("sampling", "warn_of_expiry")
    assert said(house) == [(False, ["YC-0001"]), (True, ["YC-0001"])]


def test_one_that_was_prolonged_is_warned_of_anew_and_one_off_the_directory_never(house: House) -> None:
    made = enter(house, "YC-0001", "2025-06-20")
    enter(house, "YC-0002", "2025-06-20")
    house.call("sampling", "RetireInspector", {"certificate": "YC-0002", "reason": "调离"}, by=HEAD)
    house.fire("sampling", "warn_of_expiry")
    made.valid_until = "2025-06-30"
    asked = sampling_pb2.UpdateInspectorRequest(certificate="YC-0001", inspector=made)
    house.call("sampling", "UpdateInspector", asked, by=ADMIN)
    house.fire("sampling", "warn_of_expiry")
    assert said(house) == [(False, ["YC-0001"]), (False, ["YC-0001"])]


def test_a_fact_names_five_hundred_certificates_at_most(house: House) -> None:
    town.hire(house, 501, valid_until="2025-06-20")
    house.fire("sampling", "warn_of_expiry")
    assert [len(certificates) for _, certificates in said(house)] == [500, 1]


def test_the_list_shows_how_certificates_stand(house: House) -> None:
    enter(house, "A-0001", "2025-06-08")
    enter(house, "A-0002", "2025-06-09", expert=True)
    enter(house, "A-0003", "2025-07-09", qualifications=["特种设备"])
    enter(house, "A-0004", "2025-07-10")
    enter(house, "A-0005", "2025-06-20")
    house.call("sampling", "RetireInspector", {"certificate": "A-0005", "reason": "调离"}, by=HEAD)
    assert listed(house, standing="CERTIFICATE_STANDING_EXPIRED") == ["A-0001"]
    assert listed(house, standing="CERTIFICATE_STANDING_EXPIRING") == ["A-0002", "A-0003"]
    assert listed(house, standing="CERTIFICATE_STANDING_VALID") == ["A-0004"]
    assert listed(house, expiring_within_days=31) == ["A-0002", "A-0003", "A-0004"]
    assert listed(house, expiring_within_days=1) == ["A-0002"]
    assert listed(house, experts_only=True) == ["A-0002"]
    assert listed(house, qualification="特种设备") == ["A-0003"]
    shown = house.call("sampling", "GetInspector", {"certificate": "A-0001"}, by=MANAGER)
    assert (shown.standing, shown.days_left, shown.drawable) == (sampling_pb2.CERTIFICATE_STANDING_EXPIRED, -1, False)


@pytest.mark.parametrize("why", ["expired", "retired"])
def test_the_account_of_an_inspector_without_a_valid_certificate_stops(house: House, why: str) -> None:
    enter(house, INSPECTOR.certificate, "2025-06-09")
    town.settle_objects(house, 1)
    calls: dict[str, dict[str, Any]] = {
        "GetObject": {"object_id": town.code(1)},
        "ListObjects": {},
        "GetInspector": {"certificate": INSPECTOR.certificate},
        "ListInspectors": {},
        "DeclareRecusal": {
            "recusal": {
                "certificate": INSPECTOR.certificate,
                "object_id": town.code(1),
                "kind": "RECUSAL_KIND_SPOUSE",
            }
        },
    }
    house.call("sampling", "ListObjects", {}, by=INSPECTOR)
    if why == "expired":
        house.pass_time(days=1)
    else:
        house.call("sampling", "RetireInspector", {"certificate": INSPECTOR.certificate, "reason": "调离"}, by=HEAD)
    for method, request in calls.items():
        with pytest.raises(Refused) as refusal:
            house.call("sampling", method, request, by=INSPECTOR)
        assert refusal.value.reason == "ACCOUNT_STOPPED", method
    both = Principal("both", roles=frozenset({"inspector", "authority_head"}), certificate=INSPECTOR.certificate)
    assert house.call("sampling", "ListInspectors", {}, by=both).inspectors
