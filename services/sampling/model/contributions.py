"""Contributions (随机数): the secrets a seed is made of. Hashes are given before the commitment, secrets after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.chassis.errors import AlreadyExists, FailedPrecondition, InvalidArgument, PermissionDenied, Violation
from services.sampling.model import seed

PLATFORM = "platform"
"""The contributor that always is there."""


class AlreadyContributed(AlreadyExists):
    """This contributor has given a hash already."""

    def __init__(self, contributor: str) -> None:
        super().__init__(
            f"{contributor} 已提交过随机数哈希", f"{contributor!r} has contributed already", contributor=contributor
        )


class NoSuchContribution(PermissionDenied):
    """The caller did not contribute."""

    def __init__(self, contributor: str) -> None:
        super().__init__(
            f"{contributor} 未提交过随机数哈希，不能揭示",
            f"{contributor!r} has not contributed and has nothing to reveal",
        )


class SecretDoesNotFit(InvalidArgument):
    """A secret is not the one whose hash was given."""

    def __init__(self, expected: str) -> None:
        zh = f"随机数与承诺的哈希 {expected[:16]}… 不符"
        super().__init__(Violation("secret", "SECRET_DOES_NOT_FIT", zh, f"the secret does not hash to {expected}"))


class ContributionsNotRevealed(FailedPrecondition):
    """Somebody has not shown their secret yet."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(
            f"尚未揭示随机数：{'、'.join(missing)}；现在可以：由其揭示，期满后作废承诺",
            f"not revealed yet: {', '.join(missing)}; what is possible now: they reveal, or after the deadline the "
            "commitment is abandoned",
            missing=",".join(missing),
        )


@dataclass(frozen=True)
class Contribution:
    """A secret that goes into the seed.

    Args:
        contributor: `platform`, an authority, or the subject of who has none.
        hash: SHA-256 of the secret.
        secret: in hex, once it was revealed.
    """

    contributor: str
    hash: str
    secret: str = ""


def with_contribution(given: tuple[Contribution, ...], contributor: str, hash: str) -> tuple[Contribution, ...]:
    """The contributions with one more.

    Raises:
        AlreadyContributed: this contributor has one.
        NotAHash: it is none.
    """
    seed.refuse_what_is_no_hash("hash", hash)
    if any(contribution.contributor == contributor for contribution in given):
        raise AlreadyContributed(contributor)
    return (*given, Contribution(contributor, hash))


def with_secret(given: tuple[Contribution, ...], contributor: str, secret: str) -> tuple[Contribution, ...]:
    """The contributions with one secret revealed.

    Raises:
        NoSuchContribution: the contributor has none.
        SecretDoesNotFit: it does not have the hash that was given, or is no secret at all.
    """
    own = next((c for c in given if c.contributor == contributor and contributor != PLATFORM), None)
    if own is None:
        raise NoSuchContribution(contributor)
    try:
        fits = seed.contribution(bytes.fromhex(secret)) == own.hash
    except ValueError:
        fits = False
    if not fits:
        raise SecretDoesNotFit(own.hash)
    return tuple(replace(c, secret=secret.lower()) if c is own else c for c in given)


def missing_from(given: Sequence[Contribution]) -> list[str]:
    """Who has not shown a secret yet, the platform aside."""
    return [c.contributor for c in given if not c.secret and c.contributor != PLATFORM]


def opened(given: tuple[Contribution, ...], sealed: bytes) -> list[bytes]:
    """All secrets in the order of their hashes.

    Args:
        sealed: the platform's.

    Raises:
        ContributionsNotRevealed: somebody else's is missing.
    """
    if missing := missing_from(given):
        raise ContributionsNotRevealed(missing)
    return [sealed if c.contributor == PLATFORM else bytes.fromhex(c.secret) for c in given]


def shown(given: tuple[Contribution, ...], secrets: Sequence[bytes]) -> tuple[Contribution, ...]:
    """The contributions with every secret shown."""
    return tuple(replace(c, secret=secret.hex()) for c, secret in zip(given, secrets, strict=True))
