"""What an industry model may look at besides findings: disposals that were not closed in time, and tags."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from liangma.codes.v1 import events_pb2 as codes
from liangma.credit.v1 import events_pb2, ratings_pb2
from liangma.sampling.v1 import events_pb2 as sampling
from liangma.tasks.v1 import events_pb2 as tasks

from tests.credit.people import (
    CITY,
    DOMAIN,
    ENTERPRISE,
    FIRM,
    INSPECTOR,
    MODEL,
    OFFICER,
    PLANNER,
    SHOP,
    accepted,
    activate,
    correct,
    next_days,
    publish,
)
from tests.support.house import House, Refused, houses

house = houses("credit")

_batches = count(1)
OVERDUE = {"code": "OVERDUE", "name": "逾期未办结", "source": "INDICATOR_SOURCE_OVERDUE_DISPOSAL", "weight": 100}
OVERDUES = MODEL | {"indicators": [OVERDUE | {"values": {"EACH": 0.25}, "windowDays": 100}]}
TAG = {"code": "TAGS", "name": "监管标签", "source": "INDICATOR_SOURCE_TAG", "weight": 100}
TAGS = MODEL | {"indicators": [TAG | {"values": {"NONE": 0.9, "危险化学品": 0.5, "诚信示范": 1}}]}


def overdue(house: House, inspection_id: str = "i1", due_on: str = "2025-06-08", nature: str = "FORMAL") -> None:
    fact = {"inspection_id": inspection_id, "authority_id": CITY, "nature": nature, "due_on": due_on}
    house.announce(tasks.DisposalOverdue(**fact, object_id=FIRM, disposal="ORDER_CORRECTION"))


def tagged(house: House, *tags: str, version: int, object_id: str = FIRM) -> None:
    thing = sampling.ObjectState(object_id=object_id, version=version, type="INSTITUTION", name="甲公司", tags=tags)
    house.announce(sampling.ObjectChanged(batch_id=f"tags-{next(_batches)}", objects=[thing]))


def score(house: House) -> float:
    return float(house.call("credit", "GetRating", {"object_id": FIRM}, by=INSPECTOR).industry[0].score)


def causes(house: House) -> list[str]:
    history = house.call("credit", "GetRating", {"object_id": FIRM}, by=INSPECTOR).history
    return [ratings_pb2.RatingCause.Name(change.cause).removeprefix("RATING_CAUSE_") for change in history]


def test_a_disposal_that_is_overdue_lowers_the_score_once_and_is_explained(house: House) -> None:
    activate(house, OVERDUES)
    publish(house)
    overdue(house)
    overdue(house)
    assert (score(house), causes(house)) == (75.0, ["OVERDUE", "RESULT"])
    made = house.call("credit", "ExplainScore", {"object_id": FIRM, "domain": DOMAIN}, by=ENTERPRISE)
    (evidence,) = made.terms[0].evidence
    assert (evidence.inspection_id, evidence.effect) == ("i1", -0.25)
    assert evidence.note == "2025-06-08 到期的后续处理逾期未办结，扣 25 分"


def test_an_order_that_is_renewed_and_missed_again_counts_again(house: House) -> None:
    activate(house, OVERDUES)
    publish(house)
    overdue(house)
    overdue(house, due_on="2025-06-20")
    assert score(house) == 50.0


def test_a_disposal_is_overdue_whichever_comes_first_it_or_the_result(house: House) -> None:
    activate(house, OVERDUES)
    overdue(house)
    publish(house)
    assert score(house) == 75.0


def test_a_corrected_result_takes_its_overdue_disposals_with_it(house: House) -> None:
    activate(house, OVERDUES)
    publish(house)
    overdue(house)
    correct(house, finding="NO_PROBLEM", adverse=False)
    assert score(house) == 100.0


def test_a_repaired_result_takes_its_overdue_disposals_with_it(house: House) -> None:
    activate(house, OVERDUES)
    repair = accepted(house)
    overdue(house)
    assert score(house) == 75.0
    house.call("credit", "GrantRepair", {"repair_id": repair.repair_id}, by=OFFICER)
    assert score(house) == 100.0


def test_what_is_overdue_in_a_test_task_counts_nowhere(house: House) -> None:
    activate(house, OVERDUES)
    publish(house)
    overdue(house, nature="TEST")
    assert score(house) == 100.0


def test_an_overdue_disposal_counts_until_its_window_ends(house: House) -> None:
    activate(house, OVERDUES)
    publish(house)
    overdue(house)
    next_days(house, 98)
    house.fire("credit", "renew_ratings")
    assert score(house) == 75.0
    next_days(house, 1)
    house.fire("credit", "renew_ratings")
    assert score(house) == 100.0


def test_the_tag_that_says_the_worst_counts(house: House) -> None:
    activate(house, TAGS)
    tagged(house, "诚信示范", "危险化学品", "别的", version=1)
    publish(house)
    assert score(house) == 50.0
    made = house.call("credit", "ExplainScore", {"object_id": FIRM, "domain": DOMAIN}, by=ENTERPRISE)
    assert [item.level for item in made.terms[0].evidence] == ["危险化学品", "诚信示范"]


def test_new_tags_change_the_score_and_old_news_does_not(house: House) -> None:
    activate(house, TAGS)
    publish(house)
    assert score(house) == 90.0
    tagged(house, "诚信示范", version=2)
    assert (score(house), causes(house)) == (100.0, ["TAG", "RESULT"])
    tagged(house, "危险化学品", version=1)
    assert score(house) == 100.0


def test_tags_change_nothing_where_nobody_looks_at_them(house: House) -> None:
    activate(house)
    publish(house)
    before = len(house.announced("credit", events_pb2.RatingChanged))
    tagged(house, "危险化学品", version=2)
    tagged(house, "危险化学品", version=1, object_id=SHOP)
    assert len(house.announced("credit", events_pb2.RatingChanged)) == before


def test_a_complaint_against_an_authority_lowers_no_score_of_who_complained(house: House) -> None:
    activate(house)
    publish(house)
    before = score(house)
    house.announce(codes.ComplaintFiled(complaint_id="c1", authority_id=CITY, kind="CONDUCT"))
    house.fire("credit", "renew_ratings")
    assert score(house) == before


@pytest.mark.parametrize(
    ("indicator", "violations"),
    [
        (OVERDUE, {"model.indicators[0].values[EACH]": "REQUIRED"}),
        (OVERDUE | {"values": {"EACH": 1, "ORDER": 1}}, {"model.indicators[0].values[ORDER]": "UNKNOWN_LEVEL"}),
        (TAG | {"values": {"危险化学品": 1}}, {"model.indicators[0].values[NONE]": "REQUIRED"}),
        (TAG | {"values": {"NONE": 1, "危险化学品": 2}}, {"model.indicators[0].values[危险化学品]": "RANGE"}),
    ],
)
def test_an_indicator_says_what_its_source_needs(house: House, indicator: Any, violations: dict[str, str]) -> None:
    with pytest.raises(Refused) as refusal:
        house.call("credit", "CreateIndustryModel", {"model": MODEL | {"indicators": [indicator]}}, by=PLANNER)
    assert refusal.value.violations == violations
