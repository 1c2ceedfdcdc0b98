"""Who calls: a principal, from a token that the identity provider signed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt

from services.chassis.errors import PermissionDenied, Unauthenticated

ALGORITHMS = ["EdDSA", "ES256", "RS256", "PS256"]


class NotYours(PermissionDenied):
    """It belongs to another authority or object than the caller's."""

    def __init__(self, what: str, owner: str) -> None:
        super().__init__(
            f"您无权操作：该{'机构' if what == 'authority' else '对象'}（{owner}）不属于您",
            f"this belongs to {what} {owner!r}, not to you",
            **{what: owner},
        )


class BadToken(Unauthenticated):
    """A token was given that proves nothing."""

    def __init__(self, why: str) -> None:
        super().__init__("登录凭证无效或已过期，请重新登录", f"the token is not valid: {why}; sign in again")


@dataclass(frozen=True)
class Principal:
    """Who acts.

    Args:
        subject: the account, unique at its issuer; empty: nobody signed in.
        name: for people.
        roles: what the account may do, e.g. `planner`.
        authority: the authority the account belongs to.
        region: its region, GB/T 2260.
        certificate: number of the certificate it holds.
        object: the object it speaks for.
    """

    subject: str
    name: str = ""
    roles: frozenset[str] = frozenset()
    authority: str = ""
    region: str = ""
    certificate: str = ""
    object: str = ""

    def require(self, **owner: str) -> None:
        """Refuse unless the caller is of this authority (`authority=`) or speaks for this object (`object=`).

        Raises:
            NotYours: it is somebody else's.
        """
        for what, id in owner.items():
            if not id or getattr(self, what) != id:
                raise NotYours(what, id)


NOBODY = Principal(subject="")


class TokenVerifier:
    """Verifies JWTs against the issuer's published keys, and reads keys again when an unknown one appears.

    Args:
        issuer: what `iss` must be.
        audience: what `aud` must hold.
        keys: URL or path of the JWKS.
    """

    def __init__(self, issuer: str, audience: str, keys: str) -> None:
        self._issuer = issuer
        self._audience = audience
        self._is_remote = keys.startswith(("http://", "https://"))
        self._client = jwt.PyJWKClient(keys) if self._is_remote else None
        self._path = Path(keys)
        self._keys: dict[str, jwt.PyJWK] = {}

    def verify(self, token: str) -> Principal:
        """The principal a token proves.

        Raises:
            BadToken: it is malformed, forged, expired, or meant for somebody else.
        """
        try:
            claims = jwt.decode(
                token,
                self._key(token),
                algorithms=ALGORITHMS,
                issuer=self._issuer,
                audience=self._audience,
                options={"require": ["exp", "sub"]},
            )
        except (jwt.PyJWTError, OSError, ValueError) as error:
            raise BadToken(str(error)) from error
        return _principal(claims)

    def _key(self, token: str) -> jwt.PyJWK:
        if self._client is not None:
            return self._client.get_signing_key_from_jwt(token)
        kid = str(jwt.get_unverified_header(token).get("kid", ""))
        if kid not in self._keys:
            published = jwt.PyJWKSet.from_dict(json.loads(self._path.read_text()))
            self._keys = {str(key.key_id): key for key in published.keys}
        if kid not in self._keys:
            raise BadToken(f"key {kid!r} is not published")
        return self._keys[kid]


def _principal(claims: dict[str, Any]) -> Principal:
    return Principal(
        subject=str(claims["sub"]),
        name=str(claims.get("name", "")),
        roles=frozenset(map(str, claims.get("roles") or ())),
        **{key: str(claims.get(key) or "") for key in ("authority", "region", "certificate", "object")},
    )
