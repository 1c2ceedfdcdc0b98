"""The inner loop of a large draw of inspectors, compiled. Optional (extra `kernels`): `teams` gives the same without.

SHA-256 and AES-256 are written out here because a ticket is asked for every inspector who may go to an object, and the
next object's order depends on who went to this one: nothing can be handed to a library in bulk.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.sampling.model.kernels import compiled

U = np.uint32
Words = NDArray[np.uint32]
Bytes = NDArray[np.uint8]
Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]

TAKEN, AWAY, MAY = 2, 1, 0
"""What is noted of a candidate while a team is made: on it, kept away from it, or to be had."""


@compiled
def turned(word: Any, bits: Any) -> Any:
    """A word rotated to the right."""
    return U((word >> U(bits)) | (word << U(32 - bits)))


@compiled
def sha256(message: Bytes, length: int, constants: Words, start: Words, w: Words, state: Words) -> None:
    """SHA-256 of the first bytes of a message, which has room for the padding; FIPS 180-4."""
    blocks = (length + 8) // 64 + 1
    message[length] = 0x80
    for place in range(length + 1, 64 * blocks - 8):
        message[place] = 0
    for place in range(8):
        message[64 * blocks - 1 - place] = (8 * length >> (8 * place)) & 0xFF
    for place in range(8):
        state[place] = start[place]
    for block in range(blocks):
        for place in range(16):
            at = 64 * block + 4 * place
            high = (U(message[at]) << U(24)) | (U(message[at + 1]) << U(16))
            w[place] = high | (U(message[at + 2]) << U(8)) | U(message[at + 3])
        for place in range(16, 64):
            a, b = w[place - 15], w[place - 2]
            s0 = turned(a, 7) ^ turned(a, 18) ^ (a >> U(3))
            s1 = turned(b, 17) ^ turned(b, 19) ^ (b >> U(10))
            w[place] = U(w[place - 16] + s0 + w[place - 7] + s1)
        a, b, c, d, e, f, g, h = state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]
        for place in range(64):
            s1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)
            t1 = U(h + s1 + (g ^ (e & (f ^ g))) + constants[place] + w[place])
            s0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)
            t2 = U(s0 + ((a & b) | (c & (a | b))))
            h, g, f, e, d, c, b, a = g, f, e, U(d + t1), c, b, a, U(t1 + t2)
        state[0], state[1], state[2], state[3] = U(state[0] + a), U(state[1] + b), U(state[2] + c), U(state[3] + d)
        state[4], state[5], state[6], state[7] = U(state[4] + e), U(state[5] + f), U(state[6] + g), U(state[7] + h)


@compiled
def aes256(state: Words, keys: Words, table: Words, box: Bytes) -> tuple[Any, Any]:
    """The first four words of `state`, encrypted, as two numbers that order as the ticket does; FIPS 197."""
    s0, s1, s2, s3 = state[0] ^ keys[0], state[1] ^ keys[1], state[2] ^ keys[2], state[3] ^ keys[3]
    for turn in range(1, 14):
        k = 4 * turn
        t0 = table[s0 >> U(24)] ^ turned(table[(s1 >> U(16)) & U(255)], 8) ^ turned(table[(s2 >> U(8)) & U(255)], 16)
        t1 = table[s1 >> U(24)] ^ turned(table[(s2 >> U(16)) & U(255)], 8) ^ turned(table[(s3 >> U(8)) & U(255)], 16)
        t2 = table[s2 >> U(24)] ^ turned(table[(s3 >> U(16)) & U(255)], 8) ^ turned(table[(s0 >> U(8)) & U(255)], 16)
        t3 = table[s3 >> U(24)] ^ turned(table[(s0 >> U(16)) & U(255)], 8) ^ turned(table[(s1 >> U(8)) & U(255)], 16)
        t0 ^= turned(table[s3 & U(255)], 24) ^ keys[k]
        t1 ^= turned(table[s0 & U(255)], 24) ^ keys[k + 1]
        t2 ^= turned(table[s1 & U(255)], 24) ^ keys[k + 2]
        t3 ^= turned(table[s2 & U(255)], 24) ^ keys[k + 3]
        s0, s1, s2, s3 = U(t0), U(t1), U(t2), U(t3)
    t0 = last(s0, s1, s2, s3, box) ^ keys[56]
    t1 = last(s1, s2, s3, s0, box) ^ keys[57]
    t2 = last(s2, s3, s0, s1, box) ^ keys[58]
    t3 = last(s3, s0, s1, s2, box) ^ keys[59]
    return (np.uint64(t0) << np.uint64(32)) | np.uint64(t1), (np.uint64(t2) << np.uint64(32)) | np.uint64(t3)


@compiled
def last(a: Any, b: Any, c: Any, d: Any, box: Bytes) -> Any:
    """A word of the last round, which mixes no columns."""
    high = (U(box[a >> U(24)]) << U(24)) | (U(box[(b >> U(16)) & U(255)]) << U(16))
    return U(high | (U(box[(c >> U(8)) & U(255)]) << U(8)) | U(box[d & U(255)]))


class People(NamedTuple):
    """Candidates by number, in the order of their certificates.

    Args:
        names, starts: bytes of each certificate, and where it begins.
        expert: accompanies only.
        loads: counted on.
        has: by kind of need (domains, qualifications), which candidate has which.
    """

    names: Bytes
    starts: Rows
    expert: Flags
    loads: Rows
    has: tuple[Flags, Flags]


class Posts(NamedTuple):
    """Posts in the order in which they are served.

    Args:
        names, starts: bytes of each post's object with the separator, and where they begin.
        kind: of each; `may` and `needs` are by kind, `recused` and `kept` by post: where each part begins, and its
            candidates or needs.
    """

    names: Bytes
    starts: Rows
    kind: Rows
    may: tuple[Rows, Rows]
    needs: tuple[tuple[Rows, Rows], tuple[Rows, Rows]]
    recused: tuple[Rows, Rows]
    kept: tuple[Rows, Rows]


class Cipher(NamedTuple):
    """What a ticket is made with: the keys and tables of AES-256 and SHA-256, and room to work in."""

    keys: Words
    table: Words
    box: Bytes
    constants: Words
    start: Words
    schedule: Words
    state: Words


class Desk(NamedTuple):
    """Room for the post in hand.

    Args:
        message: its object and the separator, and room for a certificate and the padding.
        heads, tails, made: the tickets of candidates, and for which post they were made.
        mark: TAKEN, AWAY or MAY.
    """

    message: Bytes
    heads: NDArray[np.uint64]
    tails: NDArray[np.uint64]
    made: Rows
    mark: NDArray[np.int8]


@compiled
def make_ticket(one: int, post: int, posts: Posts, people: People, cipher: Cipher, desk: Desk) -> None:
    """Make the ticket of a candidate for a post, unless it was made before."""
    if desk.made[one] == post:
        return
    length = posts.starts[post + 1] - posts.starts[post]
    for place in range(people.starts[one], people.starts[one + 1]):
        desk.message[length] = people.names[place]
        length += 1
    sha256(desk.message, length, cipher.constants, cipher.start, cipher.schedule, cipher.state)
    desk.heads[one], desk.tails[one] = aes256(cipher.state, cipher.keys, cipher.table, cipher.box)
    desk.made[one] = post


@compiled
def fits(one: int, which: int, need: int, people: People) -> Any:
    """Whether a candidate meets a need (which: 0 a domain, of inspectors only; 1 a qualification; -1 none)."""
    if which < 0:
        return True
    if which == 0:
        return people.has[0][one, need] and not people.expert[one]
    return people.has[1][one, need]


@compiled
def weight(one: int, people: People) -> Any:
    """What comes before the ticket: experts last, then the smaller load."""
    return people.loads[one] + (people.expert[one] << 62)


@compiled
def first_in_order(post: int, which: int, need: int, posts: Posts, people: People, cipher: Cipher, desk: Desk) -> Any:
    """The first in order who may be had and meets a need; tickets are made only where loads are equal."""
    begin, end = posts.may[0][posts.kind[post]], posts.may[0][posts.kind[post] + 1]
    best, tied = -1, False
    for place in range(begin, end):
        one = posts.may[1][place]
        if desk.mark[one] == MAY and fits(one, which, need, people):
            if best < 0 or weight(one, people) < weight(best, people):
                best, tied = one, False
            else:
                tied |= weight(one, people) == weight(best, people)
    return smallest_ticket(best, post, which, need, posts, people, cipher, desk) if tied else best


@compiled
def smallest_ticket(
    like: int, post: int, which: int, need: int, posts: Posts, people: People, cipher: Cipher, desk: Desk
) -> Any:
    """Of those who weigh the same, who has the smallest ticket; of equal ones the first."""
    begin, end = posts.may[0][posts.kind[post]], posts.may[0][posts.kind[post] + 1]
    best = -1
    for place in range(begin, end):
        one = posts.may[1][place]
        if desk.mark[one] != MAY or weight(one, people) != weight(like, people) or not fits(one, which, need, people):
            continue
        make_ticket(one, post, posts, people, cipher, desk)
        head, tail = desk.heads[one], desk.tails[one]
        if best < 0 or head < desk.heads[best] or (head == desk.heads[best] and tail < desk.tails[best]):
            best = one
    return best


@compiled
def lay_out(post: int, posts: Posts, desk: Desk, team: Rows) -> Any:
    """Put the post in hand: its object, who may go, who must not, and who stays; how many these are."""
    for place in range(posts.starts[post + 1] - posts.starts[post]):
        desk.message[place] = posts.names[posts.starts[post] + place]
    for place in range(posts.may[0][posts.kind[post]], posts.may[0][posts.kind[post] + 1]):
        desk.mark[posts.may[1][place]] = MAY
    for place in range(posts.recused[0][post], posts.recused[0][post + 1]):
        desk.mark[posts.recused[1][place]] = AWAY
    joined = 0
    for place in range(posts.kept[0][post], posts.kept[0][post + 1]):
        team[joined] = posts.kept[1][place]
        desk.mark[team[joined]] = TAKEN
        joined += 1
    return joined


@compiled
def meet(
    post: int, which: int, joined: int, posts: Posts, people: People, cipher: Cipher, desk: Desk, team: Rows
) -> Any:
    """Let those join who are needed for domains, or for qualifications; how many there are then."""
    starts, needs = posts.needs[which]
    for place in range(starts[posts.kind[post]], starts[posts.kind[post] + 1]):
        is_met = False
        for member in team[:joined]:
            is_met |= fits(member, which, needs[place], people)
        if not is_met:
            team[joined] = first_in_order(post, which, needs[place], posts, people, cipher, desk)
            desk.mark[team[joined]] = TAKEN
            joined += 1
    return joined


@compiled
def draw(posts: Posts, people: People, size: int, cipher: Cipher, desk: Desk, out: Rows) -> None:
    """Draw the team of every post, in the order in which they are served; every post can be filled.

    Args:
        out: by post, the candidates in the order they joined; -1 after the last.
    """
    for post in range(posts.kind.size):
        team = out[post]
        staying = lay_out(post, posts, desk, team)
        joined = meet(post, 0, staying, posts, people, cipher, desk, team)
        joined = meet(post, 1, joined, posts, people, cipher, desk, team)
        inspectors = 0
        for member in team[:joined]:
            inspectors += not people.expert[member]
        while inspectors < size:
            team[joined] = first_in_order(post, -1, 0, posts, people, cipher, desk)
            desk.mark[team[joined]] = TAKEN
            inspectors += not people.expert[team[joined]]
            joined += 1
        for member in team[staying:joined]:
            people.loads[member] += 1
