"""Sign-in with an OIDC provider: authorization code with PKCE (RFC 7636), answers bound to their issuer (RFC 9207)."""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import httpx
import jwt

from gateway.identity.keys import Keys, UnknownKey
from gateway.identity.tokens import ALGORITHMS
from gateway.problems import Problem


@dataclass(frozen=True)
class Flow:
    """A sign-in under way; the browser carries it in a cookie.

    Args:
        state: ties the answer to this browser.
        nonce: ties the id token to this sign-in.
        verifier: PKCE secret.
        next: where to go afterwards.
    """

    state: str
    nonce: str
    verifier: str
    next: str

    @classmethod
    def begin(cls, next: str) -> Flow:
        """A new sign-in."""
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), next)

    def sealed(self) -> str:
        """As the cookie's value."""
        return urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode()

    @classmethod
    def opened(cls, cookie: str) -> Flow:
        """From the cookie's value.

        Raises:
            Problem: there is no sign-in under way.
        """
        try:
            return cls(**json.loads(urlsafe_b64decode(cookie)))
        except (ValueError, TypeError):
            raise sign_in_failed(
                "没有正在进行的登录，请重新登录", "no sign-in is under way here; begin again"
            ) from None


def sign_in_failed(zh: str, en: str) -> Problem:
    """The refusal of a sign-in."""
    return Problem("UNAUTHENTICATED", "SIGN_IN_FAILED", zh, en)


class Provider:
    """An OIDC provider, found by discovery.

    Args:
        issuer: its URL.
        client_id: ours.
        client_secret: ours; empty: a public client.
        scope: what to ask for.
        redirect_uri: where it sends browsers back to.
        keys: its keys.
        client: fetches.
    """

    def __init__(
        self,
        issuer: str,
        client_id: str,
        client_secret: str,
        scope: str,
        redirect_uri: str,
        keys: Keys,
        client: httpx.AsyncClient,
    ) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._scope = scope
        self._redirect_uri = redirect_uri
        self._keys = keys
        self._client = client
        self._found: Mapping[str, Any] | None = None

    async def authorization_url(self, flow: Flow) -> str:
        """Where to send the browser.

        Raises:
            Problem: the provider does not answer.
        """
        challenge = urlsafe_b64encode(sha256(flow.verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "scope": self._scope,
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        endpoint = (await self._metadata())["authorization_endpoint"]
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    async def tokens(self, flow: Flow, answer: Mapping[str, str]) -> Mapping[str, Any]:
        """The tokens that the provider's answer is worth.

        Raises:
            Problem: it refused, it is not this provider's, or it is not for this sign-in.
        """
        if not secrets.compare_digest(answer.get("state", "").encode(), flow.state.encode()):
            raise sign_in_failed(
                "登录已过期或来自其他页面，请重新登录", "the answer is not for this sign-in; begin again"
            )
        if answer.get("iss", self._issuer) != self._issuer:
            raise sign_in_failed("登录应答来自其他身份提供方", "the answer comes from another identity provider")
        if "code" not in answer:
            why = answer.get("error", "no code")[:100]
            raise sign_in_failed("身份提供方未同意登录", f"the identity provider refused: {why}")
        tokens = await self._exchange(answer["code"], flow.verifier)
        await self._check_id_token(str(tokens.get("id_token", "")), flow)
        return tokens

    async def end_session_url(self, back_to: str) -> str:
        """Where signing out goes on, so that the provider forgets the browser too; else `back_to`."""
        try:
            endpoint = (await self._metadata()).get("end_session_endpoint")
        except Problem:
            endpoint = None
        if not endpoint:
            return back_to
        return f"{endpoint}?{urlencode({'client_id': self._client_id, 'post_logout_redirect_uri': back_to})}"

    async def _metadata(self) -> Mapping[str, Any]:
        if self._found is None:
            url = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
            found = await self._fetch("GET", url)
            if found.get("issuer") != self._issuer:
                raise _unavailable()
            self._found = found
        return self._found

    async def _exchange(self, code: str, verifier: str) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "client_id": self._client_id,
            "code_verifier": verifier,
        }
        if self._client_secret:
            form["client_secret"] = self._client_secret
        return await self._fetch("POST", (await self._metadata())["token_endpoint"], data=form)

    async def _check_id_token(self, token: str, flow: Flow) -> None:
        try:
            key = await self._keys.get(str(jwt.get_unverified_header(token).get("kid") or ""))
            claims = jwt.decode(
                token, key, algorithms=ALGORITHMS, issuer=self._issuer, audience=self._client_id, leeway=5
            )
        except (jwt.PyJWTError, UnknownKey, ValueError) as error:
            raise sign_in_failed("身份令牌无效", f"the id token is not valid: {error}") from error
        if claims.get("nonce") != flow.nonce:
            raise sign_in_failed("身份令牌不属于本次登录", "the id token is not for this sign-in")

    async def _fetch(self, method: str, url: str, **arguments: Any) -> Mapping[str, Any]:
        try:
            reply = await self._client.request(method, url, headers={"accept": "application/json"}, **arguments)
            if reply.status_code == httpx.codes.BAD_REQUEST:
                raise sign_in_failed(
                    "登录授权已失效，请重新登录", "the identity provider did not take the code; begin again"
                )
            found = reply.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise _unavailable() from error
        if not isinstance(found, dict):
            raise _unavailable()
        return found


def _unavailable() -> Problem:
    return Problem(
        "UNAVAILABLE",
        "IDENTITY_PROVIDER_UNAVAILABLE",
        "身份提供方暂时不可用，请稍后重试",
        "the identity provider does not answer; try again later",
        headers={"retry-after": "5"},
    )
