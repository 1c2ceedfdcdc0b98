"""What the gateway serves itself, beside the contract: sign-in."""

from __future__ import annotations

from typing import Any

_JSON = "application/json"
_PROBLEM = {"$ref": "#/components/responses/Problem"}
_STRING = {"type": "string"}


def own_tags() -> list[dict[str, Any]]:
    """Tags of what the gateway serves itself."""
    return [{"name": "gateway", "description": "Sign-in, served by the gateway itself."}]


def own_paths() -> dict[str, Any]:
    """Paths the gateway serves itself."""
    return {
        "/v1/session": {"get": _WHO_AM_I, "post": _SIGN_IN, "delete": _SIGN_OUT},
    }


def own_schemas() -> dict[str, Any]:
    """Schemas of what the gateway says itself."""
    return {"Problem": _PROBLEM_SCHEMA, "Session": _SESSION, "Token": _TOKEN}


def _ref(name: str) -> dict[str, Any]:
    return {"content": {_JSON: {"schema": {"$ref": f"#/components/schemas/{name}"}}}}


def _object(description: str, required: list[str], **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "description": description, "required": required, "properties": properties}


_PROBLEM_SCHEMA = _object(
    "RFC 9457 problem details.",
    ["type", "title", "status", "detail", "code", "reason", "violations", "metadata"],
    type={"type": "string", "format": "uri"},
    title=_STRING | {"description": "The kind of problem, in the caller's language."},
    status={"type": "integer"},
    detail=_STRING | {"description": "What is wrong and how to mend it, in the caller's language."},
    code=_STRING | {"description": "gRPC code, e.g. `FAILED_PRECONDITION`."},
    reason=_STRING | {"description": "Stable upper-case name that clients may test."},
    violations={
        "type": "array",
        "items": _object(
            "A field at fault.", ["field", "rule", "message"], field=_STRING, rule=_STRING, message=_STRING
        ),
    },
    metadata={"type": "object", "additionalProperties": _STRING},
    instance=_STRING | {"description": "Id of the request, as a URN."},
    traceId=_STRING | {"description": "Tell it to the operator."},
)
_CLAIMS = dict.fromkeys(("name", "authority", "region", "certificate", "object"), _STRING)
_SESSION = _object(
    "Who is signed in.",
    ["person", "roles", "exp"],
    person=_STRING,
    roles={"type": "array", "items": _STRING},
    exp={"type": "integer", "description": "When it ends, seconds since 1970."},
    **_CLAIMS,
)
_TOKEN = _object(
    "A bearer token.",
    ["token", "expires_in"],
    token=_STRING,
    expires_in={"type": "integer", "description": "Seconds."},
)

_SIGN_IN: dict[str, Any] = {
    "operationId": "gateway.SignIn",
    "tags": ["gateway"],
    "summary": "A token for a person of the demo",
    "description": "Only with embedded sign-in. The other fields take the place of the person's own claims, where the "
    "list of people allows it: a stand-in for the proof a real identity provider asks for.",
    "security": [],
    "requestBody": {
        "required": True,
        "content": {_JSON: {"schema": _object("Who signs in.", ["person"], person=_STRING, **_CLAIMS)}},
    },
    "responses": {"200": {"description": "The token."} | _ref("Token"), "default": _PROBLEM},
}
_WHO_AM_I: dict[str, Any] = {
    "operationId": "gateway.GetSession",
    "tags": ["gateway"],
    "summary": "Who is signed in",
    "responses": {"200": {"description": "Who."} | _ref("Session"), "default": _PROBLEM},
}
_SIGN_OUT: dict[str, Any] = {
    "operationId": "gateway.SignOut",
    "tags": ["gateway"],
    "summary": "Forgets the session cookie",
    "security": [],
    "responses": {"204": {"description": "Done."}, "default": _PROBLEM},
}
