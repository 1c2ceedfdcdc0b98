"""What the public sees follows from what is announced, holds no more of persons than it must, and keeps its history."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from liangma.credit.v1 import disclosures_pb2, events_pb2
from liangma.plans.v1 import events_pb2 as plans
from liangma.sampling.v1 import events_pb2 as sampling
from liangma.tasks.v1 import events_pb2 as tasks

from services.chassis.identity import Principal
from tests.credit.people import (
    CITY,
    DISTRICT,
    DISTRICT_OFFICER,
    DOMAIN,
    FIRM,
    OFFICER,
    PERSON,
    PUBLIC,
    SHOP,
    SUPERVISOR,
    correct,
    disclosed,
    disclosed_result,
    know_authorities,
    know_objects,
    next_days,
    publish,
)
from tests.support.house import House, Refused, houses

house = houses("credit")


def history(house: House, disclosure_id: str) -> Any:
    return house.call("credit", "ListDisclosureHistory", {"disclosure_id": disclosure_id}, by=SUPERVISOR)


def published(house: House) -> list[str]:
    return [fact.kind for fact in house.announced("credit", events_pb2.DisclosurePublished)]


def plan(version: int = 1, **changes: Any) -> plans.PlanApproved:
    values: dict[str, Any] = {
        "plan_id": "p1",
        "version": version,
        "number": "渝司专查计划〔2025〕1号",
        "year": 2025,
        "name": "法律服务行业年度计划",
        "authority_id": CITY,
        "type": "CROSS_AGENCY",
        "lead_domain": DOMAIN,
        "joint_domains": ["市场监管"],
        "matter_ids": ["M1", "M2"],
        "scope": [DISTRICT],
        "methods": ["ON_SITE"],
        "starts_on": "2025-07-01",
        "ends_on": "2025-12-31",
    }
    return plans.PlanApproved(**(values | changes))


def draw(**changes: Any) -> sampling.DrawRevealed:
    values: dict[str, Any] = {
        "draw_id": "w1",
        "task_id": "t1",
        "round": 1,
        "commitment": "c" * 64,
        "transcript_sha256": "d" * 64,
        "frame_count": 100,
        "drawn_count": 9,
        "wanted_count": 10,
        "authority_id": CITY,
        "path": "/draws/w1",
        "title": "渝司专查〔2025〕1号 第1轮抽取",
    }
    return sampling.DrawRevealed(**(values | changes))


def formed(**changes: Any) -> tasks.TaskFormed:
    values: dict[str, Any] = {
        "task_id": "t1",
        "version": 2,
        "number": "渝司专查〔2025〕1号",
        "name": "专项检查",
        "kind": "SPECIAL",
        "nature": "FORMAL",
        "authority_id": CITY,
        "starts_on": "2025-06-01",
        "ends_on": "2025-06-30",
    }
    return tasks.TaskFormed(**(values | changes))


def test_an_approved_plan_is_disclosed(house: House) -> None:
    know_authorities(house)
    house.announce(plan())
    (found,) = disclosed(house)
    assert (found.number, found.title, found.authority_name) == (
        "渝司专查计划〔2025〕1号",
        "法律服务行业年度计划",
        "重庆市司法局",
    )
    assert (found.domain, found.happened_on, found.facts["matters"]) == (DOMAIN, "2025-07-01", "M1、M2")
    assert published(house) == ["PLAN"]


def test_a_plan_approved_again_is_a_new_version(house: House) -> None:
    house.announce(plan())
    house.announce(plan(version=4, name="改名的计划"))
    house.announce(plan(version=3, name="迟到的计划"))
    (found,) = disclosed(house)
    assert (found.title, found.revision) == ("改名的计划", 3)
    titles = [revision.title for revision in history(house, found.disclosure_id).revisions]
    assert titles == ["法律服务行业年度计划", "迟到的计划", "改名的计划"]
    assert published(house) == ["PLAN", "PLAN"]


def test_a_revealed_draw_is_disclosed_with_what_is_needed_to_check_it(house: House) -> None:
    house.announce(draw())
    (found,) = disclosed(house, kind="DISCLOSURE_KIND_DRAW")
    assert found.facts["commitment"] == "c" * 64
    assert found.facts["path"] == "/draws/w1"


def test_a_redraw_is_a_new_version_of_its_draw(house: House) -> None:
    house.announce(draw())
    house.announce(draw(round=2))
    (found,) = disclosed(house)
    assert (found.revision, found.facts["round"]) == (2, "2")


@pytest.mark.parametrize("draw_first", [True, False])
def test_the_draw_of_a_test_task_is_not_public_whatever_comes_first(house: House, draw_first: bool) -> None:
    facts = [draw(), formed(nature="TEST")]
    for fact in facts if draw_first else facts[::-1]:
        house.announce(fact)
    assert disclosed(house) == []


def test_a_purged_task_takes_its_disclosures_with_it(house: House) -> None:
    house.announce(draw())
    house.announce(tasks.TaskPurged(task_id="t1"))
    assert disclosed(house) == []
    (fact,) = house.announced("credit", events_pb2.DisclosureWithdrawn)
    assert (fact.kind, fact.subject_id, fact.reason) == ("DRAW", "w1", "TASK_PURGED")


def test_a_published_result_is_disclosed_and_its_task_with_the_first_of_them(house: House) -> None:
    house.announce(formed())
    assert disclosed(house) == []
    publish(house)
    publish(house, "i2", object_id=SHOP)
    assert published(house) == ["RESULT", "TASK", "RESULT"]
    (task,) = disclosed(house, kind="DISCLOSURE_KIND_TASK")
    assert (task.title, task.happened_on) == ("专项检查", "2025-06-01")
    found = disclosed_result(house)
    assert (found.object_id, found.object_name, found.adverse) == (FIRM, "甲公司", True)
    assert found.facts["finding_text"] == "发现问题待后续处理"


def test_a_test_result_is_not_disclosed(house: House) -> None:
    publish(house, nature="TEST")
    assert disclosed(house) == []


def test_each_authority_of_a_joint_inspection_has_its_own_disclosure(house: House) -> None:
    publish(house)
    publish(house, authority_id=DISTRICT)
    assert len(disclosed(house, subject_id="i1", kind="DISCLOSURE_KIND_RESULT")) == 2


def test_a_correction_is_a_new_version_and_the_earlier_stays_on_record(house: House) -> None:
    publish(house)
    next_days(house, 1)
    correct(house, summary="经复核已改正", finding="PROBLEM_CORRECTED")
    found = disclosed_result(house)
    assert (found.revision, found.facts["summary"]) == (2, "经复核已改正")
    entries = [
        (revision.revision, revision.action, revision.reason, revision.facts["summary"])
        for revision in history(house, found.disclosure_id).revisions
    ]
    assert entries == [
        (1, "DISCLOSED", "", "未按规定公示收费标准"),
        (2, "CORRECTED", "录入有误", "经复核已改正"),
    ]


def test_a_version_that_comes_late_is_history_only(house: House) -> None:
    correct(house, summary="经复核已改正")
    publish(house)
    found = disclosed_result(house)
    assert found.facts["summary"] == "经复核已改正"
    actions = [revision.action for revision in history(house, found.disclosure_id).revisions]
    assert actions == ["DISCLOSED", "CORRECTED"]


@pytest.mark.parametrize("object_first", [True, False])
def test_of_a_natural_person_the_public_sees_hardly_anything(house: House, object_first: bool) -> None:
    if object_first:
        know_objects(house)
    publish(house, object_id=PERSON, object_name="张三")
    if not object_first:
        know_objects(house)
    found = disclosed_result(house)
    assert (found.object_id, found.object_name) == ("", "张*")
    assert house.call("credit", "GetDisclosure", {"disclosure_id": found.disclosure_id}, by=PUBLIC) == found
    assert disclosed(house, object_id=PERSON) == []
    assert disclosed(house, query="张三") == []
    (record,) = house.call("credit", "ListDisclosureRecords", {"object_id": PERSON}, by=SUPERVISOR).disclosures
    assert record.object_name == "张三"


def test_the_public_searches_by_words_and_filters(house: House) -> None:
    house.announce(plan())
    publish(house)
    publish(house, "i2", object_id=SHOP, object_name="乙100%商店", adverse=False, finding="NO_PROBLEM")

    def found(**filters: Any) -> set[str]:
        kinds = disclosed(house, **filters)
        return {f"{disclosures_pb2.DisclosureKind.Name(d.kind)[16:]}:{d.subject_id}" for d in kinds}

    everything = {"PLAN:p1", "TASK:t1", "RESULT:i1", "RESULT:i2"}
    assert found() == everything
    assert found(query="甲公司") == {"RESULT:i1"}
    assert found(query="100%") == {"RESULT:i2"}
    assert found(query="%") == {"RESULT:i2"}
    assert found(query="渝司专查计划") == {"PLAN:p1"}
    assert found(object_id=SHOP) == {"RESULT:i2"}
    assert found(adverse=True) == {"RESULT:i1"}
    assert found(authority_id=DISTRICT) == set()
    assert found(domain=DOMAIN) == everything - {"TASK:t1"}
    assert found(happened_from="2025-06-10") == {"PLAN:p1"}
    assert found(happened_until="2025-06-09") == {"RESULT:i1", "RESULT:i2"}


def test_a_search_is_read_page_by_page_newest_first(house: House) -> None:
    for n in range(4):
        publish(house, f"i{n}")
        house.pass_time(seconds=1)
    first = house.call("credit", "SearchDisclosures", {"page_size": 2, "kind": "DISCLOSURE_KIND_RESULT"}, by=PUBLIC)
    rest = {"page_size": 2, "kind": "DISCLOSURE_KIND_RESULT", "page_token": first.page.next_page_token}
    second = house.call("credit", "SearchDisclosures", rest, by=PUBLIC)
    assert [d.subject_id for d in (*first.disclosures, *second.disclosures)] == ["i3", "i2", "i1", "i0"]


@pytest.mark.parametrize(
    ("request_", "violations"),
    [
        ({"happened_from": "yesterday"}, {"happened_from": "FORMAT"}),
        ({"page_size": -1}, {"page_size": "RANGE"}),
        ({"page_token": "???"}, {"page_token": "FORMAT"}),
        ({"order_by": "title"}, {"order_by": "CHOICE"}),
    ],
)
def test_a_bad_search_is_refused_by_field(house: House, request_: dict[str, Any], violations: dict[str, str]) -> None:
    with pytest.raises(Refused) as refusal:
        house.call("credit", "SearchDisclosures", request_, by=PUBLIC)
    assert refusal.value.violations == violations


def test_records_are_for_officials_each_officer_its_own_authoritys(house: House) -> None:
    publish(house)

    def seen(by: Principal) -> int:
        filters = {"kind": "DISCLOSURE_KIND_RESULT", "state": "DISCLOSURE_STATE_DISCLOSED", "authority_id": CITY}
        return len(house.call("credit", "ListDisclosureRecords", filters, by=by).disclosures)

    assert (seen(SUPERVISOR), seen(OFFICER), seen(DISTRICT_OFFICER)) == (1, 1, 0)
    for method, request in (
        ("ListDisclosureRecords", {}),
        ("ListDisclosureHistory", {"disclosure_id": disclosed_result(house).disclosure_id}),
    ):
        with pytest.raises(Refused) as refusal:
            house.call("credit", method, request, by=PUBLIC)
        assert refusal.value.code is grpc.StatusCode.UNAUTHENTICATED


def test_what_was_never_disclosed_is_not_found(house: House) -> None:
    with pytest.raises(Refused) as refusal:
        house.call("credit", "GetDisclosure", {"disclosure_id": "x"}, by=PUBLIC)
    assert refusal.value.code is grpc.StatusCode.NOT_FOUND
