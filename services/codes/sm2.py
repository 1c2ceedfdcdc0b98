"""SM2 with SM3 (GB/T 32918.2, GM/T 0009) behind the same interface as EdDSA, by the library of the extra `sm2`.

The library is software in pure Python: right, but neither certified nor safe from who can time it, and some hundred
times slower than Ed25519. Where the law asks for commercial cryptography a certified module takes the place of these
two classes: what they call `secret` is then the module's handle to the key.
"""

from __future__ import annotations

import secrets
from importlib.util import find_spec
from typing import Any

from services.codes.cose import key_id_of

SM2_SM3 = -65600
"""COSE has no registered number for SM2; this one is of its private range (RFC 9053: less than −65536)."""
IDENTITY = b"1234567812345678"
"""The signer's distinguishing identifier where none is agreed on (GM/T 0009 §10)."""
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
"""Order of the curve's base point."""
SIZE = 32
"""Bytes of a secret, of a coordinate, and of either half of a signature."""
_UNCOMPRESSED = b"\x04"


class Sm2Missing(Exception):
    """SM2 needs the optional extra."""

    def __init__(self) -> None:
        super().__init__("signing and checking with SM2 needs the extra `sm2`: pip install 'liangma[sm2]'")


class Sm2Signer:
    """SM2 over the recommended curve.

    Args:
        secret: the 32 bytes of the private key.

    Raises:
        Sm2Missing: the extra is not installed.
        ValueError: no private key of this curve.
    """

    algorithm = SM2_SM3

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SIZE or not 1 <= int.from_bytes(secret) <= ORDER - 2:
            raise ValueError("not a private key of SM2")
        module = _library()
        public = module.SM2().generate_pk(secret)
        self._key = module.SM2(secret, IDENTITY, public)
        self.public: bytes = public.removeprefix(_UNCOMPRESSED)
        self.key_id = key_id_of(self.public)

    def sign(self, message: bytes) -> bytes:
        r, s = self._key.sign(message)
        return bytes(r.rjust(SIZE, b"\0") + s.rjust(SIZE, b"\0"))


class Sm2Verifier:
    """SM2 over the recommended curve.

    Args:
        public: the 64 bytes of the public key: x, then y.

    Raises:
        Sm2Missing: the extra is not installed.
        ValueError: no point of this curve.
    """

    algorithm = SM2_SM3

    def __init__(self, public: bytes) -> None:
        module = _library()
        if len(public) != 2 * SIZE or not module.SM2().verify_pk(_UNCOMPRESSED + public):
            raise ValueError("not a public key of SM2")
        self._key = module.SM2(None, IDENTITY, _UNCOMPRESSED + public)
        self.public = public
        self.key_id = key_id_of(public)

    def verify(self, message: bytes, signature: bytes) -> bool:
        if len(signature) != 2 * SIZE:
            return False
        return bool(self._key.verify(message, signature[:SIZE], signature[SIZE:]))


def new_secret() -> bytes:
    """A private key: from 1 to two less than the order."""
    return (1 + secrets.randbelow(ORDER - 2)).to_bytes(SIZE)


def is_here() -> bool:
    """Whether the extra is installed."""
    return find_spec("gmalg") is not None


def _library() -> Any:
    try:
        import gmalg
    except ImportError:
        raise Sm2Missing from None
    return gmalg
