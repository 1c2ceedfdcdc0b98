"""Joint windows (TJ 2): several authorities draw with one seed and meet at the same objects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import grpc
import pytest
from liangma.plans.v1 import events_pb2 as plans
from liangma.sampling.v1 import events_pb2, sampling_pb2
from liangma.tasks.v1 import events_pb2 as tasks

from services.chassis.identity import Principal
from services.chassis.unit_of_work import ChangedMeanwhile
from services.sampling.model.window import Days, JointWindow
from services.sampling.team_transcript import verify_teams
from services.sampling.transcript import verify
from tests.sampling import town
from tests.sampling.town import LEAD, MANAGER, PARTNER, PARTNER_MANAGER, STRANGER, STRANGER_MANAGER, SUPERVISOR
from tests.support.house import House, Refused, houses

house = houses("sampling")

FIRST_DAY = datetime(2025, 7, 1, 2, 0, tzinfo=UTC)


@pytest.fixture
def quarter(house: House) -> House:
    """The first day of a quarter; forty objects, three authorities, each with a planned task."""
    house.now = FIRST_DAY
    town.settle_objects(house, 40)
    for task_id, authority_id in (("t-lead", LEAD), ("t-partner", PARTNER), ("t-stranger", STRANGER)):
        parts = {authority_id: [f"M-{task_id}"]}
        planned = {"kind": "RANDOM", "plan_id": "plan", "authority_id": authority_id, "type": "OWN_AGENCY"}
        town.form_task(house, task_id, parts=parts, number=task_id, starts_on="2025-07-14", **planned)
    return house


WHO = {"t-lead": MANAGER, "t-partner": PARTNER_MANAGER, "t-stranger": STRANGER_MANAGER}


def open_window(house: House) -> str:
    window = house.call("sampling", "OpenJointWindow", {"year": 2025, "quarter": 3}, by=SUPERVISOR)
    return str(window.window_id)


def refused(house: House, method: str, request: Mapping[str, object], by: Principal = SUPERVISOR) -> Refused:
    with pytest.raises(Refused) as caught:
        house.call("sampling", method, request, by=by)
    return caught.value


def join(house: House, window_id: str, *task_ids: str, number: int = 20) -> dict[str, str]:
    """Draws of these tasks, joined; ids by task."""
    draws = {}
    for task_id in task_ids:
        draws[task_id] = town.open_draw(house, task_id, by=WHO[task_id], each={"number": number}, substitutes=2)
        town.commit(house, draws[task_id], by=WHO[task_id], window_id=window_id)
    return draws


def finish(house: House, window_id: str) -> Any:
    house.call("sampling", "CloseJointWindow", {"window_id": window_id}, by=SUPERVISOR)
    return house.call("sampling", "RevealJointWindow", {"window_id": window_id}, by=SUPERVISOR)


def winners(house: House, draw_id: str, by: Principal) -> set[str]:
    asked = {"draw_id": draw_id, "drawn_only": True, "page_size": 1000}
    return {each.object_id for each in house.call("sampling", "ListDrawnObjects", asked, by=by).objects}


def matches(house: House, window_id: str, **more: object) -> list[events_pb2.JointMatch]:
    asked = {"window_id": window_id, "page_size": 1000} | more
    return list(house.call("sampling", "ListJointMatches", asked, by=MANAGER).matches)


def test_a_window_is_the_first_five_working_days_of_a_quarter(house: House) -> None:
    window = house.call("sampling", "OpenJointWindow", {"year": 2025, "quarter": 4}, by=SUPERVISOR)
    assert (window.name, window.opens_on, window.closes_on) == ("2025年第四季度", "2025-10-09", "2025-10-14")
    assert (window.state, window.provisional) == (sampling_pb2.JOINT_WINDOW_STATE_OPEN, False)
    far = house.call("sampling", "OpenJointWindow", {"year": 2040, "quarter": 1}, by=SUPERVISOR)
    assert far.provisional
    again = refused(house, "OpenJointWindow", {"year": 2025, "quarter": 4})
    assert (again.code, again.metadata["window_id"]) == (grpc.StatusCode.ALREADY_EXISTS, window.window_id)
    assert refused(house, "OpenJointWindow", {"year": 2025, "quarter": 5}).violations == {"quarter": "RANGE"}
    assert refused(house, "OpenJointWindow", {"year": 20, "quarter": 1}).violations == {"year": "RANGE"}
    assert refused(house, "OpenJointWindow", {"year": 2025, "quarter": 1}, MANAGER).reason == "ROLE_NEEDED"
    listed = house.call("sampling", "ListJointWindows", {"year": 2025}, by=MANAGER).windows
    assert [each.window_id for each in listed] == [window.window_id]


def test_of_many_who_open_a_quarters_window_at_once_one_succeeds(house: House) -> None:
    together = Barrier(4)

    def attempt(_: int) -> tuple[str, str]:
        together.wait(timeout=30)
        try:
            opened = house.call("sampling", "OpenJointWindow", {"year": 2025, "quarter": 3}, by=SUPERVISOR)
        except Refused as refusal:
            return refusal.reason, refusal.metadata["window_id"]
        return "opened", str(opened.window_id)

    with ThreadPoolExecutor(4) as callers:
        answers = list(callers.map(attempt, range(4)))
    [window] = house.call("sampling", "ListJointWindows", {"year": 2025}, by=SUPERVISOR).windows
    refusals = [("WINDOW_EXISTS", window.window_id)] * 3
    assert sorted(answers) == [*refusals, ("opened", window.window_id)]


def test_the_database_itself_has_room_for_one_waiting_window_of_a_quarter(house: House) -> None:
    open_window(house)
    runtime = house.runtimes["sampling"]
    days = Days(FIRST_DAY.date(), FIRST_DAY.date())
    with (
        pytest.raises(ChangedMeanwhile),
        runtime.unit_of_work(principal=SUPERVISOR, now=FIRST_DAY) as work,
    ):
        work.add(JointWindow.opened(work.new_id(), 2025, 3, days, "0" * 64))


def test_one_seed_serves_all_draws_and_equal_frames_take_equal_objects(quarter: House) -> None:
    window_id = open_window(quarter)
    draws = join(quarter, window_id, *WHO)
    window = finish(quarter, window_id)
    assert window.state == sampling_pb2.JOINT_WINDOW_STATE_REVEALED
    assert list(window.draw_ids) == list(draws.values())
    taken = [winners(quarter, draw_id, WHO[task_id]) for task_id, draw_id in draws.items()]
    assert taken[0] == taken[1] == taken[2]
    assert {each.object_id for each in matches(quarter, window_id)} == taken[0]
    report = quarter.call("sampling", "GetJointWindowReport", {"window_id": window_id}, by=MANAGER)
    assert (report.draws, report.authorities, report.matches) == (3, 3, 20)
    assert (report.visits_apart, report.visits_together, report.visits_saved) == (60, 20, 40)
    for task_id, draw_id in draws.items():
        document = quarter.call("sampling", "GetTranscript", {"draw_id": draw_id}, by=MANAGER).data
        frame = quarter.call("sampling", "GetFrame", {"draw_id": draw_id}, by=MANAGER).data
        assert verify(document, frame, announced=window.commitment) == []
        assert json.loads(document)["seed"] == window.seed, task_id


def test_two_draws_of_one_authority_meet_in_internal_matches(quarter: House) -> None:
    planned = {"kind": "RANDOM", "plan_id": "plan", "authority_id": LEAD, "type": "OWN_AGENCY"}
    parts = {LEAD: ["M-other"]}
    town.form_task(quarter, "t-other", parts=parts, number="t-other", starts_on="2025-07-14", **planned)
    window_id = open_window(quarter)
    join(quarter, window_id, "t-lead", "t-partner", number=10)
    other = town.open_draw(quarter, "t-other", each={"number": 15}, substitutes=2)
    town.commit(quarter, other, window_id=window_id)
    window = finish(quarter, window_id)
    assert (window.match_count, window.internal_match_count) == (15 - 5, 0)
    quarter.call("sampling", "GetJointWindowReport", {"window_id": window_id}, by=MANAGER)
    again = open_window(quarter)
    late = {"kind": "RANDOM", "plan_id": "plan", "authority_id": LEAD, "type": "OWN_AGENCY"}
    for task_id in ("t-one", "t-two"):
        town.form_task(quarter, task_id, parts={LEAD: [f"M-{task_id}"]}, starts_on="2025-07-14", **late)
        draw_id = town.open_draw(quarter, task_id, each={"number": 10}, substitutes=2)
        town.commit(quarter, draw_id, window_id=again)
    finish(quarter, again)
    found = matches(quarter, again)
    assert {(each.lead_id, each.lead_rule) for each in found} == {(LEAD, "SAME_AUTHORITY")}
    assert [[p.task_id for p in each.participants] for each in found] == [["t-one", "t-two"]] * 10
    report = quarter.call("sampling", "GetJointWindowReport", {"window_id": again}, by=MANAGER)
    assert (report.matches, report.internal_matches, report.external_matches) == (10, 10, 0)
    assert (report.visits_apart, report.visits_together, report.visits_saved) == (20, 10, 10)


def test_matches_are_announced_with_their_lead_and_who_takes_part(quarter: House) -> None:
    town.know_authority(quarter, LEAD, "DISTRICT")
    town.know_authority(quarter, PARTNER, "CITY")
    window_id = open_window(quarter)
    join(quarter, window_id, "t-lead", "t-partner")
    finish(quarter, window_id)
    [fact] = quarter.announced("sampling", events_pb2.JointMatched)
    assert (fact.window_id, fact.window_name, len(fact.matches)) == (window_id, "2025年第三季度", 20)
    first = fact.matches[0]
    assert (first.lead_id, first.lead_rule) == (PARTNER, "LEVEL")
    assert [(p.authority_id, p.task_id, list(p.matter_ids)) for p in first.participants] == [
        (PARTNER, "t-partner", ["M-t-partner"]),
        (LEAD, "t-lead", ["M-t-lead"]),
    ]
    assert list(fact.matches) == matches(quarter, window_id)
    assert len(matches(quarter, window_id, authority_id=PARTNER)) == 20
    assert matches(quarter, window_id, authority_id=STRANGER) == []


def test_the_joint_list_decides_who_leads_before_all_else(quarter: House) -> None:
    town.know_authority(quarter, LEAD, "DISTRICT")
    town.know_authority(quarter, PARTNER, "CITY")
    members = [plans.JointListChanged.Member(authority_id=who) for who in (LEAD, PARTNER)]
    entry = plans.JointListChanged(joint_list_id="jl", version=1, trade="餐饮", lead_id=LEAD, members=members)
    quarter.announce(entry)
    window_id = open_window(quarter)
    join(quarter, window_id, "t-lead", "t-partner")
    finish(quarter, window_id)
    assert {(each.lead_id, each.lead_rule) for each in matches(quarter, window_id)} == {(LEAD, "JOINT_LIST")}


def test_draws_join_within_the_days_or_say_why_not(quarter: House) -> None:
    window_id = open_window(quarter)
    draw_id = town.open_draw(quarter, "t-lead")
    quarter.now = FIRST_DAY.replace(day=8)
    late = refused(quarter, "CommitDraw", {"draw_id": draw_id, "window_id": window_id}, MANAGER)
    assert (late.reason, late.metadata["last"]) == ("OUTSIDE_OF_WORKING_DAYS", "2025-07-07")
    committed = town.commit(quarter, draw_id, window_id=window_id, override_reason="系统故障顺延")
    assert (committed.round.override_reason, committed.round.window_id) == ("系统故障顺延", window_id)
    [fact] = quarter.announced("sampling", events_pb2.DrawCommitted)
    assert fact.window_id == window_id


def test_a_draw_in_a_window_is_revealed_by_its_window_alone(quarter: House) -> None:
    window_id = open_window(quarter)
    draws = join(quarter, window_id, "t-lead")
    refusal = refused(quarter, "RevealDraw", {"draw_id": draws["t-lead"]}, MANAGER)
    assert (refusal.reason, refusal.metadata["window_id"]) == ("REVEALED_BY_ITS_WINDOW", window_id)
    shown = quarter.call("sampling", "GetDraw", {"draw_id": draws["t-lead"]}, by=MANAGER)
    assert (list(shown.round.contributions), shown.round.seed) == ([], "")


def test_a_closed_window_takes_nothing_more_and_an_empty_one_does_not_close(quarter: House) -> None:
    window_id = open_window(quarter)
    asked = {"window_id": window_id}
    assert refused(quarter, "CloseJointWindow", asked).reason == "WINDOW_EMPTY"
    assert refused(quarter, "RevealJointWindow", asked).metadata == {"state": "OPEN", "needed": "CLOSED"}
    join(quarter, window_id, "t-lead")
    closed = quarter.call("sampling", "CloseJointWindow", asked, by=SUPERVISOR)
    assert (len(closed.commitment), closed.seed) == (64, "")
    draw_id = town.open_draw(quarter, "t-partner", by=PARTNER_MANAGER)
    for method, request, by in (
        ("CommitDraw", {"draw_id": draw_id}, PARTNER_MANAGER),
        ("AddWindowContribution", {"hash": "0" * 64}, MANAGER),
        ("CloseJointWindow", {}, SUPERVISOR),
    ):
        assert refused(quarter, method, request | asked, by).reason == "WINDOW_NOT_IN_STATE", method
    revealed = quarter.call("sampling", "RevealJointWindow", asked, by=SUPERVISOR)
    assert revealed.commitment == closed.commitment
    assert refused(quarter, "RevealJointWindow", asked).reason == "WINDOW_NOT_IN_STATE"
    assert refused(quarter, "GetJointWindow", {"window_id": "nobody"}).code is grpc.StatusCode.NOT_FOUND
    assert open_window(quarter) != window_id


def test_authorities_put_their_own_chance_into_the_windows_seed(quarter: House) -> None:
    window_id = open_window(quarter)
    asked = {"window_id": window_id}
    mine, my_hash = town.secret("partner")
    quarter.call("sampling", "AddWindowContribution", asked | {"hash": my_hash}, by=PARTNER_MANAGER)
    twice = refused(quarter, "AddWindowContribution", asked | {"hash": my_hash}, PARTNER_MANAGER)
    assert twice.code is grpc.StatusCode.ALREADY_EXISTS
    draws = join(quarter, window_id, "t-lead", "t-partner")
    early = refused(quarter, "RevealWindowContribution", asked | {"secret": mine}, PARTNER_MANAGER)
    assert early.reason == "WINDOW_NOT_IN_STATE"
    quarter.call("sampling", "CloseJointWindow", asked, by=SUPERVISOR)
    assert refused(quarter, "RevealJointWindow", asked).metadata["missing"] == PARTNER
    wrong = refused(quarter, "RevealWindowContribution", asked | {"secret": "00" * 32}, PARTNER_MANAGER)
    assert wrong.violations == {"secret": "SECRET_DOES_NOT_FIT"}
    quarter.call("sampling", "RevealWindowContribution", asked | {"secret": mine}, by=PARTNER_MANAGER)
    window = quarter.call("sampling", "RevealJointWindow", asked, by=SUPERVISOR)
    assert [c.contributor for c in window.contributions] == ["platform", PARTNER]
    assert all(len(c.secret) == 64 for c in window.contributions)
    document = quarter.call("sampling", "GetTranscript", {"draw_id": draws["t-lead"]}, by=MANAGER).data
    assert mine in json.loads(document)["secrets"]


def test_a_window_goes_on_without_who_keeps_a_secret_back(quarter: House) -> None:
    window_id = open_window(quarter)
    asked = {"window_id": window_id}
    secrets = {who: town.secret(who.authority or who.subject) for who in (PARTNER_MANAGER, SUPERVISOR)}
    for who, (_, hash) in secrets.items():
        quarter.call("sampling", "AddWindowContribution", asked | {"hash": hash}, by=who)
    draws = join(quarter, window_id, "t-lead", "t-partner")
    closed = quarter.call("sampling", "CloseJointWindow", asked, by=SUPERVISOR)
    assert closed.reveal_until.ToDatetime(UTC) == quarter.now + timedelta(hours=72)
    own = secrets[SUPERVISOR][0]
    quarter.call("sampling", "RevealWindowContribution", asked | {"secret": own}, by=SUPERVISOR)
    early = refused(quarter, "ReopenJointWindow", asked)
    assert (early.reason, early.code) == ("STILL_TIME_TO_REVEAL", grpc.StatusCode.FAILED_PRECONDITION)
    quarter.now += timedelta(hours=72)
    assert refused(quarter, "ReopenJointWindow", asked, MANAGER).reason == "ROLE_NEEDED"
    reopened = quarter.call("sampling", "ReopenJointWindow", asked, by=SUPERVISOR)
    assert (reopened.state, reopened.commitment) == (sampling_pb2.JOINT_WINDOW_STATE_OPEN, "")
    assert list(reopened.draw_ids) == list(draws.values())
    assert [c.contributor for c in reopened.contributions] == ["platform"]
    assert reopened.contributions[0].hash != closed.contributions[0].hash
    [left] = reopened.abandoned
    assert (left.commitment, list(left.missing), left.abandoned_by) == (
        closed.commitment,
        [PARTNER],
        SUPERVISOR.subject,
    )
    assert [(c.contributor, bool(c.secret)) for c in left.contributions] == [
        ("platform", True),
        (PARTNER, False),
        (SUPERVISOR.subject, True),
    ]
    known = refused(quarter, "AddWindowContribution", asked | {"hash": secrets[SUPERVISOR][1]})
    assert known.violations == {"hash": "HASH_USED_BEFORE"}
    soon = refused(quarter, "CloseJointWindow", asked)
    assert (soon.reason, soon.metadata["awaited"]) == ("CONTRIBUTIONS_AWAITED", SUPERVISOR.subject)
    barred = refused(quarter, "AddWindowContribution", asked | {"hash": "0" * 64}, PARTNER_MANAGER)
    assert barred.reason == "FAILED_TO_REVEAL"
    fresh, fresh_hash = town.secret("once more")
    quarter.call("sampling", "AddWindowContribution", asked | {"hash": fresh_hash}, by=SUPERVISOR)
    again = quarter.call("sampling", "CloseJointWindow", asked, by=SUPERVISOR)
    assert refused(quarter, "ReopenJointWindow", asked).reason == "STILL_TIME_TO_REVEAL"
    quarter.call("sampling", "RevealWindowContribution", asked | {"secret": fresh}, by=SUPERVISOR)
    assert refused(quarter, "ReopenJointWindow", asked).reason == "NOBODY_MISSING"
    done = quarter.call("sampling", "RevealJointWindow", asked, by=SUPERVISOR)
    assert (done.commitment, len(done.abandoned)) == (again.commitment, 1)
    document = quarter.call("sampling", "GetTranscript", {"draw_id": draws["t-lead"]}, by=MANAGER).data
    frame = quarter.call("sampling", "GetFrame", {"draw_id": draws["t-lead"]}, by=MANAGER).data
    assert verify(document, frame, announced=again.commitment) == []
    said = json.loads(document)["window"]["commitment"]["replaces"]
    assert said == {"previous": closed.commitment, "missing": [secrets[PARTNER_MANAGER][1]]}
    assert own not in json.loads(document)["secrets"]


def test_a_reopened_window_is_closed_without_those_who_give_no_secret_again(quarter: House) -> None:
    window_id = open_window(quarter)
    asked = {"window_id": window_id}
    for who in (PARTNER_MANAGER, SUPERVISOR):
        quarter.call("sampling", "AddWindowContribution", asked | {"hash": town.secret(who.subject)[1]}, by=who)
    join(quarter, window_id, "t-lead")
    quarter.call("sampling", "CloseJointWindow", asked, by=SUPERVISOR)
    own = town.secret(SUPERVISOR.subject)[0]
    quarter.call("sampling", "RevealWindowContribution", asked | {"secret": own}, by=SUPERVISOR)
    quarter.now += timedelta(hours=72)
    quarter.call("sampling", "ReopenJointWindow", asked, by=SUPERVISOR)
    assert refused(quarter, "CloseJointWindow", asked).reason == "CONTRIBUTIONS_AWAITED"
    quarter.now += timedelta(hours=24)
    assert finish(quarter, window_id).state == sampling_pb2.JOINT_WINDOW_STATE_REVEALED


def test_test_tasks_and_draws_with_contributions_of_their_own_do_not_join(quarter: House) -> None:
    window_id = open_window(quarter)
    town.form_task(quarter, "test", nature="TEST", parts={LEAD: ["M"]})
    draw_id = town.open_draw(quarter, "test")
    assert refused(quarter, "CommitDraw", {"draw_id": draw_id, "window_id": window_id}, MANAGER).reason == (
        "TEST_TASK_IN_WINDOW"
    )
    draw_id = town.open_draw(quarter, "t-lead")
    own = {"draw_id": draw_id, "hash": town.secret("own")[1]}
    quarter.call("sampling", "AddContribution", own, by=MANAGER)
    refusal = refused(quarter, "CommitDraw", {"draw_id": draw_id, "window_id": window_id}, MANAGER)
    assert refusal.reason == "OWN_CONTRIBUTIONS"


def test_a_redraw_leaves_an_open_window_but_tears_no_match_apart(quarter: House) -> None:
    window_id = open_window(quarter)
    draws = join(quarter, window_id, "t-lead", "t-partner")
    asked = {"draw_id": draws["t-lead"], "reason": "范围有误"}
    quarter.call("sampling", "RequestRedraw", asked, by=MANAGER)
    quarter.call("sampling", "ApproveRedraw", {"draw_id": draws["t-lead"]}, by=town.HEAD)
    window = quarter.call("sampling", "GetJointWindow", {"window_id": window_id}, by=MANAGER)
    assert list(window.draw_ids) == [draws["t-partner"]]
    town.commit(quarter, draws["t-lead"], window_id=window_id)
    quarter.call("sampling", "CloseJointWindow", {"window_id": window_id}, by=SUPERVISOR)
    closed = refused(quarter, "RequestRedraw", asked, MANAGER)
    assert (closed.reason, closed.metadata["state"]) == ("WINDOW_NOT_IN_STATE", "CLOSED")
    quarter.call("sampling", "RevealJointWindow", {"window_id": window_id}, by=SUPERVISOR)
    matched = refused(quarter, "RequestRedraw", asked, MANAGER)
    assert (matched.reason, matched.metadata["window_id"]) == ("ALREADY_MATCHED", window_id)
    document = quarter.call("sampling", "GetTranscript", {"draw_id": draws["t-lead"]}, by=MANAGER).data
    assert json.loads(document)["commitment"]["round"] == 2


def test_a_draw_that_comes_late_gets_a_seed_of_its_own(quarter: House) -> None:
    window_id = open_window(quarter)
    draws = join(quarter, window_id, "t-lead")
    window = finish(quarter, window_id)
    late = town.open_draw(quarter, "t-partner", by=PARTNER_MANAGER)
    town.commit(quarter, late, by=PARTNER_MANAGER)
    done = town.reveal(quarter, late, by=PARTNER_MANAGER)
    assert done.round.seed != window.seed
    assert matches(quarter, window_id) == []
    assert draws["t-lead"] in window.draw_ids


def test_inspectors_are_drawn_with_the_windows_seed(quarter: House) -> None:
    town.know_matters(quarter, **{"M-t-lead": "市场监管"})
    town.hire(quarter, 3)
    window_id = open_window(quarter)
    draws = join(quarter, window_id, "t-lead", number=4)
    window = finish(quarter, window_id)
    done = quarter.call("sampling", "DrawInspectors", {"task_id": "t-lead"}, by=MANAGER)
    assert (done.seed, done.team_count) == (window.seed, 4)
    teams = {"inspectors_draw_id": done.inspectors_draw_id}
    document = quarter.call("sampling", "GetInspectorsTranscript", teams, by=MANAGER).data
    of_draw = quarter.call("sampling", "GetTranscript", {"draw_id": draws["t-lead"]}, by=MANAGER).data
    assert verify_teams(document, json.loads(of_draw)) == []


def test_a_draw_that_is_forgotten_leaves_its_open_window(quarter: House) -> None:
    window_id = open_window(quarter)
    join(quarter, window_id, "t-lead")
    quarter.announce(tasks.TaskPurged(task_id="t-lead"))
    window = quarter.call("sampling", "GetJointWindow", {"window_id": window_id}, by=MANAGER)
    assert list(window.draw_ids) == []
