"""The frame: the same objects are the same bytes, and quotas are exact."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import floor
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sampling.model.frame import (
    Frame,
    FrameUnreadable,
    NotACount,
    NotAllowedInFrame,
    NotARatio,
    NothingToSpreadOver,
    NotSorted,
    TwiceInFrame,
    excluded_csv,
    frame_csv,
    quota_by_ratio,
    ratio_text,
    read_excluded_ids,
    read_frame,
    spread,
)

CELLS = st.text(st.characters(exclude_characters=',"', exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)


@given(st.dictionaries(CELLS, CELLS), st.randoms())
def test_the_order_in_which_objects_come_changes_no_byte(objects: dict[str, str], random: Random) -> None:
    pairs = list(objects.items())
    random.shuffle(pairs)
    assert frame_csv(Frame.of(pairs)) == frame_csv(Frame.of(objects))


@given(st.dictionaries(CELLS, CELLS))
def test_a_frame_is_read_back_as_it_was_written(objects: dict[str, str]) -> None:
    frame = Frame.of(objects)
    assert read_frame(frame_csv(frame)) == frame


@given(st.lists(CELLS, unique=True))
def test_ids_are_in_the_order_of_their_utf8_bytes(ids: list[str]) -> None:
    assert list(Frame.of(dict.fromkeys(ids, "x")).ids) == sorted(ids, key=str.encode)


def test_an_object_beyond_the_basic_plane_comes_after_one_at_its_end() -> None:
    assert frame_csv(Frame.of({"𠮷": "b", "\uff5a": "a"})) == "\uff5a,a\n𠮷,b\n".encode()


def test_no_objects_are_no_bytes() -> None:
    assert frame_csv(Frame.of({})) == b""
    assert len(read_frame(b"")) == 0


@pytest.mark.parametrize("id", ["", "a,b", 'a"b', "a\nb", "a\rb", "a\x00", "\x1fa", "a\x7f", "\ud800"])
def test_what_could_be_read_in_two_ways_is_refused(id: str) -> None:
    with pytest.raises(NotAllowedInFrame) as refused:
        Frame.of({"ok": "x", id: "x"})
    assert refused.value.reason == "NOT_ALLOWED_IN_FRAME"
    assert refused.value.violations[0].field == "id"
    with pytest.raises(NotAllowedInFrame) as refused:
        Frame.of({"ok": id})
    assert refused.value.violations[0].field == "stratum"


def test_an_object_listed_twice_is_refused() -> None:
    with pytest.raises(TwiceInFrame):
        Frame.of([("a", "x"), ("a", "y")])


def test_a_frame_out_of_order_is_refused() -> None:
    with pytest.raises(NotSorted):
        Frame(["b", "a"], ["x", "x"])


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"a,x\nb,x", 2),
        (b"a,x\n\nb,x\n", 2),
        (b"a,x\nb\n", 2),
        (b"a,x\nb,x,y\n", 2),
        (b"a,x\r\nb,x\r\n", 1),
        (b"a,x\nc,x\nb,x\n", 3),
        (b"a,x\nb,x\nb,x\n", 3),
        (b"a,x\nb,\n", 2),
        (b"a,x\n\xff,x\n", 2),
        (b"\xef\xbb\xbfa,x\n,x\n", 2),
    ],
)
def test_a_file_that_is_no_frame_names_the_line_at_fault(content: bytes, line: int) -> None:
    with pytest.raises(FrameUnreadable) as refused:
        read_frame(content)
    assert refused.value.line == line
    assert f"第 {line} 行" in refused.value.zh


def test_exclusions_are_sorted_and_quoted_only_where_they_must_be() -> None:
    pairs = [("b", 'named list, "July"'), ("a", "登记状态：注销，已排除")]
    assert excluded_csv(pairs) == 'a,登记状态：注销，已排除\nb,"named list, ""July"""\n'.encode()
    assert read_excluded_ids(excluded_csv(pairs)) == ["a", "b"]


def test_an_exclusion_without_a_reason_or_twice_is_refused() -> None:
    with pytest.raises(NotAllowedInFrame):
        excluded_csv([("a", "")])
    with pytest.raises(NotAllowedInFrame):
        excluded_csv([("a", "two\nlines")])
    with pytest.raises(NotAllowedInFrame):
        excluded_csv([("a,b", "reason")])
    with pytest.raises(TwiceInFrame):
        excluded_csv([("a", "one"), ("a", "two")])


@pytest.mark.parametrize("content", [b"a\n", b"a,x\na,y\n", b"b,x\na,x\n", b"a,x"])
def test_a_file_that_is_no_list_of_exclusions_is_refused(content: bytes) -> None:
    with pytest.raises(FrameUnreadable):
        read_excluded_ids(content)


@given(st.decimals(0, 1, places=6), st.integers(0, 10**9))
def test_a_ratio_is_rounded_half_up_and_gives_at_least_one(ratio: Decimal, count: int) -> None:
    exact = floor(Fraction(ratio) * count + Fraction(1, 2))
    assert quota_by_ratio(ratio, count) == (max(exact, 1) if ratio and count else 0)


def test_ratios_at_the_edge() -> None:
    assert quota_by_ratio(Decimal("0.5"), 5) == 3
    assert quota_by_ratio(Decimal("0.3"), 5) == 2  # 1.5; 0.3 as binary fraction would give 1
    assert quota_by_ratio(Decimal("0.000000000001"), 10**15) == 1000
    assert quota_by_ratio(Decimal("0.01"), 1) == 1
    assert quota_by_ratio(Decimal(1), 7) == 7


@pytest.mark.parametrize("ratio", ["-0.1", "1.0000001", "NaN", "Infinity", "0.0000000000001", "1E-999999"])
def test_what_is_no_ratio_is_refused(ratio: Decimal) -> None:
    with pytest.raises(NotARatio):
        quota_by_ratio(Decimal(ratio), 10)


def test_ratios_are_written_in_one_way() -> None:
    assert [ratio_text(Decimal(text)) for text in ("0.050", "1.00", "0E-3", "-0", "1E-2")] == [
        "0.05",
        "1",
        "0",
        "0",
        "0.01",
    ]


@given(st.integers(0, 10**6), st.dictionaries(CELLS, st.integers(0, 10**6), min_size=1))
def test_a_total_is_spread_without_loss_and_each_share_is_next_to_the_exact_one(
    total: int, counts: dict[str, int]
) -> None:
    whole = sum(counts.values())
    if not whole:
        if total:
            with pytest.raises(NothingToSpreadOver):
                spread(total, counts)
        return
    quotas = spread(total, counts)
    assert sum(quotas.values()) == total
    for name, count in counts.items():
        exact = Fraction(total * count, whole)
        assert abs(quotas[name] - exact) < 1
        if total <= whole:
            assert quotas[name] <= count


def test_equal_remainders_go_by_name() -> None:
    assert spread(2, {"乙": 1, "甲": 1, "丙": 1}) == {"乙": 1, "甲": 0, "丙": 1}  # 丙 U+4E19, 乙 U+4E59, 甲 U+7532
    assert spread(0, {"a": 0}) == {"a": 0}


def test_negative_numbers_are_refused() -> None:
    with pytest.raises(NotACount):
        spread(-1, {"a": 1})
    with pytest.raises(NotACount):
        spread(1, {"a": -1})
    with pytest.raises(NotACount):
        quota_by_ratio(Decimal("0.1"), -1)
