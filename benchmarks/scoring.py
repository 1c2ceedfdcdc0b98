"""An industry model tried on every object of a country, beside scoring the objects one by one.

Both score by the same rule. Ours lets the database count crowds of equal records; the peer reads pages of objects with
their records and scores each. Measured apart: how long it takes to rate all of them anew once a model is active.
`LIANGMA_BENCH_RESULTS` says how many results there are; two of three objects have one.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from benchmarks.harness import Benchmark, Contender, Role, Skipped, measured
from benchmarks.relay import schema
from services.chassis import clock, telemetry
from services.chassis.database import Database
from services.chassis.unit_of_work import UnitOfWork, unit_of_work
from services.credit.__main__ import SERVICE
from services.credit.model.industry_model import Indicator, IndicatorSource, IndustryModel, ModelState, Thresholds
from services.credit.model.rating import Grade, Rating
from services.credit.queries.crowds import Crowds
from services.credit.queries.rating import Due, Rescoring
from services.credit.subscriptions import RATINGS_AT_ONCE
from services.credit.use_cases.industry_model import backtest_industry_model
from services.credit.use_cases.rating import chunks, read_histories, renew_due_ratings

RESULTS = int(os.environ.get("LIANGMA_BENCH_RESULTS", "60000"))
PAGE = 1000
BATCHES = 10
DOMAIN = "市场监管"
GRADES = {"A": 1.0, "B": 0.8, "C": 0.4, "D": 0.0, "NONE": 0.6}
Spread = tuple[dict[Grade, int], float]


@dataclass(frozen=True)
class Land:
    """A credit database with the results of a country in one domain."""

    name: str
    database: Database

    @contextmanager
    def working(self) -> Iterator[UnitOfWork]:
        """A unit of work on it."""
        with unit_of_work(
            self.database, SERVICE.metadata, SERVICE.encode_event, subject="bench", now=clock.now()
        ) as it:
            yield it


@contextmanager
def benchmark() -> Iterator[Benchmark]:
    """Both ways on each database; PostgreSQL first."""
    telemetry.set_up("WARNING", "benchmarks")
    SERVICE.map_model()
    notes: list[str] = []
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="liangma-bench-")))
        urls = {"SQLite": f"sqlite:///{directory / 'credit.db'}"}
        try:
            urls = {"PostgreSQL": stack.enter_context(schema("credit"))} | urls
        except Skipped as why:
            notes.append(f"PostgreSQL is left out: {why}")
        lands = [stack.enter_context(land(name, url)) for name, url in urls.items()]
        contenders = [
            contender
            for each in lands
            for contender in (
                Contender(f"ours, {each.name}", by_crowds(each), Role.OURS, same_answer=True),
                Contender(f"one by one, {each.name}", one_by_one(each), Role.PEER, same_answer=True),
            )
        ]
        yield Benchmark(
            "scoring",
            f"a model of three indicators tried on {RESULTS:,} results",
            contenders,
            reference=one_by_one(lands[0]),
            units=(objects(lands[0]), "objects"),
            aim=100_000,
            against=[each.name for each in contenders if each.role is Role.PEER and lands[0].name in each.name],
            target=10,
            rounds=3,
            notes=notes,
            afterwards=lambda: [anew(each) for each in lands],
        )


@contextmanager
def land(name: str, url: str) -> Iterator[Land]:
    """A database with its tables, filled by statements."""
    database = Database(url)
    SERVICE.metadata.create_all(database.engine)
    made = Land(name, database)
    with made.working() as work:
        for statement in filling(database.is_sqlite):
            work.session.execute(text(statement))
    with made.working() as work:
        work.session.execute(text("ANALYZE"))
    yield made
    database.dispose()


def filling(is_sqlite: bool) -> Iterator[str]:
    """Results of the last two years and public ratings; the numbers are prime, so that nothing falls together."""
    series = f"SELECT 1 AS n UNION ALL SELECT n + 1 FROM numbers WHERE n < {RESULTS}"
    numbers = f"WITH RECURSIVE numbers(n) AS ({series})"
    today = clock.today(clock.now())
    ago = "date('{0}', '-' || ((n * 13) % 730) || ' days')" if is_sqlite else "(DATE '{0}' - (n * 13) % 730)"
    finding = (
        "CASE WHEN n % 11 = 0 THEN 'PROBLEM_PENDING' WHEN n % 7 = 0 THEN 'PROBLEM_CORRECTED' ELSE 'NO_PROBLEM' END"
    )
    object_id = f"'o' || ((n * 17) % {max(RESULTS * 2 // 3, 1)})"
    result = "result_id, version, inspection_id, authority_id, object_id, domain, finding, adverse"
    cells = f"'i' || n || '-a', 1, 'i' || n, 'a', {object_id}, '{DOMAIN}', {finding}, n % 11 = 0"
    last = f"{ago.format(today)}, n % 97 = 0"
    yield f"INSERT INTO known_results ({result}, inspected_on, repaired) {numbers} SELECT {cells}, {last} FROM numbers"
    rating = "object_id, version, changed_at, public_rating, public_source, risk_class, risk_source, industry"
    public, risk = (f"substr('ABCD', 1 + {number} % 4, 1)" for number in ("n", "(n / 5)"))
    cells = f"'o' || n, 1, CURRENT_TIMESTAMP, {public}, '', {risk}, '', '[]'"
    yield f"INSERT INTO ratings ({rating}) {numbers} SELECT {cells} FROM numbers WHERE n % 3 = 0"


def model() -> IndustryModel:
    """A draft."""
    losses = {"PROBLEM_PENDING": 0.4, "PROBLEM_CORRECTED": 0.1}
    return IndustryModel(
        model_id="bench",
        model_version=1,
        domain=DOMAIN,
        name="市场监管领域行业信用评价模型",
        indicators=(
            Indicator("PUBLIC", "公共信用评价", IndicatorSource.PUBLIC_RATING, 30, GRADES),
            Indicator("RISK", "信用风险分类", IndicatorSource.RISK_CLASS, 20, GRADES),
            Indicator("FINDINGS", "检查结果", IndicatorSource.FINDING, 50, losses),
        ),
        thresholds=Thresholds(90, 75, 60),
    )


def by_crowds(place: Land) -> Callable[[], Spread]:
    """As the service answers."""

    def run() -> Spread:
        with place.working() as work:
            tried = backtest_industry_model(model(), Crowds(work.session), as_of=None, now=clock.now())
        return {each.grade: each.count for each in tried.distribution if each.grade}, tried.mean_score

    return run


def one_by_one(place: Land) -> Callable[[], Spread]:
    """Pages of objects with their records, each scored by itself."""

    def run() -> Spread:
        spread, total, day, draft = Counter[Grade](), 0.0, clock.today(clock.now()), model()
        with place.working() as work:
            for part in chunks(ids(work), PAGE):
                histories = read_histories(work, part, [draft])
                standing = {rating.object_id: rating for rating in work.all(Rating, object_id=list(part))}
                for id in part:
                    made = histories.score(standing.get(id) or Rating(object_id=id), DOMAIN, day)
                    spread[made.rating] += 1
                    total += made.score
                work.session.expunge_all()
        return {grade: spread[grade] for grade in Grade}, round(total / spread.total(), 2)

    return run


def anew(place: Land) -> str:
    """Rate the objects anew by batches, as the timer does: scores, history and facts."""
    active = model()
    active.state = ModelState.ACTIVE
    with place.working() as work:
        work.add(active)
        Rescoring(work.session)(DOMAIN, active.model_id, clock.today(clock.now()))

    def batch() -> None:
        with place.working() as work:
            renew_due_ratings(work, Due(work.session), RATINGS_AT_ONCE, now=clock.now())

    seconds = sum(measured(batch) for _ in range(BATCHES))
    each = BATCHES * RATINGS_AT_ONCE
    return f"  {place.name}: rated anew with history and facts: {each / seconds:,.0f} objects/s"


def objects(place: Land) -> int:
    """How many objects have a result."""
    with place.working() as work:
        return len(ids(work))


def ids(work: UnitOfWork) -> list[str]:
    """The objects that have a result."""
    found = work.session.scalars(text("SELECT DISTINCT object_id FROM known_results ORDER BY object_id"))
    return [str(id) for id in found]
