"""The commitment of a joint window (集中抽取): over those of its draws, which one seed then serves.

LM-DRAW-1, step 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import rfc8785

from services.chassis.errors import malformed
from services.sampling.model.frame import sha256_hex
from services.sampling.model.seed import SPEC, refuse_what_is_no_hash, seed


@dataclass(frozen=True)
class Replaced:
    """The commitment of a window that was given up because somebody kept a secret back.

    Args:
        previous: that commitment, 64 hex digits.
        missing: its contributions whose secrets never came; kept in ascending order, however they are given.
    """

    previous: str
    missing: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "missing", tuple(sorted(set(self.missing))))
        for digest in (self.previous, *self.missing):
            refuse_what_is_no_hash("replaces", digest)
        if not self.missing:
            raise malformed("replaces", "REQUIRED", "须写明谁未揭示", "who kept a secret back must be named")

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {"previous": self.previous, "missing": list(self.missing)}


@dataclass(frozen=True)
class WindowCommitment:
    """What a joint window binds itself to: every draw in it is committed first, then one seed serves all.

    Args:
        window: id of the window.
        draws: commitments of its draws; kept in ascending order, however they are given.
        contributions: SHA-256 of each secret, in the order the secrets will go into the seed.
        replaces: the window's commitment before, if it had one that could not be revealed.
    """

    window: str
    draws: tuple[str, ...]
    contributions: tuple[str, ...]
    replaces: Replaced | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "draws", tuple(sorted(set(self.draws))))
        object.__setattr__(self, "contributions", tuple(self.contributions))
        if not self.window or not self.draws:
            raise malformed(
                "draws", "REQUIRED", "集中抽取须有编号并至少包含一次抽取", "a window has an id and at least one draw"
            )
        for digest in (*self.draws, *self.contributions):
            refuse_what_is_no_hash("draws or contributions", digest)

    def document(self) -> dict[str, object]:
        """What is hashed, as JSON."""
        return {
            "spec": SPEC,
            "window": self.window,
            "draws": list(self.draws),
            "contributions": list(self.contributions),
            **({} if self.replaces is None else {"replaces": self.replaces.document()}),
        }

    def canonical(self) -> bytes:
        """What is hashed, to the byte (RFC 8785)."""
        return rfc8785.dumps(self.document())  # type: ignore[arg-type]  # its own type of JSON is invariant

    def digest(self) -> str:
        """The window's commitment: 64 hex digits."""
        return sha256_hex(self.canonical())

    def seed(self, secrets: Sequence[bytes]) -> bytes:
        """The one seed of all the window's draws, once all secrets are revealed."""
        return seed(self.digest(), secrets, self.contributions)


def window_commitment(window: str, draw_digests: Sequence[str], contributions: Sequence[str]) -> WindowCommitment:
    """The commitment of a joint window over the commitments of its draws."""
    return WindowCommitment(window, tuple(draw_digests), tuple(contributions))
