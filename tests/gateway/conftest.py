"""One gateway before the trial contract, for all tests that do not need settings of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.openapi.comments import Comments
from tests.gateway import support, trial


@pytest.fixture(scope="session", autouse=True)
def _quiet() -> Iterator[None]:
    """Log lines of servers in threads would come out between those of the tests."""
    with support.quiet():
        yield


@pytest.fixture(scope="session")
def shared_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[support.Door]:
    def comments() -> Comments:
        return Comments(trial.descriptor_set().file)

    directory: Path = tmp_path_factory.mktemp("var")
    with support.door(trial.contract(), directory, comments, sign_in="embedded", body_limit=64 * 1024) as opened:
        yield opened


@pytest.fixture
def door(shared_door: support.Door) -> support.Door:
    """The gateway, its services without answers and memories."""
    shared_door.services.answers.clear()
    shared_door.services.asked.clear()
    return shared_door


@pytest.fixture
def client(door: support.Door) -> Iterator[httpx.Client]:
    """Somebody signed in."""
    with door.client() as opened:
        yield opened


@pytest.fixture
def stranger(door: support.Door) -> Iterator[httpx.Client]:
    """Somebody who is not signed in."""
    with door.client(None) as opened:
        yield opened
