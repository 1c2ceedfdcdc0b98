"""What can be wrong with a transcript, one check for each thing that must hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import rfc8785

from services.sampling.model.commitment import seed
from services.sampling.model.frame import (
    Frame,
    FrameUnreadable,
    quota_by_ratio,
    read_excluded_ids,
    read_frame,
    sha256_hex,
    spread,
)
from services.sampling.model.tickets import DrawnObject, draw_by_full_sort, draw_from, tally

Json = Mapping[str, Any]


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


def read_or_none(content: bytes) -> Frame | None:
    """The frame, if it is one."""
    try:
        return read_frame(content)
    except FrameUnreadable:
        return None


def frame_faults(commitment: Json, frame_csv: bytes, excluded_csv: bytes | None) -> Iterator[Fault]:
    """Whether the files are the frozen ones."""
    if (found := sha256_hex(frame_csv)) != commitment["frame_sha256"]:
        zh = f"frame.csv 的 SHA-256 为 {found}，与承诺不符：抽取范围被改动"
        yield Fault(
            "FRAME_HASH", "frame.csv", zh, f"frame.csv hashes to {found}, not to what was committed: it was changed"
        )
    try:
        frame = read_frame(frame_csv)
    except FrameUnreadable as refusal:
        yield Fault("FRAME_UNREADABLE", f"frame.csv line {refusal.line}", refusal.zh, refusal.en)
        return
    yield from count_faults(commitment, frame)
    if excluded_csv is not None:
        yield from excluded_faults(commitment, frame, excluded_csv)


def count_faults(commitment: Json, frame: Frame) -> Iterator[Fault]:
    """Whether the commitment counts what the frame has."""
    if commitment["frame_count"] != len(frame):
        zh, en = (
            f"承诺为 {commitment['frame_count']} 个对象，frame.csv 有 {len(frame)} 个",
            f"the frame has {len(frame)} objects",
        )
        yield Fault("FRAME_COUNT", "/commitment/frame_count", zh, en)
    counts = frame.counts()
    for index, stratum in enumerate(commitment["strata"]):
        count = counts.get(stratum["name"], 0)
        if stratum["count"] != count:
            zh = f"承诺分类“{stratum['name']}”有 {stratum['count']} 个对象，frame.csv 有 {count} 个"
            en = f"stratum {stratum['name']!r} is committed with {stratum['count']} objects, frame.csv has {count}"
            yield Fault("STRATUM_COUNT", f"/commitment/strata/{index}/count", zh, en)
    for name in sorted(counts.keys() - {stratum["name"] for stratum in commitment["strata"]}):
        zh, en = f"frame.csv 中的分类“{name}”不在承诺中", f"stratum {name!r} of frame.csv is not in the commitment"
        yield Fault("STRATUM_NOT_COMMITTED", "/commitment/strata", zh, en)


def excluded_faults(commitment: Json, frame: Frame, excluded_csv: bytes) -> Iterator[Fault]:
    """Whether the list of exclusions is the frozen one, and nobody excluded is in the frame."""
    if (found := sha256_hex(excluded_csv)) != commitment["excluded_sha256"]:
        zh, en = (
            f"excluded.csv 的 SHA-256 为 {found}，与承诺不符",
            f"excluded.csv hashes to {found}, not to what was committed",
        )
        yield Fault("EXCLUDED_HASH", "excluded.csv", zh, en)
    try:
        both = set(frame.ids).intersection(read_excluded_ids(excluded_csv))
    except FrameUnreadable as refusal:
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
        yield Fault(
            "STRATA_ORDER",
            "/commitment/strata",
            "分类重复或未按名称排序",
            "the strata are not in order, or one is there twice",
        )
        return
    counts = {stratum["name"]: stratum["count"] for stratum in strata}
    total = commitment.get("total")
    by_total = spread(total, counts) if total is not None and any(counts.values()) else {}
    for index, stratum in enumerate(strata):
        by_rule = by_total.get(stratum["name"], stratum["quota"])
        if "ratio" in stratum:
            by_rule = quota_by_ratio(Decimal(stratum["ratio"]), stratum["count"])
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
        if not follows or redraw["previous"] != sha256_hex(rfc8785.dumps(before)):
            zh, en = "与所给的上一轮抽取记录不衔接", "it does not continue the transcript given as the round before"
            yield Fault("PREVIOUS_ROUND", "/commitment/redraw/previous", zh, en)


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
    if not faults and document["seed"] != seed_of(document).hex():
        zh, en = "种子不是由承诺和各随机数计算而来", "the seed is not the one that commitment and secrets give"
        yield Fault("SEED", "/seed", zh, en)


def hash_faults(committed: Json, where: str) -> Iterator[Fault]:
    """Whether a commitment's hash is that of its content."""
    if (found := sha256_hex(rfc8785.dumps(committed["commitment"]))) != committed["commitment_sha256"]:
        zh = f"承诺内容的 SHA-256 为 {found}，与所载承诺不符：内容在承诺之后被改动"
        en = f"the commitment's content hashes to {found}: it was changed after it was committed"
        yield Fault("COMMITMENT", f"{where}/commitment_sha256", zh, en)


def window_faults(document: Json, window: Json) -> Iterator[Fault]:
    """Whether the window is in order and this draw is one of it."""
    yield from hash_faults(window, "/window")
    draws = window["commitment"]["draws"]
    if draws != sorted(set(draws)):
        yield Fault(
            "WINDOW_ORDER", "/window/commitment/draws", "承诺重复或未按升序排列", "not ascending, or one is there twice"
        )
    if document["commitment_sha256"] not in draws:
        zh, en = "本次抽取的承诺未列入集中抽取", "this draw's commitment is not among those of the window"
        yield Fault("NOT_IN_WINDOW", "/window/commitment/draws", zh, en)
    if document["commitment"]["contributions"]:
        zh, en = "集中抽取中的抽取不得自带随机数", "a draw in a window has no contributions of its own"
        yield Fault("CONTRIBUTIONS", "/commitment/contributions", zh, en)


def secret_faults(secrets: Sequence[str], contributions: Sequence[str], where: str) -> Iterator[Fault]:
    """Whether the revealed secrets are the committed ones, one by one."""
    if not contributions:
        yield Fault(
            "CONTRIBUTIONS",
            f"{where}/commitment/contributions",
            "没有任何一方提供随机数",
            "nobody contributed a secret",
        )
    if len(secrets) != len(contributions):
        zh, en = (
            f"承诺 {len(contributions)} 个随机数，揭示 {len(secrets)} 个",
            f"{len(contributions)} were committed, {len(secrets)} revealed",
        )
        yield Fault("SECRETS_MISSING", "/secrets", zh, en)
    for index, (secret, committed) in enumerate(zip(secrets, contributions, strict=False)):
        if sha256_hex(bytes.fromhex(secret)) != committed:
            zh = f"第 {index + 1} 个随机数与承诺的哈希 {committed} 不符"
            en = f"secret {index + 1} is not the one committed as {committed}"
            yield Fault("SECRET", f"/secrets/{index}", zh, en)


def seed_of(document: Json) -> bytes:
    """The seed that the stated commitment and secrets give."""
    binding = document.get("window", document)
    return seed(binding["commitment_sha256"], [bytes.fromhex(secret) for secret in document["secrets"]])


def seed_to_use(document: Json, faults: Sequence[Fault]) -> bytes:
    """The seed to draw with: the computed one; the stated one where what it is computed from is at fault itself."""
    at_fault = any(fault.code != "SEED" for fault in faults)
    return bytes.fromhex(document["seed"]) if at_fault else seed_of(document)


def result_faults(document: Json, frame_csv: bytes, seed: bytes) -> Iterator[Fault]:
    """Whether the objects are those that the seed draws from the frame; of each list, the first that is not."""
    frame = read_or_none(frame_csv)
    if frame is None:
        return
    committed, strata = document["commitment"]["strata"], document["strata"]
    if [stratum["name"] for stratum in committed] != [stratum["name"] for stratum in strata]:
        zh, en = "结果中的分类与承诺不一致", "the strata of the result are not those of the commitment"
        yield Fault("RESULT_STRATA", "/strata", zh, en)
        return
    quotas = {stratum["name"]: stratum["quota"] for stratum in committed}
    substitutes = {stratum["name"]: len(stratum["substitutes"]) for stratum in strata}
    drawn = {stratum.name: stratum for stratum in draw_from(frame, quotas, seed, substitutes, by=draw_by_full_sort)}
    yield from number_faults(document, tally([drawn[name] for name in quotas]), "")
    for index, stratum in enumerate(strata):
        expected = drawn[stratum["name"]]
        yield from number_faults(stratum, {**tally([expected]), "unlisted": expected.unlisted}, f"/strata/{index}")
        yield from list_faults("WINNER", stratum["winners"], expected.winners, f"/strata/{index}/winners", frame)
        yield from list_faults(
            "SUBSTITUTE", stratum["substitutes"], expected.substitutes, f"/strata/{index}/substitutes", frame
        )


def number_faults(stated: Json, expected: Mapping[str, object], where: str) -> Iterator[Fault]:
    """Whether the numbers are what they must be."""
    for name, number in expected.items():
        if stated[name] != number:
            yield Fault(
                "NUMBERS",
                f"{where}/{name}",
                f"记载为 {stated[name]}，应为 {number}",
                f"says {stated[name]}, must be {number}",
            )


def list_faults(
    code: str, stated: Sequence[Json], expected: Sequence[DrawnObject], where: str, frame: Frame
) -> Iterator[Fault]:
    """The first place where a list of objects is not the drawn one."""
    for index in range(max(len(stated), len(expected))):
        says = stated[index]["id"] if index < len(stated) else None
        must = expected[index].id if index < len(expected) else None
        if says != must:
            unknown = says is not None and says not in set(frame.ids)
            zh = f"第 {index + 1} 位记载为 {says or '无'}{'（不在抽取范围内）' if unknown else ''}，应为 {must or '无'}"
            not_there = " (who is not in the frame)" if unknown else ""
            en = f"place {index + 1} has {says or 'nobody'}{not_there}, must be {must or 'nobody'}"
            yield Fault(code, f"{where}/{index}", zh, en)
            return
        if stated[index]["ticket"] != expected[index].ticket:
            zh, en = f"票号应为 {expected[index].ticket}", f"the ticket must be {expected[index].ticket}"
            yield Fault("TICKET", f"{where}/{index}/ticket", zh, en)
            return
