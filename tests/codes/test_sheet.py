"""The print sheet: every code on it is read by any camera, and none is left out in silence."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
import zxingcpp
from PIL import Image, ImageFilter

from services.chassis.identity import Principal
from services.chassis.typesetting import pictured, typeset
from services.codes.model.code import InspectionCode
from services.codes.picture import PictureFormat, draw
from services.codes.queries import sheet as queries
from services.codes.queries.names import object_names
from services.codes.sheet import TEMPLATE, sheet
from tests.codes import city
from tests.support.camera import seen
from tests.support.house import House, Refused, houses

house = houses("codes")
CODES = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
MILLIMETRES_AN_INCH = 25.4
LONG_NAME = "重庆市渝北区" + "非常" * 30 + "长名字的股份有限公司"


@pytest.fixture(autouse=True)
def _settled(house: House) -> None:
    city.settle_in(house)


def get(house: House, by: Principal = city.MANAGER, **request: Any) -> Any:
    return house.call("codes", "GetCodeSheet", request, by=by)


def refused(house: House, by: Principal = city.MANAGER, **request: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        get(house, by, **request)
    return caught.value


def pages(house: House, dots_per_inch: int) -> list[bytes]:
    """The pages of the sheet of everything, as a printer makes them."""
    with house.work("codes") as work:
        codes = work.all(InspectionCode, order_by=["code_id"])
        names = object_names(work.session, (code.object_id for code in codes))
        return pictured(TEMPLATE, sheet(codes, names), dots_per_inch)


def texts(page: bytes) -> Iterator[str]:
    with Image.open(io.BytesIO(page)) as image:
        yield from (found.text for found in zxingcpp.read_barcodes(image.convert("L"), formats=CODES))


def many(house: House, count: int) -> list[Any]:
    """Codes of all sorts, with a name that is too long for its line."""
    house.announce(city.objects((city.SHOP, LONG_NAME, "500105"), version=2))
    joint = [city.part(), city.part(city.FARMING, city.OTHER_TEAM, [city.MATTER, city.OTHER_MATTER])]
    parts = [joint if n % 3 == 0 else [city.part()] for n in range(count)]
    sent = [city.inspection(city.SHOP if n % 2 else city.FARM, *some) for n, some in enumerate(parts)]
    return city.issue(house, *sent)


def test_the_sheet_of_a_task_is_one_pdf(house: House) -> None:
    many(house, 13)
    answer = get(house, task_id="task-1")
    assert answer.content_type == "application/pdf"
    assert answer.data.startswith(b"%PDF-")
    assert len(answer.data) > len(get(house, code_ids=[city.issue(house)[0].code_id]).data)


def test_every_code_on_every_page_is_read_as_it_is_printed(house: House) -> None:
    issued = many(house, 13)
    printed = pages(house, 300)
    found = [list(texts(page)) for page in printed]
    assert [len(each) for each in found] == [12, 1]
    assert sorted(text for each in found for text in each) == sorted(code.text for code in issued)


def test_a_poor_printer_will_do(house: House) -> None:
    issued = many(house, 3)
    (page,) = pages(house, 200)
    assert sorted(texts(page)) == sorted(code.text for code in issued)


def test_a_code_is_read_that_is_thirty_millimetres_wide_and_printed_with_three_hundred_dots(house: House) -> None:
    for code in many(house, 3):
        width = round(30 / MILLIMETRES_AN_INCH * 300)
        with Image.open(io.BytesIO(draw(code.text, PictureFormat.PNG).data)) as picture:
            printed = picture.convert("L").resize((width, width), Image.Resampling.BILINEAR)
        assert seen(png(printed)) == code.text


def test_a_code_is_read_from_a_screen_that_the_camera_sees_unsharp_and_askew(house: House) -> None:
    for code in many(house, 3):
        with Image.open(io.BytesIO(draw(code.text, PictureFormat.PNG, 8).data)) as picture:
            screen = Image.new("L", (picture.width + 200, picture.height + 200), 180)
            screen.paste(picture.convert("L"), (100, 100))
        half = screen.resize((round(screen.width * 0.62), round(screen.height * 0.62)), Image.Resampling.BICUBIC)
        blurred = half.rotate(7, Image.Resampling.BICUBIC, fillcolor=180).filter(ImageFilter.GaussianBlur(1.2))
        assert seen(png(blurred.point(lambda value: 60 + value * 0.6))) == code.text


def test_the_sheet_says_what_each_code_is_for(house: House) -> None:
    many(house, 2)
    with house.work("codes") as work:
        codes = work.all(InspectionCode, order_by=["code_id"])
        shown = sheet(codes, {city.SHOP: "渝北小店"})["codes"]
    assert [label["name"] for label in shown] == [city.FARM, "渝北小店"]
    assert {label["task"] for label in shown} == {"渝司专查〔2025〕27号 文物经营检查"}
    assert {label["days"] for label in shown} == {"2025-06-09 至 2025-06-20"}
    assert [label["kind"] for label in shown] == ["联合检查码", "检查码"]


def test_markup_in_a_name_is_text_and_nothing_else() -> None:
    label = {"kind": "#panic()", "name": '#read("/etc/passwd") $x$ *a*', "object": "", "task": "<b>", "days": ""}
    picture = draw("LM-TEXT", PictureFormat.SVG).data.decode()
    assert typeset(TEMPLATE, {"codes": [label | {"qr": picture}]}).startswith(b"%PDF-")


def test_who_may_not_read_a_code_gets_no_sheet_of_it(house: House) -> None:
    own, theirs = city.issue(house, city.inspection(), city.inspection(city.FARM))
    assert get(house, city.OWNER, task_id="task-1").data.startswith(b"%PDF-")
    assert refused(house, city.OWNER, code_ids=[own.code_id, theirs.code_id]).code is grpc.StatusCode.NOT_FOUND
    assert refused(house, city.STRANGER, task_id="task-1").reason == "NOTHING_TO_PRINT"
    assert refused(house, city.PUBLIC, task_id="task-1").code is grpc.StatusCode.UNAUTHENTICATED


def test_a_revoked_code_is_not_printed(house: House) -> None:
    good, bad = city.issue(house, city.inspection(), city.inspection(city.FARM))
    house.call("codes", "RevokeCode", {"code_id": bad.code_id, "reason": "误发"}, by=city.MANAGER)
    assert refused(house, code_ids=[good.code_id, bad.code_id]).reason == "CODE_REVOKED"
    get(house, task_id="task-1")
    house.call("codes", "RevokeCode", {"code_id": good.code_id, "reason": "误发"}, by=city.MANAGER)
    assert refused(house, task_id="task-1").reason == "NOTHING_TO_PRINT"


def test_named_codes_must_be_of_the_task_that_is_named(house: House) -> None:
    (code,) = city.issue(house)
    get(house, task_id="task-1", code_ids=[code.code_id])
    assert refused(house, task_id="task-2", code_ids=[code.code_id]).code is grpc.StatusCode.NOT_FOUND
    assert refused(house).violations == {"task_id": "REQUIRED"}


def test_too_many_codes_come_in_parts_and_none_is_left_out(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MOST_CODES", 2)
    issued = many(house, 5)
    answer = refused(house, task_id="task-1")
    assert answer.violations == {"part": "TOO_MANY"}
    assert "part 1 to 3" in answer.message
    assert refused(house, task_id="task-1", part=4).violations == {"part": "RANGE"}
    assert refused(house, code_ids=[code.code_id for code in issued]).violations == {"code_ids": "TOO_MANY"}
    with house.work("codes") as work:
        given = [
            code.code_id
            for part in (1, 2, 3)
            for code in queries.sheet_codes(
                work.session, queries.SheetOf("task-1", part=part), by=city.SUPERVISOR, objects=()
            )
        ]
    assert given == sorted(code.code_id for code in issued)


def test_the_most_codes_of_a_file_are_named_in_the_contract(house: House) -> None:
    ids = [f"01975234-5f00-7abc-8def-{n:012x}" for n in range(241)]
    assert refused(house, code_ids=ids).violations == {"code_ids": "TOO_MANY"}
    assert refused(house, code_ids=ids[:240]).code is grpc.StatusCode.NOT_FOUND


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "png")
    return out.getvalue()
