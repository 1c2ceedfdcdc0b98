"""What a task checks is frozen as it was when the task took it."""

from __future__ import annotations

import itertools

import pytest

from services.chassis.errors import InvalidArgument
from services.tasks.model.content import (
    ContentMode,
    MatterChoice,
    MatterNotClaimed,
    MethodNotAllowed,
    Shelf,
    TaskMatter,
    check_method,
    freeze,
)
from services.tasks.model.copies import CheckForm, CheckItem, FormItem, Matter
from services.tasks.model.terms import Method, lies_within

ITEMS = tuple(CheckItem(str(n), f"检查项{n}", ("要点",)) for n in (1, 2, 3))
MATTER = Matter(
    matter_id="m",
    version=7,
    name="事项",
    domain="司法",
    methods=(Method.ON_SITE, Method.DOCUMENTARY),
    items=ITEMS,
    claimed_by=("A",),
)
FORMS = (
    CheckForm(form_id="f1", version=1, name="甲", authority_id="A", items=(FormItem("m", "1"), FormItem("x", "9"))),
    CheckForm(form_id="f2", version=1, name="乙", authority_id="A", items=(FormItem("m", "3"),)),
    CheckForm(form_id="f3", version=1, name="丙", authority_id="B", items=(FormItem("m", "2"),)),
)


def take(
    choice: MatterChoice, mode: ContentMode = ContentMode.BY_FORM, *forms: CheckForm, authority: str = "A"
) -> TaskMatter:
    ids = (f"id{n}" for n in itertools.count())
    (matter,) = freeze(Shelf(authority, {"m": MATTER}, forms), [choice], mode, lambda: next(ids))
    return matter


def test_a_matter_without_forms_brings_all_its_items() -> None:
    taken = take(MatterChoice("m"))
    assert (taken.version, taken.items, taken.form_ids) == (7, ITEMS, ())


def test_a_matter_brings_the_items_of_its_own_authority_s_forms() -> None:
    taken = take(MatterChoice("m"), ContentMode.BY_FORM, *FORMS)
    assert taken.form_ids == ("f1", "f2")
    assert [item.item_id for item in taken.items] == ["1", "3"]


def test_forms_may_be_chosen() -> None:
    assert [i.item_id for i in take(MatterChoice("m", form_ids=("f2",)), ContentMode.BY_FORM, *FORMS).items] == ["3"]


def test_a_form_of_another_authority_is_refused() -> None:
    with pytest.raises(InvalidArgument) as refused:
        take(MatterChoice("m", form_ids=("f3",)), ContentMode.BY_FORM, *FORMS)
    assert refused.value.violations[0].field == "task.matters[0].form_ids[0]"


def test_a_dynamic_form_drops_items_and_adds_own_ones() -> None:
    choice = MatterChoice("m", dropped_item_ids=("1", "2"), own_items=(CheckItem(name="自定义资料"),))
    taken = take(choice, ContentMode.BY_MATTER)
    assert [(item.item_id, item.own) for item in taken.items] == [("3", False), ("own-id0", True)]


def test_at_least_one_item_of_a_matter_stays() -> None:
    choice = MatterChoice("m", dropped_item_ids=("1", "2", "3"), own_items=(CheckItem(name="自定义资料"),))
    with pytest.raises(InvalidArgument) as refused:
        take(choice, ContentMode.BY_MATTER)
    assert refused.value.violations[0].rule == "ONE_ITEM"


def test_items_are_dropped_from_a_dynamic_form_only() -> None:
    with pytest.raises(InvalidArgument) as refused:
        take(MatterChoice("m", dropped_item_ids=("1",)))
    assert refused.value.violations[0].rule == "BY_MATTER_ONLY"


def test_a_matter_that_is_not_claimed_is_refused() -> None:
    with pytest.raises(MatterNotClaimed):
        take(MatterChoice("m"), authority="B")


def test_an_unknown_or_retired_matter_is_refused() -> None:
    with pytest.raises(InvalidArgument) as refused:
        take(MatterChoice("nothing"))
    assert refused.value.violations[0].rule == "UNKNOWN"


def test_a_matter_is_named_once() -> None:
    with pytest.raises(InvalidArgument) as refused:
        freeze(Shelf("A", {"m": MATTER}, ()), [MatterChoice("m")] * 2, ContentMode.BY_FORM, str)
    assert refused.value.violations[0].rule == "DUPLICATE"


def test_on_site_needs_a_reason_only_where_it_could_be_avoided() -> None:
    avoidable = TaskMatter("m", 1, "事项", "司法", methods=(Method.ON_SITE, Method.TESTING))
    unavoidable = TaskMatter("n", 1, "事项", "司法", methods=(Method.ON_SITE,))
    check_method([unavoidable], Method.ON_SITE, "")
    check_method([avoidable], Method.TESTING, "")
    check_method([avoidable], Method.ON_SITE, "须看实物")
    with pytest.raises(InvalidArgument) as refused:
        check_method([avoidable, unavoidable], Method.ON_SITE, " ")
    assert refused.value.violations[0].field == "task.on_site_reason"
    with pytest.raises(MethodNotAllowed):
        check_method([unavoidable], Method.TESTING, "")


@pytest.mark.parametrize(
    ("region", "outer", "within"),
    [
        ("500103", "500000", True),
        ("500000", "500000", True),
        ("500103", "500103", True),
        ("500105", "500103", False),
        ("500103001", "500103", True),
        ("120101", "500000", False),
        ("500000", "500103", False),
        ("500110", "500110", True),
    ],
)
def test_a_region_holds_what_its_code_begins(region: str, outer: str, within: bool) -> None:
    assert lies_within(region, outer) is within
