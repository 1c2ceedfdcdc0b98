"""The directory's benchmarks: every contender gives the reference's answer."""

from __future__ import annotations

import pytest

from benchmarks import directory, snapshot
from benchmarks.harness import Role


@pytest.mark.postgresql
def test_all_who_search_the_directory_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "OBJECTS", 2000)
    with directory.benchmark() as benchmark:
        assert benchmark.reference is not None
        expected = benchmark.reference()
        assert all(contender.run() == expected for contender in benchmark.contenders)
        assert benchmark.units == (33, "searches")


@pytest.mark.postgresql
def test_all_who_read_the_directory_see_the_same_and_its_costs_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "OBJECTS", 2000)
    with snapshot.benchmark() as benchmark:
        assert benchmark.reference is not None
        expected = benchmark.reference()
        assert isinstance(expected, tuple)
        assert expected[0] == 2000
        assert all(each.run() == expected for each in benchmark.contenders if each.role is not Role.LIMIT)
        assert [line.partition(" ")[0] for line in map(str.strip, benchmark.afterwards())] == ["written", "read"]
