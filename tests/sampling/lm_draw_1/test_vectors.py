"""The vectors: the code still writes them, and two implementations that share nothing find the same in them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import Any

import pytest

from services.sampling.team_transcript import verify_teams
from services.sampling.transcript import verify
from services.sampling.verifier import verify_proof
from tests.sampling.lm_draw_1.make_vectors import DIRECTORY, HAND_WRITTEN, files

INDEX = json.loads((DIRECTORY / "index.json").read_bytes())


def read(name: str) -> bytes:
    return (DIRECTORY / name).read_bytes()


def test_the_vectors_are_what_the_code_makes_of_them() -> None:
    stored = {path.name: path.read_bytes() for path in DIRECTORY.iterdir() if path.name not in HAND_WRITTEN}
    assert stored == files()


@pytest.mark.parametrize("case", INDEX, ids=[case["name"] for case in INDEX])
def test_the_verifier_finds_just_the_faults_that_are_there(case: dict[str, Any]) -> None:
    if "proof" in case:
        verdict, faults = verify_proof(read(case["transcript"]), read(case["proof"]))
        assert (verdict.standing if verdict else None) == case.get("standing")
    elif "teams" in case:
        faults = verify_teams(read(case["teams"]), json.loads(read(case["draw"])))
    else:
        previous = json.loads(read(case["previous"])) if "previous" in case else None
        announced, excluded = case.get("announced"), read(case["excluded"]) if "excluded" in case else None
        faults = verify(read(case["transcript"]), read(case["frame"]), excluded, announced=announced, previous=previous)
    assert sorted({fault.code for fault in faults}) == case["faults"]
    assert all(fault.zh and fault.en and fault.where for fault in faults)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_an_implementation_in_javascript_that_knows_only_the_specification_agrees() -> None:
    run = subprocess.run(["node", DIRECTORY / "verify.mjs"], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert run.stdout == f"{len(INDEX)} cases, 0 differ\n"


def test_the_verifier_needs_neither_database_nor_grpc() -> None:
    code = """
import sys
import services.sampling.transcript, services.sampling.team_transcript
loaded = {name.split('.')[0] for name in sys.modules}
print(sorted(loaded & {'sqlalchemy', 'grpc', 'nameko', 'kombu', 'numba', 'google'}))
"""
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
