"""Where the objects of a drawn task may lie: what tasks says of it, and what sampling makes of it (TJ 15)."""

from __future__ import annotations

from typing import Any

import pytest
from liangma.plans.v1 import events_pb2 as plans
from liangma.tasks.v1 import events_pb2 as facts

from tests.support.house import House, Refused, houses
from tests.tasks import city

ORDER: dict[str, Any] = {"sha256": "0" * 64, "name": "异地协助函.pdf"}
DRAWN: dict[str, Any] = {"selection": "SELECTION_RANDOM"}
both = houses("tasks", "sampling")


def regions(house: House) -> list[str]:
    """Where the newest fact lets objects be chosen."""
    return list(house.announced("tasks", facts.TaskFormed)[-1].regions)


def attach(house: House, task_id: str, *named: str) -> Any:
    request = {"task_id": task_id, "assistance_order": ORDER, "regions": named, "reason": "跨省线索"}
    return house.call("tasks", "AttachAssistanceOrder", request, by=city.MANAGER)


def scope(house: House, draw_id: str, *named: str) -> list[str]:
    """Say where a draw draws; where it does."""
    request = {"draw_id": draw_id, "scope": {"regions": named}}
    draw = house.call("sampling", "SetDrawScope", request, by=city.MANAGER)
    return list(draw.scope.regions)


def refused_scope(house: House, draw_id: str, *named: str) -> dict[str, str]:
    with pytest.raises(Refused) as caught:
        scope(house, draw_id, *named)
    return caught.value.violations


def draw_of(house: House, task_id: str) -> str:
    house.settle()
    return str(house.call("sampling", "CreateDraw", {"task_id": task_id}, by=city.MANAGER).draw_id)


def test_a_task_tells_where_objects_may_be_chosen_and_again_when_an_order_is_attached(house: House) -> None:
    task = city.create(house)
    assert regions(house) == ["500000"]
    attach(house, task.task_id, "120000", "510100")
    assert regions(house) == ["500000", "120000", "510100"]
    versions = [fact.version for fact in house.announced("tasks", facts.TaskFormed)]
    assert versions == [1, 2]


def test_an_order_that_names_no_region_allows_all(house: House) -> None:
    city.create(house, assistance_order=ORDER)
    assert regions(house) == ["500000", "000000"]


def test_a_task_with_a_partner_of_a_district_chooses_within_the_district(house: House) -> None:
    partner = {"name": "南岸区市场监管局", "region": "500108", "listed_from": "2020-01-01"}
    house.announce(plans.AuthorityChanged(authority_id=city.MARKET, version=2, **partner))
    city.create_joint(house)
    assert regions(house) == ["500108"]


def test_a_draw_follows_an_assistance_order_that_comes_later(both: House) -> None:
    city.settle_city(both)
    task = city.create(both, **DRAWN)
    draw_id = draw_of(both, task.task_id)
    assert refused_scope(both, draw_id, "500108", "120101") == {"scope.regions[1]": "OUT_OF_REGION"}
    attach(both, task.task_id, "120000")
    both.settle()
    assert scope(both, draw_id, "500108", "120101") == ["500108", "120101"]
    assert scope(both, draw_id) == ["500000"], "outside of its region a task draws when it says so"
    assert refused_scope(both, draw_id, "510000") == {"scope.regions[0]": "OUT_OF_REGION"}


def test_a_draw_goes_anywhere_with_an_order_that_names_no_region(both: House) -> None:
    city.settle_city(both)
    task = city.create(both, assistance_order=ORDER, **DRAWN)
    assert scope(both, draw_of(both, task.task_id), "120101") == ["120101"]


def test_what_was_heard_before_regions_were_told_keeps_to_the_region_of_the_lead(both: House) -> None:
    city.settle_city(both)
    old = facts.TaskFormed(
        task_id="old", version=1, authority_id=city.JUSTICE, region="500000", selection="RANDOM", year=2025
    )
    both.announce(old)
    draw_id = draw_of(both, "old")
    assert refused_scope(both, draw_id, "120101") == {"scope.regions[0]": "OUT_OF_REGION"}
    assert scope(both, draw_id) == ["500000"]
