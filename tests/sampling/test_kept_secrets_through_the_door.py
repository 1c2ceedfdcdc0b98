"""A secret that is kept back: on record, at the cost of who did it, and never a choice between two outcomes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from liangma.sampling.v1 import events_pb2, sampling_pb2

from services.chassis.identity import NOBODY, Principal
from services.sampling.transcript import verify
from services.sampling.verifier import verify_proof
from tests.sampling import town
from tests.sampling.town import LEAD, MANAGER, PARTNER, PARTNER_MANAGER, SUPERVISOR
from tests.support.house import House, Refused, houses

house = houses("sampling")


@pytest.fixture
def ready(house: House) -> House:
    """A house with eight objects and a task."""
    town.settle_objects(house, 8)
    town.form_task(house)
    return house


def refused(house: House, method: str, request: Mapping[str, Any], by: Principal = MANAGER) -> Refused:
    with pytest.raises(Refused) as caught:
        house.call("sampling", method, request, by=by)
    return caught.value


def give(house: House, draw_id: str, by: Principal, of: str) -> Any:
    return house.call("sampling", "AddContribution", {"draw_id": draw_id, "hash": town.secret(of)[1]}, by=by)


def show(house: House, draw_id: str, by: Principal, of: str) -> Any:
    return house.call("sampling", "RevealContribution", {"draw_id": draw_id, "secret": town.secret(of)[0]}, by=by)


def rounds(house: House, draw_id: str) -> list[sampling_pb2.DrawRound]:
    return list(house.call("sampling", "ListDrawRounds", {"draw_id": draw_id}, by=MANAGER).rounds)


@pytest.fixture
def withheld(ready: House) -> str:
    """A committed draw of supervisor and partner, of whom only the partner has shown a secret."""
    draw_id = town.open_draw(ready)
    give(ready, draw_id, SUPERVISOR, "s1")
    give(ready, draw_id, PARTNER_MANAGER, "p1")
    town.commit(ready, draw_id)
    show(ready, draw_id, PARTNER_MANAGER, "p1")
    return draw_id


def files(house: House, draw_id: str, number: int) -> tuple[bytes, ...]:
    asked = {"draw_id": draw_id, "round": number}
    return tuple(house.call("sampling", name, asked, by=NOBODY).data for name in ("GetTranscript", "GetFrame"))


def test_a_commitment_can_be_read_by_everybody_before_anything_is_revealed(ready: House) -> None:
    draw_id = town.open_draw(ready)
    asked = {"draw_id": draw_id}
    assert refused(ready, "GetCommitment", asked, NOBODY).reason == "ROUND_NOT_COMMITTED"
    give(ready, draw_id, SUPERVISOR, "s1")
    committed = town.commit(ready, draw_id).round
    read = ready.call("sampling", "GetCommitment", asked, by=NOBODY)
    assert (read.commitment, read.state) == (committed.commitment, sampling_pb2.DRAW_STATE_COMMITTED)
    assert hashlib.sha256(read.document.encode()).hexdigest() == committed.commitment
    document = json.loads(read.document)
    assert document["contributions"] == [each.hash for each in read.contributions]
    assert [(each.contributor, each.secret) for each in read.contributions] == [("supervisor", ""), ("platform", "")]
    [listed] = ready.call("sampling", "ListCommitments", {}, by=NOBODY).commitments
    assert (listed.draw_id, listed.commitment, listed.document) == (draw_id, committed.commitment, "")
    assert listed.task_number == "渝司专查〔2025〕27号"
    show(ready, draw_id, SUPERVISOR, "s1")
    town.reveal(ready, draw_id)
    assert not ready.call("sampling", "ListCommitments", {"state": "DRAW_STATE_COMMITTED"}, by=NOBODY).commitments
    [closed] = ready.call("sampling", "ListCommitments", {"authority_id": LEAD}, by=NOBODY).commitments
    assert (closed.state, closed.commitment) == (sampling_pb2.DRAW_STATE_REVEALED, committed.commitment)
    assert closed.HasField("closed_at")


def test_announced_commitments_are_listed_newest_first_page_by_page(ready: House) -> None:
    town.form_task(ready, "task-2")
    first, second = town.open_draw(ready), town.open_draw(ready, "task-2")
    town.commit(ready, first)
    ready.pass_time(minutes=1)
    town.commit(ready, second)
    page = ready.call("sampling", "ListCommitments", {"page_size": 1}, by=NOBODY)
    rest = ready.call("sampling", "ListCommitments", {"page_token": page.page.next_page_token}, by=NOBODY)
    assert [each.draw_id for each in (*page.commitments, *rest.commitments)] == [second, first]


def test_a_commitment_says_until_when_secrets_are_shown_and_stands_until_then(ready: House, withheld: str) -> None:
    asked = {"draw_id": withheld}
    [committed] = rounds(ready, withheld)
    assert (committed.reveal_by.ToDatetime() - committed.committed_at.ToDatetime()).total_seconds() == 72 * 3600
    early = refused(ready, "AbandonCommitment", asked)
    assert (early.code, early.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "REVEALS_NOT_DUE")
    ready.fire("sampling", "finish_overdue_draws")
    assert [each.state for each in rounds(ready, withheld)] == [sampling_pb2.DRAW_STATE_COMMITTED]
    ready.pass_time(hours=72)
    show(ready, withheld, SUPERVISOR, "s1")
    assert refused(ready, "AbandonCommitment", asked).reason == "NOTHING_WITHHELD"
    assert refused(ready, "AbandonCommitment", asked, town.STRANGER_MANAGER).code is grpc.StatusCode.NOT_FOUND
    assert refused(ready, "AbandonCommitment", asked, PARTNER_MANAGER).reason == "NOT_YOURS"


def test_how_long_secrets_may_wait_has_bounds(ready: House) -> None:
    draw_id = town.open_draw(ready)
    assert refused(ready, "CommitDraw", {"draw_id": draw_id, "reveal_hours": 721}).violations == {
        "reveal_hours": "RANGE"
    }
    assert refused(ready, "CommitDraw", {"draw_id": draw_id, "reveal_hours": -1}).violations == {
        "reveal_hours": "RANGE"
    }
    done = town.commit(ready, draw_id, reveal_hours=2).round
    assert (done.reveal_by.ToDatetime() - done.committed_at.ToDatetime()).total_seconds() == 7200


def test_who_keeps_a_secret_back_is_named_and_dropped_and_the_rest_draw_with_fresh_ones(
    ready: House, withheld: str
) -> None:
    asked = {"draw_id": withheld}
    ready.pass_time(hours=72)
    renewing = ready.call("sampling", "AbandonCommitment", asked, by=SUPERVISOR)
    assert (renewing.state, renewing.round.number) == (sampling_pb2.DRAW_STATE_RENEWING, 2)
    [fact] = ready.announced("sampling", events_pb2.DrawAbandoned)
    assert (fact.draw_id, fact.round, list(fact.withheld), fact.authority_id) == (withheld, 1, ["supervisor"], LEAD)
    [listed] = ready.call("sampling", "ListCommitments", {"state": "DRAW_STATE_ABANDONED"}, by=NOBODY).commitments
    assert list(listed.withheld) == ["supervisor"]
    for method, request in (
        ("SetDrawScope", {"scope": {}}),
        ("SetDrawExclusions", {"exclusions": {}}),
        ("SetDrawQuotas", {"quotas": {"total": 1}}),
        ("RevealDraw", {}),
        ("RequestRedraw", {"reason": "再抽"}),
    ):
        assert refused(ready, method, asked | request).metadata["state"] == "RENEWING", method
    dropped = refused(ready, "AddContribution", asked | {"hash": town.secret("s2")[1]}, SUPERVISOR)
    assert (dropped.code, dropped.reason) == (grpc.StatusCode.PERMISSION_DENIED, "CONTRIBUTOR_DROPPED")
    newcomer = refused(ready, "AddContribution", asked | {"hash": town.secret("m")[1]})
    assert newcomer.reason == "NOT_AMONG_THOSE_WHO_REMAIN"
    again = refused(ready, "AddContribution", asked | {"hash": town.secret("p1")[1]}, PARTNER_MANAGER)
    assert again.violations == {"hash": "HASH_USED_BEFORE"}
    assert refused(ready, "CommitDraw", asked).metadata["awaited"] == PARTNER
    give(ready, withheld, PARTNER_MANAGER, "p2")
    ready.call("sampling", "ImportObjects", {"rows": [town.row(500)]}, by=town.ADMIN)
    committed = town.commit(ready, withheld).round
    assert [each.contributor for each in committed.contributions] == [PARTNER, "platform"]
    show(ready, withheld, PARTNER_MANAGER, "p2")
    town.reveal(ready, withheld)
    first, second = rounds(ready, withheld)
    assert (first.state, list(first.withheld)) == (sampling_pb2.DRAW_STATE_ABANDONED, ["supervisor"])
    assert first.frame_sha256 == second.frame_sha256
    assert {each.hash for each in first.contributions}.isdisjoint(each.hash for each in second.contributions)
    assert [f.round for f in ready.announced("sampling", events_pb2.DrawCommitted)] == [1, 2]


def test_the_record_of_an_abandoned_commitment_verifies_with_the_round_that_follows(
    ready: House, withheld: str
) -> None:
    assert refused(ready, "GetAbandonment", {"draw_id": withheld}, NOBODY).reason == "ROUND_NOT_ABANDONED"
    ready.pass_time(hours=72)
    ready.fire("sampling", "finish_overdue_draws")
    ready.pass_time(hours=24)
    ready.fire("sampling", "finish_overdue_draws")
    announced = ready.call("sampling", "GetCommitment", {"draw_id": withheld}, by=NOBODY)
    assert [each.contributor for each in announced.contributions] == ["platform"]
    town.reveal(ready, withheld)
    document, frame = files(ready, withheld, 2)
    record = json.loads(ready.call("sampling", "GetAbandonment", {"draw_id": withheld}, by=NOBODY).data)
    assert [(each["contributor"], "secret" in each) for each in record["contributions"]] == [
        ("supervisor", False),
        (PARTNER, True),
        ("platform", True),
    ]
    assert record["commitment_sha256"] == announced.previous
    assert verify(document, frame, announced=announced.commitment, previous=record) == []
    first, _ = rounds(ready, withheld)
    for change in (
        {"contributions": record["contributions"][1:]},
        {"contributions": [*record["contributions"][:2], record["contributions"][2] | {"secret": "0" * 64}]},
        {"commitment_sha256": "0" * 64},
    ):
        faults = verify(document, frame, previous=record | change)
        assert {fault.code for fault in faults} <= {"ABANDONED", "PREVIOUS_ROUND"}, change
        assert faults, change
    assert first.commitment == record["commitment_sha256"]


def test_the_platform_goes_on_by_itself_when_nobody_else_gives_a_secret(ready: House) -> None:
    draw_id = town.open_draw(ready)
    give(ready, draw_id, SUPERVISOR, "s1")
    town.commit(ready, draw_id)
    ready.pass_time(hours=72)
    ready.fire("sampling", "finish_overdue_draws")
    assert [each.state for each in rounds(ready, draw_id)] == [
        sampling_pb2.DRAW_STATE_ABANDONED,
        sampling_pb2.DRAW_STATE_COMMITTED,
    ]
    ready.fire("sampling", "finish_overdue_draws")
    ready.pass_time(hours=72)
    ready.fire("sampling", "finish_overdue_draws")
    assert rounds(ready, draw_id)[-1].state == sampling_pb2.DRAW_STATE_REVEALED
    document, frame = files(ready, draw_id, 2)
    assert verify(document, frame) == []
    one = {"draw_id": draw_id, "object_id": frame.decode().partition(",")[0]}
    verdict, faults = verify_proof(document, ready.call("sampling", "GetDrawProof", one, by=NOBODY).data)
    assert (faults, verdict and verdict.id) == ([], one["object_id"])


def test_a_draw_whose_secrets_are_all_there_is_revealed_when_its_time_is_over(ready: House) -> None:
    draw_id = town.open_draw(ready)
    give(ready, draw_id, SUPERVISOR, "s1")
    town.commit(ready, draw_id)
    show(ready, draw_id, SUPERVISOR, "s1")
    ready.pass_time(hours=72)
    ready.fire("sampling", "finish_overdue_draws")
    [only] = rounds(ready, draw_id)
    assert (only.state, only.number) == (sampling_pb2.DRAW_STATE_REVEALED, 1)


def test_a_request_for_a_redraw_is_decided_before_a_commitment_is_abandoned(ready: House, withheld: str) -> None:
    asked = {"draw_id": withheld}
    ready.call("sampling", "RequestRedraw", asked | {"reason": "名录有误"}, by=MANAGER)
    ready.pass_time(hours=72)
    ready.fire("sampling", "finish_overdue_draws")
    assert refused(ready, "AbandonCommitment", asked).reason == "REDRAW_PENDING"
    ready.call("sampling", "RejectRedraw", asked | {"reason": "不同意"}, by=town.HEAD)
    ready.fire("sampling", "finish_overdue_draws")
    assert rounds(ready, withheld)[-1].state == sampling_pb2.DRAW_STATE_RENEWING


def test_who_is_dropped_stays_out_after_a_redraw_too(ready: House, withheld: str) -> None:
    asked = {"draw_id": withheld}
    ready.pass_time(hours=72)
    ready.call("sampling", "AbandonCommitment", asked, by=MANAGER)
    give(ready, withheld, PARTNER_MANAGER, "p2")
    town.commit(ready, withheld)
    ready.call("sampling", "RequestRedraw", asked | {"reason": "名录有误"}, by=MANAGER)
    ready.call("sampling", "ApproveRedraw", asked, by=town.HEAD)
    fresh = asked | {"hash": town.secret("s3")[1]}
    assert refused(ready, "AddContribution", fresh, SUPERVISOR).reason == "CONTRIBUTOR_DROPPED"
    give(ready, withheld, PARTNER_MANAGER, "p3")


def test_the_platforms_secret_lies_sealed_in_the_database(ready: House) -> None:
    draw_id = town.open_draw(ready)
    window = ready.call("sampling", "OpenJointWindow", {"year": 2025, "quarter": 3}, by=town.ADMIN)
    town.commit(ready, draw_id)
    with ready.work("sampling") as work:
        kept = dict(work.session.execute(work.tables["sealed_secrets"].select()).all())
    assert set(kept) == {f"{draw_id}/1", window.window_id}
    done = town.reveal(ready, draw_id).round
    [own] = done.contributions
    assert all(bytes.fromhex(own.secret) not in sealed for sealed in kept.values())
    assert (ready.directory / "sampling.key").stat().st_mode & 0o777 == 0o600


def test_a_lost_key_file_makes_the_platform_the_one_who_kept_a_secret_back(ready: House) -> None:
    draw_id = town.open_draw(ready)
    town.commit(ready, draw_id)
    with ready.work("sampling") as work:
        table = work.tables["sealed_secrets"]
        work.session.execute(table.update().values(secret=b"\0" * 60))
    assert refused(ready, "RevealDraw", {"draw_id": draw_id}).reason == "SECRET_LOST"
    ready.pass_time(hours=72)
    ready.fire("sampling", "finish_overdue_draws")
    first, second = rounds(ready, draw_id)
    assert (list(first.withheld), second.state) == (["platform"], sampling_pb2.DRAW_STATE_COMMITTED)
    town.reveal(ready, draw_id)
    document, frame = files(ready, draw_id, 2)
    record = json.loads(ready.call("sampling", "GetAbandonment", {"draw_id": draw_id}, by=NOBODY).data)
    assert verify(document, frame, previous=record) == []


def at_once(house: House, *calls: tuple[str, Mapping[str, Any], Principal]) -> list[str]:
    """What became of calls that were made at the same moment: `OK`, or the reason of the refusal."""

    def outcome(method: str, request: Mapping[str, Any], by: Principal) -> str:
        try:
            house.call("sampling", method, request, by=by)
        except Refused as refusal:
            return refusal.reason
        return "OK"

    for _, _, by in calls:
        house.channel(by)
    with ThreadPoolExecutor(len(calls)) as pool:
        return sorted(done.result() for done in [pool.submit(outcome, *call) for call in calls])


def test_of_two_who_do_the_same_at_the_same_moment_exactly_one_wins(ready: House) -> None:
    draw_id = town.open_draw(ready)
    asked = {"draw_id": draw_id}
    assert at_once(ready, *[("CommitDraw", asked, MANAGER)] * 4) == ["DRAW_NOT_IN_STATE"] * 3 + ["OK"]
    assert len(ready.announced("sampling", events_pb2.DrawCommitted)) == 1
    assert at_once(ready, *[("RevealDraw", asked, MANAGER)] * 4) == ["DRAW_NOT_IN_STATE"] * 3 + ["OK"]
    assert len(ready.announced("sampling", events_pb2.DrawRevealed)) == 1


def test_who_comes_after_the_freeze_changes_nothing_however_close(ready: House) -> None:
    draw_id = town.open_draw(ready)
    asked = {"draw_id": draw_id}
    late = ("SetDrawQuotas", asked | {"quotas": {"total": 8}}, MANAGER)
    outcomes = at_once(ready, ("CommitDraw", asked, MANAGER), late, ("AddContribution", give_to(draw_id), SUPERVISOR))
    [committed] = rounds(ready, draw_id)
    announced = ready.call("sampling", "GetCommitment", asked, by=NOBODY)
    assert "OK" in outcomes
    assert announced.wanted_count == committed.wanted_count
    assert set(outcomes) <= {"OK", "DRAW_NOT_IN_STATE"}
    assert len(json.loads(announced.document)["contributions"]) == len(committed.contributions)


def give_to(draw_id: str) -> dict[str, str]:
    return {"draw_id": draw_id, "hash": town.secret("s1")[1]}


def test_an_abandonment_and_a_late_secret_at_the_same_moment_end_in_one_of_two_ways(
    ready: House, withheld: str
) -> None:
    ready.pass_time(hours=72)
    late = {"draw_id": withheld, "secret": town.secret("s1")[0]}
    outcomes = at_once(
        ready, ("AbandonCommitment", {"draw_id": withheld}, MANAGER), ("RevealContribution", late, SUPERVISOR)
    )
    assert outcomes in (["DRAW_NOT_IN_STATE", "OK"], ["NOTHING_WITHHELD", "OK"])
