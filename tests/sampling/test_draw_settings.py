"""Scope, strata, exclusions and quotas: the arithmetic of the wizard."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import InvalidArgument
from services.sampling.model.candidates import Candidates
from services.sampling.model.exclusions import Excluder, Reason, RecordExclusion, whitelisted
from services.sampling.model.frame import quota_by_ratio
from services.sampling.model.freezing import freeze, judge_by, sort_out
from services.sampling.model.inspection_object import ObjectType
from services.sampling.model.neighbours import Part, Task, Whitelisting
from services.sampling.model.quotas import DrawQuotas, Quota, RegionQuota, StratumQuota
from services.sampling.model.scope import DrawScope
from services.sampling.model.strata import Candidate, DrawStrata, StrataBasis, StrataCategory, class_of, region_of

DAY = date(2025, 6, 9)


BLANK = Candidate("o1", "ACTIVE", "500118", public_rating="", risk_class="", tags=(), industry_rating="")


def candidate(id: str = "o1", **known: Any) -> Candidate:
    return BLANK._replace(object_id=id, **known)


def test_a_scope_takes_the_tasks_region_and_institutions_by_default() -> None:
    scope = DrawScope(types=()).within("500118")
    assert (scope.types, scope.regions) == ((ObjectType.INSTITUTION,), ("500118",))
    assert DrawScope(regions=("500118",)).within("500000").regions == ("500118",)


def test_a_scope_outside_of_the_tasks_region_is_refused() -> None:
    with pytest.raises(InvalidArgument) as caught:
        DrawScope(regions=("500118", "500101", "50")).within("500118")
    assert [(v.field, v.rule) for v in caught.value.violations] == [
        ("scope.regions[1]", "OUT_OF_REGION"),
        ("scope.regions[2]", "REGION"),
    ]


def test_the_first_category_that_fits_counts() -> None:
    bad = StrataCategory("差", public_ratings=("C", "D"))
    big = StrataCategory("重点", tags=("重点",), regions=("500100",))
    divide = DrawStrata(StrataBasis.CATEGORY, categories=(bad, big)).stratum_of()
    assert divide(candidate(public_rating="D", tags=("重点",))) == "差"
    assert divide(candidate(public_rating="A", tags=("重点",))) == "重点"
    assert divide(candidate(public_rating="A", tags=("重点",), region="500229")) is None
    assert divide(candidate()) is None


def test_unrated_objects_are_a_class_of_their_own() -> None:
    divide = DrawStrata(StrataBasis.PUBLIC_AND_INDUSTRY, domain="消防", by_region=True).stratum_of()
    assert divide(candidate(industry_rating="B")) == "500118/UNRATED-B"


@pytest.mark.parametrize("name", ["", "a,b", 'a"b', "a/b", "a\nb", "长" * 41])
def test_a_category_whose_name_cannot_stand_in_a_frame_is_refused(name: str) -> None:
    with pytest.raises(InvalidArgument):
        DrawStrata(StrataBasis.CATEGORY, categories=(StrataCategory(name),)).check()


def test_two_categories_of_one_name_or_an_unknown_grade_are_refused() -> None:
    twice = (StrataCategory("甲"), StrataCategory("甲", risk_classes=("E",)))
    with pytest.raises(InvalidArgument) as caught:
        DrawStrata(StrataBasis.CATEGORY, categories=twice).check()
    assert {v.rule for v in caught.value.violations} == {"STRATUM_NAME", "GRADE"}


def test_region_and_class_are_read_from_a_stratums_name() -> None:
    assert [region_of(name) for name in ("500118/A", "500118", "A", "A-B")] == ["500118", "500118", "", ""]
    assert [class_of(name) for name in ("500118/A", "500118", "A")] == ["A", "500118", "A"]


def test_the_most_special_quota_counts() -> None:
    quotas = DrawQuotas(
        each=Quota(ratio=Decimal("0.1")),
        per_region=(RegionQuota("500117", Quota(number=3)),),
        per_stratum=(
            StratumQuota("500118/A", Quota(number=7)),
            StratumQuota("A", Quota(ratio=Decimal("0.5"))),
        ),
    )
    counts = {"500116/A": 10, "500116/B": 10, "500117/A": 4, "500117/B": 2, "500118/A": 20, "500118/B": 50}
    asked = quotas.ask(counts)
    assert asked.quotas == {
        "500116/A": 5,
        "500116/B": 1,
        "500117/A": 2,
        "500117/B": 1,
        "500118/A": 7,
        "500118/B": 5,
    }
    assert asked.ratios == {
        "500116/A": Decimal("0.5"),
        "500116/B": Decimal("0.1"),
        "500117/A": Decimal("0.5"),
        "500118/B": Decimal("0.1"),
    }


def test_a_number_for_a_class_is_spread_over_its_regions_by_largest_remainder() -> None:
    quotas = DrawQuotas(per_stratum=(StratumQuota("A", Quota(number=5)),))
    assert quotas.ask({"1/A": 6, "2/A": 3, "3/A": 1, "3/B": 9}).quotas == {"1/A": 3, "2/A": 2, "3/A": 0, "3/B": 0}


def test_a_number_for_a_class_that_nobody_is_in_comes_out_short() -> None:
    quotas = DrawQuotas(per_stratum=(StratumQuota("D", Quota(number=5)),))
    frozen = freeze([candidate(public_rating="A")], DrawStrata(StrataBasis.PUBLIC_CREDIT), Excluder(), quotas)
    assert [(s.name, s.count, s.wanted, s.drawn, s.short) for s in frozen.strata] == [
        ("A", 1, 0, 0, 0),
        ("D", 0, 5, 0, 5),
    ]


@given(st.dictionaries(st.sampled_from(["A", "B", "C", "D"]), st.integers(1, 500), min_size=1), st.integers(1, 300))
def test_a_total_is_spread_to_the_last_one(counts: dict[str, int], total: int) -> None:
    assert sum(DrawQuotas(total=total).ask(counts).quotas.values()) == total


@given(
    st.dictionaries(st.text("AB/", min_size=1, max_size=4), st.integers(0, 50), min_size=1),
    st.decimals(0, 1, places=4),
)
def test_a_ratio_for_each_is_the_rule_of_the_specification(counts: dict[str, int], ratio: Decimal) -> None:
    asked = DrawQuotas(each=Quota(ratio=ratio)).ask(counts)
    assert asked.quotas == {name: quota_by_ratio(ratio, count) for name, count in counts.items()}


def test_every_object_is_in_the_frame_or_excluded_with_the_first_reason_that_holds() -> None:
    objects = [
        candidate("o1"),
        candidate("o2", registration_status="CLOSED"),
        candidate("o3", registration_status="CLOSED"),
        candidate("o4"),
        candidate("o5", public_rating="A"),
    ]
    excluder = Excluder(recorded={"o3"}, statuses={"CLOSED"}, named={"o4", "o3"})
    strata = DrawStrata(StrataBasis.CATEGORY, categories=(StrataCategory("未评", public_ratings=("UNRATED",)),))
    frozen = freeze(objects, strata, excluder, DrawQuotas(total=1))
    assert list(frozen.frame.ids) == ["o1"]
    assert frozen.excluded == {
        "o2": Reason.STATUS,
        "o3": Reason.RECORD,
        "o4": Reason.NAMED,
        "o5": Reason.NO_STRATUM,
    }


IDS = [f"o{number}" for number in range(12)]
some_ids = st.frozensets(st.sampled_from(IDS), max_size=6)
grades = st.sampled_from(["", "A", "D"])


@st.composite
def populations(draw: st.DrawFn) -> list[Candidate]:
    tags = st.sampled_from([(), ("餐饮",), ("重点", "餐饮")])
    made = st.builds(
        Candidate, st.just(""), st.sampled_from(["ACTIVE", "CLOSED"]), st.sampled_from(["500118", "500117"]), grades,
        grades, tags, grades,
    )  # fmt: skip
    return [draw(made)._replace(object_id=id) for id in draw(st.lists(st.sampled_from(IDS), unique=True))]


divisions = st.sampled_from(
    [
        DrawStrata(),
        DrawStrata(StrataBasis.PUBLIC_AND_INDUSTRY, domain="消防", by_region=True),
        DrawStrata(StrataBasis.TAG, tags=("重点", "餐饮")),
        DrawStrata(StrataBasis.CATEGORY, categories=(StrataCategory("甲", public_ratings=("A",)),)),
        DrawStrata(StrataBasis.CATEGORY, categories=(StrataCategory("甲", object_ids=("o1", "o2")),)),
    ]
)
excluders = st.builds(
    Excluder,
    recorded=some_ids,
    statuses=st.sampled_from([(), ("CLOSED",)]),
    named=some_ids,
    whitelisted=some_ids,
    everybody=st.booleans(),
    same_matter=some_ids,
)


@given(populations(), divisions, excluders)
def test_asking_the_rules_once_for_each_kind_of_object_comes_to_the_same(
    people: list[Candidate], strata: DrawStrata, excluder: Excluder
) -> None:
    frame, excluded = sort_out(Candidates.of(people), strata, excluder)
    judge = judge_by(strata, excluder)
    verdicts = {one.object_id: judge(one) for one in people}
    assert dict(zip(frame.ids, frame.strata, strict=True)) == {
        id: stratum for id, (reason, stratum) in verdicts.items() if reason is None
    }
    assert excluded == {id: reason for id, (reason, _) in verdicts.items() if reason}


@given(populations(), some_ids)
def test_candidates_are_the_same_by_kind_and_one_by_one(people: list[Candidate], some: frozenset[str]) -> None:
    everybody = Candidates.of(people)
    ordered = sorted(people)
    assert list(everybody) == ordered
    few, others = everybody.without(some), [one for one in people if one.object_id in some]
    assert list(few) == [one for one in ordered if one.object_id not in some]
    assert list(few.joined_by(Candidates.of(others))) == ordered
    assert everybody.ids_where(lambda kind: kind.public_rating == "A") == [
        one.object_id for one in ordered if one.public_rating == "A"
    ]


def test_a_record_rule_without_a_period_means_the_tasks_year() -> None:
    rule = RecordExclusion(at_least=0).in_year(2025)
    assert (rule.from_date, rule.to_date, rule.at_least) == (date(2025, 1, 1), date(2025, 12, 31), 1)


def entry(**known: object) -> Whitelisting:
    return Whitelisting(whitelist_id="w", version=1, **known)  # type: ignore[arg-type]


def task(*matters: str) -> Task:
    return Task(task_id="t", version=1, authority_id="L", parts=(Part("L", matters), Part("P", ("X",))))


def test_an_object_is_whitelisted_when_every_matter_of_the_lead_is_covered() -> None:
    entries = [
        entry(object_id="whole"),
        entry(object_id="half", matter_id="M1"),
        entry(object_id="both", matter_id="M1"),
        entry(object_id="both", matter_id="M2"),
    ]
    assert whitelisted(task("M1", "M2"), entries, DAY) == (frozenset({"whole", "both"}), False)
    for_all = [*entries, entry(matter_id="M2")]
    assert whitelisted(task("M1", "M2"), for_all, DAY) == (frozenset({"whole", "half", "both"}), False)
    assert whitelisted(task("M2"), for_all, DAY)[1]


def test_a_whitelist_entry_binds_in_its_term_only() -> None:
    assert entry(starts_on=DAY, ends_on=DAY).binds(DAY)
    assert not entry(starts_on=date(2025, 6, 10)).binds(DAY)
    assert not entry(ends_on=date(2025, 6, 8)).binds(DAY)
    assert not entry(active=False).binds(DAY)
