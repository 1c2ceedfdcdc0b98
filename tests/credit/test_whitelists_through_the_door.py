"""Whitelists: proposed by one, decided by the head, announced while they hold."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from liangma.credit.v1 import events_pb2, whitelists_pb2

from services.chassis.identity import Principal
from tests.credit.people import (
    CITY,
    DISTRICT,
    FIRM,
    HEAD,
    OTHER_HEAD,
    PLANNER,
    PLANNING_HEAD,
    SUPERVISOR,
    know_objects,
    next_days,
    person,
)
from tests.support.house import House, Refused, houses

bare_house = houses("credit")


@pytest.fixture
def house(bare_house: House) -> House:
    know_objects(bare_house)
    return bare_house


def propose(house: House, by: Principal = PLANNER, **changes: Any) -> Any:
    entry = {"objectId": FIRM, "reason": "连续三年未发现问题", "endsOn": "2025-12-31"} | changes
    return house.call("credit", "ProposeWhitelist", {"whitelist": entry}, by=by)


def do(house: House, verb: str, whitelist_id: str, by: Principal = HEAD, **more: Any) -> Any:
    return house.call("credit", f"{verb}Whitelist", {"whitelist_id": whitelist_id} | more, by=by)


def state(entry: Any) -> str:
    return whitelists_pb2.WhitelistState.Name(entry.state).removeprefix("WHITELIST_STATE_")


def facts(house: House) -> list[events_pb2.WhitelistChanged]:
    return house.announced("credit", events_pb2.WhitelistChanged)


def test_an_approved_entry_is_announced_with_its_term(house: House) -> None:
    entry = propose(house)
    assert (state(entry), entry.object_name, entry.starts_on) == ("PROPOSED", "甲公司", "2025-06-09")
    assert facts(house) == []
    approved = do(house, "Approve", entry.whitelist_id)
    assert (state(approved), approved.decided_by) == ("ACTIVE", "head")
    (fact,) = facts(house)
    assert fact == events_pb2.WhitelistChanged(
        whitelist_id=entry.whitelist_id,
        version=int(approved.etag),
        authority_id=CITY,
        object_id=FIRM,
        starts_on="2025-06-09",
        ends_on="2025-12-31",
        active=True,
    )


def test_an_ended_entry_is_announced_with_a_greater_version(house: House) -> None:
    entry = do(house, "Approve", propose(house).whitelist_id)
    ended = do(house, "End", entry.whitelist_id, reason="被投诉")
    assert (state(ended), ended.end_reason) == ("ENDED", "被投诉")
    first, last = facts(house)
    assert (first.active, last.active) == (True, False)
    assert last.version > first.version


def test_a_declined_entry_is_never_announced(house: House) -> None:
    declined = do(house, "Decline", propose(house).whitelist_id, reason="依据不足")
    assert (state(declined), declined.end_reason) == ("DECLINED", "依据不足")
    assert facts(house) == []


def test_the_proposer_does_not_decide(house: House) -> None:
    entry = propose(house)
    refusing: dict[str, Any] = {"reason": "x"}
    for verb, more in (("Approve", {}), ("Decline", refusing)):
        with pytest.raises(Refused) as refusal:
            do(house, verb, entry.whitelist_id, by=PLANNING_HEAD, **more)
        assert refusal.value.reason == "PROPOSER_DECIDES"


def test_the_head_of_another_authority_does_not_decide(house: House) -> None:
    entry = propose(house)
    with pytest.raises(Refused) as refusal:
        do(house, "Approve", entry.whitelist_id, by=OTHER_HEAD)
    assert refusal.value.reason == "NOT_YOURS"


def test_what_is_decided_is_not_decided_again(house: House) -> None:
    entry = do(house, "Approve", propose(house).whitelist_id)
    with pytest.raises(Refused) as refusal:
        do(house, "Decline", entry.whitelist_id, reason="x")
    assert refusal.value.reason == "WRONG_WHITELIST_STATE"
    assert refusal.value.metadata == {"state": "ACTIVE", "possible": "PROPOSED"}


def test_what_is_not_active_cannot_be_ended(house: House) -> None:
    with pytest.raises(Refused) as refusal:
        do(house, "End", propose(house).whitelist_id, reason="x")
    assert refusal.value.code is grpc.StatusCode.FAILED_PRECONDITION


def test_the_same_is_not_listed_twice_at_a_time(house: House) -> None:
    entry = propose(house)
    with pytest.raises(Refused) as refusal:
        propose(house)
    assert (refusal.value.code, refusal.value.reason) == (grpc.StatusCode.ALREADY_EXISTS, "LISTED_ALREADY")
    assert state(propose(house, matterId="M1")) == "PROPOSED"
    do(house, "Decline", entry.whitelist_id, reason="x")
    assert state(propose(house)) == "PROPOSED"


def test_a_matter_alone_may_be_listed(house: House) -> None:
    assert propose(house, objectId="", matterId="M1").matter_id == "M1"


@pytest.mark.parametrize(
    ("changes", "violations"),
    [
        ({"reason": ""}, {"whitelist.reason": "REQUIRED"}),
        ({"objectId": ""}, {"whitelist.object_id": "REQUIRED"}),
        ({"endsOn": "2025-06-08"}, {"whitelist.ends_on": "RANGE"}),
        ({"startsOn": "2026-01-01"}, {"whitelist.ends_on": "RANGE"}),
        ({"matterId": "M" * 65}, {"whitelist.matter_id": "LENGTH"}),
        ({"endsOn": "soon"}, {"ends_on": "FORMAT"}),
    ],
)
def test_a_bad_entry_is_refused_by_field(house: House, changes: dict[str, Any], violations: dict[str, str]) -> None:
    with pytest.raises(Refused) as refusal:
        propose(house, **changes)
    assert refusal.value.violations == violations


def test_an_object_the_directory_does_not_have_is_refused(house: House) -> None:
    with pytest.raises(Refused) as refusal:
        propose(house, objectId="nobody")
    assert (refusal.value.code, refusal.value.reason) == (grpc.StatusCode.NOT_FOUND, "NO_SUCH_OBJECT")


def test_an_entry_expires_after_its_last_day(house: House) -> None:
    entry = do(house, "Approve", propose(house, endsOn="2025-06-10").whitelist_id)
    next_days(house, 1)
    house.fire("credit", "expire_whitelists")
    assert len(facts(house)) == 1
    next_days(house, 1)
    house.fire("credit", "expire_whitelists")
    house.fire("credit", "expire_whitelists")
    assert [fact.active for fact in facts(house)] == [True, False]
    assert state(do(house, "Get", entry.whitelist_id)) == "EXPIRED"


def test_an_entry_whose_term_is_over_is_not_approved_any_more(house: House) -> None:
    entry = propose(house, endsOn="2025-06-10")
    next_days(house, 2)
    with pytest.raises(Refused) as refusal:
        do(house, "Approve", entry.whitelist_id)
    assert (refusal.value.reason, refusal.value.metadata["ends_on"]) == ("TERM_OVER", "2025-06-10")
    assert facts(house) == []
    do(house, "Decline", entry.whitelist_id, reason="期限已过")
    assert state(propose(house)) == "PROPOSED"


def test_an_entry_may_begin_later_and_have_no_end(house: House) -> None:
    entry = propose(house, startsOn="2025-07-01", endsOn="")
    do(house, "Approve", entry.whitelist_id)
    (fact,) = facts(house)
    assert (fact.starts_on, fact.ends_on, fact.active) == ("2025-07-01", "", True)
    next_days(house, 1000)
    house.fire("credit", "expire_whitelists")
    assert len(facts(house)) == 1


@pytest.mark.parametrize("verb", ["Decline", "End"])
def test_taking_off_and_declining_need_a_reason(house: House, verb: str) -> None:
    entry = propose(house)
    if verb == "End":
        do(house, "Approve", entry.whitelist_id)
    with pytest.raises(Refused) as refusal:
        do(house, verb, entry.whitelist_id)
    assert refusal.value.violations == {"reason": "REQUIRED"}
    done = do(house, verb, entry.whitelist_id, reason="不再符合条件")
    assert done.end_reason == "不再符合条件"


@pytest.mark.parametrize("role", ["inspector", "supervisor", "repair_officer", "enterprise", "administrator"])
def test_who_plans_for_no_authority_proposes_nothing(house: House, role: str) -> None:
    with pytest.raises(Refused) as refusal:
        propose(house, by=person("x", role, authority=CITY))
    assert refusal.value.code is grpc.StatusCode.PERMISSION_DENIED


def test_a_repeated_proposal_is_one_entry_and_a_stale_decision_is_refused(house: House) -> None:
    entry = {"objectId": FIRM, "reason": "连续三年未发现问题"}
    first, again = (
        house.call("credit", "ProposeWhitelist", {"whitelist": entry, "requestId": "r-1"}, by=PLANNER) for _ in range(2)
    )
    assert first.whitelist_id == again.whitelist_id
    with pytest.raises(Refused) as refusal:
        do(house, "Approve", first.whitelist_id, etag="7")
    assert refusal.value.code is grpc.StatusCode.ABORTED


def test_staff_see_their_own_authoritys_entries_and_supervisors_all(house: House) -> None:
    ours = propose(house)
    theirs = propose(house, by=person("p2", "planner", authority=DISTRICT))

    def seen(by: Principal, **filters: Any) -> list[str]:
        return [entry.whitelist_id for entry in house.call("credit", "ListWhitelists", filters, by=by).whitelists]

    assert seen(HEAD) == [ours.whitelist_id]
    assert seen(SUPERVISOR) == [theirs.whitelist_id, ours.whitelist_id]
    assert seen(SUPERVISOR, authority_id=CITY, object_id=FIRM, state="WHITELIST_STATE_PROPOSED") == [ours.whitelist_id]
    assert seen(SUPERVISOR, matter_id="M1") == []
    with pytest.raises(Refused) as refusal:
        do(house, "Get", theirs.whitelist_id)
    assert refusal.value.code is grpc.StatusCode.NOT_FOUND
