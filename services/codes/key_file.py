"""The published key file `liangma-keys.json`, and the algorithms a key can be of.

A further algorithm is one more `Algorithm` here, with a signer and a verifier of its own; nothing else changes.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from services.codes import sm2
from services.codes.cose import Ed25519Signer, Ed25519Verifier, KeyBook, Signer, Verifier, key_name

KEY_FILE = "LM-CODE-1"
"""What a published key file names as its specification; its keys serve every form."""
COORDINATE = 32
"""Bytes of one coordinate of a public key."""


class OwnSigner(Signer, Protocol):
    """A signer that can say what checks it."""

    public: bytes


@dataclass(frozen=True)
class Algorithm:
    """What keys are made for.

    Args:
        name: as the key file and the database write it.
        key_type: `kty` of its keys in the key file.
        curve: `crv` of its keys.
        coordinates: members of a JSON Web Key that hold the public key, 32 bytes each.
        new_secret: makes a private key.
        signer: signs with a private key.
        verifier: checks with a public key.
    """

    name: str
    key_type: str
    curve: str
    coordinates: tuple[str, ...]
    new_secret: Callable[[], bytes]
    signer: Callable[[bytes], OwnSigner]
    verifier: Callable[[bytes], Verifier]

    def jwk(self, public: bytes, status: str) -> dict[str, str]:
        """A public key as a JSON Web Key (RFC 7517, RFC 8037) with its place in life."""
        parts = [public[at : at + COORDINATE] for at in range(0, len(public), COORDINATE)]
        return {
            "kty": self.key_type,
            "crv": self.curve,
            "alg": self.name,
            "use": "sig",
            "kid": key_name(self.verifier(public).key_id),
            **{member: _base64url(part) for member, part in zip(self.coordinates, parts, strict=True)},
            "status": status,
        }

    def public_of(self, jwk: Mapping[str, str]) -> bytes:
        """The public key in a JSON Web Key of this algorithm."""
        return b"".join(_from_base64url(jwk[member]) for member in self.coordinates)


EDDSA = Algorithm("EdDSA", "OKP", "Ed25519", ("x",), lambda: secrets.token_bytes(32), Ed25519Signer, Ed25519Verifier)
SM2 = Algorithm("SM2", "EC", "SM2", ("x", "y"), sm2.new_secret, sm2.Sm2Signer, sm2.Sm2Verifier)
ALGORITHMS: Mapping[str, Algorithm] = {algorithm.name: algorithm for algorithm in (EDDSA, SM2)}


def key_file(hosts: Sequence[str], keys: Sequence[dict[str, str]]) -> dict[str, object]:
    """The content of `liangma-keys.json`."""
    return {"spec": KEY_FILE, "hosts": list(hosts), "keys": list(keys)}


def key_book(published: Mapping[str, Any]) -> KeyBook:
    """The book of a published `liangma-keys.json`; keys of algorithms that are not to be had here are left out.

    Raises:
        ValueError: it is no such file.
    """
    if published.get("spec") != KEY_FILE:
        raise ValueError(f"not a key file of {KEY_FILE}")
    hosts = frozenset(str(host).upper() for host in published.get("hosts", ()))
    return KeyBook(hosts, tuple(_verifiers(published.get("keys", ()))))


def _verifiers(keys: Sequence[Mapping[str, str]]) -> Iterator[Verifier]:
    known = {(algorithm.key_type, algorithm.curve): algorithm for algorithm in ALGORITHMS.values()}
    for key in keys:
        algorithm = known.get((key.get("kty", ""), key.get("crv", "")))
        if algorithm is None:
            continue
        try:
            yield algorithm.verifier(algorithm.public_of(key))
        except sm2.Sm2Missing:
            continue


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
