"""Processes of ours and of others under one supervisor, for as long as a benchmark takes."""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.harness import Skipped
from deploy import embedded

QUIET = {
    "LIANGMA_LOG_LEVEL": "WARNING",
    "LIANGMA_RATE_LIMIT_PRINCIPAL": "",
    "LIANGMA_RATE_LIMIT_ADDRESS": "",
}


@contextmanager
def system(service: str, database_url: str, var_dir: Path, **settings: str) -> Iterator[int]:
    """The api of one service, and a gateway before it; the gateway's port.

    Args:
        database_url: with the tables of the service in it.
        settings: more `LIANGMA_…` variables, without that prefix.

    Raises:
        Skipped: one does not come up; its last words.
    """
    port = free_port()
    told = {
        "VAR_DIR": str(var_dir),
        "GRPC_LISTEN": f"127.0.0.1:{free_port()}",
        "GATEWAY_PORT": str(port),
        f"{service.upper()}_DATABASE_URL": database_url,
        **settings,
    }
    children = [
        embedded.Child("api", "services.chassis", ("api", service)),
        embedded.Child("gateway", "gateway"),
    ]
    with running(children, var_dir, {f"LIANGMA_{name}": value for name, value in told.items()}):
        yield port


@contextmanager
def running(
    children: Sequence[embedded.Child], var_dir: Path, settings: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Processes, started and ready, that hear nothing of the settings around us.

    Raises:
        Skipped: one does not come up; its last words.
    """
    outside = {name: value for name, value in os.environ.items() if not name.startswith("LIANGMA_")}
    environment = embedded.environment(outside | QUIET | dict(settings or {}))
    try:
        with embedded.Supervisor(children, environment, var_dir, io.StringIO()).running():
            yield
    except embedded.CannotStart as why:
        raise Skipped(str(why)) from why


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
