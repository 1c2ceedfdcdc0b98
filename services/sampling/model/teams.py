"""Teams (检查人员): who goes where, decided by the same seed and by nobody.

LM-DRAW-1, step 5. Objects come in the order of their tickets; each takes, of the inspectors who may inspect it, those
with the fewest visits so far, and of equal ones those whose ticket for this very object is smallest.

The directory a team is drawn from holds only people whose certificate is valid when they will inspect: whoever draws
leaves the others out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from operator import attrgetter
from typing import Literal

import numpy as np

from services.chassis.errors import FailedPrecondition, malformed
from services.sampling.model.tickets import KEY_BYTES, cipher, keys, tickets

AT_LEAST = 2
"""Fewer than two inspectors inspect nothing (行政处罚法 and every regulation on inspections)."""

SEPARATOR = b"\x1f"


@dataclass(frozen=True)
class Post:
    """An object as one authority has to inspect it; in a joint task each authority has its own.

    Args:
        region: GB/T 2260; empty: unknown, which keeps nobody away.
        domains: fields of enforcement of the matters: each member has one of them, together they have all.
        qualifications: expertise the matters require: somebody in the team has each.
        kept: who is on the team already and stays (更换检查人员), in order; the others are drawn to them.
    """

    object_id: str
    authority_id: str
    region: str = ""
    domains: frozenset[str] = frozenset()
    qualifications: frozenset[str] = frozenset()
    kept: tuple[str, ...] = ()


Kind = tuple[str, str, frozenset[str], frozenset[str]]
kind_of_post: Callable[[Post], Kind] = attrgetter("authority_id", "region", "domains", "qualifications")
"""All that decides who may go, recusals and who stays aside."""


@dataclass(frozen=True)
class Candidate:
    """An inspector who can be drawn.

    Args:
        certificate: number of the law-enforcement certificate, which is valid.
        region: GB/T 2260; covers what lies within it; empty: everywhere.
        expert: accompanies and signs nothing, so is one of the required two never, but may bring expertise.
        load: visits assigned already.
    """

    certificate: str
    authority_id: str
    region: str = ""
    domains: frozenset[str] = frozenset()
    qualifications: frozenset[str] = frozenset()
    expert: bool = False
    load: int = 0


@dataclass(frozen=True)
class Team:
    """Who inspects an object for an authority.

    Args:
        certificates: the inspectors, in the order they were drawn; at least two.
        experts: who accompanies them.
    """

    object_id: str
    authority_id: str
    certificates: tuple[str, ...]
    experts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lack:
    """What an object has too little of.

    Args:
        kind: `INSPECTORS`: too few may inspect it; `DOMAIN`, `QUALIFICATION`: nobody of them has this one.
        name: the domain or qualification; empty for inspectors.
        wanted: how many are needed.
        available: how many there are.
        out_of_region, recused, other_domain: of the authority's inspectors, how many may not, by the first rule that
            keeps them away.
    """

    object_id: str
    authority_id: str
    kind: Literal["INSPECTORS", "DOMAIN", "QUALIFICATION"]
    name: str
    wanted: int
    available: int
    out_of_region: int = field(default=0, kw_only=True)
    recused: int = field(default=0, kw_only=True)
    other_domain: int = field(default=0, kw_only=True)

    def zh(self) -> str:
        """In Chinese."""
        why = f"辖区外 {self.out_of_region}，回避 {self.recused}，领域不符 {self.other_domain}"
        match self.kind:
            case "INSPECTORS":
                return f"{self.object_id}：需要 {self.wanted} 名检查人员，可用 {self.available} 名（{why}）"
            case "DOMAIN":
                return f"{self.object_id}：可用人员中无人具备领域“{self.name}”"
            case "QUALIFICATION":
                return f"{self.object_id}：可用人员中无人具备资质“{self.name}”"

    def en(self) -> str:
        """In English."""
        why = f"out of region {self.out_of_region}, recused {self.recused}, of another domain {self.other_domain}"
        match self.kind:
            case "INSPECTORS":
                return f"{self.object_id}: needs {self.wanted} inspectors, has {self.available} ({why})"
            case "DOMAIN":
                return f"{self.object_id}: nobody available is of domain {self.name!r}"
            case "QUALIFICATION":
                return f"{self.object_id}: nobody available has qualification {self.name!r}"


class TeamsInfeasible(FailedPrecondition):
    """Some objects cannot get a team, so none is assigned.

    Args:
        lacks: which objects lack what, in the order of tickets.
    """

    SHOWN = 10

    def __init__(self, lacks: Sequence[Lack]) -> None:
        shown, objects = lacks[: self.SHOWN], len({lack.object_id for lack in lacks})
        more = len(lacks) - len(shown)
        super().__init__(
            f"{objects} 个检查对象无法配齐检查人员："
            + "；".join(lack.zh() for lack in shown)
            + (f"；另有 {more} 项" if more else ""),
            f"{objects} objects cannot get a team: "
            + "; ".join(lack.en() for lack in shown)
            + (f"; and {more} more" if more else ""),
            objects=objects,
            lacks=len(lacks),
        )
        self.lacks = tuple(lacks)


def lacks_of(served: Iterable[Post], roster: Roster, size: int) -> Iterator[Lack]:
    """What keeps posts from being filled; those that differ in nothing that matters are looked at once."""
    special = {object_id for object_id, _ in roster.recusals}
    sound = set()
    for post in served:
        kind = kind_of_post(post)
        is_plain = not post.kept and post.object_id not in special
        if is_plain and kind in sound:
            continue
        lacks = list(roster.lacks(post, size))
        yield from lacks
        if is_plain and not lacks:
            sound.add(kind)


def in_ticket_order(seed: bytes, posts: Iterable[Post]) -> list[Post]:
    """The posts by their objects' tickets; those of one object by their authorities' ids."""
    given = list(posts)
    words = tickets(seed, keys(post.object_id for post in given)).view(">u8").astype(np.uint64)
    order = np.lexsort((words[:, 1], words[:, 0]))
    is_next = (words[order[1:]] != words[order[:-1]]).any(axis=1)
    served = [given[n] for n in order.tolist()]
    if is_next.all():
        return served
    ranks = np.append(0, np.cumsum(is_next)).tolist()
    ranked = sorted(zip(ranks, served, strict=True), key=lambda one: (one[0], one[1].object_id, one[1].authority_id))
    served = [post for _, post in ranked]
    for one, other in pairwise(served):
        if one.object_id == other.object_id and one.authority_id == other.authority_id:
            zh = f"检查对象 {one.object_id} 对同一机构出现了两次"
            raise malformed("posts", "POST_TWICE", zh, f"object {one.object_id!r} is there twice for one authority")
    return served


def pair_ticket(encrypt: Callable[[bytes], bytes], object_id: str, certificate: str) -> bytes:
    """The ticket of an inspector for an object."""
    pair = object_id.encode() + SEPARATOR + certificate.encode()
    return encrypt(hashlib.sha256(pair).digest()[:KEY_BYTES])


def covers(region: str, other: str) -> bool:
    """Whether one GB/T 2260 region lies within another: `500000` is the whole city, `500118` one district of it."""
    if not region or not other:
        return True
    return other.startswith(region.removesuffix("00").removesuffix("00"))


class Roster:
    """The candidates, and how often each is taken so far."""

    def __init__(self, candidates: Iterable[Candidate], recusals: Collection[tuple[str, str]]) -> None:
        self.recusals = frozenset(recusals)
        self.of_authority: dict[str, list[Candidate]] = {}
        self.by_certificate: dict[str, Candidate] = {}
        self.loads: dict[str, int] = {}
        for candidate in candidates:
            if candidate.certificate in self.loads:
                zh, en = f"证件号 {candidate.certificate} 重复", f"certificate {candidate.certificate!r} is there twice"
                raise malformed("candidates", "CERTIFICATE_TWICE", zh, en)
            self.of_authority.setdefault(candidate.authority_id, []).append(candidate)
            self.by_certificate[candidate.certificate] = candidate
            self.loads[candidate.certificate] = candidate.load

    def barred_by(self, candidate: Candidate, post: Post) -> str:
        """The first rule that keeps a candidate away from a post; empty: none does."""
        if not covers(candidate.region, post.region):
            return "out_of_region"
        if (post.object_id, candidate.certificate) in self.recusals:
            return "recused"
        if not candidate.expert and post.domains and post.domains.isdisjoint(candidate.domains):
            return "other_domain"
        return ""

    def may_go(self, post: Post) -> list[Candidate]:
        """Who may inspect, or accompany to, this object."""
        return [c for c in self.of_authority.get(post.authority_id, ()) if not self.barred_by(c, post)]

    def staying(self, post: Post) -> list[Candidate]:
        """Who is on the team already.

        Raises:
            InvalidArgument: somebody is no candidate of the post's authority.
        """
        staying = [self.by_certificate.get(certificate) for certificate in post.kept]
        known = [one for one in staying if one is not None and one.authority_id == post.authority_id]
        if len(known) < len(post.kept):
            zh, en = f"{post.object_id} 的留任人员不在名单中", f"who stays at {post.object_id!r} is no candidate"
            raise malformed("posts", "KEPT", zh, en)
        return known

    def lacks(self, post: Post, size: int) -> Iterator[Lack]:
        """What keeps a post from being filled."""
        staying = self.staying(post)
        able = staying + [candidate for candidate in self.may_go(post) if candidate.certificate not in post.kept]
        inspectors = [candidate for candidate in able if not candidate.expert]
        if len(inspectors) < size:
            own = [c for c in self.of_authority.get(post.authority_id, ()) if not c.expert]
            barred = [self.barred_by(candidate, post) for candidate in own]
            why = {rule: barred.count(rule) for rule in ("out_of_region", "recused", "other_domain")}
            yield Lack(post.object_id, post.authority_id, "INSPECTORS", "", size, len(inspectors), **why)
        for name in sorted(post.domains.difference(*(candidate.domains for candidate in inspectors))):
            yield Lack(post.object_id, post.authority_id, "DOMAIN", name, 1, 0)
        for name in sorted(post.qualifications.difference(*(candidate.qualifications for candidate in able))):
            yield Lack(post.object_id, post.authority_id, "QUALIFICATION", name, 1, 0)

    def team(self, post: Post, size: int, seed: bytes) -> Team:
        """The team of a post that lacks nothing; counts the visit for its members.

        First, for each required domain and then each required qualification that the team does not have yet, in the
        order of their bytes, the first in order who has it; then the first in order until the team is large enough.
        An expert is taken only for a qualification that no inspector has. Who stays is there from the beginning, and
        has the visit counted already.
        """
        encrypt = cipher(seed).update

        def rank(candidate: Candidate) -> tuple[bool, int, bytes, str]:
            ticket = pair_ticket(encrypt, post.object_id, candidate.certificate)
            return candidate.expert, self.loads[candidate.certificate], ticket, candidate.certificate

        team = self.staying(post)
        order = sorted((c for c in self.may_go(post) if c.certificate not in post.kept), key=rank)
        for domain in sorted(post.domains):
            if not any(domain in member.domains for member in team if not member.expert):
                team.append(next(c for c in order if domain in c.domains and not c.expert))
        for qualification in sorted(post.qualifications):
            if not any(qualification in member.qualifications for member in team):
                team.append(next(c for c in order if qualification in c.qualifications))
        chosen = {member.certificate for member in team}
        spare = (c for c in order if c.certificate not in chosen)
        while sum(not member.expert for member in team) < size:
            team.append(next(spare))
        for member in team:
            self.loads[member.certificate] += member.certificate not in post.kept
        inspectors = tuple(member.certificate for member in team if not member.expert)
        return Team(post.object_id, post.authority_id, inspectors, tuple(m.certificate for m in team if m.expert))
