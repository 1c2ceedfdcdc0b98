"""The transcript: sound when it is, and whatever is changed in it is found."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.sampling.model.commitment import SecretDoesNotMatch, commit, contribution
from services.sampling.model.frame import Frame, frame_csv
from services.sampling.model.tickets import draw_from
from services.sampling.model.window_commitment import window_commitment
from services.sampling.team_transcript import verify_teams
from services.sampling.transcript import Fault, WindowDoesNotFit, transcript, transcript_bytes, verify
from tests.sampling.lm_draw_1 import cases
from tests.sampling.lm_draw_1.make_vectors import DIRECTORY

NORMAL = cases.normal()
REDRAW = cases.redraw(NORMAL)
TOTAL = cases.by_total()
WINDOW_A, WINDOW_B, WINDOW, LATE = cases.window()
TEAMS = cases.teams(NORMAL)
CASES = {
    "normal": NORMAL,
    "redraw": REDRAW,
    "total": TOTAL,
    "shortfall": cases.shortfall(),
    "window": WINDOW_A,
    "reopened": cases.reopened(WINDOW),
    "proven": cases.proven(),
}


def codes(faults: list[Fault]) -> list[str]:
    return sorted({fault.code for fault in faults})


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Path of every value in a document, the containers included."""
    yield path
    if isinstance(value, dict):
        for name, member in value.items():
            yield from leaves(member, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))


def at(document: Any, path: Any) -> Any:
    for step in path:
        document = document[step]
    return document


def mutants(value: Any) -> list[Any]:
    """Values like this one, but others."""
    match value:
        case None:
            return [0, "", []]
        case bool():
            return [not value]
        case int():
            return [value + 1, value - 1, str(value), None]
        case str():
            other = ("1" if value[:1] == "0" else "0") + value[1:]
            return [other, value[::-1], value + "0", value[:-1], "", 7, None]
        case list():
            return [value[1:], value[::-1], [*value, value[-1]] if value else ["x"], [*value, None], {}, None]
        case _:
            return [{**value, "extra": 1}, *[{k: v for k, v in value.items() if k != gone} for gone in value], [], None]


def changes(document: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Every copy of a document with one thing changed: where, to what, and the copy."""
    for path in leaves(document):
        for other in mutants(at(document, path)):
            if other != at(document, path):
                changed = copy.deepcopy({"root": document})
                at(changed, ("root", *path)[:-1])[("root", *path)[-1]] = other
                yield path, other, changed["root"]


def test_a_draw_that_was_not_touched_is_sound() -> None:
    for case in (NORMAL, REDRAW, TOTAL, WINDOW_A, WINDOW_B, LATE, CASES["shortfall"]):
        assert verify(case.transcript, case.frame, case.excluded) == []
        assert verify(transcript_bytes(case.transcript), case.frame, case.excluded) == []
        assert verify(json.dumps(case.transcript, indent=4).encode(), case.frame) == []


@pytest.mark.parametrize("name", CASES)
def test_whatever_is_changed_in_a_transcript_is_found(name: str) -> None:
    """Every value, every list and every member, changed in every way of `mutants`."""
    case = CASES[name]
    tried = 0
    for path, other, changed in changes(case.transcript):
        assert verify(changed, case.frame, case.excluded), (path, other)
        tried += 1
    assert tried > 300


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_two_changes_at_once_do_not_hide_each_other(data: st.DataObject) -> None:
    changed = copy.deepcopy(NORMAL.transcript)
    for _ in range(2):
        path = data.draw(st.sampled_from([path for path in leaves(changed) if path]))
        at(changed, path[:-1])[path[-1]] = data.draw(st.sampled_from(mutants(at(changed, path))))
    if changed != NORMAL.transcript:
        assert verify(changed, NORMAL.frame, NORMAL.excluded)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(sorted(CASES)), st.data(), st.integers(0, 255))
def test_one_other_byte_in_the_published_file_is_found(name: str, data: st.DataObject, byte: int) -> None:
    case = CASES[name]
    published = bytearray(transcript_bytes(case.transcript))
    published[data.draw(st.integers(0, len(published) - 1))] = byte
    same = bytes(published) == transcript_bytes(case.transcript)
    assert bool(verify(bytes(published), case.frame, case.excluded)) != same


@settings(deadline=None, max_examples=150)
@given(st.integers(0, len(NORMAL.frame) - 1), st.integers(0, 255))
def test_one_other_byte_in_the_frame_is_found(place: int, byte: int) -> None:
    frame = bytearray(NORMAL.frame)
    frame[place] = byte
    assert bool(verify(NORMAL.transcript, bytes(frame))) == (bytes(frame) != NORMAL.frame)


def test_one_cause_is_reported_as_itself() -> None:
    def faults(*path_and_value: Any) -> list[tuple[str, str]]:
        *path, value = path_and_value
        changed = copy.deepcopy(NORMAL.transcript)
        at(changed, path[:-1])[path[-1]] = value
        return [(fault.code, fault.where) for fault in verify(changed, NORMAL.frame, NORMAL.excluded)]

    winners = NORMAL.transcript["strata"][0]["winners"]
    assert faults("secrets", 1, "0" * 64) == [("SECRET", "/secrets/1")]
    assert faults("seed", "0" * 64) == [("SEED", "/seed")]
    assert faults("commitment_sha256", "0" * 64) == [("COMMITMENT", "/commitment_sha256")]
    assert faults("commitment", "draw", "other") == [("COMMITMENT", "/commitment_sha256")]
    assert faults("strata", 0, "winners", 1, "ticket", "0" * 32) == [("TICKET", "/strata/0/winners/1/ticket")]
    assert faults("strata", 0, "winners", winners[::-1]) == [("WINNER", "/strata/0/winners/0")]
    assert faults("strata", 2, "short", 1) == [("NUMBERS", "/strata/2/short")]
    assert faults("drawn", 1) == [("NUMBERS", "/drawn")]
    assert faults("strata", 0, "name", "Z") == [("RESULT_STRATA", "/strata")]
    assert faults("extra", 1) == [("MALFORMED", "/extra")]


def test_a_winner_who_is_not_in_the_frame_is_named() -> None:
    changed = copy.deepcopy(NORMAL.transcript)
    changed["strata"][1]["winners"][2]["id"] = "91500000MA0000000X"
    [fault] = verify(changed, NORMAL.frame)
    assert fault.where == "/strata/1/winners/2"
    assert "91500000MA0000000X（不在抽取范围内）" in fault.zh
    assert NORMAL.transcript["strata"][1]["winners"][2]["id"] in fault.en


def test_what_was_announced_beforehand_counts() -> None:
    again = cases.normal(secrets=("other", "others"))
    assert verify(again.transcript, again.frame) == []
    assert codes(verify(again.transcript, again.frame, announced=NORMAL.transcript["commitment_sha256"])) == [
        "ANNOUNCED"
    ]
    assert codes(verify(WINDOW_A.transcript, WINDOW_A.frame, announced="0" * 64)) == ["ANNOUNCED"]


def test_a_redraw_continues_the_round_it_names() -> None:
    assert verify(REDRAW.transcript, REDRAW.frame, previous=NORMAL.transcript) == []
    assert codes(verify(REDRAW.transcript, REDRAW.frame, previous=REDRAW.transcript)) == ["PREVIOUS_ROUND"]
    assert codes(verify(REDRAW.transcript, REDRAW.frame, previous={})) == ["PREVIOUS_ROUND"]
    assert REDRAW.transcript["seed"] != NORMAL.transcript["seed"]


def test_equal_objects_have_equal_tickets_in_all_draws_of_a_window() -> None:
    def tickets(case: cases.Case) -> dict[str, str]:
        drawn = [o for s in case.transcript["strata"] for o in [*s["winners"], *s["substitutes"]]]
        return {object["id"]: object["ticket"] for object in drawn}

    a, b = tickets(WINDOW_A), tickets(WINDOW_B)
    assert a.keys() & b.keys()
    assert all(a[id] == b[id] for id in a.keys() & b.keys())
    assert WINDOW_A.transcript["seed"] == WINDOW_B.transcript["seed"] != LATE.transcript["seed"]


def test_a_window_makes_overlaps_as_large_as_they_can_be() -> None:
    """Equal frames and quotas in one window draw the same objects: one visit instead of two."""
    frame = Frame.of(dict.fromkeys([f"o{n}" for n in range(200)], "x"))
    draws = [commit(name, 1, frame, {"x": 20}, []) for name in "ab"]
    window = window_commitment("w", [draw.digest() for draw in draws], [contribution(cases.secret("w"))])
    a, b = (draw_from(frame, {"x": 20}, window.seed([cases.secret("w")])) for _ in draws)
    assert a == b


def test_a_draw_is_not_published_with_a_window_it_is_not_in() -> None:
    own = commit("own", 1, Frame.of({}), {}, [contribution(cases.secret("p"))])
    window = window_commitment("w", [own.digest()], [contribution(cases.secret("w"))])
    with pytest.raises(WindowDoesNotFit):
        transcript(own, [cases.secret("w")], (), window)
    with pytest.raises(WindowDoesNotFit):
        transcript(commit("none", 1, Frame.of({}), {}, []), [cases.secret("w")], (), window)


def test_a_transcript_is_not_made_with_secrets_that_were_not_committed() -> None:
    own = commit("own", 1, Frame.of({}), {}, [contribution(cases.secret("p"))])
    with pytest.raises(SecretDoesNotMatch):
        transcript(own, [cases.secret("w")], ())


def test_an_empty_frame_draws_nobody_and_is_sound() -> None:
    own = commit("own", 1, Frame.of({}), {"x": 3}, [contribution(cases.secret("p"))])
    drawn = draw_from(Frame.of({}), {"x": 3}, own.seed([cases.secret("p")]))
    document = transcript(own, [cases.secret("p")], drawn)
    assert (document["wanted"], document["drawn"], document["short"]) == (3, 0, 3)
    assert verify(document, frame_csv(Frame.of({}))) == []


def test_the_published_bytes_are_always_the_same() -> None:
    assert transcript_bytes(NORMAL.transcript) == transcript_bytes(json.loads(json.dumps(NORMAL.transcript)))


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff", b'{"spec": NaN}', b'{"spec": "LM-DRAW-1", "spec": "LM-DRAW-1"}', b"null", b"7"],
)
def test_what_is_no_transcript_is_refused_with_its_reason(content: bytes) -> None:
    faults = verify(content, NORMAL.frame)
    assert codes(faults) == ["MALFORMED"]
    assert all(fault.en for fault in faults)
    assert codes(verify_teams(content)) == ["MALFORMED"]


def test_a_frame_that_is_none_is_named_with_its_line() -> None:
    faults = verify(NORMAL.transcript, b"not a frame\n", NORMAL.excluded)
    assert [(fault.code, fault.where) for fault in faults] == [
        ("FRAME_HASH", "frame.csv"),
        ("FRAME_UNREADABLE", "frame.csv line 1"),
    ]


def test_the_inspectors_draw_can_be_repeated_too() -> None:
    assert verify_teams(TEAMS, NORMAL.transcript) == []
    assert verify_teams(transcript_bytes(TEAMS)) == []
    assert codes(verify_teams(TEAMS, REDRAW.transcript)) == ["OTHER_DRAW"]


@pytest.mark.parametrize("path", list(leaves(TEAMS["teams"])))
def test_whatever_is_changed_in_the_teams_is_found(path: Any) -> None:
    for other in mutants(at(TEAMS["teams"], path)):
        changed = copy.deepcopy(TEAMS)
        at(changed, ("teams", *path)[:-1])[("teams", *path)[-1]] = other
        if changed != TEAMS:
            assert verify_teams(changed), (path, other)


def test_posts_that_cannot_be_filled_are_no_sound_draw() -> None:
    changed = {**copy.deepcopy(TEAMS), "candidates": []}
    assert codes(verify_teams(changed)) == ["TEAMS_IMPOSSIBLE"]
    changed = {**copy.deepcopy(TEAMS), "teams": TEAMS["teams"][1:]}
    assert codes(verify_teams(changed)) == ["TEAM", "TEAMS_MISSING"]


JUDGE = """
import { readFileSync } from "node:fs";
import { verify } from %s;
const { frame, excluded, transcripts } = JSON.parse(readFileSync(0, "utf8"));
const [frameCsv, excludedCsv] = [frame, excluded].map((text) => Buffer.from(text, "utf8"));
const codes = transcripts.map((one) => [...new Set(verify(one, frameCsv, { excludedCsv }))].sort());
console.log(JSON.stringify(codes));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.parametrize("name", CASES)
def test_both_implementations_find_the_same_in_whatever_is_changed(name: str) -> None:
    case = CASES[name]
    transcripts = [changed for _, _, changed in changes(case.transcript)]
    ours = [codes(verify(changed, case.frame, case.excluded)) for changed in transcripts]
    job = {"frame": case.frame.decode(), "excluded": case.excluded.decode(), "transcripts": transcripts}
    script = JUDGE % json.dumps((DIRECTORY / "verify.mjs").as_uri())
    theirs = subprocess.check_output(
        ["node", "--input-type=module", "-e", script], input=json.dumps(job).encode(), timeout=120
    )
    for changed, mine, other in zip(transcripts, ours, json.loads(theirs), strict=True):
        assert mine == other, changed
