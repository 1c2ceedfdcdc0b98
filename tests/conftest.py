"""What every test may rely on: PostgreSQL and RabbitMQ where they answer; where not, a skip that the summary shows."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import hypothesis
import pytest
import structlog
from kombu.connection import Connection
from kombu.exceptions import OperationalError

from tests.support.broker import RABBITMQ
from tests.support.databases import STOCK, postgres_is_there

hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)  # how fast a machine is says nothing of what it computes
hypothesis.settings.load_profile("any machine")

REQUIRED = os.environ.get("LIANGMA_REQUIRE_SERVICES") == "1"


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """A process sets up its logging once; a test that does so sets it back."""
    before, was_configured = structlog.get_config(), structlog.is_configured()
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    if was_configured:
        structlog.configure(**before)
    else:
        structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


def pytest_configure(config: pytest.Config) -> None:
    # the processes that tests start, and start again, need not compile everything anew each time
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    config.addinivalue_line("markers", "postgresql: needs a PostgreSQL (LIANGMA_TEST_DATABASE_URL)")
    config.addinivalue_line("markers", "rabbitmq: needs a RabbitMQ (LIANGMA_TEST_AMQP_URL)")


def pytest_sessionfinish() -> None:
    STOCK.put_away()


def _rabbitmq_is_there() -> bool:
    try:
        with Connection(RABBITMQ, connect_timeout=5) as connection:  # type: ignore[no-untyped-call]
            connection.connect()
    except (OSError, OperationalError):  # nothing there, or something that does not answer the greeting
        return False
    return True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for marker, is_there in (("postgresql", postgres_is_there), ("rabbitmq", _rabbitmq_is_there)):
        marked = [item for item in items if item.get_closest_marker(marker)]
        if marked and not is_there():
            if REQUIRED:
                raise pytest.UsageError(f"LIANGMA_REQUIRE_SERVICES=1, but no {marker} answers")
            for item in marked:
                item.add_marker(pytest.mark.skip(reason=f"no {marker} answers here"))
