"""Drawing teams for 100 000 objects of forty authorities, each with twenty-five people; everything can be verified.

One authority out of forty sends to each object; one person in thirteen is an expert, one object in fifty asks for a
qualification, one in ninety-seven has somebody who must stay away.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from benchmarks.harness import Benchmark, Contender, Role
from services.sampling.model.team_draw import draw_teams
from services.sampling.model.teams import Candidate, Post
from services.sampling.model.tickets import kernels

OBJECTS = 100_000
AUTHORITIES = 40
EACH = 25
SEED = bytes(range(32))
FOOD, BOILER = frozenset({"食品安全"}), frozenset({"锅炉"})

Town = tuple[list[Post], list[Candidate], set[tuple[str, str]]]


def town() -> Town:
    """Posts, people, and who must stay away from where."""
    random = Random(1)
    people = [
        Candidate(
            f"50{authority:04d}{number:04d}",
            f"authority{authority:02d}",
            f"5001{authority:02d}",
            FOOD,
            BOILER if number % 10 == 0 else frozenset(),
            number % 13 == 12,
            random.randrange(5),
        )
        for authority in range(AUTHORITIES)
        for number in range(EACH)
    ]
    posts = [
        Post(
            f"91500{number % AUTHORITIES:03d}MA{number:08d}",
            f"authority{number % AUTHORITIES:02d}",
            f"5001{number % AUTHORITIES:02d}",
            FOOD,
            BOILER if number % 50 == 0 else frozenset(),
        )
        for number in range(OBJECTS)
    ]
    recusals = {(posts[n].object_id, people[n % len(people)].certificate) for n in range(0, OBJECTS, 97)}
    return posts, people, recusals


@contextmanager
def benchmark() -> Iterator[Benchmark]:
    """Ours compiled and one by one, and what somebody would write who does not care for load and proof."""
    posts, people, recusals = town()

    def ours(compiled: bool) -> object:
        return draw_teams(SEED, posts, people, recusals, compiled=compiled)

    contenders = [
        Contender("ours, one by one", lambda: ours(False), Role.OURS, same_answer=True),
        Contender("two at random, no rules, no proof", lambda: at_random(posts, people), Role.PEER),
    ]
    notes = []
    if kernels():
        contenders.insert(0, Contender("ours, compiled", lambda: ours(True), Role.OURS, same_answer=True))
    else:
        notes.append("numba is not installed (extra `kernels`)")
    yield Benchmark(
        "teams",
        f"teams for {OBJECTS:,} objects of {AUTHORITIES} authorities with {EACH} people each",
        contenders,
        reference=lambda: ours(False),
        units=(OBJECTS, "objects"),
        aim=100_000,
        rounds=3,
        notes=notes,
    )


def at_random(posts: list[Post], people: list[Candidate]) -> list[tuple[str, list[str]]]:
    """Two of the authority's for each object."""
    random, own = Random(2), dict[str, list[str]]()
    for one in people:
        if not one.expert:
            own.setdefault(one.authority_id, []).append(one.certificate)
    return [(post.object_id, random.sample(own[post.authority_id], 2)) for post in posts]
