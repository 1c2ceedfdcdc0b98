"""Yearly limits from a file, and which of them binds an authority, on SQLite and on PostgreSQL."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from liangma.plans.v1 import events_pb2

from services.codes.model import directory as codes
from services.plans.model.annual_cap import AnnualCap, nearest
from services.plans.model.values import region_prefix
from services.plans.use_cases.import_annual_caps import HEADERS
from tests.plans.people import (
    ADMIN,
    CITY,
    DISTRICT,
    ENTERPRISE,
    FAR,
    NOTARY,
    PLANNER,
    furnish,
    sheet,
)
from tests.support.house import House, Refused, houses

bare_house = houses("plans")


@pytest.fixture
def house(bare_house: House) -> House:
    furnish(bare_house)
    return bare_house


def import_rows(house: House, *rows: dict[str, str], by: Any = ADMIN) -> dict[str, Any]:
    numbered = [{"line": index, **row} for index, row in enumerate(rows, start=2)]
    report = house.call("plans", "ImportAnnualCaps", {"rows": numbered}, by=by)
    return json_format.MessageToDict(report)


def row(**changes: str) -> dict[str, str]:
    return {"authority_id": CITY, "year": "2025", "visits": "2"} | changes


def regional(region: str, visits: int, **changes: str) -> dict[str, str]:
    return row(authority_id="", region=region, visits=str(visits), **changes)


def effective(house: House, authority_id: str, **more: Any) -> Any:
    return house.call("plans", "GetEffectiveCap", {"authority_id": authority_id} | more, by=ENTERPRISE)


def caps(house: House, **filters: Any) -> list[int]:
    return [each.visits for each in house.call("plans", "ListAnnualCaps", filters, by=ENTERPRISE).annual_caps]


def test_good_rows_are_set_or_changed_and_may_be_repeated(house: House) -> None:
    rows = (row(), row(matter_id=NOTARY, visits="1"), regional("500000", 4), row(year="2026", visits="0"))
    assert import_rows(house, *rows) == {"imported": "4"}
    assert import_rows(house, *rows) == {"unchanged": "4"}
    assert import_rows(house, row(visits="3"), rows[1]) == {"imported": "1", "unchanged": "1"}
    assert caps(house) == [3, 1, 4, 0]
    facts = house.announced("plans", events_pb2.AnnualCapChanged)
    assert [(fact.region, fact.visits, fact.version) for fact in facts] == [
        ("", 2, 1),
        ("", 1, 1),
        ("50", 4, 1),
        ("", 0, 1),
        ("", 3, 2),
    ]


@pytest.mark.parametrize(
    ("change", "column", "rule"),
    [
        ({"authority_id": ""}, "统一社会信用代码", "EITHER_OR"),
        ({"region": "500103"}, "统一社会信用代码", "EITHER_OR"),
        ({"authority_id": "nobody"}, "统一社会信用代码", "UNKNOWN_AUTHORITY"),
        ({"authority_id": "", "region": "50"}, "区划", "REGION"),
        ({"year": "25"}, "年度", "RANGE"),
        ({"year": "今年"}, "年度", "FORMAT"),
        ({"matter_id": "nothing"}, "事项编码", "UNKNOWN_MATTER"),
        ({"visits": ""}, "年度频次上限", "REQUIRED"),
        ({"visits": "两次"}, "年度频次上限", "FORMAT"),
        ({"visits": "367"}, "年度频次上限", "RANGE"),
    ],
)
def test_a_bad_row_is_reported_by_column_and_rule(house: House, change: dict[str, str], column: str, rule: str) -> None:
    report = import_rows(house, row(**change), row(year="2027"))
    (rejection,) = report["rejections"]
    assert (rejection["line"], rejection["column"], rejection["rule"]) == ("2", column, rule)
    assert report["imported"] == "1"


def test_two_rows_for_one_limit_must_say_the_same(house: House) -> None:
    report = import_rows(house, row(), row(visits="5"), row())
    assert (report["imported"], report["unchanged"]) == ("1", "1")
    (rejection,) = report["rejections"]
    assert (rejection["line"], rejection["column"], rejection["rule"]) == ("3", "年度频次上限", "DUPLICATE")


def test_only_an_administrator_imports_limits(house: House) -> None:
    with pytest.raises(Refused) as refusal:
        import_rows(house, row(), by=PLANNER)
    assert refusal.value.code is grpc.StatusCode.PERMISSION_DENIED


def test_the_sheet_of_limits_can_be_imported_again(house: House) -> None:
    import_rows(house, row(visits="0"), row(matter_id=NOTARY), regional("500103", 4, year="2026"))
    head, *lines = sheet(house.call("plans", "ExportAnnualCaps", by=ENTERPRISE).data)
    fields = {header: name for name, header in HEADERS.items()}
    rows = [{fields[header]: cell or "" for header, cell in zip(head, line, strict=True)} for line in lines]
    assert [each["visits"] for each in rows] == ["0", "2", "4"]
    assert import_rows(house, *rows) == {"unchanged": "3"}
    assert len(sheet(house.call("plans", "ExportAnnualCaps", {"year": 2026}, by=ENTERPRISE).data)) == 2


def test_the_nearest_limit_binds_an_authority(house: House) -> None:
    assert not effective(house, DISTRICT).HasField("visits")
    import_rows(house, regional("500000", 6))
    assert effective(house, DISTRICT).visits == 6
    import_rows(house, regional("500103", 5))
    assert (effective(house, DISTRICT).visits, effective(house, CITY).visits) == (5, 6)
    import_rows(house, row(authority_id=DISTRICT, visits="9"))
    found = effective(house, DISTRICT)
    assert (found.visits, found.overall.authority_id, found.year) == (9, DISTRICT, 2025)
    assert not effective(house, FAR).HasField("overall")
    assert not effective(house, DISTRICT, year=2026).HasField("visits")


def test_the_limit_of_a_matter_binds_together_with_that_of_all_visits(house: House) -> None:
    import_rows(house, row(visits="3"), row(matter_id=NOTARY, visits="1"))
    assert effective(house, CITY).visits == 3
    assert not effective(house, CITY).HasField("of_matter")
    found = effective(house, CITY, matter_id=NOTARY)
    assert (found.visits, found.overall.visits, found.of_matter.visits) == (1, 3, 1)
    import_rows(house, row(visits="0"))
    assert effective(house, CITY, matter_id=NOTARY).visits == 0


def test_who_asks_for_no_authority_asks_for_the_own(house: House) -> None:
    import_rows(house, row(visits="3"))
    own = house.call("plans", "GetEffectiveCap", by=PLANNER)
    assert (own.authority_id, own.visits) == (CITY, 3)


@pytest.mark.parametrize("request_", [{"authority_id": "nobody"}, {"authority_id": CITY, "matter_id": "nothing"}, {}])
def test_a_limit_of_nobody_is_not_found(house: House, request_: dict[str, str]) -> None:
    with pytest.raises(Refused) as refusal:
        house.call("plans", "GetEffectiveCap", request_, by=ENTERPRISE)
    assert refusal.value.code is grpc.StatusCode.NOT_FOUND


def test_the_year_of_a_limit_is_a_year(house: House) -> None:
    with pytest.raises(Refused) as refusal:
        effective(house, CITY, year=25)
    assert refusal.value.violations == {"year": "RANGE"}


def lift(house: House, id: str, **more: Any) -> Any:
    return house.call("plans", "LiftAnnualCap", {"annual_cap_id": id} | more, by=ADMIN)


def the_cap(house: House) -> Any:
    (cap,) = house.call("plans", "ListAnnualCaps", {"include_lifted": True}, by=ENTERPRISE).annual_caps
    return cap


def test_a_lifted_limit_binds_nobody_and_stays_readable(house: House) -> None:
    import_rows(house, row(visits="3"))
    made = the_cap(house)
    lifted = lift(house, made.annual_cap_id, etag="1")
    assert (lifted.lifted, lifted.visits, lifted.etag) == (True, 3, "2")
    assert caps(house) == []
    assert the_cap(house) == lifted
    assert not effective(house, CITY).HasField("visits")
    assert len(sheet(house.call("plans", "ExportAnnualCaps", {"include_lifted": True}, by=ENTERPRISE).data)) == 1
    fact = house.announced("plans", events_pb2.AnnualCapChanged)[-1]
    assert (fact.version, fact.visits, fact.lifted) == (2, 3, True)
    for method, request in (
        ("LiftAnnualCap", {"annual_cap_id": made.annual_cap_id}),
        ("UpdateAnnualCap", {"annual_cap": {"annual_cap_id": made.annual_cap_id, "visits": 1}}),
    ):
        with pytest.raises(Refused) as refusal:
            house.call("plans", method, request, by=ADMIN)
        assert refusal.value.reason == "ANNUAL_CAP_LIFTED"
    with pytest.raises(Refused) as stranger:
        house.call("plans", "LiftAnnualCap", {"annual_cap_id": made.annual_cap_id}, by=PLANNER)
    assert stranger.value.code is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize("by_file", [False, True])
def test_a_lifted_limit_is_set_again_as_a_version_of_itself(house: House, by_file: bool) -> None:
    import_rows(house, row(visits="3"))
    id = the_cap(house).annual_cap_id
    lift(house, id)
    if by_file:
        assert import_rows(house, row(visits="3"), row(visits="3")) == {"imported": "1", "unchanged": "1"}
    else:
        cap = {"authority_id": CITY, "year": 2025, "visits": 3}
        assert house.call("plans", "CreateAnnualCap", {"annual_cap": cap}, by=ADMIN).annual_cap_id == id
    assert (caps(house), effective(house, CITY).visits) == ([3], 3)
    versions = house.call("plans", "ListAnnualCapVersions", {"annual_cap_id": id}, by=ENTERPRISE).versions
    assert [(each.etag, each.lifted) for each in versions] == [("3", False), ("2", True), ("1", False)]
    facts = house.announced("plans", events_pb2.AnnualCapChanged)
    assert [(fact.version, fact.lifted) for fact in facts] == [(1, False), (2, True), (3, False)]


def test_versions_of_a_limit_an_authority_and_a_matter_go_out_as_sheets(house: House) -> None:
    import_rows(house, row(visits="3"))
    import_rows(house, row(visits="4"))
    id = the_cap(house).annual_cap_id
    lift(house, id)

    def lines(of: str, **id: str) -> list[dict[str, Any]]:
        head, *rows = sheet(house.call("plans", f"Export{of}Versions", id, by=ENTERPRISE).data)
        return [dict(zip(head, row, strict=True)) for row in rows]

    found = lines("AnnualCap", annual_cap_id=id)
    assert [(each["版本"], each["年度频次上限"], each["是否已取消"], each["年度"]) for each in found] == [
        (3, "4", "是", "2025"),
        (2, "4", "否", "2025"),
        (1, "3", "否", "2025"),
    ]
    changed = {"authority_id": CITY, "name": "重庆市司法局（新）", "parent_id": ""}
    house.call("plans", "UpdateAuthority", {"authority": changed}, by=ADMIN)
    found = lines("Authority", authority_id=CITY)
    assert [(each["版本"], each["机构名称"], each["修改人"], each["修改时间"]) for each in found] == [
        (2, "重庆市司法局（新）", "admin", "2025-06-09 09:00"),
        (1, "重庆市司法局", "admin", "2025-06-09 09:00"),
    ]
    assert "缴款银行账号" not in found[0]
    house.call("plans", "ClaimMatter", {"matter_id": NOTARY}, by=PLANNER)
    found = lines("Matter", matter_id=NOTARY)
    assert [(each["版本"], each["认领机构"] or "", each["事项编码"]) for each in found] == [
        (2, CITY, NOTARY),
        (1, "", NOTARY),
    ]


REGIONS = st.sampled_from(["500000", "500100", "500103", "510000"])
WHOM = st.tuples(st.just(""), REGIONS) | st.tuples(st.sampled_from(["a", "b"]), st.just(""))


@given(st.dictionaries(WHOM, st.integers(0, 366)), st.sampled_from(["a", "b", "c"]), REGIONS)
def test_what_the_lookup_says_is_what_is_counted_against(
    limits: dict[tuple[str, str], int], authority_id: str, region: str
) -> None:
    """The service that gives out codes counts by its own copy of the limits; both must mean the same one."""
    here = [AnnualCap(authority_id=whom, region=where, year=2025, visits=n) for (whom, where), n in limits.items()]
    there = [codes.AnnualCap(annual_cap_id="", version=1, matter_id="", **_said(cap)) for cap in here]
    authority = codes.KnownAuthority(authority_id=authority_id, region=region, version=1, name="")
    found = nearest(here, authority_id, region)
    assert (found.visits if found else None) == codes.cap_for(there, authority, 2025)


def _said(cap: AnnualCap) -> dict[str, Any]:
    """A limit as it is announced."""
    region = region_prefix(cap.region) if cap.region else ""
    return {"authority_id": cap.authority_id, "region": region, "year": cap.year, "visits": cap.visits}
