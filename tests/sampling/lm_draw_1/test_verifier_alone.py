"""The verifier by itself: one file, Python and openssl, on a computer that has nothing of the project."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.sampling import verifier
from tests.sampling.lm_draw_1.make_vectors import DIRECTORY

INDEX = json.loads((DIRECTORY / "index.json").read_bytes())
DRAWS: list[dict[str, Any]] = [case for case in INDEX if "teams" not in case]
REPOSITORY = Path(__file__).parents[3]
FOREIGN = ("cryptography", "grpc", "google", "numpy", "numba", "rfc8785", "sqlalchemy", "nameko", "kombu")


def arguments(case: dict[str, Any]) -> list[str]:
    """What the command is given for a case."""
    files = [str(DIRECTORY / case[name]) for name in ("transcript", "frame", "excluded") if name in case]
    proof = ["--proof", str(DIRECTORY / case["proof"])] if "proof" in case else []
    previous = ["--previous", str(DIRECTORY / case["previous"])] if "previous" in case else []
    return [*files, *proof, *previous, *(["--announced", case["announced"]] if "announced" in case else [])]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file, copied to where nothing else is."""
    return Path(shutil.copy(verifier.__file__, tmp_path_factory.mktemp("alone")))


def run(alone: Path, *given: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    """Python without site-packages, without the project, and without what the environment says of Python."""
    environment = {"PATH": os.environ["PATH"] if path is None else path, "PYTHONUTF8": "1"}
    command = [sys.executable, "-S", "-I", str(alone), *given]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", timeout=60, cwd=alone.parent, env=environment
    )


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize("case", DRAWS, ids=[case["name"] for case in DRAWS])
def test_the_file_alone_finds_just_the_faults_that_are_there(alone: Path, case: dict[str, Any]) -> None:
    done = run(alone, *arguments(case))
    told = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("✗")}
    assert (sorted(told), done.stderr) == (case["faults"], "")
    assert done.returncode == (1 if case["faults"] else 0)
    if "standing" in case:
        assert verifier.STANDINGS[case["standing"]] in done.stdout


def test_without_any_cipher_it_says_so(alone: Path, tmp_path: Path) -> None:
    done = run(alone, *arguments(DRAWS[0]), path=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert "openssl is not installed" in done.stderr


def test_what_cannot_be_read_is_one_line(alone: Path) -> None:
    for given in (["nowhere.json", "frame.csv"], [str(DIRECTORY / "normal.json")]):
        done = run(alone, *given)
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_both_ciphers_give_the_same_tickets() -> None:
    pytest.importorskip("cryptography")
    seed, blocks = bytes(range(32)), bytes(range(256)) * 3
    assert verifier.encrypt(seed, blocks) == verifier.encrypt_with_openssl(seed, blocks)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize("name", ["normal", "proof-drawn", "swapped-winner"])
def test_the_command_loads_nothing_it_does_not_need(name: str) -> None:
    case = next(case for case in DRAWS if case["name"] == name)
    code = f"""
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {FOREIGN!r}:
            raise ImportError(f"{{name}} is not needed to verify a draw")
sys.meta_path.insert(0, Blocked())
sys.argv = ["liangma", "verify-draw", *{arguments(case)!r}]
from services.__main__ import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=REPOSITORY)
    assert done.stderr == ""
    assert done.returncode == (1 if case["faults"] else 0)
