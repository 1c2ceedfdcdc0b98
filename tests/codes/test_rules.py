"""The rules by themselves: limits, whitelists, regions, visits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.codes.foreign import ForeignCodes, Scheme
from services.codes.model.attachment import Attachment
from services.codes.model.code import CodeKind, CodePart, CountKey
from services.codes.model.directory import (
    AnnualCap,
    KnownAuthority,
    KnownInspector,
    KnownObject,
    Whitelisting,
    cap_for,
    region_prefix,
)
from services.codes.model.issue import Dispatch, PlannedVisit, Register, decide
from services.codes.model.visit import CodeReplayed, ExceptionKind, Visit, VisitExceptedAlready, VisitState
from services.codes.picture import PictureFormat, draw
from services.codes.tables import map_model

map_model()
NOW = datetime(2025, 6, 9, 1, tzinfo=UTC)
TODAY = date(2025, 6, 9)
CITY = KnownAuthority(authority_id="A", version=1, name="甲局", region="500000", listed_from=date(2020, 1, 1))
DISTRICT = KnownAuthority(authority_id="B", version=1, name="乙局", region="500112", listed_from=date(2020, 1, 1))


def cap(visits: int, authority: str = "", region: str = "", matter: str = "", year: int = 2025) -> AnnualCap:
    return AnnualCap(
        annual_cap_id=f"{authority}{region}{matter}{year}",
        version=1,
        authority_id=authority,
        region=region,
        year=year,
        matter_id=matter,
        visits=visits,
    )


@pytest.mark.parametrize(
    ("region", "prefix"), [("500000", "50"), ("500100", "5001"), ("500103", "500103"), ("50", "50"), ("", "")]
)
def test_a_region_is_the_digits_its_parts_begin_with(region: str, prefix: str) -> None:
    assert region_prefix(region) == prefix


def test_the_nearest_limit_binds() -> None:
    caps = [cap(9, region=""), cap(8, region="500000"), cap(7, region="500112"), cap(6, "B"), cap(1, "C")]
    assert cap_for(caps, DISTRICT, 2025) == 6
    assert cap_for(caps[:3], DISTRICT, 2025) == 7
    assert cap_for(caps, CITY, 2025) == 8
    assert cap_for(caps[:1], CITY, 2025) == 9
    assert cap_for(caps, CITY, 2024) is None
    assert cap_for(caps, CITY, 2025, "m") is None


@given(st.permutations([cap(2, region="50"), cap(3, region="500000"), cap(0, "B", year=2024), cap(5, "B", matter="m")]))
def test_the_order_of_limits_does_not_matter_and_of_two_alike_the_stricter_binds(caps: list[AnnualCap]) -> None:
    assert cap_for(caps, DISTRICT, 2025) == 2
    assert cap_for(caps, DISTRICT, 2025, "m") == 5


def dispatch(*visits: PlannedVisit, test: bool = False) -> Dispatch:
    return Dispatch("t", "n", "t", "DAILY", test, "ON_SITE", CodeKind.SINGLE, TODAY, TODAY, visits)


def register(**known: object) -> Register:
    objects = {id: KnownObject(object_id=id, version=1, type="INSTITUTION", name=id) for id in ("x", "y")}
    inspectors: dict[str, KnownInspector] = {}
    made = Register(TODAY, {"A": CITY, "B": DISTRICT}, objects, inspectors)
    return replace(made, **known)  # type: ignore[arg-type]


@given(
    st.lists(st.tuples(st.sampled_from("xy"), st.sampled_from(["A", "B", "AB"])), max_size=30),
    st.integers(0, 4),
    st.integers(0, 4),
)
def test_no_counter_ever_passes_its_limit_and_refused_visits_count_nowhere(
    asked: list[tuple[str, str]], cap_a: int, cap_b: int
) -> None:
    visits = tuple(
        PlannedVisit(str(n), object_id, tuple(CodePart(letter, ("m",)) for letter in letters))
        for n, (object_id, letters) in enumerate(asked)
    )
    known = register(caps=[cap(cap_a, "A"), cap(cap_b, "B")])
    decision = decide(dispatch(*visits), known)
    granted = [(visit.object_id, part.authority_id) for visit, _ in decision.granted for part in visit.parts]
    for object_id in "xy":
        for authority_id, limit in (("A", cap_a), ("B", cap_b)):
            number = granted.count((object_id, authority_id))
            assert number <= limit
            assert decision.counted[CountKey(authority_id, object_id, 2025)] == number
    assert len(decision.granted) + len(decision.refused) == len(visits)
    for visit, objection in decision.refused:
        assert objection.count >= objection.cap
        assert objection.authority_id in [part.authority_id for part in visit.parts]


def test_a_test_task_is_never_counted() -> None:
    visits = [PlannedVisit(str(n), "x", (CodePart("A", ("m",)),)) for n in range(3)]
    decision = decide(dispatch(*visits, test=True), register(caps=[cap(0, "A")]))
    assert (len(decision.granted), decision.counted.total()) == (3, 0)


def test_a_whitelist_entry_is_about_its_object_matter_and_days() -> None:
    entry = Whitelisting(
        whitelist_id="w",
        version=1,
        authority_id="A",
        object_id="x",
        matter_id="m",
        starts_on=TODAY,
        ends_on=TODAY,
        active=True,
    )
    assert entry.forbids("x", ["m", "n"], TODAY)
    assert not entry.forbids("y", ["m"], TODAY)
    assert not entry.forbids("x", ["n"], TODAY)
    assert not entry.forbids("x", ["m"], TODAY + timedelta(days=1))
    assert not entry.forbids("x", ["m"], TODAY - timedelta(days=1))


def visit() -> Visit:
    return Visit(visit_id="v", code_id="c", inspection_id="i", object_id="x")


@given(st.lists(st.sampled_from(["enterprise", "inspector"]), max_size=6))
def test_a_visit_is_verified_exactly_once_when_both_have_scanned(scans: list[str]) -> None:
    one, verified = visit(), 0
    for scan in scans:
        try:
            done = (
                one.scan_by_enterprise("boss", NOW)
                if scan == "enterprise"
                else one.scan_by_inspector("50", "LM-CODE-1", NOW)
            )
        except CodeReplayed:
            assert one.state is VisitState.VERIFIED
            continue
        verified += done
    assert verified == (1 if len(set(scans)) == 2 else 0)


def test_an_exception_ends_the_scanning() -> None:
    one = visit()
    one.scan_by_inspector("50", "渝企码", NOW)
    one.except_(ExceptionKind.NO_NETWORK, "无网络", Attachment("0" * 64, "a.png", "image/png", 1), "50", NOW)
    with pytest.raises(VisitExceptedAlready):
        one.scan_by_enterprise("boss", NOW)
    assert one.state is VisitState.EXCEPTED


def test_a_picture_is_drawn_once() -> None:
    draw.cache_clear()
    assert draw("HTTPS://H/V/AAAA", PictureFormat.PNG) is draw("HTTPS://H/V/AAAA", PictureFormat.PNG)
    assert draw.cache_info().hits == 1


def test_a_text_longer_than_any_code_is_no_foreign_code() -> None:
    scheme = Scheme(name="x", pattern=r"(?P<object>.*)")
    assert ForeignCodes([scheme]).recognize("a" * 4296)
    assert ForeignCodes([scheme]).recognize("a" * 4297) is None
