"""The proof of one object: sound for everybody in the frame, and no change of it or of the transcript goes unseen."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.sampling.model import merkle
from services.sampling.model.commitment import commit, contribution
from services.sampling.model.frame import Frame, frame_csv
from services.sampling.proof import proof
from services.sampling.transcript import verify
from services.sampling.verifier import merkle_root, root_of, verify_proof
from tests.sampling.lm_draw_1 import cases
from tests.sampling.lm_draw_1.test_transcript import at, changes, leaves, mutants

PROVEN = cases.proven()
IDS = [line.split(",")[0] for line in PROVEN.frame.decode().splitlines()]
NOT_LOOKED_AT = ("wanted", "drawn", "short")
LOOKED_AT = [
    path for path in leaves(PROVEN.transcript) if path and path[0] not in NOT_LOOKED_AT and path[:2] != ("strata", 1)
]
IN_THE_FIRST = next(line for line in PROVEN.frame.decode().splitlines() if line.endswith(",A")).split(",")[0]


def proof_of(id: str) -> dict[str, object]:
    return cases.proof_of(PROVEN, id)


@pytest.mark.parametrize("count", [1, 2, 255, 256, 257, 512, 513, 1024, 1025, 1300])
def test_both_write_the_same_root_and_every_line_leads_to_it(count: int) -> None:
    content = frame_csv(Frame.of({f"{n:05d}": "甲乙"[n % 2] for n in range(count)}))
    kept = merkle.leaves(content)
    assert merkle.root(kept) == merkle_root(content)
    for number in {0, 1, 254, 255, 256, count // 2, count - 1} & set(range(count)):
        line = merkle.find(content, f"{number:05d}")
        assert line is not None
        assert (line.number, line.stratum) == (number + 1, "甲乙"[number % 2])
        assert root_of(proof("0" * 64, f"{number:05d}", line, content, kept), count) == merkle_root(content)


def test_an_empty_frame_has_no_root_and_nobody_in_it() -> None:
    assert (merkle.root(merkle.leaves(b"")), merkle_root(b"")) == (None, "")
    assert merkle.find(b"", "a") is None
    assert merkle.find(b"aa,x\nb,y\n", "a") is None
    assert merkle.find(b"aa,x\nb,y\n", "aa,x\nb") is None


def test_everybody_can_prove_how_they_stand() -> None:
    drawn = {one["id"]: kind for kind, one in cases.listed(PROVEN)}
    for id in IDS:
        verdict, faults = verify_proof(PROVEN.transcript, proof_of(id))
        assert faults == []
        assert verdict is not None
        assert verdict.standing == drawn.get(id, "NOT_DRAWN")
        assert (verdict.ticket <= verdict.cut_off) == (verdict.standing == "DRAWN")


def test_whatever_is_changed_in_a_proof_is_found() -> None:
    shown = proof_of(IDS[3])
    for path, other, changed in changes(shown):
        assert verify_proof(PROVEN.transcript, changed)[1], (path, other)


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_a_transcript_that_was_changed_proves_nothing_of_those_it_was_changed_for(data: st.DataObject) -> None:
    """What a proof looks at is the commitment, the secrets and the object's own stratum."""
    path = data.draw(st.sampled_from(LOOKED_AT))
    other = data.draw(st.sampled_from(mutants(at(PROVEN.transcript, path))))
    changed = copy.deepcopy(PROVEN.transcript)
    at(changed, path[:-1])[path[-1]] = other
    if changed != PROVEN.transcript:
        assert verify_proof(changed, proof_of(IN_THE_FIRST))[1]


def test_who_was_passed_over_can_show_it() -> None:
    """The winner with the smallest ticket is taken off the list, everybody behind moves up."""
    changed = copy.deepcopy(PROVEN.transcript)
    stratum = changed["strata"][0]
    gone = stratum["winners"].pop(0)
    stratum["winners"].append(stratum["substitutes"].pop(0))
    stratum["unlisted"] += 1
    verdict, faults = verify_proof(changed, proof_of(gone["id"]))
    assert (verdict, [fault.code for fault in faults]) == (None, ["WINNER"])
    assert "WINNER" in {fault.code for fault in verify(changed, PROVEN.frame)}


def test_a_draw_without_a_tree_and_another_draws_proof_prove_nothing() -> None:
    normal = cases.normal()
    shown = proof_of(IDS[0])
    assert [fault.code for fault in verify_proof(normal.transcript, shown)[1]] == ["OTHER_DRAW"]
    shown["commitment_sha256"] = normal.transcript["commitment_sha256"]
    assert [fault.code for fault in verify_proof(normal.transcript, shown)[1]] == ["NO_PROOF"]
    assert verify_proof(json.dumps(normal.transcript).encode(), b"{}")[1][0].code == "MALFORMED"
    assert verify_proof(b"[]", b"{}")[1][0].code == "MALFORMED"


def test_a_root_that_is_not_the_frames_is_named() -> None:
    frame = Frame.of({"a": "甲", "b": "甲"})
    secrets = [cases.secret("p")]
    committed = commit("d", 1, frame, {"甲": 1}, [contribution(secrets[0])], frame_merkle="7" * 64)
    wrong = cases.case(committed, frame, b"", secrets)
    assert [fault.code for fault in verify(wrong.transcript, wrong.frame)] == ["FRAME_MERKLE"]
