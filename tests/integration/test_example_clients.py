"""The clients that docs/integration.md shows run as they stand: in Python, and in JavaScript from the protos alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from liangma.codes.v1 import codes_pb2, codes_pb2_grpc

from tests.codes import city
from tests.support.house import House, houses

house = houses("codes")
ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / "docs" / "clients"
PROTOS = ROOT / "build" / "protos"


@pytest.fixture(params=["python", "node"])
def client(request: pytest.FixtureRequest) -> list[str]:
    """How the client is started."""
    if request.param == "python":
        return [sys.executable, str(CLIENTS / "python" / "client.py")]
    if shutil.which("node") is None or not (CLIENTS / "node" / "node_modules").is_dir() or not PROTOS.is_dir():
        lack = "the client in JavaScript needs node, `npm ci` in docs/clients/node, and `make lint` once"
        (pytest.fail if os.environ.get("LIANGMA_REQUIRE_SERVICES") == "1" else pytest.skip)(lack)
    return ["node", str(CLIENTS / "node" / "client.mjs")]


def run(house: House, client: list[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """What the client says, called as another government system calls it."""
    environment = os.environ | {
        "LIANGMA_GRPC": house.address,
        "LIANGMA_TOKEN": house.issuer.token(city.SYSTEM),
        "LIANGMA_PROTOS": f"{ROOT / 'protos'}:{PROTOS}",
    }
    return subprocess.run([*client, *arguments], capture_output=True, text=True, timeout=60, env=environment)


def said(answer: subprocess.CompletedProcess[str]) -> Any:
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_a_system_applies_for_a_code_and_pushes_what_it_found(house: House, client: list[str]) -> None:
    city.settle_in(house)
    application = ("apply", city.SHOP, city.JUSTICE, city.MATTER, *city.TEAM, "2025-06-09")
    code = said(run(house, client, *application))
    assert said(run(house, client, *application)) == code, "the same request again gets the same code"
    stub = house.stub(codes_pb2_grpc.CodesServiceStub, city.SUPERVISOR)
    assert stub.GetCode(codes_pb2.GetCodeRequest(code_id=code["code_id"])).text == code["text"]

    result = ("result", code["code_id"], "FINDING_PROBLEM_PENDING", "未按规定留样", "2025-06-09")
    early = run(house, client, *result)
    assert early.returncode == 1
    assert "FAILED_PRECONDITION" in early.stderr, early.stderr
    city.verify(house, code["text"])
    city.scan(house, city.enterprise_code(house), code["code_id"])
    assert said(run(house, client, *result)) == {"version": 1, "adverse": True}
    assert said(run(house, client, *result)) == {"version": 1, "adverse": True}
