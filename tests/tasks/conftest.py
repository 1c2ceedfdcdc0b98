"""A house with tasks in it, and the city around."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import databases
from tests.support.house import House
from tests.tasks.city import settle_city


@pytest.fixture(params=databases())
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    with House("tasks", database=request.param, directory=tmp_path) as made:
        settle_city(made)
        yield made
