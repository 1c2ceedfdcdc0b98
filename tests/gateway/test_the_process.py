"""`python -m gateway`: a ready line, a clean stop, and settings that say what is wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx


def start(directory: Path, **environment: str) -> subprocess.Popen[str]:
    given = {"LIANGMA_VAR_DIR": str(directory), "LIANGMA_GATEWAY_PORT": "0", **environment}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIANGMA_")}
    return subprocess.Popen(
        [sys.executable, "-m", "gateway"],
        env=kept | given,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_says_when_it_is_ready_and_stops_cleanly(tmp_path: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        with start(tmp_path, LIANGMA_SIGN_IN="embedded") as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("ready: gateway on http://127.0.0.1:")
            url = line.split()[-1]
            assert httpx.get(f"{url}/healthz", trust_env=False).status_code == 200
            assert (tmp_path / "identity" / "jwks.json").exists()
            process.send_signal(number)
            process.communicate(timeout=20)
        assert process.returncode == 0


def test_bad_settings_are_all_named(tmp_path: Path) -> None:
    with start(tmp_path, LIANGMA_GATEWAY_TIMEOUT="soon", LIANGMA_SIGN_IN="magic") as process:
        _, told = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "LIANGMA_GATEWAY_TIMEOUT" in told
    assert "LIANGMA_SIGN_IN" in told
