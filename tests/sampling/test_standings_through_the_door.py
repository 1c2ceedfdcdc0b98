""" "Why me?": everybody can learn how they stand in a draw, and show that it is so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from liangma.codes.v1 import events_pb2 as codes
from liangma.sampling.v1 import standings_pb2 as pb
from liangma.tasks.v1 import events_pb2 as tasks

from gateway.app import build
from gateway.settings import GatewaySettings
from gateway.transcoder.contract import Contract
from services.chassis.identity import NOBODY, Principal
from services.sampling.verifier import verify_proof
from tests.gateway.support import quiet, served
from tests.sampling import town
from tests.sampling.town import MANAGER, STRANGER_MANAGER, SUPERVISOR
from tests.support.house import House, Refused, houses

house = houses("sampling")

KINDS = {value.number: value.name.removeprefix("STANDING_KIND_") for value in pb.StandingKind.DESCRIPTOR.values}


def enterprise(object_id: str) -> Principal:
    return Principal(f"boss of {object_id}", roles=frozenset({"enterprise"}), object=object_id)


@pytest.fixture
def revealed(house: House) -> tuple[House, str]:
    """A draw of three of eighteen, with two substitutes; two are left out, and one is elsewhere."""
    ids = town.settle_objects(house, 20)
    away = town.row(99, object_id=town.code(99, "500112"), region="渝北")
    house.call("sampling", "ImportObjects", {"rows": [away]}, by=town.ADMIN)
    town.form_task(house)
    draw_id = town.open_draw(house)
    exclusions = {"by_name": ids[:2]}
    house.call("sampling", "SetDrawExclusions", {"draw_id": draw_id, "exclusions": exclusions}, by=MANAGER)
    town.commit(house, draw_id)
    town.reveal(house, draw_id)
    return house, draw_id


def standing(house: House, draw_id: str, object_id: str, by: Principal | None = None) -> Any:
    asked = {"draw_id": draw_id, "object_id": object_id}
    return house.call("sampling", "GetDrawStanding", asked, by=by or enterprise(object_id))


def refused(house: House, method: str, request: Mapping[str, object], by: Principal) -> Refused:
    with pytest.raises(Refused) as caught:
        house.call("sampling", method, request, by=by)
    return caught.value


def files(house: House, draw_id: str, object_id: str) -> tuple[bytes, bytes]:
    document = house.call("sampling", "GetTranscript", {"draw_id": draw_id}, by=NOBODY).data
    asked = {"draw_id": draw_id, "object_id": object_id}
    return document, house.call("sampling", "GetDrawProof", asked, by=NOBODY).data


def test_everybody_learns_how_they_stand_and_why(revealed: tuple[House, str]) -> None:
    house, draw_id = revealed
    stands = {id: standing(house, draw_id, id) for id in (town.code(n) for n in range(1, 21))}
    kinds = [KINDS[each.kind] for each in stands.values()]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "EXCLUDED": 2,
        "DRAWN": 3,
        "SUBSTITUTE": 2,
        "NOT_DRAWN": 13,
    }
    assert {each.reason for each in stands.values() if each.kind == pb.STANDING_KIND_EXCLUDED} == {"按名单排除"}
    inside = [each for each in stands.values() if each.stratum]
    assert {(each.count, each.quota, each.chance, each.provable) for each in inside} == {(18, 3, "3/18", True)}
    by_ticket = sorted(inside, key=lambda each: each.ticket)
    assert [KINDS[each.kind] for each in by_ticket][:5] == ["DRAWN"] * 3 + ["SUBSTITUTE"] * 2
    assert [each.rank for each in by_ticket][:6] == [1, 2, 3, 1, 2, 0]
    assert {each.cut_off for each in inside} == {by_ticket[2].ticket}
    first = by_ticket[0]
    assert (first.task_name, first.task_number, first.round) == ("餐饮抽查", "渝司专查〔2025〕27号", 1)
    assert len(first.commitment) == 64
    away = town.code(99, "500112")
    assert standing(house, draw_id, away).kind == pb.STANDING_KIND_OUTSIDE


def test_the_proof_shows_what_the_standing_says_and_no_other_name(revealed: tuple[House, str]) -> None:
    house, draw_id = revealed
    frame = {town.code(n) for n in range(3, 21)}
    for id in frame:
        stands = standing(house, draw_id, id)
        document, proof = files(house, draw_id, id)
        assert not [other for other in frame - {id} if other.encode() in proof]
        verdict, faults = verify_proof(document, proof, announced=stands.commitment)
        assert faults == []
        assert verdict is not None
        assert (verdict.standing, verdict.ticket, verdict.cut_off, verdict.chance) == (
            KINDS[stands.kind],
            stands.ticket,
            stands.cut_off,
            stands.chance,
        )
    gone = {"draw_id": draw_id, "object_id": town.code(1)}
    assert refused(house, "GetDrawProof", gone, NOBODY).code is grpc.StatusCode.NOT_FOUND


def test_an_enterprise_sees_itself_alone_and_who_is_not_concerned_no_reason(revealed: tuple[House, str]) -> None:
    house, draw_id = revealed
    left_out, other = town.code(1), town.code(2)
    asked = {"draw_id": draw_id, "object_id": left_out}
    assert refused(house, "GetDrawStanding", asked, enterprise(other)).reason == "NOT_YOURS"
    refusal = refused(house, "ListDrawStandings", {"object_id": left_out}, enterprise(other))
    assert (refusal.reason, refusal.metadata) == ("NOT_YOURS", {"object": left_out})
    nobody = Principal("clerk", roles=frozenset({"enterprise"}))
    assert refused(house, "ListDrawStandings", {"object_id": "-"}, nobody).reason == "NOT_YOURS"
    assert refused(house, "ListDrawStandings", {"object_id": left_out}, NOBODY).code is grpc.StatusCode.UNAUTHENTICATED
    assert standing(house, draw_id, "-", enterprise(left_out)).object_id == left_out
    for by, kind in ((MANAGER, "EXCLUDED"), (SUPERVISOR, "EXCLUDED"), (STRANGER_MANAGER, "OUTSIDE")):
        assert KINDS[standing(house, draw_id, left_out, by).kind] == kind


def bound(object_id: str, subject: str = "clerk", **changes: Any) -> codes.BindingChanged:
    fact: dict[str, Any] = {
        "binding_id": f"{subject}/{object_id}",
        "version": 1,
        "object_id": object_id,
        "subject": subject,
        "kind": "DELEGATE",
        "starts_on": "2025-01-01",
    }
    return codes.BindingChanged(bindings=[codes.BindingState(**(fact | changes))])


CLERK = Principal("clerk", roles=frozenset({"enterprise"}))


def test_a_delegate_asks_for_the_object_and_learns_what_the_object_may(revealed: tuple[House, str]) -> None:
    house, draw_id = revealed
    left_out, other = town.code(1), town.code(2)
    house.announce(bound(left_out))
    told = standing(house, draw_id, left_out, CLERK)
    assert (KINDS[told.kind], told.reason) == ("EXCLUDED", "按名单排除")
    assert standing(house, draw_id, "-", CLERK).object_id == left_out
    listed = house.call("sampling", "ListDrawStandings", {"object_id": left_out}, by=CLERK).standings
    assert [KINDS[each.kind] for each in listed] == ["EXCLUDED"]
    asked = {"draw_id": draw_id, "object_id": other}
    assert refused(house, "GetDrawStanding", asked, CLERK).reason == "NOT_YOURS"
    house.announce(bound(other))
    assert standing(house, draw_id, other, CLERK).object_id == other
    assert refused(house, "ListDrawStandings", {"object_id": "-"}, CLERK).reason == "NOT_YOURS", "which one?"


def test_a_binding_that_was_ended_or_is_over_opens_nothing(revealed: tuple[House, str]) -> None:
    house, draw_id = revealed
    one, other = town.code(1), town.code(2)
    today = str((house.now + timedelta(hours=8)).date())
    house.announce(bound(one, version=2, ended=True))
    house.announce(bound(one))  # word of its beginning comes after that of its end
    house.announce(bound(other, ends_on=today))
    assert refused(house, "GetDrawStanding", {"draw_id": draw_id, "object_id": one}, CLERK).reason == "NOT_YOURS"
    assert standing(house, draw_id, other, CLERK).object_id == other
    house.pass_time(days=1)
    assert refused(house, "GetDrawStanding", {"draw_id": draw_id, "object_id": other}, CLERK).reason == "NOT_YOURS"


def test_nothing_is_said_before_the_reveal(house: House) -> None:
    ids = town.settle_objects(house, 6)
    town.form_task(house)
    draw_id = town.open_draw(house)
    town.commit(house, draw_id)
    for method in ("GetDrawStanding", "GetDrawProof"):
        refusal = refused(house, method, {"draw_id": draw_id, "object_id": ids[0]}, enterprise(ids[0]))
        assert refusal.code is grpc.StatusCode.FAILED_PRECONDITION
    listed = house.call("sampling", "ListDrawStandings", {"object_id": "-"}, by=enterprise(ids[0]))
    assert list(listed.standings) == []


def test_an_enterprise_lists_how_it_stands_in_all_draws_but_those_of_test_tasks(house: House) -> None:
    ids = town.settle_objects(house, 8)
    drawn = []
    for task_id, fields in (("t1", {}), ("t2", {"year": 2024}), ("t3", {"nature": "TEST"}), ("t4", {})):
        town.form_task(house, task_id, **fields)
        drawn.append(town.open_draw(house, task_id))
        town.commit(house, drawn[-1])
        town.reveal(house, drawn[-1])
        house.pass_time(minutes=1)
    house.announce(tasks.TaskPurged(task_id="t3"))
    me = enterprise(ids[0])

    def listed(**more: object) -> Any:
        return house.call("sampling", "ListDrawStandings", {"object_id": "-"} | more, by=me)

    assert [each.draw_id for each in listed().standings] == [drawn[3], drawn[1], drawn[0]]
    assert [each.draw_id for each in listed(year=2024).standings] == [drawn[1]]
    page = listed(page_size=2)
    assert [each.draw_id for each in page.standings] == [drawn[3], drawn[1]]
    rest = listed(page_size=2, page_token=page.page.next_page_token)
    assert [each.draw_id for each in rest.standings] == [drawn[0]]


def test_a_redraw_leaves_the_earlier_round_to_be_asked_about(revealed: tuple[House, str]) -> None:
    house, draw_id = revealed
    me = town.code(5)
    before = standing(house, draw_id, me)
    house.call("sampling", "RequestRedraw", {"draw_id": draw_id, "reason": "范围有误"}, by=MANAGER)
    house.call("sampling", "ApproveRedraw", {"draw_id": draw_id}, by=town.HEAD)
    assert standing(house, draw_id, me) == before
    town.commit(house, draw_id)
    town.reveal(house, draw_id)
    again = standing(house, draw_id, me)
    assert (again.round, again.commitment != before.commitment) == (2, True)
    asked = {"draw_id": draw_id, "object_id": me, "round": 1}
    assert house.call("sampling", "GetDrawStanding", asked, by=enterprise(me)) == before
    proof = json.loads(house.call("sampling", "GetDrawProof", asked, by=NOBODY).data)
    assert proof["commitment_sha256"] == before.commitment


def test_an_enterprise_asks_over_rest_and_proves_with_what_it_got(revealed: tuple[House, str], tmp_path: Path) -> None:
    house, draw_id = revealed
    me = town.code(7)
    settings = GatewaySettings(var_dir=tmp_path / "gateway", oidc_jwks=str(house.issuer.path))
    app = build(settings, Contract.installed(), address=lambda _: house.address)
    with quiet(), served(app) as url, httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
        headers = {"authorization": f"Bearer {house.issuer.token(enterprise(me))}"}
        [mine] = client.get("/v1/objects/-/draw-standings", headers=headers).json()["standings"]
        one = client.get(f"/v1/draws/{draw_id}/standings/{me}", headers=headers).json()
        proof = client.get(f"/v1/draws/{draw_id}/proofs/{me}")
        transcript = client.get(f"/v1/draws/{draw_id}/transcript")
    assert mine == one
    assert one["objectId"] == me
    assert proof.headers["content-type"] == "application/json"
    verdict, faults = verify_proof(transcript.content, proof.content, announced=one["commitment"])
    assert faults == []
    assert verdict is not None
    assert one["kind"] == f"STANDING_KIND_{verdict.standing}"
