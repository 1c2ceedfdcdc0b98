"""Which matter lacks what before it can be inspected everywhere alike (CQ 二(一), TJ 16)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.plans.people import (
    ADMIN,
    ARCHIVE,
    ENTERPRISE,
    FIRE_PLANNER,
    HYDRANT,
    MANAGER,
    NOTARY,
    furnish,
    matter,
    sheet,
)
from tests.support.house import House, houses

bare_house = houses("plans")

WHOLE = {
    "ratio": "不低于3%",
    "frequency": "每年1次",
    "items": [{"name": "执业资质", "check_points": ["是否有效"], "standard": '证照齐全；“"standard":""”'}],
}


@pytest.fixture
def house(bare_house: House) -> House:
    furnish(bare_house)
    return bare_house


def report(house: House, **request: Any) -> Any:
    return house.call("plans", "GetMatterCompleteness", request, by=ENTERPRISE)


def complete(house: House, matter_id: str, by: Any, **more: Any) -> None:
    changes = {"matter_id": matter_id, **WHOLE, **more}
    house.call("plans", "UpdateMatter", {"matter": changes}, by=ADMIN)
    house.call("plans", "ClaimMatter", {"matter_id": matter_id}, by=by)


def test_a_matter_says_what_it_lacks_in_the_words_of_the_field(house: House) -> None:
    complete(house, NOTARY, MANAGER)
    house.call("plans", "CreateMatter", {"matter": matter("1", items=[], random_eligible=False)}, by=ADMIN)
    found = report(house)
    assert (found.total, found.complete) == (4, 1)
    lacking = {each.matter_id: list(each.missing) for each in found.incomplete}
    assert lacking == {
        "1": ["检查项", "认领机构"],
        HYDRANT: ["检查要点", "检查标准", "抽查比例", "抽查频次", "认领机构"],
        ARCHIVE: ["检查要点", "检查标准", "抽查比例", "抽查频次", "认领机构"],
    }
    words = [word for missing in lacking.values() for word in missing]
    assert dict(found.missing_counts) == {word: words.count(word) for word in found.missing_counts}


def test_each_thing_is_missed_by_itself(house: House) -> None:
    no_points = [{"name": "a", "standard": "有"}]
    no_standard = [{"name": "a", "check_points": ["b"]}]
    complete(house, NOTARY, MANAGER, items=no_points)
    complete(house, ARCHIVE, MANAGER, items=no_standard)
    complete(house, HYDRANT, FIRE_PLANNER)
    assert [(each.matter_id, list(each.missing)) for each in report(house).incomplete] == sorted(
        [(NOTARY, ["检查要点"]), (ARCHIVE, ["检查标准"])]
    )


def test_the_report_looks_at_a_domain_at_what_may_be_drawn_and_at_what_is_on_the_list(house: House) -> None:
    house.call(
        "plans",
        "UpdateMatter",
        {"matter": {"matter_id": ARCHIVE, "random_eligible": False}, "update_mask": "randomEligible"},
        by=ADMIN,
    )
    assert [each.matter_id for each in report(house, domain="消防").incomplete] == [HYDRANT]
    assert report(house, random_eligible=True).total == 2
    house.call("plans", "RetireMatter", {"matter_id": HYDRANT}, by=ADMIN)
    assert report(house).total == 2
    first = report(house, page_size=1)
    rest = report(house, page_size=1, page_token=first.page.next_page_token)
    assert [each.matter_id for each in (*first.incomplete, *rest.incomplete)] == sorted([NOTARY, ARCHIVE])


def test_the_sheet_marks_what_each_matter_lacks(house: House) -> None:
    complete(house, NOTARY, MANAGER)
    found = report(house)
    answer = house.call("plans", "ExportMatterCompleteness", by=ENTERPRISE)
    head, *rows = sheet(answer.data)
    marked = {row[0]: [word for word, cell in zip(head, row, strict=True) if cell == "缺失"] for row in rows}
    assert marked == {each.matter_id: list(each.missing) for each in found.incomplete}
