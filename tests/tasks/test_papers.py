"""The notice and the record form."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from services.chassis import typesetting
from services.tasks.queries import papers as printed
from tests.support.house import House, Refused
from tests.tasks import city


def _show(pdf: bytes, name: str) -> None:
    """Leave the paper where somebody can look at it."""
    folder = os.environ.get("LIANGMA_TEST_PAPERS")
    if folder:
        Path(folder, name).write_bytes(pdf)


def test_a_notice_carries_the_code_and_is_a_pdf(house: House) -> None:
    task, (inspection,) = city.dispatched_joint(house)
    city.code(house, task.task_id, inspection.inspection_id, kind="JOINT")
    notice = house.call("tasks", "GetNotice", {"inspection_id": inspection.inspection_id}, by=city.MANAGER)
    assert notice.content_type == "application/pdf"
    assert notice.data.startswith(b"%PDF-")
    _show(notice.data, "notice.pdf")


def test_there_is_no_notice_of_a_visit_without_a_code(house: House) -> None:
    task, (inspection,) = city.dispatched(house)
    with pytest.raises(Refused, match="尚未赋码") as refused:
        house.call("tasks", "GetNotice", {"inspection_id": inspection.inspection_id}, by=city.MANAGER)
    assert refused.value.reason == "NO_CODE_YET"
    with pytest.raises(Refused) as refused:
        house.call("tasks", "GetNotices", {"task_id": task.task_id}, by=city.MANAGER)
    assert refused.value.reason == "NOTHING_TO_PRINT"


def test_the_notices_of_a_task_are_one_file(house: House) -> None:
    task, found = city.dispatched(house, city.SHOP, city.CAFE)
    for inspection in found:
        city.code(house, task.task_id, inspection.inspection_id)
    both = house.call("tasks", "GetNotices", {"task_id": task.task_id}, by=city.MANAGER)
    request = {"task_id": task.task_id, "inspection_ids": [found[0].inspection_id]}
    one = house.call("tasks", "GetNotices", request, by=city.MANAGER)
    assert len(both.data) > len(one.data)


def test_a_record_form_shows_what_was_recorded_and_is_blank_before(house: House) -> None:
    task, (inspection,) = city.dispatched(house)
    request = {"inspection_id": inspection.inspection_id}
    blank = house.call("tasks", "GetRecordForm", request, by=city.FIRST)
    city.visited(house, task, inspection)
    city.finish(house, inspection.inspection_id, **city.PENDING)
    filled = house.call("tasks", "GetRecordForm", request, by=city.FIRST)
    assert blank.data.startswith(b"%PDF-")
    assert filled.data != blank.data
    _show(blank.data, "blank.pdf")
    _show(filled.data, "record.pdf")


def test_the_record_forms_of_a_task_are_one_file(house: House) -> None:
    task, found = city.dispatched_joint(house, city.SHOP, city.CAFE)
    request = {"task_id": task.task_id}
    both = house.call("tasks", "GetRecordForms", request, by=city.MANAGER)
    assert (both.content_type, _pages(both.data)) == ("application/pdf", 2)
    one = house.call("tasks", "GetRecordForms", request | {"inspection_ids": [found[0].inspection_id]}, by=city.PARTNER)
    assert _pages(one.data) == 1
    _show(both.data, "records.pdf")


def test_more_papers_than_a_file_holds_are_asked_for_in_parts(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printed, "MOST_PAPERS", 2)
    task, found = city.dispatched(house, city.SHOP, city.CAFE, city.FACTORY)
    for inspection in found:
        city.code(house, task.task_id, inspection.inspection_id)
    for method in ("GetNotices", "GetRecordForms"):
        for part, rule in ((0, "TOO_MANY"), (3, "RANGE"), (-1, "RANGE")):
            with pytest.raises(Refused) as refused:
                house.call("tasks", method, {"task_id": task.task_id, "part": part}, by=city.MANAGER)
            assert refused.value.violations == {"part": rule}
        files = [
            house.call("tasks", method, {"task_id": task.task_id, "part": part}, by=city.MANAGER) for part in (1, 2)
        ]
        assert [_pages(file.data) for file in files] == [2, 1]
    assert "请分 2 次下载" in refused.value.message + refused.value.zh


def test_there_are_no_record_forms_of_what_did_not_go_out_or_of_strangers(house: House) -> None:
    waiting = city.create(house)
    city.add(house, waiting.task_id, city.SHOP)
    task, _ = city.dispatched(house, city.CAFE)
    stranger = {"task_id": task.task_id, "authority_id": city.MARKET}
    for request in ({"task_id": waiting.task_id}, stranger):
        with pytest.raises(Refused) as refused:
            house.call("tasks", "GetRecordForms", request, by=city.MANAGER)
        assert refused.value.reason == "NOTHING_TO_PRINT"
    with pytest.raises(Refused) as refused:
        house.call("tasks", "GetRecordForms", {"task_id": task.task_id}, by=city.PARTNER)
    assert refused.value.reason == "NOT_YOURS"


def _pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_without_a_chinese_font_the_remedy_is_named() -> None:
    with pytest.raises(typesetting.NoChineseFont) as refused:
        typesetting._choose(["Libertinus Serif", "New Computer Modern"])
    assert "fonts-noto-cjk" in refused.value.zh


def test_the_font_package_alone_is_enough() -> None:
    import typst

    package = Path(__import__(typesetting.FONT_PACKAGE).__file__ or "").parent
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[str(package)])
    assert typesetting._choose(fonts.families()) == "Noto Sans CJK SC"
