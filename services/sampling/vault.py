"""The platform's secrets between commitment and reveal, sealed: in the open they would give every seed away."""

from __future__ import annotations

from services.chassis import vault

SECRET_BYTES = 32


class Vault(vault.Vault):
    """Seals the secret of a round or a window, and opens it."""

    def seal_for(self, owner_id: str, secret: bytes) -> bytes:
        """A secret as the database keeps it, good for this owner only."""
        return self.seal(secret, owner_id.encode())

    def open_for(self, owner_id: str, sealed: bytes) -> bytes | None:
        """The secret; None: it is lost.

        What has the length of a bare secret was kept before there was a vault.
        """
        return sealed if len(sealed) == SECRET_BYTES else self.open(sealed, owner_id.encode())
