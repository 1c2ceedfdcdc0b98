"""The harness: who is compared with whom, and that a wrong answer is not hidden."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import harness
from benchmarks.harness import Benchmark, Contender, Result, Role, keep, run


@pytest.fixture(autouse=True)
def _little_to_collect() -> Iterator[None]:
    """Garbage is collected before every measurement: of what these tests make, not of all that others have loaded."""
    gc.freeze()
    yield
    gc.unfreeze()


def afterwards() -> list[str]:
    return ["  half of it takes as long"]


def benchmark(wrong: bool = False, target: float = 2, aim: float | None = None) -> Benchmark:
    return Benchmark(
        "sums",
        "add up",
        [
            Contender("ours", lambda: 3 if wrong else 6, Role.OURS, same_answer=True),
            Contender("slow", lambda: sum(range(300_000)), Role.PEER),
            Contender("nothing", lambda: None, Role.LIMIT),
        ],
        reference=lambda: 6,
        units=(3, "numbers"),
        aim=aim,
        against=("slow",),
        target=target,
        notes=["an abacus is left out"],
        afterwards=afterwards,
    )


def test_ratios_are_to_ours_and_to_the_limit() -> None:
    lines: list[str] = []
    ours, slow, nothing = run(benchmark(), lines.append)
    assert (ours.ratio_to_ours, nothing.ratio_to_limit) == (1, 1)
    assert slow.ratio_to_ours == slow.median_s / ours.median_s
    assert slow.ratio_to_limit == slow.median_s / nothing.median_s
    assert (ours.identical, slow.identical) == (True, None)
    text = "\n".join(lines)
    assert "target 2 ×: reached" in text
    assert "an abacus is left out" in text
    assert "numbers/s" in text
    assert lines[-1] == "  half of it takes as long"


def test_a_missed_target_and_a_wrong_answer_are_said() -> None:
    lines: list[str] = []
    results = run(benchmark(wrong=True, target=1e9), lines.append)
    assert results[0].identical is False
    text = "\n".join(lines)
    assert "MISSED" in text
    assert "WRONG ANSWERS" in text


@pytest.mark.parametrize(("aim", "verdict"), [(1e-9, "reached"), (1e15, "MISSED")])
def test_an_aim_is_for_ours(aim: float, verdict: str) -> None:
    lines: list[str] = []
    run(benchmark(aim=aim), lines.append)
    assert f"  ours: aim {aim:,.0f} numbers/s: {verdict}" in lines


def test_results_of_other_benchmarks_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness, "RESULTS", tmp_path / "results.json")
    keep([Result("b", "x", 1.0, 1.0, None, None), Result("b", "y", 1.0, 1.0, None, None)])
    keep([Result("a", "x", 2.0, 1.0, None, True)])
    keep([Result("b", "x", 3.0, 1.0, None, None)])
    stored = json.loads((tmp_path / "results.json").read_text())
    assert [(one["benchmark"], one["median_s"]) for one in stored] == [("a", 2.0), ("b", 3.0)]
    assert set(stored[0]) == {"benchmark", "contender", "median_s", "ratio_to_ours", "ratio_to_limit", "identical"}
