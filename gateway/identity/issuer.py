"""The embedded issuer: it signs tokens for the demo's people, where no identity provider is at hand.

It stands in for what a real provider proves by other means: the electronic business licence that binds an account to an
object, the check of a law-enforcement certificate. So it gives nobody more than the list of people allows.
"""

from __future__ import annotations

import json
import os
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

KEY_FILE, JWKS_FILE = "key.pem", "jwks.json"
CLAIMS = ("name", "roles", "authority", "region", "certificate", "object")


class Issuer:
    """Signs tokens with a key of its own.

    Args:
        directory: holds the key, and the public key as others read it.
        issuer: `iss` of its tokens.
        audience: `aud` of its tokens.
        seconds: how long a token is good.
        clock: seconds since 1970.
    """

    def __init__(
        self, directory: Path, issuer: str, audience: str, seconds: int, clock: Callable[[], float] = time.time
    ) -> None:
        self._key = _key(directory / KEY_FILE)
        self._issuer = issuer
        self._audience = audience
        self.seconds = seconds
        self._clock = clock
        self._jwk = _jwk(self._key)
        _replace(directory / JWKS_FILE, json.dumps(self.jwks).encode(), 0o644)

    @property
    def jwks(self) -> dict[str, Any]:
        """Its public key as others read it."""
        return {"keys": [self._jwk]}

    def token(self, subject: str, claims: Mapping[str, Any]) -> str:
        """A token for a person."""
        now = int(self._clock())
        told = {name: claims[name] for name in CLAIMS if claims.get(name)}
        told |= {"iss": self._issuer, "aud": self._audience, "sub": subject}
        told |= {"iat": now, "exp": now + self.seconds, "jti": str(uuid4())}
        return jwt.encode(told, self._key, algorithm="EdDSA", headers={"kid": self._jwk["kid"]})


def _key(path: Path) -> Ed25519PrivateKey:
    """The key in a file; the first to ask makes it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        made = Ed25519PrivateKey.generate()
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _create(path, pem)
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{path} does not hold an Ed25519 key")
    return key


def _jwk(key: Ed25519PrivateKey) -> dict[str, str]:
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    jwk = {"crv": "Ed25519", "kty": "OKP", "x": _base64(raw)}
    thumbprint = json.dumps(jwk, separators=(",", ":"), sort_keys=True)  # RFC 7638
    return jwk | {"kid": _base64(sha256(thumbprint.encode()).digest()), "alg": "EdDSA", "use": "sig"}


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _create(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; another's, if it was quicker, stays."""
    part = _part(path, content, 0o600)
    with suppress(FileExistsError):
        os.link(part, path)
    part.unlink()


def _replace(path: Path, content: bytes, mode: int) -> None:
    _part(path, content, mode).replace(path)


def _part(path: Path, content: bytes, mode: int) -> Path:
    part = path.with_name(f".{path.name}.{uuid4().hex}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return part
