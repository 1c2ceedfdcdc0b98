"""Whatever is done to a list of objects, its counters say what is on it."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.house import House, Refused
from tests.tasks import city

IDS = [city.SHOP, city.CAFE, city.FACTORY]
some_ids = st.lists(st.sampled_from(IDS), min_size=1, max_size=3, unique=True)
commands = st.lists(st.tuples(st.sampled_from(["add", "import", "exclude", "include", "remove"]), some_ids), max_size=8)


def obey(house: House, task_id: str, verb: str, ids: list[str]) -> None:
    mark = {"task_id": task_id, "object_ids": ids, "excluded": verb == "exclude", "reason": "核实"}
    requests: dict[str, tuple[str, dict[str, Any]]] = {
        "add": ("AddObjects", {"task_id": task_id, "objects": [{"object_id": id} for id in ids]}),
        "import": ("ImportTaskObjects", {"task_id": task_id, "rows": [{"object_id": id} for id in ids]}),
        "exclude": ("MarkExcluded", mark),
        "include": ("MarkExcluded", mark),
        "remove": ("RemoveObjects", {"task_id": task_id, "object_ids": ids}),
    }
    method, request = requests[verb]
    house.call("tasks", method, request, by=city.MANAGER)


def outcome(house: House, task_id: str, verb: str, ids: list[str]) -> str:
    """Why it was refused; empty: it was not."""
    try:
        obey(house, task_id, verb, ids)
    except Refused as refused:
        return refused.reason
    return ""


def foresee(excluded: dict[str, bool], verb: str, ids: list[str]) -> bool:
    """Do the same in mind; False: it must be refused, whole."""
    if verb in ("add", "import"):
        excluded.update({id: False for id in ids if id not in excluded})
        return True
    if not set(ids) <= set(excluded):
        return False
    for id in ids:
        if verb == "remove":
            del excluded[id]
        else:
            excluded[id] = verb == "exclude"
    return True


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(done=commands)
def test_the_counters_say_what_is_on_the_list(house: House, done: list[tuple[str, list[str]]]) -> None:
    task_id = city.create(house, nature="TASK_NATURE_TEST", test_term="TEST_TERM_DAYS_7").task_id
    excluded: dict[str, bool] = {}
    for verb, ids in done:
        may = foresee(excluded, verb, ids)
        assert outcome(house, task_id, verb, ids) == ("" if may else "NO_SUCH_THING")
    counts = house.call("tasks", "CountTaskObjects", {"task_id": task_id}, by=city.MANAGER)
    left = [id for id, is_excluded in excluded.items() if not is_excluded]
    assert (counts.total, counts.excluded, counts.remaining) == (len(excluded), len(excluded) - len(left), len(left))
    task = city.task_of(house, task_id)
    assert (task.object_count, task.objects_chosen) == (len(left), bool(left))
    page = house.call("tasks", "ListTaskObjects", {"task_id": task_id}, by=city.MANAGER)
    assert {each.object.object_id: each.excluded for each in page.objects} == excluded
