#!/usr/bin/env python3
"""LM-DRAW-1, checked with nothing but Python and `openssl`: copy this one file to any computer and run it.

    python verifier.py transcript.json frame.csv [excluded.csv] [--announced COMMITMENT] [--previous TRANSCRIPT]
    python verifier.py transcript.json --proof proof.json [--announced COMMITMENT]

It shares no line with the code that draws: it is written from docs/verification.md, in the plainest way, so that what
both find is found twice. `liangma verify-draw` is the same. Exit status: 0 sound, 1 faults, 2 cannot be read.

`cryptography` does the AES where it is installed, `openssl` where it is not. The seed is then seen in the list of
processes; that does no harm, it has been published.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, cast

SPEC = "LM-DRAW-1"
PROOF_SPEC = "LM-DRAW-1-PROOF"
LEAF = 256

Json = Mapping[str, Any]

# ── faults ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Fault:
    """One thing in a transcript that is not as it must be.

    Args:
        code: stable name of what is wrong, e.g. `FRAME_HASH`; docs/verification.md lists them.
        where: JSON pointer into the transcript, or the file and line.
        zh: what is wrong, in Chinese.
        en: the same in English.
    """

    code: str
    where: str
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.code} {self.where}: {self.en}"


# ── JSON: read strictly, looked at closely, written as RFC 8785 has it ───────────────────────────────────────────────

Shape = object
"""What a value must be: a mapping of members (`name?` may be absent), a one-element list for a list of such, a pattern
for a text that matches it as a whole, `str` for a text that is not empty, `int` for a whole number from 0 to 2⁵³-1, or
`bool`."""

HEX64 = re.compile(r"[0-9a-f]{64}")
GREATEST = 2**53 - 1
SURROGATE = re.compile(r"[\ud800-\udfff]")
OBJECTS = [{"id": str, "ticket": re.compile(r"[0-9a-f]{32}")}]

SHAPE = {
    "spec": re.compile(SPEC),
    "commitment": {
        "spec": re.compile(SPEC),
        "draw": str,
        "round": int,
        "frame_sha256": HEX64,
        "frame_count": int,
        "excluded_sha256": HEX64,
        "strata": [{"name": str, "count": int, "quota": int, "ratio?": re.compile(r"0|1|0\.[0-9]{0,11}[1-9]")}],
        "contributions": [HEX64],
        "total?": int,
        "redraw?": {"previous": HEX64, "reason": str, "approved_by": str},
        "frame_merkle?": HEX64,
    },
    "commitment_sha256": HEX64,
    "window?": {
        "commitment": {
            "spec": re.compile(SPEC),
            "window": str,
            "draws": [HEX64],
            "contributions": [HEX64],
            "replaces?": {"previous": HEX64, "missing": [HEX64]},
        },
        "commitment_sha256": HEX64,
    },
    "secrets": [HEX64],
    "seed": HEX64,
    "wanted": int,
    "drawn": int,
    "short": int,
    "strata": [
        {
            "name": str,
            "wanted": int,
            "drawn": int,
            "short": int,
            "winners": OBJECTS,
            "substitutes": OBJECTS,
            "unlisted": int,
        }
    ],
}

RECORD_SHAPE = {
    "spec": SHAPE["spec"],
    "commitment": SHAPE["commitment"],
    "commitment_sha256": HEX64,
    "contributions": [{"contributor": str, "sha256": HEX64, "secret?": HEX64}],
}

PROOF_SHAPE = {
    "spec": re.compile(PROOF_SPEC),
    "commitment_sha256": HEX64,
    "id": str,
    "stratum": str,
    "line": int,
    "lines": [HEX64],
    "path": [HEX64],
}


@dataclass(frozen=True)
class Misfit:
    """Where a document is not as it must be.

    Args:
        where: JSON pointer (RFC 6901).
    """

    where: str
    zh: str
    en: str


def misfits(value: object, shape: Shape, where: str = "") -> Iterator[Misfit]:
    """Everything in a document that is not as its shape says."""
    if isinstance(shape, Mapping):
        yield from member_misfits(value, shape, where)
    elif not isinstance(shape, list):
        yield from [Misfit(where, *wrong)] if (wrong := what_is_wrong(value, shape)) else []
    elif not isinstance(value, list):
        yield Misfit(where, "应为列表", "is not a list")
    else:
        for index, item in enumerate(value):
            yield from misfits(item, shape[0], f"{where}/{index}")


def what_is_wrong(value: object, shape: Shape) -> tuple[str, str] | None:
    """What is wrong with a value that has no members, in Chinese and English."""
    if shape is int:
        fits = type(value) is int and 0 <= value <= GREATEST
        return None if fits else ("应为 0 到 2⁵³-1 的整数", "is not a whole number from 0 to 2^53-1")
    if shape is bool:
        return None if type(value) is bool else ("应为 true 或 false", "is neither true nor false")
    if not isinstance(value, str) or SURROGATE.search(value):
        return "应为文本", "is not a text"
    if isinstance(shape, re.Pattern):
        return None if shape.fullmatch(value) else (f"应符合 {shape.pattern}", f"does not match {shape.pattern}")
    return None if value else ("不能为空", "is empty")


def member_misfits(value: object, shape: Mapping[str, Shape], where: str) -> Iterator[Misfit]:
    """The same for an object and its members."""
    if not isinstance(value, Mapping):
        yield Misfit(where, "应为对象", "is not an object")
        return
    members = {name.removesuffix("?"): member for name, member in shape.items()}
    for name in [*value, *(name for name in shape if name not in value and not name.endswith("?"))]:
        path = f"{where}/{name}"
        if name not in members:
            yield Misfit(path, "规范中没有此项", "is not part of the specification")
        elif name not in value:
            yield Misfit(path, "缺少此项", "is missing")
        else:
            yield from misfits(value[name], members[name], path)


def read_json(content: bytes) -> object:
    """A JSON document, strictly: UTF-8, no member twice, no NaN.

    Raises:
        ValueError: it is not one; says why.
    """
    try:
        return json.loads(content.decode(), object_pairs_hook=once, parse_constant=refuse_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object whose members are each there once."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError(
            "a member is there twice: " + next(name for name, _ in pairs if [n for n, _ in pairs].count(name) > 1)
        )
    return members


def refuse_constant(name: str) -> None:
    """NaN and the infinities are not JSON."""
    raise ValueError(f"{name} is not JSON")


def read(document: Json | bytes, shape: Shape) -> Json | list[Fault]:
    """A document of this shape, or why it is none."""
    try:
        value = read_json(document) if isinstance(document, bytes) else document
    except ValueError as wrong:
        return [Fault("MALFORMED", "", f"不是有效的 JSON：{wrong}", f"it is not JSON: {wrong}")]
    wrong_places = [Fault("MALFORMED", misfit.where, misfit.zh, misfit.en) for misfit in misfits(value, shape)]
    return wrong_places or cast(Json, value)


def canonical(value: object) -> bytes:
    """JSON as RFC 8785 writes it; numbers are whole here, and names of members are ASCII."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def sha256(content: bytes) -> str:
    """SHA-256 as hex."""
    return hashlib.sha256(content).hexdigest()


# ── step 1: the files, the quotas, the tree ──────────────────────────────────────────────────────────────────────────

NOT_ALLOWED = re.compile(r'[,"\x00-\x1f\x7f\ud800-\udfff]')


class Unreadable(Exception):
    """A file breaks a rule of step 1.

    Args:
        line: number of the first line at fault, from 1.
    """

    def __init__(self, line: int, zh: str, en: str) -> None:
        super().__init__(en)
        self.line, self.zh, self.en = line, f"第 {line} 行：{zh}", f"line {line}: {en}"


class Line(NamedTuple):
    """An object in a file, and its stratum or reason."""

    id: str
    rest: str


def read_lines(content: bytes) -> list[Line]:
    """What both files have in common: lines of an id and something after the first comma, ascending, each id once.

    Raises:
        Unreadable: it is not so.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError as wrong:
        number = content.count(b"\n", 0, wrong.start) + 1
        raise Unreadable(number, "不是有效的 UTF-8 编码", "it is not UTF-8") from wrong
    rows = text.split("\n")
    if rows.pop():
        raise Unreadable(len(rows) + 1, "末行没有换行符", "the last line has no line feed")
    found: list[Line] = []
    for number, row in enumerate(rows, 1):
        id, comma, rest = row.partition(",")
        if not comma or not id or NOT_ALLOWED.search(id):
            raise Unreadable(number, "没有编号，或编号含有不允许的字符", "it has no id, or one that is not allowed")
        if found and not found[-1].id < id:
            raise Unreadable(number, "编号重复或未按升序排列", "an id is there twice or out of order")
        found.append(Line(id, rest))
    return found


def read_frame(content: bytes) -> list[Line]:
    """The objects of `frame.csv` with their strata.

    Raises:
        Unreadable: it is no frame.
    """
    lines = read_lines(content)
    for number, line in enumerate(lines, 1):
        if not line.rest or NOT_ALLOWED.search(line.rest):
            raise Unreadable(number, "分类为空或含有不允许的字符", "its stratum is empty or not allowed")
    return lines


def quota_by_ratio(ratio: str, count: int) -> int:
    """⌊ratio × count + 1/2⌋, and at least 1 where both are positive."""
    exact = Fraction(ratio)
    quota = int(exact * count + Fraction(1, 2))
    return max(quota, 1) if exact and count else quota


def spread(total: int, counts: Mapping[str, int]) -> dict[str, int]:
    """A total over strata by largest remainder, of equal ones to the name that comes first."""
    whole = sum(counts.values())
    shares = {name: divmod(total * count, whole) for name, count in counts.items()}
    left = total - sum(share for share, _ in shares.values())
    lucky = set(sorted(shares, key=lambda name: (-shares[name][1], name))[:left])
    return {name: share + (name in lucky) for name, (share, _) in shares.items()}


def line_hash(line: bytes) -> bytes:
    """The hash of a line of the frame, without its line feed."""
    return hashlib.sha256(b"\x00" + line).digest()


def leaf_hash(lines: Iterable[bytes]) -> bytes:
    """The hash of a leaf: of the hashes of its lines."""
    return hashlib.sha256(b"\x01" + b"".join(lines)).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of what two nodes come to."""
    return hashlib.sha256(b"\x02" + left + right).digest()


def merkle_root(frame_csv: bytes) -> str:
    """The root of the tree over the lines of a frame; empty: it has none."""
    hashes = [line_hash(line) for line in frame_csv.split(b"\n")[:-1]]
    level = [leaf_hash(hashes[start : start + LEAF]) for start in range(0, len(hashes), LEAF)]
    while len(level) > 1:
        level = [node_hash(*pair) if len(pair) == 2 else pair[0] for pair in in_pairs(level)]
    return level[0].hex() if level else ""


def in_pairs(level: list[bytes]) -> Iterator[list[bytes]]:
    """Two by two; the last of an odd number is alone."""
    for start in range(0, len(level), 2):
        yield level[start : start + 2]


# ── steps 3 and 4: seed and tickets ──────────────────────────────────────────────────────────────────────────────────


class NoCipher(Exception):
    """There is neither `cryptography` nor an `openssl` that knows AES-256."""

    def __init__(self, why: str) -> None:
        super().__init__(f"没有 cryptography，openssl 也无法使用：{why} / neither cryptography nor openssl: {why}")


def seed_of(commitment: str, secrets: Iterable[str]) -> str:
    """SHA-256("LM-DRAW-1" ‖ 0x00 ‖ commitment ‖ secrets)."""
    return sha256(SPEC.encode() + b"\x00" + bytes.fromhex(commitment + "".join(secrets)))


def tickets(seed: str, ids: Iterable[str]) -> list[str]:
    """The tickets of these objects, as hex, which sorts as the numbers do."""
    keys = b"".join([hashlib.sha256(id.encode()).digest()[:16] for id in ids])
    blocks = encrypt(bytes.fromhex(seed), keys)
    return [blocks[start : start + 16].hex() for start in range(0, len(blocks), 16)]


def encrypt(seed: bytes, blocks: bytes) -> bytes:
    """Each block of 16 bytes by itself under AES-256."""
    try:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    except ImportError:
        return encrypt_with_openssl(seed, blocks)
    return Cipher(algorithms.AES(seed), modes.ECB()).encryptor().update(blocks)  # noqa: S305 - single blocks


def encrypt_with_openssl(seed: bytes, blocks: bytes) -> bytes:
    """The same, by the program that nearly every computer has."""
    command = ["openssl", "enc", "-aes-256-ecb", "-nopad", "-K", seed.hex()]
    try:
        done = subprocess.run(command, input=blocks, capture_output=True, check=True)  # noqa: S603 - no shell
    except FileNotFoundError as missing:
        raise NoCipher("openssl is not installed") from missing
    except subprocess.CalledProcessError as failed:
        raise NoCipher(failed.stderr.decode(errors="replace").strip()) from failed
    return done.stdout


# ── the checks ───────────────────────────────────────────────────────────────────────────────────────────────────────


def verify(
    transcript: Json | bytes,
    frame_csv: bytes,
    excluded_csv: bytes | None = None,
    *,
    announced: str | None = None,
    previous: Json | None = None,
) -> list[Fault]:
    """Draw again from the transcript and the frame, and name everything that is not as it must be.

    Each thing is judged by what the transcript says of the things before it, so that one wrong cause is named as
    itself and not through everything that follows from it.

    Args:
        excluded_csv: who was left out; not looked at when None.
        announced: the commitment as it was announced before the draw (of a draw in a window: the window's).
        previous: the transcript of the round before, or its record where it was abandoned; needed to check a redraw's
            link to it.

    Returns:
        the faults; none: sound.
    """
    document = read(transcript, SHAPE)
    if isinstance(document, list):
        return document
    if previous is not None and any(misfits(previous, RECORD_SHAPE if is_record(previous) else SHAPE)):
        zh, en = "所给的上一轮抽取记录不合规范", "what is given as the round before is no transcript"
        return [Fault("PREVIOUS_ROUND", "", zh, en)]
    seed_faults = list(commitment_and_seed_faults(document, announced))
    return [
        *frame_faults(document["commitment"], frame_csv, excluded_csv),
        *quota_faults(document["commitment"]),
        *redraw_faults(document["commitment"], previous),
        *abandonment_faults(document["commitment"], previous),
        *seed_faults,
        *result_faults(document, frame_csv, seed_to_use(document, seed_faults)),
    ]


def frame_faults(commitment: Json, frame_csv: bytes, excluded_csv: bytes | None) -> Iterator[Fault]:
    """Whether the files are the frozen ones."""
    if (found := sha256(frame_csv)) != commitment["frame_sha256"]:
        zh = f"frame.csv 的 SHA-256 为 {found}，与承诺不符：抽取范围被改动"
        en = f"frame.csv hashes to {found}, not to what was committed: it was changed"
        yield Fault("FRAME_HASH", "frame.csv", zh, en)
    elif (root := merkle_root(frame_csv)) != commitment.get("frame_merkle", root):
        zh, en = f"frame.csv 的默克尔根应为 {root or '无'}", f"the root of frame.csv's tree must be {root or 'none'}"
        yield Fault("FRAME_MERKLE", "/commitment/frame_merkle", zh, en)
    try:
        frame = read_frame(frame_csv)
    except Unreadable as refusal:
        yield Fault("FRAME_UNREADABLE", f"frame.csv line {refusal.line}", refusal.zh, refusal.en)
        return
    yield from count_faults(commitment, frame)
    if excluded_csv is not None:
        yield from excluded_faults(commitment, frame, excluded_csv)


def count_faults(commitment: Json, frame: Sequence[Line]) -> Iterator[Fault]:
    """Whether the commitment counts what the frame has."""
    if commitment["frame_count"] != len(frame):
        zh = f"承诺为 {commitment['frame_count']} 个对象，frame.csv 有 {len(frame)} 个"
        yield Fault("FRAME_COUNT", "/commitment/frame_count", zh, f"the frame has {len(frame)} objects")
    counts = Counter(line.rest for line in frame)
    for index, stratum in enumerate(commitment["strata"]):
        count = counts.get(stratum["name"], 0)
        if stratum["count"] != count:
            zh = f"承诺分类“{stratum['name']}”有 {stratum['count']} 个对象，frame.csv 有 {count} 个"
            en = f"stratum {stratum['name']!r} is committed with {stratum['count']} objects, frame.csv has {count}"
            yield Fault("STRATUM_COUNT", f"/commitment/strata/{index}/count", zh, en)
    for name in sorted(counts.keys() - {stratum["name"] for stratum in commitment["strata"]}):
        zh, en = f"frame.csv 中的分类“{name}”不在承诺中", f"stratum {name!r} of frame.csv is not in the commitment"
        yield Fault("STRATUM_NOT_COMMITTED", "/commitment/strata", zh, en)


def excluded_faults(commitment: Json, frame: Sequence[Line], excluded_csv: bytes) -> Iterator[Fault]:
    """Whether the list of exclusions is the frozen one, and nobody excluded is in the frame."""
    if (found := sha256(excluded_csv)) != commitment["excluded_sha256"]:
        zh = f"excluded.csv 的 SHA-256 为 {found}，与承诺不符"
        yield Fault("EXCLUDED_HASH", "excluded.csv", zh, f"excluded.csv hashes to {found}, not to what was committed")
    try:
        both = {line.id for line in frame}.intersection(line.id for line in read_lines(excluded_csv))
    except Unreadable as refusal:
        yield Fault("EXCLUDED_UNREADABLE", f"excluded.csv line {refusal.line}", refusal.zh, refusal.en)
        return
    if both:
        zh = f"{len(both)} 个对象既被排除又在抽取范围内，例如 {min(both)}"
        en = f"{len(both)} objects are excluded and in the frame all the same, e.g. {min(both)}"
        yield Fault("EXCLUDED_IN_FRAME", "excluded.csv", zh, en)


def quota_faults(commitment: Json) -> Iterator[Fault]:
    """Whether the strata are in order and each quota follows from its announced rule."""
    strata = commitment["strata"]
    names = [stratum["name"] for stratum in strata]
    if names != sorted(set(names)):
        zh, en = "分类重复或未按名称排序", "the strata are not in order, or one is there twice"
        yield Fault("STRATA_ORDER", "/commitment/strata", zh, en)
        return
    counts = {stratum["name"]: stratum["count"] for stratum in strata}
    total = commitment.get("total")
    by_total = spread(total, counts) if total is not None and any(counts.values()) else {}
    for index, stratum in enumerate(strata):
        by_rule = by_total.get(stratum["name"], stratum["quota"])
        if "ratio" in stratum:
            by_rule = quota_by_ratio(stratum["ratio"], stratum["count"])
        if stratum["quota"] != by_rule:
            zh = f"分类“{stratum['name']}”的抽取数量为 {stratum['quota']}，按公布的规则应为 {by_rule}"
            en = f"the quota of stratum {stratum['name']!r} is {stratum['quota']}, its announced rule gives {by_rule}"
            yield Fault("QUOTA_RULE", f"/commitment/strata/{index}/quota", zh, en)


def redraw_faults(commitment: Json, previous: Json | None) -> Iterator[Fault]:
    """Whether a redraw explains itself and continues the round it names."""
    redraw = commitment.get("redraw")
    if commitment["round"] < 1 or (commitment["round"] > 1) != (redraw is not None):
        zh, en = (
            "第 2 轮起须写明原因，第 1 轮不得填写",
            "from round 2 a redraw explains itself; in round 1 there is none",
        )
        yield Fault("REDRAW", "/commitment/redraw", zh, en)
    elif previous is not None and redraw is not None:
        before = previous["commitment"]
        follows = (before["draw"], before["round"] + 1) == (commitment["draw"], commitment["round"])
        if not follows or redraw["previous"] != sha256(canonical(before)):
            zh, en = "与所给的上一轮抽取记录不衔接", "it does not continue the transcript given as the round before"
            yield Fault("PREVIOUS_ROUND", "/commitment/redraw/previous", zh, en)


WITHHELD = "WITHHELD"
FROZEN = ("frame_sha256", "frame_count", "excluded_sha256", "strata", "total", "frame_merkle")


def is_record(previous: object) -> bool:
    """Whether what is given as the round before says that it was abandoned."""
    return isinstance(previous, Mapping) and "contributions" in previous


def abandonment_faults(commitment: Json, previous: Json | None) -> Iterator[Fault]:
    """Whether a round that replaces an abandoned one changes nothing but the secrets, and names who was missing."""
    redraw = commitment.get("redraw")
    if previous is None or redraw is None:
        return
    says = redraw["reason"].split(" ", 1)[0] == WITHHELD
    if says != is_record(previous) or (says and not continues(commitment, previous)):
        zh = "与所给的作废记录不符：原因、范围或随机数不是作废后应有的"
        en = "it is not what must follow the abandoned round that is given: reason, frame or secrets are others"
        yield Fault("ABANDONED", "/commitment/redraw/reason", zh, en)


def continues(commitment: Json, record: Json) -> bool:
    """Whether a commitment is what may follow this record of an abandoned one."""
    before, given = record["commitment"], record["contributions"]
    withheld = [one["sha256"] for one in given if "secret" not in one]
    shown = [one for one in given if "secret" in one]
    return (
        sha256(canonical(before)) == record["commitment_sha256"]
        and [one["sha256"] for one in given] == before["contributions"]
        and all(sha256(bytes.fromhex(one["secret"])) == one["sha256"] for one in shown)
        and bool(withheld)
        and all(before.get(name) == commitment.get(name) for name in FROZEN)
        and not set(commitment["contributions"]) & set(before["contributions"])
        and commitment["redraw"]["reason"] == " ".join([WITHHELD, *withheld])
    )


def commitment_and_seed_faults(document: Json, announced: str | None) -> Iterator[Fault]:
    """Whether the commitment is the hash of what it says, the secrets are the committed ones, and the seed follows."""
    window = document.get("window")
    binding, where = (document, "") if window is None else (window, "/window")
    faults = [*hash_faults(document, ""), *([] if window is None else window_faults(document, window))]
    if announced is not None and announced != binding["commitment_sha256"]:
        zh, en = f"事先公布的承诺为 {announced}", f"the commitment announced beforehand is {announced}"
        faults.append(Fault("ANNOUNCED", f"{where}/commitment_sha256", zh, en))
    faults.extend(secret_faults(document["secrets"], binding["commitment"]["contributions"], where))
    yield from faults
    if not faults and document["seed"] != stated_seed(document):
        zh, en = "种子不是由承诺和各随机数计算而来", "the seed is not the one that commitment and secrets give"
        yield Fault("SEED", "/seed", zh, en)


def hash_faults(committed: Json, where: str) -> Iterator[Fault]:
    """Whether a commitment's hash is that of its content."""
    if (found := sha256(canonical(committed["commitment"]))) != committed["commitment_sha256"]:
        zh = f"承诺内容的 SHA-256 为 {found}，与所载承诺不符：内容在承诺之后被改动"
        en = f"the commitment's content hashes to {found}: it was changed after it was committed"
        yield Fault("COMMITMENT", f"{where}/commitment_sha256", zh, en)


def window_faults(document: Json, window: Json) -> Iterator[Fault]:
    """Whether the window is in order and this draw is one of it."""
    yield from hash_faults(window, "/window")
    draws, replaces = window["commitment"]["draws"], window["commitment"].get("replaces")
    if draws != sorted(set(draws)):
        zh, en = "承诺重复或未按升序排列", "not ascending, or one is there twice"
        yield Fault("WINDOW_ORDER", "/window/commitment/draws", zh, en)
    if document["commitment_sha256"] not in draws:
        zh, en = "本次抽取的承诺未列入集中抽取", "this draw's commitment is not among those of the window"
        yield Fault("NOT_IN_WINDOW", "/window/commitment/draws", zh, en)
    if document["commitment"]["contributions"]:
        zh, en = "集中抽取中的抽取不得自带随机数", "a draw in a window has no contributions of its own"
        yield Fault("CONTRIBUTIONS", "/commitment/contributions", zh, en)
    if replaces is not None:
        yield from replaced_faults(replaces, window["commitment"]["contributions"])


def replaced_faults(replaces: Json, contributions: Sequence[str]) -> Iterator[Fault]:
    """Whether a commitment that replaces another says who was missing, and goes on without them."""
    missing = replaces["missing"]
    if not missing or missing != sorted(set(missing)) or set(missing) & set(contributions):
        zh = "须按升序写明逾期未揭示的随机数哈希，且不得再次使用"
        en = "it must name the contributions that were missing, ascending, each once, and use none of them again"
        yield Fault("REPLACES", "/window/commitment/replaces/missing", zh, en)


def secret_faults(secrets: Sequence[str], contributions: Sequence[str], where: str) -> Iterator[Fault]:
    """Whether the revealed secrets are the committed ones, one by one."""
    if not contributions:
        zh, en = "没有任何一方提供随机数", "nobody contributed a secret"
        yield Fault("CONTRIBUTIONS", f"{where}/commitment/contributions", zh, en)
    if len(secrets) != len(contributions):
        zh = f"承诺 {len(contributions)} 个随机数，揭示 {len(secrets)} 个"
        en = f"{len(contributions)} were committed, {len(secrets)} revealed"
        yield Fault("SECRETS_MISSING", "/secrets", zh, en)
    for index, (secret, committed) in enumerate(zip(secrets, contributions, strict=False)):
        if sha256(bytes.fromhex(secret)) != committed:
            zh = f"第 {index + 1} 个随机数与承诺的哈希 {committed} 不符"
            en = f"secret {index + 1} is not the one committed as {committed}"
            yield Fault("SECRET", f"/secrets/{index}", zh, en)


def stated_seed(document: Json) -> str:
    """The seed that the stated commitment and secrets give."""
    return seed_of(document.get("window", document)["commitment_sha256"], document["secrets"])


def seed_to_use(document: Json, faults: Sequence[Fault]) -> str:
    """The seed to draw with: the computed one; the stated one where what it is computed from is at fault itself."""
    at_fault = any(fault.code != "SEED" for fault in faults)
    return cast(str, document["seed"]) if at_fault else stated_seed(document)


def result_faults(document: Json, frame_csv: bytes, seed: str) -> Iterator[Fault]:
    """Whether the objects are those that the seed draws from the frame; of each list, the first that is not."""
    try:
        frame = read_frame(frame_csv)
    except Unreadable:
        return
    committed, strata = document["commitment"]["strata"], document["strata"]
    if [stratum["name"] for stratum in committed] != [stratum["name"] for stratum in strata]:
        zh, en = "结果中的分类与承诺不一致", "the strata of the result are not those of the commitment"
        yield Fault("RESULT_STRATA", "/strata", zh, en)
        return
    orders = in_order(frame, seed)
    places = [
        Places(orders.get(one["name"], []), one["quota"], len(listed["substitutes"]))
        for one, listed in zip(committed, strata, strict=True)
    ]
    yield from number_faults(document, [sum(numbers) for numbers in zip(*(p.numbers for p in places), strict=True)], "")
    known = {line.id for line in frame}
    for index, (stratum, expected) in enumerate(zip(strata, places, strict=True)):
        where = f"/strata/{index}"
        yield from number_faults(stratum, expected.numbers, where)
        if stratum["unlisted"] != expected.unlisted:
            yield wrong_number(stratum["unlisted"], expected.unlisted, f"{where}/unlisted")
        yield from list_faults("WINNER", stratum["winners"], expected.winners, f"{where}/winners", known)
        yield from list_faults(
            "SUBSTITUTE", stratum["substitutes"], expected.substitutes, f"{where}/substitutes", known
        )


def in_order(frame: Sequence[Line], seed: str) -> dict[str, list[tuple[str, str]]]:
    """Ticket and id of all objects of each stratum in the order of tickets, equal tickets by id."""
    orders: dict[str, list[tuple[str, str]]] = {}
    for line, ticket in zip(frame, tickets(seed, [line.id for line in frame]), strict=True):
        orders.setdefault(line.rest, []).append((ticket, line.id))
    for order in orders.values():
        order.sort()
    return orders


class Places:
    """What a stratum must show.

    Args:
        order: its objects in the order of tickets.
        quota: how many are wanted.
        substitutes: how many are listed after them.
    """

    def __init__(self, order: list[tuple[str, str]], quota: int, substitutes: int) -> None:
        self.winners = order[:quota]
        self.substitutes = order[quota : quota + substitutes]
        self.unlisted = len(order) - len(self.winners) - len(self.substitutes)
        self.numbers = [quota, len(self.winners), quota - len(self.winners)]


def number_faults(stated: Json, expected: Sequence[int], where: str) -> Iterator[Fault]:
    """Whether wanted, drawn and short are what they must be; nothing is expected of a draw without strata."""
    for name, number in zip(("wanted", "drawn", "short"), expected or [0, 0, 0], strict=True):
        if stated[name] != number:
            yield wrong_number(stated[name], number, f"{where}/{name}")


def wrong_number(stated: int, expected: int, where: str) -> Fault:
    """A number that is not what it must be."""
    return Fault("NUMBERS", where, f"记载为 {stated}，应为 {expected}", f"says {stated}, must be {expected}")


def list_faults(
    code: str, stated: Sequence[Json], expected: Sequence[tuple[str, str]], where: str, known: set[str]
) -> Iterator[Fault]:
    """The first place where a list of objects is not the drawn one."""
    for index in range(max(len(stated), len(expected))):
        says = stated[index]["id"] if index < len(stated) else None
        ticket, must = expected[index] if index < len(expected) else ("", None)
        if says != must:
            unknown = says is not None and says not in known
            zh = f"第 {index + 1} 位记载为 {says or '无'}{'（不在抽取范围内）' if unknown else ''}，应为 {must or '无'}"
            not_there = " (who is not in the frame)" if unknown else ""
            en = f"place {index + 1} has {says or 'nobody'}{not_there}, must be {must or 'nobody'}"
            yield Fault(code, f"{where}/{index}", zh, en)
            return
        if stated[index]["ticket"] != ticket:
            zh, en = f"票号应为 {ticket}", f"the ticket must be {ticket}"
            yield Fault("TICKET", f"{where}/{index}/ticket", zh, en)
            return


# ── one object's proof ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Verdict:
    """What a proof shows of its object, where it is sound.

    Args:
        standing: `DRAWN`, `SUBSTITUTE` or `NOT_DRAWN`.
        ticket: its ticket, hex.
        cut_off: the greatest ticket drawn in its stratum, hex; empty: nobody was drawn.
        count, quota: how many objects the stratum has, and how many of them were to be drawn.
    """

    id: str
    stratum: str
    standing: str
    ticket: str
    cut_off: str
    count: int
    quota: int

    @property
    def chance(self) -> str:
        """The chance every object of the stratum had."""
        return f"{min(self.quota, self.count)}/{self.count}"


def verify_proof(
    transcript: Json | bytes, proof: Json | bytes, *, announced: str | None = None
) -> tuple[Verdict | None, list[Fault]]:
    """Whether one object was in the frame, and was treated as its ticket says; needs no frame.

    Returns:
        how it stands, None where there are faults; and the faults.
    """
    document, shown = read(transcript, SHAPE), read(proof, PROOF_SHAPE)
    if isinstance(document, list):
        return None, document
    if isinstance(shown, list):
        return None, [Fault(fault.code, f"proof.json {fault.where}", fault.zh, fault.en) for fault in shown]
    faults = [
        *quota_faults(document["commitment"]),
        *redraw_faults(document["commitment"], None),
        *commitment_and_seed_faults(document, announced),
        *proof_faults(document, shown),
    ]
    verdict, more = (None, []) if faults else standing(document, shown["id"], shown["stratum"])
    return (None if more else verdict), [*faults, *more]


def proof_faults(document: Json, shown: Json) -> Iterator[Fault]:
    """Whether the line leads to the committed root."""
    if shown["commitment_sha256"] != document["commitment_sha256"]:
        zh, en = "证明与抽取记录不属于同一承诺", "the proof belongs to another commitment than the transcript"
        yield Fault("OTHER_DRAW", "proof.json /commitment_sha256", zh, en)
        return
    root = document["commitment"].get("frame_merkle")
    if root is None:
        zh, en = "该抽取的承诺中没有默克尔根，无法逐一证明", "the commitment has no root that a proof could lead to"
        yield Fault("NO_PROOF", "/commitment/frame_merkle", zh, en)
    elif root_of(shown, document["commitment"]["frame_count"]) != root:
        zh, en = "由本行推算的默克尔根与承诺不符", "the line does not lead to the committed root"
        yield Fault("PROOF", "proof.json", zh, en)


def root_of(shown: Json, count: int) -> str:
    """The root that a proof's line leads to; empty: to none."""
    place, lines, path = shown["line"] - 1, list(map(bytes.fromhex, shown["lines"])), list(shown["path"])
    line = line_hash(f"{shown['id']},{shown['stratum']}".encode())
    size, number = -(-count // LEAF), place // LEAF
    here = min(LEAF, count - LEAF * number)
    if not 0 <= place < count or len(lines) != here or lines[place % LEAF] != line:
        return ""
    reached = leaf_hash(lines)
    while size > 1:
        if number % 2 or number + 1 < size:
            if not path:
                return ""
            other = bytes.fromhex(path.pop(0))
            reached = node_hash(other, reached) if number % 2 else node_hash(reached, other)
        size, number = -(-size // 2), number // 2
    return "" if path else reached.hex()


def standing(document: Json, id: str, name: str) -> tuple[Verdict | None, list[Fault]]:
    """How an object of the frame stands, and whether the lists of its stratum treat it so."""
    names = [stratum["name"] for stratum in document["commitment"]["strata"]]
    if names != [stratum["name"] for stratum in document["strata"]] or name not in names:
        zh, en = "结果中的分类与承诺不一致", "the strata of the result are not those of the commitment"
        return None, [Fault("RESULT_STRATA", "/strata", zh, en)]
    index = names.index(name)
    stratum, committed = document["strata"][index], document["commitment"]["strata"][index]
    count, quota = committed["count"], committed["quota"]
    listed = [*stratum["winners"], *stratum["substitutes"]]
    own, *of_listed = tickets(document["seed"], [id, *(one["id"] for one in listed)])
    faults = list(listed_faults(stratum, of_listed, count, quota, f"/strata/{index}"))
    if not faults:
        faults = list(treatment_faults(id, own, stratum, f"/strata/{index}"))
    winners = stratum["winners"]
    place = next((n for n, one in enumerate(listed) if one["id"] == id), None)
    kind = "NOT_DRAWN" if place is None else "DRAWN" if place < len(winners) else "SUBSTITUTE"
    return Verdict(id, name, kind, own, winners[-1]["ticket"] if winners else "", count, quota), faults


def listed_faults(stratum: Json, of_listed: Sequence[str], count: int, quota: int, where: str) -> Iterator[Fault]:
    """Whether as many won as must, and the lists are in the order of true tickets."""
    winners, listed = stratum["winners"], [*stratum["winners"], *stratum["substitutes"]]
    drawn = min(quota, count)
    if len(winners) != drawn:
        yield wrong_number(len(winners), drawn, f"{where}/winners")
    yield from number_faults(stratum, [quota, drawn, quota - drawn], where)
    if stratum["unlisted"] != count - len(listed):
        yield wrong_number(stratum["unlisted"], count - len(listed), f"{where}/unlisted")
    for number, (one, ticket) in enumerate(zip(listed, of_listed, strict=True)):
        if one["ticket"] != ticket:
            zh, en = f"{one['id']} 的票号应为 {ticket}", f"the ticket of {one['id']} must be {ticket}"
            yield Fault("TICKET", f"{where} object {number + 1}", zh, en)
    for (ticket, before), (other, after) in pairwise((one["ticket"], one["id"]) for one in listed):
        if not (ticket, before) < (other, after):
            zh, en = f"{after} 应排在 {before} 之前", f"{after} must come before {before}"
            yield Fault("WINNER", where, zh, en)


def treatment_faults(id: str, ticket: str, stratum: Json, where: str) -> Iterator[Fault]:
    """Whether an object that is in no list has a greater ticket than all who are."""
    listed = [*stratum["winners"], *stratum["substitutes"]]
    if all(one["id"] != id for one in listed):
        smaller = sum((one["ticket"], one["id"]) < (ticket, id) for one in listed)
        if smaller < len(listed):
            zh, en = f"{id} 的票号 {ticket} 排在名单之内，却不在名单上", f"{id} has ticket {ticket} and must be listed"
            yield Fault("WINNER" if smaller < len(stratum["winners"]) else "SUBSTITUTE", where, zh, en)


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────────────

STANDINGS = {"DRAWN": "中签 drawn", "SUBSTITUTE": "替补 substitute", "NOT_DRAWN": "未中签 not drawn"}


def told(verdict: Verdict) -> list[str]:
    """A verdict, for people."""
    return [
        f"{verdict.id}：{STANDINGS[verdict.standing]}",
        f"分类 stratum {verdict.stratum}：{verdict.quota} / {verdict.count}，概率 chance {verdict.chance}",
        f"票号 ticket  {verdict.ticket}",
        f"中签线 cut-off {verdict.cut_off or '—'}",
    ]


def say(line: str) -> None:
    """Tell who runs the command."""
    sys.stdout.write(f"{line}\n")


def check(
    transcript: Path,
    frame: Path | None,
    excluded: Path | None,
    proof: Path | None,
    previous: Path | None,
    announced: str | None,
) -> tuple[Verdict | None, list[Fault]]:
    """What the command was asked to check, by the names of the files: one object where there is a proof, else all.

    Raises:
        OSError, ValueError, NoCipher: it cannot be done.
    """
    if proof:
        return verify_proof(transcript.read_bytes(), proof.read_bytes(), announced=announced)
    if frame is None:
        raise ValueError("give frame.csv, or --proof")
    left_out = excluded.read_bytes() if excluded else None
    before = cast("Json | None", read_json(previous.read_bytes())) if previous else None
    faults = verify(transcript.read_bytes(), frame.read_bytes(), left_out, announced=announced, previous=before)
    return None, faults


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Check a draw by LM-DRAW-1 (docs/verification.md).")
    parser.add_argument("transcript", type=Path, help="transcript.json")
    parser.add_argument("frame", type=Path, nargs="?", help="frame.csv; not needed with --proof")
    parser.add_argument("excluded", type=Path, nargs="?", help="excluded.csv")
    parser.add_argument("--announced", help="the commitment as it was announced before the draw")
    parser.add_argument("--previous", type=Path, help="the transcript of the round before")
    parser.add_argument("--proof", type=Path, help="proof.json of one object")
    try:
        verdict, faults = check(**vars(parser.parse_args()))
    except (OSError, ValueError, NoCipher) as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    for line in told(verdict) if verdict else []:
        say(line)
    for fault in faults:
        say(f"✗ {fault.code} {fault.where}: {fault.zh} / {fault.en}")
    if not faults:
        say("✓ 与承诺一致 / as its commitment says")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
