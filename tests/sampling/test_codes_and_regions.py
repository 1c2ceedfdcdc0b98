"""Codes of objects and regions: what is sound, what a cell stands for."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from stdnum.cn import uscc as stdnum_uscc

from services.sampling.gazetteer import regions
from services.sampling.model import uscc
from services.sampling.model.region import covers, prefix

bodies = st.from_regex(rf"\A[0-9]{{8}}[{uscc.ALPHABET}]{{9}}\Z")
any_bodies = bodies | st.text(uscc.ALPHABET, min_size=17, max_size=17)
codes = any_bodies.map(lambda body: body + uscc.check_digit(body))


def misread(code: str, at: int, other: str) -> str:
    return code[:at] + other + code[at + 1 :]


@given(bodies)
def test_a_check_digit_is_the_one_that_python_stdnum_computes(body: str) -> None:
    code = body + uscc.check_digit(body)
    assert stdnum_uscc.is_valid(code)
    assert uscc.broken_rule(code) == ""


@given(bodies, st.sampled_from(uscc.ALPHABET))
def test_a_code_is_sound_exactly_where_python_stdnum_says_so(body: str, last: str) -> None:
    assert (uscc.broken_rule(body + last) == "") == stdnum_uscc.is_valid(body + last)


@given(st.text(max_size=20))
def test_any_text_at_all_is_judged(text: str) -> None:
    rule = uscc.broken_rule(text)
    assert rule in ("", "USCC_LENGTH", "USCC_CHARACTER", "USCC_CHECK_DIGIT")
    assert rule or stdnum_uscc.is_valid(text)


@given(st.lists(codes | st.builds(misread, codes, st.integers(0, 17), st.characters()) | st.text(max_size=20)))
@example([misread("9150011820379090Y" + uscc.check_digit("9150011820379090Y"), 16, "-")])
def test_many_codes_are_judged_as_each_one_is(many: list[str]) -> None:
    assert uscc.sound(many) == [not uscc.broken_rule(code) for code in many]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("91500118203790903T", ""),
        ("91500118203790903", "USCC_LENGTH"),
        ("9150011820379090３T", "USCC_CHARACTER"),
        ("915001182037909O3T", "USCC_CHARACTER"),
        ("91500118203790903U", "USCC_CHECK_DIGIT"),
    ],
)
def test_the_broken_rule_is_named(text: str, rule: str) -> None:
    assert uscc.broken_rule(text) == rule


def test_the_38_districts_of_chongqing_are_known_by_short_and_full_name() -> None:
    full = [
        "万州区",
        "涪陵区",
        "渝中区",
        "大渡口区",
        "江北区",
        "沙坪坝区",
        "九龙坡区",
        "南岸区",
        "北碚区",
        "綦江区",
        "大足区",
        "渝北区",
        "巴南区",
        "黔江区",
        "长寿区",
        "江津区",
        "合川区",
        "永川区",
        "南川区",
        "璧山区",
        "铜梁区",
        "潼南区",
        "荣昌区",
        "开州区",
        "梁平区",
        "武隆区",
        "城口县",
        "丰都县",
        "垫江县",
        "忠县",
        "云阳县",
        "奉节县",
        "巫山县",
        "巫溪县",
        "石柱土家族自治县",
        "秀山土家族苗族自治县",
        "酉阳土家族苗族自治县",
        "彭水苗族土家族自治县",
    ]
    codes = {name: regions().find(name, "50") for name in full}
    assert len(set(codes.values())) == 38
    assert all(code.startswith("50") for code in codes.values())
    for name, code in codes.items():
        short = {"忠县": "忠县"}.get(name, name[:2] if "族" in name else name[:-1])
        assert regions().find(short, "50") == code, short


@pytest.mark.parametrize(
    ("text", "province", "code"),
    [
        ("永川", "50", "500118"),
        ("石柱县", "50", "500240"),
        ("万盛", "50", "500110"),
        ("双桥", "50", "500111"),
        ("开县", "50", "500154"),
        ("500222", "", "500110"),
        ("500118", "", "500118"),
        ("和平", "12", "120101"),
        ("北部新区", "50", ""),
        ("两江新区", "50", ""),
        ("市辖区", "50", ""),
        ("永川", "12", ""),
        ("999999", "", ""),
        ("", "50", ""),
    ],
)
def test_a_cell_stands_for_a_region(text: str, province: str, code: str) -> None:
    assert regions().find(text, province) == code


def test_every_known_code_stands_for_one_that_stands_for_itself() -> None:
    known = regions()
    assert all(known.current(code) == code for code in known.codes.values())
    assert known.current("510202").startswith(("51", "50"))
    assert (known.current("500157"), known.current("500105")) == ("500157", "500105")


def test_a_city_covers_its_districts() -> None:
    assert (prefix("500000"), prefix("500100"), prefix("500118")) == ("50", "5001", "500118")
    assert covers("500000", "500118")
    assert not covers("500118", "500000")
