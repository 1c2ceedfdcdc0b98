"""The commitment (承诺): what is announced before anybody can know the outcome, and the seed it gives once revealed.

LM-DRAW-1, step 2. The frame, the quotas and a hash of every contributor's secret are bound into one hash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import rfc8785

from services.chassis.errors import InvalidArgument, Violation, malformed
from services.sampling.model.frame import Frame, frame_csv, quota_by_ratio, ratio_text, sha256_hex, spread
from services.sampling.model.seed import (
    SPEC,
    NoContribution,
    NotAHash,
    SecretDoesNotMatch,
    SecretsMissing,
    contribution,
    refuse_what_is_no_hash,
    seed,
)

__all__ = [
    "SPEC",
    "Commitment",
    "CountsDoNotAddUp",
    "NoContribution",
    "NotAHash",
    "QuotaBreaksItsRule",
    "Redraw",
    "RedrawNotExplained",
    "SecretDoesNotMatch",
    "SecretsMissing",
    "Stratum",
    "commit",
    "contribution",
    "seed",
]


class CountsDoNotAddUp(InvalidArgument):
    """The strata of a commitment have more or fewer objects than its frame."""

    def __init__(self, strata: int, frame: int) -> None:
        zh, en = (
            f"各分类对象数合计 {strata}，与抽取范围总数 {frame} 不符",
            f"the strata have {strata} objects, the frame has {frame}",
        )
        super().__init__(Violation("strata", self.reason, zh, en))


class QuotaBreaksItsRule(InvalidArgument):
    """A quota is not what the stated ratio or total gives."""

    def __init__(self, stratum: str, quota: int, by_rule: int) -> None:
        zh = f"分类“{stratum}”的抽取数量为 {quota}，按规则应为 {by_rule}"
        en = f"the quota of stratum {stratum!r} is {quota}, its rule gives {by_rule}"
        super().__init__(Violation("strata", self.reason, zh, en))


class RedrawNotExplained(InvalidArgument):
    """A second or later round does not say what it replaces, why and who approved it; or a first round does."""

    def __init__(self, round: int) -> None:
        zh = f"第 {round} 轮抽取：第 2 轮起须写明所替代的承诺、原因和批准人，第 1 轮不得填写"
        en = f"round {round}: from round 2 a redraw names what it replaces, why, and who approved it; round 1 none"
        super().__init__(Violation("redraw", self.reason, zh, en))


@dataclass(frozen=True)
class Stratum:
    """One class of the frame (分类).

    Args:
        count: how many objects it has.
        quota: how many of them are wanted; may be more than there are, and then comes out short.
        ratio: the ratio the quota was computed from, if it was; announced with it, so that all can check it.
    """

    name: str
    count: int
    quota: int
    ratio: Decimal | None = None

    def __post_init__(self) -> None:
        if not self.name or self.count < 0 or self.quota < 0:
            raise malformed(
                "strata",
                "STRATUM",
                f"分类“{self.name}”无名称或数量为负",
                f"stratum {self.name!r}: no name, or a negative number",
            )
        if self.ratio is not None and self.quota != (by_rule := quota_by_ratio(self.ratio, self.count)):
            raise QuotaBreaksItsRule(self.name, self.quota, by_rule)

    def document(self) -> dict[str, object]:
        """As JSON."""
        ratio = {} if self.ratio is None else {"ratio": ratio_text(self.ratio)}
        return {"name": self.name, "count": self.count, "quota": self.quota, **ratio}


@dataclass(frozen=True)
class Redraw:
    """Why there is a second round (重新抽取): nothing is erased, the earlier round stays and is named.

    Args:
        previous: commitment of the round before, 64 hex digits.
        reason: why it is not used.
        approved_by: who allowed it.
    """

    previous: str
    reason: str
    approved_by: str

    def __post_init__(self) -> None:
        refuse_what_is_no_hash("redraw.previous", self.previous)
        for field, text in (("redraw.reason", self.reason), ("redraw.approved_by", self.approved_by)):
            if not text.strip():
                raise malformed(field, "REQUIRED", f"{field} 为必填项", f"{field} is required")

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {"previous": self.previous, "reason": self.reason, "approved_by": self.approved_by}


@dataclass(frozen=True)
class Commitment:
    """What one draw binds itself to.

    Args:
        draw: id of the draw; the same in all its rounds.
        round: from 1.
        frame_sha256: of `frame.csv`.
        frame_count: how many objects the frame has.
        excluded_sha256: of `excluded.csv`; of nothing where nobody was excluded.
        strata: kept in the order of their names' UTF-8 bytes, however they are given.
        contributions: SHA-256 of each secret, in the order the secrets will go into the seed. None in a joint window,
            whose own commitment has them.
        total: the total the quotas without a ratio of their own were spread from, if they were (see `spread`).
        redraw: from round 2.
        frame_merkle: root of the tree over the frame's lines (see `merkle`), which lets anybody show their own line
            and no other; None: a draw made before there was one, or an empty frame.
    """

    draw: str
    round: int
    frame_sha256: str
    frame_count: int
    excluded_sha256: str
    strata: tuple[Stratum, ...]
    contributions: tuple[str, ...]
    total: int | None = None
    redraw: Redraw | None = None
    frame_merkle: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "strata", tuple(sorted(self.strata, key=lambda stratum: stratum.name)))
        object.__setattr__(self, "contributions", tuple(self.contributions))
        if not self.draw:
            raise malformed("draw", "REQUIRED", "draw 为必填项", "draw is required")
        if self.round < 1 or (self.round > 1) != (self.redraw is not None):
            raise RedrawNotExplained(self.round)
        refuse_what_is_no_hash("frame_sha256", self.frame_sha256)
        refuse_what_is_no_hash("excluded_sha256", self.excluded_sha256)
        if self.frame_merkle is not None:
            refuse_what_is_no_hash("frame_merkle", self.frame_merkle)
        for committed in self.contributions:
            refuse_what_is_no_hash("contributions", committed)
        self._refuse_wrong_numbers()

    def _refuse_wrong_numbers(self) -> None:
        counts = {stratum.name: stratum.count for stratum in self.strata}
        if len(counts) < len(self.strata) or (added := sum(counts.values())) != self.frame_count:
            raise CountsDoNotAddUp(sum(stratum.count for stratum in self.strata), self.frame_count)
        by_rule = spread(self.total, counts) if self.total is not None and added else {}
        for stratum in self.strata:
            if stratum.ratio is None and stratum.quota != by_rule.get(stratum.name, stratum.quota):
                raise QuotaBreaksItsRule(stratum.name, stratum.quota, by_rule[stratum.name])

    def document(self) -> dict[str, object]:
        """What is hashed, as JSON."""
        return {
            "spec": SPEC,
            "draw": self.draw,
            "round": self.round,
            "frame_sha256": self.frame_sha256,
            "frame_count": self.frame_count,
            "excluded_sha256": self.excluded_sha256,
            "strata": [stratum.document() for stratum in self.strata],
            "contributions": list(self.contributions),
            **({} if self.total is None else {"total": self.total}),
            **({} if self.redraw is None else {"redraw": self.redraw.document()}),
            **({} if self.frame_merkle is None else {"frame_merkle": self.frame_merkle}),
        }

    def canonical(self) -> bytes:
        """What is hashed, to the byte (RFC 8785)."""
        return rfc8785.dumps(self.document())  # type: ignore[arg-type]  # its own type of JSON is invariant

    def digest(self) -> str:
        """The commitment: 64 hex digits, announced before anything is revealed."""
        return sha256_hex(self.canonical())

    def seed(self, secrets: Sequence[bytes]) -> bytes:
        """The seed of a draw that stands alone, once all secrets are revealed."""
        return seed(self.digest(), secrets, self.contributions)


def commit(
    draw: str,
    round: int,
    frame: Frame,
    quotas: Mapping[str, int],
    contributions: Sequence[str],
    *,
    excluded: bytes = b"",
    ratios: Mapping[str, Decimal] | None = None,
    total: int | None = None,
    redraw: Redraw | None = None,
    frame_merkle: str | None = None,
) -> Commitment:
    """The commitment of a frozen frame: its strata and their counts are read from it.

    Args:
        quotas: how many are wanted, by stratum; a stratum that is not named is drawn from not at all, one that is not
            in the frame comes out short.
        excluded: `excluded.csv`, as `excluded_csv` writes it.
        ratios: the ratios the quotas come from, by stratum, where they come from one.
        frame_merkle: root of the tree over the frame's lines.
    """
    counts = frame.counts()
    strata = tuple(
        Stratum(name, counts.get(name, 0), quotas.get(name, 0), (ratios or {}).get(name))
        for name in {**counts, **quotas}
    )
    return Commitment(
        draw,
        round,
        sha256_hex(frame_csv(frame)),
        len(frame),
        sha256_hex(excluded),
        strata,
        tuple(contributions),
        total=total,
        redraw=redraw,
        frame_merkle=frame_merkle,
    )
