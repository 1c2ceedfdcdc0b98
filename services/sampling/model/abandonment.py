"""An abandoned commitment (作废承诺): a secret was kept back beyond its time, and the draw goes on without who did it.

LM-DRAW-1, step 3. Who keeps a secret back chooses between two seeds, and must not know the second: so the next round
has a fresh secret of the platform and fresh ones of those who remain, over the very same frame and quotas, and who kept
one back is out of the draw for good.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.chassis.errors import FailedPrecondition, InvalidArgument, PermissionDenied, Violation, malformed
from services.sampling.model import commitment as lm
from services.sampling.model.contributions import PLATFORM, Contribution
from services.sampling.model.draw_round import DrawState, Round

WITHHELD = "WITHHELD"
"""How the reason of a round begins that replaces an abandoned one; the hashes of the withheld secrets follow."""


class RevealsNotDue(FailedPrecondition):
    """There is still time to reveal."""

    def __init__(self, reveal_by: datetime | None) -> None:
        until = reveal_by.isoformat() if reveal_by else ""
        super().__init__(
            f"揭示随机数的期限（{until or '无'}）未到，不能作废承诺；现在可以：揭示随机数，或申请重新抽取",
            f"secrets may be revealed until {until or 'any time'}; what is possible now: reveal, or request a redraw",
            reveal_by=until,
        )


class NothingWithheld(FailedPrecondition):
    """All secrets are there."""

    def __init__(self) -> None:
        super().__init__(
            "各方随机数均已揭示，没有理由作废承诺；现在可以：揭示抽取结果",
            "all secrets are revealed, so the commitment stands; what is possible now: reveal the draw",
        )


class ContributorDropped(PermissionDenied):
    """Who kept a secret back gives none any more."""

    def __init__(self, contributor: str) -> None:
        super().__init__(
            f"{contributor} 曾未在期限内揭示随机数，不能再参与本次抽取的种子",
            f"{contributor!r} kept a secret back and takes no part in the seed of this draw any more",
            contributor=contributor,
        )


class NotAmongThoseWhoRemain(PermissionDenied):
    """Only who showed a secret of the abandoned round gives a fresh one."""

    def __init__(self, contributor: str) -> None:
        super().__init__(
            f"{contributor} 未参与被作废的承诺，重新承诺时不接受新的参与方",
            f"{contributor!r} took no part in the abandoned commitment; nobody joins while it is renewed",
            contributor=contributor,
        )


class HashUsedBefore(InvalidArgument):
    """A hash of an earlier round: its secret may be known to all."""

    def __init__(self) -> None:
        zh, en = (
            "该随机数哈希已在以前的轮次中使用，请使用新的随机数",
            "the hash was given in an earlier round; take a fresh secret",
        )
        super().__init__(Violation("hash", self.reason, zh, en))


class ContributionsAwaited(FailedPrecondition):
    """Those who remain still have time to give fresh hashes."""

    def __init__(self, awaited: Iterable[str], until: datetime) -> None:
        names = ",".join(awaited)
        super().__init__(
            f"在 {until.isoformat()} 之前等待重新提交随机数哈希：{names}；现在可以：由其提交，齐全或到期后提交承诺",
            f"fresh hashes are awaited until {until.isoformat()}: {names}; what is possible now: they give them, and "
            "with all of them, or after that, commit",
            awaited=names,
            until=until.isoformat(),
        )


@dataclass(frozen=True)
class Terms:
    """How long contributors have.

    Args:
        reveal: to show their secrets, unless the commitment says otherwise.
        least, most: what it may say.
        contribute: to give fresh hashes after an abandoned round.
    """

    reveal: timedelta = timedelta(hours=72)
    least: timedelta = timedelta(hours=1)
    most: timedelta = timedelta(hours=720)
    contribute: timedelta = timedelta(hours=24)

    def reveal_by(self, now: datetime, hours: int = 0) -> datetime:
        """Until when secrets are to be shown.

        Raises:
            InvalidArgument: that is too soon or too late.
        """
        term = timedelta(hours=hours) if hours else self.reveal
        if not self.least <= term <= self.most:
            least, most = (int(bound / timedelta(hours=1)) for bound in (self.least, self.most))
            zh, en = f"揭示期限应为 {least} 至 {most} 小时", f"secrets are to be shown within {least} to {most} hours"
            raise malformed("reveal_hours", "RANGE", zh, en)
        return now + term


def abandoned(round: Round, platform_secret: bytes | None, now: datetime) -> Round:
    """A committed round as it goes on record.

    Args:
        platform_secret: shown as well, as nothing is drawn with it any more; None: it is lost, and counts as withheld.

    Raises:
        RevealsNotDue, NothingWithheld: it stands.
    """
    if round.reveal_by is None or now < round.reveal_by:
        raise RevealsNotDue(round.reveal_by)
    secret = platform_secret.hex() if platform_secret else ""
    given = tuple(replace(c, secret=secret) if c.contributor == PLATFORM else c for c in round.contributions)
    missing = tuple(c.contributor for c in given if not c.secret)
    if not missing:
        raise NothingWithheld
    return replace(round, state=DrawState.ABANDONED, contributions=given, withheld=missing, abandoned_at=now)


def renewal(before: Round, until: datetime) -> Round:
    """The round that replaces an abandoned one: the same in all but its secrets."""
    return Round(
        before.number + 1,
        DrawState.RENEWING,
        before.settings,
        excluded=before.excluded,
        strata=before.strata,
        override_reason=before.override_reason,
        contribute_by=until,
    )


def remaining(before: Round) -> tuple[str, ...]:
    """Who showed a secret of an abandoned round, the platform aside."""
    return tuple(c.contributor for c in before.contributions if c.secret and c.contributor != PLATFORM)


def refuse_too_early(renewing: Round, before: Round, now: datetime) -> None:
    """Leave those who remain their time, so that the platform's secret is never the last one that can still be chosen.

    Raises:
        ContributionsAwaited: they have not all given a hash.
    """
    given = {contribution.contributor for contribution in renewing.contributions}
    awaited = [who for who in remaining(before) if who not in given]
    if awaited and renewing.contribute_by and now < renewing.contribute_by:
        raise ContributionsAwaited(awaited, renewing.contribute_by)


def refuse_contributor(rounds: tuple[Round, ...], contributor: str, hash: str) -> None:
    """Raise for a contributor or a hash that must not go into another seed of the same draw.

    Raises:
        ContributorDropped, NotAmongThoseWhoRemain, HashUsedBefore: it is one.
    """
    *earlier, current = rounds
    if any(contributor in each.withheld for each in earlier):
        raise ContributorDropped(contributor)
    if current.state is DrawState.RENEWING and contributor not in remaining(earlier[-1]):
        raise NotAmongThoseWhoRemain(contributor)
    if any(hash == given.hash for each in earlier for given in each.contributions):
        raise HashUsedBefore


def renewed(before: Round, contributions: tuple[Contribution, ...]) -> lm.Commitment:
    """What the round after an abandoned one commits to: its frame, its quotas, and other secrets."""
    committed = before.committed
    assert committed is not None  # only a committed round is abandoned
    hashes = tuple(contribution.hash for contribution in contributions)
    redraw = lm.Redraw(before.commitment, reason_of(before), PLATFORM)
    return replace(committed, round=before.number + 1, contributions=hashes, redraw=redraw)


def refuse_reserved(reason: str) -> None:
    """Raise for a reason somebody gives that reads like that of a renewed commitment."""
    if reason.split(" ", 1)[0] == WITHHELD:
        zh, en = f"理由不能以 {WITHHELD} 开头，该词留给作废的承诺", f"{WITHHELD} is kept for abandoned commitments"
        raise malformed("reason", "RESERVED", zh, en)


def reason_of(before: Round) -> str:
    """Why an abandoned round is replaced, as the next commitment says it."""
    return " ".join([WITHHELD, *(each.hash for each in before.contributions if each.contributor in before.withheld)])


def record(before: Round, shown_as: Mapping[str, str]) -> dict[str, object]:
    """The record of an abandoned round, as it is published.

    Args:
        shown_as: how a contributor is called in public; others as they are.
    """
    assert before.committed is not None  # only a committed round is abandoned
    return {
        "spec": lm.SPEC,
        "commitment": before.committed.document(),
        "commitment_sha256": before.commitment,
        "contributions": [
            {
                "contributor": shown_as.get(each.contributor, each.contributor),
                "sha256": each.hash,
                **({"secret": each.secret} if each.secret else {}),
            }
            for each in before.contributions
        ],
    }
