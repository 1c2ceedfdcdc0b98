"""The platform's secrets between commitment and reveal: kept sealed, opened by nothing but the reveal."""

from __future__ import annotations

from typing import Protocol

from services.chassis.work import Work
from services.sampling.model.records import SealedSecret, SecretLost


class Vault(Protocol):
    """What seals secrets."""

    def seal_for(self, owner_id: str, secret: bytes) -> bytes:
        """A secret as it is kept, good for this owner only."""
        ...

    def open_for(self, owner_id: str, sealed: bytes) -> bytes | None:
        """The secret; None: it is lost."""
        ...


def keep_secret(work: Work, vault: Vault, owner_id: str, secret: bytes) -> None:
    """Seal a secret of a round or a window."""
    work.add(SealedSecret(owner_id=owner_id, secret=vault.seal_for(owner_id, secret)))


def opened_secret(work: Work, vault: Vault, owner_id: str) -> bytes | None:
    """The secret of a round or a window; None: there is none, or it is lost."""
    sealed = work.find(SealedSecret, owner_id=owner_id)
    return vault.open_for(owner_id, sealed.secret) if sealed else None


def needed_secret(work: Work, vault: Vault, owner_id: str) -> bytes:
    """The secret of a round or a window.

    Raises:
        SecretLost: it cannot be opened.
    """
    secret = opened_secret(work, vault, owner_id)
    if secret is None:
        raise SecretLost
    return secret
