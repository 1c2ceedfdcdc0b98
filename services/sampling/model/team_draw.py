"""The draw of teams: who goes where, in the plain loop of the definition, or for many posts in a compiled one."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from services.chassis.errors import malformed
from services.sampling.model.teams import (
    AT_LEAST,
    Candidate,
    Post,
    Roster,
    Team,
    TeamsInfeasible,
    in_ticket_order,
    lacks_of,
)
from services.sampling.model.tickets import kernels

WORTH_COMPILING = 50_000
"""Posts; below, loading the compiled loop takes longer than it saves."""


def draw_teams(
    seed: bytes,
    posts: Iterable[Post],
    candidates: Iterable[Candidate],
    recusals: Collection[tuple[str, str]] = (),
    size: int = AT_LEAST,
    *,
    compiled: bool | None = None,
) -> tuple[Team, ...]:
    """Draw a team for every post.

    Args:
        seed: the draw's seed.
        posts: in any order; they are served in the order of their objects' tickets.
        candidates: in any order.
        recusals: pairs of object and certificate that must not meet (回避).
        size: how many inspectors a team has; more where the required domains and qualifications take more.
        compiled: through the compiled loop; None: where that is worth it. The teams are the same.

    Returns:
        the teams, in the order they were drawn.

    Raises:
        TeamsInfeasible: some posts cannot be filled; says which and what they lack.
    """
    if size < AT_LEAST:
        zh, en = (
            f"每次检查至少 {AT_LEAST} 名检查人员，不能为 {size}",
            f"a team has at least {AT_LEAST} inspectors, not {size}",
        )
        raise malformed("size", "AT_LEAST_TWO", zh, en)
    roster = Roster(candidates, recusals)
    served = in_ticket_order(seed, posts)
    if lacks := list(lacks_of(served, roster, size)):
        raise TeamsInfeasible(lacks)
    worth_it = len(served) >= WORTH_COMPILING if compiled is None else compiled
    if worth_it and served and kernels():
        from services.sampling.model import team_columns  # numba takes a second to load

        return team_columns.draw(served, roster, size, seed)
    return tuple(roster.team(post, size, seed) for post in served)
