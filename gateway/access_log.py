"""One line of JSON per request, past the general logger: that would take as long as all else the gateway does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, BinaryIO

import orjson

Log = Callable[[dict[str, Any]], None]


def nowhere(_: dict[str, Any]) -> None:
    """Log nothing."""


def to(stream: BinaryIO) -> Log:
    """Log to a stream, in the form all other lines of the platform have."""

    def log(line: dict[str, Any]) -> None:
        head = {"event": "request", "process": "gateway", "logger": "http", "level": "info"}
        said = head | line | {"timestamp": datetime.now(UTC)}
        stream.write(orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z))
        stream.flush()

    return log
