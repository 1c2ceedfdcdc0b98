"""A score is made of declared terms, always the same for the same record, and says where each point went."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import InvalidArgument
from services.credit.model.industry_model import (
    Indicator,
    IndicatorSource,
    IndustryModel,
    MakerApproves,
    ModelState,
    NotDraft,
    Thresholds,
)
from services.credit.model.known import Finding, KnownEvaluation, KnownResult
from services.credit.model.rating import Grade
from services.credit.model.scoring import Record, score

TODAY = date(2025, 6, 9)
NOW = datetime(2025, 6, 9, 1, tzinfo=UTC)
THRESHOLDS = Thresholds(90, 75, 60)
GRADES = {"A": 1.0, "B": 0.8, "C": 0.4, "D": 0.0, "NONE": 0.6}


def model(*indicators: Indicator, thresholds: Thresholds = THRESHOLDS) -> IndustryModel:
    chosen = indicators or (
        Indicator("PUBLIC", "公共信用", IndicatorSource.PUBLIC_RATING, 30, GRADES),
        Indicator("RISK", "风险分类", IndicatorSource.RISK_CLASS, 20, GRADES),
        Indicator(
            "FINDINGS",
            "检查结果",
            IndicatorSource.FINDING,
            50,
            {Finding.PROBLEM_PENDING: 0.6, Finding.PROBLEM_CORRECTED: 0.2},
            window_days=100,
        ),
    )
    return IndustryModel(
        model_id="m1", domain="司法", name="模型", indicators=chosen, thresholds=thresholds, created_by="maker"
    )


def result(
    finding: str = Finding.PROBLEM_PENDING, days_ago: int = 0, *, repaired: bool = False, id: str = "i1"
) -> KnownResult:
    return KnownResult(
        result_id=f"{id}:a1",
        version=1,
        inspection_id=id,
        authority_id="a1",
        object_id="o1",
        domain="司法",
        finding=finding,
        adverse=True,
        inspected_on=TODAY - timedelta(days=days_ago),
        repaired=repaired,
    )


def test_the_points_of_the_terms_add_up_to_the_score() -> None:
    made = score(model(), Record(Grade.A, Grade.B, [result()]), TODAY)
    assert [term.points for term in made.terms] == [30.0, 16.0, 20.0]
    assert (made.score, made.rating) == (66.0, Grade.C)


def test_an_object_with_a_clean_record_and_no_ratings_gets_the_values_of_none() -> None:
    assert score(model(), Record(), TODAY).score == 80.0  # 30 × 0.6 + 20 × 0.6 + 50


def test_several_findings_take_away_more_but_never_below_nothing() -> None:
    made = score(model(), Record(results=[result(id="i1"), result(id="i2")]), TODAY)
    assert made.terms[2].value == 0.0


def test_a_repaired_result_takes_nothing_away_and_says_so() -> None:
    made = score(model(), Record(results=[result(repaired=True)]), TODAY)
    assert made.terms[2].value == 1.0
    assert "已修复" in made.terms[2].evidence[0].note


def test_a_result_counts_until_its_window_ends() -> None:
    record = Record(results=[result(days_ago=99)])
    assert score(model(), record, TODAY).lapses_on == TODAY + timedelta(days=1)
    assert score(model(), record, TODAY).terms[2].value == 0.4
    assert score(model(), record, TODAY + timedelta(days=1)).terms[2].value == 1.0


def test_what_costs_nothing_needs_no_later_look() -> None:
    assert score(model(), Record(results=[result(Finding.NO_PROBLEM)]), TODAY).lapses_on is None


def test_taking_part_in_evaluations_counts_and_never_more_than_the_whole() -> None:
    taking_part = Indicator("E", "参与评价", IndicatorSource.EVALUATION, 100, {"NONE": 0.5, "EACH": 0.3})
    evaluations = [
        KnownEvaluation(evaluation_id=f"e{n}", inspection_id="i1", authority_id="a1", submitted_on=TODAY)
        for n in range(3)
    ]
    by = model(taking_part)
    assert score(by, Record(evaluations=evaluations[:1]), TODAY).score == 80.0
    assert score(by, Record(evaluations=evaluations), TODAY).score == 100.0


@pytest.mark.parametrize(("points", "grade"), [(90, "A"), (89.99, "B"), (75, "B"), (60, "C"), (59.99, "D")])
def test_a_threshold_belongs_to_the_better_grade(points: float, grade: str) -> None:
    assert Thresholds(90, 75, 60).grade(points) == grade


findings = st.lists(
    st.builds(
        result,
        finding=st.sampled_from(Finding),
        days_ago=st.integers(0, 200),
        repaired=st.booleans(),
        id=st.uuids().map(str),
    ),
    max_size=6,
)
grades = st.one_of(st.none(), st.sampled_from(Grade))


@given(public=grades, risk=grades, results=findings)
def test_a_score_is_between_0_and_100_and_does_not_depend_on_the_order(
    public: Grade | None, risk: Grade | None, results: list[KnownResult]
) -> None:
    made = score(model(), Record(public, risk, results), TODAY)
    assert 0 <= made.score <= 100
    assert made == score(model(), Record(public, risk, results[::-1]), TODAY)


@given(results=findings)
def test_repairing_never_lowers_a_score(results: list[KnownResult]) -> None:
    before = score(model(), Record(results=results), TODAY).score
    for item in results:
        item.repaired = True
    assert score(model(), Record(results=results), TODAY).score >= before


@given(results=findings, later=st.integers(1, 300))
def test_before_the_day_of_the_next_look_a_score_stays(results: list[KnownResult], later: int) -> None:
    made = score(model(), Record(results=results), TODAY)
    day = TODAY + timedelta(days=later)
    if made.lapses_on is None or day < made.lapses_on:
        assert score(model(), Record(results=results), day).score == made.score


@pytest.mark.parametrize(
    ("field", "rule", "broken"),
    [
        ("model.indicators", "WEIGHTS", model(Indicator("A", "a", IndicatorSource.FINDING, 99))),
        (
            "model.indicators",
            "DUPLICATE",
            model(*[Indicator("A", "a", IndicatorSource.FINDING, 50) for _ in range(2)]),
        ),
        ("model.indicators[0].weight", "RANGE", model(Indicator("A", "a", IndicatorSource.FINDING, 101))),
        ("model.indicators[0].source", "REQUIRED", model(Indicator("A", "a", None, 100))),
        (
            "model.indicators[0].values[GOOD]",
            "UNKNOWN_LEVEL",
            model(Indicator("A", "a", IndicatorSource.FINDING, 100, {"GOOD": 0.5})),
        ),
        (
            "model.indicators[0].values[CLOSED]",
            "RANGE",
            model(Indicator("A", "a", IndicatorSource.FINDING, 100, {"CLOSED": 1.5})),
        ),
        (
            "model.indicators[0].values[NONE]",
            "REQUIRED",
            model(Indicator("A", "a", IndicatorSource.RISK_CLASS, 100, {"A": 1, "B": 1, "C": 1, "D": 1})),
        ),
        (
            "model.indicators[0].window_days",
            "RANGE",
            model(Indicator("A", "a", IndicatorSource.FINDING, 100, window_days=-1)),
        ),
        (
            "model.indicators[0].window_days",
            "RANGE",
            model(Indicator("A", "a", IndicatorSource.FINDING, 100, window_days=2_000_000_000)),
        ),
        ("model.thresholds", "ORDER", model(thresholds=Thresholds(60, 75, 90))),
    ],
)
def test_a_model_that_cannot_rate_is_refused_by_field(field: str, rule: str, broken: IndustryModel) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        broken.check()
    assert (field, rule) in {(violation.field, violation.rule) for violation in refusal.value.violations}


def test_the_maker_of_a_model_does_not_approve_it() -> None:
    with pytest.raises(MakerApproves):
        model().approve("maker", NOW)


def test_a_model_that_rates_is_not_edited() -> None:
    draft = model()
    draft.approve("another", NOW)
    assert draft.state is ModelState.ACTIVE
    with pytest.raises(NotDraft):
        draft.revise("x", draft.indicators, draft.thresholds)
