"""The import's benchmark: every contender takes every row, turn after turn."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import import_rows
from benchmarks.harness import Role, Skipped


def no_server(_: str) -> Any:
    raise Skipped("no server here")


def test_all_contenders_take_all_rows_and_the_missing_database_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_rows, "ROWS", 60)
    monkeypatch.setattr(import_rows, "TURNS", 2)
    monkeypatch.setattr(import_rows, "schema", no_server)
    with import_rows.benchmark() as benchmark:
        assert benchmark.reference is not None
        for contender in benchmark.contenders:
            times = 2 if contender.role is Role.OURS else 1
            assert [contender.run() for _ in range(times)] == [benchmark.reference()] * times
        assert benchmark.units == (60, "rows")
        assert "PostgreSQL is left out: no server here" in benchmark.notes
