"""Where the platform's secrets are sealed: the database holds them encrypted, the key to them lies in a file.

Who reads the database (an administrator, a backup) would otherwise know every seed between commitment and reveal. The
file is `LIANGMA_SAMPLING_KEY_FILE` (default `<var_dir>/sampling.key`): 32 random bytes in base64, made at first use on
one machine, given as a secret to all processes on many.
"""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
SECRET_BYTES = 32


class KeyFileProblem(Exception):
    """The key file cannot be read."""


class Vault:
    """Seals secrets and opens them.

    Args:
        key_file: holds the sealing key; made when it is not there.
    """

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file

    def seal(self, owner_id: str, secret: bytes) -> bytes:
        """A secret as the database keeps it, good for this owner only."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._seal.encrypt(nonce, secret, owner_id.encode())

    def open(self, owner_id: str, sealed: bytes) -> bytes | None:
        """The secret; None: it was sealed with another file, or for another owner, and is lost.

        What has the length of a bare secret was kept before there was a vault.
        """
        if len(sealed) == SECRET_BYTES:
            return sealed
        try:
            return self._seal.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], owner_id.encode())
        except InvalidTag:
            return None

    @cached_property
    def _seal(self) -> AESGCM:
        if not self._key_file.exists():
            _create(self._key_file)
        try:
            return AESGCM(base64.b64decode(self._key_file.read_text().strip(), validate=True))
        except (OSError, ValueError) as error:
            raise KeyFileProblem(f"{self._key_file} must hold 32 bytes in base64: {error}") from error


def _create(path: Path) -> None:
    """Make a key file that only its owner reads; when two processes do at once, one file wins and both use it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(SECRET_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
