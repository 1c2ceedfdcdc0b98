"""Where signing keys are made and sealed: the database holds them encrypted, the key to them lies in a file.

The file is `LIANGMA_CODES_KEY_FILE` (default `<var_dir>/codes.key`): 32 random bytes in base64, made at first use on
one machine, given as a secret to all processes on many.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import os
import secrets
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.codes import cose
from services.codes.model.key import KeyState, SigningKey

_KEY_BYTES = 32


class KeyFileProblem(Exception):
    """The key file is not the one the database's keys were sealed with, or cannot be read."""


class Cabinet:
    """Makes keys and opens sealed ones.

    Args:
        key_file: holds the sealing key; made when it is not there.
        hosts: whose codes are ours, the one that new codes carry first.
    """

    def __init__(self, key_file: Path, hosts: Sequence[str]) -> None:
        self._key_file = key_file
        self.hosts = tuple(host.upper() for host in hosts)

    @property
    def host(self) -> str:
        """The host that new codes carry."""
        return self.hosts[0]

    def make(self, number: int, state: KeyState, now: datetime) -> SigningKey:
        """A fresh key."""
        secret = secrets.token_bytes(32)
        public = cose.Ed25519Signer(secret).public
        nonce = secrets.token_bytes(12)
        return SigningKey(
            number=number,
            key_id=cose.key_name(cose.key_id_of(public)),
            state=state,
            algorithm="EdDSA",
            public=public,
            sealed=nonce + self._seal.encrypt(nonce, secret, public),
            created_at=now,
            activated_at=now if state is KeyState.CURRENT else None,
        )

    def signer(self, key: SigningKey) -> cose.Ed25519Signer:
        """What signs with a key.

        Raises:
            KeyFileProblem: it was sealed with another file.
        """
        try:
            return cose.Ed25519Signer(self._seal.decrypt(key.sealed[:12], key.sealed[12:], key.public))
        except InvalidTag:
            raise KeyFileProblem(
                f"{self._key_file} is not the file the keys in the database were sealed with"
            ) from None

    def book(self, keys: Sequence[SigningKey]) -> cose.KeyBook:
        """What checks codes signed with these keys."""
        return cose.KeyBook(frozenset(self.hosts), tuple(cose.Ed25519Verifier(key.public) for key in keys))

    def published(self, keys: Sequence[SigningKey]) -> dict[str, object]:
        """The content of `liangma-keys.json`."""
        jwks = [cose.jwk(cose.Ed25519Verifier(key.public), key.state.lower()) for key in keys]
        return {"spec": cose.KEY_FILE, "hosts": list(self.hosts), "keys": jwks}

    def derived(self, purpose: str) -> bytes:
        """A secret for one purpose that every process with the same file has, and that no rotation changes."""
        return hmac.digest(self._key, purpose.encode(), "sha256")

    @cached_property
    def _seal(self) -> AESGCM:
        return AESGCM(self._key)

    @cached_property
    def _key(self) -> bytes:
        if not self._key_file.exists():
            _create(self._key_file)
        try:
            key = base64.b64decode(self._key_file.read_text().strip(), validate=True)
        except (OSError, ValueError) as error:
            raise KeyFileProblem(f"{self._key_file} must hold 32 bytes in base64: {error}") from error
        if len(key) != _KEY_BYTES:
            raise KeyFileProblem(f"{self._key_file} must hold 32 bytes in base64, and holds {len(key)}")
        return key


def _create(path: Path) -> None:
    """Make a key file that only its owner reads; when two processes do at once, one file wins and both use it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(32)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
