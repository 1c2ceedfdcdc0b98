"""Teams: fair, deterministic, within the rules, or a list of what is missing."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.errors import InvalidArgument
from services.sampling.model.team_draw import draw_teams
from services.sampling.model.teams import Candidate, Post, TeamsInfeasible, covers
from services.sampling.model.tickets import kernels, key, keys, tickets

SEED = b"\x05" * 32


def inspectors(count: int, authority: str = "甲", **more: Any) -> list[Candidate]:
    return [Candidate(f"{authority}{n:03d}", authority, **more) for n in range(count)]


def posts(count: int, authority: str = "甲", **more: Any) -> list[Post]:
    return [Post(f"object{n:03d}", authority, **more) for n in range(count)]


def test_the_work_is_spread_evenly() -> None:
    teams = draw_teams(SEED, posts(30), inspectors(6))
    visits = Counter(certificate for team in teams for certificate in team.certificates)
    assert all(len(set(team.certificates)) == 2 for team in teams)
    assert set(visits.values()) == {10}


def test_objects_are_served_in_the_order_of_their_tickets() -> None:
    teams = draw_teams(SEED, posts(20), inspectors(3))
    ids = sorted((post.object_id for post in posts(20)), key=lambda one: tickets(SEED, keys([one])).tobytes())
    assert [team.object_id for team in teams] == ids


def test_among_equally_loaded_ones_the_smallest_ticket_goes() -> None:
    [team] = draw_teams(SEED, posts(1), inspectors(9))

    def ticket(certificate: str) -> bytes:
        pair = hashlib.sha256(b"object000\x1f" + certificate.encode()).digest()[:16]
        return tickets(SEED, keys([]).__class__((1, 16), "uint8", pair)).tobytes()

    assert list(team.certificates) == sorted((c.certificate for c in inspectors(9)), key=ticket)[:2]


@given(st.randoms(), st.integers(2, 4))
def test_the_order_of_posts_and_candidates_does_not_matter(random: Random, size: int) -> None:
    people, places = [*inspectors(7), *inspectors(5, "乙")], [*posts(9), *posts(9, "乙")]
    shuffled = random.sample(places, len(places)), random.sample(people, len(people))
    assert draw_teams(SEED, *shuffled, size=size) == draw_teams(SEED, places, people, size=size)


def test_another_seed_sends_others() -> None:
    assert draw_teams(SEED, posts(20), inspectors(9)) != draw_teams(b"\x06" * 32, posts(20), inspectors(9))


def test_each_authority_sends_its_own() -> None:
    teams = draw_teams(SEED, [*posts(5), *posts(5, "乙")], [*inspectors(4), *inspectors(4, "乙")])
    assert all(certificate.startswith(team.authority_id) for team in teams for certificate in team.certificates)
    assert len(teams) == 10


def test_who_is_recused_does_not_go() -> None:
    recusals = [("object000", f"甲{n:03d}") for n in range(5)]
    [team] = draw_teams(SEED, posts(1), inspectors(7), recusals)
    assert set(team.certificates) == {"甲005", "甲006"}


def test_who_had_less_before_goes_first() -> None:
    people = [*inspectors(5, load=3), Candidate("a", "甲"), Candidate("b", "甲", load=1)]
    [team] = draw_teams(SEED, posts(1), people)
    assert team.certificates == ("a", "b")


def test_an_inspector_stays_in_the_region() -> None:
    people = [*inspectors(3, region="500103"), Candidate("city", "甲", "500000"), Candidate("here", "甲", "500118")]
    [team] = draw_teams(SEED, posts(1, region="500118"), people)
    assert set(team.certificates) == {"city", "here"}


@pytest.mark.parametrize(
    ("region", "other", "does"),
    [
        ("500000", "500118", True),
        ("500100", "500118", True),
        ("500200", "500118", False),
        ("500118", "500118", True),
        ("500118", "500000", False),
        ("", "500118", True),
        ("500118", "", True),
        ("510000", "500118", False),
    ],
)
def test_a_region_covers_what_lies_within_it(region: str, other: str, does: bool) -> None:
    assert covers(region, other) is does


def test_everybody_has_one_required_domain_and_together_they_have_all() -> None:
    people = [
        *inspectors(8, domains=frozenset({"消防"})),
        Candidate("env", "甲", domains=frozenset({"生态环境"})),
        *[Candidate(f"other{n}", "甲", domains=frozenset({"文旅"})) for n in range(8)],
    ]
    for team in draw_teams(SEED, posts(6, domains=frozenset({"消防", "生态环境"})), people):
        assert "env" in team.certificates
        assert not any(certificate.startswith("other") for certificate in team.certificates)
        assert len(team.certificates) == 2


def test_a_team_grows_where_the_required_domains_take_more_than_two() -> None:
    people = [Candidate(domain + str(n), "甲", domains=frozenset({domain})) for domain in "ABC" for n in range(2)]
    [team] = draw_teams(SEED, posts(1, domains=frozenset("ABC")), people)
    assert sorted(certificate[0] for certificate in team.certificates) == ["A", "B", "C"]


def test_an_expert_comes_along_for_what_no_inspector_knows_and_does_not_count() -> None:
    need = frozenset({"锅炉检验"})
    people = [*inspectors(4), Candidate("专家", "甲", qualifications=need, expert=True)]
    [team] = draw_teams(SEED, posts(1, qualifications=need), people)
    assert team.experts == ("专家",)
    assert len(team.certificates) == 2
    people.append(Candidate("knows", "甲", qualifications=need, load=9))
    [team] = draw_teams(SEED, posts(1, qualifications=need), people)
    assert team.experts == ()
    assert "knows" in team.certificates
    [team] = draw_teams(SEED, posts(1), people)
    assert team.experts == ()


def test_what_cannot_be_staffed_is_listed_and_nothing_is_assigned() -> None:
    fire, boiler = frozenset({"消防"}), frozenset({"锅炉检验"})
    post = Post("o", "甲", "500118", fire, boiler)
    people = [
        Candidate("far", "甲", "500103", frozenset({"消防"})),
        Candidate("kin", "甲", "500118", frozenset({"消防"})),
        Candidate("law", "甲", "500118", frozenset({"司法"})),
        Candidate("ok", "甲", "500118", frozenset({"消防"})),
    ]
    with pytest.raises(TeamsInfeasible) as refused:
        draw_teams(SEED, [post, Post("p", "乙")], people, [("o", "kin")])
    lacks = {(lack.object_id, lack.kind, lack.name): lack for lack in refused.value.lacks}
    assert set(lacks) == {("o", "INSPECTORS", ""), ("o", "QUALIFICATION", "锅炉检验"), ("p", "INSPECTORS", "")}
    short = lacks["o", "INSPECTORS", ""]
    assert (short.wanted, short.available, short.out_of_region, short.recused, short.other_domain) == (2, 1, 1, 1, 1)
    assert "需要 2 名检查人员，可用 1 名（辖区外 1，回避 1，领域不符 1）" in refused.value.zh
    assert "锅炉检验" in refused.value.en
    assert refused.value.metadata == {"objects": "2", "lacks": "3"}


def test_a_domain_that_nobody_has_is_listed() -> None:
    with pytest.raises(TeamsInfeasible) as refused:
        draw_teams(SEED, posts(1, domains=frozenset({"消防", "文旅"})), inspectors(3, domains=frozenset({"消防"})))
    assert [(lack.kind, lack.name) for lack in refused.value.lacks] == [("DOMAIN", "文旅")]


def test_a_long_list_of_what_is_missing_is_cut_in_the_message_only() -> None:
    with pytest.raises(TeamsInfeasible) as refused:
        draw_teams(SEED, posts(25), inspectors(1))
    assert len(refused.value.lacks) == 25
    assert "另有 15 项" in refused.value.zh


def test_one_inspector_is_no_team() -> None:
    with pytest.raises(Exception, match="at least 2"):
        draw_teams(SEED, posts(1), inspectors(3), size=1)


def test_nobody_and_nothing_is_there_twice() -> None:
    with pytest.raises(Exception, match="twice"):
        draw_teams(SEED, posts(1), [*inspectors(3), *inspectors(1)])
    with pytest.raises(Exception, match="twice"):
        draw_teams(SEED, [*posts(1), *posts(1)], inspectors(3))


def test_every_inspector_is_equally_likely_to_be_sent() -> None:
    """900 seeds, 2 of 6: chi-square with 5 degrees of freedom exceeds 20.5 once in a thousand."""
    sent = Counter(
        certificate
        for n in range(900)
        for team in draw_teams(hashlib.sha256(b"fair%d" % n).digest(), posts(1), inspectors(6))
        for certificate in team.certificates
    )
    assert sum((sent[c.certificate] - 300) ** 2 / 300 for c in inspectors(6)) < 20.5


def test_the_key_of_an_object_is_the_one_it_is_drawn_with() -> None:
    assert key("object000") == hashlib.sha256(b"object000").digest()[:16]


names = st.sampled_from(["a", "b", "c", "d", "é", "永川" * 30])
some = st.frozensets(st.sampled_from(["消防", "食品"]), max_size=2)
skills = st.frozensets(st.sampled_from(["锅炉", "电梯"]), max_size=1)
authorities = st.sampled_from(["甲", "乙"])
regions = st.sampled_from(["", "500000", "500118"])


people_anywhere = st.builds(
    Candidate, st.text("01乙", min_size=1), authorities, regions, some, skills, st.booleans(), st.integers(0, 2)
)
places_anywhere = st.builds(Post, names, authorities, regions, some, skills)


@st.composite
def towns(draw: st.DrawFn) -> tuple[list[Post], list[Candidate], set[tuple[str, str]]]:
    people = draw(st.lists(people_anywhere, unique_by=lambda one: one.certificate, min_size=4, max_size=12))
    places = draw(st.lists(places_anywhere, unique_by=lambda one: (one.object_id, one.authority_id), min_size=1))
    posts = []
    for place in places:
        own = [one.certificate for one in people if one.authority_id == place.authority_id]
        staying = draw(st.lists(st.sampled_from(own), unique=True, max_size=2)) if own else []
        posts.append(dataclasses.replace(place, kept=tuple(staying)))
    pairs = st.tuples(names, st.sampled_from([one.certificate for one in people]))
    return posts, people, draw(st.sets(pairs, max_size=3))


@pytest.mark.skipif(kernels() is None, reason="numba is not installed (extra `kernels`)")
@settings(deadline=None)  # the first call compiles
@given(towns(), st.binary(min_size=32, max_size=32), st.integers(2, 3))
def test_the_compiled_loop_draws_the_teams_of_the_definition(
    town: tuple[list[Post], list[Candidate], set[tuple[str, str]]], seed: bytes, size: int
) -> None:
    def teams(compiled: bool) -> object:
        try:
            return draw_teams(seed, *town, size=size, compiled=compiled)
        except TeamsInfeasible as refusal:
            return refusal.lacks

    assert teams(compiled=True) == teams(compiled=False)


@pytest.mark.skipif(kernels() is None, reason="numba is not installed (extra `kernels`)")
@pytest.mark.parametrize("length", [0, 1, 38, 39, 40, 55, 70, 102, 103, 200])
def test_the_compiled_loop_hashes_names_of_any_length(length: int) -> None:
    people = [dataclasses.replace(one, certificate="x" * length + one.certificate) for one in inspectors(12)]
    assert draw_teams(SEED, posts(9), people, compiled=True) == draw_teams(SEED, posts(9), people, compiled=False)


def test_who_stays_stays_first_and_has_no_visit_counted_again() -> None:
    people = [*inspectors(4), Candidate("old", "甲", load=9)]
    kept = [dataclasses.replace(post, kept=("old",)) for post in posts(2)]
    one, two = draw_teams(SEED, kept, people)
    assert (one.certificates[0], two.certificates[0]) == ("old", "old")
    assert {*one.certificates, *two.certificates} == {"old", one.certificates[1], two.certificates[1]}
    assert one.certificates[1] != two.certificates[1]


def test_who_stays_may_bring_what_is_asked_for_and_must_be_a_candidate() -> None:
    boiler = frozenset({"锅炉"})
    expert = Candidate("e", "甲", qualifications=boiler, expert=True)
    [team] = draw_teams(SEED, [Post("o", "甲", qualifications=boiler, kept=("e",))], [*inspectors(2), expert])
    assert (team.experts, len(team.certificates)) == (("e",), 2)
    with pytest.raises(InvalidArgument):
        draw_teams(SEED, [Post("o", "甲", kept=("gone",))], inspectors(3))
