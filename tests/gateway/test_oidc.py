"""Sign-in with an OIDC provider: authorization code with PKCE, nothing taken on trust."""

from __future__ import annotations

import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.identity.issuer import Issuer
from gateway.settings import GatewaySettings
from services.chassis.settings import BadSettings, load
from tests.gateway import support, trial


@dataclass
class FakeProvider:
    """An identity provider that can be told to cheat."""

    directory: Path
    url: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    cheat: dict[str, Any] = field(default_factory=dict)
    keys_down: bool = False

    def __post_init__(self) -> None:
        self.issuer = Issuer(self.directory, "unused", "unused", 60)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.discovery),
                Route("/keys", self.keys),
                Route("/token", self.token, methods=["POST"]),
            ]
        )

    async def discovery(self, _: Request) -> Response:
        found = {"issuer": self.url, "authorization_endpoint": f"{self.url}/authorize?tenant=1"}
        found |= {"token_endpoint": f"{self.url}/token", "end_session_endpoint": f"{self.url}/leave"}
        return JSONResponse(found | self.cheat.get("discovery", {}))

    async def keys(self, _: Request) -> Response:
        return JSONResponse(self.issuer.jwks, 503 if self.keys_down else 200)

    async def token(self, request: Request) -> Response:
        form = dict(await request.form())
        asked = self.codes.pop(str(form.get("code")), None)
        if asked is None or _challenge(str(form["code_verifier"])) != asked["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        assert form["client_id"] == "console"
        assert form["redirect_uri"] == asked["redirect_uri"]
        nonce = self.cheat.get("nonce", asked["nonce"])
        return JSONResponse(
            {
                "access_token": self.sign(aud=self.cheat.get("aud", "liangma"), roles=["planner"], name="张三"),
                "id_token": self.sign(aud="console", nonce=nonce),
            }
        )

    def sign(self, **claims: Any) -> str:
        told = {"iss": self.url, "sub": "zhangsan", "iat": 1_700_000_000, "exp": 4_000_000_000, **claims}
        return jwt.encode(told, self.issuer._key, "EdDSA", {"kid": self.issuer.jwks["keys"][0]["kid"]})


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[FakeProvider]:
    made = FakeProvider(tmp_path / "provider")
    with support.served(made.app()) as url:
        made.url = url
        yield made


@pytest.fixture
def door(provider: FakeProvider, tmp_path: Path) -> Iterator[support.Door]:
    given: Any = {"oidc_issuer": provider.url, "oidc_jwks": f"{provider.url}/keys", "oidc_client_id": "console"}
    with support.door(trial.contract(), tmp_path, sign_in="oidc", **given) as opened:
        yield opened


def begin(client: httpx.Client, provider: FakeProvider) -> dict[str, str]:
    reply = client.get("/sign-in?next=/public")
    assert reply.status_code == 303
    to = urlsplit(reply.headers["location"])
    asked = {name: values[0] for name, values in parse_qs(to.query).items()}
    assert (asked["response_type"], asked["code_challenge_method"], asked["tenant"]) == ("code", "S256", "1")
    provider.codes["the-code"] = asked
    return asked


def test_a_browser_comes_back_signed_in(door: support.Door, provider: FakeProvider) -> None:
    with door.client(None) as client:
        asked = begin(client, provider)
        reply = client.get(
            "/sign-in/callback", params={"code": "the-code", "state": asked["state"], "iss": provider.url}
        )
        assert (reply.status_code, reply.headers["location"]) == (303, "/public")
        who = client.get("/v1/session").json()
        assert (who["person"], who["name"], who["roles"]) == ("zhangsan", "张三", ["planner"])
        left = client.post("/sign-out", headers={"sec-fetch-site": "same-origin"}).headers["location"]
        assert left.startswith(f"{provider.url}/leave?client_id=console")


def refused(door: support.Door, provider: FakeProvider, **answer: str) -> httpx.Response:
    with door.client(None) as client:
        asked = begin(client, provider)
        return client.get("/sign-in/callback", params={"code": "the-code", "state": asked["state"], **answer})


@pytest.mark.parametrize("answer", [{"state": "another"}, {"code": "another"}, {"iss": "https://evil.example"}])
def test_an_answer_that_is_not_for_this_sign_in_is_refused(
    door: support.Door, provider: FakeProvider, answer: dict[str, str]
) -> None:
    reply = refused(door, provider, **answer)
    assert (reply.status_code, reply.json()["reason"]) == (401, "SIGN_IN_FAILED")
    assert "set-cookie" not in reply.headers


@pytest.mark.parametrize("cheat", [{"nonce": "replayed"}, {"aud": "another-platform"}])
def test_tokens_that_are_not_for_us_are_refused(
    door: support.Door, provider: FakeProvider, cheat: dict[str, str]
) -> None:
    provider.cheat = cheat
    reply = refused(door, provider)
    assert (reply.status_code, reply.json()["reason"]) == (401, "SIGN_IN_FAILED")


def test_a_provider_that_says_no_is_told(door: support.Door, provider: FakeProvider) -> None:
    with door.client(None) as client:
        asked = begin(client, provider)
        reply = client.get("/sign-in/callback", params={"error": "access_denied", "state": asked["state"]})
        assert (
            "access_denied"
            in client.get(
                "/sign-in/callback",
                params={"error": "access_denied", "state": asked["state"]},
                headers={"accept-language": "en"},
            ).text
        )
    assert (reply.status_code, reply.json()["reason"]) == (401, "SIGN_IN_FAILED")


def test_a_callback_out_of_the_blue_is_refused(door: support.Door) -> None:
    with door.client(None) as client:
        assert client.get("/sign-in/callback?code=x&state=y").json()["reason"] == "SIGN_IN_FAILED"


def test_a_provider_that_pretends_to_be_another_is_not_used(door: support.Door, provider: FakeProvider) -> None:
    provider.cheat = {"discovery": {"issuer": "https://evil.example"}}
    with door.client(None) as client:
        assert client.get("/sign-in").json()["reason"] == "IDENTITY_PROVIDER_UNAVAILABLE"


def test_tokens_wait_while_the_providers_keys_cannot_be_read(door: support.Door, provider: FakeProvider) -> None:
    provider.keys_down = True
    with door.client(provider.sign(aud="liangma")) as client:
        assert client.get("/v1/session").status_code == 503
        provider.keys_down = False
        deadline = time.monotonic() + 10
        while client.get("/v1/session").status_code == 503:
            assert time.monotonic() < deadline
        assert client.get("/v1/session").json()["person"] == "zhangsan"


def test_unknown_keys_do_not_make_us_ask_the_provider_again_and_again(
    door: support.Door, provider: FakeProvider
) -> None:
    with door.client(provider.sign(aud="liangma")) as client:
        assert client.get("/v1/session").status_code == 200
        provider.keys_down = True
        unknown = jwt.encode({"sub": "x", "exp": 4_000_000_000}, provider.issuer._key, "EdDSA", {"kid": "unknown"})
        assert client.get("/v1/session", headers={"authorization": f"Bearer {unknown}"}).status_code == 401
        assert client.get("/v1/session").status_code == 200


def test_oidc_without_its_settings_says_all_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANGMA_SIGN_IN", "oidc")
    with pytest.raises(BadSettings) as bad:
        load(GatewaySettings)
    for name in ("LIANGMA_OIDC_CLIENT_ID", "LIANGMA_OIDC_JWKS", "LIANGMA_OIDC_ISSUER"):
        assert name in str(bad.value)
