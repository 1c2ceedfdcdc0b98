"""A back-test counts crowds in the database; object by object it must come out the same."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from services.chassis.clock import today
from services.credit.model.industry_model import Indicator, IndicatorSource, IndustryModel, Thresholds
from services.credit.model.known import Finding, KnownEvaluation, KnownObject, KnownOverdue, KnownResult
from services.credit.model.rating import Grade, Rating
from services.credit.queries.crowds import Crowds
from services.credit.use_cases.industry_model import backtest_industry_model
from services.credit.use_cases.rating import read_histories
from tests.credit.people import DOMAIN, INSPECTOR, MODEL, PLANNER, SHOP, activate, import_ratings, next_days, publish
from tests.support.house import House, Refused, houses

house = houses("credit")

GRADES = {"A": 1.0, "B": 0.8, "C": 0.4, "D": 0.0, "NONE": 0.6}
NOTHING_ELSE: dict[str, object] = {"version": 1, "type": "SITE", "name": "", "registration_status": "", "region": ""}
UNTIL_REPLACED: dict[str, object] = {
    "version": 1,
    "public_valid_until": None,
    "public_source": "",
    "risk_valid_until": None,
    "risk_source": "",
    "industry": (),
}


def everything() -> IndustryModel:
    """A model with an indicator of every source."""
    return IndustryModel(
        model_id="m",
        domain=DOMAIN,
        name="全部指标",
        indicators=(
            Indicator("P", "公共信用", IndicatorSource.PUBLIC_RATING, 20, GRADES),
            Indicator("R", "风险分类", IndicatorSource.RISK_CLASS, 10, GRADES),
            Indicator("F1", "一年内", IndicatorSource.FINDING, 30, {"PROBLEM_PENDING": 0.3, "PROBLEM_CORRECTED": 0.1}),
            Indicator("F2", "近三十天", IndicatorSource.FINDING, 10, {"PROBLEM_PENDING": 0.7, "OTHER": 0.0}, 30),
            Indicator("E", "参与评价", IndicatorSource.EVALUATION, 10, {"NONE": 0.5, "EACH": 0.3}, 60),
            Indicator("O", "逾期", IndicatorSource.OVERDUE_DISPOSAL, 10, {"EACH": 0.35}, 90),
            Indicator("T", "标签", IndicatorSource.TAG, 10, {"NONE": 0.9, "危化": 0.1, "诚信": 1.0}),
        ),
        thresholds=Thresholds(88, 75, 60),
    )


def fill(house: House, seed: int) -> list[str]:
    """A directory with a record, at random."""
    dice, day = random.Random(seed), today(house.now)
    objects = [f"o{n}" for n in range(120)]

    def ago(most: int) -> date:
        return day - timedelta(days=dice.randrange(most))

    def result(n: int) -> dict[str, object]:
        place = {"result_id": f"i{n}:a", "version": 1, "inspection_id": f"i{n}", "authority_id": "a"}
        about = {"object_id": dice.choice(objects), "domain": dice.choice([DOMAIN, DOMAIN, "消防"])}
        what = {"finding": dice.choice([*Finding]), "adverse": dice.random() < 0.5, "repaired": dice.random() < 0.2}
        return {**place, **about, **what, "inspected_on": ago(500)}

    def known(id: str) -> dict[str, object]:
        tags = tuple(dice.sample(["危化", "诚信", "别的"], dice.randrange(3)))
        return NOTHING_ELSE | {"object_id": id, "tags": tags}

    def standing(id: str) -> dict[str, object]:
        grades = [*Grade, None]
        return UNTIL_REPLACED | {
            "object_id": id,
            "changed_at": house.now,
            "public_rating": dice.choice(grades),
            "risk_class": dice.choice(grades),
        }

    with house.work("credit") as work:
        work.insert(KnownResult, map(result, range(300)))
        of = [{"inspection_id": f"i{dice.randrange(300)}", "authority_id": "a"} for _ in range(150)]
        judged = [row | {"evaluation_id": f"e{n}", "submitted_on": ago(90)} for n, row in enumerate(of)]
        work.insert(KnownEvaluation, judged)
        late = [row | {"overdue_id": f"l{n}", "disposal": "X", "due_on": ago(120)} for n, row in enumerate(of)]
        work.insert(KnownOverdue, late)
        work.insert(KnownObject, map(known, objects[::2]))
        work.insert(Rating, map(standing, objects[::3]))
    return objects


def one_by_one(work: Any, objects: list[str], day: date) -> tuple[Counter[Grade], Counter[Grade], float]:
    """The plain way: how many objects of each rating, at how many of them something was found, the sum of scores."""
    histories = read_histories(work, objects, [everything()])
    standing = {rating.object_id: rating for rating in work.all(Rating, object_id=objects)}
    spread, found, total = Counter[Grade](), Counter[Grade](), 0.0
    for object_id in objects:
        results = histories.results.get((object_id, DOMAIN), [])
        if results:
            made = histories.score(standing.get(object_id) or Rating(object_id=object_id), DOMAIN, day)
            spread[made.rating] += 1
            found[made.rating] += any(result.adverse for result in results)
            total += made.score
    return spread, found, total


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_counting_crowds_comes_to_the_same_as_scoring_one_by_one(house: House, seed: int) -> None:
    objects, day = fill(house, seed), today(house.now)
    with house.work("credit") as work:
        spread, found, total = one_by_one(work, objects, day)
        tried = backtest_industry_model(everything(), Crowds(work.session), as_of=None, now=house.now)
    assert len(spread) > 2
    assert {each.grade: each.count for each in tried.distribution} == {grade: spread[grade] for grade in Grade}
    assert {hit.rating: hit.found for hit in tried.hits} == {grade: found[grade] for grade in Grade}
    assert (tried.objects, tried.mean_score) == (spread.total(), round(total / spread.total(), 2))


def draft(house: House, **changes: Any) -> str:
    made = house.call("credit", "CreateIndustryModel", {"model": MODEL | changes}, by=PLANNER)
    return str(made.model_id)


def tried(house: House, as_of: str = "") -> Any:
    request = {"model_id": draft(house), "as_of": as_of}
    return house.call("credit", "BacktestIndustryModel", request, by=PLANNER)


def hits(backtest: Any) -> list[tuple[int, int, int, float]]:
    return [(hit.objects, hit.inspected, hit.found, hit.rate) for hit in backtest.hits]


def test_a_past_day_is_judged_by_what_came_after_it(house: House) -> None:
    import_ratings(house, {"publicRating": "A"}, {"objectId": SHOP, "publicRating": "D"})
    next_days(house, 10)
    import_ratings(house, {"publicRating": "D"}, {"objectId": SHOP, "publicRating": "A"})
    publish(house, "i1", finding="NO_PROBLEM", adverse=False)
    publish(house, "i2", object_id=SHOP)
    then = tried(house, as_of="2025-06-15")
    assert (then.as_of, then.mean_score) == ("2025-06-15", 85.0)  # 100 and 70
    assert hits(then) == [(1, 1, 0, 0.0), (1, 1, 1, 1.0), (0, 0, 0, 0.0), (0, 0, 0, 0.0)]
    assert hits(tried(house, as_of="2025-06-19")) == [(0, 0, 0, 0.0), (1, 0, 0, 0.0), (1, 0, 0, 0.0), (0, 0, 0, 0.0)]


def test_without_a_day_the_hits_are_of_all_that_was_found(house: House) -> None:
    publish(house)
    publish(house, "i2", object_id=SHOP, finding="NO_PROBLEM", adverse=False)
    assert hits(tried(house)) == [(1, 1, 0, 0.0), (0, 0, 0, 0.0), (1, 1, 1, 1.0), (0, 0, 0, 0.0)]


@pytest.mark.parametrize(("as_of", "rule"), [("2025-06-10", "FUTURE"), ("June", "FORMAT")])
def test_a_day_that_has_not_been_or_is_none_is_refused(house: House, as_of: str, rule: str) -> None:
    with pytest.raises(Refused) as refusal:
        tried(house, as_of)
    assert refusal.value.violations == {"as_of": rule}


def test_what_has_no_id_is_neither_tried_nor_rated(house: House) -> None:
    publish(house, object_id="", object_name="无证摊点")
    activate(house)
    house.fire("credit", "renew_ratings")
    assert tried(house).objects == 0
    assert len(house.call("credit", "ListRatings", {}, by=INSPECTOR).ratings) == 0


def test_the_report_is_a_picture_of_the_same_figures(house: House) -> None:
    activate(house)
    publish(house)
    publish(house, "i2", object_id=SHOP, finding="NO_PROBLEM", adverse=False)
    request = {"model_id": draft(house, name="<模型> & 试行", thresholds={"a": 50, "b": 20, "c": 10})}
    report = house.call("credit", "ExportBacktest", request, by=PLANNER)
    drawn = ET.fromstring(report.data)
    words = [element.text or "" for element in drawn.iter() if element.text]
    assert report.content_type == "image/svg+xml"
    assert f"{DOMAIN} · <模型> & 试行 · 第 2 版 · 回测报告" in words
    assert "按当前数据；对象 2 家；平均分 70.5；A ≥ 50，B ≥ 20，C ≥ 10" in words
    assert {"50.0%", "1 / 2", "未评"} <= {*words}
    assert not [element for element in drawn.iter() if element.tag.endswith("script")]


def test_a_report_of_nothing_says_so(house: House) -> None:
    report = house.call("credit", "ExportBacktest", {"model_id": draft(house)}, by=PLANNER)
    assert "历次尚无检查结果" in report.data.decode()


def test_an_inspector_sees_no_report(house: House) -> None:
    with pytest.raises(Refused):
        house.call("credit", "ExportBacktest", {"model_id": draft(house)}, by=INSPECTOR)
