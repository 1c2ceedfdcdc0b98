"""A small client of the gateway, for the commands: JSON in, JSON out, refusals as exceptions."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import httpx

AWAY = (502, 503, 504)
"""Statuses that say somebody behind the gateway is away."""


class GatewayRefused(Exception):
    """The gateway answered with a problem (RFC 9457).

    Args:
        status: HTTP status.
        problem: the problem document.
    """

    def __init__(self, method: str, path: str, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = problem
        self.reason = str(problem.get("reason", ""))
        detail = problem.get("detail") or problem.get("title") or ""
        super().__init__(f"{method} {path}: {status} {self.reason} {detail}".rstrip())


class GatewayUnreachable(Exception):
    """Nothing answers at the gateway's address."""

    def __init__(self, url: str, why: Exception) -> None:
        super().__init__(f"cannot reach the gateway at {url}: {why}. Is it running (`liangma up`)? Give --gateway URL.")


class Gateway:
    """Calls a gateway as one account.

    Args:
        url: e.g. `http://127.0.0.1:8080`.
        token: bearer token; empty: not signed in.
        timeout: seconds one call may take.
        patience: seconds to go on trying while the gateway or a service behind it is away.
    """

    def __init__(self, url: str, token: str = "", *, timeout: float = 120, patience: float = 0) -> None:
        self.url = url.rstrip("/")
        self._patience = patience
        headers = {"Accept-Language": "zh-CN"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._client = httpx.Client(base_url=self.url, headers=headers, timeout=timeout, trust_env=False)

    def __enter__(self) -> Gateway:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def get(self, path: str, **query: Any) -> Any:
        """Read JSON."""
        return self._call("GET", path, params=_query(query)).json()

    def get_bytes(self, path: str, **query: Any) -> bytes:
        """Read a file."""
        return self._call("GET", path, params=_query(query)).content

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Write JSON; repeats of this very call (a lost answer) change nothing, they carry one idempotency key."""
        return self._call("POST", path, json=dict(body or {}), headers=_key()).json()

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """Change by JSON."""
        return self._call("PATCH", path, json=dict(body), headers=_key()).json()

    def delete(self, path: str) -> None:
        """Delete."""
        self._call("DELETE", path, headers=_key())

    def upload(self, name: str, content: bytes, content_type: str) -> Any:
        """Keep a file; answers the attachment that stands for it."""
        return self._call("POST", "/v1/attachments", files={"file": (name, content, content_type)}).json()

    def post_file(self, path: str, content: bytes, media_type: str, **query: Any) -> Any:
        """Write a file; repeats of this very call change nothing."""
        headers = _key() | {"Content-Type": media_type}
        return self._call("POST", path, content=content, params=_query(query), headers=headers).json()

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def _call(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """One call. A repeat is safe: reads change nothing, writes carry an idempotency key, uploads their content."""
        deadline = time.monotonic() + self._patience
        while True:
            is_last = time.monotonic() >= deadline
            try:
                answer = self._client.request(method, path, **arguments)
            except httpx.TransportError as error:
                if is_last:
                    raise GatewayUnreachable(self.url, error) from error
            else:
                if not answer.is_error:
                    return answer
                if is_last or answer.status_code not in AWAY:
                    raise GatewayRefused(method, path, answer.status_code, _problem(answer))
            threading.Event().wait(0.1)


def _key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


def _query(query: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in query.items() if value not in (None, "", [])}


def _problem(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"title": answer.text[:200]}
