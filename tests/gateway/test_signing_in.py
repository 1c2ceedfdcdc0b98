"""The embedded issuer, tokens, cookies, and who may be what."""

from __future__ import annotations

import json
import stat
import time
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from gateway.identity.issuer import Issuer
from gateway.sign_in import local
from services.chassis.identity import TokenVerifier
from tests.gateway import support, trial
from tests.gateway.support import Door

PEOPLE = [
    {"id": "planner", "name": "李计划", "roles": ["planner"], "authority": "115000000092761XXX", "region": "500000"},
    {"id": "enterprise", "name": "企业账号", "roles": ["enterprise"], "any": ["object", "name"]},
]


@pytest.fixture
def embedded(tmp_path: Path) -> Any:
    people = tmp_path / "people.json"
    people.write_text(json.dumps(PEOPLE), encoding="utf-8")
    with support.door(trial.contract(), tmp_path, sign_in="embedded", people=people) as door:
        door.services.answers["ShelveBook"] = lambda _, __: trial.message("Book")()
        yield door


def test_a_person_of_the_list_gets_a_token_the_services_believe(embedded: Door) -> None:
    with embedded.client(None) as client:
        session = client.post("/v1/session", json={"person": "planner"}).json()
    assert session["expires_in"] == 8 * 3600
    keys = embedded.directory / "identity" / "jwks.json"
    principal = TokenVerifier("liangma-embedded", "liangma", str(keys)).verify(session["token"])
    assert (principal.subject, principal.name, principal.roles) == ("planner", "李计划", frozenset({"planner"}))
    assert (principal.authority, principal.region) == ("115000000092761XXX", "500000")


def test_the_token_opens_what_needs_somebody(embedded: Door) -> None:
    with embedded.client(None) as client:
        token = client.post("/v1/session", json={"person": "planner"}).json()["token"]
        assert client.post("/v1/books/b:shelve", headers={"authorization": f"Bearer {token}"}).status_code == 200
        who = client.get("/v1/session", headers={"authorization": f"Bearer {token}"}).json()
    assert (who["person"], who["name"], who["roles"], who["object"]) == ("planner", "李计划", ["planner"], "")


def test_a_chosen_claim_makes_another_account_where_the_list_allows_it(embedded: Door) -> None:
    with embedded.client(None) as client:
        asked = {"person": "enterprise", "object": "91500000MA5U00001X", "name": "某公司"}
        token = client.post("/v1/session", json=asked).json()["token"]
        who = client.get("/v1/session", headers={"authorization": f"Bearer {token}"}).json()
    assert (who["person"], who["object"], who["name"]) == (
        "enterprise/91500000MA5U00001X",
        "91500000MA5U00001X",
        "某公司",
    )


@pytest.mark.parametrize(
    ("body", "status", "rule"),
    [
        ({"person": "planner", "object": "9150"}, 403, "CLAIM_NOT_CHOOSABLE"),
        ({"person": "enterprise", "roles": "administrator"}, 400, "UNKNOWN_FIELD"),
        ({"person": "enterprise", "object": ["a"]}, 400, "STRING"),
        ({"person": "nobody"}, 400, "UNKNOWN_PERSON"),
        ({}, 400, "REQUIRED"),
        ([], 400, "OBJECT"),
    ],
)
def test_nobody_gets_more_than_the_list_allows(embedded: Door, body: Any, status: int, rule: str) -> None:
    with embedded.client(None) as client:
        reply = client.post("/v1/session", json=body)
    problem = reply.json()
    assert (reply.status_code, (problem["violations"] or [{"rule": problem["reason"]}])[0]["rule"]) == (status, rule)


def test_a_session_asked_for_in_another_media_type_is_refused(embedded: Door) -> None:
    with embedded.client(None) as client:
        reply = client.post("/v1/session", data={"person": "planner"})
        assert reply.status_code == 415
        assert client.post("/v1/session", content="{", headers={"content-type": "application/json"}).status_code == 400


def test_a_list_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    people = tmp_path / "people.json"
    people.write_text("{")
    with (
        support.door(trial.contract(), tmp_path, sign_in="embedded", people=people) as door,
        door.client(None) as client,
    ):
        assert client.post("/v1/session", json={"person": "x"}).json()["reason"] == "PEOPLE_NOT_READABLE"


def test_where_it_is_not_switched_on_nobody_signs_in(tmp_path: Path) -> None:
    with support.door(trial.contract(), tmp_path) as door, door.client(None) as client:
        for method, path in (("POST", "/v1/session"), ("GET", "/sign-in"), ("GET", "/.well-known/jwks.json")):
            reply = client.request(method, path, json={"person": "planner"} if method == "POST" else None)
            assert (reply.status_code, reply.json()["reason"]) == (404, "SIGN_IN_NOT_OFFERED")
        assert client.get("/sign-in/callback?code=x").status_code == 404


def test_the_private_key_is_for_its_owner_and_the_public_one_for_all(embedded: Door) -> None:
    identity = embedded.directory / "identity"
    assert stat.S_IMODE((identity / "key.pem").stat().st_mode) == 0o600
    assert "PRIVATE" in (identity / "key.pem").read_text()
    published = json.loads((identity / "jwks.json").read_text())
    assert set(published["keys"][0]) == {"kty", "crv", "x", "kid", "alg", "use"}
    with embedded.client(None) as client:
        assert client.get("/.well-known/jwks.json").json() == published


def test_the_key_outlives_a_restart(tmp_path: Path) -> None:
    first = Issuer(tmp_path, "i", "a", 60).jwks
    assert Issuer(tmp_path, "i", "a", 60).jwks == first


def forged(door: Door, **changed: Any) -> str:
    now = int(time.time())
    claims = {"iss": "liangma-embedded", "aud": "liangma", "sub": "p", "exp": now + 60} | changed
    other = Issuer(door.directory / "other", "liangma-embedded", "liangma", 60)
    key = other._key if changed.pop("_other_key", False) else door.issuer._key
    kid = str(door.issuer.jwks["keys"][0]["kid"])
    return jwt.encode({k: v for k, v in claims.items() if v is not None}, key, "EdDSA", {"kid": kid})


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"sub": None},
        {"iss": "somebody-else"},
        {"aud": "another-platform"},
        {"_other_key": True},
    ],
)
def test_a_token_that_proves_nothing_is_401(door: Door, changed: dict[str, Any]) -> None:
    with door.client(forged(door, **changed)) as client:
        reply = client.get("/v1/books/b")
    assert (reply.status_code, reply.json()["reason"]) == (401, "BAD_TOKEN")
    assert "invalid_token" in reply.headers["www-authenticate"]
    assert not door.services.asked


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer x",
        "Basic YTpi",
        "Bearer " + jwt.encode({"sub": "p", "exp": 9999999999}, "x" * 32, "HS256", {"kid": "k"}),
        "Bearer eyJhbGciOiJub25lIn0.e30.",
    ],
)
def test_what_is_no_token_of_ours_is_401(door: Door, header: str) -> None:
    with door.client(None) as client:
        assert client.get("/v1/books/b", headers={"authorization": header}).status_code == 401


def test_a_token_is_good_only_as_long_as_it_says(door: Door) -> None:
    door.services.answers["ShelveBook"] = lambda _, __: trial.message("Book")()
    token = forged(door, exp=int(time.time()) - 3)  # within the leeway of five seconds
    with door.client(token) as client:
        assert client.post("/v1/books/b:shelve").status_code == 200
        deadline = time.monotonic() + 10
        while client.post("/v1/books/b:shelve").status_code == 200:
            assert time.monotonic() < deadline
        assert client.post("/v1/books/b:shelve").json()["reason"] == "BAD_TOKEN"


def signed_in(door: Door, client: httpx.Client) -> httpx.Response:
    form = {"person": "planner", "next": "/docs"}
    return client.post("/sign-in", data=form, headers={"sec-fetch-site": "same-origin"})


def test_the_page_offers_the_people_and_signs_them_in_with_a_cookie(embedded: Door) -> None:
    with embedded.client(None) as client:
        page = client.get("/sign-in?next=/docs")
        assert "李计划" in page.text
        assert "计划制定人" in page.text
        reply = signed_in(embedded, client)
        assert (reply.status_code, reply.headers["location"]) == (303, "/docs")
        cookie = reply.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert client.get("/v1/session").json()["person"] == "planner"


def test_a_cookie_does_not_act_for_another_site(embedded: Door) -> None:
    with embedded.client(None) as client:
        signed_in(embedded, client)
        for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {}):
            reply = client.post("/v1/books/b:shelve", headers=headers)
            assert (reply.status_code, reply.json()["reason"]) == (403, "CROSS_SITE_REQUEST")
        for headers in ({"sec-fetch-site": "same-origin"}, {"origin": embedded.url}):
            assert client.post("/v1/books/b:shelve", headers=headers).status_code == 200


def test_another_site_signs_nobody_in_or_out(embedded: Door) -> None:
    with embedded.client(None) as client:
        for path in ("/sign-in", "/sign-out"):
            reply = client.post(path, data={"person": "planner"}, headers={"sec-fetch-site": "cross-site"})
            assert reply.status_code == 403


def test_signing_out_takes_the_cookie_back(embedded: Door) -> None:
    with embedded.client(None) as client:
        signed_in(embedded, client)
        assert client.post("/sign-out", headers={"sec-fetch-site": "same-origin"}).headers["location"] == "/"
        assert client.get("/v1/session").status_code == 401
        signed_in(embedded, client)
        assert client.delete("/v1/session", headers={"sec-fetch-site": "same-origin"}).status_code == 204
        assert client.get("/v1/session").status_code == 401


def test_an_old_cookie_names_nobody_but_opens_public_pages(embedded: Door) -> None:
    with embedded.client(None, cookie="liangma-session=old.broken.token") as client:
        assert client.get("/sign-in").status_code == 200
        assert client.get("/v1/session").json()["reason"] == "SIGN_IN_NEEDED"


@pytest.mark.parametrize(
    "next", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", "", "/\tx"]
)
def test_signing_in_leads_to_this_site_only(next: str) -> None:
    assert local(next) == "/"


def test_over_tls_the_cookie_belongs_to_this_host_alone(tmp_path: Path) -> None:
    people = tmp_path / "people.json"
    people.write_text(json.dumps(PEOPLE), encoding="utf-8")
    given: Any = {"sign_in": "embedded", "people": people, "public_url": "https://liangma.example"}
    with support.door(trial.contract(), tmp_path, **given) as door, door.client(None) as client:
        cookie = signed_in(door, client).headers["set-cookie"]
    assert cookie.startswith("__Host-liangma-session=")
    assert "Secure" in cookie
