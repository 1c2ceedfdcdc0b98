"""Nothing that was on a list is forgotten: authorities, trades and caps keep their versions, on either database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import grpc
import pytest
from alembic import command
from sqlalchemy import select

from services.chassis.database import Database
from services.chassis.migrations import config
from services.chassis.service import find
from services.plans.model.authority import AuthorityLevel
from services.plans.model.plan_content import PlanScope, PlanSource, PlanType
from services.plans.model.plan_state import PlanState
from services.plans.tables import authorities, authority_versions, plans
from tests.plans.people import ADMIN, CITY, ENTERPRISE, FIRE, HEAD, HYDRANT, NOTARY, PLANNER, furnish
from tests.support.databases import databases, new_database
from tests.support.house import House, Refused, houses

bare_house = houses("plans")


@pytest.fixture
def house(bare_house: House) -> House:
    furnish(bare_house)
    return bare_house


@pytest.fixture(params=databases())
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    with new_database(request.param) as url:
        made = Database(url)
        yield made
        made.dispose()


def versions(house: House, of: str, **id: str) -> list[Any]:
    """All versions, one a page."""
    found: list[Any] = []
    token = ""
    while True:
        request = {**id, "page_size": 1, "page_token": token}
        answer = house.call("plans", f"List{of}Versions", request, by=ENTERPRISE)
        found += answer.versions
        token = answer.page.next_page_token
        if not token:
            return found


def test_an_authority_that_left_the_subject_list_and_came_back_keeps_when_it_was_on_it(house: House) -> None:
    made = house.call("plans", "GetAuthority", {"authority_id": CITY}, by=ENTERPRISE)
    for days, first_day, last_day in ((10, "2024-01-01", "2025-06-15"), (20, "2025-08-01", "")):
        house.pass_time(days=days)
        changed = {"authority_id": CITY, "listed_from": first_day, "listed_until": last_day}
        request = {"authority": changed, "update_mask": "listedFrom,listedUntil"}
        house.call("plans", "UpdateAuthority", request, by=ADMIN)
    back, left, first = versions(house, "Authority", authority_id=CITY)
    assert [(each.listed_from, each.listed_until, each.etag) for each in (first, left, back)] == [
        ("2024-01-01", "", "1"),
        ("2024-01-01", "2025-06-15", "2"),
        ("2025-08-01", "", "3"),
    ]
    assert first == made
    assert (left.updated_by, left.create_time) == ("admin", made.create_time)
    assert left.update_time.ToDatetime(tzinfo=UTC) == datetime(2025, 6, 19, 1, tzinfo=UTC)
    assert (back.listed, left.listed) == (False, False)


def test_payment_data_make_a_version_and_are_in_none(house: House) -> None:
    payment = {"authority_id": CITY, "payment": {"bank_account_number": "1234567890"}}
    house.call("plans", "UpdatePayment", payment, by=HEAD)
    newest, first = versions(house, "Authority", authority_id=CITY)
    assert (newest.updated_by, first.updated_by) == ("head", "admin")
    assert not newest.HasField("payment")


def test_an_import_makes_a_version_of_each_row_that_changes_something(house: House) -> None:
    row = {
        "line": 2,
        "authority_id": FIRE,
        "name": "重庆市消防局",
        "short_name": "渝消",
        "region": "500000",
        "level": "市级",
        "domains": "消防",
        "listed_from": "2024-01-01",
    }
    for _ in range(2):
        house.call("plans", "ImportAuthorities", {"rows": [row]}, by=ADMIN)
    assert [each.name for each in versions(house, "Authority", authority_id=FIRE)] == [
        "重庆市消防局",
        "重庆市消防救援总队",
    ]
    caps = [{"line": 2, "authority_id": CITY, "year": "2025", "visits": visits} for visits in ("2", "2", "3")]
    for cap in caps:
        house.call("plans", "ImportAnnualCaps", {"rows": [cap]}, by=ADMIN)
    (cap,) = house.call("plans", "ListAnnualCaps", by=ADMIN).annual_caps
    assert [each.visits for each in versions(house, "AnnualCap", annual_cap_id=cap.annual_cap_id)] == [3, 2]


def test_a_trade_keeps_who_inspected_it_with_whom(house: House) -> None:
    members = [{"authority_id": CITY, "matter_ids": [NOTARY]}, {"authority_id": FIRE, "matter_ids": [HYDRANT]}]
    entry = {"trade": "公证", "lead_id": CITY, "members": members}
    made = house.call("plans", "CreateJointList", {"joint_list": entry}, by=PLANNER)
    id = {"joint_list_id": made.joint_list_id}
    house.call("plans", "UpdateJointList", {"joint_list": {**id, "trade": "公证服务"}}, by=PLANNER)
    house.call("plans", "RetireJointList", id, by=ADMIN)
    off, renamed, first = versions(house, "JointList", **id)
    assert first == made
    assert [(each.trade, each.retired, each.updated_by, each.etag) for each in (first, renamed, off)] == [
        ("公证", False, "planner", "1"),
        ("公证服务", False, "planner", "2"),
        ("公证服务", True, "admin", "3"),
    ]
    assert [member.authority_id for member in off.members] == [CITY, FIRE]


def test_a_cap_keeps_what_it_allowed(house: House) -> None:
    cap = {"authority_id": CITY, "year": 2025, "visits": 2}
    made = house.call("plans", "CreateAnnualCap", {"annual_cap": cap}, by=ADMIN)
    id = {"annual_cap_id": made.annual_cap_id}
    house.call("plans", "UpdateAnnualCap", {"annual_cap": {**id, "visits": 0}}, by=ADMIN)
    found = versions(house, "AnnualCap", **id)
    assert found[-1] == made
    assert [(each.visits, each.etag, each.authority_id, each.year) for each in found] == [
        (0, "2", CITY, 2025),
        (2, "1", CITY, 2025),
    ]


@pytest.mark.parametrize(
    ("of", "id"),
    [("Authority", "authority_id"), ("JointList", "joint_list_id"), ("AnnualCap", "annual_cap_id")],
)
def test_what_never_was_has_no_versions(house: House, of: str, id: str) -> None:
    with pytest.raises(Refused) as refusal:
        versions(house, of, **{id: "nothing"})
    assert refusal.value.code is grpc.StatusCode.NOT_FOUND


def test_numbers_given_before_are_not_given_again_after_an_upgrade(database: Database) -> None:
    service = find("plans")
    with database.engine.begin() as connection:
        command.upgrade(config(service, connection), "0003")
        given = (
            "渝司专查计划〔2025〕2号",
            "渝司专查计划〔2025〕10号",
            "渝司专查计划〔2024〕3号",
            "渝消专查计划〔2025〕1号",
        )
        for place, number in enumerate(given):
            empty = {column.name: None if column.nullable else "" for column in plans.c}
            dated = {"year": 2025, "object_count": 0, "round": 0, "version": 1}
            lists = dict.fromkeys(("joint_domains", "methods", "regional_ratios", "attachments", "matter_ids"), ())
            lists |= dict.fromkeys(("partner_matter_ids", "authors", "tasks"), ())
            words = {"type": PlanType.OWN_AGENCY, "source": PlanSource.SELF, "state": PlanState.DRAFT}
            row = empty | dated | lists | words | {"scope": PlanScope(), "plan_id": str(place), "number": number}
            connection.execute(plans.insert().values(**row))
    for target in ("head", "0003", "head"):
        with database.engine.begin() as connection:
            move = command.upgrade if target == "head" else command.downgrade
            move(config(service, connection), target)
    numbers = service.metadata.tables["numbers"]
    with database.engine.connect() as connection:
        counted = {row.series: row.last for row in connection.execute(select(numbers))}
    assert counted == {"plan/渝司/2025": 10, "plan/渝司/2024": 3, "plan/渝消/2025": 1}


def test_what_stood_before_versions_were_kept_becomes_the_first_of_them(database: Database) -> None:
    service, at = find("plans"), datetime(2025, 6, 9, 1, tzinfo=UTC)
    standing = {
        "authority_id": CITY,
        "name": "重庆市司法局",
        "short_name": "渝司",
        "region": "500000",
        "level": AuthorityLevel.CITY,
        "parent_id": "",
        "domains": ("司法", "普法"),
        "listed_from": date(2024, 1, 1),
        "listed_until": None,
        "version": 7,
    }
    payment = dict.fromkeys(("collecting_unit_code", "bank_account_name", "bank_account_number", "penalty_code"), "1")
    stamps = {"created_at": at, "created_by": "an", "updated_at": at, "updated_by": "bo"}
    with database.engine.begin() as connection:
        command.upgrade(config(service, connection), "0002")
    with database.engine.begin() as connection:
        connection.execute(authorities.insert().values(**standing, **payment, **stamps))
    with database.engine.begin() as connection:
        command.upgrade(config(service, connection), "head")
    with database.engine.connect() as connection:
        (kept,) = connection.execute(select(authority_versions)).mappings()
    assert kept == {**standing, **stamps, "created_by": "bo"}
