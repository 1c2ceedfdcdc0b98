"""The table of what is covered is true: its RPCs, routes and tests are there, and none of a covered part is missing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from itertools import chain
from pathlib import Path

import pytest
from google.api import annotations_pb2
from google.protobuf.descriptor import MethodDescriptor

ROOT = Path(__file__).parents[2]
NAMES = ("plans", "tasks", "sampling", "codes", "credit")
TABLE = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")


def methods(name: str) -> Iterator[MethodDescriptor]:
    for path in sorted((ROOT / "protos" / "liangma" / name / "v1").glob("*.proto")):
        for service in import_module(f"liangma.{name}.v1.{path.stem}_pb2").DESCRIPTOR.services_by_name.values():
            yield from service.methods


def route(method: MethodDescriptor) -> str:
    http = method.GetOptions().Extensions[annotations_pb2.http]
    verb = http.WhichOneof("pattern")
    return f"{verb.upper()} {getattr(http, verb)}"


def rows() -> Iterator[tuple[str, ...]]:
    """The cells of each row, without the heads of the tables."""
    for line in TABLE.splitlines():
        cells = tuple(cell.strip() for cell in line.strip("|").split("|"))
        if line.startswith("| ") and cells[1] != "RPC":
            yield cells


def named(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


PLACES = {method.name: route(method) for name in NAMES for method in methods(name)}
TESTS = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))
}


@pytest.mark.parametrize("row", tuple(rows()), ids=lambda row: row[0][:40])
def test_a_row_names_rpcs_their_routes_and_tests_that_are_there(row: tuple[str, ...]) -> None:
    _, rpcs, places, tests = row
    assert [PLACES[rpc] for rpc in named(rpcs)] == named(places)
    assert named(tests)
    assert set(named(tests)) <= TESTS


@pytest.mark.parametrize("name", ["plans", "tasks", "sampling", "codes", "credit"])
def test_no_rpc_of_a_part_that_is_covered_is_missing(name: str) -> None:
    covered = set(chain.from_iterable(named(row[1]) for row in rows()))
    assert {method.name for method in methods(name)} <= covered


def test_a_name_means_one_rpc() -> None:
    times = Counter(method.name for name in NAMES for method in methods(name))
    assert [name for name, count in times.items() if count > 1] == []
