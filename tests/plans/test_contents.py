"""What may be written in authorities, matters, plans, lists and caps, in the model alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.errors import Violation
from services.plans.model.annual_cap import AnnualCap
from services.plans.model.authority import Authority, AuthorityContent, AuthorityLevel, Payment, payment_violations
from services.plans.model.matter import CheckItem, Matter, MatterContent
from services.plans.model.plan_content import PlanContent, PlanScope, PlanType, RegionalRatio
from services.plans.model.values import Attachment, ContentLevel, Method, lies_in, region_prefix
from services.plans.use_cases.authority import code_violations
from tests.plans.people import CITY, DISTRICT, FIRE, uscc

DAY = date(2025, 6, 9)


def authority(id: str = CITY, **more: Any) -> Authority:
    given: dict[str, Any] = {
        "name": id,
        "short_name": "渝",
        "region": "500000",
        "level": AuthorityLevel.CITY,
        "domains": ("司法",),
        "listed_from": date(2025, 1, 1),
    }
    return Authority(authority_id=id, **(given | more))


def found(violations: Iterable[Violation]) -> dict[str, str]:
    return {violation.field: violation.rule for violation in violations}


def complete(**more: Any) -> PlanContent:
    given: dict[str, Any] = {
        "name": "计划",
        "content_level": ContentLevel.KEY,
        "lead_domain": "司法",
        "methods": (Method.ON_SITE,),
        "starts_on": date(2025, 1, 1),
        "ends_on": date(2025, 12, 31),
        "matter_ids": ("m1",),
    }
    return PlanContent(**(given | more))


@pytest.mark.parametrize(
    ("region", "prefix"), [("500000", "50"), ("500100", "5001"), ("500103", "500103"), ("110000", "11")]
)
def test_a_region_is_a_prefix_of_what_lies_in_it(region: str, prefix: str) -> None:
    assert region_prefix(region) == prefix


def test_a_district_lies_in_its_city_and_not_the_other_way_round() -> None:
    assert lies_in("500103", ["500000"])
    assert not lies_in("500000", ["500103"])
    assert not lies_in("510103", ["500000"])
    assert not lies_in("500103", [])


def test_a_new_authority_names_all_it_lacks() -> None:
    assert set(found(AuthorityContent().violations())) == {"name", "short_name", "region", "level", "domains"}


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"region": "5001"}, "region", "REGION"),
        ({"region": "50010a"}, "region", "REGION"),
        ({"domains": ("司法", "司法")}, "domains[1]", "DUPLICATE"),
        ({"domains": ("",)}, "domains[0]", "REQUIRED"),
        ({"name": "局" * 201}, "name", "LENGTH"),
        ({"listed_until": date(2024, 12, 31)}, "listed_until", "ORDER"),
        ({"listed_from": None, "listed_until": DAY}, "listed_from", "REQUIRED"),
    ],
)
def test_a_malformed_authority_names_field_and_rule(change: dict[str, Any], field: str, rule: str) -> None:
    assert found(authority(**change).violations()) == {field: rule}


@pytest.mark.parametrize("parent_level", [AuthorityLevel.DISTRICT, AuthorityLevel.STREET])
def test_a_parent_is_of_a_higher_level(parent_level: AuthorityLevel) -> None:
    child = authority(level=AuthorityLevel.DISTRICT, parent_id=FIRE)
    assert found(child.parent_violations(authority(FIRE, level=parent_level))) == {"parent_id": "PARENT_NOT_HIGHER"}
    assert not found(child.parent_violations(authority(FIRE)))
    assert found(child.parent_violations(None)) == {"parent_id": "UNKNOWN_AUTHORITY"}


@pytest.mark.parametrize(
    ("first", "last", "listed"),
    [
        (None, None, False),
        (date(2025, 6, 9), None, True),
        (date(2025, 6, 10), None, False),
        (date(2025, 1, 1), date(2025, 6, 9), True),
        (date(2025, 1, 1), date(2025, 6, 8), False),
    ],
)
def test_the_subject_list_counts_first_and_last_day(first: date | None, last: date | None, listed: bool) -> None:
    assert authority(listed_from=first, listed_until=last).is_listed(DAY) is listed


def test_an_authority_says_what_it_lacks_in_the_words_of_the_field() -> None:
    seal = Attachment("a" * 64)
    assert authority(payment=Payment("1", "户", "12345", "2", seal)).missing(DAY) == ()
    bare = authority(level=AuthorityLevel.STREET, listed_from=None)
    assert bare.missing(DAY) == (
        "执收单位编码",
        "缴款银行户名",
        "缴款银行账号",
        "罚没编码",
        "电子印章",
        "上级机构",
        "检查主体清单",
    )


def test_completing_payment_data_leaves_what_is_not_given() -> None:
    it = authority(payment=Payment("1", "户"))
    it.complete(Payment(bank_account_name="新户", penalty_code="9"))
    assert it.payment == Payment("1", "新户", "", "9")


def test_an_account_number_is_digits_and_a_seal_is_a_hash() -> None:
    wrong = Payment(bank_account_number="12 34", seal=Attachment("xyz"))
    assert found(payment_violations(wrong)) == {"bank_account_number": "DIGITS", "seal.sha256": "SHA256"}


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("", "USCC_LENGTH"),
        ("11500000MB", "USCC_LENGTH"),
        (CITY[:-1] + ("0" if CITY[-1] != "0" else "1"), "USCC_CHECK_DIGIT"),
        (CITY.lower(), "USCC_FORMAT"),
        (f"{CITY[:8]} {CITY[8:]}", "USCC_FORMAT"),
        ("OOOOOOOOOOOOOOOOOO", "USCC_FORMAT"),
    ],
)
def test_a_wrong_credit_code_says_what_is_wrong_with_it(code: str, rule: str) -> None:
    assert found(code_violations(code)) == {"authority_id": rule}


@settings(deadline=None)
@given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=9, max_size=9))
def test_every_code_with_a_right_check_character_is_taken(body: str) -> None:
    assert not found(code_violations(uscc("11500000" + body)))


def test_check_items_without_an_id_get_the_next_one_that_nobody_has() -> None:
    items = (CheckItem("7", "甲"), CheckItem("", "乙"), CheckItem("x", "丙"), CheckItem("", "丁"))
    assert [item.item_id for item in MatterContent(items=items).with_item_ids().items] == ["7", "8", "x", "9"]


def test_a_complete_plan_lacks_nothing() -> None:
    assert not found(complete().violations(2025))
    assert not found(complete().gaps())


def test_a_submitted_plan_may_leave_nothing_open() -> None:
    assert set(found(PlanContent(type=PlanType.CROSS_AGENCY).gaps())) == {
        "content_level",
        "methods",
        "starts_on",
        "ends_on",
        "matter_ids",
        "joint_domains",
    }


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"name": " "}, "name", "REQUIRED"),
        ({"name": "计" * 201}, "name", "LENGTH"),
        ({"lead_domain": ""}, "lead_domain", "REQUIRED"),
        ({"object_count": -1}, "object_count", "RANGE"),
        ({"starts_on": date(2024, 12, 31)}, "starts_on", "OUTSIDE_YEAR"),
        ({"ends_on": date(2026, 1, 1)}, "ends_on", "OUTSIDE_YEAR"),
        ({"starts_on": date(2025, 5, 2), "ends_on": date(2025, 5, 1)}, "ends_on", "ORDER"),
        ({"joint_domains": ("消防",)}, "joint_domains", "OWN_AGENCY"),
        ({"partner_matter_ids": ("m2",)}, "partner_matter_ids", "OWN_AGENCY"),
        ({"type": PlanType.CROSS_AGENCY, "joint_domains": ("司法",)}, "joint_domains", "LEAD_JOINS"),
        ({"matter_ids": ("m1", "m1")}, "matter_ids[1]", "DUPLICATE"),
        ({"scope": PlanScope(regions=("50",))}, "scope.regions[0]", "REGION"),
        ({"scope": PlanScope(authority_ids=("a", "a"))}, "scope.authority_ids[1]", "DUPLICATE"),
        ({"regional_ratios": (RegionalRatio("500103", 1.5),)}, "regional_ratios[0].ratio", "RANGE"),
        ({"regional_ratios": (RegionalRatio("", 0.5),)}, "regional_ratios[0].region", "REQUIRED"),
        ({"attachments": (Attachment("no hash"),)}, "attachments[0].sha256", "SHA256"),
        ({"attachments": (Attachment("a" * 64),) * 21}, "attachments", "COUNT"),
    ],
)
def test_a_malformed_plan_names_field_and_rule(change: dict[str, Any], field: str, rule: str) -> None:
    assert found(complete(**change).violations(2025)) == {field: rule}


def test_a_plan_takes_matters_of_its_domains_that_its_methods_reach() -> None:
    matters = {
        "m1": Matter(matter_id="m1", domain="司法", methods=(Method.ON_SITE,)),
        "fire": Matter(matter_id="fire", domain="消防", methods=(Method.ON_SITE,)),
        "papers": Matter(matter_id="papers", domain="司法", methods=(Method.DOCUMENTARY,)),
        "gone": Matter(matter_id="gone", domain="司法", methods=(Method.ON_SITE,), retired=True),
    }
    wrong = complete(matter_ids=("m1", "fire", "papers", "gone", "never"))
    assert found(wrong.matter_violations(matters)) == {
        "matter_ids[1]": "MATTER_DOMAIN",
        "matter_ids[2]": "METHOD_NOT_ALLOWED",
        "matter_ids[3]": "UNKNOWN_MATTER",
        "matter_ids[4]": "UNKNOWN_MATTER",
    }
    joint = complete(type=PlanType.CROSS_AGENCY, joint_domains=("消防",), partner_matter_ids=("fire",))
    assert not found(joint.matter_violations(matters))


def test_a_plan_reaches_the_named_and_the_listed_of_its_domains_in_its_regions() -> None:
    near = authority(DISTRICT, region="500103", level=AuthorityLevel.DISTRICT)
    fire = authority(FIRE, region="500103", domains=("消防",))
    unlisted = authority("unlisted", region="500103", listed_from=None)
    far = authority("far", region="510104")
    known = {each.authority_id: each for each in (authority(), near, fire, unlisted, far)}
    by_region = complete(scope=PlanScope(regions=("500000",)))
    assert by_region.recipients(known, DAY, maker=CITY) == [DISTRICT]
    joint = complete(type=PlanType.CROSS_AGENCY, joint_domains=("消防",), scope=PlanScope(("far",), ("500103",)))
    assert joint.recipients(known, DAY, maker=CITY) == sorted([DISTRICT, FIRE, "far"])
    assert complete().recipients(known, DAY, maker=CITY) == []


@pytest.mark.parametrize(
    ("change", "violations"),
    [
        ({"region": "500103"}, {}),
        ({"authority_id": CITY}, {}),
        ({}, {"authority_id": "EITHER_OR"}),
        ({"authority_id": CITY, "region": "500103"}, {"authority_id": "EITHER_OR"}),
        ({"region": "50"}, {"region": "REGION"}),
        ({"region": "500103", "year": 25}, {"year": "RANGE"}),
        ({"region": "500103", "visits": None}, {"visits": "REQUIRED"}),
        ({"region": "500103", "visits": -1}, {"visits": "RANGE"}),
        ({"region": "500103", "visits": 367}, {"visits": "RANGE"}),
        ({"region": "500103", "visits": 0}, {}),
    ],
)
def test_a_cap_binds_an_authority_or_a_region(change: dict[str, Any], violations: dict[str, str]) -> None:
    cap = AnnualCap(**({"year": 2025, "visits": 2} | change))
    assert found(cap.violations()) == violations
