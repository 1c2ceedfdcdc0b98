"""Drawing inspectors, as the task's manager does it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import grpc
import pytest
from liangma.plans.v1 import events_pb2 as plans
from liangma.sampling.v1 import events_pb2

from services.chassis.identity import Principal
from services.sampling.team_transcript import verify_teams
from services.sampling.transcript import verify
from tests.sampling import town
from tests.sampling.town import ADMIN, LEAD, MANAGER, PARTNER, SUPERVISOR
from tests.support.house import House, Refused, houses

house = houses("sampling")


@pytest.fixture
def drawn(house: House) -> House:
    """A house with a revealed draw of three objects and inspectors of both authorities."""
    town.settle_objects(house, 10)
    town.form_task(house)
    town.know_matters(house, M1="市场监管", M2="消防")
    town.hire(house, 4)
    town.hire(house, 3, PARTNER, prefix="XF", domains="消防")
    draw_id = town.open_draw(house)
    town.commit(house, draw_id)
    town.reveal(house, draw_id)
    return house


def draw(house: House, by: Principal = MANAGER, **more: object) -> Any:
    return house.call("sampling", "DrawInspectors", {"task_id": "task-1"} | more, by=by)


def refused(house: House, request: Mapping[str, object] | None = None, by: Principal = MANAGER) -> Refused:
    with pytest.raises(Refused) as caught:
        draw(house, by, **(request or {}))
    return caught.value


def winners(house: House) -> list[str]:
    [fact] = house.announced("sampling", events_pb2.ObjectsDrawn)
    return [each.object_id for each in fact.objects if not each.substitute]


def test_each_object_gets_two_inspectors_of_each_authority_and_anybody_concerned_can_verify_it(drawn: House) -> None:
    done = draw(drawn)
    pairs = {(team.object_id, team.authority_id): list(team.certificates) for team in done.teams}
    assert set(pairs) == {(id, who) for id in winners(drawn) for who in (LEAD, PARTNER)}
    for (_, who), certificates in pairs.items():
        assert len(set(certificates)) == 2
        assert all(c.startswith("YC" if who == LEAD else "XF") for c in certificates)
    [fact] = drawn.announced("sampling", events_pb2.InspectorsDrawn)
    assert (fact.task_id, fact.inspectors_draw_id, list(fact.teams)) == (
        "task-1",
        done.inspectors_draw_id,
        list(done.teams),
    )
    asked = {"inspectors_draw_id": done.inspectors_draw_id}
    document = drawn.call("sampling", "GetInspectorsTranscript", asked, by=town.PARTNER_MANAGER).data
    objects = drawn.call("sampling", "GetTranscript", {"draw_id": done.draw_id}, by=MANAGER).data
    assert verify_teams(document, json.loads(objects)) == []
    assert drawn.call("sampling", "GetInspectorsDraw", asked, by=SUPERVISOR) == done


def test_loads_are_even_and_visits_that_wait_already_count(drawn: House) -> None:
    town.inspect(drawn, [town.code(9), town.code(10)], task_id="other", certificates=["YC-0001", "YC-0002"])
    times: dict[str, int] = {}
    for team in draw(drawn).teams:
        for certificate in team.certificates:
            times[certificate] = times.get(certificate, 0) + 1
    assert sum(times.get(c, 0) for c in ("YC-0003", "YC-0004")) >= 4
    assert sum(times.get(c, 0) for c in ("YC-0001", "YC-0002")) <= 2
    assert max(times[c] for c in times if c.startswith("XF")) == 2


def test_who_is_recused_expired_retired_or_of_another_region_or_domain_is_not_drawn(drawn: House) -> None:
    first = winners(drawn)[0]
    kept = {"certificate": "YC-0001", "object_id": first, "kind": "RECUSAL_KIND_INTEREST"}
    drawn.call("sampling", "DeclareRecusal", {"recusal": kept}, by=MANAGER)
    drawn.call("sampling", "RetireInspector", {"certificate": "YC-0002", "reason": "调离"}, by=ADMIN)
    refusal = refused(drawn, {"size": 3})
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "TEAMS_INFEASIBLE")
    assert f"{first}：需要 3 名检查人员，可用 2 名（辖区外 0，回避 1，领域不符 0）" in refusal.zh
    assert drawn.announced("sampling", events_pb2.InspectorsDrawn) == []
    town.hire(drawn, 1, prefix="EXPIRED", valid_until="2025-06-15")
    town.hire(drawn, 1, prefix="FAR", region="500101")
    town.hire(drawn, 1, prefix="OTHER", domains="司法")
    done = draw(drawn)
    teams = {team.object_id: set(team.certificates) for team in done.teams if team.authority_id == LEAD}
    assert "YC-0001" not in teams[first]
    assert set().union(*teams.values()) <= {"YC-0001", "YC-0003", "YC-0004"}


def test_a_withdrawn_recusal_no_longer_keeps_anybody_away(drawn: House) -> None:
    for object_id in winners(drawn):
        for certificate in ("YC-0001", "YC-0002", "YC-0003"):
            kept = {"certificate": certificate, "object_id": object_id, "kind": "RECUSAL_KIND_INTEREST"}
            drawn.call("sampling", "DeclareRecusal", {"recusal": kept}, by=MANAGER)
    assert refused(drawn).metadata == {"objects": "3", "lacks": "3"}
    for recusal in drawn.call("sampling", "ListRecusals", {"certificate": "YC-0003"}, by=MANAGER).recusals:
        ended = {"recusal_id": recusal.recusal_id, "reason": "已消除"}
        drawn.call("sampling", "WithdrawRecusal", ended, by=town.HEAD)
    assert draw(drawn).team_count == 6


def test_a_needed_qualification_is_in_every_team_and_an_expert_may_bring_it(drawn: House) -> None:
    drawn.announce(plans.MatterChanged(matter_id="M1", version=2, domain="市场监管", qualification="特种设备"))
    assert "特种设备" in refused(drawn).zh
    town.hire(drawn, 1, prefix="EXPERT", expert="是", domains="", qualifications="特种设备")
    done = draw(drawn)
    assert [list(team.experts) for team in done.teams if team.authority_id == LEAD] == [["EXPERT-0001"]] * 3
    assert all("EXPERT-0001" not in team.certificates for team in done.teams)


def test_drawing_again_gives_the_same_teams_and_both_stay_on_record(drawn: House) -> None:
    first, second = draw(drawn), draw(drawn)
    assert first.inspectors_draw_id != second.inspectors_draw_id
    assert list(first.teams) == list(second.teams)
    listed = drawn.call("sampling", "ListInspectorsDraws", {"task_id": "task-1"}, by=MANAGER).inspectors_draws
    assert [each.inspectors_draw_id for each in listed] == [second.inspectors_draw_id, first.inspectors_draw_id]
    assert [(each.team_count, len(each.teams)) for each in listed] == [(6, 0), (6, 0)]


def test_a_repeated_request_draws_once(drawn: House) -> None:
    assert draw(drawn, request_id="once") == draw(drawn, request_id="once")
    assert len(drawn.announced("sampling", events_pb2.InspectorsDrawn)) == 1


def test_objects_chosen_by_hand_get_inspectors_with_a_seed_of_their_own(drawn: House) -> None:
    town.form_task(drawn, "by-hand", selection="MANUAL", parts={LEAD: ["M1"]})
    chosen = [town.code(1), town.code(2)]
    done = draw(drawn, task_id="by-hand", object_ids=[*chosen, chosen[0]])
    assert {team.object_id for team in done.teams} == set(chosen)
    assert (done.draw_id, done.round, len(done.seed)) == ("", 0, 64)
    asked = {"inspectors_draw_id": done.inspectors_draw_id}
    assert verify_teams(drawn.call("sampling", "GetInspectorsTranscript", asked, by=MANAGER).data) == []
    again = draw(drawn, task_id="by-hand", object_ids=chosen)
    assert again.seed != done.seed


def test_a_substitute_is_staffed_with_the_seed_of_its_draw(drawn: House) -> None:
    [fact] = drawn.announced("sampling", events_pb2.ObjectsDrawn)
    substitute = next(each.object_id for each in fact.objects if each.substitute)
    done = draw(drawn, object_ids=[substitute])
    assert {team.object_id for team in done.teams} == {substitute}
    assert done.draw_id


def test_inspectors_are_not_drawn_where_they_are_assigned_or_where_nothing_is_known_yet(drawn: House) -> None:
    town.form_task(drawn, "assigned", staffing="ASSIGNED")
    assert refused(drawn, {"task_id": "assigned"}).reason == "INSPECTORS_ASSIGNED_BY_HAND"
    town.form_task(drawn, "undrawn")
    assert refused(drawn, {"task_id": "undrawn"}).reason == "NO_OBJECTS_YET"
    town.commit(drawn, town.open_draw(drawn, "undrawn"))
    assert refused(drawn, {"task_id": "undrawn"}).reason == "NO_OBJECTS_YET"
    town.form_task(drawn, "unheard", parts={LEAD: ["M77"]})
    unheard = refused(drawn, {"task_id": "unheard", "object_ids": [town.code(1)]})
    assert (unheard.code, unheard.metadata["matter_ids"]) == (grpc.StatusCode.UNAVAILABLE, "M77")
    assert refused(drawn, {"task_id": "nobody"}).code is grpc.StatusCode.NOT_FOUND
    assert refused(drawn, by=town.PARTNER_MANAGER).reason == "NOT_YOURS"
    assert refused(drawn, {"size": 1}).violations == {"size": "RANGE"}
    assert refused(drawn, {"object_ids": ["nobody"]}).violations == {"object_ids": "OBJECTS_UNKNOWN"}
    assert refused(drawn, {"object_ids": [str(n) for n in range(5001)]}).violations == {"object_ids": "TOO_MANY"}


def test_a_stranger_does_not_learn_who_goes_where(drawn: House) -> None:
    asked = {"inspectors_draw_id": draw(drawn).inspectors_draw_id}
    for method in ("GetInspectorsDraw", "GetInspectorsTranscript"):
        with pytest.raises(Refused) as caught:
            drawn.call("sampling", method, asked, by=town.STRANGER_MANAGER)
        assert caught.value.code is grpc.StatusCode.NOT_FOUND
    assert not drawn.call("sampling", "ListInspectorsDraws", {}, by=town.STRANGER_MANAGER).inspectors_draws


def replace(house: House, certificate: str, by: Principal = MANAGER, **more: object) -> Any:
    asked = {"task_id": "task-1", "certificate": certificate, "reason": "因病"} | more
    return house.call("sampling", "ReplaceDrawnInspector", asked, by=by)


def not_replaced(house: House, certificate: str, by: Principal = MANAGER, **more: object) -> Refused:
    with pytest.raises(Refused) as caught:
        replace(house, certificate, by, **more)
    return caught.value


def teams_of(done: Any) -> dict[tuple[str, str], list[str]]:
    return {(team.object_id, team.authority_id): list(team.certificates) for team in done.teams}


def test_who_falls_ill_is_replaced_by_lot_and_the_others_stay(drawn: House) -> None:
    first = draw(drawn)
    ill = first.teams[0].certificates[0]
    done = replace(drawn, ill)
    before = {pair: team for pair, team in teams_of(first).items() if ill in team}
    assert set(teams_of(done)) == set(before)
    for pair, team in teams_of(done).items():
        assert ill not in team
        assert team[: len(before[pair]) - 1] == [one for one in before[pair] if one != ill]
        assert len(set(team)) == 2
    assert (done.replaces, done.replaced_certificate, done.reason) == (first.inspectors_draw_id, ill, "因病")
    assert (done.draw_id, done.seed != first.seed) == ("", True)
    [fact] = drawn.announced("sampling", events_pb2.InspectorReplaced)
    assert (fact.task_id, fact.certificate, fact.reason, list(fact.teams)) == ("task-1", ill, "因病", list(done.teams))
    assert len(drawn.announced("sampling", events_pb2.InspectorsDrawn)) == 1


def test_a_replacement_can_be_verified_down_to_the_secret(drawn: House) -> None:
    first = draw(drawn)
    ill = first.teams[0].certificates[0]
    done = replace(drawn, ill)
    asked = {"inspectors_draw_id": done.inspectors_draw_id}
    document = drawn.call("sampling", "GetInspectorsTranscript", asked, by=MANAGER).data
    seed = drawn.call("sampling", "GetInspectorsSeed", asked, by=SUPERVISOR).data
    objects = sorted({team.object_id for team in done.teams})
    assert verify(seed, "".join(f"{id},ALL\n" for id in objects).encode()) == []
    assert verify_teams(document, json.loads(seed)) == []
    redraw = json.loads(seed)["commitment"]["redraw"]
    assert (redraw["reason"].endswith("：因病"), redraw["approved_by"]) == (True, "manager")
    with pytest.raises(Refused) as caught:
        drawn.call("sampling", "GetInspectorsSeed", {"inspectors_draw_id": first.inspectors_draw_id}, by=MANAGER)
    assert caught.value.reason == "SEED_OF_THE_DRAW"
    tampered = json.loads(document)
    tampered["teams"][0]["certificates"][-1] = ill
    assert verify_teams(tampered, json.loads(seed)) != []


def test_a_replacement_of_a_replacement_starts_from_the_teams_as_they_are(drawn: House) -> None:
    first = draw(drawn)
    ill = first.teams[0].certificates[0]
    second = replace(drawn, ill)
    then = second.teams[0].certificates[-1]
    third = replace(drawn, then, object_ids=[second.teams[0].object_id])
    [team] = third.teams
    assert ill not in team.certificates or team.certificates[0] != then
    assert then not in team.certificates
    listed = drawn.call("sampling", "ListInspectorsDraws", {"task_id": "task-1"}, by=MANAGER).inspectors_draws
    assert [each.replaced_certificate for each in listed] == [then, ill, ""]


def test_nobody_is_replaced_where_nobody_is_left_or_where_they_were_not_drawn(drawn: House) -> None:
    assert not_replaced(drawn, "YC-0001").reason == "NOT_DRAWN_THERE"
    done = draw(drawn)
    elsewhere = not_replaced(drawn, done.teams[0].certificates[0], object_ids=["nowhere"])
    assert elsewhere.reason == "NOT_DRAWN_THERE"
    assert not_replaced(drawn, "YC-0001", reason="").violations == {"reason": "REQUIRED"}
    ours = next(c for team in done.teams if team.authority_id == LEAD for c in team.certificates)
    assert not_replaced(drawn, ours, town.STRANGER_MANAGER).code is grpc.StatusCode.NOT_FOUND
    assert not_replaced(drawn, ours, town.PARTNER_MANAGER).reason == "NOT_YOURS"
    for certificate in {"YC-0001", "YC-0002", "YC-0003", "YC-0004"} - {ours}:
        drawn.call("sampling", "RetireInspector", {"certificate": certificate, "reason": "调离"}, by=ADMIN)
    refusal = not_replaced(drawn, ours)
    assert (refusal.reason, drawn.announced("sampling", events_pb2.InspectorReplaced)) == ("TEAMS_INFEASIBLE", [])


def test_a_partner_replaces_its_own_inspectors(drawn: House) -> None:
    done = draw(drawn)
    theirs = next(c for team in done.teams if team.authority_id == PARTNER for c in team.certificates)
    assert replace(drawn, theirs, town.PARTNER_MANAGER).replaced_certificate == theirs
