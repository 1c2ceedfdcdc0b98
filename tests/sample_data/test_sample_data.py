"""The made-up city: valid throughout, the same every time, as large as asked for."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from stdnum.cn import uscc

from services.command import sample_data
from services.command.importing import KINDS
from services.command.sample_data import write_city


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_city(tmp_path_factory.mktemp("city"), 30_000)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_file_has_the_headers_of_the_template(city: dict[str, Path]) -> None:
    assert list(city) == ["authorities", "matters", "inspectors", "objects"]
    for kind, path in city.items():
        headers = rows(path)[0]
        assert set(headers) <= set(KINDS[kind].columns)
        assert {KINDS[kind].columns[header] for header in headers} >= set(KINDS[kind].needed)


def test_every_code_is_valid_and_no_two_are_alike(city: dict[str, Path]) -> None:
    ids = [row["统一社会信用代码"] for kind in ("objects", "authorities") for row in rows(city[kind])]
    assert all(uscc.is_valid(id) and uscc.compact(id) == id for id in ids)
    assert len(set(ids)) == len(ids)


def test_the_organisation_within_a_code_is_valid_too(city: dict[str, Path]) -> None:
    """GB 11714: characters 9 to 16, checked by the 17th."""
    for row in rows(city["objects"])[:2000]:
        organisation = row["统一社会信用代码"][8:17]
        total = sum(int(c, 36) * w for c, w in zip(organisation, (3, 7, 9, 10, 5, 8, 4, 2), strict=False))
        assert organisation[8] == "0123456789X"[(11 - total % 11) % 11]


def test_objects_are_where_their_codes_were_given_out(city: dict[str, Path]) -> None:
    objects = rows(city["objects"])
    assert len(objects) == 30_000
    assert all(row["统一社会信用代码"][2:8] == row["区划"] for row in objects)
    districts = Counter(row["区划"] for row in objects)
    assert len(districts) == 38
    assert districts["500112"] > 5 * districts["500229"]
    assert 0.9 < Counter(row["登记状态"] for row in objects)["存续"] / len(objects) < 0.94
    assert all(row["对象名称"] and row["地址"] and row["行业"] for row in objects)


def test_every_district_authority_is_below_one_of_the_city(city: dict[str, Path]) -> None:
    authorities = {row["统一社会信用代码"]: row for row in rows(city["authorities"])}
    order = {"市级": 0, "区县级": 1, "街道": 2}
    for row in authorities.values():
        if row["级别"] != "市级":
            assert order[authorities[row["上级机构"]]["级别"]] == order[row["级别"]] - 1
    assert len({row["机构简称"] for row in authorities.values()}) == len(authorities)


def test_every_inspector_belongs_to_an_authority_and_has_its_domains(city: dict[str, Path]) -> None:
    authorities = {row["统一社会信用代码"]: row for row in rows(city["authorities"])}
    inspectors = rows(city["inspectors"])
    assert len({row["证件号"] for row in inspectors}) == len(inspectors)
    for row in inspectors:
        assert row["领域"] == authorities[row["所属机构"]]["执法领域"]
        assert row["区划"] == authorities[row["所属机构"]]["区划"]
    able = Counter(row["所属机构"] for row in inspectors if row["专家"] == "否" and row["有效期至"] > "2026")
    assert min(able[id] for id in authorities) >= 2


def test_every_matter_is_of_a_domain_that_somebody_enforces(city: dict[str, Path]) -> None:
    domains = {row["执法领域"] for row in rows(city["authorities"])}
    for row in rows(city["matters"]):
        assert row["领域"] in domains
        assert row["法律依据"]
        assert row["检查项"].count("|") >= 2


def test_the_same_seed_makes_the_same_city_and_another_another(tmp_path: Path) -> None:
    first, again, other = (write_city(tmp_path / name, 500, seed) for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    assert all(first[kind].read_bytes() == again[kind].read_bytes() for kind in first)
    assert first["objects"].read_bytes() != other["objects"].read_bytes()
    assert first["matters"].read_bytes() == other["matters"].read_bytes()


def test_a_city_of_more_than_one_batch_has_no_code_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_data, "BATCH", 10_000)
    objects = write_city(tmp_path, 25_000)["objects"]
    ids = [row["统一社会信用代码"] for row in rows(objects)]
    assert len(ids) == len(set(ids)) == 25_000
    assert all(map(uscc.is_valid, ids[::97]))
