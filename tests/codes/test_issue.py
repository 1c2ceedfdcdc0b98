"""Codes are issued on dispatch, counted and refused by the rules, on every database."""

from __future__ import annotations

from typing import Any

import pytest
from liangma.codes.v1 import events_pb2
from liangma.sampling.v1 import events_pb2 as sampling
from liangma.tasks.v1 import events_pb2 as tasks

from services.chassis.bus import NotYet
from tests.codes import city
from tests.support.house import House, houses

house = houses("codes")


@pytest.fixture(autouse=True)
def _settled(house: House) -> None:
    city.settle_in(house)


def counts(house: House) -> dict[tuple[str, str], int]:
    """Visits by (authority, matter) at the shop in 2025."""
    with house.work("codes") as work:
        rows = work.session.execute(work.tables["visit_counts"].select()).all()
    return {(row.authority_id, row.matter_id): row.visits for row in rows if row.object_id == city.SHOP}


def test_a_dispatched_inspection_gets_a_signed_code(house: House) -> None:
    (issued,) = city.issue(house)
    code = house.call("codes", "GetCode", {"code_id": issued.code_id}, by=city.INSPECTOR)
    assert issued.text.startswith("HTTPS://127.0.0.1:8080/V/")
    assert (code.text, code.object_name, code.task_number) == (issued.text, "渝北小店", "渝司专查〔2025〕27号")
    assert code.valid_from.ToJsonString() == "2025-06-08T16:00:00Z"
    assert code.valid_to.ToJsonString() == "2025-06-20T16:00:00Z"
    assert (code.etag, list(code.warnings), issued.kind) == ("1", [], "SINGLE")


def test_a_redelivered_dispatch_issues_nothing_more(house: House) -> None:
    one = city.inspection()
    assert len(city.issue(house, one)) == 1
    assert city.issue(house, one) == []
    assert counts(house)[city.JUSTICE, ""] == 1


def test_an_off_site_inspection_gets_no_code(house: House) -> None:
    assert city.issue(house, method="DOCUMENTARY") == []
    assert counts(house) == {}


def test_a_visit_over_the_cap_is_intercepted_with_its_figures(house: House) -> None:
    house.announce(city.cap(2))
    assert len(city.issue(house, city.inspection(), city.inspection(), city.inspection())) == 2
    (refused,) = city.intercepted(house)
    assert (refused.rule, refused.authority_id, refused.count, refused.cap) == ("ANNUAL_CAP", city.JUSTICE, 2, 2)
    assert refused.message == (
        "重庆市司法局2025年度对渝北小店的现场检查已达2次，年度频次上限为2次，予以拦截，不生成检查码"
    )
    assert counts(house)[city.JUSTICE, ""] == 2
    (listed,) = house.call("codes", "ListInterceptions", {}, by=city.MANAGER).interceptions
    assert (listed.rule, listed.object_name, listed.count) == ("ANNUAL_CAP", "渝北小店", 2)
    assert not house.call("codes", "ListInterceptions", {}, by=city.OTHER_MANAGER).interceptions


def test_a_limit_on_a_matter_binds_that_matter_only(house: House) -> None:
    house.announce(city.cap(1, matter=city.MATTER))
    other = city.inspection(city.SHOP, city.part(matters=[city.OTHER_MATTER]))
    assert len(city.issue(house, city.inspection(), city.inspection(), other)) == 2
    (refused,) = city.intercepted(house)
    assert (refused.rule, refused.count, refused.cap) == ("MATTER_CAP", 1, 1)


def test_an_authoritys_own_cap_beats_its_regions_and_the_nearer_region_the_wider(house: House) -> None:
    house.announce(city.authority(city.FARMING, "渝北区农业农村委", region="500112", version=2))
    house.announce(city.cap(0, authority="", region="50"))
    house.announce(city.cap(1, authority="", region="500112"))
    farming = city.part(city.FARMING, city.OTHER_TEAM)
    assert len(city.issue(house, city.inspection(city.SHOP, farming))) == 1
    assert city.issue(house) == []
    house.announce(city.cap(5))
    assert len(city.issue(house)) == 1


def test_a_lifted_cap_binds_nobody_until_it_is_set_again(house: House) -> None:
    cap = city.cap(0)
    house.announce(cap)
    assert city.issue(house) == []
    cap.version, cap.lifted = 2, True
    house.announce(cap)
    assert len(city.issue(house)) == 1
    late = city.cap(0)
    house.announce(late)
    assert len(city.issue(house)) == 1
    cap.version, cap.lifted = 3, False
    house.announce(cap)
    assert city.issue(house) == []


def test_another_years_cap_does_not_bind(house: House) -> None:
    house.announce(city.cap(0, year=2024))
    assert len(city.issue(house)) == 1


def test_the_second_visit_of_an_authority_in_a_year_is_flagged_as_duplicate(house: House) -> None:
    (first,) = city.issue(house)
    (second,) = city.issue(house)
    assert (list(first.warnings), list(second.warnings)) == ([], ["DUPLICATE"])
    assert city.warned(house) == ["DUPLICATE"]


def test_a_joint_visit_counts_once_for_each_authority_and_is_whole_or_not_at_all(house: House) -> None:
    house.announce(city.cap(1, authority=city.FARMING))
    both = city.part(), city.part(city.FARMING, city.OTHER_TEAM)
    (joint,) = city.issue(house, city.inspection(city.SHOP, *both), code_kind="JOINT")
    assert joint.kind == "JOINT"
    assert counts(house) == {
        (city.JUSTICE, ""): 1,
        (city.JUSTICE, city.MATTER): 1,
        (city.FARMING, ""): 1,
        (city.FARMING, city.MATTER): 1,
    }
    assert city.issue(house, city.inspection(city.SHOP, *both), code_kind="JOINT") == []
    assert city.intercepted(house)[0].authority_id == city.FARMING
    assert counts(house)[city.JUSTICE, ""] == 1


def test_a_test_task_gets_codes_that_count_nowhere(house: House) -> None:
    house.announce(city.cap(0))
    assert len(city.issue(house, city.inspection(), city.inspection(), nature="TEST")) == 2
    assert counts(house) == {}
    assert city.warned(house) == []


def test_a_whitelisted_object_is_not_visited_without_a_lead(house: House) -> None:
    house.announce(city.whitelisted())
    led = city.inspection(lead=("投诉", "12315 工单 2025-001"))
    (issued,) = city.issue(house, city.inspection(), led)
    assert city.intercepted(house)[0].rule == "WHITELIST"
    code = house.call("codes", "GetCode", {"code_id": issued.code_id}, by=city.MANAGER)
    assert (code.lead_kind, code.lead_detail) == ("投诉", "12315 工单 2025-001")


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"active": False}, 1),
        ({"authority_id": city.FARMING}, 1),
        ({"object_id": city.FARM}, 1),
        ({"ends_on": "2025-06-08"}, 1),
        ({"starts_on": "2025-06-10"}, 1),
        ({"object_id": "", "matter_id": city.MATTER}, 0),
        ({"object_id": "", "matter_id": city.OTHER_MATTER}, 1),
    ],
)
def test_a_whitelist_binds_its_own_authority_object_matter_and_time(
    house: House, changes: dict[str, Any], codes: int
) -> None:
    house.announce(city.whitelisted(**changes))
    assert len(city.issue(house)) == codes


def test_an_authority_off_the_subject_list_gets_no_code(house: House) -> None:
    house.announce(city.authority(city.JUSTICE, "重庆市司法局", listed="2025-06-30", version=2))
    assert city.issue(house) == []
    assert city.intercepted(house)[0].rule == "OFF_SUBJECT_LIST"
    assert len(city.issue(house, starts_on="2025-07-01", ends_on="2025-07-02")) == 1


def test_an_object_matched_into_a_joint_task_is_not_visited_alone(house: House) -> None:
    participants = [sampling.MatchParticipant(authority_id=city.JUSTICE, task_id="task-1", matter_ids=[city.MATTER])]
    match = sampling.JointMatch(
        match_id="m1", object_id=city.SHOP, lead_id=city.FARMING, participants=participants, lead_rule="LEVEL"
    )
    house.announce(sampling.JointMatched(window_id="w", window_name="2025年第三季度", matches=[match]))
    assert len(city.issue(house, city.inspection(), city.inspection(city.FARM))) == 1
    assert city.intercepted(house)[0].rule == "MERGED"
    assert len(city.issue(house, task_id="joint-task")) == 1


def test_a_survey_gets_one_code_without_an_object(house: House) -> None:
    (issued,) = city.issue(house, city.inspection(""), code_kind="SURVEY")
    assert issued.kind == "SURVEY"
    assert counts(house) == {}


@pytest.mark.parametrize(
    "unknown",
    [
        city.inspection("91500000UNKNOWN000"),
        city.inspection(city.SHOP, city.part("11500000000000000X")),
        city.inspection(city.SHOP, city.part(team=["50010000000"])),
    ],
)
def test_a_dispatch_waits_for_what_it_builds_on(house: House, unknown: tasks.DispatchedInspection) -> None:
    with pytest.raises(NotYet):
        house.announce(city.dispatched(city.inspection(), unknown))
    assert counts(house) == {}


def test_cancelling_revokes_the_code_and_gives_the_count_back(house: House) -> None:
    house.announce(city.cap(1))
    one = city.inspection()
    (issued,) = city.issue(house, one)
    house.announce(tasks.TaskCancelled(task_id="task-1", reason="天气原因", inspection_ids=[one.inspection_id]))
    assert [fact.code_id for fact in house.announced("codes", events_pb2.CodeRevoked)] == [issued.code_id]
    assert counts(house) == {(city.JUSTICE, ""): 0, (city.JUSTICE, city.MATTER): 0}
    assert len(city.issue(house)) == 1


def test_a_cancellation_that_overtakes_its_dispatch_still_holds(house: House) -> None:
    one = city.inspection()
    house.announce(
        tasks.InspectionsCancelled(task_id="task-1", inspection_ids=[one.inspection_id], cause="MERGED", reason="并入")
    )
    assert city.issue(house, one) == []


def test_a_cancelled_task_that_names_no_inspections_loses_all_codes(house: House) -> None:
    city.issue(house, city.inspection(), city.inspection(city.FARM))
    house.announce(tasks.TaskCancelled(task_id="task-1", reason="计划调整"))
    assert len(house.announced("codes", events_pb2.CodeRevoked)) == 2


def test_a_visit_that_took_place_stays_counted_when_its_task_is_cancelled(house: House) -> None:
    one = city.inspection()
    (issued,) = city.issue(house, one)
    city.verify(house, issued.text)
    city.scan(house, city.enterprise_code(house), issued.code_id)
    house.announce(tasks.TaskCancelled(task_id="task-1", inspection_ids=[one.inspection_id]))
    assert counts(house)[city.JUSTICE, ""] == 1


def test_a_purged_test_task_vanishes_but_its_codes_stay_revoked(house: House) -> None:
    one = city.inspection()
    (issued,) = city.issue(house, one, nature="TEST")
    city.verify(house, issued.text)
    house.announce(tasks.TaskPurged(task_id="task-1", inspection_ids=[one.inspection_id]))
    assert not house.call("codes", "ListCodes", {}, by=city.ADMINISTRATOR).codes
    check = house.call("codes", "CheckInspectionCode", {"text": issued.text}, by=city.PUBLIC)
    assert (
        check.verdict == check.DESCRIPTOR.fields_by_name["verdict"].enum_type.values_by_name["VERDICT_REVOKED"].number
    )
    assert city.issue(house, one) == []


def test_a_large_task_that_is_called_off_or_purged_is_told_of_in_several_facts(house: House) -> None:
    one, two = city.inspection(), city.inspection(city.FARM)
    city.issue(house, one, two, nature="TEST")
    for fact in (tasks.TaskCancelled, tasks.TaskPurged):
        house.announce(fact(task_id="task-1", inspection_ids=[one.inspection_id]))
    assert len(house.announced("codes", events_pb2.CodeRevoked)) == 1
    (left,) = house.call("codes", "ListCodes", {}, by=city.ADMINISTRATOR).codes
    assert left.inspection_id == two.inspection_id
    for fact in (tasks.TaskCancelled, tasks.TaskPurged):
        house.announce(fact(task_id="task-1", inspection_ids=[two.inspection_id]))
    assert len(house.announced("codes", events_pb2.CodeRevoked)) == 2
    assert not house.call("codes", "ListCodes", {}, by=city.ADMINISTRATOR).codes


def test_a_reassigned_inspector_gets_a_new_code_and_the_old_one_is_revoked(house: House) -> None:
    house.announce(city.cap(1))
    one = city.inspection()
    (old,) = city.issue(house, one)
    house.announce(city.inspectors(("50010012347", "周", city.JUSTICE, "2027-12-31")))
    house.announce(
        tasks.InspectorReassigned(
            inspection_id=one.inspection_id,
            authority_id=city.JUSTICE,
            certificate=city.TEAM[1],
            substitute_certificate="50010012347",
            certificates=[city.TEAM[0], "50010012347"],
            reason="病假",
        )
    )
    new = house.announced("codes", events_pb2.CodeIssued)[-1].codes[0]
    assert new.code_id != old.code_id
    assert house.announced("codes", events_pb2.CodeRevoked)[0].reason == "SUPERSEDED"
    code = house.call("codes", "GetCode", {"code_id": new.code_id}, by=city.INSPECTOR)
    assert list(code.parts[0].certificates) == [city.TEAM[0], "50010012347"]
    assert (counts(house)[city.JUSTICE, ""], list(new.warnings)) == (1, [])


def test_a_visit_that_is_decided_anew_and_refused_says_which_code_was_taken_back(house: House) -> None:
    one = city.inspection()
    (old,) = city.issue(house, one)
    house.announce(city.whitelisted())
    house.announce(
        tasks.InspectorReassigned(
            inspection_id=one.inspection_id,
            authority_id=city.JUSTICE,
            certificate=city.TEAM[1],
            substitute_certificate=city.EXPIRED,
            certificates=[city.TEAM[0], city.EXPIRED],
            reason="病假",
        )
    )
    (refused,) = city.intercepted(house)
    assert (refused.rule, refused.revoked_code_id) == ("WHITELIST", old.code_id)
    assert house.announced("codes", events_pb2.CodeRevoked)[0].code_id == old.code_id
    assert counts(house).get((city.JUSTICE, ""), 0) == 0


def test_a_visit_that_is_refused_at_once_had_no_code(house: House) -> None:
    house.announce(city.whitelisted())
    city.issue(house)
    (refused,) = city.intercepted(house)
    assert refused.revoked_code_id == ""


def test_reassigning_before_the_dispatch_is_known_waits(house: House) -> None:
    with pytest.raises(NotYet):
        house.announce(tasks.InspectorReassigned(inspection_id="nowhere", authority_id=city.JUSTICE))


def test_what_is_wrong_with_a_visit_is_told_to_the_supervisor(house: House) -> None:
    expired = city.part(team=[city.TEAM[0], city.EXPIRED])
    city.issue(house, city.inspection(city.FAR_SHOP, expired))
    assert sorted(city.warned(house)) == ["EXPIRED_CERTIFICATE", "OUT_OF_REGION"]


def test_many_visits_in_a_short_time_are_told_to_the_supervisor(house: House) -> None:
    for _ in range(4):
        city.issue(house)
    assert city.warned(house).count("FREQUENT") == 1
    assert city.warned(house).count("DUPLICATE") == 3


def test_visits_of_many_authorities_are_told_but_a_joint_one_is_one_visit(house: House) -> None:
    third = "11500000009275789D"
    house.announce(city.authority(third, "重庆市消防局"))
    joint = city.inspection(city.SHOP, city.part(), city.part(city.FARMING, city.OTHER_TEAM), city.part(third))
    city.issue(house, joint, code_kind="JOINT")
    assert city.warned(house) == []
    city.issue(house, city.inspection(city.SHOP, city.part(city.FARMING, city.OTHER_TEAM)))
    city.issue(house, city.inspection(city.SHOP, city.part(third)))
    assert city.warned(house).count("MULTI_AGENCY") == 1


def test_a_certificate_that_runs_out_while_a_visit_waits_is_told_once(house: House) -> None:
    house.announce(city.inspectors((city.TEAM[1], "韩梅梅", city.JUSTICE, "2025-06-12"), version=2))
    city.issue(house)
    house.fire("codes", "warn_of_expired_certificates")
    assert city.warned(house) == []
    house.pass_time(days=4)
    house.fire("codes", "warn_of_expired_certificates")
    house.fire("codes", "warn_of_expired_certificates")
    assert city.warned(house) == ["EXPIRED_CERTIFICATE"]


def test_an_older_state_of_an_object_does_not_replace_a_newer(house: House) -> None:
    house.announce(city.objects((city.SHOP, "新店名", "500105"), version=3))
    house.announce(city.objects((city.SHOP, "旧店名", "500105"), version=2))
    (issued,) = city.issue(house)
    assert house.call("codes", "GetCode", {"code_id": issued.code_id}, by=city.OWNER).object_name == "新店名"
