"""An empty database for whoever asks for one, on each kind there is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.chassis.database import Database
from tests.support.databases import databases
from tests.support.shelf import shelf


@pytest.fixture(params=databases())
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """The shelf, empty."""
    with shelf(request.param) as made:
        yield made
