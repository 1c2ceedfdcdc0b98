"""Facts about results come in any order and more than once; what stands in the end is what the newest of each say."""

from __future__ import annotations

from itertools import count
from random import Random

from google.protobuf.message import Message
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from liangma.tasks.v1 import events_pb2 as tasks

from services.credit.model.known import Finding
from tests.credit.people import INSPECTOR, activate, result
from tests.support.house import House, houses

house = houses("credit")

_objects = count(1)
LOSS = {"PROBLEM_PENDING": 0.5, "PROBLEM_CORRECTED": 0.1}
VERSIONS = 3

histories = st.lists(
    st.tuples(
        st.sampled_from(["FORMAL", "FORMAL", "TEST"]),
        st.lists(st.sampled_from([*Finding]), min_size=1, max_size=VERSIONS),
    ),
    min_size=1,
    max_size=3,
)
"""Inspections: their nature, and what each version of their result says."""


@settings(
    max_examples=20, phases=[Phase.generate], deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(inspections=histories, dice=st.randoms(use_true_random=False))
def test_in_whatever_order_and_how_often_facts_come_the_newest_of_each_count_once(
    house: House, inspections: list[tuple[str, list[str]]], dice: Random
) -> None:
    if not house.call("credit", "ListIndustryModels", {}, by=INSPECTOR).models:
        activate(house)
    object_id = f"object-{next(_objects)}"
    facts = [
        fact(house, f"{object_id}-{n}", object_id, nature, version, finding)
        for n, (nature, versions) in enumerate(inspections)
        for version, finding in enumerate(versions, 1)
    ]
    for each in dice.sample(2 * facts, 2 * len(facts)):
        house.announce(each)
    newest = [versions[-1] for nature, versions in inspections if nature == "FORMAL"]
    assert scores(house, object_id) == ([expected(newest)] if newest else [])


def fact(house: House, inspection_id: str, object_id: str, nature: str, version: int, finding: str) -> Message:
    said = {"version": version, "finding": finding, "nature": nature, "adverse": finding in LOSS}
    about = result(house, inspection_id, object_id=object_id, **said)
    if version == 1:
        return tasks.ResultPublished(inspection_id=inspection_id, result=about)
    return tasks.ResultCorrected(inspection_id=inspection_id, result=about, reason="更正")


def scores(house: House, object_id: str) -> list[float]:
    rows = house.call("credit", "ListRatings", {"page_size": 1000}, by=INSPECTOR).ratings
    return [made.score for row in rows if row.object_id == object_id for made in row.industry]


def expected(findings: list[str]) -> float:
    """30 × 0.6 for no public rating, and what the findings leave of 70."""
    return round(18 + 70 * max(0.0, 1 - sum(LOSS.get(finding, 0.0) for finding in findings)), 2)
