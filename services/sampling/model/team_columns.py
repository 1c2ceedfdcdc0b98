"""A large draw of inspectors as columns of numbers, which the compiled loop goes through."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from services.sampling.model import team_kernels as kernels
from services.sampling.model.teams import SEPARATOR, Candidate, Kind, Post, Roster, Team, kind_of_post

PRIMES = [n for n in range(2, 312) if all(n % m for m in range(2, n))]
Columns = tuple[NDArray[np.int64], NDArray[np.int64]]


def draw(served: Sequence[Post], roster: Roster, size: int, seed: bytes) -> tuple[Team, ...]:
    """The teams of posts that can all be filled, in the order in which they are served."""
    ordered = sorted(roster.by_certificate.values(), key=lambda candidate: candidate.certificate)
    numbers = {candidate.certificate: number for number, candidate in enumerate(ordered)}
    kinds: dict[Kind, int] = {}
    kind_of = np.array([kinds.setdefault(kind, len(kinds)) for kind in map(kind_of_post, served)], np.int64)
    examples = [Post("", *kind) for kind in kinds]
    domains, has_domain = needs_of([post.domains for post in examples], [one.domains for one in ordered])
    skills, has_skill = needs_of([post.qualifications for post in examples], [one.qualifications for one in ordered])
    posts = kernels.Posts(
        *octets([post.object_id.encode() + SEPARATOR for post in served]),
        kind_of,
        columns([numbers[one.certificate] for one in roster.may_go(post)] for post in examples),
        (domains, skills),
        recusals_of(served, roster.recusals, numbers),
        few(len(served), {n: [numbers[each] for each in post.kept] for n, post in enumerate(served) if post.kept}),
    )
    people = kernels.People(
        *octets([one.certificate.encode() for one in ordered]),
        np.array([one.expert for one in ordered], np.bool_),
        np.array([one.load for one in ordered], np.int64),
        (has_domain, has_skill),
    )
    out = room_for(posts, size)
    kernels.draw(posts, people, size, cipher_of(seed), desk_for(posts, people), out)
    return teams_of(served, out, ordered)


def room_for(posts: kernels.Posts, size: int) -> NDArray[np.int64]:
    """A row for each post, long enough for any team."""
    needs = sum(int(np.diff(starts).max()) for starts, _ in posts.needs)
    return np.full((posts.kind.size, size + needs + int(np.diff(posts.kept[0]).max())), -1, np.int64)


def cipher_of(seed: bytes) -> kernels.Cipher:
    """What tickets are made with."""
    return kernels.Cipher(round_keys(seed), *TABLES, *HASHING, np.zeros(64, np.uint32), np.zeros(8, np.uint32))


def desk_for(posts: kernels.Posts, people: kernels.People) -> kernels.Desk:
    """Room for the longest names, with the padding of a hash, and for a ticket of each candidate."""
    longest, count = sum(int(np.diff(each.starts).max()) for each in (posts, people)), people.expert.size
    heads, tails = np.zeros(count, np.uint64), np.zeros(count, np.uint64)
    mark = np.full(count, kernels.AWAY, np.int8)
    return kernels.Desk(np.zeros(longest + 80, np.uint8), heads, tails, np.full(count, -1, np.int64), mark)


def teams_of(served: Sequence[Post], out: NDArray[np.int64], candidates: Sequence[Candidate]) -> tuple[Team, ...]:
    """The teams by the numbers of their members."""
    certificates = np.array([*(candidate.certificate for candidate in candidates), ""], object)
    expert = np.array([*(candidate.expert for candidate in candidates), False], np.bool_)
    members: list[tuple[str, ...]] = list(zip(*certificates[out].T.tolist(), strict=True))
    lengths: list[int] = (out >= 0).sum(axis=1).tolist()
    inspectors = [row[:length] for row, length in zip(members, lengths, strict=True)]
    experts: list[tuple[str, ...]] = [()] * len(served)
    for place in np.flatnonzero(expert[out].any(axis=1)).tolist():
        inspectors[place], experts[place] = parted(members[place], expert[out[place]])
    teams = zip(served, inspectors, experts, strict=True)
    return tuple([Team(post.object_id, post.authority_id, going, along) for post, going, along in teams])


def parted(members: Sequence[str], expert: NDArray[np.bool_]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Inspectors, and experts who accompany them."""
    there = [(name, is_expert) for name, is_expert in zip(members, expert.tolist(), strict=True) if name]
    return tuple(name for name, is_expert in there if not is_expert), tuple(
        name for name, is_expert in there if is_expert
    )


def columns(lists: Iterable[Sequence[int]]) -> Columns:
    """Lists of numbers, one after the other, and where each begins."""
    made = list(lists)
    starts = np.fromiter(accumulate(map(len, made), initial=0), np.int64, len(made) + 1)
    return starts, np.fromiter((number for each in made for number in each), np.int64, int(starts[-1]))


def few(count: int, lists: Mapping[int, Sequence[int]]) -> Columns:
    """The same of so many lists of which hardly any has numbers: those that have, by place, ascending."""
    lengths = np.zeros(count + 1, np.int64)
    lengths[[place + 1 for place in lists]] = [len(each) for each in lists.values()]
    return np.cumsum(lengths), np.array([number for each in lists.values() for number in each], np.int64)


def octets(texts: Sequence[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The bytes of texts, one after the other, and where each begins."""
    starts = np.fromiter(accumulate(map(len, texts), initial=0), np.int64, len(texts) + 1)
    return np.frombuffer(b"".join(texts), np.uint8), starts


def needs_of(asked: Sequence[frozenset[str]], had: Sequence[Collection[str]]) -> tuple[Columns, NDArray[np.bool_]]:
    """What each kind of post asks for, in the order of bytes, and which candidate has what."""
    numbers = {name: number for number, name in enumerate(sorted(frozenset[str]().union(*asked)))}
    have = np.zeros((len(had), max(len(numbers), 1)), np.bool_)
    for row, names in enumerate(had):
        have[row, [numbers[name] for name in names if name in numbers]] = True
    return columns([numbers[name] for name in sorted(names)] for names in asked), have


def recusals_of(served: Sequence[Post], recusals: Collection[tuple[str, str]], numbers: Mapping[str, int]) -> Columns:
    """Who must not go to each post."""
    by_object: dict[str, list[int]] = {}
    for object_id, certificate in recusals:
        if certificate in numbers:
            by_object.setdefault(object_id, []).append(numbers[certificate])
    places = (n for n, post in enumerate(served) if post.object_id in by_object)
    return few(len(served), {n: by_object[served[n].object_id] for n in places})


def fraction_words(root: int, numbers: Sequence[int]) -> NDArray[np.uint32]:
    """The first 32 bits of the fractions of roots of primes, of which SHA-256 is made; exact."""
    return np.array([integer_root(root, prime << (32 * root)) & 0xFFFFFFFF for prime in numbers], np.uint32)


def integer_root(root: int, number: int) -> int:
    """The whole part of a root."""
    low, high = 0, 1 << (number.bit_length() // root + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**root <= number else (low, middle)
    return low


def doubled(value: int) -> int:
    """Twice a number in the field of AES."""
    return (value << 1) ^ (0x11B if value & 0x80 else 0)


def substitution_box() -> list[int]:
    """The S-box of AES: inverses in its field, mixed."""
    logs, powers, value = {}, [], 1
    for exponent in range(255):
        logs[value] = exponent
        powers.append(value)
        value ^= doubled(value)
    box = []
    for number in range(256):
        inverse = powers[-logs[number] % 255] if number else 0
        mixed = 0x63
        for turn in range(5):
            mixed ^= (inverse << turn | inverse >> (8 - turn)) & 0xFF
        box.append(mixed)
    return box


BOX = substitution_box()
TABLES = (
    np.array([(doubled(s) << 24) | (s << 16) | (s << 8) | (doubled(s) ^ s) for s in BOX], np.uint32),
    np.array(BOX, np.uint8),
)
HASHING = fraction_words(3, PRIMES), fraction_words(2, PRIMES[:8])


def round_keys(key: bytes) -> NDArray[np.uint32]:
    """The sixty words into which AES-256 expands its key."""
    words = [int.from_bytes(key[place : place + 4], "big") for place in range(0, 32, 4)]
    constant = 1
    for place in range(8, 60):
        word = words[-1]
        if place % 8 == 0:
            word = substituted((word << 8 | word >> 24) & 0xFFFFFFFF) ^ (constant << 24)
            constant = doubled(constant)
        elif place % 8 == 4:
            word = substituted(word)
        words.append(words[-8] ^ word)
    return np.array(words, np.uint32)


def substituted(word: int) -> int:
    """Each byte of a word through the S-box."""
    return int.from_bytes(bytes(BOX[byte] for byte in word.to_bytes(4, "big")), "big")
