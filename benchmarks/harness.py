"""How a benchmark is run: one process, contenders in turn, medians, and a look whether the answers are right.

A benchmark is a module of this package with a context manager `benchmark()` that prepares what is needed, yields a
`Benchmark`, and clears up:

    @contextmanager
    def benchmark() -> Iterator[Benchmark]:
        with table_of(3_000_000) as table:
            yield Benchmark("draw", [Contender("ours", draw, OURS), Contender("pandas", sample, PEER)], …)

It raises `Skipped` where it cannot run at all, and puts a note where a contender is left out.
"""

from __future__ import annotations

import gc
import json
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

RESULTS = Path(__file__).with_name("results.json")
PICTURE = Path(__file__).with_name("results.png")


class Skipped(Exception):
    """A benchmark cannot run on this machine now; says why."""


class Role(StrEnum):
    """What a contender is there for."""

    OURS = "ours"
    PEER = "peer"
    LIMIT = "limit"


@dataclass(frozen=True)
class Contender:
    """One way of doing the work.

    Args:
        run: does the whole work once and returns its answer.
        role: the first of role OURS is what the others are compared with; LIMIT: what the machine could do at best.
        same_answer: its answer must be the reference's.
    """

    name: str
    run: Callable[[], object]
    role: Role
    same_answer: bool = False


@dataclass(frozen=True)
class Benchmark:
    """What is measured.

    Args:
        name: short, as `--only` takes it.
        about: one line: what work is done, how much of it.
        reference: a slow and plain way to the answer; run once, not measured.
        equal: whether two answers are the same.
        units: how many things one run handles, and what they are; for things per second.
        aim: how many of them per second ours is to handle.
        against, target: names of peers, and how many times faster than the fastest of them ours is to be.
        rounds: how many turns each contender has.
        notes: what was left out, and why.
        afterwards: what is measured apart, when all have had their turns; lines for people.
    """

    name: str
    about: str
    contenders: Sequence[Contender]
    reference: Callable[[], object] | None = None
    equal: Callable[[object, object], bool] = lambda a, b: a == b
    units: tuple[int, str] | None = None
    aim: float | None = None
    against: Sequence[str] = ()
    target: float | None = None
    rounds: int = 5
    notes: Sequence[str] = ()
    afterwards: Callable[[], Sequence[str]] = tuple


@dataclass(frozen=True)
class Result:
    """What became of one contender; ratios above 1: takes longer."""

    benchmark: str
    contender: str
    median_s: float
    ratio_to_ours: float | None
    ratio_to_limit: float | None
    identical: bool | None


Prepared = Callable[[], AbstractContextManager[Benchmark]]


def run(benchmark: Benchmark, say: Callable[[str], None] = print) -> list[Result]:
    """Run all contenders in turn, print a table, and return the results."""
    say(f"\n{benchmark.name}: {benchmark.about}")
    expected = benchmark.reference() if benchmark.reference else None
    identical = {each.name: is_right(benchmark, each, expected) for each in benchmark.contenders}  # warms up, too
    seconds: dict[str, list[float]] = {each.name: [] for each in benchmark.contenders}
    for _ in range(benchmark.rounds):
        for each in benchmark.contenders:
            seconds[each.name] += turn(each.run)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    ours = first(benchmark, Role.OURS, medians)
    limit = first(benchmark, Role.LIMIT, medians)
    results = [
        Result(
            benchmark.name,
            name,
            median,
            ours and median / ours,
            limit and median / limit,
            identical[name],
        )
        for name, median in medians.items()
    ]
    for line in (*table(benchmark, results, seconds), *benchmark.afterwards()):
        say(line)
    return results


def is_right(benchmark: Benchmark, contender: Contender, expected: object) -> bool | None:
    """Whether a contender gives the reference's answer; None where it need not."""
    answer = contender.run()
    return benchmark.equal(answer, expected) if contender.same_answer and benchmark.reference else None


def measured(work: Callable[[], object]) -> float:
    """Seconds one run takes; no garbage of the one before is collected in it."""
    gc.collect()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def turn(work: Callable[[], object]) -> list[float]:
    """The times of one contender's turn: one run, or as many as fit into a fifth of a second."""
    times = [measured(work)]
    while sum(times) < 0.2 and len(times) < 10:
        times.append(measured(work))
    return times


def first(benchmark: Benchmark, role: Role, medians: dict[str, float]) -> float | None:
    """The median of the first contender of a role."""
    return next((medians[each.name] for each in benchmark.contenders if each.role is role), None)


def table(benchmark: Benchmark, results: Sequence[Result], seconds: dict[str, list[float]]) -> list[str]:
    """The results for people."""
    per_second = benchmark.units[1] + "/s" if benchmark.units else ""
    width = max(len(result.contender) for result in results)
    head = f"  {'':{width}}  {'median':>10}  {'best':>10}  {'ours = 1':>9}  {'limit = 1':>9}  right  {per_second:>14}"
    return [head.rstrip(), *(row(benchmark, each, seconds, width) for each in results), *closing(benchmark, results)]


def row(benchmark: Benchmark, result: Result, seconds: dict[str, list[float]], width: int) -> str:
    """One line of the table."""
    best = min(seconds[result.contender])
    right = {None: "", True: "yes", False: "NO"}[result.identical]
    rate = f"{benchmark.units[0] / result.median_s:,.0f}" if benchmark.units else ""
    ratios = f"{times_of(result.ratio_to_ours)}  {times_of(result.ratio_to_limit)}"
    time = f"{result.median_s * 1000:>7.1f} ms  {best * 1000:>7.1f} ms"
    return f"  {result.contender:{width}}  {time}  {ratios}  {right:>5}  {rate:>14}".rstrip()


def times_of(ratio: float | None) -> str:
    """A ratio in nine places."""
    return f"{ratio:>9.2f}" if ratio is not None else f"{'':9}"


def closing(benchmark: Benchmark, results: Sequence[Result]) -> list[str]:
    """Whether aim and target are reached, and what was left out."""
    lines = [f"  note: {note}" for note in benchmark.notes]
    if benchmark.aim and benchmark.units:
        (ours, *_) = (each for each in results if each.ratio_to_ours == 1)
        verdict = "reached" if benchmark.units[0] / ours.median_s >= benchmark.aim else "MISSED"
        lines.append(f"  {ours.contender}: aim {benchmark.aim:,.0f} {benchmark.units[1]}/s: {verdict}")
    peers = {each.ratio_to_ours: each.contender for each in results if each.contender in benchmark.against}
    if benchmark.target and (ratios := [ratio for ratio in peers if ratio]):
        reached = min(ratios)
        verdict = "reached" if reached >= benchmark.target else "MISSED"
        lines.append(f"  {reached:.1f} × as fast as {peers[reached]}; target {benchmark.target:g} ×: {verdict}")
    if any(each.identical is False for each in results):
        lines.append("  WRONG ANSWERS: the times mean nothing")
    return lines


def keep(results: Sequence[Result]) -> None:
    """Write the results beside those of benchmarks that were not run this time."""
    names = {result.benchmark for result in results}
    before = json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else []
    kept = [one for one in before if one["benchmark"] not in names]
    everything = sorted([*kept, *map(asdict, results)], key=lambda one: str(one["benchmark"]))
    RESULTS.write_text(json.dumps(everything, indent=1, ensure_ascii=False) + "\n", "utf-8")
