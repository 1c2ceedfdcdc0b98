"""Keys that sign codes, and their life: next, current, retired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class KeyState(StrEnum):
    """Where a key is in its life."""

    NEXT = "NEXT"
    CURRENT = "CURRENT"
    RETIRED = "RETIRED"


@dataclass(eq=False, kw_only=True)
class SigningKey:
    """A key; its secret is sealed with the key file and never leaves the service.

    Args:
        number: from 1, in the order they were made.
        key_id: as JSON writes it.
    """

    number: int
    key_id: str
    state: KeyState
    algorithm: str
    public: bytes
    sealed: bytes
    created_at: datetime
    activated_at: datetime | None = None
    retired_at: datetime | None = None

    def activate(self, now: datetime) -> None:
        """It signs from now on."""
        self.state, self.activated_at = KeyState.CURRENT, now

    def retire(self, now: datetime) -> None:
        """It signs no more; what it signed stays good for its time."""
        self.state, self.retired_at = KeyState.RETIRED, now


def current(keys: Sequence[SigningKey]) -> SigningKey:
    """The key that signs now."""
    return next(key for key in keys if key.state is KeyState.CURRENT)


def upcoming(keys: Sequence[SigningKey]) -> SigningKey:
    """The key that signs after the next rotation."""
    return next(key for key in keys if key.state is KeyState.NEXT)
