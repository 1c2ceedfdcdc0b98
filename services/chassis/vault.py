"""Secrets that lie in a database are sealed there: the key to them lies in a file.

The file holds 32 random bytes in base64. It is made at first use on one machine, and given as a secret to all processes
on many. Who reads the database alone (an administrator, a backup) reads no secret.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import os
import secrets
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES, _NONCE_BYTES = 32, 12


class KeyFileProblem(Exception):
    """The key file cannot be read, or is not the one that something was sealed with."""


class Vault:
    """Seals secrets and opens them.

    Args:
        key_file: holds the sealing key; made when it is not there.
    """

    def __init__(self, key_file: Path) -> None:
        self.key_file = key_file

    def seal(self, secret: bytes, bound_to: bytes) -> bytes:
        """A secret as the database keeps it.

        Args:
            bound_to: whose it is; it cannot be opened as another's.
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, bound_to)

    def open(self, sealed: bytes, bound_to: bytes) -> bytes | None:
        """The secret; None: it was sealed with another file, or for another owner, and is lost."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to)
        except InvalidTag:
            return None

    def derived(self, purpose: str) -> bytes:
        """32 bytes for one purpose that every process with the same file has."""
        return hmac.digest(self._key, purpose.encode(), "sha256")

    @cached_property
    def _cipher(self) -> AESGCM:
        return AESGCM(self._key)

    @cached_property
    def _key(self) -> bytes:
        if not self.key_file.exists():
            _create(self.key_file)
        try:
            key = base64.b64decode(self.key_file.read_text().strip(), validate=True)
        except (OSError, ValueError) as error:
            raise KeyFileProblem(f"{self.key_file} must hold 32 bytes in base64: {error}") from error
        if len(key) != _KEY_BYTES:
            raise KeyFileProblem(f"{self.key_file} must hold 32 bytes in base64, and holds {len(key)}")
        return key


def _create(path: Path) -> None:
    """Make a key file that only its owner reads; when two processes do at once, one file wins and both use it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
