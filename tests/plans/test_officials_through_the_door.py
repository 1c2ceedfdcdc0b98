"""The register of officials, and whom a plan may be submitted to, on SQLite and on PostgreSQL."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from liangma.plans.v1 import events_pb2

from services.plans.use_cases.import_officials import HEADERS
from tests.plans.people import (
    ADMIN,
    CITY,
    COLLEAGUE,
    DISTRICT,
    DISTRICT_PLANNER,
    ENTERPRISE,
    FIRE,
    HEAD,
    OTHER_REVIEWER,
    PLANNER,
    REVIEWER,
    SUPERVISOR,
    drafted,
    furnish,
    official,
    person,
    plan,
    sheet,
)
from tests.support.house import House, Refused, houses

bare_house = houses("plans")

NEW = person("zhang", CITY)
DISTRICT_HEAD = person("district-head", DISTRICT, "authority_head")
FORBIDDEN, ABSENT = grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.NOT_FOUND


@pytest.fixture
def house(bare_house: House) -> House:
    furnish(bare_house)
    return bare_house


def register(house: House, entry: dict[str, Any], by: Any = ADMIN) -> Any:
    return house.call("plans", "RegisterOfficial", {"official": entry}, by=by)


def update(house: House, id: str, by: Any = ADMIN, **changes: Any) -> Any:
    return house.call("plans", "UpdateOfficial", {"official": {"official_id": id, **changes}}, by=by)


def retire(house: House, id: str, by: Any = ADMIN) -> Any:
    return house.call("plans", "RetireOfficial", {"official_id": id}, by=by)


def entry_of(house: House, subject: str) -> Any:
    (found,) = house.call("plans", "ListOfficials", {"subject": subject}, by=ADMIN).officials
    return found


def refused(house: House, method: str, request: dict[str, Any], by: Any = ADMIN) -> Refused:
    with pytest.raises(Refused) as refusal:
        house.call("plans", method, request, by=by)
    return refusal.value


def shown(house: House, by: Any = ADMIN, **filters: Any) -> list[str]:
    return [each.subject for each in house.call("plans", "ListOfficials", filters, by=by).officials]


def candidates(house: House, made: Any, by: Any = PLANNER, **more: Any) -> list[str]:
    request = {"plan_id": made.plan_id} | more
    return [each.subject for each in house.call("plans", "ListReviewers", request, by=by).reviewers]


def submission(house: House, made: Any, reviewer: str) -> Refused:
    return refused(house, "SubmitPlan", {"plan_id": made.plan_id, "reviewer_id": reviewer}, PLANNER)


def import_rows(house: House, *rows: dict[str, str], by: Any = ADMIN) -> dict[str, Any]:
    numbered = [{"line": index, **row} for index, row in enumerate(rows, start=2)]
    return json_format.MessageToDict(house.call("plans", "ImportOfficials", {"rows": numbered}, by=by))


def row(**changes: str) -> dict[str, str]:
    return {"subject": "zhang", "name": "张三", "authority_id": CITY, "roles": "审核人"} | changes


def test_an_official_is_registered_read_and_announced(house: House) -> None:
    entry = official(NEW, "REVIEWER", "TASK_MANAGER", name="张三", post="法制处处长", active_until="2027-12-31")
    made = register(house, entry)
    assert (made.name, made.post, made.active, made.retired, made.etag) == ("张三", "法制处处长", True, False, "1")
    assert house.call("plans", "GetOfficial", {"official_id": made.official_id}, by=PLANNER) == made
    fact = house.announced("plans", events_pb2.OfficialChanged)[-1]
    assert (fact.subject, fact.authority_id, list(fact.roles)) == ("zhang", CITY, ["REVIEWER", "TASK_MANAGER"])
    assert (fact.active_from, fact.active_until, fact.retired) == ("2024-01-01", "2027-12-31", False)


def test_the_head_registers_people_of_the_own_authority_and_of_no_other(house: House) -> None:
    made = register(house, official(NEW, "REVIEWER", authority_id="", active_from=""), by=HEAD)
    assert (made.authority_id, made.active_from) == (CITY, "2025-06-09")
    other = official(person("li", FIRE), "REVIEWER")
    assert refused(house, "RegisterOfficial", {"official": other}, HEAD).code is FORBIDDEN
    assert refused(house, "RegisterOfficial", {"official": other}, PLANNER).code is FORBIDDEN
    id = {"official_id": made.official_id}
    assert refused(house, "RetireOfficial", id, DISTRICT_HEAD).code is FORBIDDEN
    assert refused(house, "UpdateOfficial", {"official": id | {"name": "我"}}, DISTRICT_HEAD).code is FORBIDDEN
    assert update(house, made.official_id, by=HEAD, name="张三丰").name == "张三丰"


@pytest.mark.parametrize(
    ("change", "violations"),
    [
        ({"name": " "}, {"name": "REQUIRED"}),
        ({"roles": []}, {"roles": "REQUIRED"}),
        ({"roles": ["OFFICIAL_ROLE_REVIEWER"] * 2}, {"roles[1]": "DUPLICATE"}),
        ({"authority_id": "nobody"}, {"authority_id": "UNKNOWN_AUTHORITY"}),
        ({"subject": " zhang"}, {"subject": "BLANKS"}),
        ({"subject": "z" * 129, "post": "职" * 101}, {"subject": "LENGTH", "post": "LENGTH"}),
        ({"active_until": "2023-12-31"}, {"active_until": "ORDER"}),
    ],
)
def test_a_malformed_official_is_refused_by_field_and_rule(
    house: House, change: dict[str, Any], violations: dict[str, str]
) -> None:
    refusal = refused(house, "RegisterOfficial", {"official": official(NEW, "REVIEWER") | change})
    assert refusal.violations == {f"official.{field}": rule for field, rule in violations.items()}


def test_an_account_has_one_post_until_it_leaves(house: House) -> None:
    refusal = refused(house, "RegisterOfficial", {"official": official(REVIEWER, "REVIEWER", authority_id=FIRE)})
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.ALREADY_EXISTS, "OFFICIAL_EXISTS")
    assert refusal.metadata["authority_id"] == CITY
    old = entry_of(house, "reviewer")
    off = retire(house, old.official_id, by=HEAD)
    assert (off.retired, off.active) == (True, False)
    moved = register(house, official(REVIEWER, "REVIEWER", authority_id=FIRE))
    assert moved.official_id != old.official_id
    assert shown(house, subject="reviewer", include_retired=True) == ["reviewer", "reviewer"]
    for method, request in (
        ("RetireOfficial", {"official_id": old.official_id}),
        ("UpdateOfficial", {"official": {"official_id": old.official_id, "name": "乙"}}),
    ):
        assert refused(house, method, request).reason == "OFFICIAL_RETIRED"


def test_a_stale_change_of_an_official_is_refused_and_a_repeated_one_is_made_once(house: House) -> None:
    entry = entry_of(house, "reviewer")
    request = {"official": {"official_id": entry.official_id, "post": "处长"}, "etag": "1", "request_id": "r"}
    for _ in range(2):
        assert house.call("plans", "UpdateOfficial", request, by=HEAD).etag == "2"
    assert refused(house, "UpdateOfficial", request | {"request_id": ""}).code is grpc.StatusCode.ABORTED


def test_an_officials_entry_keeps_its_versions(house: House) -> None:
    entry = entry_of(house, "reviewer")
    update(house, entry.official_id, by=HEAD, roles=["OFFICIAL_ROLE_PLANNER"], active_until="2025-12-31")
    retire(house, entry.official_id)
    id = {"official_id": entry.official_id}
    off, changed, first = house.call("plans", "ListOfficialVersions", id, by=SUPERVISOR).versions
    assert [(each.etag, each.retired, each.updated_by) for each in (first, changed, off)] == [
        ("1", False, "admin"),
        ("2", False, "head"),
        ("3", True, "admin"),
    ]
    assert (first.active_until, changed.active_until, first.subject) == ("", "2025-12-31", "reviewer")
    head, *lines = sheet(house.call("plans", "ExportOfficialVersions", id, by=HEAD).data)
    found = [dict(zip(head, line, strict=True)) for line in lines]
    assert [(each["版本"], each["角色"], each["是否已移出名册"]) for each in found] == [
        (3, "计划制定人", "是"),
        (2, "计划制定人", "否"),
        (1, "审核人", "否"),
    ]
    assert refused(house, "ListOfficialVersions", id, DISTRICT_PLANNER).code is FORBIDDEN
    assert refused(house, "ExportOfficialVersions", {"official_id": "nobody"}).code is ABSENT


def test_lists_of_officials_by_filters(house: House) -> None:
    register(house, official(NEW, "TASK_MANAGER", active_from="2025-07-01"))
    assert shown(house) == ["planner", "colleague", "reviewer", "other-reviewer", "zhang"]
    assert shown(house, role="OFFICIAL_ROLE_PLANNER") == ["planner", "colleague"]
    assert shown(house, role="OFFICIAL_ROLE_REVIEWER", name="other") == ["other-reviewer"]
    assert "zhang" not in shown(house, active_on="2025-06-30")
    assert "zhang" in shown(house, active_on="2025-07-01")
    assert shown(house, order_by="subject desc", page_size=2) == ["zhang", "reviewer"]
    assert shown(house, authority_id=FIRE) == []
    assert house.call("plans", "ListOfficials", {"page_size": 1}, by=ADMIN).total_size == 5


def test_officials_are_seen_by_the_own_people_and_those_who_oversee(house: House) -> None:
    register(house, official(person("li", FIRE), "REVIEWER"))
    assert "li" in shown(house, by=SUPERVISOR)
    assert "li" not in shown(house, by=PLANNER)
    assert shown(house, by=PLANNER, authority_id=CITY) == shown(house, by=PLANNER)
    assert refused(house, "ListOfficials", {"authority_id": FIRE}, PLANNER).code is FORBIDDEN
    assert refused(house, "GetOfficial", {"official_id": entry_of(house, "li").official_id}, HEAD).code is FORBIDDEN
    assert refused(house, "ListOfficials", {}, ENTERPRISE).code is FORBIDDEN


def test_who_may_review_is_chosen_from_a_list_without_those_who_wrote_the_plan(house: House) -> None:
    register(house, official(person("li", FIRE), "REVIEWER"))
    register(house, official(NEW, "TASK_MANAGER"))
    register(house, official(person("wang"), "REVIEWER", active_until="2025-06-08"))
    register(house, official(person("zhao"), "REVIEWER", active_from="2025-06-10"))
    made = drafted(house)
    assert candidates(house, made) == ["colleague", "other-reviewer", "reviewer"]
    assert candidates(house, made, name="other") == ["other-reviewer"]
    assert candidates(house, made, by=COLLEAGUE) == ["other-reviewer", "reviewer"]
    house.call("plans", "UpdatePlan", {"plan": {"plan_id": made.plan_id, "remarks": "改"}}, by=COLLEAGUE)
    assert candidates(house, made) == ["other-reviewer", "reviewer"]
    retire(house, entry_of(house, "other-reviewer").official_id)
    assert candidates(house, made) == ["reviewer"]
    page = house.call("plans", "ListReviewers", {"plan_id": made.plan_id, "page_size": 1}, by=PLANNER)
    assert (page.total_size, page.page.next_page_token) == (1, "")


def test_a_list_of_reviewers_is_for_the_planners_of_the_authority(house: House) -> None:
    made = drafted(house)
    assert refused(house, "ListReviewers", {"plan_id": made.plan_id}, DISTRICT_PLANNER).code is ABSENT
    assert refused(house, "ListReviewers", {"plan_id": made.plan_id}, REVIEWER).code is FORBIDDEN


def test_everybody_on_the_list_can_be_named_and_nobody_else(house: House) -> None:
    register(house, official(NEW, "TASK_MANAGER"))
    register(house, official(person("wang"), "REVIEWER", active_until="2025-06-08"))
    register(house, official(person("li", FIRE), "REVIEWER"))
    for reviewer in candidates(house, drafted(house)):
        request = {"plan_id": drafted(house).plan_id, "reviewer_id": reviewer}
        assert house.call("plans", "SubmitPlan", request, by=PLANNER).reviewer_id == reviewer
    made = drafted(house)
    for reviewer, rule in (
        ("nobody", "UNKNOWN_REVIEWER"),
        ("li", "UNKNOWN_REVIEWER"),
        ("wang", "REVIEWER_NOT_ACTIVE"),
        ("zhang", "NOT_A_REVIEWER"),
    ):
        refusal = submission(house, made, reviewer)
        assert refusal.violations == {"reviewer_id": rule}
        assert reviewer in refusal.zh
    assert "登记" in submission(house, made, "nobody").zh
    retire(house, entry_of(house, "reviewer").official_id)
    assert submission(house, made, "reviewer").violations == {"reviewer_id": "UNKNOWN_REVIEWER"}


def test_a_submission_names_at_once_what_is_wrong_with_plan_and_reviewer(house: House) -> None:
    draft = {name: plan()[name] for name in ("year", "name", "lead_domain")}
    made = house.call("plans", "CreatePlan", {"plan": draft}, by=PLANNER)
    violations = submission(house, made, "nobody").violations
    assert violations["reviewer_id"] == "UNKNOWN_REVIEWER"
    assert violations["plan.matter_ids"] == "REQUIRED"


def test_the_register_grants_nothing_and_the_token_decides(house: House) -> None:
    register(house, official(NEW, "REVIEWER"))
    made = drafted(house)
    house.call("plans", "SubmitPlan", {"plan_id": made.plan_id, "reviewer_id": "zhang"}, by=PLANNER)
    assert refused(house, "ApprovePlan", {"plan_id": made.plan_id}, NEW).code is FORBIDDEN
    assert refused(house, "ApprovePlan", {"plan_id": made.plan_id}, OTHER_REVIEWER).code is ABSENT
    retire(house, entry_of(house, "zhang").official_id)
    with_role = person("zhang", CITY, "reviewer")
    assert house.call("plans", "ApprovePlan", {"plan_id": made.plan_id}, by=with_role).review_time.seconds


def test_officials_come_in_from_a_file_and_may_be_sent_again(house: House) -> None:
    rows = (
        row(roles="审核人、TASK_MANAGER", post="处长"),
        row(subject="li", authority_id=FIRE, active_from="2025-01-01"),
    )
    assert import_rows(house, *rows) == {"imported": "2"}
    house.pass_time(days=1)
    assert import_rows(house, *rows) == {"unchanged": "2"}
    assert entry_of(house, "zhang").active_from == "2025-06-09"
    assert import_rows(house, rows[0], row(subject="li", authority_id=FIRE, name="李四")) == {
        "imported": "1",
        "unchanged": "1",
    }
    changed = entry_of(house, "li")
    assert (changed.name, changed.active_from, changed.etag) == ("李四", "2025-01-01", "2")
    id = {"official_id": changed.official_id}
    assert len(house.call("plans", "ListOfficialVersions", id, by=ADMIN).versions) == 2


@pytest.mark.parametrize(
    ("change", "column", "rule"),
    [
        ({"subject": ""}, "账号", "REQUIRED"),
        ({"subject": "reviewer", "authority_id": FIRE}, "账号", "OFFICIAL_EXISTS"),
        ({"roles": "审核"}, "角色", "CHOICE"),
        ({"roles": ""}, "角色", "REQUIRED"),
        ({"authority_id": "nobody"}, "统一社会信用代码", "UNKNOWN_AUTHORITY"),
        ({"active_from": "2025/1/1"}, "任职起始日期", "FORMAT"),
        ({"active_from": "2025-01-01", "active_until": "2024-01-01"}, "任职截止日期", "ORDER"),
    ],
)
def test_a_bad_row_of_officials_is_reported_by_column_and_rule(
    house: House, change: dict[str, str], column: str, rule: str
) -> None:
    report = import_rows(house, row(**change), row(subject="li"))
    assert report["imported"] == "1"
    (rejection,) = report["rejections"]
    assert (rejection["line"], rejection["column"], rejection["rule"]) == ("2", column, rule)


def test_a_head_imports_the_own_people_and_a_row_twice_must_say_the_same(house: House) -> None:
    rows = (row(authority_id=""), row(), row(name="别名"), row(subject="li", authority_id=FIRE))
    report = import_rows(house, *rows, by=HEAD)
    assert (report["imported"], report["unchanged"]) == ("1", "1")
    assert [(each["line"], each["rule"]) for each in report["rejections"]] == [("4", "DUPLICATE"), ("5", "NOT_YOURS")]


def test_the_sheet_of_officials_can_be_imported_again(house: House) -> None:
    head, *lines = sheet(house.call("plans", "ExportOfficials", by=HEAD).data)
    fields = {header: name for name, header in HEADERS.items()}
    rows = [{fields[h]: cell or "" for h, cell in zip(head, line, strict=True) if h in fields} for line in lines]
    assert [each["subject"] for each in rows] == ["planner", "colleague", "reviewer", "other-reviewer"]
    assert import_rows(house, *rows, by=HEAD) == {"unchanged": "4"}
    assert len(sheet(house.call("plans", "ExportOfficials", {"role": "OFFICIAL_ROLE_PLANNER"}, by=ADMIN).data)) == 3
