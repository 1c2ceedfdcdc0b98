"""The seed (种子): the one number everything is drawn with, known to nobody until all have revealed.

LM-DRAW-1, step 3. It is made of the commitment and of every contributor's secret: who could still change the frame
does not know the seed, and who learns the seed can no longer change the frame.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from services.chassis.errors import FailedPrecondition, InvalidArgument, Violation, malformed
from services.sampling.model.frame import sha256_hex

SPEC = "LM-DRAW-1"
SECRET_BYTES = 32
HASH = re.compile(r"[0-9a-f]{64}")


class NotAHash(InvalidArgument):
    """A SHA-256 is not 64 lower-case hex digits."""

    def __init__(self, field: str, value: str) -> None:
        zh, en = (
            f"{field} 不是 64 位小写十六进制的 SHA-256",
            f"{field} is not a SHA-256 of 64 lower-case hex digits: {value!r}",
        )
        super().__init__(Violation(field, self.reason, zh, en))


class NoContribution(InvalidArgument):
    """Nobody contributes a secret, so the seed would be known beforehand."""

    def __init__(self) -> None:
        super().__init__(
            Violation("contributions", self.reason, "至少需要一方提供随机数", "somebody must contribute a secret")
        )


class SecretDoesNotMatch(FailedPrecondition):
    """A revealed secret is not the one whose hash was committed.

    Args:
        number: which one, from 1, in the order of the contributions.
    """

    def __init__(self, number: int, contribution: str) -> None:
        super().__init__(
            f"第 {number} 个随机数与承诺的哈希 {contribution[:16]}… 不符",
            f"secret {number} is not the one committed as {contribution}",
            number=number,
            contribution=contribution,
        )
        self.number = number


class SecretsMissing(FailedPrecondition):
    """Not every contributor has revealed, or there is one too many."""

    def __init__(self, given: int, committed: int) -> None:
        super().__init__(
            f"已承诺 {committed} 个随机数，揭示了 {given} 个",
            f"{committed} secrets were committed, {given} are revealed",
            given=given,
            committed=committed,
        )


def contribution(secret: bytes) -> str:
    """What a contributor announces of a secret."""
    refuse_wrong_length(secret)
    return sha256_hex(secret)


def seed(digest: str, secrets: Sequence[bytes], contributions: Sequence[str] | None = None) -> bytes:
    """The 32 bytes everything is drawn with: SHA-256("LM-DRAW-1" ‖ 0x00 ‖ commitment ‖ r₁ ‖ … ‖ rₙ).

    Args:
        digest: the commitment, of the draw or of its window, 64 hex digits.
        secrets: 32 bytes each, in the order of the contributions.
        contributions: the committed hashes; leave out only where they were checked before.

    Raises:
        SecretsMissing, SecretDoesNotMatch: they are not what was committed; the latter names which.
    """
    refuse_what_is_no_hash("commitment", digest)
    if not secrets:
        raise NoContribution
    for secret in secrets:
        refuse_wrong_length(secret)
    for number, (secret, committed) in enumerate(zip(secrets, contributions or (), strict=False), 1):
        if sha256_hex(secret) != committed:
            raise SecretDoesNotMatch(number, committed)
    if contributions is not None and len(secrets) != len(contributions):
        raise SecretsMissing(len(secrets), len(contributions))
    return hashlib.sha256(SPEC.encode() + b"\x00" + bytes.fromhex(digest) + b"".join(secrets)).digest()


def refuse_wrong_length(secret: bytes) -> None:
    """Raise for a secret that is not 32 bytes long."""
    if len(secret) != SECRET_BYTES:
        zh, en = (
            f"随机数应为 {SECRET_BYTES} 字节，实为 {len(secret)} 字节",
            f"a secret has {SECRET_BYTES} bytes, not {len(secret)}",
        )
        raise malformed("secret", "SECRET_LENGTH", zh, en)


def refuse_what_is_no_hash(field: str, value: str) -> None:
    """Raise for what is not a SHA-256 in lower-case hex."""
    if not HASH.fullmatch(value):
        raise NotAHash(field, value)
