"""Where signing keys are made and sealed: the database holds them encrypted, the key to them lies in a file.

The file is `LIANGMA_CODES_KEY_FILE` (default `<var_dir>/codes.key`): 32 random bytes in base64, made at first use on
one machine, given as a secret to all processes on many.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.chassis.vault import KeyFileProblem, Vault
from services.codes import cose, key_file
from services.codes.key_file import ALGORITHMS, EDDSA, Algorithm
from services.codes.model.key import KeyState, SigningKey


class Cabinet:
    """Makes keys and opens sealed ones.

    Args:
        vault: seals them.
        hosts: whose codes are ours, the one that new codes carry first.
        algorithm: that of keys made from now on; those that are there keep theirs.
    """

    def __init__(self, vault: Vault, hosts: Sequence[str], algorithm: Algorithm = EDDSA) -> None:
        self._vault = vault
        self._algorithm = algorithm
        self.hosts = tuple(host.upper() for host in hosts)

    @property
    def host(self) -> str:
        """The host that new codes carry."""
        return self.hosts[0]

    def make(self, number: int, state: KeyState, now: datetime) -> SigningKey:
        """A fresh key."""
        secret = self._algorithm.new_secret()
        public = self._algorithm.signer(secret).public
        return SigningKey(
            number=number,
            key_id=cose.key_name(cose.key_id_of(public)),
            state=state,
            algorithm=self._algorithm.name,
            public=public,
            sealed=self._vault.seal(secret, public),
            created_at=now,
            activated_at=now if state is KeyState.CURRENT else None,
        )

    def signer(self, key: SigningKey) -> cose.Signer:
        """What signs with a key.

        Raises:
            KeyFileProblem: it was sealed with another file.
        """
        secret = self._vault.open(key.sealed, key.public)
        if secret is None:
            raise KeyFileProblem(f"{self._vault.key_file} is not the file the keys in the database were sealed with")
        return ALGORITHMS[key.algorithm].signer(secret)

    def book(self, keys: Sequence[SigningKey]) -> cose.KeyBook:
        """What checks codes signed with these keys."""
        verifiers = tuple(ALGORITHMS[key.algorithm].verifier(key.public) for key in keys)
        return cose.KeyBook(frozenset(self.hosts), verifiers)

    def published(self, keys: Sequence[SigningKey]) -> dict[str, object]:
        """The content of `liangma-keys.json`."""
        jwks = [ALGORITHMS[key.algorithm].jwk(key.public, key.state.lower()) for key in keys]
        return key_file.key_file(self.hosts, jwks)
