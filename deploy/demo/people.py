"""The demo's people at the gateway: each signs in once and then calls under their own name."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from services.command.rest import Gateway, GatewayRefused

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds that what follows from an event may take before the demo calls it lost."""


class People:
    """Sign-in through the embedded identity provider.

    Args:
        url: the gateway.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._nobody = Gateway(url, patience=PATIENCE)
        self._signed_in: dict[tuple[str, str], Gateway] = {}

    @property
    def nobody(self) -> Gateway:
        """The public: not signed in."""
        return self._nobody

    def __call__(self, person: str, object: str = "") -> Gateway:
        """A person of `deploy/people.json`; `object` says for which enterprise the enterprise account speaks."""
        key = (person, object)
        if key not in self._signed_in:
            session = self._nobody.post("/v1/session", {"person": person} | ({"object": object} if object else {}))
            self._signed_in[key] = Gateway(self._url, session["token"], patience=PATIENCE)
        return self._signed_in[key]

    def close(self) -> None:
        """Hang up."""
        for gateway in (self._nobody, *self._signed_in.values()):
            gateway.close()


def eventually(look: Callable[[], T | None], what: str) -> T:
    """Look until there is something to see: facts travel between services in their own time.

    Raises:
        TimeoutError: it did not come about; carries the last refusal, if there was one.
    """
    deadline = time.monotonic() + PATIENCE
    last: Any = "nothing to see"
    while time.monotonic() < deadline:
        try:
            if found := look():
                return found
            last = "not so yet"
        except GatewayRefused as refusal:
            last = refusal
        threading.Event().wait(0.05)
    raise TimeoutError(f"{what}: {last}")


def expect(condition: object, what: str) -> None:
    """One thing the loop must show.

    Raises:
        AssertionError: it does not.
    """
    if not condition:
        raise AssertionError(what)
